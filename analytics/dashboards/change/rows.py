"""The changes between two periods as rows of a table: what every exported file of them holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from analytics.dashboards.change.read import Changes
from analytics.scoring.results import Figure
from surveys.design.document import text_in

HEADER: Final = (
    "family", "key", "name", "metric", "before_period", "before", "before_low", "before_high", "before_standard_error",
    "before_n", "before_n_eff", "after_period", "after", "after_low", "after_high", "after_standard_error", "after_n",
    "after_n_eff", "difference", "low", "high", "p", "p_holm", "p_bh", "detectable", "verdict", "judged_in", "n_both", "reason",
)


def change_rows(changes: Changes, language: str) -> Iterator[Sequence[Any]]:
    """Return a header and one row per figure; one that is not shown has no value."""
    yield HEADER
    for row in changes.rows:
        yield (
            row.family.value, row.key, text_in(row.names, language), row.after.metric,
            changes.before.key, *_cells(row.before), changes.after.key, *_cells(row.after), row.difference, row.low,
            row.high, row.p, row.p_holm, row.p_bh, row.detectable, row.verdict.value, row.judged_in.value,
            row.n_both, row.reason,
        )


def _cells(figure: Figure) -> Sequence[Any]:
    return figure.value, figure.low, figure.high, figure.standard_error, figure.n, figure.n_eff
