"""Addresses of the dashboards API routes, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from analytics.dashboards import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("overview/", api.OverviewView.as_view(), name="overview"),
]
