"""Which changes deserve a manager's attention: few, real and large enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Final

from analytics.dashboards.page import Alert, Names
from analytics.methods.multiplicity import benjamini_hochberg
from analytics.scoring import selectors
from analytics.scoring.results import Change, Figure, NodeResult, SegmentResult, Verdict

FALSE_SHARE: Final = 0.05
"""Of the changes shown, this share may be false on average (Benjamini-Hochberg)."""
SMALLEST: Final = 2.0
"""Index points below which a change is not worth a manager's morning."""
MOST: Final = 5
WHOLE: Final = ""
_Z: Final = 1.959963984540054


@dataclass(frozen=True)
class Look:
    """One change that was tested: an indicator in the whole selection or in one segment."""

    node: NodeResult
    previous: Figure
    dimension: str = WHOLE
    level: str = WHOLE
    level_names: Names | None = None

    @property
    def change(self) -> Change:
        """The difference with its interval."""
        return selectors.compare(self.previous, self.node.index)


def look_at_nodes(current: Sequence[NodeResult], previous: Sequence[NodeResult], *, sure_from: int) -> list[Look]:
    """Pair every indicator with itself in the earlier period, where both have enough answers."""
    before = {node.key: node.index for node in previous}
    return [
        Look(node, before[node.key]) for node in current
        if node.key in before and _is_sure(node.index, before[node.key], sure_from)
    ]


def look_at_segments(
    current: Iterable[SegmentResult], previous: Iterable[SegmentResult], *, sure_from: int
) -> list[Look]:
    """Pair the index and its top-level indicators in each segment with the earlier period."""
    before = {segment.level: segment.result for segment in previous}
    looks = []
    for segment in current:
        earlier = before.get(segment.level)
        if earlier is None:
            continue
        top = [node for node in segment.result.nodes if node.depth <= 1]
        looks += [
            Look(look.node, look.previous, segment.dimension, segment.level, segment.names)
            for look in look_at_nodes(top, earlier.nodes, sure_from=sure_from)
        ]
    return looks


def choose_alerts(looks: Sequence[Look]) -> tuple[Alert, ...]:
    """Return at most five changes, the worst first and one good one last.

    A change qualifies when it is beyond chance by its own interval and after the correction for all
    the looks taken together, and measures at least two points.
    """
    tested = [(look, change, p) for look in looks if (p := p_value(change := look.change)) is not None]
    if not tested:
        return ()
    adjusted = benjamini_hochberg([p for _, _, p in tested])
    found = [
        _alert(look, change, float(q)) for (look, change, _), q in zip(tested, adjusted, strict=True)
        if q <= FALSE_SHARE and change.verdict == Verdict.BEYOND and abs(change.difference or 0.0) >= SMALLEST
    ]
    falls = sorted((one for one in found if not one.is_good), key=_size, reverse=True)
    rises = sorted((one for one in found if one.is_good), key=_size, reverse=True)
    return (*falls[: MOST - 1], *rises[:1])


def p_value(change: Change) -> float | None:
    """Return the two-sided p value that belongs to a change's 95 % interval; None without one."""
    if change.difference is None or change.low is None or change.high is None:
        return None
    error = (change.high - change.low) / (2 * _Z)
    return erfc(abs(change.difference) / error / sqrt(2)) if error > 0 else None


def _alert(look: Look, change: Change, adjusted: float) -> Alert:
    return Alert(
        node=look.node.key, names=look.node.names, dimension=look.dimension, level=look.level,
        level_names=look.level_names or {}, previous=look.previous, current=look.node.index, change=change,
        adjusted_p=adjusted,
    )


def _size(alert: Alert) -> float:
    return abs(alert.change.difference or 0.0)


def _is_sure(current: Figure, previous: Figure, sure_from: int) -> bool:
    return current.is_shown and previous.is_shown and min(current.n, previous.n) >= sure_from
