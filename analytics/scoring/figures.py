"""From integer statistics to figures with intervals, cleared by the rules for small numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np

from analytics.methods.distributions import box_size, score_index
from analytics.methods.moments import SQUARE_BITS, Moments, mean_estimate, mean_value
from analytics.methods.net_promoter import DETRACTORS, PASSIVES, PROMOTERS, net_promoter_score
from analytics.methods.proportions import proportion
from analytics.scoring.codes import (
    BLANK,
    HIGHEST,
    HISTOGRAM_WIDTH,
    INVALID,
    NOT_APPLICABLE,
    NOT_ASKED,
    ItemKey,
    histogram_position,
)
from analytics.scoring.columns import IntArray
from analytics.scoring.composites import NPS, OVERALL, QUESTIONS
from analytics.scoring.definition import LEVELS, Definition, nodes_under
from analytics.scoring.disclosure import Rules
from analytics.scoring.results import (
    Figure,
    ItemResult,
    Level,
    Missing,
    NodeResult,
    NpsResult,
    Period,
    PeriodResult,
    Status,
)

Hidden = frozenset[str]
"""What may not be shown of a group: keys of indicators, and the names that `composites` gives to questions."""
NOTHING_HIDDEN: Final[Hidden] = frozenset()

Numbers = tuple[float, float | None, float | None, float | None]
"""Value, low, high, standard error."""


@dataclass(frozen=True)
class NodeFacts:
    """What the tree says of a node beside its digits."""

    names: Mapping[str, str]
    target: Decimal | None


@dataclass(frozen=True)
class Reader:
    """Reads vectors of one definition under one set of rules."""

    definition: Definition
    rules: Rules
    facts: Mapping[str, NodeFacts]
    hidden: Hidden = field(default=NOTHING_HIDDEN, kw_only=True)

    def result(
        self, period: Period, vector: IntArray, *, nodes: Collection[str] | None = None, is_withheld: bool = False,
        hidden: Hidden = NOTHING_HIDDEN,
    ) -> PeriodResult:
        """Turn a vector into everything there is to show; `nodes` keeps only some of them, `hidden` withholds some."""
        reader: Reader = replace(self, hidden=hidden) if hidden else self
        if is_withheld or self.rules.status(int(vector[0])) == Status.WITHHELD:
            reader, vector = self.withholding, np.zeros_like(vector)
        return PeriodResult(
            period=period,
            responses=int(vector[0]),
            nodes=tuple(reader.nodes(vector, nodes)),
            overall=reader.overall(vector),
            nps=reader.nps(vector),
            is_withheld=isinstance(reader, Withholding),
        )

    @cached_property
    def withholding(self) -> Reader:
        """The reader of what is hidden."""
        return Withholding(self.definition, self.rules, self.facts)

    def of(self, name: str) -> Reader:
        """The reader of what a name stands for: this one, unless it is hidden."""
        return self.withholding if name in self.hidden else self

    def nodes(self, vector: IntArray, wanted: Collection[str] | None) -> Iterable[NodeResult]:
        """Every node, parents before children."""
        depth: dict[str | None, int] = {None: -1}
        overall: dict[str | None, float] = {None: 1.0}
        for rule in self.definition.nodes:
            depth[rule.key] = depth[rule.parent] + 1
            overall[rule.key] = overall[rule.parent] * rule.weight
            if wanted is None or rule.key in wanted:
                yield self.of(rule.key).node(rule.key, rule.parent, depth[rule.key], rule.weight, overall[rule.key], vector)

    def node(
        self, key: str, parent: str | None, depth: int, weight: float, overall: float, vector: IntArray
    ) -> NodeResult:
        """One node."""
        of_questions = self.of(key + QUESTIONS)
        numbers = [int(number) for number in self.definition.layout.node(vector, key)]
        n, total, high, low = numbers[:4]
        counts, box = numbers[4:], box_size(len(LEVELS))
        moments, off_scale = Moments(n, total, (high << SQUARE_BITS) + low), self.off_scale(key, vector)
        facts = self.facts.get(key, NodeFacts({}, None))
        is_leaf = not self.definition.children[key]
        index = self.figure("index", n, lambda: _mean_of_moments(moments), is_alike=moments.is_alike, off_scale=off_scale)
        return NodeResult(
            key=key, names=facts.names, parent=parent, depth=depth, is_leaf=is_leaf, weight=weight,
            overall_weight=overall, target=None if facts.target is None else float(facts.target),
            index=self.explained(key, index, vector),
            satisfied=self.share("satisfied_levels", sum(counts[-box:]), n, off_scale),
            dissatisfied=self.share("dissatisfied_levels", sum(counts[:box]), n, off_scale),
            distribution=self.distribution(LEVELS, counts),
            items=tuple(
                of_questions.item(source.questionnaire, source.item, vector)
                for source in self.definition.leaf_sources(key)
            ) if is_leaf else (),
        )

    def explained(self, key: str, index: Figure, vector: IntArray) -> Figure:
        """Say of an index without answers whether nothing asks for it, or no answer covers enough of it."""
        if index.status != Status.NONE:
            return index
        if key in self.definition.unasked:
            return replace(index, reason=NO_QUESTION)
        is_answered = not self.rules.k and any(
            self.definition.layout.node(vector, below)[0] for below in nodes_under(self.definition, key)
        )
        return replace(index, reason=BELOW_COVERAGE) if is_answered else index

    def item(self, questionnaire: int, item: ItemKey, vector: IntArray) -> ItemResult:
        """One question on its own scale."""
        counts = self.definition.layout.item(vector, questionnaire, item)
        others = [one for one in self.definition.asked_anew.get((questionnaire, item.key), ()) if one != item]
        elsewhere = sum(_asked(self.definition.layout.item(vector, questionnaire, one)) for one in others)
        return self.item_of_counts(questionnaire, item, _less_not_asked(counts, elsewhere), elsewhere)

    def item_of_counts(self, questionnaire: int, item: ItemKey, counts: IntArray, elsewhere: int = 0) -> ItemResult:
        """A question from its histogram, missing codes included; `elsewhere` were asked it on another scale."""
        codes = range(item.low, item.high + 1)
        valid = [int(counts[code]) for code in codes]
        off_scale = int(counts[histogram_position(INVALID)])
        n, box = sum(valid), box_size(len(valid))
        return ItemResult(
            questionnaire_id=questionnaire, key=item.key, low_code=item.low, high_code=item.high,
            mean=self.figure(
                "mean", n, lambda: _mean_of_histogram(valid, codes), is_alike=are_alike(valid, codes), off_scale=off_scale
            ),
            satisfied=self.share("satisfied_share", sum(valid[-box:]), n, off_scale),
            dissatisfied=self.share("dissatisfied_share", sum(valid[:box]), n, off_scale),
            distribution=self.distribution(codes, valid),
            missing=self.missing(n, counts, elsewhere), is_effort=self.definition.is_effort(questionnaire, item),
        )

    def overall(self, vector: IntArray) -> ItemResult | None:
        """The overall satisfaction question; of several scales the one with most answers."""
        sums: dict[tuple[int, int], IntArray] = {}
        first: dict[tuple[int, int], tuple[int, ItemKey]] = {}
        for source in self.definition.role_sources("overall"):
            scale = (source.low, source.high)
            counts = self.definition.layout.item(vector, source.questionnaire, source.item)
            sums[scale] = sums.get(scale, np.zeros(HISTOGRAM_WIDTH, np.int64)) + counts
            first.setdefault(scale, (source.questionnaire, source.item))
        if not sums:
            return None
        scale = max(sums, key=lambda one: int(sums[one][: HIGHEST + 1].sum()))
        # Whoever was asked the same question on another scale was asked.
        moved = [source for source in self.definition.role_sources("overall") if (source.low, source.high) != scale
                 and any(one.key == source.key for one in self.definition.asked_anew.get((source.questionnaire, source.key), ())
                         if (one.low, one.high) == scale)]
        here = sum(_asked(self.definition.layout.item(vector, one.questionnaire, one.item)) for one in moved)
        elsewhere = sum(_asked(counts) for other, counts in sums.items() if other != scale)
        return self.of(OVERALL).item_of_counts(*first[scale], _less_not_asked(sums[scale], here), elsewhere)

    def main_scales(self, vector: IntArray) -> dict[tuple[int, str], ItemKey]:
        """Of the index's questions that were asked on several scales, the one with most answers; none without answers."""
        found: dict[tuple[int, str], ItemKey] = {}
        for source in self.definition.role_sources("leaf"):
            name = source.questionnaire, source.key
            if name in self.definition.asked_anew and name not in found:
                counts = {one: self._valid(vector, source.questionnaire, one) for one in self.definition.asked_anew[name]}
                found |= {name: max(counts, key=lambda one: counts[one])} if any(counts.values()) else {}
        return found

    def _valid(self, vector: IntArray, questionnaire: int, item: ItemKey) -> int:
        return int(self.definition.layout.item(vector, questionnaire, item)[: HIGHEST + 1].sum())

    def nps(self, vector: IntArray) -> NpsResult | None:
        """The Net Promoter Score over all recommendation questions of the tree."""
        sources = [s for s in self.definition.role_sources("nps") if (s.low, s.high) == (0, HIGHEST)]
        if not sources:
            return None
        parts = [self.definition.layout.item(vector, source.questionnaire, source.item) for source in sources]
        counts = np.sum(parts, axis=0)
        valid = [int(count) for count in counts[: HIGHEST + 1]]
        n, reader, off_scale = sum(valid), self.of(NPS), int(counts[histogram_position(INVALID)])
        return NpsResult(
            questionnaire_id=sources[0].questionnaire, key=sources[0].key,
            score=reader.figure("nps", n, lambda: _net_promoter(valid), off_scale=off_scale),
            promoters=reader.share("promoters", sum(valid[PROMOTERS]), n, off_scale),
            passives=reader.share("passives", sum(valid[PASSIVES]), n, off_scale),
            detractors=reader.share("detractors", sum(valid[DETRACTORS]), n, off_scale),
            distribution=reader.distribution(range(HIGHEST + 1), valid),
            missing=reader.missing(n, counts),
        )

    def figure(
        self, metric: str, n: int, numbers: Callable[[], Numbers], *, is_alike: bool = False, off_scale: int = 0
    ) -> Figure:
        """A figure where the rules allow one, else the reason why there is none; without interval where all is alike.

        `off_scale` answers are not on the scale; of anonymous ones fewer than k are not told.
        """
        status, off_scale = self.rules.status(n), 0 if 0 < off_scale < self.rules.k else off_scale
        needed = max(self.rules.show_from, self.rules.k)
        if status in (Status.SHOWN, Status.FEW):
            value, low, high, error = numbers()
            reason = UNKNOWN_CODES if off_scale else ""
            found = Figure(metric, n, float(n), value, low, high, status, reason, needed, error, off_scale=off_scale)
            return without_certainty(found) if is_alike or low == high else found
        told = 0 if status == Status.WITHHELD else n
        if status == Status.WITHHELD:
            off_scale = 0
        reason = UNKNOWN_CODES if off_scale and status == Status.NONE else status.value
        return Figure(metric, told, float(told), None, None, None, status, reason, needed, off_scale=off_scale)

    def off_scale(self, node: str, vector: IntArray) -> int:
        """How many answers to the questions at and below a node are not on their scale; 0 where parts are hidden."""
        return 0 if self.hidden else int(vector[self.definition.off_scale_places[node]].sum())

    def share(self, metric: str, part: int, n: int, off_scale: int = 0) -> Figure:
        """A share of n answers with its Wilson interval."""
        return self.figure(metric, n, lambda: _share(part, n), off_scale=off_scale)

    def distribution(self, codes: Sequence[int], counts: Sequence[int]) -> tuple[Level, ...]:
        """The levels, or nothing where the rules allow none."""
        n = sum(counts)
        if self.rules.status(n) not in (Status.SHOWN, Status.FEW):
            return ()
        return tuple(Level(code, count, count / n) for code, count in zip(codes, counts, strict=True))

    def missing(self, n: int, counts: IntArray, elsewhere: int = 0) -> Missing:
        """How many did not answer, by kind; nothing where the others are too few to be told of."""
        return Missing() if self.rules.status(n) == Status.WITHHELD else replace(_missing(counts), other_scale=elsewhere)


UNKNOWN_CODES: Final = "unknown_codes"
"""Some answers, or all, are not on the scale of their question; they count nowhere."""
NO_QUESTION: Final = "no_question"
BELOW_COVERAGE: Final = "below_coverage"
ALL_ALIKE: Final = "all_alike"
"""Every answer is the same: their spread says nothing of how sure their mean is."""


def without_certainty(figure: Figure) -> Figure:
    """Take away the interval of a figure whose answers are all alike, and say why it has none.

    An interval of no width would call it certain. Whether they are alike is decided from counts, since sums of
    weighted answers leave a width of rounding. Shares and the Net Promoter Score have intervals of some width
    also then. One answer has no interval anyhow.
    """
    if figure.low is None or figure.high is None:
        return figure
    return replace(figure, low=None, high=None, standard_error=None, reason=ALL_ALIKE)


def are_alike(counts: Sequence[int], scores: Sequence[float]) -> bool:
    """Whether all answers have the same score; `counts` are those of each score."""
    return len({score for score, count in zip(scores, counts, strict=True) if count}) == 1


class Withholding(Reader):
    """Reads nothing: every figure is withheld."""

    def of(self, name: str) -> Reader:
        """This one, whatever the name."""
        return self

    def distribution(self, codes: Sequence[int], counts: Sequence[int]) -> tuple[Level, ...]:
        """No levels."""
        return ()

    def missing(self, n: int, counts: IntArray, elsewhere: int = 0) -> Missing:
        """Nothing."""
        return Missing()

    def figure(
        self, metric: str, n: int, numbers: Callable[[], Numbers], *, is_alike: bool = False, off_scale: int = 0
    ) -> Figure:
        """A figure of which nothing is told."""
        return Figure(metric, 0, 0.0, None, None, None, Status.WITHHELD, Status.WITHHELD.value, self.rules.k)


def _mean_of_moments(moments: Moments) -> Numbers:
    if moments.n == 1:
        return mean_value(moments), None, None, None
    estimate = mean_estimate(moments)
    return estimate.value, estimate.interval.low, estimate.interval.high, estimate.standard_error


def _mean_of_histogram(counts: Sequence[int], codes: Sequence[int]) -> Numbers:
    if sum(counts) == 1:
        return float(codes[list(counts).index(1)]), None, None, None
    estimate = score_index(counts, codes)
    return estimate.value, estimate.interval.low, estimate.interval.high, estimate.standard_error


def _share(part: int, n: int) -> Numbers:
    found = proportion(part, n)
    return found.value, found.interval.low, found.interval.high, (found.value * (1 - found.value) / n) ** 0.5


def _net_promoter(counts: Sequence[int]) -> Numbers:
    found = net_promoter_score(counts)
    return found.value, found.interval.low, found.interval.high, found.standard_error


def _missing(counts: IntArray) -> Missing:
    not_applicable, blank, not_asked, invalid = (
        int(counts[histogram_position(code)]) for code in (NOT_APPLICABLE, BLANK, NOT_ASKED, INVALID)
    )
    return Missing(not_applicable, blank, not_asked, invalid)


def _asked(counts: IntArray) -> int:
    """How many a question was put to on the scale of this histogram."""
    return int(counts.sum()) - int(counts[histogram_position(NOT_ASKED)])


def _less_not_asked(counts: IntArray, elsewhere: int) -> IntArray:
    """Take those who were asked on another scale out of those who were not asked."""
    if not elsewhere:
        return counts
    found, place = counts.copy(), histogram_position(NOT_ASKED)
    found[place] = max(0, int(found[place]) - elsewhere)
    return found
