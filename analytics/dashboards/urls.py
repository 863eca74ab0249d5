"""Addresses of the dashboards pages."""

from django.urls import URLPattern, URLResolver, path

from analytics.dashboards import views
from analytics.dashboards.change import views as change_views
from analytics.dashboards.overview import views as overview_views
from analytics.dashboards.value import views as value_views
from analytics.dashboards.weighting import views as weighting_views
from analytics.dashboards.workbook import views as workbook_views

app_name = "dashboards"

urlpatterns: list[URLPattern | URLResolver] = [
    path("overview/", overview_views.overview, name="overview"),
    path("overview/live/", overview_views.live, name="live"),
    path("overview/export/", overview_views.export, name="export"),
    path("overview/export.xlsx", workbook_views.workbook, name="workbook"),
    path("overview/method/", views.method, name="method"),
    path("overview/change/", change_views.change, name="change"),
    path("overview/change/export/", change_views.change_export, name="change-export"),
    path("overview/change/contributions/", change_views.contributions_export, name="contributions-export"),
    path("weighting/", weighting_views.weighting, name="weighting"),
    path("weighting/choose/", weighting_views.weighting_choose, name="weighting-choose"),
    path("weighting/new/", weighting_views.weighting_new, name="weighting-new"),
    path("runs/<int:run_id>/value/", value_views.value, name="value"),
    path("runs/<int:run_id>/compare/<int:other_id>/", value_views.runs_compare, name="runs-compare"),
    path("comments/", views.comment_list, name="comments"),
]
