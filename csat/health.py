"""Is the process alive, and does the installation do its work?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.module_loading import import_string

Handler = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """Answer /healthz and /readyz before anything else looks at the request.

    A probe comes from inside, by plain HTTP and by an address that is no allowed host, so it
    must not reach the redirect to https or the check of the host name.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return reply({"status": "ok"}, 200)
        if request.path_info == "/readyz":
            return readiness(at=timezone.now())
        return self.get_response(request)


def readiness(*, at: datetime) -> HttpResponse:
    """200 where the database answers and no work waits too long, else 503. No host, no version."""
    try:
        late = list_late_backlogs(at=at)
    except DatabaseError:
        connection.close()
        return reply({"status": "unavailable", "database": "down"}, 503)
    status = {"status": "late" if late else "ok", "database": "ok", "late": late}
    return reply(status, 503 if late else 200)


def list_late_backlogs(*, at: datetime) -> list[str]:
    """Names of the kinds of work whose oldest piece waits longer than BACKLOG_SECONDS.

    Asks the database even where no kind of work is registered; raises DatabaseError where it is down.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    waiting = {name: import_string(path)() for name, path in settings.BACKLOGS.items()}
    return sorted(
        name
        for name, since in waiting.items()
        if since is not None and (at - since).total_seconds() > settings.BACKLOG_SECONDS
    )


def reply(content: Mapping[str, object], status: int) -> JsonResponse:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return JsonResponse(dict(content), status=status, headers=headers)
