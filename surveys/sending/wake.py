"""Ring the workers' doorbell. The ledger is the record: a bell that nobody hears costs a minute at most."""

from __future__ import annotations

from django.db import transaction

from accounts.wake import ring

SEND_TASK = "surveys.sending.tasks.send_batch"


def wake_sender(campaign_id: int) -> None:
    """Ask a worker to send a campaign's due mail."""
    ring(SEND_TASK, queue="mail", campaign_id=campaign_id)


def wake_sender_on_commit(campaign_id: int) -> None:
    """Ring after the commit, so that the worker finds the rows."""
    transaction.on_commit(lambda: wake_sender(campaign_id), robust=True)
