"""Addresses of the design API routes, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from surveys.design import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("questionnaires/", api.QuestionnaireList.as_view(), name="questionnaire-list"),
    path("questionnaires/<int:questionnaire_id>/", api.QuestionnaireDetail.as_view(), name="questionnaire-detail"),
    path("questionnaires/<int:questionnaire_id>/archive/", api.Archiving.as_view(), name="questionnaire-archive"),
    path("questionnaires/<int:questionnaire_id>/restore/", api.Restoring.as_view(), name="questionnaire-restore"),
    path("questionnaires/<int:questionnaire_id>/draft/", api.DraftView.as_view(), name="questionnaire-draft"),
    path("questionnaires/<int:questionnaire_id>/versions/", api.VersionList.as_view(), name="version-list"),
    path("questionnaires/<int:questionnaire_id>/versions/<int:number>/", api.VersionDetail.as_view(), name="version-detail"),
]
