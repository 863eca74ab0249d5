"""The ledger of mails: who may take a row, what is written down about it, and when a campaign is done.

A row goes pending -> claimed -> sent | retry | failed | unknown | suppressed | cancelled. A worker
first *reserves* a batch: it puts its mark on rows that stay pending and moves their due moment a
little ahead, so that other workers leave them alone and a killed worker's untouched rows come due
again by themselves. Each row is then *claimed* on its own, by one conditional update that looks
again at everything that could have changed; its commit also settles the row before. So a kill
leaves exactly one row in doubt per worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from surveys.contacts.addresses import hash_address
from surveys.contacts.models import Suppression
from surveys.contacts.services import suppress
from surveys.sending.letters import message_id_for
from surveys.sending.models import Campaign, CampaignState, DeliveryState, Invitation
from surveys.sending.timeline import nobody, note
from surveys.sending.transport import Outcome, Result

RESERVED_FOR: Final = timedelta(minutes=2)
CLAIM_LASTS: Final = timedelta(minutes=15)
GAPS: Final = (1, 5, 30, 60)
"""Minutes before the second, third, … try; the last gap repeats until a day is over."""
LONGEST_RETRY_MINUTES: Final = 24 * 60
TO_SEND: Final = (DeliveryState.PENDING, DeliveryState.RETRY)
UNFINISHED: Final = (DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.CLAIMED)

# Two statements written by hand: building them anew from models for each mail took longer than the mail.
CLAIM: Final = """
UPDATE surveys_invitation SET state = 'claimed', claimed_at = %s, message_id = %s
WHERE id = %s AND claimed_by = %s AND state IN ('pending', 'retry')
  AND contact_id IS NOT NULL AND revoked_at IS NULL
  AND EXISTS (
    SELECT 1 FROM surveys_campaign JOIN accounts_team ON accounts_team.id = surveys_campaign.team_id
    WHERE surveys_campaign.id = %s AND surveys_campaign.state = 'sending' AND accounts_team.is_sending_armed
      AND (surveys_campaign.closes_at IS NULL OR surveys_campaign.closes_at > %s))
  AND NOT EXISTS (SELECT 1 FROM surveys_suppression WHERE team_id = %s AND email_hash = %s)
"""
SETTLE_SENT: Final = """
UPDATE surveys_invitation SET state = 'sent', sent_at = %s, reason = '', attempts = %s, reply_code = %s
WHERE id = %s AND claimed_by = %s AND state IN ('claimed', 'unknown')
"""


def new_mark(worker: str) -> str:
    """Return a mark for one batch: the worker's name for people, random for the database."""
    return f"{worker[:30]}/{uuid.uuid4().hex}"


def reserve_batch(*, campaign_id: int, mark: str, at: datetime, size: int) -> list[Invitation]:
    """Put `mark` on up to `size` due rows and return them with contact and campaign.

    Two workers never get the same row: locked rows are skipped where the database can do that, and
    the update names the state again where it cannot.
    """
    with transaction.atomic():
        due = _due(campaign_id, at).order_by("due_at")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        ids = list(due.values_list("id", flat=True)[:size])
        Invitation.objects.filter(id__in=ids, state__in=TO_SEND, due_at__lte=at).update(
            claimed_by=mark, due_at=at + RESERVED_FOR
        )
    return list(
        Invitation.objects.filter(id__in=ids, claimed_by=mark, state__in=TO_SEND)
        .select_related("contact").order_by("id")
    )


def _due(campaign_id: int, at: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        campaign_id=campaign_id, state__in=TO_SEND, due_at__lte=at,
        campaign__state=CampaignState.SENDING, campaign__team__is_sending_armed=True,
    )


def claim(*, invitation: Invitation, mark: str, team_id: int, at: datetime) -> bool:
    """Take one reserved row for sending, if all that allows it still holds at this moment.

    One statement, one commit: not suppressed, campaign sending and open, team armed, contact still
    there, link not revoked, and the row still ours.
    """
    if invitation.contact is None:
        return False
    moment = connection.ops.adapt_datetimefield_value(at)
    stopped = hash_address(invitation.contact.email_key)
    return _execute(CLAIM, [
        moment, message_id_for(invitation), invitation.pk, mark, invitation.campaign_id, moment, team_id, stopped,
    ]) == 1


def _execute(statement: str, values: Sequence[datetime | str | int | None]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def explain_refused_claim(*, invitation: Invitation, mark: str, team_id: int, at: datetime) -> None:
    """Write down why a row could not be claimed; a row that is only waiting goes back at once."""
    ours = Invitation.objects.filter(pk=invitation.pk, claimed_by=mark, state__in=TO_SEND)
    contact = invitation.contact
    if contact is not None and Suppression.objects.filter(
        team_id=team_id, email_hash=hash_address(contact.email_key)
    ).exists():
        ours.update(state=DeliveryState.SUPPRESSED, reason="stopped")
        return
    ours.filter(contact__isnull=True).update(state=DeliveryState.CANCELLED, reason="contact_removed")
    ours.filter(revoked_at__isnull=False).update(state=DeliveryState.CANCELLED, reason="link_revoked")
    closed = Campaign.objects.filter(pk=OuterRef("campaign_id"), closes_at__lte=at)
    ours.filter(Exists(closed)).update(state=DeliveryState.CANCELLED, reason="closed")
    release(mark=mark, at=at, ids=[invitation.pk])


def release(*, mark: str, at: datetime, ids: list[int] | None = None) -> int:
    """Give reserved rows back: they are due at once and carry no mark."""
    rows = Invitation.objects.filter(claimed_by=mark, state__in=TO_SEND)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return rows.update(claimed_by="", due_at=at)


def settle(*, invitation: Invitation, mark: str, outcome: Outcome, at: datetime) -> bool:
    """Write down what became of a claimed row; a row that is no longer ours is left alone.

    A reply that comes after the sweep has given the row up as unknown still counts: it is the truth.
    """
    if outcome.result is Result.SENT:
        moment = connection.ops.adapt_datetimefield_value(at)
        return _execute(
            SETTLE_SENT, [moment, invitation.attempts + 1, outcome.code, invitation.pk, mark]
        ) == 1
    ours = Invitation.objects.filter(
        pk=invitation.pk, claimed_by=mark, state__in=[DeliveryState.CLAIMED, DeliveryState.UNKNOWN]
    )
    changes = _changes(invitation, outcome, at)
    done = ours.update(attempts=invitation.attempts + 1, reply_code=outcome.code, **changes)
    return done == 1


def _changes(invitation: Invitation, outcome: Outcome, at: datetime) -> dict[str, object]:
    if outcome.result is Result.UNKNOWN:
        return {"state": DeliveryState.UNKNOWN, "reason": outcome.reason}
    if outcome.result is Result.FAILED:
        return {"state": DeliveryState.FAILED, "reason": outcome.reason}
    gap = retry_gap(invitation.attempts + 1)
    if gap is None:
        return {"state": DeliveryState.FAILED, "reason": outcome.reason}
    return {"state": DeliveryState.RETRY, "due_at": at + gap, "reason": outcome.reason, "claimed_by": ""}


def retry_gap(attempts: int) -> timedelta | None:
    """Return how long to wait after the n-th try (n from 1); None once a day of tries is over."""
    waited = sum(GAPS[min(n, len(GAPS) - 1)] for n in range(attempts - 1))
    gap = GAPS[min(attempts - 1, len(GAPS) - 1)]
    return timedelta(minutes=gap) if waited + gap <= LONGEST_RETRY_MINUTES else None


def put_back(*, invitation: Invitation, mark: str, at: datetime) -> None:
    """Undo a claim whose mail certainly never left: nothing was tried for this person."""
    Invitation.objects.filter(pk=invitation.pk, claimed_by=mark, state=DeliveryState.CLAIMED).update(
        state=DeliveryState.PENDING if invitation.attempts == 0 else DeliveryState.RETRY,
        claimed_by="", claimed_at=None, due_at=at,
    )


def suppress_dead_address(*, invitation: Invitation, team_id: int, at: datetime) -> None:
    """Never write again to an address that the server says does not exist."""
    if invitation.contact is not None:
        suppress(team=invitation.campaign.team, email=invitation.contact.email_key, reason="bounced", at=at)


def pause_for(*, campaign_id: int, reason: str) -> bool:
    """Pause a sending campaign by itself, with a reason that staff see."""
    return Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING).update(
        state=CampaignState.PAUSED, pause_reason=reason
    ) == 1


def mark_lost_claims(*, at: datetime) -> int:
    """Give up rows claimed too long ago as unknown: whether that mail left, nobody can say."""
    return Invitation.objects.filter(
        state=DeliveryState.CLAIMED, claimed_at__lt=at - CLAIM_LASTS
    ).update(state=DeliveryState.UNKNOWN, reason="worker_lost")


def cancel_closed(*, at: datetime) -> int:
    """Cancel mail that still waits in campaigns whose closing moment has passed."""
    closed = Campaign.objects.filter(
        pk=OuterRef("campaign_id"), closes_at__lte=at, state__in=[CampaignState.SENDING, CampaignState.PAUSED]
    )
    return Invitation.objects.filter(Exists(closed), state__in=TO_SEND).update(
        state=DeliveryState.CANCELLED, reason="closed"
    )


def finish_done(*, at: datetime, campaign_id: int | None = None) -> int:
    """Finish the sending campaigns in which every row is final; return how many."""
    campaigns = Campaign.objects.filter(state=CampaignState.SENDING)
    if campaign_id is not None:
        campaigns = campaigns.filter(pk=campaign_id)
    open_rows = Invitation.objects.filter(campaign_id=OuterRef("pk"), state__in=UNFINISHED)
    done = campaigns.filter(~Exists(open_rows)).select_related("team")
    return sum(_finish(campaign, at) for campaign in done)


def _finish(campaign: Campaign, at: datetime) -> bool:
    """Finish one campaign and note it; of several who find it done only one does."""
    with transaction.atomic():
        finished = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.SENDING).update(
            state=CampaignState.FINISHED, finished_at=at
        )
        if finished:
            note(nobody(campaign.team), campaign, "campaign.finished", at=at)
    return finished == 1


def reopen(*, campaign_id: int, states: list[str], at: datetime, ids: list[int] | None = None) -> int:
    """Send failed or unknown rows again because a person says so; the Message-ID stays the same."""
    rows = Invitation.objects.filter(
        campaign_id=campaign_id, is_test=False, completed_at__isnull=True,
        state__in=[s for s in states if s in (DeliveryState.FAILED, DeliveryState.UNKNOWN)],
    )
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    with transaction.atomic():
        again = rows.update(
            state=DeliveryState.PENDING, attempts=0, due_at=at, claimed_by="", claimed_at=None,
            reason="", reply_code=None,
        )
        if again:
            Campaign.objects.filter(pk=campaign_id, state=CampaignState.FINISHED).update(
                state=CampaignState.SENDING, finished_at=None
            )
    return again
