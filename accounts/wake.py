"""Ring for a worker. A dead broker costs time at most: the sweep finds what was not announced."""

from __future__ import annotations

import logging

from celery import current_app

logger = logging.getLogger(__name__)


def ring(task: str, **arguments: int) -> None:
    """Publish one task of this room; a broker that is down is logged and forgotten."""
    try:
        current_app.send_task(f"accounts.tasks.{task}", kwargs=arguments, retry=False)
    except Exception as error:  # any broker, any fault: the page must not depend on it
        logger.warning("broker not reached: %s", type(error).__name__)
