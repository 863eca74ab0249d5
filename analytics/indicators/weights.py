"""Weight sets: never changed once a run was made under them, one in force at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.db.models import Max, ProtectedError

from accounts.models import User
from analytics.indicators.models import IndicatorTree, WeightSet

FROM_ANSWERS: Final = "responses"
"""Under which name the evidence of a set that was made from answers keeps how many they were."""
OF_NO_ANSWER: Final = ("method", "run", "indicator", "rules")
"""What such evidence says beside the answers."""
WAY_BACK: Final = "undo"
"""Under which name the evidence of a set that a move made keeps how the tree and its weights were before."""


def with_equal_siblings(tree: IndicatorTree, weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights in which all siblings count alike, except those already in `weights`."""
    families: dict[int, list[str]] = {}
    for parent, key in tree.indicators.filter(parent__isnull=False).values_list("parent_id", "key"):
        families.setdefault(parent, []).append(key)
    equal = {key: 1 / len(family) for family in families.values() for key in family}
    return equal | {key: weight for key, weight in weights.items() if key in equal}


def without(weights: Mapping[str, float], keys: Collection[str]) -> dict[str, float]:
    """Return weights without some keys."""
    return {key: weight for key, weight in weights.items() if key not in keys}


def lasting(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a copy of a set rests on too: all but the way back, which is that of one set alone."""
    return {name: fact for name, fact in evidence.items() if name != WAY_BACK}


def told_of(evidence: Mapping[str, Any], *, is_scoped: bool) -> dict[str, Any]:
    """Return what a reader may know a set rests on; what was counted from all answers is not for one with a scope."""
    if not is_scoped:
        return dict(evidence)
    known = lasting(evidence)
    return {name: known[name] for name in OF_NO_ANSWER if name in known} if FROM_ANSWERS in known else known


def put_in_force(
    *,
    tree: IndicatorTree,
    weights: Mapping[str, float],
    origin: str,
    is_provisional: bool,
    user: User | None,
    reason: str,
    at: datetime,
    name: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> WeightSet:
    """Make a weight set and put it in force; the one before ends, or goes if no run was made under it."""
    retire_in_force(tree=tree, at=at)
    last = tree.weight_sets.aggregate(last=Max("number"))["last"] or 0
    return WeightSet.objects.create(
        tree=tree, number=last + 1, name=name, origin=origin, weights=dict(weights),
        is_provisional=is_provisional, evidence=dict(evidence or {}), valid_from_at=at, reason=reason,
        created_by=user, created_at=at,
    )


def retire_in_force(*, tree: IndicatorTree, at: datetime) -> None:
    """End the set in force; one that no run was made under goes."""
    for before in tree.weight_sets.filter(valid_from_at__isnull=False, valid_to_at__isnull=True):
        _retire(before, at)


def _retire(weight_set: WeightSet, at: datetime) -> None:
    try:
        # A run protects the weight set it was made under; one that no run knows is nobody's history.
        weight_set.delete()
    except ProtectedError:
        weight_set.valid_to_at = at
        weight_set.save(update_fields=["valid_to_at"])
