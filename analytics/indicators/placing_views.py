"""Moving indicators about on the page of their tree.

With script the page asks for the tree alone, as the server sees it after the move or after refusing it;
without, the same addresses lead back to the whole page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.indicators import access, selectors
from analytics.indicators.changing import TreeError
from analytics.indicators.forms import PlaceForm, ShiftForm
from analytics.indicators.models import Indicator, IndicatorTree
from analytics.indicators.placing import DOWN, UP, Placed, place_indicator, shift_indicator
from analytics.indicators.sentences import sentence
from surveys.design.document import text_in

STATUS: Final = {"tree_changed": 409}


@require_POST
@team_view(Permission.DESIGN)
def indicator_place(request: TeamRequest, indicator_id: int) -> HttpResponse:
    """Put an indicator before, after or inside another one."""
    node = access.get_indicator(request.actor, indicator_id)
    form = PlaceForm(request.POST)
    if not form.is_valid():
        return _refused(request, node.tree, TreeError("place_gone"))
    data = form.cleaned_data
    return _placed(request, node, lambda at: place_indicator(
        indicator=node, target_id=data["target"], where=data["where"], revision=data["revision"],
        user=request.actor.user, at=at,
    ))


@require_POST
@team_view(Permission.DESIGN)
def indicator_shift(request: TeamRequest, indicator_id: int) -> HttpResponse:
    """Move an indicator one place up or down among its siblings."""
    node = access.get_indicator(request.actor, indicator_id)
    form = ShiftForm(request.POST)
    if not form.is_valid():
        return _refused(request, node.tree, TreeError("place_gone"))
    data = form.cleaned_data
    return _placed(request, node, lambda at: shift_indicator(
        indicator=node, step=UP if data["direction"] == "up" else DOWN, revision=data["revision"],
        user=request.actor.user, at=at,
    ))


def _placed(request: TeamRequest, node: Indicator, service: Callable[[datetime], Placed]) -> HttpResponse:
    at = timezone.now()
    try:
        placed = service(at)
    except TreeError as error:
        return _refused(request, node.tree, error)
    if placed.is_moved:
        record_event(
            actor=request.actor, action="indicator.moved", target=f"tree {node.tree_id}", name=node.tree.names,
            at=at, detail={"key": node.key, "indicator": node.names, "below": placed.parent.key, "place": placed.place},
        )
    return _answer(request, node.tree, _where(placed), 200)


def _refused(request: TeamRequest, tree: IndicatorTree, error: TreeError) -> HttpResponse:
    return _answer(request, tree, sentence(error.code, error.details), STATUS.get(error.code, 422))


def _answer(request: TeamRequest, tree: IndicatorTree, said: str, status: int) -> HttpResponse:
    if request.headers.get("X-Requested-With") != "fetch":
        messages.add_message(request, messages.SUCCESS if status == 200 else messages.ERROR, said)
        return redirect("indicators:tree", tree.pk)
    tree.refresh_from_db()
    branches = selectors.list_branches(tree=tree)
    return render(request, "indicators/_tree_body.html", {
        "tree": tree, "branches": branches, "said": said, "is_refused": status != 200,
        "texts": selectors.question_texts(sources=[one for branch in branches for one in branch.sources]),
    }, status=status)


def _where(placed: Placed) -> str:
    language = get_language() or "en"
    return _("“%(name)s” is number %(place)d of %(count)d below “%(parent)s”.") % {
        "name": text_in(placed.indicator.names, language) or placed.indicator.key, "place": placed.place,
        "count": placed.count, "parent": text_in(placed.parent.names, language) or placed.parent.key,
    }
