"""The values of two runs side by side, as they are and under the weighting each wrote down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from analytics.dashboards import wording
from analytics.scoring import selectors
from analytics.scoring.models import Run
from analytics.scoring.provenance import RunComparison
from analytics.scoring.results import Figure, NodeResult, Period, PeriodResult
from analytics.scoring.schemes import OF_THE_RUN, get_named
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import Filter, RunTooOldError
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import WeightingError
from surveys.design.document import text_in


def present_values(
    comparison: RunComparison, period: Period, scope: Filter, language: str, *, at: datetime
) -> dict[str, Any]:
    """Write the values of both runs, and why some of them cannot be had."""
    runs = (comparison.earlier, comparison.later)
    try:
        earlier, later = (selectors.read_period(run, period=period, scope=scope, at=at) for run in runs)
    except RunTooOldError:
        return {"values": [], "values_problem": sentence("run_too_old")}
    weighted = [_own_weighted(run, period, scope) for run in runs]
    return {
        "values": _rows(earlier, later, [result for result, _problem in weighted], language),
        "is_weighted": any(result is not None for result, _problem in weighted),
        "weighted_problems": [
            {"run": run.pk, "why": why} for run, (_result, why) in zip(runs, weighted, strict=True) if why
        ],
    }


def _rows(
    earlier: PeriodResult, later: PeriodResult, weighted: list[PeriodResult | None], language: str
) -> list[dict[str, Any]]:
    """One row for every indicator of either run, in the order of the later one."""
    gone = [node for node in earlier.nodes if later.node(node.key) is None]
    return [_row(node, earlier, later, weighted, language) for node in (*later.nodes, *gone)]


def _row(
    node: NodeResult, earlier: PeriodResult, later: PeriodResult, weighted: list[PeriodResult | None], language: str
) -> dict[str, Any]:
    before, after = (_figure(one, node.key) for one in (earlier, later))
    own = [_figure(one, node.key) for one in weighted]
    return {
        "name": text_in(node.names, language) or node.key, "depth": node.depth, "before": _shown(before),
        "after": _shown(after), "change": _change(before, after),
        "weighted_before": _shown(own[0]) if weighted[0] else "", "weighted_after": _shown(own[1]) if weighted[1] else "",
        "weighted_change": _change(*own),
    }


def _figure(result: PeriodResult | None, key: str) -> Figure | None:
    node = result.node(key) if result is not None else None
    return node.index if node is not None else None


def _change(before: Figure | None, after: Figure | None) -> str:
    """After minus before; "" where either is not shown."""
    if before is None or after is None or before.value is None or after.value is None:
        return ""
    return wording.number(after.value - before.value, wording.decimals_of(after.metric), sign=True)


def _own_weighted(run: Run, period: Period, scope: Filter) -> tuple[PeriodResult | None, str]:
    """The figures under the weighting the run wrote down, where it has one, or why it cannot be made in the period."""
    if not run.provenance.get("weighting"):
        return None, ""
    try:
        named = get_named(tree=run.tree, word=OF_THE_RUN, run=run)
        return read_weighted(run, period=period, weighting=named.weighting, scope=scope), ""
    except WeightingError as error:
        return None, sentence(error.code, error.details)
    except RunTooOldError:
        return None, sentence("parts_too_old")


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return wording.NO_VALUE
    return wording.value_text(figure) if figure.is_shown else wording.status_text(figure)
