"""The one gate that every door to an answer passes: page, thank-you, saving, score change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from surveys.sending.models import CampaignState, Invitation


class Gate(StrEnum):
    """What a link opens at a moment."""

    OPEN = "open"
    USED = "used"
    CLOSED = "closed"
    REVOKED = "revoked"
    NOT_YET_OPEN = "not_yet_open"


# Long enough to think again, short enough for results to come to rest.
CHANGES_FOR: Final = timedelta(days=30)
SHUT = frozenset({Gate.CLOSED, Gate.REVOKED, Gate.NOT_YET_OPEN})


@dataclass(frozen=True)
class Passage:
    """A gate's word: `is_open` for a first answer, `may_change` for one already sent."""

    gate: Gate
    may_change: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether answers may be written."""
        return self.gate is Gate.OPEN or self.may_change


def changes_end(*, invitation: Invitation) -> datetime | None:
    """Return when answers already sent can no longer be changed; None while nothing was sent.

    That is the closing of the campaign, or `CHANGES_FOR` after sending where it has none.
    """
    if invitation.completed_at is None:
        return None
    return invitation.campaign.closes_at or invitation.completed_at + CHANGES_FOR


class ShutGateError(Exception):
    """Nothing may be written through this link now; `gate` says why."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(gate.value)
        self.gate = gate


def look_at_gate(*, invitation: Invitation, at: datetime) -> Passage:
    """Say what the link opens at `at`.

    A campaign that is paused or ended stops its mail only: who has the mail may answer until it closes.
    """
    campaign = invitation.campaign
    is_used = invitation.completed_at is not None
    if invitation.revoked_at is not None and invitation.revoked_at <= at:
        return Passage(Gate.REVOKED)
    if campaign.version_id is None or campaign.state == CampaignState.DRAFT:
        return Passage(Gate.NOT_YET_OPEN)
    if (campaign.closes_at is not None and campaign.closes_at <= at) or campaign.questionnaire.archived_at:
        return Passage(Gate.USED if is_used else Gate.CLOSED)
    if is_used:
        # An anonymous answer has no way back to the one who gave it.
        end = changes_end(invitation=invitation)
        in_time = end is not None and at < end
        return Passage(Gate.USED, may_change=in_time and not campaign.questionnaire.is_anonymous)
    return Passage(Gate.OPEN)


def pass_gate(*, invitation: Invitation, at: datetime) -> Passage:
    """Return the passage, or raise ShutGateError where nothing may be written."""
    passage = look_at_gate(invitation=invitation, at=at)
    if not passage.is_open:
        raise ShutGateError(passage.gate)
    return passage
