"""API addresses of runs and values."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from analytics.scoring import api, value_api

urlpatterns: list[URLPattern | URLResolver] = [
    path("metrics/", api.MetricListView.as_view(), name="metrics"),
    path("runs/", api.RunListView.as_view(), name="runs"),
    path("runs/<int:run_id>/", api.RunView.as_view(), name="run"),
    path("runs/<int:run_id>/values/", api.ValuesView.as_view(), name="run-values"),
    path("runs/<int:run_id>/value/", value_api.ValueView.as_view(), name="run-value"),
]
