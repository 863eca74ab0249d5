"""One sentence per card, by rules: direction, beyond or within chance, distance to the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from analytics.dashboards.overview.numbers import Alert, Heat, NodeRow, Trend, TrendPoint
from analytics.dashboards.wording import (
    change_number,
    change_text,
    level_text,
    listed,
    n_text,
    number,
    period_text,
    unjudged_text,
    value_text,
    verdict_text,
)
from analytics.scoring.comparing import NOBODY_ELSE
from analytics.scoring.results import Change, Figure, Status, Verdict
from analytics.scoring.sentences import sentence
from surveys.design.document import text_in

NOTABLE: Final = 2.0
"""Index points from the average below which a group is not called different."""
NAMED: Final = 3
"""At most this many indicators are named; more are counted."""


def trend_finding(trend: Trend) -> str:
    """Say how the last finished period compares with the one before, and where the target is."""
    finished = [point for point in trend.points if point.figure.is_shown and not point.is_running]
    if not finished:
        return _("There are not enough answers yet for a trend.")
    missing = _missing_since(trend, finished[-1])
    parts = [_unshown_text(missing), _direction(trend, finished, is_newest=not missing)]
    parts.append(target_finding(finished[-1].figure, trend.target))
    return " ".join(part for part in parts if part)


def _missing_since(trend: Trend, last: TrendPoint) -> list[TrendPoint]:
    """The finished periods after the last one that may be shown."""
    return [point for point in trend.points[trend.points.index(last) + 1:] if not point.is_running]


def _unshown_text(missing: Sequence[TrendPoint]) -> str:
    """Say which newest periods tell nothing, so that nobody takes an older value for theirs."""
    if not missing:
        return ""
    words = {"periods": listed([period_text(point.period) for point in missing])}
    if all(point.figure.status == Status.TOO_FEW for point in missing):
        return _("%(periods)s: too few answers.") % words
    return _("%(periods)s: not shown.") % words


def target_finding(figure: Figure, target: float | None) -> str:
    """Say how far a value is from its target, and when chance alone could explain the distance."""
    if target is None or figure.value is None:
        return ""
    words = {"gap": number(abs(figure.value - target)), "target": number(target, 0 if target == round(target) else 1)}
    if figure.low is not None and figure.high is not None and figure.low <= target <= figure.high:
        return _("The target of %(target)s lies within the interval.") % words
    if figure.value < target:
        return _("%(gap)s below the target of %(target)s.") % words
    return _("%(gap)s above the target of %(target)s.") % words


def nodes_finding(rows: Sequence[NodeRow], language: str) -> str:
    """Name the top-level indicators that changed beyond chance, else what moved most below them; uncompared, the extremes."""
    top = [row for row in rows if row.depth == 1 and row.headline.figure.is_shown]
    if not top:
        return _("There are not enough answers yet.")
    compared = [row for row in top if row.headline.change and row.headline.change.difference is not None]
    if not compared:
        return _extremes(top, language)
    judged = [row for row in compared if row.headline.change and row.headline.change.verdict != Verdict.UNKNOWN]
    if not judged:
        return unjudged_text(compared[0].headline.change) if compared[0].headline.change else ""
    moved = [row for row in compared if _is_beyond(row)]
    up, down = (
        [row for row in moved if (_difference(row) > 0) == is_up] for is_up in (True, False)
    )
    if not moved:
        return _moved_below(rows, language) or _("No indicator changed beyond chance.")
    if not down:
        return _("%(parts)s rose, beyond chance.") % {"parts": _named(up, language)}
    if not up:
        return _("%(parts)s fell, beyond chance.") % {"parts": _named(down, language)}
    return _("%(up)s rose and %(down)s fell, beyond chance.") % {
        "up": _named(up, language), "down": _named(down, language)
    }


def _moved_below(rows: Sequence[NodeRow], language: str) -> str:
    """Name the leaf below the top level that moved most beyond chance; where only branches did, that branch; else empty."""
    below = [row for row in rows if row.depth > 1 and _is_beyond(row)]
    if not below:
        return ""
    most = max([row for row in below if row.is_leaf] or below, key=lambda row: abs(_difference(row)))
    words = {"part": text_in(most.names, language), "size": number(abs(_difference(most))), "count": len(below)}
    if len(below) == 1:
        return (
            _("No top-level indicator changed beyond chance; below them, %(part)s rose by %(size)s.") if _difference(most) > 0
            else _("No top-level indicator changed beyond chance; below them, %(part)s fell by %(size)s.")
        ) % words
    return (
        _("No top-level indicator changed beyond chance; of %(count)s below that did, %(part)s moved most: up %(size)s.")
        if _difference(most) > 0
        else _("No top-level indicator changed beyond chance; of %(count)s below that did, %(part)s moved most: down %(size)s.")
    ) % words


def _is_beyond(row: NodeRow) -> bool:
    change = row.headline.change
    return change is not None and change.difference is not None and change.verdict == Verdict.BEYOND


def heat_finding(heat: Heat, language: str) -> str:
    """Name the group whose index is furthest from the average beyond chance, when it is far enough."""
    sure = [row for row in heat.rows if row.is_sure and row.cells and row.cells[0].distance is not None]
    if len(heat.rows) == 1:
        return sentence(NOBODY_ELSE)
    if len(sure) < 2:
        return _("Too few groups have enough answers to be compared.")
    found = [(row, row.cells[0].from_average) for row in sure]
    tested = [(row, one) for row, one in found if one is not None and one.verdict != Verdict.UNKNOWN]
    if not tested:
        return _("All answers are the same in every group or in all others, so no difference can be judged.")
    beyond = [(row, one) for row, one in tested if one.verdict == Verdict.BEYOND]
    if not beyond:
        return _("No group differs from the average beyond chance.")
    furthest, apart = max(beyond, key=lambda pair: abs(pair[1].difference or 0.0))
    distance = apart.difference or 0.0
    if abs(distance) < NOTABLE:
        return _("No group is 2 points or more from the average, beyond chance.")
    words = {"group": level_text(furthest.level, furthest.names, language), "gap": number(abs(distance)),
             "interval": distance_range(apart)}
    if distance < 0:
        return _("Furthest from the average, beyond chance: %(group)s, %(gap)s below (95%% interval %(interval)s).") % words
    return _("Furthest from the average, beyond chance: %(group)s, %(gap)s above (95%% interval %(interval)s).") % words


def distance_range(apart: Change) -> str:
    """Write the interval of a group's distance from the average; empty where it has none."""
    if apart.low is None or apart.high is None:
        return ""
    return f"{change_number(apart.metric, apart.low, sign=True)} – {change_number(apart.metric, apart.high, sign=True)}"


def alert_title(alert: Alert, language: str) -> str:
    """Say which indicator moved, where and by how much."""
    words = {
        "part": text_in(alert.names, language), "size": number(abs(alert.change.difference or 0.0)),
        "group": level_text(alert.level, alert.level_names, language),
    }
    if alert.is_good:
        return (_("%(group)s: %(part)s rose by %(size)s") if alert.dimension else _("%(part)s rose by %(size)s")) % words
    return (_("%(group)s: %(part)s fell by %(size)s") if alert.dimension else _("%(part)s fell by %(size)s")) % words


def alert_detail(alert: Alert) -> str:
    """Write before, after, n and the verdict of an alert."""
    return " · ".join((
        f"{value_text(alert.previous)} → {value_text(alert.current)}",
        n_text(alert.current.n), verdict_text(alert.change),
    ))


def _direction(trend: Trend, finished: Sequence[TrendPoint], *, is_newest: bool) -> str:
    """Compare the last two periods that may be shown; where they are not the newest, both are named."""
    change = trend.last_change
    if len(finished) < 2:
        return "" if is_newest else _("Last shown: %(period)s.") % {"period": period_text(finished[-1].period)}
    if change is None or change.difference is None:
        return ""
    words = {"size": change_text(change).lstrip("+−"), "period": period_text(finished[-2].period),
             "later": period_text(finished[-1].period)}
    if change.verdict == Verdict.UNKNOWN:
        return unjudged_text(change)
    return (_since(change) if is_newest else _against(change)) % words


def _since(change: Change) -> str:
    if change.verdict == Verdict.WITHIN:
        return _("No change beyond chance since %(period)s.")
    if (change.difference or 0.0) > 0:
        return _("Up %(size)s since %(period)s, beyond chance.")
    return _("Down %(size)s since %(period)s, beyond chance.")


def _against(change: Change) -> str:
    if change.verdict == Verdict.WITHIN:
        return _("%(later)s against %(period)s: no change beyond chance.")
    if (change.difference or 0.0) > 0:
        return _("%(later)s against %(period)s: up %(size)s, beyond chance.")
    return _("%(later)s against %(period)s: down %(size)s, beyond chance.")


def _extremes(top: Sequence[NodeRow], language: str) -> str:
    high, low = (choose(top, key=lambda row: row.headline.figure.value or 0.0) for choose in (max, min))
    return _("Highest: %(high)s (%(high_value)s). Lowest: %(low)s (%(low_value)s).") % {
        "high": text_in(high.names, language), "high_value": value_text(high.headline.figure),
        "low": text_in(low.names, language), "low_value": value_text(low.headline.figure),
    }


def _named(rows: Sequence[NodeRow], language: str) -> str:
    if len(rows) > NAMED:
        return _("%(count)s indicators") % {"count": len(rows)}
    return listed([text_in(row.names, language) for row in rows])


def _difference(row: NodeRow) -> float:
    return (row.headline.change.difference or 0.0) if row.headline.change else 0.0
