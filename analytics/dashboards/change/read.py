"""What changed between two periods of a tree: every indicator and every question, and what is only chance.

The index, the Net Promoter Score and the satisfied share are the headline and stand for themselves. Indicators are
one family of comparisons, the means of questions another, their satisfied shares a third (without that of the headline,
which is judged once), and customer effort a fourth: in each, Holm decides what is called beyond chance, and
Benjamini-Hochberg is given beside it for screening.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analytics.dashboards.overlap.kept import read_overlap
from analytics.dashboards.overlap.pairing import (
    NPS,
    ItemName,
    Subject,
    agreeing_subject,
    effort_subject,
    item_share_subject,
    item_subject,
    node_subject,
)
from analytics.dashboards.overlap.read import Overlap, WeightedOverlap, read_weighted_overlap
from analytics.dashboards.overview.attention import SMALLEST
from analytics.dashboards.overview.numbers import Names
from analytics.dashboards.question_names import item_names
from analytics.dashboards.selection import Selection
from analytics.dashboards.verdicts import satisfied_subject
from analytics.indicators.models import WeightSet
from analytics.methods.errors import MethodError
from analytics.methods.intervals import DEFAULT_LEVEL, Interval
from analytics.methods.trends import decompose_change, effect_band
from analytics.scoring.comparing import INDEPENDENT, JudgedChange, TestedChange, incomparable, judge_family, tested
from analytics.scoring.effort import effort_of
from analytics.scoring.results import Figure, ItemResult, Period, PeriodResult, Verdict
from analytics.scoring.weighted import read_weighted_periods
from analytics.scoring.weighting import Weighting


class ComparisonFamily(StrEnum):
    """Which comparisons are corrected together."""

    HEADLINE = "headline"
    INDICATORS = "indicators"
    ITEMS = "items"
    SHARES = "shares"
    EFFORT = "effort"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One figure before and after. `n_both` people answered in both and their covariance is in the interval.

    `p_holm`, `p_bh` are the p values adjusted within the family.

    `verdict` says beyond chance by the adjusted p value, in the headline by the figure's own interval.
    """

    family: ComparisonFamily
    key: str
    names: Names
    depth: int
    before: Figure
    after: Figure
    difference: float | None
    low: float | None
    high: float | None
    detectable: float | None
    p: float | None
    p_holm: float | None
    p_bh: float | None
    verdict: Verdict
    reason: str
    n_both: int

    @property
    def is_small(self) -> bool:
        """Whether the whole interval of a change of the index lies within what nobody would act on."""
        if self.after.metric != "index" or self.low is None or self.high is None:
            return False
        return effect_band(Interval(self.low, self.high, DEFAULT_LEVEL), SMALLEST)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one leaf added to the change of the index: by its score, and by its weight, in points."""

    key: str
    names: Names
    from_scores: float
    from_weights: float


@dataclass(frozen=True, slots=True)
class Decomposed:
    """The change of the index by question means, in parts that add up; or the reason for none."""

    parts: tuple[Contribution, ...]
    from_scores: float
    from_weights: float
    total: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything on the page of a change. `overlap` counts people who answered in both periods.

    It is None where that may not be told; `is_overlap_used` says that their covariance is in the intervals.
    `responses_before` and `responses_after` count responses.
    """

    before: Period
    after: Period
    rows: tuple[ChangeRow, ...]
    decomposed: Decomposed
    overlap: int | None
    is_overlap_used: bool
    responses_before: int
    responses_after: int
    is_withheld: bool

    def family(self, family: ComparisonFamily) -> tuple[ChangeRow, ...]:
        """The rows of one family."""
        return tuple(row for row in self.rows if row.family == family)


def read_changes(
    *, selection: Selection, before: Period, weighting: Weighting | None, earlier_weights: WeightSet | None = None
) -> Changes:
    """Compare the selection's period with an earlier one, weighted or not.

    `earlier_weights` is the weight set that held in the earlier period, for the parts of the change.
    Raises WeightingError and RunTooOldError where a weighting cannot be read.
    """
    earlier, later = _read(selection, [before, selection.period], weighting)
    is_withheld = earlier.is_withheld or later.is_withheld
    is_told = not (is_withheld or selection.reading.rules.k)
    overlap = _overlap(selection, before, weighting) if is_told else None
    found = list(_compared(selection, earlier, later, overlap, is_weighted=weighting is not None))
    return Changes(
        before=before, after=selection.period, rows=tuple(_corrected(found)),
        decomposed=_decomposed(selection, earlier, later, earlier_weights),
        overlap=overlap.people if overlap is not None else None,
        is_overlap_used=any(one.n_both for one in found),
        responses_before=earlier.responses, responses_after=later.responses, is_withheld=is_withheld,
    )


def _overlap(selection: Selection, before: Period, weighting: Weighting | None) -> Overlap | WeightedOverlap:
    if weighting is None:
        return read_overlap(selection=selection, before=before)
    return read_weighted_overlap(selection=selection, before=before, weighting=weighting)


def _read(
    selection: Selection, periods: Sequence[Period], weighting: Weighting | None
) -> tuple[PeriodResult, ...]:
    if weighting is None:
        return tuple(selection.reading.period(period) for period in periods)
    return read_weighted_periods(
        selection.run, periods=periods, weighting=weighting, filters=selection.filters, scope=selection.scope
    )


@dataclass(frozen=True, slots=True)
class _Found:
    family: ComparisonFamily
    key: str
    names: Names
    depth: int
    before: Figure
    after: Figure
    tested: TestedChange
    n_both: int


def _compared(
    selection: Selection, earlier: PeriodResult, later: PeriodResult, overlap: Overlap | WeightedOverlap | None, *,
    is_weighted: bool,
) -> Iterator[_Found]:
    def found(
        family: ComparisonFamily, subject: Subject, key: str, names: Names, depth: int, before: Figure, after: Figure,
        *, is_alike: bool = True,
    ) -> _Found:
        shared = overlap.shared(subject, before, after) if overlap is not None else INDEPENDENT
        change = tested(before, after, is_weighted=is_weighted, shared=shared) if is_alike else incomparable(before, after)
        return _Found(family, key, names, depth, before, after, change, shared.n)

    words = item_names(selection.tree)
    root = later.root
    yield found(ComparisonFamily.HEADLINE, node_subject(root.key), root.key, root.names, 0, earlier.root.index, root.index)
    if earlier.nps is not None and later.nps is not None:
        names = words.get((later.nps.questionnaire_id, later.nps.key), {})
        yield found(ComparisonFamily.HEADLINE, NPS, later.nps.key, names, 0, earlier.nps.score, later.nps.score)
    asked = later.overall
    names = words.get((asked.questionnaire_id, asked.key), {}) if asked is not None else root.names
    yield found(
        ComparisonFamily.HEADLINE, satisfied_subject(later), asked.key if asked else root.key, names, 0, earlier.satisfied, later.satisfied,
        is_alike=later.is_on_scale_of(earlier),
    )
    for node, other in zip(earlier.nodes[1:], later.nodes[1:], strict=True):
        yield found(ComparisonFamily.INDICATORS, node_subject(other.key), other.key, other.names, other.depth, node.index, other.index)
    before = {_name_of(item): item for item in _items(earlier)}
    headline = _name_of(asked) if asked is not None else None
    of_key = {(item.questionnaire_id, item.key): item for item in _items(earlier)}
    for item in _items(later):
        name, names = _name_of(item), words.get((item.questionnaire_id, item.key), {})
        one = before.get(name) or of_key.get((item.questionnaire_id, item.key))
        if one is None:
            continue
        is_alike = name in before and not (_is_elsewhere(one) or _is_elsewhere(item))
        yield found(ComparisonFamily.ITEMS, item_subject(name), item.key, names, 0, one.mean, item.mean, is_alike=is_alike)
        if name != headline:
            yield found(
                ComparisonFamily.SHARES, item_share_subject(name), item.key, names, 0, one.satisfied, item.satisfied,
                is_alike=is_alike,
            )
        if name not in before:
            continue
        then, now = effort_of(one), effort_of(item)
        if then is not None and now is not None:
            # Its mean is the question's own, in the family of means.
            yield found(ComparisonFamily.EFFORT, agreeing_subject(name), item.key, names, 0, then.agreeing, now.agreeing)
            yield found(ComparisonFamily.EFFORT, effort_subject(name), item.key, names, 0, then.net, now.net)


def _is_elsewhere(item: ItemResult) -> bool:
    """Whether everybody was asked it on another scale."""
    return not item.mean.n and item.missing.other_scale > 0


def _items(result: PeriodResult) -> list[ItemResult]:
    """Every question once, however many leaves it feeds."""
    items = [item for node in result.nodes for item in node.items]
    items += [result.overall] if result.overall is not None else []
    return list({_name_of(item): item for item in items}.values())


def _name_of(item: ItemResult) -> ItemName:
    return item.questionnaire_id, item.key, item.low_code, item.high_code


def _corrected(found: Sequence[_Found]) -> Iterator[ChangeRow]:
    for family in ComparisonFamily:
        members = [one for one in found if one.family == family]
        tests = [one.tested for one in members]
        alone = [JudgedChange(one.change, one.p, None, None) for one in tests]
        judged = alone if family == ComparisonFamily.HEADLINE else judge_family(tests)
        yield from (_row(one, other) for one, other in zip(members, judged, strict=True))


def _row(one: _Found, judged: JudgedChange) -> ChangeRow:
    change = judged.change
    return ChangeRow(
        family=one.family, key=one.key, names=one.names, depth=one.depth, before=one.before, after=one.after,
        difference=change.difference, low=change.low, high=change.high, detectable=change.detectable, p=judged.p,
        p_holm=judged.p_holm, p_bh=judged.p_bh, verdict=change.verdict, reason=change.reason, n_both=one.n_both,
    )


def _decomposed(
    selection: Selection, earlier: PeriodResult, later: PeriodResult, earlier_weights: WeightSet | None
) -> Decomposed:
    unasked = selection.reading.definition.unasked
    leaves = [
        (one, other) for one, other in zip(earlier.nodes, later.nodes, strict=True)
        if other.is_leaf and other.key not in unasked
    ]
    if any(one.index.value is None or other.index.value is None for one, other in leaves):
        return Decomposed((), 0, 0, 0, reason="leaf_not_shown")
    keys = [other.key for _, other in leaves]
    own = overall_weights(selection, {node.key: node.weight for node in selection.reading.definition.nodes})
    after = [own[key] for key in keys]
    before = overall_weights(selection, earlier_weights.weights) if earlier_weights is not None else None
    if before is not None and any(key not in before for key in keys):
        return Decomposed((), 0, 0, 0, reason="weights_of_another_tree")
    try:
        found = decompose_change(
            [one.index.value or 0.0 for one, _ in leaves], [other.index.value or 0.0 for _, other in leaves],
            [before[key] for key in keys] if before is not None else after, after,
        )
    except MethodError as error:
        return Decomposed((), 0, 0, 0, reason=error.reason)
    parts = tuple(
        Contribution(other.key, other.names, float(by_score), float(by_weight))
        for (_, other), by_score, by_weight in zip(leaves, found.from_scores, found.from_weights, strict=True)
    )
    return Decomposed(parts, float(found.from_scores.sum()), float(found.from_weights.sum()), found.total)


def overall_weights(selection: Selection, weights: Mapping[str, float]) -> dict[str, float]:
    """Each node's share of the whole index under weights, in the tree of the run; a lacking weight leaves it out.

    What no question feeds has no share: the others have it.
    """
    definition, found = selection.reading.definition, dict[str, float]()
    shares = definition.among_asked(weights)
    for node in definition.nodes:
        if node.parent is None:
            found[node.key] = 1.0
        elif node.parent in found and node.key in shares:
            found[node.key] = found[node.parent] * float(shares[node.key])
    return found

