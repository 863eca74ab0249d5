"""Moving indicators about on the page of their tree.

With script the page asks for the tree alone, as the server sees it after the move or after refusing it;
without, the same addresses lead back to the whole page. A move under another parent changes weights, so it is
asked about first: in a dialog, or on a page of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.indicators import access
from analytics.indicators.changing import CHANGED, NO_REASON, TreeError
from analytics.indicators.forms import MoveForm, PlaceForm, ShiftForm
from analytics.indicators.models import Indicator
from analytics.indicators.placing import DOWN, INSIDE, UP, Placed, place_indicator, shift_indicator
from analytics.indicators.replies import answer, is_script, node_view, posted_number, refuse
from analytics.indicators.selectors import get_weight_set_in_force
from analytics.indicators.sentences import sentence
from analytics.indicators.undoing import undo_move
from analytics.indicators.views import indicator_page
from surveys.design.document import text_in


@require_POST
@team_view(Permission.DESIGN)
@node_view
def indicator_place(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Put an indicator before, after or inside another one; under another parent ask first."""
    return _placed(request, node, PlaceForm(request.POST))


@require_POST
@team_view(Permission.DESIGN)
@node_view
def indicator_move(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Hang an indicator below another one, chosen on its own page."""
    chosen = MoveForm(request.POST, tree=node.tree)
    if not chosen.is_valid():
        if posted_number(request, "revision") not in (None, node.tree.definition_revision):
            # The place that was chosen may be gone: say that, rather than that it is no choice.
            return refuse(request, node.tree, TreeError(CHANGED))
        return indicator_page(request, node, move=chosen, status=422)
    return _placed(request, node, PlaceForm({
        "target": chosen.cleaned_data["parent"].pk, "where": INSIDE, "reason": request.POST.get("reason", ""),
        "revision": posted_number(request, "revision") or node.tree.definition_revision,
    }))


@require_POST
@team_view(Permission.DESIGN)
@node_view
def indicator_shift(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Move an indicator one place up or down among its siblings."""
    return _moved(request, node, ShiftForm(request.POST), lambda data, at: shift_indicator(
        indicator=node, step=UP if data["direction"] == "up" else DOWN, revision=data["revision"],
        user=request.actor.user, at=at,
    ))


@require_POST
@team_view(Permission.DESIGN)
def weight_set_undo(request: TeamRequest, weight_set_id: int) -> HttpResponse:
    """Take the move back that made these weights."""
    made, at = access.get_weight_set(request.actor, weight_set_id), timezone.now()
    try:
        node = undo_move(
            weight_set=made, revision=posted_number(request, "revision"), user=request.actor.user, at=at
        )
    except TreeError as error:
        return refuse(request, made.tree, error)
    assert node.parent is not None
    record_event(
        actor=request.actor, action="indicator.move_undone", target=f"tree {made.tree_id}", name=made.tree.names, at=at,
        detail={"key": node.key, "indicator": node.names, "below": node.parent.key},
    )
    return answer(request, made.tree, _("Undone: “%(name)s” is back below “%(parent)s”, with the weights from before.") % {
        "name": _name(node), "parent": _name(node.parent),
    })


def _placed(request: TeamRequest, node: Indicator, form: PlaceForm) -> HttpResponse:
    return _moved(request, node, form, lambda data, at: place_indicator(
        indicator=node, target_id=data["target"], where=data["where"], revision=data["revision"],
        user=request.actor.user, at=at, reason=data["reason"],
    ))


def _moved(
    request: TeamRequest, node: Indicator, form: Form, service: Callable[[dict[str, Any], datetime], Placed]
) -> HttpResponse:
    """Read where to, call the service, note what has moved, and say where it stands now."""
    at = timezone.now()
    try:
        if not form.is_valid():
            raise TreeError(NO_REASON if set(form.errors) == {"reason"} else "place_gone")
        placed = service(form.cleaned_data, at)
    except TreeError as error:
        return _asked(request, node, form) if error.code == NO_REASON else refuse(request, node.tree, error)
    if not placed.is_moved:
        return answer(request, node.tree, _where(placed))
    weight_set = get_weight_set_in_force(tree=node.tree) if placed.is_elsewhere else None
    reasons = {"reason": weight_set.reason, "number": weight_set.number} if weight_set else {}
    record_event(
        actor=request.actor, action="indicator.moved", target=f"tree {node.tree_id}", name=node.tree.names, at=at,
        detail={"key": node.key, "indicator": node.names, "below": placed.parent.key, "place": placed.place, **reasons},
    )
    return answer(request, node.tree, _where(placed), undo=weight_set)


def _asked(request: TeamRequest, node: Indicator, form: Form) -> HttpResponse:
    """Ask whether weights are to change, and why; who has sent no reason where one was asked for reads so."""
    data = form.cleaned_data
    target = node.tree.indicators.select_related("parent").filter(pk=data["target"]).first()
    parent = target if target is None or data["where"] == INSIDE else target.parent
    if parent is None:
        return refuse(request, node.tree, TreeError("place_gone"))
    form.fields["reason"].required = True  # Not for a move among siblings, hence not by the form itself.
    is_first = "ask" in request.POST
    if not is_first and "reason" not in form.errors:
        form.add_error("reason", sentence(NO_REASON))
    question = _("Move “%(name)s” to “%(parent)s”? The weights of both branches are recalculated and a new series starts.") % {
        "name": _name(node), "parent": _name(parent),
    }
    template = "indicators/_move_question.html" if is_script(request) else "indicators/move.html"
    return render(request, template, {
        "node": node, "tree": node.tree, "form": form, "question": question, "nav": "indicators",
    }, status=200 if is_first else 422)


def _where(placed: Placed) -> str:
    if placed.is_elsewhere:
        return _("Moved; the weights changed.")
    return _("“%(name)s” is number %(place)d of %(count)d below “%(parent)s”.") % {
        "name": _name(placed.indicator), "place": placed.place, "count": placed.count, "parent": _name(placed.parent),
    }


def _name(node: Indicator) -> str:
    return text_in(node.names, get_language() or "en") or node.key
