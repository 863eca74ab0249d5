"""Answer every API error in one form: `{"code", "message", "fields"}`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler


def handle_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the reply for what a view raised; None leaves it to the server-error page."""
    if isinstance(error, exceptions.Throttled):
        error.detail = exceptions.ErrorDetail(_("Too many requests. Try again later."), "throttled")
    response = exception_handler(error, context)
    if response is None:
        return None
    response.data = {
        "code": code_of(error), "message": message_of(error), "fields": fields_of(error),
    }
    return response


def code_of(error: Exception) -> str:
    """Return the word a program decides by."""
    if isinstance(error, Http404):
        return "not_found"
    if isinstance(error, PermissionDenied):
        return "permission_denied"
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    return str(getattr(error, "default_code", "error"))


def message_of(error: Exception) -> str:
    """Return one sentence for people; missing and not yours read the same."""
    if isinstance(error, Http404 | exceptions.NotFound):
        return _("There is nothing at this address.")
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied) and not is_csrf(error):
        return _("Your role does not allow this.")
    if isinstance(error, exceptions.ValidationError):
        return _("Some values are not valid. Correct the fields named here.")
    return str(getattr(error, "detail", ""))


def is_csrf(error: Exception) -> bool:
    """Tell whether a session's write came without its token."""
    return str(getattr(error, "detail", "")).startswith("CSRF")


def fields_of(error: Exception) -> dict[str, Any]:
    """Return the sentences by field; errors of the whole body stand under `body`."""
    if not isinstance(error, exceptions.ValidationError):
        return {}
    detail = error.detail
    if isinstance(detail, list):
        return {"body": detail}
    return {("body" if name == "non_field_errors" else name): _told(text) for name, text in detail.items()}


def _told(text: Any) -> Any:
    """The framework's sentence for an empty body has no translation."""
    is_empty = isinstance(text, list) and [getattr(one, "code", "") for one in text] == ["null"] and text == ["No data provided"]
    return [_("The body is empty. Send a JSON object.")] if is_empty else text
