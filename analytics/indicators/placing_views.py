"""Moving indicators about on the page of their tree.

With script the page asks for the tree alone, as the server sees it after the move or after refusing it;
without, the same addresses lead back to the whole page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.indicators.changing import TreeError
from analytics.indicators.forms import PlaceForm, ShiftForm
from analytics.indicators.models import Indicator
from analytics.indicators.placing import DOWN, UP, Placed, place_indicator, shift_indicator
from analytics.indicators.replies import answer, node_view, refuse
from surveys.design.document import text_in


@require_POST
@team_view(Permission.DESIGN)
@node_view
def indicator_place(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Put an indicator before, after or inside another one."""
    return _moved(request, node, PlaceForm(request.POST), lambda data, at: place_indicator(
        indicator=node, target_id=data["target"], where=data["where"], revision=data["revision"],
        user=request.actor.user, at=at,
    ))


@require_POST
@team_view(Permission.DESIGN)
@node_view
def indicator_shift(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Move an indicator one place up or down among its siblings."""
    return _moved(request, node, ShiftForm(request.POST), lambda data, at: shift_indicator(
        indicator=node, step=UP if data["direction"] == "up" else DOWN, revision=data["revision"],
        user=request.actor.user, at=at,
    ))


def _moved(
    request: TeamRequest, node: Indicator, form: Form, service: Callable[[dict[str, Any], datetime], Placed]
) -> HttpResponse:
    """Read where to, call the service, note what has moved, and say where it stands now."""
    at = timezone.now()
    try:
        if not form.is_valid():
            raise TreeError("place_gone")
        placed = service(form.cleaned_data, at)
    except TreeError as error:
        return refuse(request, node.tree, error)
    if placed.is_moved:
        record_event(
            actor=request.actor, action="indicator.moved", target=f"tree {node.tree_id}", name=node.tree.names,
            at=at, detail={"key": node.key, "indicator": node.names, "below": placed.parent.key, "place": placed.place},
        )
    return answer(request, node.tree, _where(placed))


def _where(placed: Placed) -> str:
    language = get_language() or "en"
    return _("“%(name)s” is number %(place)d of %(count)d below “%(parent)s”.") % {
        "name": text_in(placed.indicator.names, language) or placed.indicator.key, "place": placed.place,
        "count": placed.count, "parent": text_in(placed.parent.names, language) or placed.parent.key,
    }
