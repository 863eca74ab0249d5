"""Which anonymous comments may be read: those of the answers that count in the figures beside them, and no others.

Answers that were promised anonymity count in batches (see `scoring.batches`), under the day that closed the batch. A
comment that could be read before its batch is closed, in another month than its batch counts in, or in the order in which
the answers of a batch came, would be one person's for whoever knows who has answered since.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Case, CharField, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.functions import MD5, Cast, Concat

from analytics.dashboards.narrowing import is_in_period, midnight
from analytics.dashboards.selection import Selection
from analytics.scoring.results import Grain, Period
from surveys.answering.models import Response

SHUFFLED: Final = "comments"
NEWEST_FIRST: Final = ("-told_at", "place", "-id")
"""The order of rows from `in_batches`."""


@dataclass(frozen=True)
class Stretch:
    """Days of a wave (ordinals, both included) whose answers count in the month that begins on `month`."""

    wave: str
    first: int
    last: int
    month: date

    def holds(self, zone: str) -> Q:
        """The condition for an answer of these days."""
        first, after = date.fromordinal(self.first), date.fromordinal(self.last + 1)
        return Q(wave=self.wave, completed_at__gte=midnight(first, zone), completed_at__lt=midnight(after, zone))


def in_batches(rows: QuerySet[Response], selection: Selection, anonymous: Collection[int]) -> QuerySet[Response]:
    """Keep the rows of the selection's period, of anonymous questionnaires those that count in it.

    Rows get `told_at`, when they are said to have come, and `place`, an order within that which says nothing.
    """
    zone = selection.tree.team.time_zone
    inside = is_in_period(selection.period, moment="completed_at", wave="wave", zone=zone)
    if not anonymous:
        return rows.filter(inside).annotate(told_at=F("completed_at"), place=Value(""))
    stretches, promised = list_stretches(selection), Q(questionnaire__in=list(anonymous))
    counted = Q(pk__in=[])
    for one in stretches:
        counted |= one.holds(zone)
    kept = rows.filter((~promised & inside) | (promised & counted))
    return kept.annotate(told_at=_told_at(stretches, promised, zone), place=_place(promised))


def list_stretches(selection: Selection) -> list[Stretch]:
    """Return the days whose answers count in the selection's period, under its filters and scope.

    Raises RunTooOldError when the columns behind the run are gone.
    """
    days: dict[tuple[str, date], list[int]] = {}
    batches = selection.reading.released.batches(selection.reading.choice)
    for (wave, day), closed in batches.counted_on.items():
        on = date.fromordinal(closed)
        if _counts_in(selection.period, wave, on):
            days.setdefault((wave, on.replace(day=1)), []).append(day)
    # A batch takes all days that wait, so that those of one month follow one another.
    return [Stretch(wave, min(found), max(found), month) for (wave, month), found in days.items()]


def _counts_in(period: Period, wave: str, on: date) -> bool:
    if period.grain == Grain.WAVE:
        return wave == period.label
    return period.start is None or period.end is None or period.start <= on < period.end


def _told_at(stretches: Collection[Stretch], promised: Q, zone: str) -> Any:
    months = [When(promised & one.holds(zone), then=Value(midnight(one.month, zone))) for one in stretches]
    return Case(*months, default=F("completed_at"), output_field=DateTimeField())


def _place(promised: Q) -> Any:
    mixed = MD5(Concat(Value(SHUFFLED), Cast("pk", CharField()), output_field=CharField()))
    return Case(When(promised, then=mixed), default=Value(""), output_field=CharField())
