"""Reach trees and what belongs to them through the actor's team only."""

from __future__ import annotations

from accounts.access import Actor, get_or_404
from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource, WeightSet
from analytics.indicators.panel_models import Expert, Panel


def get_tree(actor: Actor, tree_id: int) -> IndicatorTree:
    """Return the team's tree or raise Http404."""
    return get_or_404(IndicatorTree.objects.filter(team=actor.team).select_related("team"), pk=tree_id)


def get_indicator(actor: Actor, indicator_id: int) -> Indicator:
    """Return the team's indicator or raise Http404."""
    found = Indicator.objects.filter(tree__team=actor.team).select_related("tree", "parent")
    return get_or_404(found, pk=indicator_id)


def get_source(actor: Actor, source_id: int) -> QuestionSource:
    """Return the team's mapped question or raise Http404."""
    return get_or_404(QuestionSource.objects.filter(tree__team=actor.team).select_related("tree"), pk=source_id)


def get_weight_set(actor: Actor, weight_set_id: int) -> WeightSet:
    """Return the team's weight set or raise Http404."""
    return get_or_404(WeightSet.objects.filter(tree__team=actor.team).select_related("tree"), pk=weight_set_id)


def get_panel(actor: Actor, panel_id: int) -> Panel:
    """Return the team's panel or raise Http404."""
    found = Panel.objects.filter(tree__team=actor.team).select_related("tree__team", "node", "created_by")
    return get_or_404(found, pk=panel_id)


def get_expert(actor: Actor, expert_id: int) -> Expert:
    """Return an expert of one of the team's panels or raise Http404."""
    return get_or_404(Expert.objects.filter(panel__tree__team=actor.team).select_related("panel"), pk=expert_id)
