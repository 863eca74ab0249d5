"""Where to go next, and never to another site."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def next_address(request: HttpRequest, default: str | None = None) -> str:
    """Return the request's `next` where it stays on this host, else the default, else the start page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.isprintable() else resolve_url(default or settings.LOGIN_REDIRECT_URL)


def go_on(request: HttpRequest, default: str | None = None) -> HttpResponseRedirect:
    """Redirect to the next address."""
    return HttpResponseRedirect(next_address(request, default))
