"""Addresses of the sending pages."""

from django.urls import URLPattern, URLResolver

app_name = "sending"

urlpatterns: list[URLPattern | URLResolver] = []
