"""Periods: from a key such as `2026-Q3` to days and back, and the periods around one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from analytics.scoring.results import Grain, Period

EVERYTHING = Period(Grain.ALL, "all")
WAVE_PREFIX = "wave:"
_DAY = timedelta(days=1)


class UnknownPeriodError(ValueError):
    """The key names no period."""


def parse_period(key: str) -> Period:
    """Turn a key such as `2026-Q3` into a Period.

    Raises UnknownPeriodError when the key is none of the spellings that `Period.key` lists.
    """
    if key == EVERYTHING.key:
        return EVERYTHING
    name = key.removeprefix(WAVE_PREFIX)
    if key != name and name and "\0" not in name:
        return wave(name)
    for pattern, build in _SPELLINGS:
        found = pattern.fullmatch(key)
        if found:
            try:
                return build(*found.groups())
            except (ValueError, OverflowError) as error:
                raise UnknownPeriodError(key) from error
    raise UnknownPeriodError(key)


def wave(name: str) -> Period:
    """The period of a named measurement round."""
    return Period(Grain.WAVE, WAVE_PREFIX + name)


def year(number: int) -> Period:
    """A calendar year."""
    return Period(Grain.YEAR, f"{number:04d}", date(number, 1, 1), date(number + 1, 1, 1))


def quarter(number: int, of: int) -> Period:
    """Quarter `of` (1-4) of the year `number`."""
    return Period(Grain.QUARTER, f"{number:04d}-Q{of}", date(number, 3 * of - 2, 1), _month_after(number, 3 * of))


def month(number: int, of: int) -> Period:
    """Month `of` (1-12) of the year `number`."""
    return Period(Grain.MONTH, f"{number:04d}-{of:02d}", date(number, of, 1), _month_after(number, of))


def week(number: int, of: int) -> Period:
    """ISO week `of` of the ISO year `number`, Monday to Sunday."""
    start = date.fromisocalendar(number, of, 1)
    return Period(Grain.WEEK, f"{number:04d}-W{of:02d}", start, start + 7 * _DAY)


def day(of: date) -> Period:
    """One day."""
    return Period(Grain.DAY, of.isoformat(), of, of + _DAY)


def days(first: date, last: date) -> Period:
    """A range of days, both ends included."""
    if last < first:
        raise ValueError("a range ends after it begins")
    return Period(Grain.RANGE, f"{first.isoformat()}..{last.isoformat()}", first, last + _DAY)


def period_of(of: date, grain: Grain) -> Period:
    """The period of a calendar grain that a day belongs to (`all` for any other grain)."""
    if grain == Grain.WEEK:
        iso = of.isocalendar()
        return week(iso.year, iso.week)
    builders: dict[Grain, Callable[[], Period]] = {
        Grain.YEAR: lambda: year(of.year),
        Grain.QUARTER: lambda: quarter(of.year, (of.month + 2) // 3),
        Grain.MONTH: lambda: month(of.year, of.month),
        Grain.DAY: lambda: day(of),
    }
    return builders.get(grain, lambda: EVERYTHING)()


def previous_period(period: Period) -> Period | None:
    """Return the period of the same grain just before; None for `all`, for waves and where the calendar begins."""
    if period.start is None or period.end is None:
        return None
    try:
        if period.grain == Grain.RANGE:
            return days(period.start - (period.end - period.start), period.start - _DAY)
        return period_of(period.start - _DAY, period.grain)
    except OverflowError:
        return None


def same_period_last_year(period: Period) -> Period | None:
    """Return the period a year earlier.

    None for `all` and waves, for a week 53 that year lacked and where the calendar begins.
    """
    if period.start is None or period.end is None:
        return None
    try:
        if period.grain == Grain.WEEK:
            return _same_week_last_year(period.start)
        first, last = _year_before(period.start), _year_before(period.end - _DAY)
        return days(first, last) if period.grain == Grain.RANGE else period_of(first, period.grain)
    except ValueError:
        return None


def first_days(period: Period, count: int) -> Period:
    """The first `count` days of a period, so that a running one is compared with as many days."""
    if period.start is None or period.end is None or period.start + count * _DAY >= period.end:
        return period
    return days(period.start, period.start + (count - 1) * _DAY)


def following(period: Period) -> Period | None:
    """Return the period of the same calendar grain just after; None for `all`, for waves and where the calendar ends."""
    if period.end is None:
        return None
    try:
        return period_of(period.end, period.grain)
    except (OverflowError, ValueError):
        return None


def _same_week_last_year(start: date) -> Period:
    iso = start.isocalendar()
    return week(iso.year - 1, iso.week)


def _year_before(of: date) -> date:
    # The 29th of February has no namesake: the 28th stands for it.
    return of.replace(year=of.year - 1, day=min(of.day, 28) if of.month == 2 else of.day)


def _month_after(number: int, of: int) -> date:
    return date(number + of // 12, of % 12 + 1, 1)


_SPELLINGS: tuple[tuple[re.Pattern[str], Callable[..., Period]], ...] = (
    (re.compile(r"(\d{4})"), lambda y: year(int(y))),
    (re.compile(r"(\d{4})-Q([1-4])"), lambda y, q: quarter(int(y), int(q))),
    (re.compile(r"(\d{4})-(\d{2})"), lambda y, m: month(int(y), int(m))),
    (re.compile(r"(\d{4})-W(\d{2})"), lambda y, w: week(int(y), int(w))),
    (re.compile(r"(\d{4}-\d{2}-\d{2})"), lambda d: day(date.fromisoformat(d))),
    (
        re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})"),
        lambda a, b: days(date.fromisoformat(a), date.fromisoformat(b)),
    ),
)
