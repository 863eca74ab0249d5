"""To whom the answers behind a run may be counted out: how many, which, and up to when.

A run follows every answer within seconds. Where anonymity was promised its totals would tell of each single answer
that it came, and to a reader with a scope they speak of answers outside it.
"""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import Team
from analytics.scoring.models import Run
from analytics.scoring.sources import Filter
from surveys.design.models import Questionnaire


def anonymous_questionnaires(*, team: Team) -> frozenset[int]:
    """Return the ids of a team's questionnaires that promise anonymity."""
    return frozenset(Questionnaire.objects.filter(team=team, is_anonymous=True).values_list("id", flat=True))


def tells_its_answers(run: Run, *, scope: Filter, anonymous: Collection[int]) -> bool:
    """Whether a reader may know how many answers a run covers, which, and when the newest came."""
    return not scope and not any(source["questionnaire"] in anonymous for source in run.definition["sources"])
