"""The whole site with the demo's own pages in front."""

from django.urls import include, path
from django.views.generic import RedirectView

from csat.urls import urlpatterns as site_urlpatterns

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="demo:start")),
    path("demo/", include("csat.demo.urls")),
    *site_urlpatterns,
]
