"""Ring the workers' doorbell. The ledger is the record: a bell that nobody hears costs a minute at most."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)
SEND_TASK = "surveys.sending.tasks.send_batch"


def wake_sender(campaign_id: int) -> None:
    """Ask a worker to send a campaign's due mail; a broker that is down is logged and forgotten."""
    try:
        current_app.send_task(SEND_TASK, kwargs={"campaign_id": campaign_id}, queue="mail", retry=False)
    except Exception as error:  # any broker, any fault: the sweep finds the work
        log.warning("broker not reached", extra={"kind": type(error).__name__})


def wake_sender_on_commit(campaign_id: int) -> None:
    """Ring after the commit, so that the worker finds the rows."""
    transaction.on_commit(lambda: wake_sender(campaign_id), robust=True)
