"""What a page says before there is anything on it: what it is for, and what comes next and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import Actor
from accounts.roles import Permission, role_grants
from accounts.selectors import list_team_members
from analytics.dashboards.first_use import Progress

NAMED: Final = 3
"""At most this many colleagues are named."""


@dataclass(frozen=True)
class Purpose:
    """A page of results before the first one: its name, its symbol and what it will show."""

    title: Promise
    symbol: str
    text: Promise


PURPOSES: Final[Mapping[str, Purpose]] = {
    "comments": Purpose(
        gettext_lazy("Comments"), "chat",
        gettext_lazy("What customers write in their own words, to be searched and filtered by score, period and segment."),
    ),
    "change": Purpose(
        gettext_lazy("Change between periods"), "trend",
        gettext_lazy("Two periods side by side: what rose, what fell, and whether that is more than chance."),
    ),
    "weighting": Purpose(
        gettext_lazy("Respondent weights"), "users",
        gettext_lazy(
            "Corrects the mix of respondents where the mix of the population is known, and shows what that changes."
        ),
    ),
}


@dataclass(frozen=True)
class NextStep:
    """What comes next: a button for whoever may do it, and whom others can ask (names, empty for oneself)."""

    text: str
    url: str
    ask: str = ""


def next_step(*, actor: Actor, progress: Progress) -> NextStep | None:
    """Return the first thing that is still to be done; None while answers are only waited for."""
    found = _first_undone(progress)
    if found is None or actor.may(Permission.DESIGN):
        return found
    return NextStep(found.text, "", _designers(actor))


def _first_undone(progress: Progress) -> NextStep | None:
    if not progress.has_contacts and not progress.responses:
        return NextStep(_("Import contacts"), reverse("contacts:list"))
    if not progress.has_published:
        return NextStep(_("Publish a questionnaire"), reverse("design:list"))
    if not progress.has_tree:
        return NextStep(_("New indicator tree"), reverse("indicators:new"))
    if not progress.has_sent and not progress.responses:
        return NextStep(_("Send it"), reverse("sending:list"))
    return None


def _designers(actor: Actor) -> str:
    members = [one for one in list_team_members(team=actor.team) if role_grants(one.role, Permission.DESIGN)]
    return _(", ").join(str(one.user) for one in members[:NAMED])
