"""Reach trees and what belongs to them through the actor's team only."""

from __future__ import annotations

from accounts.access import Actor, get_or_404
from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource, WeightSet


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
