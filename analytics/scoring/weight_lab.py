"""The comparison of weights: every candidate on the answers of the standing run, stored as one row.

It takes a pass over all answers per candidate, so a worker makes it: when the tree, its weight sets or its
panels have changed, when the answers have grown by a twentieth, and whenever somebody asks. It rests on the answers
that pages show: where anonymity was promised, on whole batches.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from analytics.indicators.models import IndicatorTree, WeightOrigin
from analytics.indicators.panel_models import WeightComparison
from analytics.indicators.panel_results import panel_overlay
from analytics.indicators.selectors import fits, list_weight_sets
from analytics.methods.errors import MethodError, NoAnswersError, TooFewAnswersError
from analytics.methods.moments import MomentTable, mean_estimate
from analytics.methods.ranking import kendall_correlation, ranks, spearman_correlation
from analytics.methods.trees import ROOT, equal_weights
from analytics.scoring.columns import Columns
from analytics.scoring.definition import Definition, NodeRule, nodes_under
from analytics.scoring.disclosure import Rules
from analytics.scoring.models import Run
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.reading import Reading
from analytics.scoring.results import Status
from analytics.scoring.sources import RunTooOldError
from analytics.scoring.summaries import node_moments
from analytics.scoring.weight_candidates import Candidate, Material, derived_candidates, dimensions_of, gather

EARLIER_SETS: Final = 4
"""At most this many sets that are not in force are compared, the newest."""

GROWTH: Final = 1.05
"""The comparison is made again once the answers have grown by this factor."""

FORMAT: Final = 4
"""The version of the stored form; a comparison stored in another one is made again."""

Part = tuple[int, Columns]


def compare_weights(*, tree: IndicatorTree, at: datetime) -> WeightComparison:
    """Compute the comparison for a tree on its newest run and store it in the place of the one before.

    Doing it twice changes nothing but the moment.
    """
    begun = time.perf_counter()
    row, _ = WeightComparison.objects.get_or_create(tree=tree)
    asked = row.wanted_at
    run = Run.objects.filter(tree=tree).select_related("base", "tree__team").order_by("-id").first()
    reading = None if run is None else Reading(run, at=at)
    row.result, row.responses = ({"problem": "no_run"}, 0) if reading is None else _result(reading)
    row.run_number = None if run is None else run.pk
    row.basis_hash = basis_of(tree, reading)
    row.made_at, row.duration_ms = at, round((time.perf_counter() - begun) * 1000)
    row.save(update_fields=["result", "run_number", "responses", "basis_hash", "made_at", "duration_ms"])
    # A wish that came meanwhile stays.
    WeightComparison.objects.filter(tree=tree, wanted_at=asked).update(wanted_at=None)
    row.wanted_at = None
    return row


def is_outdated(*, tree: IndicatorTree, at: datetime) -> bool:
    """Tell whether the stored comparison should be made anew."""
    row = WeightComparison.objects.filter(tree=tree).only("wanted_at", "basis_hash", "responses").first()
    run = Run.objects.filter(tree=tree).select_related("tree__team").defer("tail").order_by("-id").first()
    if row is None or row.wanted_at is not None:
        return row is not None or run is not None
    if run is None:
        return False
    reading = Reading(run, at=at)
    has_grown = not reading.rules.k and run.responses > row.responses * GROWTH
    return has_grown or row.basis_hash != basis_of(tree, reading)


def basis_of(tree: IndicatorTree, reading: Reading | None) -> str:
    """Return a name for everything a comparison rests on but the answers; of anonymous ones the days that count."""
    sets = list(tree.weight_sets.order_by("id").values_list("id", flat=True))
    known = "" if reading is None else reading.run.definition_hash
    until = reading.released.until if reading is not None and reading.rules.k else None
    # What a team does not show any more may not stand in a stored comparison either.
    rules = astuple(reading.rules) if reading is not None else ()
    basis = [FORMAT, known, sets, panel_overlay(tree=tree), until, rules]
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()


def candidates_of(tree: IndicatorTree, definition: Definition, material: Material) -> list[Candidate]:
    """Return all candidates, the weights in force first."""
    in_force = {node.key: node.weight for node in definition.nodes if node.parent}
    found = [Candidate("in_force", "", in_force), Candidate("equal", WeightOrigin.EQUAL, _equal(definition))]
    found += _sets(tree, in_force)
    overlay = {key: weight for key, weight in panel_overlay(tree=tree).items() if key in in_force}
    if overlay:
        found.append(Candidate("ahp", WeightOrigin.AHP, in_force | overlay))
    return found + derived_candidates(definition, material)


def _result(reading: Reading) -> tuple[dict[str, Any], int]:
    """Return the comparison and how many answers it rests on: those that the pages count, and no others."""
    definition = reading.definition
    try:
        parts = list(reading.columns())
        material = gather(definition, parts)
        candidates = candidates_of(reading.run.tree, definition, material)
    except RunTooOldError:
        return {"problem": "no_run"}, 0
    except NoAnswersError:
        return {"problem": "no_answers"}, 0
    tables = [_moments(definition, candidate, parts) for candidate in candidates]
    written = [
        _written(definition, one, table, reading.rules, _untold(reading, one))
        for one, table in zip(candidates, tables, strict=True)
    ]
    for one in written:
        _compare_orders(one, written[0], definition)
    result = {"nodes": _nodes(definition), "candidates": written, "dimensions": dimensions_of(material)}
    return result, sum(columns.rows for _, columns in parts)


def _untold(reading: Reading, candidate: Candidate) -> frozenset[str]:
    """The indicators whose index may not be told under a candidate although the pages may show it.

    The same answers under many weights are as many equations: they are told only of indicators at and below which
    nobody is part of a figure in a way that fewer than k share.
    """
    if not reading.rules.k:
        return frozenset()
    hidden, nodes = reading.hiding.parts(EVERYTHING), [node.key for node in reading.definition.nodes]
    if candidate.code == "in_force":
        return hidden
    touchy = hidden | reading.hiding.rare_parts(EVERYTHING)
    return frozenset(key for key in nodes if touchy & nodes_under(reading.definition, key))


def _nodes(definition: Definition) -> list[dict[str, Any]]:
    depth: dict[str, int] = {}
    for node in definition.nodes:
        depth[node.key] = 0 if node.parent is None else depth[node.parent] + 1
    return [
        {"key": node.key, "parent": node.parent, "depth": depth[node.key],
         "is_leaf": not definition.children[node.key]}
        for node in definition.nodes
    ]


def _sets(tree: IndicatorTree, in_force: Mapping[str, float]) -> list[Candidate]:
    """Sets that wait to be chosen, and the newest that were made by hand or by a panel."""
    waiting = Q(valid_from_at__isnull=True)
    earlier = Q(valid_to_at__isnull=False, origin__in=[WeightOrigin.MANUAL, WeightOrigin.AHP])
    nodes = list(tree.indicators.all())
    fitting = [
        one for one in list_weight_sets(tree=tree).filter(waiting | earlier)
        if one.weights != in_force and fits(nodes, one.weights)
    ]
    return [
        Candidate(f"set:{one.pk}", one.origin, one.weights, facts={"number": one.number})
        for one in fitting[:EARLIER_SETS]
    ]


def _equal(definition: Definition) -> dict[str, float]:
    place = {node.key: number for number, node in enumerate(definition.nodes)}
    weights = equal_weights([ROOT if node.parent is None else place[node.parent] for node in definition.nodes])
    return {node.key: weight for node, weight in zip(definition.nodes, weights, strict=True) if node.parent}


def _moments(definition: Definition, candidate: Candidate, parts: Sequence[Part]) -> MomentTable | None:
    weights = candidate.weights
    if weights is None:
        return None
    nodes = tuple(NodeRule(node.key, node.parent, weights.get(node.key, 1.0)) for node in definition.nodes)
    other = replace(definition, nodes=nodes)
    total = MomentTable.empty(len(nodes), 1)
    for questionnaire, columns in parts:
        if columns.rows:
            total = total + node_moments(columns, other, questionnaire)
    return total


def _written(
    definition: Definition, candidate: Candidate, table: MomentTable | None, rules: Rules, untold: frozenset[str]
) -> dict[str, Any]:
    written: dict[str, Any] = {
        "code": candidate.code, "origin": candidate.origin, "reason": candidate.reason,
        "details": dict(candidate.details), "facts": dict(candidate.facts), "weights": candidate.weights,
    }
    if candidate.weights is None or table is None:
        return written
    shares: dict[str, float] = {}
    for number, node in enumerate(definition.nodes):
        own = candidate.weights.get(node.key, 1.0)
        shares[node.key] = own * (shares[node.parent] if node.parent else 1.0)
        figure = _figure(table, number, rules, is_untold=node.key in untold)
        low, high = (candidate.ranges or {}).get(node.key, (None, None))
        written.setdefault("nodes", {})[node.key] = {
            "weight": own, "weight_low": low, "weight_high": high, "share": shares[node.key], **figure,
        }
    for family in definition.children.values():
        _rank(written["nodes"], [node.key for node in family])
    return written


def _figure(table: MomentTable, number: int, rules: Rules, *, is_untold: bool) -> dict[str, Any]:
    """The index of a node with its interval, where the rules for small numbers let it be shown."""
    moments = table.at(number)
    status = Status.WITHHELD if is_untold else rules.status(moments.n)
    shown = {"value": None, "low": None, "high": None}
    if status not in (Status.SHOWN, Status.FEW):
        return {**shown, "n": 0 if status == Status.WITHHELD else moments.n, "status": status.value}
    try:
        found = mean_estimate(moments)
    except TooFewAnswersError:
        return {**shown, "n": moments.n, "status": Status.TOO_FEW.value}
    if not found.standard_error:
        # An interval of no width would call it certain.
        return {**shown, "value": found.value, "n": moments.n, "status": status.value}
    return {"value": found.value, "low": found.interval.low, "high": found.interval.high, "n": moments.n,
            "status": status.value}


def _rank(nodes: dict[str, Any], keys: Sequence[str]) -> None:
    """Rank siblings by weight and by index, 1 for the highest."""
    if not keys:
        return
    for key, rank in zip(keys, ranks([nodes[key]["weight"] for key in keys]).tolist(), strict=True):
        nodes[key]["rank"] = rank
    values = [nodes[key]["value"] for key in keys]
    if None not in values:
        for key, rank in zip(keys, ranks(values).tolist(), strict=True):
            nodes[key]["index_rank"] = rank


def _compare_orders(one: dict[str, Any], in_force: Mapping[str, Any], definition: Definition) -> None:
    """Say how far siblings stand in the order of the weights in force, and who moves.

    Weights of indicators below different parents are no order: those of a large family are small, whoever gives them.
    """
    if "nodes" not in one:
        return
    place = {node.key: number for number, node in enumerate(definition.nodes)}
    below = [(node.key, place[node.parent]) for node in definition.nodes if node.parent]
    own, standing = ([side["nodes"][key]["weight"] for key, _ in below] for side in (one, in_force))
    families = [family for _, family in below]
    try:
        one["spearman"] = spearman_correlation(own, standing, families)
        one["kendall"] = kendall_correlation(own, standing, families)
    except MethodError as error:
        one["order_reason"] = error.reason
    for family in definition.children.values():
        for name in ("rank", "index_rank"):
            _compare_ranks(name, [(one["nodes"][node.key], in_force["nodes"][node.key]) for node in family])


def _compare_ranks(name: str, siblings: Sequence[tuple[dict[str, Any], Mapping[str, Any]]]) -> None:
    """Note by how many places each of some siblings moves; those that all weigh alike have no order to move in."""
    if any(name not in side for pair in siblings for side in pair):
        return
    sides = [(own[name], other[name]) for own, other in siblings]
    if any(len(set(ranks)) == 1 for ranks in zip(*sides, strict=True)):
        return
    for (own, _), (after, before) in zip(siblings, sides, strict=True):
        own[f"{name}_change"] = before - after
