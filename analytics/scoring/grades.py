"""The grade method: an index is in the grade of the point of the score vector that is nearest to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analytics.methods.distributions import grade_position
from analytics.scoring.definition import LEVELS, level_bounds
from analytics.scoring.results import Figure

ENDS: Final = (0.0, 100.0)


@dataclass(frozen=True, slots=True)
class Grade:
    """One of five levels, 1 the lowest, and the index points from which (included) up to which it goes."""

    level: int
    low: float
    high: float


def grade_of(figure: Figure, score_vector: str) -> Grade | None:
    """Return the grade of an index by the same bounds as its distribution; None where no value is shown."""
    if figure.value is None:
        return None
    bounds = level_bounds(score_vector)
    place = grade_position(figure.value, bounds)
    ends = (ENDS[0], *bounds, ENDS[1])
    return Grade(LEVELS[place], ends[place], ends[place + 1])
