"""The pages that managers read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from analytics.dashboards import comments, exports, figures_kept, first_use, origins, overview_page
from analytics.dashboards.access import get_tree, mark_of, trees_for
from analytics.dashboards.figures_kept import Figures
from analytics.dashboards.filterbar import build_filter_bar
from analytics.dashboards.forms import CommentFilters
from analytics.dashboards.marks import Mark
from analytics.dashboards.method import describe_method
from analytics.dashboards.next_steps import PURPOSES, next_step
from analytics.dashboards.overview import read_overview
from analytics.dashboards.presentation import (
    filters_text,
    level_name,
    present_comments,
)
from analytics.dashboards.selection import Selection, find_problems, read_selection
from analytics.dashboards.series import build_series_bar
from analytics.dashboards.stamp import present_refusal, present_stamp
from analytics.dashboards.weighted_page import weighting_problem, with_weighting
from analytics.dashboards.weighting_text import chosen_name, weighting_choices
from analytics.dashboards.wording import period_text
from analytics.indicators.models import IndicatorTree
from analytics.scoring import selectors
from analytics.scoring.asked import Problems
from analytics.scoring.coverage import anonymous_questionnaires, tells_its_answers
from analytics.scoring.models import Run
from analytics.scoring.refusals import get_refusal
from analytics.scoring.results import Freshness

NO_RUN = 0
"""What stands for the run in pages made before the first one."""
NO_RESULTS = Freshness(None, None, 0, None, False, None)

ResultsView = Callable[[TeamRequest, Selection], HttpResponseBase]


def results_view(view: ResultsView) -> Callable[..., HttpResponseBase]:
    """Open a view to those who may see results, with what the address selects; before the first run go to the overview."""
    return results_page("")(view)


def results_page(page: str) -> Callable[[ResultsView], Callable[..., HttpResponseBase]]:
    """Open a page of results like `results_view`; before the first run say what the page is for (see `PURPOSES`)."""

    def decorate(view: ResultsView) -> Callable[..., HttpResponseBase]:
        @require_safe
        @team_view(Permission.VIEW_RESULTS)
        @wraps(view)
        def opened(request: TeamRequest) -> HttpResponseBase:
            tree = get_tree(request.actor, request.GET.get("survey", ""))
            selection = read_selection(actor=request.actor, tree=tree, query=request.GET, at=timezone.now())
            if selection is None:
                return not_yet(request, page, tree) if page else redirect("dashboards:overview")
            return view(request, selection)

        return opened

    return decorate


def not_yet(request: TeamRequest, page: str, tree: IndicatorTree | None) -> HttpResponse:
    """Say what a page will show, and what comes next."""
    progress = first_use.get_progress(team=request.actor.team)
    return render(request, "dashboards/not_yet.html", {
        "nav": page, "purpose": PURPOSES[page], "next_step": next_step(actor=request.actor, progress=progress),
        "refused": present_refusal(get_refusal(tree=tree), tree) if tree is not None else None,
    })


@require_safe
@team_view(Permission.VIEW_RESULTS)
def overview(request: TeamRequest) -> HttpResponse:
    """Show the overview; before the first run, what is still to be done."""
    at = timezone.now()
    mark = mark_of(request.actor, request.GET.get("survey", ""))
    name = overview_page.name_of(request, mark, language=language_of(request), at=at)
    page = overview_page.find_page(name)
    if page is None:
        written = write_overview(request, mark, at)
        if isinstance(written, HttpResponse):
            return written
        page = written
        if name and mark_of(request.actor, request.GET.get("survey", "")) == mark:
            overview_page.keep_page(name, page)
    return HttpResponse(overview_page.fill_page(request, page, name=name, at=at))


def write_overview(request: TeamRequest, mark: Mark | None, at: datetime) -> overview_page.Page | HttpResponse:
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
    return overview_page.write_page(
        request, selection, figures, context=context, language=language, is_mailed=mark is None or mark.is_mailed
    )


def figures_of(request: TeamRequest, selection: Selection, mark: Mark | None) -> Figures:
    """The cards: kept ones, or written now and kept if nothing they are made from has moved meanwhile."""
    language, name = language_of(request), ""
    if mark is not None and mark.freshness.run_id == selection.newest.pk:
        name = figures_kept.name_of(mark, actor=request.actor, selection=selection, language=language)
    found = figures_kept.find_figures(name)
    if found is not None:
        return found
    written = figures_kept.write_figures(selection=selection, language=language)
    now = mark_of(request.actor, request.GET.get("survey", "")) if name else None
    if mark is not None and now is not None and now.meaning == mark.meaning:
        figures_kept.keep_figures(name, written)
    return written


def overview_context(selection: Selection, mark: Mark | None, language: str, at: datetime) -> dict[str, Any]:
    """What stands around the cards."""
    fresh = mark.freshness if mark is not None else selectors.freshness(tree=selection.tree)
    # Where anonymity was promised nothing is weighted, so there is nothing to choose.
    choices = [] if selection.reading.rules.k else weighting_choices(selection.tree, selection.weighting)
    return {
        "stamp": present_stamp(fresh, at=at), "period_text": period_text(selection.period),
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
    stamp = present_stamp(fresh, at=at)
    return JsonResponse({
        "run": f"{fresh.run_id}{stamp.run_suffix}" if stamp.run_suffix else fresh.run_id or NO_RUN,
        "stamp": stamp.text if fresh is not NO_RESULTS else "", "is_stale": stamp.is_stale,
    })


@results_view
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


def not_exported(request: TeamRequest, problems: Problems) -> HttpResponse:
    """Say what a file was asked for that means nothing: nobody looks at a file's address again."""
    return render(request, "dashboards/not_exported.html", {"problems": problems}, status=400)


@results_view
def method(request: TeamRequest, selection: Selection) -> HttpResponse:
    """Explain how the numbers are calculated, from the registry and the run itself."""
    tells = may_know_answers(request, selection.run)
    described = describe_method(selection.run, language=language_of(request), tells_answers=tells)
    return render(request, "dashboards/method.html", {"nav": "overview", "method": described, "selection": selection})


@results_page("comments")
def comment_list(request: TeamRequest, selection: Selection) -> HttpResponse:
    """Show comments page by page."""
    form = CommentFilters(request.GET)
    wanted = form.wanted()
    whole = selection.reading.period(selection.period, nodes=())
    found = comments.list_comments(
        selection=selection, is_withheld=whole.is_withheld, search=wanted.search,
        mood=wanted.mood, page=wanted.page,
    )
    extra = {"q": wanted.search, "score": wanted.mood.value if wanted.mood else ""}
    context = {
        "found": found, "form": form, "wanted": wanted, "needed": selection.tree.team.anonymity_k,
        "comments": present_comments(found.comments, selection.known.dimensions, language_of(request)),
        "filters_text": filters_text(selection, language_of(request)),
        "previous_query": selection.query(**extra, page=str(found.number - 1) if found.number > 2 else ""),
        "next_query": selection.query(**extra, page=str(found.number + 1)), "clear_query": selection.query(),
    }
    return render(request, "dashboards/comments.html", shared_context(request, selection, "comments") | context)


def shared_context(request: TeamRequest, selection: Selection, nav: str) -> dict[str, Any]:
    """What the pages with filters have in common."""
    language = language_of(request)
    return {
        "nav": nav, "waiting": selection.reading.waiting, "selection": selection,
        "query": selection.query(), "filters_query": selection.filters_query(), "series": build_series_bar(selection),
        "bar": build_filter_bar(selection, trees_for(request.actor), language=language),
        "live_url": with_query(reverse("dashboards:live"), selection.query(period="", compare="", by="", weighting="")),
        "refused": present_refusal(get_refusal(tree=selection.tree), selection.tree),
    }


def emptiness(request: TeamRequest, selection: Selection) -> dict[str, Any]:
    """Say which filter to take away where nothing answers all of them."""
    key = first_use.find_emptying_dimension(selection=selection)
    dimension = selection.known.dimension(key) if key else None
    language = language_of(request)
    return {
        "emptied_by": [level_name(dimension, level, language) for level in selection.filters[key]] if key else [],
        "emptied_query": selection.without(key) if key else selection.query(period=""),
    }


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


def may_know_answers(request: TeamRequest, run: Run) -> bool:
    """Whether the reader may know how many answers a run covers, and which."""
    actor = request.actor
    return tells_its_answers(run, scope=actor.scope, anonymous=anonymous_questionnaires(team=actor.team))


def language_of(request: HttpRequest) -> str:
    """The language the page is written in."""
    return str(request.LANGUAGE_CODE)


def with_query(path: str, query: str) -> str:
    """Join a path and a query."""
    return f"{path}?{query}" if query else path
