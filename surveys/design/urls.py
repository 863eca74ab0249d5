"""Addresses of the design pages."""

from django.urls import URLPattern, URLResolver, path

from surveys.design.views import archiving, builder, listing, logic, saving, translations, versions

app_name = "design"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", listing.show_list, name="list"),
    path("new/", listing.begin, name="new"),
    path("import/", listing.read_in, name="import"),
    path("<int:questionnaire_id>/", builder.show_builder, name="builder"),
    path("<int:questionnaire_id>/edit/", saving.edit, name="edit"),
    path("<int:questionnaire_id>/remove/", saving.confirm_removal, name="remove"),
    path("<int:questionnaire_id>/rename/", saving.rename, name="rename"),
    path("<int:questionnaire_id>/undo/", saving.undo, name="undo"),
    path("<int:questionnaire_id>/archive/", archiving.archive, name="archive"),
    path("<int:questionnaire_id>/restore/", archiving.restore, name="restore"),
    path("<int:questionnaire_id>/publish/", saving.make_version, name="publish"),
    path("<int:questionnaire_id>/promise/", saving.promise, name="promise"),
    path("<int:questionnaire_id>/translations/", translations.edit_translations, name="translations"),
    path("<int:questionnaire_id>/logic/", logic.show_logic, name="logic"),
    path("<int:questionnaire_id>/checks/", versions.show_checks, name="checks"),
    path("<int:questionnaire_id>/versions/", versions.show_versions, name="versions"),
    path("<int:questionnaire_id>/export/", listing.write_out, name="export"),
]
