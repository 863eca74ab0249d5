"""Read campaigns, the ledger and links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from accounts.models import Team
from surveys.design.models import QuestionnaireVersion
from surveys.sending.lookup import find_by_hash
from surveys.sending.models import Campaign, CampaignState, DeliveryState, Invitation
from surveys.sending.tokens import LONGEST_TOKEN, hash_token, nonce_of_stop_token

PACE_OVER = timedelta(minutes=2)
OPEN_STATES = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.RETRY)


def find_invitation(*, token: str) -> Invitation | None:
    """Return the invitation that an answer link names, by its hash; None for anything else."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    return find_by_hash(hash_token(token))


def find_invitation_to_stop(*, token: str) -> Invitation | None:
    """Return the invitation that a "stop survey e-mails" link names; an answer token finds none."""
    nonce = nonce_of_stop_token(token)
    if nonce is None:
        return None
    related = ("campaign__version", "campaign__questionnaire", "campaign__team", "contact")
    return Invitation.objects.select_related(*related).filter(nonce=nonce).first()


def list_campaigns(*, team: Team) -> QuerySet[Campaign]:
    """List a team's campaigns, the newest first, with `planned`, `sent` and `completed` counted."""
    own = Q(invitations__is_test=False)
    return (
        Campaign.objects.filter(team=team)
        .select_related("questionnaire", "version", "segment")
        .annotate(
            planned=Count("invitations", filter=own),
            sent=Count("invitations", filter=own & Q(invitations__state=DeliveryState.SENT)),
            completed=Count("invitations", filter=own & Q(invitations__completed_at__isnull=False)),
        )
        .order_by("-created_at", "-id")
    )


@dataclass(frozen=True)
class Funnel:
    """How many invitations of a campaign got how far; a later step never counts more than an earlier one.

    `opened` is a lower bound (many mail programs hide it), `started` is the first press by a person.
    """

    planned: int
    sent: int
    opened: int
    started: int
    completed: int
    waiting: int
    claimed: int
    retry: int
    failed: int
    unknown: int
    suppressed: int
    cancelled: int

    @property
    def final(self) -> int:
        """How many need no more work."""
        return self.planned - self.waiting - self.claimed - self.retry

    @property
    def percent(self) -> int:
        """Share that needs no more work, 0-100, rounded down."""
        return 100 if not self.planned else self.final * 100 // self.planned

    def share(self, count: int) -> float | None:
        """Share of the sent, 0-1; None while nothing was sent."""
        return count / self.sent if self.sent else None


def get_funnel(*, campaign: Campaign) -> Funnel:
    """Count a campaign's invitations by state and step in one query; test invitations never count."""
    states = {
        "waiting": DeliveryState.PENDING, "claimed": DeliveryState.CLAIMED, "sent": DeliveryState.SENT,
        "retry": DeliveryState.RETRY, "failed": DeliveryState.FAILED, "unknown": DeliveryState.UNKNOWN,
        "suppressed": DeliveryState.SUPPRESSED, "cancelled": DeliveryState.CANCELLED,
    }
    counts = Invitation.objects.filter(campaign=campaign, is_test=False).aggregate(
        planned=Count("id"),
        opened=Count("id", filter=Q(opened_at__isnull=False)),
        started=Count("id", filter=Q(started_at__isnull=False)),
        completed=Count("id", filter=Q(completed_at__isnull=False)),
        **{name: Count("id", filter=Q(state=state)) for name, state in states.items()},
    )
    return Funnel(**counts)


@dataclass(frozen=True)
class Pace:
    """How fast a campaign goes: mails per minute, at least 1, and when the last one will have gone at that pace."""

    per_minute: int
    ends_at: datetime


def get_pace(*, campaign: Campaign, funnel: Funnel, at: datetime) -> Pace | None:
    """Return the pace of the last two minutes; None unless mail is going out."""
    if campaign.state != CampaignState.SENDING or not funnel.waiting:
        return None
    recent = Invitation.objects.filter(campaign=campaign, is_test=False, sent_at__gt=at - PACE_OVER)
    found = recent.aggregate(n=Count("id"), first=Min("sent_at"))
    if not found["n"]:
        return None
    seconds = max(1.0, (at - found["first"]).total_seconds())
    left = timedelta(seconds=funnel.waiting * seconds / found["n"])
    return Pace(max(1, round(60 * found["n"] / seconds)), at + left)


@dataclass(frozen=True)
class Undelivered:
    """How many invitations are in a state for a reason (a code)."""

    state: str
    reason: str
    n: int


def count_undelivered(*, campaign: Campaign) -> list[Undelivered]:
    """Count failed, unknown and retried invitations by reason, the most frequent first."""
    rows = (
        Invitation.objects.filter(
            campaign=campaign, is_test=False,
            state__in=[DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.RETRY],
        )
        .values_list("state", "reason").annotate(n=Count("id")).order_by("-n", "reason")
    )
    return [Undelivered(state, reason, n) for state, reason, n in rows]


def list_recipients(*, campaign: Campaign, state: str = "", search: str = "") -> QuerySet[Invitation]:
    """List a campaign's invitations with their contacts, filtered by shown state and a word."""
    rows = Invitation.objects.filter(campaign=campaign, is_test=False).select_related("contact")
    if state in RECIPIENT_FILTERS:
        rows = rows.filter(RECIPIENT_FILTERS[state])
    if search:
        rows = rows.filter(Q(contact__name__icontains=search) | Q(contact__email__icontains=search))
    return rows.order_by("id")


RECIPIENT_FILTERS: Mapping[str, Q] = {
    "waiting": Q(state__in=OPEN_STATES),
    "sent": Q(state=DeliveryState.SENT),
    "opened": Q(opened_at__isnull=False),
    "started": Q(started_at__isnull=False, completed_at__isnull=True),
    "completed": Q(completed_at__isnull=False),
    "failed": Q(state=DeliveryState.FAILED),
    "unknown": Q(state=DeliveryState.UNKNOWN),
    "stopped": Q(state=DeliveryState.SUPPRESSED),
    "cancelled": Q(state=DeliveryState.CANCELLED),
}


def get_latest_version(*, campaign: Campaign) -> QuestionnaireVersion | None:
    """Return the pinned version, or before launch the newest published one; None when unpublished."""
    if campaign.version_id:
        return campaign.version
    return campaign.questionnaire.versions.order_by("-number").first()


def list_campaigns_with_due_mail(*, at: datetime) -> list[int]:
    """List ids of the campaigns that have mail to send at `at`."""
    return list(
        Campaign.objects.filter(
            state=CampaignState.SENDING, team__is_sending_armed=True,
            invitations__state__in=[DeliveryState.PENDING, DeliveryState.RETRY],
            invitations__due_at__lte=at,
        ).distinct().order_by("id").values_list("id", flat=True)
    )


def get_oldest_due_at() -> datetime | None:
    """Return since when the oldest mail waits that could be sent; None when nothing waits."""
    oldest = Invitation.objects.filter(
        state__in=[DeliveryState.PENDING, DeliveryState.RETRY],
        campaign__state=CampaignState.SENDING, campaign__team__is_sending_armed=True,
    ).aggregate(oldest=Min("due_at"))["oldest"]
    return oldest if isinstance(oldest, datetime) else None
