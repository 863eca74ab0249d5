"""Figures under respondent weights, read from the columns: the same shape as the unweighted ones.

Every sum that a weighted mean needs is linear in the counts, once with the weights and once with their squares.
So rows of equal weight are counted as one cell by the very functions of the unweighted figures, and the counts
are multiplied afterwards. Small numbers are judged by the number of answers, never by weights.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.methods.customer_effort import CODES, NET_SCORES
from analytics.methods.errors import MethodError
from analytics.methods.moments import SQUARE_BITS, UNITS
from analytics.methods.net_promoter import SCORES, adjusted_wald_interval
from analytics.methods.proportions import weighted_proportion
from analytics.methods.weighting import WeightedSums, weighted_mean
from analytics.scoring.codes import HIGHEST, ItemKey
from analytics.scoring.columns import Cells, Columns, IntArray, select
from analytics.scoring.definition import LEVELS, Definition
from analytics.scoring.figures import (
    ALL_ALIKE,
    NOTHING_HIDDEN,
    UNKNOWN_CODES,
    Hidden,
    Numbers,
    Reader,
    are_alike,
    without_certainty,
)
from analytics.scoring.models import Run
from analytics.scoring.reading import NOTHING, Reading
from analytics.scoring.results import (
    Effort,
    Figure,
    ItemResult,
    Level,
    NodeResult,
    NpsResult,
    Period,
    PeriodResult,
    SegmentResult,
    Status,
)
from analytics.scoring.sources import Choice, Filter, chosen_cells, columns_behind
from analytics.scoring.summaries import CELLS_PER_PASS, cell_vectors
from analytics.scoring.weighting import (
    FloatArray,
    Imported,
    RowWeights,
    Weighting,
    WeightingError,
    mask_of,
    report_on,
    row_weights,
)

DECIMALS: Final = 10
"""Figures are rounded here, so that the order in which blocks are added cannot be seen in them."""


@dataclass(frozen=True)
class WeightedVector:
    """Statistics of a group of responses: counted, by weight, and by squared weight; shape (width,)."""

    counts: IntArray
    by_weight: FloatArray
    by_square: FloatArray

    def __add__(self, other: WeightedVector) -> WeightedVector:
        return WeightedVector(
            self.counts + other.counts, self.by_weight + other.by_weight, self.by_square + other.by_square
        )


def read_weighted(
    run: Run, *, period: Period, weighting: Weighting, filters: Filter = NOTHING, scope: Filter = NOTHING
) -> PeriodResult:
    """Return every figure of one period under respondent weights.

    Raises WeightingError when there are no weights to be had, RunTooOldError when the columns are gone.
    """
    (result,) = read_weighted_periods(run, periods=[period], weighting=weighting, filters=filters, scope=scope)
    return result


def read_weighted_periods(
    run: Run, *, periods: Sequence[Period], weighting: Weighting, filters: Filter = NOTHING, scope: Filter = NOTHING,
    nodes: Collection[str] | None = None,
) -> tuple[PeriodResult, ...]:
    """Return several periods; `nodes` keeps only some indicators.

    Raises WeightingError and RunTooOldError as `read_weighted` does.
    """
    found = read_weighted_each(run, periods=periods, weighting=weighting, filters=filters, scope=scope, nodes=nodes)
    for one in found:
        if isinstance(one, WeightingError):
            raise one
    return tuple(one for one in found if isinstance(one, PeriodResult))


def read_weighted_each(
    run: Run, *, periods: Sequence[Period], weighting: Weighting, filters: Filter = NOTHING, scope: Filter = NOTHING,
    nodes: Collection[str] | None = None,
) -> tuple[PeriodResult | WeightingError, ...]:
    """Return for each period its figures, or why no weights can be made in it: one bad month spoils no trend.

    Raises WeightingError where no period can be weighted at all, RunTooOldError when the columns are gone.
    """
    reading = _open(run, filters, scope)
    found: list[PeriodResult | WeightingError] = []
    for period in periods:
        try:
            (vector,) = _vectors(run, reading.definition, period, weighting, [reading.choice])
        except WeightingError as error:
            found.append(error)
        else:
            found.append(_read(reading, period, vector, nodes=nodes, is_withheld=reading.is_hidden(period)))
    return tuple(found)


def read_weighted_segments(
    run: Run, *, period: Period, dimension: str, weighting: Weighting, filters: Filter = NOTHING,
    scope: Filter = NOTHING, nodes: Collection[str] | None = None,
) -> tuple[SegmentResult, ...]:
    """Return one weighted result per level; the weights are those of the whole period.

    Raises UnknownDimensionError, and WeightingError and RunTooOldError as `read_weighted` does.
    """
    reading = _open(run, filters, scope)
    levels = reading.segments(period, dimension, ())
    choices = [dict(reading.choice) | {dimension: frozenset({one.level})} for one in levels]
    vectors = _vectors(run, reading.definition, period, weighting, choices)
    return tuple(
        replace(one, result=_read(reading, period, vector, nodes=nodes, is_withheld=one.result.is_withheld))
        for one, vector in zip(levels, vectors, strict=True)
    )


def _open(run: Run, filters: Filter, scope: Filter) -> Reading:
    """Refuse weights where anonymity was promised: two weightings of a group give the parts of it away."""
    reading = Reading(run, filters=filters, scope=scope)
    if reading.rules.k:
        raise WeightingError("anonymous_unweighted")
    return reading


def _read(
    reading: Reading, period: Period, vector: WeightedVector, *, nodes: Collection[str] | None, is_withheld: bool
) -> PeriodResult:
    base = reading.reader
    reader = WeightedReader(base.definition, base.rules, base.facts, vector)
    return reader.result(period, vector.counts, nodes=nodes, is_withheld=is_withheld)


def _weights(run: Run, weighting: Weighting, period: Period) -> RowWeights:
    if isinstance(weighting, Imported):
        # An import that has no weights is an error, not a weighting by ones.
        report_on(run, weighting=weighting, period=period)
    return row_weights(run, weighting, period)


def _vectors(
    run: Run, definition: Definition, period: Period, weighting: Weighting, choices: Sequence[Choice]
) -> list[WeightedVector]:
    """Sum up each choice of levels, in one pass over the columns."""
    weights = _weights(run, weighting, period)
    width = definition.layout.width
    totals = [WeightedVector(np.zeros(width, np.int64), np.zeros(width), np.zeros(width)) for _ in choices]
    for questionnaire, columns in columns_behind(run):
        inside = mask_of(columns, period)
        for place, choice in enumerate(choices):
            chosen = inside & chosen_cells(columns, questionnaire, choice, None)
            if chosen.any():
                kept = select(columns, chosen)
                for part in _parts(kept, weights.of(kept), definition, questionnaire):
                    totals[place] += part
    return totals


def _parts(
    columns: Columns, weights: FloatArray, definition: Definition, questionnaire: int
) -> Iterable[WeightedVector]:
    """Count rows of equal weight together; a row that weighs nothing stands for nobody."""
    order = np.argsort(weights, kind="stable")
    order = order[weights[order] > 0]
    values, rows = np.unique(weights[order], return_counts=True)
    ends = np.cumsum(rows)
    for first in range(0, len(values), CELLS_PER_PASS):
        last = min(first + CELLS_PER_PASS, len(values))
        taken = order[ends[first] - rows[first] : ends[last - 1]]
        vectors = _counted(columns, taken, rows[first:last], definition, questionnaire)
        w = values[first:last]
        yield WeightedVector(vectors.sum(axis=0), w @ vectors, (w * w) @ vectors)


def _counted(
    columns: Columns, taken: npt.NDArray[np.intp], rows: IntArray, definition: Definition, questionnaire: int
) -> IntArray:
    nothing = np.zeros(len(rows), dtype=np.int64)
    cells = Cells(nothing, nothing, nothing[None][:0], rows.astype(np.int64), ("",), (), ())
    kept = replace(columns, codes=np.ascontiguousarray(columns.codes[:, taken]), cells=cells, weights=None)
    return cell_vectors(kept, slice(0, len(taken)), cells, definition, questionnaire)


@dataclass(frozen=True)
class WeightedReader(Reader):
    """Reads a weighted vector into the results of an unweighted one.

    Which figure may be shown is decided by the counts; the values come from the weighted sums. A figure
    whose effective number of answers is small is marked like one of few answers.
    """

    weighted: WeightedVector

    def result(
        self, period: Period, vector: IntArray, *, nodes: Collection[str] | None = None, is_withheld: bool = False,
        hidden: Hidden = NOTHING_HIDDEN,
    ) -> PeriodResult:
        """Turn the vector into everything there is to show; withheld results hold nothing weighted."""
        if is_withheld or self.rules.status(int(vector[0])) == Status.WITHHELD:
            plain = Reader(self.definition, self.rules, self.facts)
            return plain.result(period, vector, nodes=nodes, is_withheld=True)
        return super().result(period, vector, nodes=nodes)

    def node(
        self, key: str, parent: str | None, depth: int, weight: float, overall: float, vector: IntArray
    ) -> NodeResult:
        """One node."""
        plain = super().node(key, parent, depth, weight, overall, vector)
        start = self.definition.layout.nodes[key]
        levels = [start + 4 + place for place in range(len(LEVELS))]
        return replace(
            plain,
            index=self._mean(plain.index, self._node_sums(start), (0.0, 100.0)),
            satisfied=self._part(plain.satisfied, levels, levels[-2:]),
            dissatisfied=self._part(plain.dissatisfied, levels, levels[:2]),
            distribution=self._levels(plain.distribution, levels),
        )

    def item(self, questionnaire: int, item: ItemKey, vector: IntArray) -> ItemResult:
        """One question on its own scale."""
        return self._item(super().item(questionnaire, item, vector), [(questionnaire, item)])

    def overall(self, vector: IntArray) -> ItemResult | None:
        """The overall satisfaction question; of several scales the one with most answers."""
        plain = super().overall(vector)
        if plain is None:
            return None
        scale = (plain.low_code, plain.high_code)
        sources = self.definition.role_sources("overall")
        return self._item(plain, [(s.questionnaire, s.item) for s in sources if (s.low, s.high) == scale])

    def nps(self, vector: IntArray) -> NpsResult | None:
        """The Net Promoter Score over all recommendation questions of the tree."""
        plain = super().nps(vector)
        if plain is None:
            return None
        sources = [s for s in self.definition.role_sources("nps") if (s.low, s.high) == (0, HIGHEST)]
        places = self._places([(s.questionnaire, s.item) for s in sources], range(HIGHEST + 1))
        return replace(
            plain,
            score=self._score(plain.score, places),
            promoters=self._part(plain.promoters, _joined(places), _joined(places[9:])),
            passives=self._part(plain.passives, _joined(places), _joined(places[7:9])),
            detractors=self._part(plain.detractors, _joined(places), _joined(places[:7])),
            distribution=self._shared(plain.distribution, places),
        )

    # -- sums ----------------------------------------------------------------------------------

    def _places(self, items: Sequence[tuple[int, ItemKey]], codes: Iterable[int]) -> list[list[int]]:
        """Where the counts of each code stand, over all items."""
        starts = [self.definition.layout.items[item] for item in dict.fromkeys(items)]
        return [[start + code for start in starts] for code in codes]

    def _item(self, plain: ItemResult, items: Sequence[tuple[int, ItemKey]]) -> ItemResult:
        codes = range(plain.low_code, plain.high_code + 1)
        places, box = self._places(items, codes), 2 if len(codes) >= len(LEVELS) else 1
        every = _joined(places)
        mean = self._mean(plain.mean, self._code_sums(places, codes), (float(codes[0]), float(codes[-1])))
        return replace(
            plain,
            mean=mean, effort=self._effort(plain, mean, places) if tuple(codes) == CODES else None,
            satisfied=self._part(plain.satisfied, every, _joined(places[-box:])),
            dissatisfied=self._part(plain.dissatisfied, every, _joined(places[:box])),
            distribution=self._shared(plain.distribution, places),
        )

    def _effort(self, plain: ItemResult, mean: Figure, places: Sequence[Sequence[int]]) -> Effort:
        """The three conventions of customer effort; the net score is a mean of scores like the others."""
        counts = [int(self.weighted.counts[list(place)].sum()) for place in places]
        agreeing, net = (
            replace(plain.mean, metric=metric, reason=reason) for metric, reason in
            (("ces_agreeing", ""), ("ces_net", ALL_ALIKE if are_alike(counts, NET_SCORES) else ""))
        )
        return Effort(
            mean=replace(mean, metric="ces_mean"), agreeing=self._part(agreeing, _joined(places), _joined(places[4:])),
            net=self._mean(net, self._code_sums(places, NET_SCORES), (-100.0, 100.0)),
        )

    def _node_sums(self, start: int) -> WeightedSums:
        one, two = self.weighted.by_weight, self.weighted.by_square
        squares = (two[start + 2] * 2.0**SQUARE_BITS + two[start + 3]) / UNITS**2
        return WeightedSums(
            int(self.weighted.counts[start]), float(one[start]), float(one[start + 1] / UNITS),
            float(two[start]), float(two[start + 1] / UNITS), float(squares),
        )

    def _code_sums(self, places: Sequence[Sequence[int]], scores: Iterable[float]) -> WeightedSums:
        y = np.array(list(scores), dtype=np.float64)
        n, w, w2 = (
            np.array([vector[list(place)].sum() for place in places])
            for vector in (self.weighted.counts, self.weighted.by_weight, self.weighted.by_square)
        )
        return WeightedSums(int(n.sum()), *(float(x) for x in (w.sum(), w @ y, w2.sum(), w2 @ y, w2 @ (y * y))))

    # -- figures -------------------------------------------------------------------------------

    def _mean(self, plain: Figure, sums: WeightedSums, bounds: tuple[float, float]) -> Figure:
        def numbers() -> Numbers:
            estimate = weighted_mean(sums)
            interval = estimate.interval.clipped(*bounds)
            return estimate.value, interval.low, interval.high, estimate.standard_error

        return self._weighed(plain, sums, numbers)

    def _score(self, plain: Figure, places: Sequence[Sequence[int]]) -> Figure:
        sums = self._code_sums(places, SCORES)

        def numbers() -> Numbers:
            estimate = weighted_mean(sums)
            parts = [self._weight_at(_joined(group)) for group in (places[:7], places[7:9], places[9:])]
            down, middle, up = (part / sums.w * sums.n_eff for part in parts)
            interval = adjusted_wald_interval(down, middle, up).clipped(-100.0, 100.0)
            return estimate.value, interval.low, interval.high, estimate.standard_error

        return self._weighed(plain, sums, numbers)

    def _part(self, plain: Figure, whole: Sequence[int], part: Sequence[int]) -> Figure:
        inside = frozenset(part)
        sums = self._code_sums([[place] for place in whole], [float(place in inside) for place in whole])

        def numbers() -> Numbers:
            share = min(1.0, max(0.0, sums.mean))
            found = weighted_proportion(share, sums.n, sums.n_eff)
            return share, found.interval.low, found.interval.high, weighted_mean(sums).standard_error

        return self._weighed(plain, sums, numbers)

    def _weighed(self, plain: Figure, sums: WeightedSums, numbers: Callable[[], Numbers]) -> Figure:
        if not plain.is_shown:
            return plain
        try:
            value, low, high, error = numbers()
        except (MethodError, ZeroDivisionError):
            return replace(plain, value=None, low=None, high=None, standard_error=None, status=Status.TOO_FEW,
                           reason="one_carries_all")
        status = Status.FEW if sums.n_eff < self.rules.sure_from else plain.status
        found = replace(
            plain, value=_settled(value), low=_settled(low), high=_settled(high), standard_error=_settled(error),
            n_eff=round(sums.n_eff, DECIMALS), status=status, weight=sums.w,
            reason=UNKNOWN_CODES if plain.off_scale else "",
        )
        # Whoever weighs nothing is not among those counted, so the counts say whether the rest are alike.
        return without_certainty(found) if plain.reason == ALL_ALIKE else found

    def _weight_at(self, places: Sequence[int]) -> float:
        return float(self.weighted.by_weight[list(places)].sum())

    def _levels(self, plain: tuple[Level, ...], places: Sequence[int]) -> tuple[Level, ...]:
        return self._shared(plain, [[place] for place in places])

    def _shared(self, plain: tuple[Level, ...], places: Sequence[Sequence[int]]) -> tuple[Level, ...]:
        weights = [self._weight_at(place) for place in places]
        total = sum(weights)
        if not plain or not total:
            return plain
        return tuple(
            replace(level, share=round(weight / total, DECIMALS)) for level, weight in zip(plain, weights, strict=True)
        )


def _joined(places: Iterable[Sequence[int]]) -> list[int]:
    return [place for group in places for place in group]


def _settled(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)

