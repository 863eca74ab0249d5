"""What happened to a campaign, by whom and when: written into the audit trail, read back for its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access import Actor
from accounts.audit import record_event
from accounts.models import AuditEvent, Team
from accounts.trail_objects import say_who
from surveys.sending.models import Campaign
from surveys.sending.sentences import PAUSE_REASONS

SHOWN: Final = 60
"""So many entries are shown, the newest: somebody may pause and resume all day."""
SAID: Final[Mapping[str, Promise]] = {
    "campaign.launched": _("sending started"),
    "campaign.paused": _("paused"),
    "campaign.halted": _("paused by itself"),
    "campaign.resumed": _("resumed"),
    "campaign.resent": _("sent again to %(count)s contacts"),
    "campaign.cancelled": _("ended; mail that waited is not sent"),
    "campaign.finished": _("sending finished"),
    "campaign.tested": _("test mail sent"),
}


@dataclass(frozen=True)
class Moment:
    """One entry: what happened, by whom (empty: by itself), and why."""

    at: datetime
    what: str
    who: str = ""
    why: str = ""


def note(
    actor: Actor, campaign: Campaign, action: str, *, at: datetime, detail: Mapping[str, Any] | None = None
) -> AuditEvent:
    """Write down what somebody did to a campaign."""
    return record_event(
        actor=actor, action=action, target=f"campaign {campaign.pk}", name=campaign.name, detail=dict(detail or {}), at=at
    )


def nobody(team: Team) -> Actor:
    """The actor of what happens by itself."""
    return Actor(team=team, role="")


def list_timeline(*, campaign: Campaign) -> list[Moment]:
    """Return what happened to a campaign, oldest first.

    Its own start and end stand in the campaign as well: they are there also for one that no person launched.
    """
    events = AuditEvent.objects.filter(team=campaign.team_id, target=f"campaign {campaign.pk}", action__in=SAID)
    newest = events.select_related("user", "access_key").order_by("-at", "-id")[:SHOWN]
    noted = [(event.at, event.action, _moment(event)) for event in newest]
    actions = {action for _at, action, _said in noted}
    own = [("campaign.launched", campaign.launched_at), ("campaign.finished", campaign.finished_at)]
    missing = [(at, action, Moment(at, str(SAID[action]))) for action, at in own if at and action not in actions]
    # What happened at the same moment stands in the order in which it can only have come about.
    order = list(SAID)
    return [one for _at, _action, one in sorted([*noted, *missing], key=lambda row: (row[0], order.index(row[1])))]


def _moment(event: AuditEvent) -> Moment:
    return Moment(
        at=event.at, what=str(SAID[event.action]) % {"count": event.detail.get("count", "")},
        who=say_who(event) if event.user or event.access_key else "",
        why=str(PAUSE_REASONS.get(event.detail.get("reason", ""), "")),
    )
