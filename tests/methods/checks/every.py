"""The list of all checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from tests.methods.checks import airport, derived, experts, shares, trends
from tests.methods.checks.check import Check

SOURCES: Final[tuple[Callable[[], Iterator[Check]], ...]] = (
    shares.intervals_of_shares, shares.boxes_and_scores, shares.net_promoter_scores, shares.efforts, shares.weighted_means,
    trends.control_charts, trends.trends, trends.corrections, trends.roll_ups,
    experts.published_matrices, experts.incomplete_matrices, experts.panels,
    derived.dimensions, derived.factors, derived.importances, derived.reliabilities, derived.entropies, derived.rakings,
    airport.waves, airport.net_promoter_scores, airport.changes,
)
"""What needs no database; the rest is `service.every_check`."""


def pure_checks() -> Iterator[Check]:
    """Return every check of the numeric core alone."""
    for source in SOURCES:
        yield from source()
