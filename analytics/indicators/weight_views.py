"""The Weights page: what weights there are, what others would give, and choosing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.indicators import access, selectors
from analytics.indicators.changing import TreeError
from analytics.indicators.comparison_view import comparison_of
from analytics.indicators.models import IndicatorTree
from analytics.indicators.panel_selectors import list_panels, list_panel_nodes
from analytics.indicators.sentences import sentence
from analytics.indicators.weight_choice import ask_for_comparison, choose_candidate
from analytics.indicators.weight_forms import ChoiceForm, PanelForm


@require_safe
@team_view(Permission.VIEW_RESULTS)
def weights_home(request: TeamRequest) -> HttpResponse:
    """List the trees whose weights can be looked at; a single one opens at once."""
    trees = list(selectors.list_trees(team=request.actor.team))
    if len(trees) == 1:
        return redirect("indicators:weights", trees[0].pk)
    return render(request, "indicators/weights_home.html", {"trees": trees, "nav": "weights"})


@require_safe
@team_view(Permission.VIEW_RESULTS)
def weights(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Show a tree's weight sets side by side."""
    return _page(request, access.get_tree(request.actor, tree_id))


@require_POST
@team_view(Permission.DESIGN)
def weights_compare(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Have the candidates compared anew."""
    tree = access.get_tree(request.actor, tree_id)
    ask_for_comparison(tree=tree, at=timezone.now())
    messages.success(request, _("The comparison is being computed. Load the page again in a moment."))
    return redirect("indicators:weights", tree.pk)


@require_POST
@team_view(Permission.DESIGN)
def weights_choose(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Put a candidate in force: a new series begins."""
    tree = access.get_tree(request.actor, tree_id)
    comparison = comparison_of(tree, get_language() or "en")
    form = ChoiceForm(request.POST, candidates=comparison.choices)
    if not form.is_valid():
        return _page(request, tree, form=form, status=422)
    at, data = timezone.now(), form.cleaned_data
    try:
        made = choose_candidate(
            tree=tree, candidate=data["candidate"], user=request.actor.user, reason=data["reason"], at=at
        )
    except TreeError as error:
        form.add_error("candidate", sentence(error.code, error.details))
        return _page(request, tree, form=form, status=422)
    record_event(
        actor=request.actor, action="weights.chosen", target=f"tree {tree.pk}", at=at,
        detail={"number": made.number, "origin": made.origin, "reason": made.reason},
    )
    messages.success(request, _("A new series begins with these weights. Published results stay as they are."))
    return redirect("indicators:weights", tree.pk)


def _page(
    request: TeamRequest, tree: IndicatorTree, *, form: ChoiceForm | None = None, status: int = 200
) -> HttpResponse:
    comparison = comparison_of(tree, get_language() or "en")
    context: dict[str, Any] = {
        "tree": tree, "nav": "weights", "comparison": comparison,
        # The comparison covers all answers; whoever may see only a part of them does not get it.
        "is_scoped": bool(request.actor.scope),
        "form": form or ChoiceForm(candidates=comparison.choices),
        "weight_sets": selectors.list_weight_sets(tree=tree)[:50],
        "panels": list_panels(tree=tree), "panel_form": PanelForm(nodes=list_panel_nodes(tree=tree)),
    }
    return render(request, "indicators/weights.html", context, status=status)
