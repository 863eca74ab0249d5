"""Which wave came before which: waves are names, and stand in the order of the days of their answers.

Every page, line and comparison asks here, so that all agree on the newest wave and on the one before it.
See docs/decisions/waves-in-order-of-time.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from analytics.scoring.cubes import Summary

DAYS: Final = "days:"
"""Slices of this prefix hold the answers of a wave by day."""
A_QUARTER: Final = timedelta(days=92)
_DIGITS = re.compile(r"(\d+)")

Middles = Mapping[str, str]
"""The middle day of each wave, as `2026-11-22`."""


def middle(answers: Mapping[str, int]) -> str:
    """Return the day of the lower median answer of a wave: half of them came until then. `answers` count by day."""
    left = (sum(answers.values()) + 1) // 2
    for day in sorted(answers):
        left -= answers[day]
        if left <= 0:
            return day
    raise ValueError("a wave without answers has no middle")


def middles_of(summary: Summary) -> dict[str, str]:
    """Return the middle day of every wave whose answers by day are in a summary."""
    return {
        key.removeprefix(DAYS): middle(dict(zip(cube.keys, cube.values[:, 0].tolist(), strict=True)))
        for key, cube in summary.items() if key.startswith(DAYS)
    }


def in_order(waves: Iterable[str], middles: Middles) -> tuple[str, ...]:
    """Return waves by their middle days, oldest first; those of one day by their names, `Wave 9` before `Wave 10`."""
    return tuple(sorted(waves, key=lambda one: (middles.get(one, ""), _natural(one))))


def wave_before(wave: str, ordered: tuple[str, ...]) -> str | None:
    """Return the wave just before one."""
    place = ordered.index(wave) if wave in ordered else 0
    return ordered[place - 1] if place else None


def wave_last_year(wave: str, middles: Middles) -> str | None:
    """Return the wave whose middle day lies nearest to a year before that of another; None where none fits.

    Each of the two must be the other's nearest, so that a wave that was left out last year is not replaced by its
    neighbour; and it must lie no more than a quarter off.
    """
    days = {name: date.fromisoformat(day) for name, day in middles.items()}
    if wave not in days:
        return None
    wanted = _year_before(days[wave])
    if wanted is None:
        return None
    earlier = {name: day for name, day in days.items() if day < days[wave]}
    found = min(earlier, key=lambda name: (abs(earlier[name] - wanted), _natural(name)), default=None)
    if found is None or abs(earlier[found] - wanted) > A_QUARTER:
        return None
    off = wanted - earlier[found]
    is_nearer = any(abs(day - days[wave] + off) < abs(off) for day in days.values())
    return None if is_nearer else found


def _year_before(day: date) -> date | None:
    try:
        # The 29th of February has no namesake: the 28th stands for it.
        return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)
    except ValueError:
        return None


def _natural(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Numbers in a name by their size, and the rest by its letters, large and small alike."""
    parts = _DIGITS.split(name.casefold())
    return tuple((int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)), name
