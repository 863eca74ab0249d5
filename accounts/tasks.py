"""Mail about accounts, sent in the background so that a page takes as long for strangers as for members."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.limits import delete_old_counters
from accounts.mails import send_member_invitation, send_password_reset
from accounts.models import MemberInvitation, User

COUNTERS_KEPT = timedelta(days=2)


@shared_task(ignore_result=True)
def mail_password_reset(*, user_id: int, **_later: Any) -> None:
    """Send the link; 0 stands for an address nobody has, which costs the page the same."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None:
        send_password_reset(user=user)


@shared_task(ignore_result=True)
def sweep_accounts(**_later: Any) -> None:
    """Send invitations that wait for their mail and drop old counters."""
    at = timezone.now()
    waiting = MemberInvitation.objects.open(at).unsent().select_related("team", "invited_by")
    for invitation in waiting.order_by("queued_at")[:100]:
        send_member_invitation(invitation=invitation, at=at)
    delete_old_counters(before=at - COUNTERS_KEPT)
