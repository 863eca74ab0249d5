"""The Weights pages: what weights there are, what others would give, setting them by hand, and choosing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.indicators import access, selectors, services
from analytics.indicators.changing import CHANGED, TreeError
from analytics.indicators.comparison_view import ComparisonView, comparison_of
from analytics.indicators.hand_weights import EQUAL, SCALE, WeightsForm, filled
from analytics.indicators.hooks import get_figures, list_run_problems
from analytics.indicators.models import Indicator, IndicatorTree, WeightSet
from analytics.indicators.panel_selectors import list_panel_nodes, list_panels
from analytics.indicators.replies import STATUS, node_view, posted_number, refuse
from analytics.indicators.sentences import sentence
from analytics.indicators.weight_change import change_to, changes_between, index_question
from analytics.indicators.weight_choice import (
    ask_for_comparison,
    check_fit,
    choose_candidate,
    choose_weight_set,
)
from analytics.indicators.weight_forms import ChoiceForm, PanelForm, ReasonForm
from analytics.indicators.weight_words import basis_sentence, method_name, weight_set_name

WEIGHTS_CHANGED: Final = "weights_changed"
"""What the conflict is called where the page keeps what was typed."""


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
    """Show a tree's weights side by side, and what one candidate would change."""
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
    data = form.cleaned_data
    try:
        made = choose_candidate(
            tree=tree, candidate=data["candidate"], user=request.actor.user, reason=data["reason"], at=timezone.now()
        )
    except TreeError as error:
        form.add_error("candidate", sentence(error.code, error.details))
        return _page(request, tree, form=form, status=422)
    return _begun(request, made, "weights.chosen")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def weight_set_choose(request: TeamRequest, weight_set_id: int) -> HttpResponse:
    """Show what an existing weight set would change; a POST puts it in force."""
    found = access.get_weight_set(request.actor, weight_set_id)
    if request.method != "POST":
        return _set_page(request, found, ReasonForm())
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _set_page(request, found, form, status=422)
    try:
        made = choose_weight_set(
            weight_set=found, user=request.actor.user, reason=form.cleaned_data["reason"], at=timezone.now()
        )
    except TreeError as error:
        form.add_error(None, sentence(error.code, error.details))
        return _set_page(request, found, form, status=422)
    return _begun(request, made, "weights.chosen")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def tree_equal(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Show what equal weights would change; a POST makes all weights equal."""
    tree = access.get_tree(request.actor, tree_id)
    form = ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _equal_page(request, tree, form, status=422 if request.method == "POST" else 200)
    made = services.equalise_weights(
        tree=tree, user=request.actor.user, reason=form.cleaned_data["reason"], at=timezone.now()
    )
    return _begun(request, made, "weights.equalised")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
@node_view
def indicator_weights(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Show the weights of the indicators below one; a POST sets them, or fills the fields as asked."""
    branch = selectors.branch_of(node=node)
    if not branch.children:
        messages.error(request, _("Nothing hangs below this indicator, so there are no weights to set."))
        return redirect("indicators:indicator", node.pk)
    if request.method != "POST":
        return _hand_page(request, node, WeightsForm(children=branch.children))
    if request.POST.get("fill") in (EQUAL, SCALE):
        form = filled(request.POST, branch.children, request.POST["fill"])
        return _hand_page(request, node, form, status=422 if form.errors else 200)
    form = WeightsForm(request.POST, children=branch.children)
    if not form.is_valid():
        return _hand_page(request, node, form, status=422)
    try:
        made = services.set_weights(
            parent=node, weights=form.weights, user=request.actor.user, reason=form.cleaned_data["reason"],
            at=timezone.now(), revision=posted_number(request, "revision"),
        )
    except TreeError as error:
        return _hand_refused(request, node, error)
    return _begun(request, made, "weights.set", key=node.key, indicator=node.names)


def _begun(request: TeamRequest, made: WeightSet, action: str, **detail: Any) -> HttpResponse:
    """Log who chose what and why, and say what follows from it."""
    record_event(
        actor=request.actor, action=action, target=f"tree {made.tree_id}", name=made.tree.names,
        at=timezone.now(),
        detail={"number": made.number, "origin": made.origin, "reason": made.reason, **detail},
    )
    messages.success(request, _("A new series begins with these weights. Published results stay as they are."))
    return redirect("indicators:weights", made.tree_id)


def _page(
    request: TeamRequest, tree: IndicatorTree, *, form: ChoiceForm | None = None, status: int = 200
) -> HttpResponse:
    comparison = comparison_of(tree, get_language() or "en")
    # The comparison covers all answers; whoever may see only a part of them does not get it.
    is_scoped = bool(request.actor.scope)
    looked_at = form["candidate"].value() if form else request.GET.get("candidate", "")
    change = None if is_scoped else change_to(comparison, looked_at)
    context: dict[str, Any] = {}
    if comparison.row is not None and not is_scoped:
        figures = get_figures(request.actor, tree, timezone.now())
        context["basis"] = basis_sentence(comparison.row.responses, figures)
    if change is not None:
        context["question"] = index_question(comparison, comparison.weights_of(change.code))
    context |= {
        "tree": tree, "nav": "weights", "run_problems": list_run_problems(tree), "comparison": comparison,
        "is_scoped": is_scoped, "change": change,
        "form": form or ChoiceForm(candidates=comparison.choices),
        "weight_sets": selectors.list_weight_sets(tree=tree)[:50],
        "parents": [branch for branch in selectors.list_branches(tree=tree) if branch.children],
        "panels": list_panels(tree=tree), "panel_form": PanelForm(nodes=list_panel_nodes(tree=tree)),
    }
    return render(request, "indicators/weights.html", context, status=status)


def _set_page(request: TeamRequest, weight_set: WeightSet, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    tree, branches = weight_set.tree, selectors.list_branches(tree=weight_set.tree)
    return render(request, "indicators/weight_set.html", {
        "tree": tree, "weight_set": weight_set, "form": form, "nav": "weights", "problem": _misfit(weight_set),
        "heading": _("Weight set %(number)s") % {"number": weight_set.number},
        "rows": changes_between(branches, weight_set.weights, get_language() or "en"),
        "action": reverse("indicators:weight-set-choose", args=[weight_set.pk]), "name": weight_set_name(weight_set),
        "question": _question(request, tree, weight_set.weights),
    }, status=status)


def _question(request: TeamRequest, tree: IndicatorTree, weights: Mapping[str, float]) -> str:
    """Say what weights do to the index, in numbers to those who may see the comparison: it covers all answers."""
    comparison = ComparisonView(None) if request.actor.scope else comparison_of(tree, get_language() or "en")
    return index_question(comparison, weights)


def _misfit(weight_set: WeightSet) -> str:
    """Say why a set cannot be chosen, or nothing."""
    if weight_set.valid_from_at and not weight_set.valid_to_at:
        return _("These weights are in force.")
    try:
        check_fit(weight_set.tree, weight_set.weights)
    except TreeError as error:
        return sentence(error.code, error.details)
    return ""


def _equal_page(request: TeamRequest, tree: IndicatorTree, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    branches = selectors.list_branches(tree=tree)
    equal = {child.indicator.key: 1 / len(one.children) for one in branches for child in one.children}
    return render(request, "indicators/weight_set.html", {
        "tree": tree, "form": form, "nav": "weights", "heading": _("Make all weights equal"),
        "rows": changes_between(branches, equal, get_language() or "en"),
        "action": reverse("indicators:equal", args=[tree.pk]), "name": method_name("equal"),
        "question": _question(request, tree, equal),
    }, status=status)


def _hand_refused(request: TeamRequest, node: Indicator, error: TreeError) -> HttpResponse:
    """Say why nothing was stored, with what was typed beside the weights in force; on the tree where the node has gone."""
    if not Indicator.objects.filter(pk=node.pk).exists():
        return refuse(request, node.tree, error)
    current = access.get_indicator(request.actor, node.pk)
    children = selectors.branch_of(node=current).children
    form = WeightsForm(request.POST, children=children, is_beside_present=True)
    form.add_error(None, sentence(WEIGHTS_CHANGED if error.code == CHANGED else error.code, error.details))
    return _hand_page(request, current, form, status=STATUS.get(error.code, 422))


def _hand_page(request: TeamRequest, node: Indicator, form: WeightsForm, *, status: int = 200) -> HttpResponse:
    parents = [branch for branch in selectors.list_branches(tree=node.tree) if branch.children]
    return render(request, "indicators/weights_by_hand.html", {
        "tree": node.tree, "node": node, "form": form, "parents": parents, "nav": "weights",
    }, status=status)
