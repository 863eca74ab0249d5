"""What a change of a tree is answered with: the page of the tree, or the tree alone where a script asks for it.

Two people may work on one tree. Every form says which tree it belongs to and which revision of it was on the
screen, so that whoever comes second, also to an indicator that is gone, reads what happened and loses no page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.access import TeamRequest
from analytics.indicators import access, selectors
from analytics.indicators.changing import CHANGED, TreeError
from analytics.indicators.hooks import get_figures
from analytics.indicators.models import Indicator, IndicatorTree, WeightSet
from analytics.indicators.sentences import sentence

CONFLICT: Final = 409
STATUS: Final = {CHANGED: CONFLICT}

MOVED: Final = "moved"
"""Under which name the address of a tree says which set a move has made, so that it can be taken back."""

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
    return get_number(request.POST, name)


def get_number(given: QueryDict, name: str) -> int | None:
    """Return a number that a form or an address carries, None where it carries none."""
    text = given.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def refuse(request: TeamRequest, tree: IndicatorTree, error: TreeError) -> HttpResponse:
    """Say why nothing was changed and show the tree as it is."""
    return answer(request, tree, sentence(error.code, error.details), STATUS.get(error.code, 422))


def is_script(request: TeamRequest) -> bool:
    """Tell whether a script asks, which puts the reply into the page that is open."""
    return request.headers.get("X-Requested-With") == "fetch"


def answer(
    request: TeamRequest, tree: IndicatorTree, said: str, status: int = 200, undo: WeightSet | None = None
) -> HttpResponse:
    """Say what came of a change: on the page of the tree, or beside the tree alone where a script asked.

    `undo` is the set that a move made, which can be taken back.
    """
    if not is_script(request):
        if undo is not None:
            return redirect(f"{reverse('indicators:tree', args=[tree.pk])}?{MOVED}={undo.number}")
        messages.add_message(request, messages.SUCCESS if status == 200 else messages.ERROR, said)
        return redirect("indicators:tree", tree.pk)
    tree.refresh_from_db()
    branches = selectors.list_branches(tree=tree)
    return render(request, "indicators/_tree_reply.html", {
        "tree": tree, "branches": branches, "said": said, "is_refused": status != 200, "undo": undo,
        "texts": selectors.question_texts(sources=[one for branch in branches for one in branch.sources]),
        "figures": get_figures(request.actor, tree, timezone.now()),
        "weight_sets": selectors.list_weight_sets(tree=tree)[: selectors.SETS_BESIDE_A_TREE],
    }, status=status)
