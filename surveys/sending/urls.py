"""Addresses of the sending pages, and of the public page behind "stop survey e-mails"."""

from django.urls import URLPattern, URLResolver, path

from surveys.sending import state_views, stop_views, test_views, views

app_name = "sending"

urlpatterns: list[URLPattern | URLResolver] = [
    path("sendings/", views.campaign_list, name="list"),
    path("sendings/new/", views.campaign_new, name="new"),
    path("sendings/<int:campaign_id>/", views.campaign_detail, name="detail"),
    path("sendings/<int:campaign_id>/what/", views.campaign_what, name="what"),
    path("sendings/<int:campaign_id>/who/", views.campaign_who, name="who"),
    path("sendings/<int:campaign_id>/when/", views.campaign_when, name="when"),
    path("sendings/<int:campaign_id>/check/", views.campaign_check, name="check"),
    path("sendings/<int:campaign_id>/mail/<str:language>/", views.campaign_mail, name="mail"),
    path("sendings/<int:campaign_id>/test/", test_views.campaign_test, name="test"),
    path("sendings/<int:campaign_id>/launch/", state_views.campaign_launch, name="launch"),
    path("sendings/<int:campaign_id>/progress/", views.campaign_progress, name="progress"),
    path("sendings/<int:campaign_id>/pause/", state_views.campaign_pause, name="pause"),
    path("sendings/<int:campaign_id>/resume/", state_views.campaign_resume, name="resume"),
    path("sendings/<int:campaign_id>/duplicate/", views.campaign_duplicate, name="duplicate"),
    path("sendings/<int:campaign_id>/cancel/", state_views.campaign_cancel, name="cancel"),
    path("sendings/<int:campaign_id>/resend/", state_views.campaign_resend, name="resend"),
    path("questionnaires/<int:questionnaire_id>/test/", test_views.draft_test, name="draft-test"),
    path("u/test/", stop_views.stop_preview, name="stop-preview"),
    path("u/<str:token>/", stop_views.unsubscribe, name="unsubscribe"),
    path("u/<str:token>/undo/", stop_views.unsubscribe_undo, name="unsubscribe-undo"),
]
