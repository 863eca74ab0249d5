"""Choosing weights: a choice starts a new series and never touches what was published under the old ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from analytics.indicators import hooks
from analytics.indicators.changing import TreeError, check_reason, locked, touched
from analytics.indicators.models import IndicatorTree, WeightOrigin, WeightSet
from analytics.indicators.panel_models import Panel, WeightComparison
from analytics.indicators.panel_results import METHODS, SCOPES, PanelResult, chosen_weights
from analytics.indicators.selectors import fits, get_weight_set_in_force, weights_problem
from analytics.indicators.weights import lasting, put_in_force, retire_in_force, with_equal_siblings


@transaction.atomic
def choose_weight_set(*, weight_set: WeightSet, user: User | None, reason: str, at: datetime) -> WeightSet:
    """Put an existing weight set in force for new runs; runs made under another stay as they are.

    A set that was in force before is copied, so that each row has one stretch of validity; one that only
    waited comes in force itself. Raises TreeError when its weights do not fit the tree as it is now, or nobody
    says why.
    """
    tree = locked(weight_set.tree_id)
    check_reason(reason)
    # As it is now: two presses at once may both have found it waiting.
    found = tree.weight_sets.filter(pk=weight_set.pk).first()
    if found is None:
        raise TreeError("unknown_candidate")
    weight_set = found
    check_fit(tree, weight_set.weights)
    if weight_set.valid_from_at is None:
        retire_in_force(tree=tree, at=at)
        weight_set.valid_from_at, weight_set.reason, weight_set.created_by = at, reason, user
        weight_set.save(update_fields=["valid_from_at", "reason", "created_by"])
        made = weight_set
    else:
        made = put_in_force(
            tree=tree, weights=weight_set.weights, origin=weight_set.origin, is_provisional=False, user=user,
            reason=reason, at=at, name=weight_set.name, evidence=lasting(weight_set.evidence),
        )
    touched(tree, at)
    return made


@transaction.atomic
def choose_candidate(
    *, tree: IndicatorTree, candidate: str, user: User | None, reason: str, at: datetime
) -> WeightSet:
    """Put a candidate of the stored comparison in force, with what it rests on as its evidence.

    Raises TreeError when there is no such candidate, it was refused, the tree has changed since, or nobody
    says why.
    """
    tree = locked(tree.pk)
    check_reason(reason)
    row = WeightComparison.objects.filter(tree=tree).first()
    found = _candidate(row, candidate)
    if row is None or found is None or not found["weights"] or candidate == "in_force":
        raise TreeError("unknown_candidate")
    waiting = _weight_set(tree, candidate)
    if waiting is not None:
        return choose_weight_set(weight_set=waiting, user=user, reason=reason, at=at)
    check_fit(tree, found["weights"])
    evidence = {"method": candidate, "run": row.run_number, "responses": row.responses, **found["facts"]}
    if ranges := _ranges(found):
        evidence["ranges"] = ranges
    made = put_in_force(
        tree=tree, weights=found["weights"], origin=found["origin"], is_provisional=False, user=user,
        reason=reason, at=at, name=candidate, evidence=evidence,
    )
    touched(tree, at)
    return made


@transaction.atomic
def propose_panel_weights(
    *, panel: Panel, result: PanelResult, scope: str, method: str, user: User | None, at: datetime
) -> WeightSet:
    """Make a weight set of a panel's outcome that waits to be chosen; elsewhere it has the weights in force.

    `scope` is all or consistent experts, `method` one of METHODS. Raises TreeError when nobody is left, or
    the tree has changed since the panel was opened.
    """
    tree = locked(panel.tree_id)
    weights = chosen_weights(result, scope=scope, method=method)
    if scope not in SCOPES or method not in METHODS or weights is None:
        raise TreeError("no_panel_result")
    in_force = get_weight_set_in_force(tree=tree)
    whole = with_equal_siblings(tree, in_force.weights if in_force else {})
    whole |= dict(zip(panel.keys, weights, strict=True))
    check_fit(tree, whole)
    if panel.node is None or set(panel.node.children.values_list("key", flat=True)) != set(panel.keys):
        raise TreeError("weights_of_another_tree")
    last = tree.weight_sets.aggregate(last=Max("number"))["last"] or 0
    return WeightSet.objects.create(
        tree=tree, number=last + 1, name=panel.node_key, origin=WeightOrigin.AHP, weights=whole,
        evidence=_evidence(panel, result, scope, method), created_by=user, created_at=at,
    )


def ask_for_comparison(*, tree: IndicatorTree, at: datetime) -> None:
    """Have the candidates compared anew soon; asking twice is asking once."""
    WeightComparison.objects.update_or_create(tree=tree, defaults={"wanted_at": at})
    transaction.on_commit(lambda: hooks.announce_comparison(tree.pk), robust=True)


def check_fit(tree: IndicatorTree, weights: Mapping[str, float]) -> None:
    """Refuse weights that do not belong to the tree as it is now."""
    if not fits(list(tree.indicators.all()), weights):
        raise TreeError("weights_of_another_tree")
    problem = weights_problem(nodes=list(tree.indicators.all()), weights=weights)
    if problem:
        raise TreeError(problem)


def _candidate(row: WeightComparison | None, code: str) -> dict[str, Any] | None:
    candidates: list[dict[str, Any]] = row.result.get("candidates", []) if row else []
    return next((one for one in candidates if one["code"] == code), None)


def _ranges(found: Mapping[str, Any]) -> dict[str, list[float]]:
    """The interval of each weight, where the answers gave one."""
    nodes: Mapping[str, Mapping[str, Any]] = found.get("nodes", {})
    return {
        key: [node["weight_low"], node["weight_high"]]
        for key, node in nodes.items() if node.get("weight_low") is not None
    }


def _weight_set(tree: IndicatorTree, code: str) -> WeightSet | None:
    number = code.removeprefix("set:")
    if number == code or not number.isdecimal():
        return None
    found = tree.weight_sets.filter(pk=int(number)).first()
    if found is None:
        raise TreeError("unknown_candidate")
    return found


def _evidence(panel: Panel, result: PanelResult, scope: str, method: str) -> dict[str, Any]:
    group = result.consistent if scope == "consistent" and result.consistent else result.everybody
    return {
        "panel": panel.pk, "node": panel.node_key, "method": method, "scope": scope, "experts": group.experts,
        "left_out": len(result.left_out) if scope == "consistent" else 0,
        "consistency_ratio": group.ratio, "random_index": result.random_index,
        "eigenvector": list(group.eigenvector), "geometric": list(group.geometric),
    }
