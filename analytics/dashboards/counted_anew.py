"""What is answered where the answers behind the newest results have changed and are not counted anew yet."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from analytics.scoring.sources import RunTooOldError

RETRY_AFTER = 60


class CountedAnewMiddleware:
    """Answers 503 in words where a run can no longer be counted by what was asked for.

    The newest run of a tree keeps the columns behind it, but not those in which something was edited or erased: for
    as long as the next run is not made, a filter, a scope or a promise of anonymity has nothing to count from.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a view that could not count; every other exception is none of ours."""
        if not isinstance(exception, RunTooOldError):
            return None
        response = _for_programs() if request.path_info.startswith("/api/") else _for_people(request)
        response["Retry-After"] = str(RETRY_AFTER)
        return response


def _for_people(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboards/counted_anew.html", {"nav": "overview"}, status=503)


def _for_programs() -> HttpResponse:
    message = _("The answers behind these results have changed and are being counted anew. Try again in a minute.")
    return JsonResponse({"code": "counted_anew", "message": message, "fields": {}}, status=503)
