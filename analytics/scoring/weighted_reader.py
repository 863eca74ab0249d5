"""Weighted sums as results: the reader of `figures` with values that carry respondent weights.

Small numbers are judged by the number of answers, never by weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analytics.methods.customer_effort import AGREEING, NET_SCORES
from analytics.methods.distributions import box_size
from analytics.methods.errors import MethodError
from analytics.methods.moments import SQUARE_BITS, UNITS
from analytics.methods.net_promoter import CLASSES, DETRACTORS, PASSIVES, PROMOTERS, SCORES, adjusted_wald_interval
from analytics.methods.proportions import weighted_proportion
from analytics.methods.weighting import WeightedSums, weighted_mean
from analytics.scoring.codes import HIGHEST, ItemKey
from analytics.scoring.columns import IntArray
from analytics.scoring.definition import LEVELS
from analytics.scoring.figures import (
    ALL_ALIKE,
    UNKNOWN_CODES,
    Numbers,
    Reader,
    are_alike,
    without_certainty,
)
from analytics.scoring.results import (
    Effort,
    Figure,
    ItemResult,
    Level,
    NodeResult,
    NpsResult,
    Status,
)
from analytics.scoring.weighting import FloatArray

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


@dataclass(frozen=True)
class WeightedReader(Reader):
    """Reads a weighted vector into the results of an unweighted one.

    Which figure may be shown is decided by the counts; the values come from the weighted sums. A figure
    whose effective number of answers is small is marked like one of few answers. What may not be shown holds nothing weighted.
    """

    weighted: WeightedVector

    def node(
        self, key: str, parent: str | None, depth: int, weight: float, overall: float, vector: IntArray
    ) -> NodeResult:
        """One node."""
        plain = super().node(key, parent, depth, weight, overall, vector)
        start = self.definition.layout.nodes[key]
        levels, box = [start + 4 + place for place in range(len(LEVELS))], box_size(len(LEVELS))
        return replace(
            plain,
            index=self._mean(plain.index, self._node_sums(start), (0.0, 100.0)),
            satisfied=self._part(plain.satisfied, levels, levels[-box:]),
            dissatisfied=self._part(plain.dissatisfied, levels, levels[:box]),
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
            promoters=self._part(plain.promoters, _joined(places), _joined(places[PROMOTERS])),
            passives=self._part(plain.passives, _joined(places), _joined(places[PASSIVES])),
            detractors=self._part(plain.detractors, _joined(places), _joined(places[DETRACTORS])),
            distribution=self._shared(plain.distribution, places),
        )

    def _places(self, items: Sequence[tuple[int, ItemKey]], codes: Iterable[int]) -> list[list[int]]:
        """Where the counts of each code stand, over all items."""
        starts = [self.definition.layout.items[item] for item in dict.fromkeys(items)]
        return [[start + code for start in starts] for code in codes]

    def _item(self, plain: ItemResult, items: Sequence[tuple[int, ItemKey]]) -> ItemResult:
        codes = range(plain.low_code, plain.high_code + 1)
        places, box = self._places(items, codes), box_size(len(codes))
        every = _joined(places)
        mean = self._mean(plain.mean, self._code_sums(places, codes), (float(codes[0]), float(codes[-1])))
        return replace(
            plain,
            mean=mean, effort=self._effort(plain, mean, places) if plain.is_effort else None,
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
            mean=replace(mean, metric="ces_mean"), agreeing=self._part(agreeing, _joined(places), _joined(places[AGREEING])),
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
            parts = [self._weight_at(_joined(places[group])) for group in CLASSES]
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

