"""Taking a move back: the indicator to its old place, and the weights from before in force again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from analytics.indicators.changing import CHANGED, TreeError, locked, touched
from analytics.indicators.models import Indicator, IndicatorTree, WeightSet
from analytics.indicators.selectors import get_weight_set_in_force
from analytics.indicators.weights import WAY_BACK, lasting, put_in_force


def about(indicator: Indicator) -> dict[str, Any]:
    """Return which indicator a set was made for, as its evidence: it may be gone later, or be called otherwise."""
    return {"indicator": {"key": indicator.key, "names": indicator.names}}


def undo_of(tree: IndicatorTree, indicator: Indicator) -> dict[str, Any]:
    """Return, as evidence, where an indicator stands and what weighs now; empty where no weights are in force."""
    before, parent = get_weight_set_in_force(tree=tree), indicator.parent
    if before is None or parent is None:
        return {}
    place = list(parent.children.values_list("pk", flat=True)).index(indicator.pk)
    return {WAY_BACK: {
        "parent": parent.key, "place": place, "origin": before.origin, "name": before.name, "reason": before.reason,
        "is_provisional": before.is_provisional, "weights": before.weights, "evidence": lasting(before.evidence),
    }}


def get_undoable(*, tree: IndicatorTree, number: int | None) -> WeightSet | None:
    """Return the set of this number if a move made it and it is still in force; else there is nothing to take back."""
    found = get_weight_set_in_force(tree=tree) if number is not None else None
    return found if found is not None and found.number == number and WAY_BACK in found.evidence else None


def put_below(indicator: Indicator, parent: Indicator, position: int) -> list[Indicator]:
    """Make an indicator child number `position` (from 0) of a parent; return all its children in order."""
    siblings = [one for one in parent.children.all() if one.pk != indicator.pk]
    siblings.insert(max(0, min(position, len(siblings))), indicator)
    indicator.parent = parent
    for number, one in enumerate(siblings):
        one.position = number
    Indicator.objects.bulk_update(siblings, ["position", "parent"])
    return siblings


@transaction.atomic
def undo_move(*, weight_set: WeightSet, revision: int | None, user: User | None, at: datetime) -> Indicator:
    """Put the indicator back whose move made this set, with the weights from before as a new set.

    The new set has the old one's origin, weights, reason and evidence; nothing of the history is changed. Raises
    TreeError `tree_changed` when other weights are in force, or somebody has changed the tree since `revision`.
    """
    tree = locked(weight_set.tree_id)
    made = get_undoable(tree=tree, number=weight_set.number)
    if made is None or revision not in (None, tree.definition_revision):
        raise TreeError(CHANGED)
    before: Mapping[str, Any] = made.evidence[WAY_BACK]
    nodes = {node.key: node for node in tree.indicators.all()}
    node, parent = nodes.get(made.evidence["indicator"]["key"]), nodes.get(before["parent"])
    if node is None or parent is None:
        raise TreeError(CHANGED)
    put_below(node, parent, before["place"])
    put_in_force(
        tree=tree, weights=before["weights"], origin=before["origin"], is_provisional=before["is_provisional"],
        user=user, reason=before["reason"], at=at, name=before["name"], evidence=before["evidence"],
    )
    touched(tree, at)
    return node
