"""The overview: the page, how new it is, and its numbers as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from analytics.dashboards import exports, first_use, origins
from analytics.dashboards.access import get_tree, mark_of, trees_for
from analytics.dashboards.next_steps import next_step
from analytics.dashboards.opening import not_exported, results_page
from analytics.dashboards.overview import cards_cache, page_cache
from analytics.dashboards.overview.cards_cache import Figures
from analytics.dashboards.overview.marks import Mark
from analytics.dashboards.overview.read import read_overview
from analytics.dashboards.page_context import emptiness, language_of, shared_context, with_query
from analytics.dashboards.selection import Selection, find_problems, read_selection
from analytics.dashboards.stamp import present_refusal, present_stamp
from analytics.dashboards.weighting.present import chosen_name, weighting_choices
from analytics.dashboards.weighting.reading import weighting_problem, with_weighting
from analytics.dashboards.wording import filters_text, period_text
from analytics.indicators.models import IndicatorTree
from analytics.scoring import selectors
from analytics.scoring.results import Freshness

NO_RUN = 0
"""What stands for the run in pages made before the first one."""
NO_RESULTS = Freshness(
    run_id=None, finished_at=None, responses=0, newest_response_at=None, is_pending=False, waiting_since_at=None
)


@require_safe
@team_view(Permission.VIEW_RESULTS)
def overview(request: TeamRequest) -> HttpResponse:
    """Show the overview; before the first run, what is still to be done."""
    at = timezone.now()
    mark = mark_of(request.actor, request.GET.get("survey", ""))
    name = page_cache.name_of(request, mark, language=language_of(request), at=at)
    page = page_cache.find_page(name)
    if page is None:
        written = write_overview(request, mark, at)
        if isinstance(written, HttpResponse):
            return written
        page = written
        if name and mark_of(request.actor, request.GET.get("survey", "")) == mark:
            page_cache.keep_page(name, page)
    return HttpResponse(page_cache.fill_page(request, page, name=name, at=at))


def write_overview(request: TeamRequest, mark: Mark | None, at: datetime) -> page_cache.Page | HttpResponse:
    """Write the page; or reply at once before the first run, and where the address is not the canonical one."""
    tree, language = get_tree(request.actor, request.GET.get("survey", "")), language_of(request)
    selection = read_selection(actor=request.actor, tree=tree, query=request.GET, at=at)
    if selection is None:
        return render(request, "dashboards/first_use.html", first_use_context(request, tree, at))
    selection = with_weighting(selection, request.GET.get("weighting", ""))
    canonical = selection.query()
    if not selection.ignored and request.GET.urlencode() != canonical:
        return redirect(with_query(reverse("dashboards:overview"), canonical))
    figures = figures_of(request, selection, mark)
    context = shared_context(request, selection, "overview") | overview_context(selection, mark, language, at)
    if not (figures.responses or figures.is_withheld or figures.problem):
        context |= emptiness(request, selection)
    return page_cache.write_page(
        request, selection, figures, context=context, language=language, is_mailed=mark is None or mark.is_mailed
    )


def figures_of(request: TeamRequest, selection: Selection, mark: Mark | None) -> Figures:
    """The cards: kept ones, or written now and kept if nothing they are made from has moved meanwhile."""
    language, name = language_of(request), ""
    if mark is not None and mark.freshness.run_id == selection.newest.pk:
        name = cards_cache.name_of(mark, actor=request.actor, selection=selection, language=language)
    found = cards_cache.find_figures(name)
    if found is not None:
        return found
    written = cards_cache.write_figures(selection=selection, language=language)
    now = mark_of(request.actor, request.GET.get("survey", "")) if name else None
    if mark is not None and now is not None and now.meaning == mark.meaning:
        cards_cache.keep_figures(name, written)
    return written


def overview_context(selection: Selection, mark: Mark | None, language: str, at: datetime) -> dict[str, Any]:
    """What stands around the cards."""
    fresh = mark.freshness if mark is not None else selectors.freshness(tree=selection.tree)
    # Where anonymity was promised nothing is weighted, so there is nothing to choose.
    choices = [] if selection.reading.rules.k else weighting_choices(selection.tree, selection.weighting)
    return {
        "stamp": present_stamp(fresh, at=at, scope=selection.scope), "period_text": period_text(selection.period),
        "filters_text": filters_text(selection, language), "weightings": choices,
        "weighting_name": chosen_name(choices),
        "unweighted_query": selection.query(weighting=""),
    }


@require_safe
@team_view(Permission.VIEW_RESULTS)
def live(request: TeamRequest) -> JsonResponse:
    """Say in a few bytes whether there is a newer run and how new the answers are."""
    at, word = timezone.now(), request.GET.get("survey", "")
    mark = mark_of(request.actor, word)
    if mark is None:
        tree = get_tree(request.actor, word)
        fresh = selectors.freshness(tree=tree) if tree is not None else NO_RESULTS
    else:
        fresh = mark.freshness
    stamp = present_stamp(fresh, at=at, scope=request.actor.scope)
    return JsonResponse({
        "run": f"{fresh.run_id}{stamp.run_suffix}" if stamp.run_suffix else fresh.run_id or NO_RUN,
        "stamp": stamp.text if fresh is not NO_RESULTS else "", "is_stale": stamp.is_stale,
    })


@results_page()
def export(request: TeamRequest, selection: Selection) -> HttpResponseBase:
    """Send every number of the overview as CSV; where they cannot be weighted as asked for, the page says why."""
    selection = with_weighting(selection, request.GET.get("weighting", ""))
    problems = find_problems(selection, request.GET, "weighting")
    if problems:
        return not_exported(request, problems)
    if weighting_problem(selection):
        return redirect(with_query(reverse("dashboards:overview"), selection.query()))
    page = read_overview(selection=selection)
    rows = exports.overview_rows(page, language_of(request))
    return origins.file_reply(
        rows, origins.origin_of(selection, weighting=selection.weighting), kind="overview", tree=page.tree_id, periods=[page.period]
    )


def first_use_context(request: TeamRequest, tree: IndicatorTree | None, at: datetime) -> dict[str, Any]:
    """What the page before the first run shows."""
    trees = trees_for(request.actor)
    example = trees.filter(is_example=True, runs__isnull=False).distinct().first()
    fresh = selectors.freshness(tree=tree) if tree is not None else NO_RESULTS
    word = request.GET.get("survey", "")
    progress = first_use.get_progress(team=request.actor.team)
    return {
        "nav": "overview", "progress": progress, "tree": tree,
        "next_step": next_step(actor=request.actor, progress=progress),
        "example": example, "stamp": present_stamp(fresh, at=at),
        "refused": present_refusal(fresh.refusal, tree) if tree is not None else None,
        "live_url": with_query(reverse("dashboards:live"), f"survey={word}" if word else ""),
    }
