"""People who answered in both periods: how their two answers are related, for the interval of a change.

The same person is the same contact; where periods share days, the same response is its own partner. Everybody counts
with their last answers in each period. Where there are very many of them a fixed share is read: the covariance is a mean over
them, so a sample tells it as well. Where anonymity was promised nobody is looked for.

Unweighted overlaps are sums of whole numbers, kept and brought up to date (see `kept`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

import numpy as np

from analytics.dashboards.overlap.pairing import (
    NONE,
    NPS,
    Row,
    Subject,
    chosen_rows,
    drawn,
    is_share,
    may_share,
    of_people,
    people_in_both,
    read_rows,
    scores_of_rows,
    unit_of,
)
from analytics.dashboards.selection import Selection
from analytics.scoring.columns import IntArray
from analytics.scoring.comparing import INDEPENDENT, Shared
from analytics.scoring.definition import Definition
from analytics.scoring.results import Figure, Period
from analytics.scoring.weighting import FloatArray, RowWeights, Weighting, row_weights

FEWEST: Final = 10
"""With fewer people in both periods a covariance is a guess, and the periods are treated as independent."""

MOST: Final = 10_000
"""At most this many people are read."""

LevelKey = tuple[str, str]
"""A dimension and one of its levels."""
WHOLE: Final[LevelKey] = ("", "")
JUDGED_IN_LEVELS: Final = ("n:", "i:")
"""How the subjects begin on which the verdicts within a level rest."""
_CHUNK: Final = 512
"""The sum of this many products of two scores (below 10**16 each) fits into 64 bits."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Over the pairs of a subject: how many, both sums, and the sum of products, in whole numbers."""

    n: int = 0
    x: int = 0
    y: int = 0
    xy: int = 0

    @classmethod
    def of(cls, x: IntArray, y: IntArray) -> Self:
        """Add pairs up exactly."""
        products = x * y
        parts = np.add.reduceat(products, range(0, len(x), _CHUNK)).tolist() if len(x) else []
        return cls(len(x), int(x.sum()), int(y.sum()), sum(parts))

    def plus(self, other: Sums, sign: int = 1) -> Sums:
        """Add other pairs, or with -1 take them off."""
        return Sums(
            self.n + sign * other.n, self.x + sign * other.x, self.y + sign * other.y, self.xy + sign * other.xy
        )

    @property
    def covariance_sum(self) -> float:
        """The sum of the products of distances from the means, times n / (n - 1); of two pairs or more."""
        return (self.n * self.xy - self.x * self.y) / (self.n - 1)


BySubject = Mapping[Subject, Sums]


@dataclass(frozen=True)
class Overlap:
    """`people` answered in both periods, of whom one in `step` was read; `sums` by group (WHOLE or a level)."""

    people: int
    sums: Mapping[LevelKey, BySubject] = field(default_factory=dict)
    step: int = 1

    def shared(self, subject: Subject, before: Figure, after: Figure, group: LevelKey = WHOLE) -> Shared:
        """Return what they do to the change of a figure between its two values."""
        found = self.sums.get(group, {}).get(subject)
        if found is None or not (before.is_shown and after.is_shown):
            return INDEPENDENT
        n = min(found.n * self.step, before.n, after.n)
        if found.n < FEWEST or n < FEWEST:
            return INDEPENDENT
        total = found.covariance_sum / unit_of(subject) ** 2
        return Shared(n, _scale(subject, found.n, n) * total / (before.n * after.n))


@dataclass(frozen=True)
class Side:
    """The people in both periods as they answered in one, in the same order, with their weights."""

    scores: Mapping[Subject, IntArray]
    weights: FloatArray


@dataclass(frozen=True)
class WeightedOverlap:
    """The same under respondent weights, which differ from period to period: from the answers themselves."""

    people: int
    before: Side | None = None
    after: Side | None = None
    step: int = 1

    def shared(self, subject: Subject, before: Figure, after: Figure) -> Shared:
        """Return what they do to the change of a figure between its two values."""
        if self.before is None or self.after is None or not (before.is_shown and after.is_shown):
            return INDEPENDENT
        x, y = self.before.scores.get(subject), self.after.scores.get(subject)
        if x is None or y is None:
            return INDEPENDENT
        both = (x != NONE) & (y != NONE) & (self.before.weights > 0) & (self.after.weights > 0)
        read = int(both.sum())
        n = min(read * self.step, before.n, after.n)
        if n < FEWEST or read < FEWEST:
            return INDEPENDENT
        unit = unit_of(subject)
        total = covariance_sum(x[both] / unit, y[both] / unit, self.before.weights[both], self.after.weights[both])
        return Shared(n, n / read * total / (_size(before) * _size(after)))


def covariance_sum(x: FloatArray, y: FloatArray, wx: FloatArray, wy: FloatArray) -> float:
    """Return the sum over pairs of the weighted products of their distances, times n / (n - 1).

    With unit weights n times the covariance of the pairs with divisor n - 1; shapes (n,), n at least 2.
    """
    x_mean, y_mean = float(wx @ x) / float(wx.sum()), float(wy @ y) / float(wy.sum())
    return float((wx * (x - x_mean)) @ (wy * (y - y_mean))) * len(x) / (len(x) - 1)


def count_people(selection: Selection, periods: tuple[Period, Period]) -> int:
    """Count those who answered in both, under the selection's filters and scope."""
    earlier, later = (
        chosen_rows(selection, one, until=moment_of(selection), is_shared=may_share(*periods)) for one in periods
    )
    return int(people_in_both(earlier, later).count())


def read_both(selection: Selection, periods: tuple[Period, Period], step: int) -> tuple[list[Row], list[Row]]:
    """Read what one in `step` of the people who are in both answered in each."""
    earlier, later = (
        chosen_rows(selection, one, until=moment_of(selection), is_shared=may_share(*periods)) for one in periods
    )
    people = list(people_in_both(earlier, later, step=step))
    return read_rows(of_people(earlier, people)), read_rows(of_people(later, people))


def read_weighted_overlap(*, selection: Selection, before: Period, weighting: Weighting) -> WeightedOverlap:
    """Count the people of both periods, under the same filters and scope, and read their answers and weights.

    Raises WeightingError as `row_weights` does.
    """
    periods = (before, selection.period)
    people = count_people(selection, periods)
    if people < FEWEST:
        return WeightedOverlap(people)
    step = step_for(people)
    found = read_both(selection, periods, step)
    pairs = _pairs([_last_of_each(rows, WHOLE) for rows in found])
    earlier, later = (
        _side(
            selection, [rows[place] for place in places],
            row_weights(selection.run, weighting, period, scope=selection.scope),
        )
        for rows, places, period in zip(found, pairs, periods, strict=True)
    )
    return WeightedOverlap(people, earlier, later, step)


def sums_of(
    earlier: Sequence[Row], later: Sequence[Row], definition: Definition, dimensions: Iterable[str], step: int
) -> tuple[int, dict[LevelKey, dict[Subject, Sums]]]:
    """Count the people in both lists, and add up the pairs of one in `step` of them, whole and by level.

    Of levels only what the indicators are judged by is added up: themselves and the means of the questions.
    """
    people = len({row.who for row in earlier} & {row.who for row in later})
    sides = [[row for row in rows if drawn(row.who, step)] for rows in (earlier, later)]
    if not all(sides):
        return people, {}
    scores = [scores_of_rows(rows, definition) for rows in sides]
    groups = [WHOLE, *((key, level) for key in dimensions for level in sorted({row.level(key) for row in sides[0]}))]
    found = {}
    for group in groups:
        x, y = _pairs([_last_of_each(rows, group) for rows in sides])
        if x:
            found[group] = _sums(scores[0], scores[1], x, y, is_whole=group == WHOLE)
    return people, found


def step_for(people: int) -> int:
    """One person in this many is read: a power of 2, so that a few more people seldom change it."""
    return 1 << max(0, -(-people // MOST) - 1).bit_length()


def moment_of(selection: Selection) -> datetime:
    """The newest answer that the run covers."""
    return selection.run.newest_response_at or selection.run.started_at


def _scale(subject: Subject, read: int, n: int) -> float:
    """Scale from the pairs read to all; where a figure's variance has the divisor n, so has its covariance."""
    has_divisor_n = subject == NPS or is_share(subject)
    return n / read * ((read - 1) / read if has_divisor_n else 1.0)


def _last_of_each(rows: Sequence[Row], group: LevelKey) -> dict[int, int]:
    """The place of everybody's last answers in a group; rows are the oldest first."""
    key, level = group
    return {row.who: place for place, row in enumerate(rows) if not key or row.level(key) == level}


def _pairs(lasts: Sequence[Mapping[int, int]]) -> list[list[int]]:
    """The places of those who are in both, in the same order."""
    both = sorted(lasts[0].keys() & lasts[1].keys())
    return [[last[who] for who in both] for last in lasts]


def _sums(
    before: Mapping[Subject, IntArray], after: Mapping[Subject, IntArray], x: list[int], y: list[int], *, is_whole: bool
) -> dict[Subject, Sums]:
    found = {}
    for subject in before.keys() & after.keys():
        if is_whole or subject.startswith(JUDGED_IN_LEVELS):
            one, other = before[subject][x], after[subject][y]
            both = (one != NONE) & (other != NONE)
            found[subject] = Sums.of(one[both], other[both])
    return found


def _side(selection: Selection, rows: Sequence[Row], weights: RowWeights) -> Side:
    scores = scores_of_rows(rows, selection.reading.definition)
    return Side(scores, np.array([_weight(row, weights) for row in rows], dtype=np.float64))


def _weight(row: Row, weights: RowWeights) -> float:
    if not weights.dimensions:
        return 1.0 if row.weight is None else float(row.weight)
    return weights.by_cell.get(tuple(row.level(key) for key in weights.dimensions), 0.0)


def _size(figure: Figure) -> float:
    return float(figure.n) if figure.weight is None else figure.weight
