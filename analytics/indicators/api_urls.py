"""API addresses of the indicators."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from analytics.indicators import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("indicators/", api.TreeListView.as_view(), name="indicators"),
    path("indicators/<int:tree_id>/", api.TreeView.as_view(), name="indicator-tree"),
    path("indicators/<int:tree_id>/weight-sets/", api.WeightSetListView.as_view(), name="weight-sets"),
]
