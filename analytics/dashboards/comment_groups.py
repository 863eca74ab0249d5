"""Whether those whose comments would be listed are enough to hide among, where anonymity was promised.

Figures count answers in batches, comments are read from the rows themselves. A month, a wave or a level whose answers
still wait has no figure that could be withheld, and yet its comments would be listed. So the rows are judged by the rules
of `disclosure` too: no group under k, and none that could be had by taking the lists of others away from that of a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from django.db.models import Count, F, QuerySet
from django.db.models.functions import TruncMonth

from analytics.dashboards.narrowing import in_period, in_segments
from analytics.dashboards.selection import Selection
from analytics.scoring.anonymity import chain_of
from analytics.scoring.disclosure import hidden_groups
from analytics.scoring.period_cells import is_inside
from analytics.scoring.periods import EVERYTHING, period_of, wave
from analytics.scoring.results import Grain, Period
from analytics.scoring.summaries import QUESTIONNAIRE
from surveys.answering.models import Response, ResponseState
from surveys.json_text import text_under

Rows = QuerySet[Response]


def is_given_away(*, selection: Selection, questionnaires: Collection[int], k: int) -> bool:
    """Tell whether a list of the selection's comments would be one of a group that must not be shown."""
    if not questionnaires:
        return False
    everybody = in_segments(_rows_of(selection, questionnaires), selection.scope)
    asked_for = in_segments(everybody, selection.filters)
    if 0 < _within(asked_for, selection.period, selection)[:k].count() < k:
        return True
    return _is_hidden_period(asked_for, selection, k) or _is_hidden_level(everybody, selection, k)


def _rows_of(selection: Selection, questionnaires: Collection[int]) -> Rows:
    return Response.objects.filter(
        team_id=selection.tree.team_id, state=ResponseState.COMPLETE, is_test=False, questionnaire__in=list(questionnaires)
    ).order_by()


def _within(rows: Rows, period: Period, selection: Selection) -> Rows:
    return in_period(rows, period, moment="completed_at", wave="wave", zone=selection.tree.team.time_zone)


def _is_hidden_period(rows: Rows, selection: Selection, k: int) -> bool:
    """Whether the period, or one that it is a part of, is hidden among the others of its kind."""
    return any(
        part in hidden_groups(_counts_of(rows, part.grain, whole, selection), k) for part, whole in chain_of(selection.period)
    )


def _counts_of(rows: Rows, grain: Grain, whole: Period, selection: Selection) -> Mapping[Period, int]:
    """Count the rows of every period of a grain inside another period."""
    if grain == Grain.WAVE:
        return {wave(name): n for name, n in rows.values_list("wave").annotate(Count("pk"))}
    month = TruncMonth("completed_at", tzinfo=ZoneInfo(selection.tree.team.time_zone))
    counts: dict[Period, int] = {}
    for first, n in rows.annotate(month=month).values_list("month").annotate(Count("pk")):
        one = period_of(first.date(), grain)
        if is_inside(one, whole):
            counts[one] = counts.get(one, 0) + n
    return counts


def _is_hidden_level(rows: Rows, selection: Selection, k: int) -> bool:
    """Whether a level that is filtered by is hidden among its dimension's levels, in the period or over all time."""
    return any(
        not hidden_groups(_counts_by_level(_within(rows, period, selection), key), k).isdisjoint(levels)
        for key, levels in selection.filters.items() for period in (selection.period, EVERYTHING)
    )


def _counts_by_level(rows: Rows, key: str) -> Mapping[str, int]:
    level = F("questionnaire_id") if key == QUESTIONNAIRE else text_under(key, "attributes")
    counts: dict[str, int] = {}
    for found, n in rows.annotate(level=level).values_list("level").annotate(Count("pk")):
        counts[str(found or "")] = counts.get(str(found or ""), 0) + n
    return counts
