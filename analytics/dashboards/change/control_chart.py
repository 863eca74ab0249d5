"""How a control chart is drawn and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.dashboards import wording
from analytics.dashboards.change.controls import OF_THE_INDEX, ChartKind, Control, ControlPoint
from analytics.scoring.sentences import sentence

WIDTH, HEIGHT, EDGE = 760, 200, 14
"""Size of a control chart in units of its view box."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A period of the chart: its place in units of the view box, and its numbers in words."""

    x: str
    y: str
    upper_y: float
    lower_y: float
    period: str
    value: str
    lower: str
    upper: str
    n: int
    is_beyond: bool
    is_in_run: bool


@dataclass(frozen=True, slots=True)
class ControlDrawing:
    """A control chart with what it shows in a sentence."""

    kind: ChartKind
    name: str
    points: tuple[Drawn, ...]
    finding: str
    centre: str
    centre_y: float
    path: str
    upper_path: str
    lower_path: str
    width: int = WIDTH
    height: int = HEIGHT


def present_control(control: Control) -> ControlDrawing:
    """Draw a control chart of a control that has points."""
    name = _name(control.kind)
    factor = 1 if control.kind in OF_THE_INDEX else 100
    y, step = _height_of(control), (WIDTH - 2 * EDGE) / (len(control.points) - 1)
    points = tuple(_drawn(one, EDGE + place * step, y, factor) for place, one in enumerate(control.points))
    return ControlDrawing(
        control.kind, name, points, _finding(control), centre=wording.number((control.centre or 0) * factor, 1),
        centre_y=y(control.centre or 0), path=" ".join(f"{one.x},{one.y}" for one in points),
        upper_path=" ".join(f"{one.x},{one.upper_y}" for one in points),
        lower_path=" ".join(f"{one.x},{one.lower_y}" for one in points),
    )


def missing_charts(controls: Sequence[Control]) -> list[str]:
    """Say once why charts cannot be drawn: in one sentence where all wait for periods, else chart by chart."""
    missing = [one for one in controls if one.reason]
    if len(missing) == len(controls) and all(one.reason == "too_few_periods" for one in missing):
        counts = {(one.details, one.other_scale) for one in missing}
        if len(counts) == 1:
            told = _("Control charts need %(needed)s periods; there are %(periods)s.") % dict(missing[0].details)
            return [f"{told} {_elsewhere(missing[0])}" if missing[0].other_scale else told]
    return [_("%(name)s: %(levels)s") % {"name": _name(one.kind), "levels": control_reason(one)} for one in missing]


def control_reason(control: Control) -> str:
    """Say why there is no chart; empty where there is one."""
    told = sentence(control.reason, dict(control.details)) if control.reason else ""
    return f"{told} {_elsewhere(control)}" if told and control.other_scale else told


def _elsewhere(control: Control) -> str:
    return ngettext(
        "%(n)s period is left out because the question was asked on another scale.",
        "%(n)s periods are left out because the question was asked on another scale.", control.other_scale,
    ) % {"n": control.other_scale}


def _name(kind: ChartKind) -> str:
    return {
        ChartKind.XMR: _("Index, XmR chart"), ChartKind.SCORE: _("Index, limits from sampling error"),
        ChartKind.P: _("Satisfied share, p chart"), ChartKind.LANEY: _("Satisfied share, Laney p′ chart"),
    }[kind]


def _height_of(control: Control) -> Callable[[float], float]:
    """From a value to its place between the lowest and the highest of values and limits."""
    low = min(min(one.value, one.lower) for one in control.points)
    high = max(max(one.value, one.upper) for one in control.points)
    return lambda value: round(HEIGHT - EDGE - (value - low) / ((high - low) or 1) * (HEIGHT - 2 * EDGE), 1)


def _drawn(point: ControlPoint, x: float, y: Callable[[float], float], factor: int) -> Drawn:
    return Drawn(
        x=f"{x:.1f}", y=f"{y(point.value):.1f}", upper_y=y(point.upper), lower_y=y(point.lower),
        period=wording.period_text(point.period), value=wording.number(point.value * factor, 1),
        lower=wording.number(point.lower * factor, 1), upper=wording.number(point.upper * factor, 1), n=point.n,
        is_beyond=point.is_beyond, is_in_run=point.is_in_run,
    )


def _finding(control: Control) -> str:
    beyond = sum(one.is_beyond for one in control.points)
    parts = [ngettext(
        "%(beyond)s of %(total)s period lies outside the limits.",
        "%(beyond)s of %(total)s periods lie outside the limits.", len(control.points),
    ) % {"beyond": beyond, "total": len(control.points)}]
    if control.other_scale:
        parts.append(_elsewhere(control))
    if any(one.is_in_run for one in control.points):
        parts.append(_("Nine or more in a row lie on one side of the centre."))
    if control.kind in (ChartKind.LANEY, ChartKind.SCORE) and control.sigma_z:
        parts.append(_("Periods scatter %(times)s times as much as sampling alone.") % {
            "times": wording.number(control.sigma_z, 1)})
    return " ".join(parts)
