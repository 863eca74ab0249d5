"""What changed between two periods of a tree: every indicator and every question, and what is only chance.

The index, the Net Promoter Score and the satisfied share are the headline and stand for themselves. The indicators that
combine several questions are one family of comparisons, the means of questions another, their satisfied shares a third
(without that of the headline, which is judged once), and customer effort a fourth: in each, Holm decides what is called
beyond chance, and Benjamini-Hochberg is given beside it for screening. An indicator of one question is judged as that
question, in its family.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analytics.dashboards.hypotheses import ComparedItem, compared_items, name_of
from analytics.dashboards.overlap.kept import read_overlap
from analytics.dashboards.overlap.pairing import (
    NPS,
    Subject,
    agreeing_subject,
    effort_subject,
    item_share_subject,
    node_subject,
)
from analytics.dashboards.overlap.read import Overlap, WeightedOverlap, read_weighted_overlap
from analytics.dashboards.overview.attention import SMALLEST
from analytics.dashboards.overview.numbers import Names
from analytics.dashboards.question_names import Wording, item_wordings
from analytics.dashboards.selection import Selection
from analytics.dashboards.verdicts import ComparisonFamily, Judged, judge_all, satisfied_subject
from analytics.indicators.models import WeightSet
from analytics.methods.errors import MethodError
from analytics.methods.intervals import DEFAULT_LEVEL, Interval
from analytics.methods.trends import decompose_change, effect_band
from analytics.scoring.comparing import (
    INDEPENDENT,
    JudgedChange,
    Shared,
    TestedChange,
    incomparable,
    judge_family,
    tested,
)
from analytics.scoring.effort import effort_of
from analytics.scoring.results import Figure, Period, PeriodResult, Verdict
from analytics.scoring.weighted import read_weighted_periods
from analytics.scoring.weighting import Weighting


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One figure before and after. `n_both` people answered in both and their covariance is in the interval.

    `p_holm`, `p_bh` are the p values adjusted within `judged_in`, which is the family of questions for an indicator
    of one question (see `verdicts`). `wording` tells of a question what it is a row of.

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
    judged_in: ComparisonFamily
    wording: Wording | None = None

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

    @property
    def total(self) -> float:
        """Both together."""
        return self.from_scores + self.from_weights


@dataclass(frozen=True, slots=True)
class Decomposed:
    """The change of the index by question means, in parts that add up; or the reason for none."""

    parts: tuple[Contribution, ...]
    from_scores: float | None
    from_weights: float | None
    total: float | None
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
    items = compared_items(earlier, later)
    found = list(_compared(selection, earlier, later, items, overlap, is_weighted=weighting is not None))
    judged = judge_all(
        earlier, later, items, vector=selection.reading.definition.score_vector,
        shared=overlap.shared if overlap is not None else _independent, is_weighted=weighting is not None,
    )
    return Changes(
        before=before, after=selection.period, rows=tuple(_corrected(found, judged)),
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


def _independent(_subject: Subject, _before: Figure, _after: Figure) -> Shared:
    return INDEPENDENT


@dataclass(frozen=True, slots=True)
class _Found:
    family: ComparisonFamily
    subject: Subject
    key: str
    names: Names
    depth: int
    before: Figure
    after: Figure
    tested: TestedChange
    n_both: int
    wording: Wording | None


def _compared(
    selection: Selection, earlier: PeriodResult, later: PeriodResult, items: Sequence[ComparedItem],
    overlap: Overlap | WeightedOverlap | None, *, is_weighted: bool,
) -> Iterator[_Found]:
    def found(
        family: ComparisonFamily, subject: Subject, key: str, names: Names, depth: int, before: Figure, after: Figure,
        *, is_alike: bool = True, wording: Wording | None = None,
    ) -> _Found:
        shared = overlap.shared(subject, before, after) if overlap is not None else INDEPENDENT
        change = tested(before, after, is_weighted=is_weighted, shared=shared) if is_alike else incomparable(before, after)
        return _Found(family, subject, key, names, depth, before, after, change, shared.n, wording)

    words, unnamed = item_wordings(selection.tree), Wording({}, {}, {})
    root = later.root
    yield found(ComparisonFamily.HEADLINE, node_subject(root.key), root.key, root.names, 0, earlier.root.index, root.index)
    if earlier.nps is not None and later.nps is not None:
        names = words.get((later.nps.questionnaire_id, later.nps.key), unnamed).full
        yield found(ComparisonFamily.HEADLINE, NPS, later.nps.key, names, 0, earlier.nps.score, later.nps.score)
    asked = later.overall
    names = words.get((asked.questionnaire_id, asked.key), unnamed).full if asked is not None else root.names
    yield found(
        ComparisonFamily.HEADLINE, satisfied_subject(later), asked.key if asked else root.key, names, 0, earlier.satisfied, later.satisfied,
        is_alike=later.is_on_scale_of(earlier),
    )
    for node, other in zip(earlier.nodes[1:], later.nodes[1:], strict=True):
        yield found(ComparisonFamily.INDICATORS, node_subject(other.key), other.key, other.names, other.depth, node.index, other.index)
    headline = name_of(asked) if asked is not None else None
    for pair in items:
        one, item, name = pair.before, pair.after, pair.name
        wording = words.get((item.questionnaire_id, item.key), unnamed)
        names = wording.full
        yield found(
            ComparisonFamily.ITEMS, pair.subject, item.key, names, 0, one.mean, item.mean, is_alike=pair.is_alike, wording=wording
        )
        if name != headline:
            yield found(
                ComparisonFamily.SHARES, item_share_subject(name), item.key, names, 0, one.satisfied, item.satisfied,
                is_alike=pair.is_alike, wording=wording,
            )
        then, now = (effort_of(one), effort_of(item)) if pair.is_same_scale else (None, None)
        if then is not None and now is not None:
            # Its mean is the question's own, in the family of means.
            yield found(ComparisonFamily.EFFORT, agreeing_subject(name), item.key, names, 0, then.agreeing, now.agreeing)
            yield found(ComparisonFamily.EFFORT, effort_subject(name), item.key, names, 0, then.net, now.net)


def _corrected(found: Sequence[_Found], judged: Mapping[Subject, Judged]) -> Iterator[ChangeRow]:
    """Give every row its verdict: that of its subject, or in shares and effort that of its own family."""
    for family in ComparisonFamily:
        members = [one for one in found if one.family == family]
        tests = [one.tested for one in members]
        alone = [JudgedChange(one.change, one.p, None, None) for one in tests]
        own = alone if family == ComparisonFamily.HEADLINE else judge_family(tests)
        yield from (
            _row(one, judged.get(one.subject, Judged(other, family))) for one, other in zip(members, own, strict=True)
        )


def _row(one: _Found, judged: Judged) -> ChangeRow:
    found, change = judged.found, judged.found.change
    return ChangeRow(
        family=one.family, key=one.key, names=one.names, depth=one.depth, before=one.before, after=one.after,
        difference=change.difference, low=change.low, high=change.high, detectable=change.detectable, p=found.p,
        p_holm=found.p_holm, p_bh=found.p_bh, verdict=change.verdict, reason=change.reason, n_both=one.n_both,
        judged_in=judged.judged_in, wording=one.wording,
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
        return _undecomposed("leaf_not_shown")
    keys = [other.key for _, other in leaves]
    own = overall_weights(selection, {node.key: node.weight for node in selection.reading.definition.nodes})
    after = [own[key] for key in keys]
    before = overall_weights(selection, earlier_weights.weights) if earlier_weights is not None else None
    if before is not None and any(key not in before for key in keys):
        return _undecomposed("weights_of_another_tree")
    try:
        found = decompose_change(
            [one.index.value or 0.0 for one, _ in leaves], [other.index.value or 0.0 for _, other in leaves],
            [before[key] for key in keys] if before is not None else after, after,
        )
    except MethodError as error:
        return _undecomposed(error.reason)
    parts = tuple(
        Contribution(other.key, other.names, float(by_score), float(by_weight))
        for (_, other), by_score, by_weight in zip(leaves, found.from_scores, found.from_weights, strict=True)
    )
    return Decomposed(parts, float(found.from_scores.sum()), float(found.from_weights.sum()), found.total)


def _undecomposed(reason: str) -> Decomposed:
    """No parts; what is not known is no 0."""
    return Decomposed((), None, None, None, reason)


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

