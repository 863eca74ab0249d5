"""The last reply: what a person or a program reads when nothing else could answer."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

API_PATH = "/api/"
RETRY_AFTER = 30


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that raised: 503 with `Retry-After` while the database cannot be used, else 500.

    Django calls this while the exception is being handled.
    """
    is_database_down = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if is_database_down else 500
    response = _for_programs(status) if request.path_info.startswith(API_PATH) else _for_people(request, status)
    if is_database_down:
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere, to a program in the form of every other error."""
    if not request.path_info.startswith(API_PATH):
        return defaults.page_not_found(request, exception)
    return _problem("not_found", _("There is nothing at this address."), 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read, to a program in the form of every other error."""
    if not request.path_info.startswith(API_PATH):
        return defaults.bad_request(request, exception)
    return _problem("parse_error", _("The request could not be read"), 400)


def _for_people(request: HttpRequest, status: int) -> HttpResponse:
    # Without the request: its context processors would ask the database once more.
    context = {"is_write": request.method == "POST"}
    return HttpResponse(render_to_string(f"{status}.html", context), status=status)


def _for_programs(status: int) -> HttpResponse:
    message = _("The database cannot be reached at the moment. Try again in a minute.") if status == 503 else _(
        "Something went wrong on our side"
    )
    code = "unavailable" if status == 503 else "server_error"
    return _problem(code, message, status)


def _problem(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "message": message, "fields": {}}, status=status)
