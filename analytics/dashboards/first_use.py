"""What a team without results still has to do, and which filters have emptied a selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts.models import Team
from analytics.dashboards.selection import PageReading, Selection
from analytics.indicators.models import IndicatorTree
from surveys.answering.models import Response, ResponseState
from surveys.contacts.models import Contact
from surveys.design.models import QuestionnaireVersion
from surveys.sending.models import Invitation


@dataclass(frozen=True)
class Progress:
    """How far a team has come. `responses` stops counting at the number from which scores are shown."""

    has_contacts: bool
    has_published: bool
    has_tree: bool
    has_sent: bool
    responses: int
    needed: int

    @property
    def has_enough(self) -> bool:
        """Whether scores would be shown."""
        return self.responses >= self.needed


def get_progress(*, team: Team) -> Progress:
    """Read how far a team has come, without its test contacts and test responses."""
    answered = Response.objects.filter(team=team, state=ResponseState.COMPLETE, is_test=False)
    return Progress(
        has_contacts=Contact.objects.filter(team=team, is_test=False).exists(),
        has_published=QuestionnaireVersion.objects.filter(questionnaire__team=team).exists(),
        has_tree=IndicatorTree.objects.filter(team=team).exists(),
        has_sent=Invitation.objects.filter(campaign__team=team, is_test=False, sent_at__isnull=False).exists(),
        responses=answered.order_by()[: team.show_from_n].count(), needed=team.show_from_n,
    )


def list_emptying(*, selection: Selection) -> dict[str, bool]:
    """Return for each dimension with a filter whether there are answers without it; empty where no filter is to blame."""
    if not selection.filters or not _has_answers(selection, {}):
        return {}
    return {
        key: _has_answers(selection, {other: levels for other, levels in selection.filters.items() if other != key})
        for key in selection.filters
    }


def _has_answers(selection: Selection, filters: Mapping[str, Sequence[str]]) -> bool:
    reading = PageReading(selection.run, filters=filters, scope=selection.scope, at=selection.reading.at)
    return bool(reading.period(selection.period, nodes=()).responses)
