"""Mail to experts, sent in the background; each task may run any number of times."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from analytics.indicators.expert_mail import send_invitation
from analytics.indicators.panel_models import Expert
from analytics.indicators.selectors import list_unsent_experts

MAILS_PER_SWEEP = 100


@shared_task(acks_late=True, ignore_result=True)
def mail_expert(*, expert_id: int, **_later: Any) -> None:
    """Mail one invitation, if it still waits."""
    expert = Expert.objects.filter(pk=expert_id).select_related("panel__tree__team").first()
    if expert is not None:
        send_invitation(expert=expert, at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def sweep_experts(**_later: Any) -> None:
    """Mail the invitations that no message announced, or that the mail server did not take."""
    for expert in list_unsent_experts().select_related("panel__tree__team").order_by("queued_at")[:MAILS_PER_SWEEP]:
        send_invitation(expert=expert, at=timezone.now())
