"""Is a period out of the ordinary? Control charts over twelve periods or more, and the trend over three or more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from analytics.dashboards.overview.read import trend_grain
from analytics.dashboards.selection import Selection
from analytics.methods.control_charts import (
    PERIODS_FOR_LIMITS,
    ControlChart,
    individuals_chart,
    laney_chart,
    proportion_chart,
    score_chart,
)
from analytics.methods.errors import MethodError
from analytics.methods.trends import Trend, trend
from analytics.scoring.results import Figure, Grain, Period, PeriodResult

MOST_PERIODS: Final = 36
FEWEST_FOR_TREND: Final = 3


class ChartKind(StrEnum):
    """Which chart: of the index by its own movements or its sampling errors, of the satisfied share by sampling or Laney."""

    XMR = "xmr"
    SCORE = "score"
    P = "p"
    LANEY = "laney"


OF_THE_INDEX: Final = (ChartKind.XMR, ChartKind.SCORE)


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
    other_scale: int = 0
    """Periods left out because the satisfied share was asked on another scale than in the newest."""
    reason: str = ""
    details: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TrendTest:
    """The trend of the index per period of the calendar, or the reason why there is none.

    `left_out` periods lie between the first and the last and have no or too few answers; `alike` ones have answers
    that are all the same, of which nobody knows how sure they are. `is_rescaled` says that a question of the index changed
    its scale in between.
    """

    grain: Grain
    periods: int
    found: Trend | None
    left_out: int = 0
    alike: int = 0
    is_rescaled: bool = False
    reason: str = ""
    details: tuple[tuple[str, int], ...] = ()


def read_control(*, selection: Selection, kind: ChartKind) -> Control:
    """Return the chart over the periods that may be shown and are over, under the selection's weights."""
    grain = _grain(selection)
    shown = [one for one in _finished(selection, grain) if _has_place(kind, _figure(kind, one))]
    results = [one for one in shown if kind in OF_THE_INDEX or one.is_on_scale_of(shown[-1])]
    elsewhere = len(shown) - len(results)
    if len(results) < PERIODS_FOR_LIMITS:
        details = (("periods", len(results)), ("needed", PERIODS_FOR_LIMITS))
        return Control(kind, grain, (), None, None, elsewhere, "too_few_periods", details)
    try:
        values, chart = _chart(kind, results)
    except MethodError as error:
        return Control(kind, grain, (), None, None, elsewhere, error.reason)
    points = tuple(
        ControlPoint(
            one.period, value, float(chart.lower[place]), float(chart.upper[place]), _figure(kind, one).n,
            place in chart.beyond, place in chart.runs,
        )
        for place, (one, value) in enumerate(zip(results, values, strict=True))
    )
    return Control(kind, grain, points, chart.centre, chart.sigma_z, elsewhere)


def read_trend_test(*, selection: Selection) -> TrendTest:
    """Return whether the index moved along a line over the periods of the selection's grain.

    Periods stand at their places in the calendar, so that a gap counts as the time it is; waves, which
    have no days, one after the other.
    """
    grain = trend_grain(selection)
    results = _finished(selection, grain)
    shown = [(place, one.root.index) for place, one in enumerate(results) if one.root.index.is_shown]
    used = [(place, figure) for place, figure in shown if figure.standard_error]
    told = _between(shown), len(shown) - len(used), any(selection.reading.rescaled([one.period for one in results]))
    if len(used) < FEWEST_FOR_TREND:
        details = (("periods", len(used)), ("needed", FEWEST_FOR_TREND))
        return TrendTest(grain, len(used), None, *told, "too_few_periods", details)
    try:
        found = trend(
            [place for place, _ in used], [figure.value or 0.0 for _, figure in used],
            [figure.standard_error or 0.0 for _, figure in used],
        )
    except MethodError as error:
        return TrendTest(grain, len(used), None, *told, error.reason)
    return TrendTest(grain, len(used), found, *told)


def _between(shown: Sequence[tuple[int, Figure]]) -> int:
    """How many periods between the first and the last that are shown are not."""
    return shown[-1][0] - shown[0][0] + 1 - len(shown) if shown else 0


def _grain(selection: Selection) -> Grain:
    """The coarsest grain with enough periods; failing that, the one with most."""
    held = {grain: len(selection.known.periods.get(grain, ())) for grain in (Grain.WAVE, Grain.MONTH, Grain.WEEK)}
    enough = [grain for grain, count in held.items() if count >= PERIODS_FOR_LIMITS]
    return enough[0] if enough else max(held, key=lambda grain: held[grain])


def _finished(selection: Selection, grain: Grain) -> list[PeriodResult]:
    results = selection.reading.trend(grain, MOST_PERIODS, None)
    return [one for one in results if not one.period.is_running(selection.today)]


def _figure(kind: ChartKind, result: PeriodResult) -> Figure:
    """What a chart shows of a period: the index, or the satisfied share as in the headline."""
    return result.root.index if kind in OF_THE_INDEX else result.satisfied


def _has_place(kind: ChartKind, figure: Figure) -> bool:
    """Limits made of sampling errors have none for answers that are all alike."""
    return figure.is_shown and (kind != ChartKind.SCORE or bool(figure.standard_error))


def _chart(kind: ChartKind, results: list[PeriodResult]) -> tuple[list[float], ControlChart]:
    figures = [_figure(kind, one) for one in results]
    values = [one.value or 0.0 for one in figures]
    if kind == ChartKind.XMR:
        return values, individuals_chart(values)[0]
    # The effective number: how many equally weighted answers would be as precise. Unweighted, it is n.
    sizes = [round(one.n_eff) for one in figures]
    if kind == ChartKind.SCORE:
        return values, score_chart(values, [one.standard_error or 0.0 for one in figures], sizes)
    counts = [round(value * n) for value, n in zip(values, sizes, strict=True)]
    return values, proportion_chart(counts, sizes) if kind == ChartKind.P else laney_chart(counts, sizes)
