"""Is a period out of the ordinary? Control charts over twelve periods or more, and the trend over three or more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from analytics.dashboards.overview import trend_grain
from analytics.dashboards.selection import Selection
from analytics.methods.control_charts import (
    PERIODS_FOR_LIMITS,
    ControlChart,
    individuals_chart,
    laney_chart,
    proportion_chart,
)
from analytics.methods.errors import MethodError
from analytics.methods.trends import Trend, trend
from analytics.scoring.results import Grain, Period, PeriodResult

MOST_PERIODS: Final = 36
FEWEST_FOR_TREND: Final = 3


class ChartKind(StrEnum):
    """Which chart: of the index, or of the satisfied share by sampling alone or by Laney."""

    XMR = "xmr"
    P = "p"
    LANEY = "laney"


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A period with its value and limits (points, or shares 0-1)."""

    period: Period
    value: float
    lower: float
    upper: float
    n: int
    is_beyond: bool
    is_in_run: bool


@dataclass(frozen=True, slots=True)
class Control:
    """A control chart, or the reason why there is none (with its `details`)."""

    kind: ChartKind
    grain: Grain
    points: tuple[ControlPoint, ...]
    centre: float | None
    sigma_z: float | None
    reason: str = ""
    details: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TrendTest:
    """The trend of the index per period, or the reason why there is none."""

    grain: Grain
    periods: int
    found: Trend | None
    reason: str = ""
    details: tuple[tuple[str, int], ...] = ()


def read_control(*, selection: Selection, kind: ChartKind) -> Control:
    """Return the chart over the periods that may be shown and are over; unweighted."""
    grain = _grain(selection)
    results = _finished(selection, grain)
    if len(results) < PERIODS_FOR_LIMITS:
        details = (("periods", len(results)), ("needed", PERIODS_FOR_LIMITS))
        return Control(kind, grain, (), None, None, "too_few_periods", details)
    try:
        values, chart = _chart(kind, results)
    except MethodError as error:
        return Control(kind, grain, (), None, None, error.reason)
    points = tuple(
        ControlPoint(
            one.period, value, float(chart.lower[place]), float(chart.upper[place]), one.root.index.n,
            place in chart.beyond, place in chart.runs,
        )
        for place, (one, value) in enumerate(zip(results, values, strict=True))
    )
    return Control(kind, grain, points, chart.centre, chart.sigma_z)


def read_trend_test(*, selection: Selection) -> TrendTest:
    """Return whether the index moved along a line over the periods of the selection's grain."""
    grain = trend_grain(selection)
    results = [one for one in _finished(selection, grain) if one.root.index.standard_error]
    if len(results) < FEWEST_FOR_TREND:
        details = (("periods", len(results)), ("needed", FEWEST_FOR_TREND))
        return TrendTest(grain, len(results), None, "too_few_periods", details)
    try:
        found = trend(
            list(range(len(results))), [one.root.index.value or 0.0 for one in results],
            [one.root.index.standard_error or 0.0 for one in results],
        )
    except MethodError as error:
        return TrendTest(grain, len(results), None, error.reason)
    return TrendTest(grain, len(results), found)


def _grain(selection: Selection) -> Grain:
    """The coarsest grain with enough periods; failing that, the one with most."""
    held = {grain: len(selection.known.periods.get(grain, ())) for grain in (Grain.WAVE, Grain.MONTH, Grain.WEEK)}
    enough = [grain for grain, count in held.items() if count >= PERIODS_FOR_LIMITS]
    return enough[0] if enough else max(held, key=lambda grain: held[grain])


def _finished(selection: Selection, grain: Grain) -> list[PeriodResult]:
    results = selection.reading.trend(grain, MOST_PERIODS, None)
    return [one for one in results if one.root.index.is_shown and not one.period.is_running(selection.today)]


def _chart(kind: ChartKind, results: list[PeriodResult]) -> tuple[list[float], ControlChart]:
    if kind == ChartKind.XMR:
        values = [one.root.index.value or 0.0 for one in results]
        return values, individuals_chart(values)[0]
    sizes = [one.root.index.n for one in results]
    counts = [sum(level.count for level in one.root.distribution[-2:]) for one in results]
    chart = proportion_chart(counts, sizes) if kind == ChartKind.P else laney_chart(counts, sizes)
    return [count / n for count, n in zip(counts, sizes, strict=True)], chart
