"""The pages that managers read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Actor, TeamRequest, team_view
from accounts.roles import Permission
from analytics.dashboards import comments, exports, first_use
from analytics.dashboards.access import get_tree, trees_for
from analytics.dashboards.filterbar import build_filter_bar
from analytics.dashboards.forms import CommentFilters
from analytics.dashboards.method import describe_method
from analytics.dashboards.overview import read_overview
from analytics.dashboards.presentation import (
    filters_text,
    level_name,
    present_comments,
    present_overview,
    present_stamp,
)
from analytics.dashboards.selection import Selection, parse_selection
from analytics.indicators.models import IndicatorTree
from analytics.scoring import selectors
from analytics.scoring.results import Freshness

NO_RUN = 0
"""What stands for the run in pages made before the first one."""


@require_safe
@team_view(Permission.VIEW_RESULTS)
def overview(request: TeamRequest) -> HttpResponse:
    """Show the overview; before the first run, what is still to be done."""
    at = timezone.now()
    tree = get_tree(request.actor, request.GET.get("survey", ""))
    selection = select(request, tree, at)
    if selection is None:
        return render(request, "dashboards/first_use.html", first_use_context(request, tree, at))
    canonical = selection.query()
    if not selection.ignored and request.GET.urlencode() != canonical:
        return redirect(with_query(reverse("dashboards:overview"), canonical))
    page = read_overview(selection=selection)
    context = present_overview(page, selection, language=language_of(request), at=at)
    if not page.responses and not page.is_withheld:
        context |= emptiness(request, selection)
    return render(request, "dashboards/overview.html", shared_context(request, selection, "overview") | context)


@require_safe
@team_view(Permission.VIEW_RESULTS)
def live(request: TeamRequest) -> JsonResponse:
    """Say in a few bytes whether there is a newer run and how new the answers are."""
    at = timezone.now()
    tree = get_tree(request.actor, request.GET.get("survey", ""))
    if tree is None:
        return JsonResponse({"run": NO_RUN, "stamp": "", "is_stale": False})
    fresh = selectors.freshness(tree=tree)
    stamp = present_stamp(fresh, at=at)
    return JsonResponse({"run": fresh.run_id or NO_RUN, "stamp": stamp.text, "is_stale": stamp.is_stale})


@require_safe
@team_view(Permission.VIEW_RESULTS)
def export(request: TeamRequest) -> HttpResponse | StreamingHttpResponse:
    """Send every number of the overview as CSV."""
    selection = select(request, get_tree(request.actor, request.GET.get("survey", "")), timezone.now())
    if selection is None:
        return redirect("dashboards:overview")
    page = read_overview(selection=selection)
    rows = exports.overview_rows(page, language_of(request))
    response = StreamingHttpResponse(exports.stream_csv(rows), content_type="text/csv; charset=utf-8")
    name = f"overview-{page.tree_id}-{''.join(c if c.isalnum() else '-' for c in page.period.key)}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name if name.isascii() else "overview.csv"}"'
    return response


@require_safe
@team_view(Permission.VIEW_RESULTS)
def method(request: TeamRequest) -> HttpResponse:
    """Explain how the numbers are calculated, from the registry and the run itself."""
    selection = select(request, get_tree(request.actor, request.GET.get("survey", "")), timezone.now())
    if selection is None:
        return redirect("dashboards:overview")
    described = describe_method(selection.run, language=language_of(request))
    return render(request, "dashboards/method.html", {"nav": "overview", "method": described, "selection": selection})


@require_safe
@team_view(Permission.VIEW_RESULTS)
def comment_list(request: TeamRequest) -> HttpResponse:
    """Show comments page by page."""
    selection = select(request, get_tree(request.actor, request.GET.get("survey", "")), timezone.now())
    if selection is None:
        return redirect("dashboards:overview")
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


def select(request: TeamRequest, tree: IndicatorTree | None, at: datetime) -> Selection | None:
    """Parse the address against the tree's last finished run; None before the first."""
    run = selectors.get_latest_run(tree=tree) if tree is not None else None
    if tree is None or run is None:
        return None
    return parse_selection(
        tree=tree, run=run, query=request.GET, scope=request.actor.scope, today=today_of(request.actor, at)
    )


def shared_context(request: TeamRequest, selection: Selection, nav: str) -> dict[str, Any]:
    """What the pages with filters have in common."""
    language = language_of(request)
    return {
        "nav": nav, "waiting": selection.reading.waiting, "selection": selection,
        "query": selection.query(), "filters_query": selection.filters_query(),
        "bar": build_filter_bar(selection, trees_for(request.actor), language=language),
        "live_url": with_query(reverse("dashboards:live"), selection.query(period="", compare="", by="")),
    }


def emptiness(request: TeamRequest, selection: Selection) -> dict[str, Any]:
    """Say that nothing answers the filters, and which of them to take away."""
    key = first_use.find_emptying_dimension(selection=selection)
    dimension = selection.known.dimension(key) if key else None
    language = language_of(request)
    return {
        "is_empty": True,
        "emptied_by": [level_name(dimension, level, language) for level in selection.filters[key]] if key else [],
        "emptied_query": selection.without(key) if key else selection.query(period=""),
    }


def first_use_context(request: TeamRequest, tree: IndicatorTree | None, at: datetime) -> dict[str, Any]:
    """What the page before the first run shows."""
    trees = trees_for(request.actor)
    example = trees.filter(is_example=True, runs__isnull=False).distinct().first()
    fresh = selectors.freshness(tree=tree) if tree is not None else Freshness(None, None, 0, None, False, None)
    word = request.GET.get("survey", "")
    return {
        "nav": "overview", "progress": first_use.get_progress(team=request.actor.team), "tree": tree,
        "example": example, "stamp": present_stamp(fresh, at=at),
        "live_url": with_query(reverse("dashboards:live"), f"survey={word}" if word else ""),
    }


def today_of(actor: Actor, at: datetime) -> date:
    """The day in the team's time zone."""
    return at.astimezone(ZoneInfo(actor.team.time_zone)).date()


def language_of(request: HttpRequest) -> str:
    """The language the page is written in."""
    return str(request.LANGUAGE_CODE)


def with_query(path: str, query: str) -> str:
    """Join a path and a query."""
    return f"{path}?{query}" if query else path
