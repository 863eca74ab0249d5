"""Which cells of a run's slices add up to a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.scoring.periods import period_of
from analytics.scoring.results import Grain, Period


@dataclass(frozen=True)
class PeriodCells:
    """Cells of some slices; None means all cells of a slice."""

    slices: tuple[str, ...]
    cells: frozenset[str] | None

    @property
    def are_days(self) -> bool:
        """Whether the period is no wave and not made of whole months."""
        return self.slices not in (("month",), ("wave",))


def cells_of_period(period: Period, months: Sequence[str]) -> PeriodCells:
    """Return months where the period is made of whole ones, else days; `months` are those with answers, sorted."""
    if period.grain == Grain.WAVE:
        return PeriodCells(("wave",), frozenset({period.label}))
    if period.start is None or period.end is None:
        return PeriodCells(("month",), None)
    if period.start.day == 1 and period.end.day == 1:
        return PeriodCells(("month",), frozenset(m for m in months if period.start <= first_of(m) < period.end))
    inside = [m for m in months if period_of(first_of(m), Grain.MONTH).end > period.start]  # type: ignore[operator]
    slices = tuple(f"day:{month}" for month in inside if first_of(month) < period.end)
    return PeriodCells(slices, _days_between(*_cut(period.start, period.end, inside)))


def cells_of_levels(period: Period, dimension: str, months: Sequence[str]) -> PeriodCells:
    """Return the same cells in the slices of the levels; all of them where these know no such stretch of days."""
    wanted = cells_of_period(period, months)
    if period.grain == Grain.WAVE:
        return PeriodCells((f"level:{dimension}:wave",), wanted.cells)
    years = sorted({month[:4] for month in months})
    slices = tuple(f"level:{dimension}:{year}" for year in years)
    return PeriodCells(slices, wanted.cells if wanted.slices == ("month",) else None)


def first_of(month: str) -> date:
    """Return the first day of a month written as 2026-11."""
    return date.fromisoformat(month + "-01")


def is_inside(part: Period, whole: Period) -> bool:
    """Tell whether a period begins inside another; everything is inside one without ends."""
    if whole.start is None or whole.end is None:
        return True
    return part.start is not None and whole.start <= part.start < whole.end


def _days_between(start: date, end: date) -> frozenset[str]:
    return frozenset((start + timedelta(days=number)).isoformat() for number in range((end - start).days))


def _cut(start: date, end: date, months: Sequence[str]) -> tuple[date, date]:
    """Leave off the days before the first and after the last month with answers: a range may be centuries long."""
    if not months:
        return start, start
    last = period_of(first_of(months[-1]), Grain.MONTH).end
    assert last is not None
    return max(start, first_of(months[0])), min(end, last)
