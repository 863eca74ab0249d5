"""Which changes deserve a manager's attention: few, real and large enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from analytics.dashboards.overview.numbers import Alert, Names
from analytics.indicators.worth import SMALLEST as SMALLEST
from analytics.methods.multiplicity import benjamini_hochberg
from analytics.scoring.comparing import INDEPENDENT, Shared, TestedChange, tested
from analytics.scoring.results import Change, Figure, NodeResult, SegmentResult, Verdict

FALSE_SHARE: Final = 0.05
"""Of the changes shown, this share may be false on average (Benjamini-Hochberg)."""
MOST: Final = 5
FALLS_FIRST: Final = 3
"""So many falls stand before any rise; what places rises leave free are for further falls."""

SharedBy = Callable[[str, Figure, Figure], Shared]
"""What people in both periods do to the change of an indicator, from its key and its two figures."""


def independent(_key: str, _before: Figure, _after: Figure) -> Shared:
    """Nobody is in both."""
    return INDEPENDENT


@dataclass(frozen=True)
class Look:
    """One change that was tested: of an indicator in one segment, or in all of the selection (then without `dimension`)."""

    node: NodeResult
    previous: Figure
    tested: TestedChange
    dimension: str = ""
    level: str = ""
    level_names: Names | None = None


Judge = Callable[[Look], Change]
"""The change with the verdict that every other page gives it."""


def look_at_nodes(
    current: Iterable[NodeResult], previous: Iterable[NodeResult], *, sure_from: int, shared: SharedBy = independent
) -> list[Look]:
    """Pair every indicator with itself in the earlier period, where both have enough answers."""
    before = {node.key: node.index for node in previous}
    return [
        Look(node, before[node.key], _tested(node, before[node.key], shared)) for node in current
        if node.key in before and _is_sure(node.index, before[node.key], sure_from)
    ]


def look_at_segment(
    current: SegmentResult, previous: SegmentResult, *, sure_from: int, shared: SharedBy = independent
) -> list[Look]:
    """Pair the index and its top-level indicators in a segment with the earlier period."""
    top = [node for node in current.result.nodes if node.depth <= 1]
    return [
        Look(look.node, look.previous, look.tested, current.dimension, current.level, current.names)
        for look in look_at_nodes(top, previous.result.nodes, sure_from=sure_from, shared=shared)
    ]


def choose_alerts(looks: Sequence[Look], *, judge: Judge) -> tuple[Alert, ...]:
    """Return at most five changes: falls, the largest first, then rises, the largest first.

    With many of both, three falls and two rises; places that one side leaves free are the other's.

    A change qualifies when it is beyond chance after the correction for all the looks taken together,
    measures at least two points, and is beyond chance on every other page too: by `judge`, who is asked
    for as few as are needed.
    """
    known = [(look, look.tested.p) for look in looks if look.tested.p is not None]
    if not known:
        return ()
    adjusted = benjamini_hochberg([p for _, p in known])
    found = [
        (look, float(q)) for (look, _), q in zip(known, adjusted, strict=True)
        if q <= FALSE_SHARE and abs(_difference(look)) >= SMALLEST
    ]
    falls = sorted((one for one in found if _difference(one[0]) < 0), key=lambda one: _difference(one[0]))
    rises = sorted((one for one in found if _difference(one[0]) > 0), key=lambda one: -_difference(one[0]))
    down, up = _beyond(falls, judge), _beyond(rises, judge)
    worst = list(islice(down, FALLS_FIRST))
    best = list(islice(up, MOST - len(worst)))
    return (*worst, *islice(down, MOST - len(worst) - len(best)), *best)


def _beyond(found: Sequence[tuple[Look, float]], judge: Judge) -> Iterator[Alert]:
    for look, q in found:
        change = judge(look)
        if change.verdict == Verdict.BEYOND:
            yield _alert(look, change, q)


def _tested(node: NodeResult, previous: Figure, shared: SharedBy) -> TestedChange:
    return tested(previous, node.index, is_weighted=False, shared=shared(node.key, previous, node.index))


def _difference(look: Look) -> float:
    return look.tested.change.difference or 0.0


def _alert(look: Look, change: Change, adjusted: float) -> Alert:
    return Alert(
        node=look.node.key, names=look.node.names, dimension=look.dimension, level=look.level,
        level_names=look.level_names or {}, previous=look.previous, current=look.node.index, change=change,
        adjusted_p=adjusted,
    )


def _is_sure(current: Figure, previous: Figure, sure_from: int) -> bool:
    return current.is_shown and previous.is_shown and min(current.n, previous.n) >= sure_from
