"""The index over time: a line with its interval, the target, and what is still running set apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from analytics.dashboards.charts import theme

Trace = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """One period. `value` None leaves a gap; `label` stands on the axis, `hover` in the tooltip."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    is_running: bool
    last_year: float | None
    hover: str
    is_new_scale: bool = False


def trend_figure(
    points: Sequence[Point], *, bounds: tuple[float, float], target: float | None, target_label: str, value_label: str,
    begin: float | None = None, begin_label: str = "",
) -> dict[str, Any]:
    """Return a plotly figure of the points, oldest first, on the y range `bounds`.

    The last point is drawn as an open circle with a dotted way to it when its period is running.
    `value_label` is printed at the last value. A line stands at `begin`, where point number n reaches from n - 0.5
    to n + 0.5: from there on the weights have been in force. Before a point with a new scale the line breaks.
    """
    layout = theme.base_layout()
    layout["xaxis"] |= {
        "tickmode": "array", "tickvals": list(range(len(points))), "ticktext": [theme.safe(one.label) for one in points],
        "range": [-0.4, max(len(points) - 1, 0) + 0.4],
    }
    layout["yaxis"] |= {"range": list(bounds), "dtick": _step(bounds)}
    layout["shapes"] = [
        *([_target_line(target)] if target is not None else []), *([_begin_line(begin)] if begin is not None else []),
        *(_break_line(place - 0.5) for place in _breaks(points)),
    ]
    layout["annotations"] = [
        *([_begin_label(begin, theme.safe(begin_label), len(points))] if begin is not None else []),
        *([_target_label(target, theme.safe(target_label))] if target is not None else []),
        *_value_label(points, theme.safe(value_label), target, (bounds[1] - bounds[0]) / 5),
    ]
    traces = [*_ribbons(points), *_last_year(points), *_finished(points), *_running(points)]
    # Built at once from plain parts: plotly checks each of them, and again whenever it is copied or changed.
    return theme.finish(go.Figure(data=traces, layout=layout))


def _step(bounds: tuple[float, float]) -> int:
    span = bounds[1] - bounds[0]
    return 5 if span <= 30 else 10 if span <= 60 else 20


def _ribbons(points: Sequence[Point]) -> Iterator[Trace]:
    """One closed shape per unbroken stretch, so that a gap stays a gap."""
    for stretch in _stretches(points):
        if len(stretch) == 1:
            yield _whisker(stretch[0], points[stretch[0]])
            continue
        lows, highs = [points[at].low for at in stretch], [points[at].high for at in stretch]
        yield {
            "x": [*stretch, *reversed(stretch)], "y": [*highs, *reversed(lows)], "mode": "lines", "fill": "toself",
            "fillcolor": theme.BAND, "line": {"width": 0, "color": theme.BAND}, "hoverinfo": "skip",
        }


def _whisker(place: int, point: Point) -> Trace:
    return {
        "x": [place, place], "y": [point.low, point.high], "mode": "lines", "line": {"width": 10, "color": theme.BAND},
        "hoverinfo": "skip",
    }


def _stretches(points: Sequence[Point]) -> list[list[int]]:
    found: list[list[int]] = [[]]
    for place, point in enumerate(points):
        if point.low is None or point.high is None or point.is_new_scale:
            found.append([])
        if point.low is not None and point.high is not None:
            found[-1].append(place)
    return [stretch for stretch in found if stretch]


def _last_year(points: Sequence[Point]) -> Iterator[Trace]:
    if any(point.last_year is not None for point in points):
        yield {
            "x": list(range(len(points))), "y": [point.last_year for point in points], "mode": "lines",
            "connectgaps": False, "line": {"width": 1.5, "color": theme.PREVIOUS, "dash": "dash"}, "hoverinfo": "skip",
        }


def _finished(points: Sequence[Point]) -> Iterator[Trace]:
    places: list[float] = list(range(len(points)))
    shown = [None if point.is_running else point.value for point in points]
    hovers = [theme.safe(point.hover) for point in points]
    for place in reversed(_breaks(points)):
        places.insert(place, place - 0.5)
        shown.insert(place, None)
        hovers.insert(place, "")
    yield {
        "x": places, "y": shown, "mode": "lines+markers", "connectgaps": False,
        "line": {"width": 2.5, "color": theme.LINE}, "marker": {"size": 7, "color": theme.LINE},
        "hovertext": hovers, "hoverinfo": "text",
    }


def _breaks(points: Sequence[Point]) -> list[int]:
    return [place for place, point in enumerate(points) if point.is_new_scale and place]


def _running(points: Sequence[Point]) -> Iterator[Trace]:
    if not points or not points[-1].is_running or points[-1].value is None:
        return
    last = len(points) - 1
    before = points[last - 1].value if last and not points[last].is_new_scale else None
    yield {
        "x": [last - 1, last] if before is not None else [last],
        "y": [before, points[-1].value] if before is not None else [points[-1].value],
        "mode": "lines+markers", "line": {"width": 2.5, "color": theme.LINE, "dash": "dot"},
        "marker": {
            "size": [0, 10] if before is not None else [10], "color": theme.PAPER,
            "line": {"width": 2.2, "color": theme.LINE},
        },
        "hovertext": ["", theme.safe(points[-1].hover)] if before is not None else [theme.safe(points[-1].hover)],
        "hoverinfo": "text",
    }


def _target_line(target: float) -> dict[str, Any]:
    return {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": target, "y1": target,
        "line": {"width": 1, "color": theme.TARGET, "dash": "dot"},
    }


def _target_label(target: float, label: str) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 0, "xanchor": "left", "yref": "y", "y": target, "yanchor": "bottom", "text": label,
        "showarrow": False, "font": {"color": theme.INK, "size": 12},
    }


def _begin_line(place: float) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1,
        "line": {"width": 1, "color": theme.PREVIOUS, "dash": "dash"},
    }


def _break_line(place: float) -> dict[str, Any]:
    return _begin_line(place) | {"line": {"width": 2, "color": theme.PREVIOUS, "dash": "dot"}}


def _begin_label(place: float, label: str, count: int) -> dict[str, Any]:
    return {
        "xref": "x", "x": place, "xanchor": "right" if place > count / 2 else "left", "yref": "paper", "y": 0,
        "yanchor": "bottom", "text": label, "showarrow": False, "font": {"color": theme.INK, "size": 12},
    }


def _value_label(
    points: Sequence[Point], label: str, target: float | None, room: float
) -> Iterator[dict[str, Any]]:
    """Print the last value above its point, or below where the target line would cross it."""
    shown = [place for place, point in enumerate(points) if point.value is not None]
    if shown:
        is_below = target is not None and 0 <= target - (points[shown[-1]].value or 0.0) < room
        yield {
            "x": shown[-1], "y": points[shown[-1]].value, "yanchor": "top" if is_below else "bottom",
            "yshift": -8 if is_below else 8, "text": label, "showarrow": False,
            "font": {"color": theme.LABEL, "size": 13, "weight": 600},
        }
