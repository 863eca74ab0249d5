"""The map of the whole site."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

api_v1 = [
    path("", include("accounts.api_urls")),
    path("", include("surveys.design.api_urls")),
    path("", include("surveys.contacts.api_urls")),
    path("", include("surveys.sending.api_urls")),
    path("", include("surveys.answering.api_urls")),
    path("", include("analytics.indicators.api_urls")),
    path("", include("analytics.scoring.api_urls")),
    path("", include("analytics.dashboards.api_urls")),
]

handler400 = "csat.errors.bad_request"
handler404 = "csat.errors.not_found"
handler500 = "csat.errors.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="dashboards:overview"), name="home"),
    path("", include("analytics.dashboards.urls")),
    path("", include("surveys.answering.urls")),
    path("account/", include("accounts.urls")),
    path("questionnaires/", include("surveys.design.urls")),
    path("contacts/", include("surveys.contacts.urls")),
    path("", include("surveys.sending.urls")),
    path("indicators/", include("analytics.indicators.urls")),
    path("", include("analytics.indicators.expert_urls")),
    path("runs/", include("analytics.scoring.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/", include((api_v1, "api"))),
]
