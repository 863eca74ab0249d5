"""What pages, the API, exports and reports read: results of the last finished run.

A page view reads one or a few indexed rows and never computes over responses, except under a
filter or a manager's scope, which are counted from the sealed columns by the same functions and
cached by (run, filter). Periods and their arithmetic (`parse_period`, `previous_period`, …) are in
`analytics.scoring.periods`.

`filters` and `scope` map a dimension's key to the levels wanted (`{"region": ["East"]}`); within a
dimension levels are alternatives, between dimensions all must hold. The key `questionnaire` takes
ids as text. A scope (from the actor) narrows every number; pass `actor.scope` always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analytics.indicators.models import IndicatorTree
from analytics.scoring.models import Run
from analytics.scoring.results import (
    Change,
    Dimension,
    Figure,
    Freshness,
    Grain,
    Period,
    PeriodResult,
    SegmentResult,
)

Filter = Mapping[str, Sequence[str]]
NOTHING: Filter = {}


def get_latest_run(*, tree: IndicatorTree) -> Run | None:
    """Return the newest finished run of the tree, or None before the first."""
    raise NotImplementedError


def list_periods(run: Run, *, grain: Grain) -> tuple[Period, ...]:
    """Return the periods of one grain that hold responses, oldest first."""
    raise NotImplementedError


def list_dimensions(run: Run) -> tuple[Dimension, ...]:
    """Return the segment dimensions of the run with their levels, in the team's order."""
    raise NotImplementedError


def read_period(
    run: Run, *, period: Period, filters: Filter = NOTHING, scope: Filter = NOTHING
) -> PeriodResult:
    """Return every figure of one period."""
    raise NotImplementedError


def read_trend(
    run: Run, *, grain: Grain, last: int | None = None, filters: Filter = NOTHING, scope: Filter = NOTHING
) -> tuple[PeriodResult, ...]:
    """Return one result per period of the grain, oldest first, empty periods in between included.

    `last` keeps only so many of the newest.
    """
    raise NotImplementedError


def read_segments(
    run: Run, *, period: Period, dimension: str, filters: Filter = NOTHING, scope: Filter = NOTHING
) -> tuple[SegmentResult, ...]:
    """Return one result per level of the dimension; a level outside the scope does not appear.

    Raises UnknownDimensionError for a dimension that the run does not know.
    """
    raise NotImplementedError


def compare(previous: Figure | None, current: Figure) -> Change:
    """Return current minus previous with the interval of the difference and the verdict.

    Shares by Newcombe, the rest by the normal interval of the two standard errors. Figures that may
    not be shown give no difference and the verdict `unknown`.
    """
    raise NotImplementedError


def freshness(*, tree: IndicatorTree) -> Freshness:
    """Return what the freshness stamp shows: the last run, its size, and whether newer answers wait."""
    raise NotImplementedError
