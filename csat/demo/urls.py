"""Addresses of the demo's own pages."""

from django.urls import path

from csat.demo import views

app_name = "demo"

urlpatterns = [
    path("", views.start, name="start"),
    path("mail/", views.mail_list, name="mail-list"),
    path("mail/<str:mail_id>/", views.mail_detail, name="mail-detail"),
    path("mail/<str:mail_id>/html/", views.mail_html, name="mail-html"),
]
