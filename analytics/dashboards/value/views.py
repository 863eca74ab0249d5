"""Opens a value to where it comes from, and lays two runs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from analytics.dashboards import geometry, wording
from analytics.dashboards.method import Method, describe_method
from analytics.dashboards.page_context import language_of, may_know_answers
from analytics.dashboards.selection import PageReading, list_choices, parameter_of
from analytics.dashboards.value import run_words
from analytics.dashboards.value.panels import (
    Questions,
    estimators_of,
    present_efforts,
    present_weighted,
    question_text,
    question_texts,
)
from analytics.dashboards.weighting.present import weighting_name
from analytics.indicators.models import IndicatorTree
from analytics.indicators.weight_words import weight_set_name
from analytics.scoring import selectors
from analytics.scoring.access import get_run
from analytics.scoring.grades import grade_of
from analytics.scoring.models import Run
from analytics.scoring.periods import EVERYTHING, UnknownPeriodError, parse_period
from analytics.scoring.provenance import (
    RunComparison,
    UnknownNodeError,
    compare_runs,
    describe_value,
)
from analytics.scoring.registry import METRICS
from analytics.scoring.results import Figure, ItemResult, NodeResult, Period, PeriodResult
from analytics.scoring.schemes import OF_THE_RUN, get_named
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import RunTooOldError
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import WeightingError
from surveys.design.document import text_in

RUNS_LISTED = 20


@require_safe
@team_view(Permission.VIEW_RESULTS)
def value(request: TeamRequest, run_id: int) -> HttpResponse:
    """Show what a value is made of: formula, parts, distribution, what was left out, and the run."""
    run, language = get_run(request.actor, run_id), language_of(request)
    period, period_problem = _period(request.GET.get("period", ""))
    node = request.GET.get("node", "") or run.definition["nodes"][0]["key"]
    context: dict[str, Any] = {"nav": "overview", "run": run, "method": _method(request, run),
                               "period_text": wording.period_text(period), "period": period, "node_key": node,
                               "problem": period_problem, "runs": _listed_runs(run.tree),
                               "run_weighting": weighting_name(run.provenance.get("weighting"))}
    scope = request.actor.scope
    try:
        filters = _filters(request, run)
        origin = describe_value(run, node=node, period=period, filters=filters, scope=scope)
    except UnknownNodeError as error:
        raise Http404 from error
    except RunTooOldError:
        return render(request, "scoring/value.html", context | {"problem": sentence("run_too_old")})
    pieces, questions = geometry.stacked(origin.node.distribution), question_texts(run.tree, language)
    context |= {
        "estimators": estimators_of(run, origin, filters=filters, scope=scope), "hidden": _address(request, node, period, filters),
        "weighted": present_weighted(
            run, request.GET.get("weighting", ""), origin, filters=filters, scope=scope, language=language,
            questions=questions),
        "origin": origin, "name": text_in(origin.node.names, language) or origin.node.key,
        "figure": _figure(origin.node.index), "metric": METRICS["index"],
        "grade": wording.grade_text(grade_of(origin.node.index, origin.score_vector)),
        "pieces": pieces, "levels": wording.levels_text(pieces),
        "children": [_child(one, language) for one in origin.children],
        "items": [_item(one, questions) for one in origin.node.items],
        "efforts": present_efforts(origin.node.items, questions),
        "filters_text": _filters_text(run, filters, language),
    }
    return render(request, "scoring/value.html", context)


@require_safe
@team_view(Permission.VIEW_RESULTS)
def runs_compare(request: TeamRequest, run_id: int, other_id: int) -> HttpResponse:
    """Say what changed between two runs of a tree and why: data, weights or definition."""
    run, other = get_run(request.actor, run_id), get_run(request.actor, other_id)
    if run.tree_id != other.tree_id:
        raise Http404
    comparison = compare_runs(run, other, tells_answers=all(may_know_answers(request, one) for one in (run, other)))
    period, _problem = _period(request.GET.get("period", ""))
    context = {
        "nav": "overview", "comparison": comparison, "finding": run_words.finding(comparison),
        "reasons": run_words.reason_rows(comparison, language=language_of(request)),
        "period_text": wording.period_text(period),
        **_values(comparison, period, request.actor.scope, language_of(request)),
    }
    return render(request, "scoring/runs_compare.html", context)


def _method(request: TeamRequest, run: Run) -> Method:
    return describe_method(run, language=language_of(request), tells_answers=may_know_answers(request, run))


def _listed_runs(tree: IndicatorTree) -> list[tuple[Run, str]]:
    """The newest runs, each with the name of its weight set."""
    return [(one, weight_set_name(one.weight_set)) for one in selectors.list_runs(tree=tree)[:RUNS_LISTED]]


def _period(word: str) -> tuple[Period, str]:
    if not word:
        return EVERYTHING, ""
    try:
        return parse_period(word), ""
    except UnknownPeriodError:
        return EVERYTHING, _("“%(value)s” is no period, so all answers are shown.") % {"value": word}


def _filters(request: TeamRequest, run: Run) -> dict[str, list[str]]:
    known = list_choices(PageReading(run, scope=request.actor.scope), scope=request.actor.scope)
    asked = {one.key: [level for level in request.GET.getlist(parameter_of(one.key)) if level in one.levels]
             for one in known.dimensions}
    return {key: levels for key, levels in asked.items() if levels}


def _filters_text(run: Run, filters: Mapping[str, list[str]], language: str) -> str:
    known = {one.key: one for one in PageReading(run).dimensions()} if filters else {}
    return ", ".join(
        _("%(name)s: %(levels)s") % {
            "name": text_in(known[key].names, language) or key,
            "levels": wording.listed([wording.level_name(known[key], level, language) for level in levels]),
        }
        for key, levels in filters.items()
    )


def _address(request: TeamRequest, node: str, period: Period, filters: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """What a form must send again so that it stays on this value."""
    levels = [(parameter_of(key), level) for key, chosen in filters.items() for level in chosen]
    return [("node", node), ("period", period.key), *levels]


def _figure(figure: Figure) -> dict[str, str]:
    return {
        "value": wording.value_with_unit(figure) if figure.is_shown else "", "interval": wording.interval_text(figure),
        "n": f"{figure.n:,}", "n_eff": wording.number(figure.n_eff, 0), "note": wording.status_text(figure),
        "error": wording.number(figure.standard_error, 3) if figure.standard_error is not None else "",
    }


def _child(node: NodeResult, language: str) -> dict[str, Any]:
    part = node.weight * node.index.value if node.index.value is not None else None
    return _figure(node.index) | {
        "key": node.key, "name": text_in(node.names, language) or node.key,
        "weight": wording.number(100 * node.weight, 1), "part": wording.number(part, 2),
    }


def _item(item: ItemResult, questions: Questions) -> dict[str, Any]:
    return _figure(item.mean) | {
        "key": item.key, "name": question_text(item, questions), "scale": f"{item.low_code}–{item.high_code}", "missing": item.missing,
        "levels": " · ".join(f"{level.code}: {level.count:,}" for level in item.distribution),
    }


def _values(comparison: RunComparison, period: Period, scope: Any, language: str) -> dict[str, Any]:
    """The values of both runs, and why a part of them cannot be had."""
    runs = (comparison.earlier, comparison.later)
    try:
        earlier, later = (selectors.read_period(run, period=period, scope=scope) for run in runs)
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


def _own_weighted(run: Run, period: Period, scope: Any) -> tuple[PeriodResult | None, str]:
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
