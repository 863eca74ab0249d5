"""Addresses of the dashboards pages."""

from django.urls import URLPattern, URLResolver, path

from analytics.dashboards import views

app_name = "dashboards"

urlpatterns: list[URLPattern | URLResolver] = [
    path("overview/", views.overview, name="overview"),
    path("overview/live/", views.live, name="live"),
    path("overview/export/", views.export, name="export"),
    path("overview/method/", views.method, name="method"),
    path("comments/", views.comment_list, name="comments"),
]
