"""Opens a value to where it comes from, and lays two runs side by side."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from analytics.dashboards import wording
from analytics.dashboards.method import describe_method
from analytics.dashboards.page_context import language_of, may_know_answers
from analytics.dashboards.value import run_words
from analytics.dashboards.value.present import present_value
from analytics.dashboards.value.request import ValueRequest, parse_value_request, period_asked
from analytics.dashboards.value.run_values import present_values
from analytics.dashboards.weighting.present import weighting_name
from analytics.indicators.models import IndicatorTree
from analytics.indicators.weight_words import weight_set_name
from analytics.scoring import selectors
from analytics.scoring.access import get_run
from analytics.scoring.models import Run
from analytics.scoring.provenance import UnknownNodeError, compare_runs, describe_value
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import RunTooOldError

RUNS_LISTED = 20


@require_safe
@team_view(Permission.VIEW_RESULTS)
def value(request: TeamRequest, run_id: int) -> HttpResponse:
    """Show what a value is made of: formula, parts, distribution, what was left out, and the run."""
    run = get_run(request.actor, run_id)
    asked = parse_value_request(run=run, query=request.GET, scope=request.actor.scope, at=timezone.now())
    context = _about(request, asked)
    try:
        origin = describe_value(
            run, node=asked.node, period=asked.period, filters=asked.filters, scope=asked.scope, at=asked.at
        )
    except UnknownNodeError as error:
        raise Http404 from error
    except RunTooOldError:
        context["problem"] = sentence("run_too_old")
    else:
        context |= present_value(origin, asked, language=language_of(request))
    return render(request, "scoring/value.html", context)


@require_safe
@team_view(Permission.VIEW_RESULTS)
def runs_compare(request: TeamRequest, run_id: int, other_id: int) -> HttpResponse:
    """Say what changed between two runs of a tree and why: data, weights or definition."""
    run, other = get_run(request.actor, run_id), get_run(request.actor, other_id)
    if run.tree_id != other.tree_id:
        raise Http404
    comparison = compare_runs(run, other, tells_answers=all(may_know_answers(request, one) for one in (run, other)))
    period, _problem = period_asked(request.GET)
    context = {
        "nav": "overview", "comparison": comparison, "finding": run_words.finding(comparison),
        "moves": run_words.move_lines(comparison, language=language_of(request)),
        "reasons": run_words.reason_rows(comparison, language=language_of(request)),
        "runs": run_words.run_lines(comparison), "query": request.GET.urlencode(), "period_text": wording.period_text(period),
        **present_values(comparison, period, request.actor.scope, language_of(request), at=timezone.now()),
    }
    return render(request, "scoring/runs_compare.html", context)


def _about(request: TeamRequest, asked: ValueRequest) -> dict[str, Any]:
    """What stands on the page of a value whether or not its run can still be read."""
    run = asked.run
    tells_answers = may_know_answers(request, run)
    return {
        "nav": "overview", "run": run, "runs": _listed_runs(run.tree),
        "method": describe_method(run, language=language_of(request), tells_answers=tells_answers),
        "period": asked.period, "period_text": wording.period_text(asked.period), "node_key": asked.node,
        "overview_query": asked.overview, "value_query": asked.address(),
        "problem": asked.problem, "run_weighting": weighting_name(run.provenance.get("weighting")),
    }


def _listed_runs(tree: IndicatorTree) -> list[tuple[Run, str]]:
    """The newest runs, each with the name of its weight set."""
    return [(one, weight_set_name(one.weight_set)) for one in selectors.list_runs(tree=tree)[:RUNS_LISTED]]
