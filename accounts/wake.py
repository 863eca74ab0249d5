"""Ring for a worker. A dead broker costs time at most: the sweep finds what was not announced."""

from __future__ import annotations

import logging

from celery import current_app

log = logging.getLogger(__name__)


def ring(task: str, *, queue: str | None = None, **arguments: int) -> None:
    """Publish one task by its full name; a broker that is down is logged and forgotten."""
    try:
        current_app.send_task(task, kwargs=arguments, queue=queue, retry=False)
    except Exception as error:  # any broker, any fault: the page must not depend on it
        log.warning("broker not reached", extra={"kind": type(error).__name__})
