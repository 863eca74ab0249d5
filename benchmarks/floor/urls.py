"""One address."""

from django.urls import path

from benchmarks.floor.views import page

urlpatterns = [path("a/<str:token>/", page)]
