"""The sender's work for Celery: each task calls one service and may run any number of times."""

from __future__ import annotations

import os
import socket
from typing import Any

from celery import shared_task
from django.utils import timezone

from surveys.sending import delivery, ledger
from surveys.sending.selectors import list_campaigns_with_due_mail
from surveys.sending.wake import wake_sender

SECONDS_PER_TASK = 200


@shared_task(acks_late=True, ignore_result=True)
def send_batch(*, campaign_id: int, **_later: Any) -> None:
    """Send what is due in a campaign; ring again where more is due."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    if delivery.send_due(
        campaign_id=campaign_id, worker=worker, clock=timezone.now, seconds=SECONDS_PER_TASK
    ):
        wake_sender(campaign_id)


@shared_task(acks_late=True, ignore_result=True)
def sweep_due(**_later: Any) -> None:
    """Find work that no message announces, rows that a dead worker held, and campaigns that are done."""
    at = timezone.now()
    ledger.mark_lost_claims(at=at)
    ledger.cancel_closed(at=at)
    ledger.finish_done(at=at)
    for campaign_id in list_campaigns_with_due_mail(at=at):
        wake_sender(campaign_id)
