"""Addresses of the answering pages."""

from django.urls import URLPattern, URLResolver, path

from surveys.answering import export_views, import_views, preview, take_back_views, views

app_name = "answering"

urlpatterns: list[URLPattern | URLResolver] = [
    path("a/<str:token>/", views.page, name="page"),
    path("a/<str:token>/thanks/", views.thanks, name="thanks"),
    path("questionnaires/<int:pk>/preview/", preview.preview, name="preview"),
    path("questionnaires/<int:pk>/import/", import_views.upload, name="import"),
    path("questionnaires/imports/<int:import_id>/match/", import_views.match, name="import-match"),
    path("questionnaires/imports/<int:import_id>/check/", import_views.check, name="import-check"),
    path("questionnaires/imports/<int:import_id>/done/", import_views.done, name="import-done"),
    path("questionnaires/imports/<int:import_id>/mapping.json", import_views.mapping_json, name="import-mapping"),
    path("questionnaires/imports/<int:import_id>/discard/", import_views.discard, name="import-discard"),
    path("questionnaires/imports/<int:import_id>/take-back/", take_back_views.take_back, name="import-take-back"),
    path("questionnaires/<int:pk>/responses.csv", export_views.responses_csv, name="responses-csv"),
]
