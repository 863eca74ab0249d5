"""How a view of results is opened: to whom, with which selection, and what stands there before the first run."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.asked import Problems
from accounts.roles import Permission
from analytics.dashboards import first_use
from analytics.dashboards.access import get_tree
from analytics.dashboards.next_steps import PURPOSES, next_step
from analytics.dashboards.selection import Selection, read_selection
from analytics.dashboards.stamp import present_refusal
from analytics.indicators.models import IndicatorTree
from analytics.scoring.refusals import get_refusal

ResultsView = Callable[[TeamRequest, Selection], HttpResponseBase]


def results_page(page: str | None = None) -> Callable[[ResultsView], Callable[..., HttpResponseBase]]:
    """Open a view to those who may see results, with what the address selects.

    Before the first run say what the `page` is for (see `PURPOSES`); without one go to the overview.
    """

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


def not_exported(request: TeamRequest, problems: Problems) -> HttpResponse:
    """Say what a file was asked for that means nothing: nobody looks at a file's address again."""
    return render(request, "dashboards/not_exported.html", {"problems": problems}, status=400)


def not_yet(request: TeamRequest, page: str, tree: IndicatorTree | None) -> HttpResponse:
    """Say what a page will show, and what comes next."""
    progress = first_use.get_progress(team=request.actor.team)
    return render(request, "dashboards/not_yet.html", {
        "nav": page, "purpose": PURPOSES[page], "next_step": next_step(actor=request.actor, progress=progress),
        "refused": present_refusal(get_refusal(tree=tree), tree) if tree is not None else None,
    })
