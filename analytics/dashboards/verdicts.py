"""One verdict for one change, whichever page names it.

The index, the Net Promoter Score and the satisfied share stand for themselves: their own interval decides. The
questions of one population are one family and the indicators that combine several of them another; in each Holm decides.
An indicator of one question is that question and has its verdict (see `hypotheses`). The population of a level is that of the
page under its filter. People who are in both periods narrow the interval, on every page by the same covariances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from analytics.dashboards.hypotheses import ComparedItem, compared_items, hypotheses
from analytics.dashboards.overlap.pairing import Subject, item_share_subject, node_share_subject, node_subject
from analytics.dashboards.overlap.read import WHOLE, LevelKey
from analytics.dashboards.overview.numbers import Heat, HeatRow
from analytics.dashboards.selection import Selection
from analytics.dashboards.weighting.reading import AnyOverlap, overlap_of
from analytics.scoring.comparing import JudgedChange, Shared, TestedChange, compare, incomparable, judge_family, tested
from analytics.scoring.results import Change, Figure, Period, PeriodResult

ChangesByNode = Mapping[str, Change]
"""The change of every indicator by its key, the index among them."""
ByLevel = Mapping[str, ChangesByNode]
SharedOf = Callable[[Subject, Figure, Figure], Shared]
"""What people in both periods do to a change, from its subject and its two figures."""


class ComparisonFamily(StrEnum):
    """Which comparisons are corrected together."""

    HEADLINE = "headline"
    INDICATORS = "indicators"
    ITEMS = "items"
    SHARES = "shares"
    EFFORT = "effort"


@dataclass(frozen=True, slots=True)
class Judged:
    """A change with its verdict, and the family in which what it is about was tested."""

    found: JudgedChange
    judged_in: ComparisonFamily


def judge_all(
    before: PeriodResult, after: PeriodResult, items: Sequence[ComparedItem], *, vector: str, shared: SharedOf,
    is_weighted: bool = False,
) -> Mapping[Subject, Judged]:
    """Judge the index, every indicator and the mean of every question of one population, each thing once.

    `vector` is the score vector of the tree, `items` are the questions of both periods (see `compared_items`).
    """
    def test(subject: Subject, one: Figure, other: Figure) -> TestedChange:
        return tested(one, other, is_weighted=is_weighted, shared=shared(subject, one, other))

    earlier = {node.key: node.index for node in before.nodes}
    tests = {
        node_subject(node.key): test(node_subject(node.key), earlier[node.key], node.index) for node in after.nodes
    }
    asked = {
        one.subject: test(one.subject, one.before.mean, one.after.mean) if one.is_alike
        else incomparable(one.before.mean, one.after.mean) for one in items
    }
    same = hypotheses(before, after, items, vector)
    return dict(_judged_once(node_subject(after.root.key), tests, asked, same))


def _judged_once(
    root: Subject, nodes: Mapping[Subject, TestedChange], items: Mapping[Subject, TestedChange],
    same: Mapping[Subject, Subject],
) -> Iterator[tuple[Subject, Judged]]:
    """Share out what is tested among the families; what has another name takes the verdict found there."""
    combined = [subject for subject in nodes if same[subject] == subject and subject != same[root]]
    asked = [subject for subject in items if subject != same[root]]
    judged = {same[root]: Judged(_alone(nodes[root]), ComparisonFamily.HEADLINE)}
    for family, subjects in ((ComparisonFamily.INDICATORS, combined), (ComparisonFamily.ITEMS, asked)):
        found = judge_family([(nodes if subject in nodes else items)[subject] for subject in subjects])
        judged |= {subject: Judged(one, family) for subject, one in zip(subjects, found, strict=True)}
    for subject, test in {**nodes, **items}.items():
        one = judged[same.get(subject, subject)]
        yield subject, replace(one, found=replace(one.found, change=_with_verdict(test.change, one.found.change)))


def _alone(one: TestedChange) -> JudgedChange:
    return JudgedChange(one.change, one.p, None, None)


def _with_verdict(own: Change, judged: Change) -> Change:
    """A change in its own unit with the verdict on what it is."""
    return replace(own, verdict=judged.verdict)


def judge_nodes(
    current: PeriodResult, previous: PeriodResult, overlap: AnyOverlap, *, vector: str, group: LevelKey = WHOLE
) -> ChangesByNode:
    """Return the changes of the index and of every indicator below it."""
    found = judge_all(
        previous, current, compared_items(previous, current), vector=vector, shared=partial(overlap.shared, group=group)
    )
    keys = {node_subject(node.key): node.key for node in current.nodes}
    return {keys[subject]: one.found.change for subject, one in found.items() if subject in keys}


def satisfied_subject(result: PeriodResult) -> Subject:
    """The satisfied share of the whole: of the overall question, of the index where none is asked."""
    asked = result.overall
    if asked is None:
        return node_share_subject(result.root.key)
    return item_share_subject((asked.questionnaire_id, asked.key, asked.low_code, asked.high_code))


@dataclass
class Verdicts:
    """The verdicts on a selection's period and the one it is compared with."""

    selection: Selection
    previous: Period
    overlap: AnyOverlap
    _levels: dict[str, ByLevel] = field(default_factory=dict)

    @classmethod
    def between(cls, selection: Selection, previous: Period) -> Verdicts:
        """Read the overlap of the two periods."""
        return cls(selection, previous, overlap_of(selection=selection, before=previous))

    def satisfied(self, before: PeriodResult, after: PeriodResult) -> Change:
        """Judge the satisfied share of the whole; unknown where it was asked on another scale."""
        if not after.is_on_scale_of(before):
            return incomparable(before.satisfied, after.satisfied).change
        return self.headline(satisfied_subject(after), before.satisfied, after.satisfied)

    def headline(self, subject: Subject, before: Figure, after: Figure) -> Change:
        """Judge a figure that stands for itself."""
        return compare(before, after, shared=self.overlap.shared(subject, before, after))

    def shared(self, group: LevelKey, key: str, before: Figure, after: Figure) -> Shared:
        """What people in both periods do to the change of an indicator in a group."""
        return self.overlap.shared(node_subject(key), before, after, group)

    def of_levels(self, dimension: str) -> ByLevel:
        """Every level's changes. All its indicators have to be read, so this is done when it is asked for."""
        if dimension not in self._levels:
            self._levels[dimension] = self._judged(dimension)
        return self._levels[dimension]

    def _judged(self, dimension: str) -> ByLevel:
        reading = self.selection.reading
        before = {one.level: one.result for one in reading.segments(self.previous, dimension, None)}
        vector = reading.definition.score_vector
        return {
            one.level: judge_nodes(one.result, before[one.level], self.overlap, vector=vector, group=(dimension, one.level))
            for one in reading.segments(self.selection.period, dimension, None) if one.level in before
        }


def with_changes(heat: Heat, verdicts: Verdicts) -> Heat:
    """Add to a table of segments what changed in each cell."""
    by_level = verdicts.of_levels(heat.dimension.key)
    return replace(heat, rows=tuple(_with_changes(row, by_level.get(row.level, {})) for row in heat.rows))


def _with_changes(row: HeatRow, changes: ChangesByNode) -> HeatRow:
    return replace(row, cells=tuple(replace(cell, change=changes.get(cell.node)) for cell in row.cells))
