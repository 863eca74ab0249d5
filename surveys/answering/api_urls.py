"""API addresses of the responses."""

from django.urls import URLPattern, URLResolver, path

from surveys.answering import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("responses/", api.ResponseListView.as_view(), name="response-list"),
]
