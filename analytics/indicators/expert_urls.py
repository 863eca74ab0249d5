"""Address of the experts' pages, short because it stands in mails."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from analytics.indicators import expert_views

app_name = "experts"

urlpatterns: list[URLPattern | URLResolver] = [
    path("e/<str:token>/", expert_views.sheet, name="sheet"),
]
