"""Where things lie in the small server-drawn charts, in percent of their width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from analytics.dashboards.overview.numbers import Headline
from analytics.scoring.results import Figure, Level

STEP: Final = 5
NARROWEST: Final = 15
FIVE_TONES: Final = ("n2", "n1", "0", "p1", "p2")
"""Colour classes from dissatisfied to satisfied: orange, grey, blue."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of the 0-100 scale."""

    low: float
    high: float

    def percent(self, value: float) -> float:
        """Where a value lies, 0-100, cut at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)


@dataclass(frozen=True, slots=True)
class RangeBar:
    """A value with its interval, target and predecessor; None for what is not drawn."""

    dot: float | None
    band_start: float | None
    band_width: float | None
    previous: float | None
    target: float | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a stacked bar: start and width in percent, colour class, its level, count and share."""

    start: float
    width: float
    tone: str
    code: int
    count: int
    share: float

    @property
    def middle(self) -> float:
        """Where its label is centred."""
        return round(self.start + self.width / 2, 2)

    @property
    def has_room(self) -> bool:
        """Whether a whole percentage fits in."""
        return self.width >= 9


def axis_for(figures: Iterable[Figure], target: float | None = None) -> Axis:
    """Return an axis in steps of 5 that holds all values, intervals and the target, 15 points or more."""
    ends = [end for one in figures if one.is_shown for end in (one.value, one.low, one.high) if end is not None]
    ends += [target] if target is not None else []
    if not ends:
        return Axis(0, 100)
    low, high = floor(min(ends) / STEP) * STEP, ceil(max(ends) / STEP) * STEP
    while high - low < NARROWEST:
        low = max(low - STEP, 0)
        high = min(high + STEP, 100) if high - low < NARROWEST else high
    return Axis(max(low, 0), min(high, 100))


def range_bar(headline: Headline, axis: Axis) -> RangeBar:
    """Place a headline on an axis."""
    figure, previous = headline.figure, headline.previous
    start = end = None
    if figure.low is not None and figure.high is not None:
        start, end = axis.percent(figure.low), axis.percent(figure.high)
    return RangeBar(
        dot=place(axis, figure.value), band_start=start,
        band_width=round(end - start, 2) if start is not None and end is not None else None,
        previous=place(axis, previous.value if previous else None), target=place(axis, headline.target),
    )


def stacked(levels: Sequence[Level]) -> tuple[Piece, ...]:
    """Return the pieces of a 100 % bar, lowest level first; empty without answers."""
    pieces, start = [], 0.0
    for place, level in enumerate(levels):
        width = round(100 * level.share, 2)
        pieces.append(Piece(round(start, 2), width, tone(place, len(levels)), level.code, level.count, level.share))
        start += 100 * level.share
    return tuple(pieces) if start else ()


def columns(levels: Sequence[Level], tones: Sequence[str]) -> tuple[Piece, ...]:
    """Return the columns of a histogram: `width` is the height in percent of the tallest."""
    tallest = max((level.share for level in levels), default=0.0)
    if not tallest:
        return ()
    each = 100 / len(levels)
    return tuple(
        Piece(round(place * each, 2), round(100 * level.share / tallest, 2), tones[place], level.code, level.count,
              level.share)
        for place, level in enumerate(levels)
    )


def tone(place: int, count: int) -> str:
    """The colour class of the level at `place` of `count`."""
    return FIVE_TONES[round(4 * place / (count - 1))] if count > 1 else FIVE_TONES[2]


def heat_tone(distance: float | None) -> str:
    """The colour class of a distance from the average: steps at 2 and 5 points."""
    if distance is None:
        return "h0"
    size = "2" if abs(distance) >= 5 else "1" if abs(distance) >= 2 else "0"
    return "h0" if size == "0" else f"h{size}{'p' if distance > 0 else 'n'}"


def place(axis: Axis, value: float | None) -> float | None:
    """Where a value lies on an axis, 0-100; None stays None."""
    return axis.percent(value) if value is not None else None
