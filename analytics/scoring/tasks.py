"""Scoring's work for Celery: each task may run any number of times, in any number of copies."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from analytics.indicators.models import IndicatorTree
from analytics.indicators.panel_models import WeightComparison
from analytics.indicators.selectors import list_trees_fed_by
from analytics.scoring.pruning import prune
from analytics.scoring.recompute_requests import is_requested
from analytics.scoring.selectors import list_trees_due
from analytics.scoring.services import BusyError, recompute
from analytics.scoring.wake import wake_comparison, wake_tree
from analytics.scoring.weight_lab import compare_weights, is_outdated

ROUNDS = 20
"""At most this many runs in one task; after that others have their turn."""


@shared_task(acks_late=True, ignore_result=True)
def recompute_questionnaire(*, questionnaire_id: int, **_later: Any) -> None:
    """Recompute every tree that a questionnaire feeds."""
    for tree in list_trees_fed_by(questionnaire_id=questionnaire_id):
        serve(tree)


@shared_task(acks_late=True, ignore_result=True)
def recompute_tree(*, tree_id: int, **_later: Any) -> None:
    """Recompute a tree; one that is gone is nobody's work."""
    tree = IndicatorTree.objects.filter(pk=tree_id).first()
    if tree is not None:
        serve(tree)


@shared_task(acks_late=True, ignore_result=True)
def compare_weights_of_tree(*, tree_id: int, **_later: Any) -> None:
    """Compare a tree's weights on its answers, unless the stored comparison still holds."""
    tree = IndicatorTree.objects.filter(pk=tree_id).first()
    at = timezone.now()
    if tree is not None and is_outdated(tree=tree, at=at):
        compare_weights(tree=tree, at=at)


@shared_task(acks_late=True, ignore_result=True)
def sweep_stale(**_later: Any) -> None:
    """Find trees whose request no message announces, and clear away what no reader can want."""
    at = timezone.now()
    for tree in list_trees_due(at=at):
        wake_tree(tree.pk)
    for tree_id in WeightComparison.objects.filter(wanted_at__isnull=False).values_list("tree_id", flat=True):
        wake_comparison(tree_id)
    prune(at=at)


def serve(tree: IndicatorTree) -> None:
    """Recompute until nothing is asked for any more.

    Whoever finds the tree taken goes away: the one that has it looks again after letting go.
    """
    for _ in range(ROUNDS):
        at = timezone.now()
        if tree not in list_trees_due(at=at):
            return compare_if_outdated(tree)
        try:
            recompute(tree=tree, at=at)
        except BusyError:
            return None
    if is_requested(tree=tree):
        wake_tree(tree.pk)
    return None


def compare_if_outdated(tree: IndicatorTree) -> None:
    """Have the weights compared anew, in a task of its own so that live updates do not wait for it."""
    if is_outdated(tree=tree, at=timezone.now()):
        wake_comparison(tree.pk)
