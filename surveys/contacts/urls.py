"""Addresses of the contacts pages."""

from django.urls import URLPattern, URLResolver, path

from surveys.contacts import import_views, views

app_name = "contacts"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.contact_list, name="list"),
    path("new/", views.contact_new, name="new"),
    path("<int:contact_id>/", views.contact_edit, name="edit"),
    path("<int:contact_id>/delete/", views.contact_delete, name="delete"),
    path("attributes/", views.attribute_list, name="attribute-list"),
    path("attributes/<int:attribute_id>/", views.attribute_edit, name="attribute-edit"),
    path("segments/", views.segment_list, name="segment-list"),
    path("segments/new/", views.segment_new, name="segment-new"),
    path("segments/count/", views.segment_count, name="segment-count"),
    path("segments/<int:segment_id>/", views.segment_edit, name="segment-edit"),
    path("segments/<int:segment_id>/delete/", views.segment_delete, name="segment-delete"),
    path("stopped/", views.suppression_list, name="suppression-list"),
    path("stopped/<int:suppression_id>/lift/", views.suppression_lift, name="suppression-lift"),
    path("import/", import_views.import_upload, name="import-upload"),
    path("import/<int:import_id>/match/", import_views.import_match, name="import-match"),
    path("import/<int:import_id>/check/", import_views.import_check, name="import-check"),
    path("import/<int:import_id>/done/", import_views.import_done, name="import-done"),
    path("import/<int:import_id>/wrong-rows/", import_views.import_wrong_rows, name="import-wrong-rows"),
    path("import/<int:import_id>/discard/", import_views.import_discard, name="import-discard"),
]
