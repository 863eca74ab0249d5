"""How the account pages refuse."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.limits import TooManyTriesError


def address_of(request: HttpRequest) -> str:
    """Return the visitor's address as our own proxy, or nobody else, has reported it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def too_many_tries(request: HttpRequest, error: TooManyTriesError) -> HttpResponse:
    """Answer 429 with the time to wait."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(error.retry_after)
    return response
