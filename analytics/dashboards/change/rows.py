"""The changes between two periods as rows of tables, and what moved the index: what every exported file of them holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from analytics.dashboards.change.read import Changes
from analytics.dashboards.overview.numbers import Names
from analytics.scoring.results import Figure
from surveys.design.document import text_in

HEADER: Final = (
    "family", "key", "name", "metric", "before_period", "before", "before_low", "before_high", "before_standard_error",
    "before_n", "before_n_eff", "after_period", "after", "after_low", "after_high", "after_standard_error", "after_n",
    "after_n_eff", "difference", "low", "high", "p", "p_holm", "p_bh", "detectable", "verdict", "judged_in", "n_both", "reason",
)

CONTRIBUTIONS: Final = (
    "part", "key", "name", "metric", "before_period", "after_period", "from_scores", "from_weights", "contribution",
    "earlier_weight_set", "reason",
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


def contribution_rows(changes: Changes, *, earlier_weight_set: int, language: str) -> Iterator[Sequence[Any]]:
    """Return a header, one row per lowest indicator, and their sum; where there are no parts, the sum says why."""
    found, root = changes.decomposed, changes.rows[0]

    def line(part: str, key: str, names: Names, *points: float | None) -> Sequence[Any]:
        return (
            part, key, text_in(names, language), "decomposition", changes.before.key, changes.after.key, *points,
            earlier_weight_set, found.reason,
        )

    yield CONTRIBUTIONS
    for one in found.parts:
        yield line("indicator", one.key, one.names, one.from_scores, one.from_weights, one.total)
    yield line("sum", root.key, root.names, found.from_scores, found.from_weights, found.total)


def _cells(figure: Figure) -> Sequence[Any]:
    return figure.value, figure.low, figure.high, figure.standard_error, figure.n, figure.n_eff
