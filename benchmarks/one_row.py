"""A plain Django page for someone signed in: the standard middleware, one row, one template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.urls import path

from accounts.models import Team, User

MIDDLEWARE: Final = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
PAGE: Final = "<!doctype html><title>{{ team.name }}</title><h1>{{ team.name }}</h1><p>{{ user.email }}</p>"


@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Show one row."""
    team = Team.objects.order_by("id").first()
    return HttpResponse(engines["django"].from_string(PAGE).render({"team": team, "user": request.user}))


urlpatterns = [path("row/", page)]


def one_row_page() -> Callable[[], None]:
    """Return what asks for the page once."""
    client = Client(headers={"host": "127.0.0.1"})
    settings = override_settings(
        MIDDLEWARE=MIDDLEWARE, ROOT_URLCONF="benchmarks.one_row", AUTHENTICATION_BACKENDS=[BACKEND]
    )
    with settings:
        client.force_login(User.objects.order_by("id")[0])
        assert client.get("/row/").status_code == 200  # the client keeps the middleware of its first request

    def ask() -> None:
        with settings:
            assert client.get("/row/").status_code == 200

    return ask
