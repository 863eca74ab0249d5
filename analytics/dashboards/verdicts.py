"""One verdict for one change, whichever page names it.

The index, the Net Promoter Score and the satisfied share stand for themselves: their own interval decides. The
indicators of one population are one family, in which Holm decides; the population of a level is that of the page
under its filter. People who are in both periods narrow the interval, on every page by the same covariances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analytics.dashboards.overlap.pairing import Subject, item_share_subject, node_share_subject, node_subject
from analytics.dashboards.overlap.read import WHOLE, LevelKey
from analytics.dashboards.overview.numbers import Heat, HeatRow
from analytics.dashboards.selection import Selection
from analytics.dashboards.weighting.reading import AnyOverlap, overlap_of
from analytics.scoring.comparing import Shared, compare, incomparable, judge_family, tested
from analytics.scoring.results import Change, Figure, Period, PeriodResult

ChangesByNode = Mapping[str, Change]
"""The change of every indicator by its key, the index among them."""
ByLevel = Mapping[str, ChangesByNode]


def judge_nodes(current: PeriodResult, previous: PeriodResult, overlap: AnyOverlap, group: LevelKey = WHOLE) -> ChangesByNode:
    """Return the changes of the index and of the indicators below it, these judged as one family."""
    root, before = current.root, {node.key: node.index for node in previous.nodes}
    pairs = [(before[node.key], node) for node in current.nodes[1:] if node.key in before]
    judged = judge_family([
        tested(earlier, node.index, is_weighted=False, shared=overlap.shared(node_subject(node.key), earlier, node.index, group))
        for earlier, node in pairs
    ])
    alone = compare(
        previous.root.index, root.index, shared=overlap.shared(node_subject(root.key), previous.root.index, root.index, group)
    )
    return {root.key: alone, **{node.key: one.change for (_, node), one in zip(pairs, judged, strict=True)}}


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
        return {
            one.level: judge_nodes(one.result, before[one.level], self.overlap, (dimension, one.level))
            for one in reading.segments(self.selection.period, dimension, None) if one.level in before
        }


def with_changes(heat: Heat, verdicts: Verdicts) -> Heat:
    """Add to a table of segments what changed in each cell."""
    by_level = verdicts.of_levels(heat.dimension.key)
    return replace(heat, rows=tuple(_with_changes(row, by_level.get(row.level, {})) for row in heat.rows))


def _with_changes(row: HeatRow, changes: ChangesByNode) -> HeatRow:
    return replace(row, cells=tuple(replace(cell, change=changes.get(cell.node)) for cell in row.cells))
