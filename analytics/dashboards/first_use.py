"""What a team without results still has to do, and which filter has emptied a selection."""

from __future__ import annotations

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


def find_emptying_dimension(*, selection: Selection) -> str | None:
    """Return the dimension without whose filter there would be answers; None when that is no single one."""
    for key in selection.filters:
        rest = {other: levels for other, levels in selection.filters.items() if other != key}
        reading = PageReading(selection.run, filters=rest, scope=selection.scope, at=selection.reading.at)
        if reading.period(selection.period, nodes=()).responses:
            return key
    return None
