"""The values of two runs side by side, as they are and under the weighting each wrote down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from analytics.dashboards import wording
from analytics.scoring import selectors
from analytics.scoring.models import Run
from analytics.scoring.provenance import RunComparison
from analytics.scoring.results import Figure, Period, PeriodResult
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
) -> list[dict[str, str]]:
    rows = []
    for node in later.nodes:
        before = earlier.node(node.key)
        own = [one.node(node.key) if one is not None else None for one in weighted]
        rows.append({
            "name": text_in(node.names, language) or node.key, "after": _shown(node.index),
            "before": _shown(before.index) if before is not None else wording.NO_VALUE,
            "weighted_before": _shown(own[0].index) if own[0] else "",
            "weighted_after": _shown(own[1].index) if own[1] else "",
        })
    return rows


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


def _shown(figure: Figure) -> str:
    return wording.number(figure.value, 3) if figure.is_shown else wording.status_text(figure)
