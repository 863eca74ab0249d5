"""Ring for a worker that mails; a dead broker costs time at most, the sweep finds who still waits."""

from __future__ import annotations

import logging

from celery import current_app

log = logging.getLogger(__name__)
MAIL_TASK = "analytics.indicators.tasks.mail_expert"
QUEUE = "mail"


def wake_expert_mail(expert_id: int) -> None:
    """Have an invitation mailed soon (registered with `analytics.indicators.hooks`)."""
    try:
        current_app.send_task(MAIL_TASK, kwargs={"expert_id": expert_id}, queue=QUEUE, retry=False)
    except Exception as error:  # any broker, any fault: the page must not depend on it
        log.warning("broker not reached", extra={"kind": type(error).__name__})
