"""Addresses of the answering pages."""

from django.urls import URLPattern, URLResolver, path

from surveys.answering import export_views, import_views, preview, views

app_name = "answering"

urlpatterns: list[URLPattern | URLResolver] = [
    path("a/<str:token>/", views.page, name="page"),
    path("a/<str:token>/thanks/", views.thanks, name="thanks"),
    path("questionnaires/<int:pk>/preview/", preview.preview, name="preview"),
    path("questionnaires/<int:pk>/import/", import_views.upload, name="import"),
    path("questionnaires/<int:pk>/responses.csv", export_views.responses_csv, name="responses-csv"),
]
