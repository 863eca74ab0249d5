"""What a change of a tree is answered with: the page of the tree, or the tree alone where a script asks for it.

Two people may work on one tree. Every form says which tree it belongs to and which revision of it was on the
screen, so that whoever comes second, also to an indicator that is gone, reads what happened and loses no page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from accounts.access import TeamRequest
from analytics.indicators import access, selectors
from analytics.indicators.changing import CHANGED, TreeError
from analytics.indicators.models import Indicator, IndicatorTree
from analytics.indicators.sentences import sentence

CONFLICT: Final = 409
STATUS: Final = {CHANGED: CONFLICT}

NodeView = Callable[[TeamRequest, Indicator], HttpResponse]


def node_view(view: NodeView) -> Callable[..., HttpResponseBase]:
    """Open a view with its indicator; one that somebody has removed meanwhile leads to its tree as it is now."""

    @wraps(view)
    def opened(request: TeamRequest, indicator_id: int) -> HttpResponse:
        try:
            node = access.get_indicator(request.actor, indicator_id)
        except Http404:
            return tell_it_is_gone(request)
        return view(request, node)

    return opened


def tell_it_is_gone(request: TeamRequest) -> HttpResponse:
    """Say that the tree of a posted form has changed; Http404 where the form names no tree of the team."""
    tree = access.get_tree(request.actor, posted_number(request, "tree") or 0)
    return refuse(request, tree, TreeError(CHANGED))


def posted_number(request: TeamRequest, name: str) -> int | None:
    """Return a number that a form carries along, None where it carries none."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def refuse(request: TeamRequest, tree: IndicatorTree, error: TreeError) -> HttpResponse:
    """Say why nothing was changed and show the tree as it is."""
    return answer(request, tree, sentence(error.code, error.details), STATUS.get(error.code, 422))


def answer(request: TeamRequest, tree: IndicatorTree, said: str, status: int = 200) -> HttpResponse:
    """Say what came of a change: on the page of the tree, or beside the tree alone where a script asked."""
    if request.headers.get("X-Requested-With") != "fetch":
        messages.add_message(request, messages.SUCCESS if status == 200 else messages.ERROR, said)
        return redirect("indicators:tree", tree.pk)
    tree.refresh_from_db()
    branches = selectors.list_branches(tree=tree)
    return render(request, "indicators/_tree_body.html", {
        "tree": tree, "branches": branches, "said": said, "is_refused": status != 200,
        "texts": selectors.question_texts(sources=[one for branch in branches for one in branch.sources]),
    }, status=status)
