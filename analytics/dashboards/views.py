"""Pages beside the overview: how the numbers are calculated, and the comments."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import TeamRequest
from analytics.dashboards import comments
from analytics.dashboards.forms import CommentFilters
from analytics.dashboards.method import describe_method
from analytics.dashboards.opening import results_page
from analytics.dashboards.overview.present import present_comments
from analytics.dashboards.page_context import language_of, may_know_answers, shared_context
from analytics.dashboards.selection import Selection
from analytics.dashboards.wording import comments_text, filters_text


@results_page()
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
    counted = comments.count_comments(selection=selection, search=wanted.search, mood=wanted.mood) if found.comments else None
    extra = {"q": wanted.search, "score": wanted.mood.value if wanted.mood else ""}
    context = {
        "found": found, "finding": comments_text(counted) if counted else "",
        "form": form, "wanted": wanted, "needed": selection.tree.team.anonymity_k,
        "comments": present_comments(found.comments, selection.known.dimensions, language_of(request)),
        # No comment is compared with anything.
        "filters_text": filters_text(replace(selection, previous=None), language_of(request)),
        "previous_query": selection.query(**extra, page=str(found.number - 1) if found.number > 2 else ""),
        "next_query": selection.query(**extra, page=str(found.number + 1)), "clear_query": selection.query(),
    }
    return render(request, "dashboards/comments.html", shared_context(request, selection, "comments") | context)
