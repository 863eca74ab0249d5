"""Addresses of the dashboards API routes, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from analytics.dashboards.change import api as change_api
from analytics.dashboards.overview import api as overview_api
from analytics.dashboards.weighting import api as weighting_api
from analytics.dashboards.workbook import api as workbook_api

urlpatterns: list[URLPattern | URLResolver] = [
    path("overview/", overview_api.OverviewView.as_view(), name="overview"),
    path("overview/export.xlsx", workbook_api.WorkbookView.as_view(), name="overview-workbook"),
    path("changes/", change_api.ChangesView.as_view(), name="changes"),
    path("weightings/", weighting_api.WeightingsView.as_view(), name="weightings"),
]
