"""Every number of the overview as rows of a table, and the table as CSV that no spreadsheet executes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any, Final

from analytics.dashboards.overview.numbers import Headline, NodeRow, Overview
from analytics.dashboards.wording import level_text
from analytics.scoring.results import Change, Figure, Level
from surveys.contacts.tables import FORMULA
from surveys.design.document import text_in

BOM: Final = "\ufeff"
"""Makes spreadsheets read the file as UTF-8."""
HEADER: Final = (
    "section", "item", "name", "dimension", "level", "period", "metric", "value", "low", "high",
    "standard_error", "n", "n_eff", "status", "reason",
    "weight", "overall_weight", "target", "previous_period", "previous_value", "change", "change_low", "change_high",
    "verdict", "from_average", "from_average_low", "from_average_high", "from_average_verdict",
)


class _Echo:
    """A file that hands back what is written, so that rows can be streamed."""

    def write(self, line: str) -> str:
        return line


def stream_csv(rows: Iterator[Sequence[Any]]) -> Iterator[str]:
    """Write rows as CSV, one line at a time."""
    writer = csv.writer(_Echo())
    yield BOM
    for row in rows:
        yield writer.writerow([escape(cell) for cell in row])


def escape(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula; numbers stay numbers."""
    if isinstance(cell, str) and FORMULA.match(cell):
        return f"'{cell}"
    return "" if cell is None else cell


def overview_rows(page: Overview, language: str) -> Iterator[Sequence[Any]]:
    """Return a header and one row per number; figures that are not shown have no value and say why."""
    yield HEADER
    yield _headline(page, "index", "", page.index)
    yield _headline(page, "satisfied", "", page.satisfied.headline)
    yield from _levels(page, "satisfied", "", page.satisfied.distribution)
    if page.nps is not None:
        yield _headline(page, "nps", "", page.nps.headline)
        for figure in (page.nps.result.detractors, page.nps.result.passives, page.nps.result.promoters):
            yield _row(page, "nps", figure.metric, "", figure)
        yield from _levels(page, "nps", "", page.nps.result.distribution)
    yield from _responding(page)
    for point in page.trend.points:
        yield _row(page, "trend", "", "", point.figure, period=point.period.key)
        if point.last_year is not None:
            yield _row(page, "trend_last_year", "", "", point.last_year, period=point.period.key)
    for node in page.nodes:
        yield _node(page, node, language)
        yield from _levels(page, "indicators", node.key, node.distribution)
    yield from _heat(page, language)


def _responding(page: Overview) -> Iterator[Sequence[Any]]:
    yield _count(page, "responses", page.responses)
    if page.funnel is None:
        return
    for name in ("invited", "delivered", "started", "completed"):
        yield _count(page, name, getattr(page.funnel, name))
    if page.funnel.headline is not None:
        yield _headline(page, "responding", "", page.funnel.headline)


def _heat(page: Overview, language: str) -> Iterator[Sequence[Any]]:
    if page.heat is None:
        return
    for row in page.heat.rows:
        for cell in row.cells:
            yield _row(
                page, "segments", cell.node, level_text(row.level, dict(row.names), language), cell.figure,
                dimension=page.heat.dimension.key, level=row.level, change=cell.change, apart=cell.from_average,
            )


def _headline(page: Overview, section: str, item: str, headline: Headline) -> Sequence[Any]:
    return _row(
        page, section, item, "", headline.figure, previous=headline.previous, change=headline.change,
        target=headline.target,
    )


def _node(page: Overview, node: NodeRow, language: str) -> Sequence[Any]:
    headline = node.headline
    return _row(
        page, "indicators", node.key, text_in(node.names, language), headline.figure, previous=headline.previous,
        change=headline.change, target=headline.target, weights=(node.weight, node.overall_weight),
    )


def _levels(page: Overview, section: str, item: str, levels: Sequence[Level]) -> Iterator[Sequence[Any]]:
    for level in levels:
        yield _line(page, section, item, "level_share", value=level.share, n=level.count, level=str(level.code))


def _count(page: Overview, item: str, count: int) -> Sequence[Any]:
    return _line(page, "responding", item, "responses" if item == "responses" else item, value=count)


def _row(
    page: Overview, section: str, item: str, name: str, figure: Figure, *, period: str = "", dimension: str = "",
    level: str = "", previous: Figure | None = None, change: Change | None = None, target: float | None = None,
    weights: tuple[float, float] | None = None, apart: Change | None = None,
) -> Sequence[Any]:
    return _line(
        page, section, item, figure.metric, name=name, period=period, dimension=dimension, level=level,
        value=figure.value, low=figure.low, high=figure.high, standard_error=figure.standard_error, n=figure.n,
        n_eff=figure.n_eff, status=figure.status.value, reason=figure.reason,
        weight=weights[0] if weights else None, overall_weight=weights[1] if weights else None, target=target,
        previous_period=page.previous.key if previous and page.previous else "",
        previous_value=previous.value if previous else None, change=change.difference if change else None,
        change_low=change.low if change else None, change_high=change.high if change else None,
        verdict=change.verdict.value if change else "",
        from_average=apart.difference if apart else None, from_average_low=apart.low if apart else None,
        from_average_high=apart.high if apart else None, from_average_verdict=apart.verdict.value if apart else "",
    )


def _line(page: Overview, section: str, item: str, metric: str, **cells: Any) -> Sequence[Any]:
    known = {"section": section, "item": item, "metric": metric, **cells}
    known["period"] = cells.get("period") or page.period.key
    return tuple(known.get(column) for column in HEADER)
