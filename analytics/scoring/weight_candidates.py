"""Weights that the answers themselves propose: what is gathered for them, and what each method makes of it.

Every method works on the leaves of the whole tree at once; a branch's importance is the sum of its leaves',
and siblings are then scaled to 1. All of it is a function of pairwise sums and histograms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from analytics.indicators.models import WeightOrigin
from analytics.methods.correlation import Correlations, PairSums, correlations, pair_sums
from analytics.methods.entropy import entropy_weights
from analytics.methods.errors import MethodError, NoAnswersError
from analytics.methods.factor import composite_weights, first_component_weights, principal_components, sampling_adequacy
from analytics.methods.importance import averaged_over_orderings, check_enough_answers, relative_weights
from analytics.methods.inputs import FloatArray
from analytics.methods.moments import UNITS
from analytics.methods.trees import ROOT, normalised_weights
from analytics.scoring.columns import Columns
from analytics.scoring.definition import Definition, scores_of
from analytics.scoring.summaries import node_values

DIGITS: Final = 10
"""Decimals to which derived importances are kept: sums of another order give the same digits."""

Shares = tuple[FloatArray, dict[str, float]]
"""Importance of every leaf, and facts worth telling."""


@dataclass(frozen=True)
class Material:
    """What all methods need of the answers: sums of pairs (leaves, then the overall item), counts of values."""

    leaves: tuple[str, ...]
    pairs: PairSums
    counts: tuple[Mapping[int, int], ...]
    has_overall: bool


@dataclass(frozen=True)
class Candidate:
    """A set of weights to compare, or why there is none.

    `reason` is a code of `analytics.methods.errors` or of `REFUSALS`; `details` its figures.
    """

    code: str
    origin: str
    weights: Mapping[str, float] | None = None
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class NoOverallError(MethodError):
    """The tree has no overall question to compare the drivers with."""

    reason = "no_overall"


def gather(definition: Definition, parts: Iterable[tuple[int, Columns]]) -> Material:
    """Go through the answers once.

    Raises NoAnswersError when there are none.
    """
    places = [number for number, node in enumerate(definition.nodes) if not definition.children[node.key]]
    sums: PairSums | None = None
    counts: tuple[Counter[int], ...] = tuple(Counter() for _ in places)
    for questionnaire, columns in parts:
        if not columns.rows:
            continue
        values = node_values(columns, definition, questionnaire)[places]
        for counter, row in zip(counts, values, strict=True):
            found, times = np.unique(row, return_counts=True)
            counter.update(dict(zip(found.tolist(), times.tolist(), strict=True)))
        scores = np.where(values < 0, np.nan, values / UNITS).T
        part = pair_sums(np.column_stack([scores, _overall(columns, definition, questionnaire)]))
        sums = part if sums is None else _added(sums, part)
    if sums is None:
        raise NoAnswersError("No answers yet.")
    for counter in counts:
        del counter[-1]
    leaves = tuple(definition.nodes[place].key for place in places)
    return Material(leaves, sums, counts, bool(definition.role_sources("overall")))


def derived_candidates(definition: Definition, material: Material) -> list[Candidate]:
    """Return what each method makes of the answers, refusals included."""
    methods: tuple[tuple[str, str, Callable[[Material], Shares]], ...] = (
        ("johnson", WeightOrigin.DERIVED, _johnson),
        ("lmg", WeightOrigin.DERIVED, _lmg),
        ("first_component", WeightOrigin.FACTOR, _first_component),
        ("factor_scores", WeightOrigin.FACTOR, _factor_scores),
        ("entropy", WeightOrigin.ENTROPY, _entropy),
    )
    return [_tried(definition, material, *one) for one in methods]


def weights_of_shares(definition: Definition, shares: Mapping[str, float]) -> dict[str, float]:
    """Return weights among siblings from the importance of the leaves.

    Raises ZeroWeightError when the leaves below some siblings have none, InvalidWeightError for a negative one.
    """
    totals = {node.key: shares.get(node.key, 0.0) for node in definition.nodes}
    for node in reversed(definition.nodes):
        if node.parent is not None:
            totals[node.parent] += totals[node.key]
    place = {node.key: number for number, node in enumerate(definition.nodes)}
    parents = [ROOT if node.parent is None else place[node.parent] for node in definition.nodes]
    weights = normalised_weights(parents, list(totals.values()))
    return {node.key: weight for node, weight in zip(definition.nodes, weights, strict=True) if node.parent}


def _tried(
    definition: Definition, material: Material, code: str, origin: str, method: Callable[[Material], Shares]
) -> Candidate:
    try:
        shares, facts = method(material)
        rounded = dict(zip(material.leaves, np.round(shares, DIGITS).tolist(), strict=True))
        return Candidate(code, origin, weights_of_shares(definition, rounded), facts=facts)
    except MethodError as error:
        return Candidate(code, origin, reason=error.reason, details=_named(error, material))


def _named(error: MethodError, material: Material) -> dict[str, Any]:
    details = dict(error.details)
    if "item" in details:
        details["key"] = material.leaves[int(details.pop("item"))]
    return details


def _johnson(material: Material) -> Shares:
    drivers, outcome, n = _driven(material)
    found = relative_weights(drivers, outcome)
    return found.shares, {"r_squared": found.r_squared, "n": n}


def _lmg(material: Material) -> Shares:
    drivers, outcome, n = _driven(material)
    found = averaged_over_orderings(drivers, outcome)
    return found.shares, {"r_squared": found.r_squared, "n": n}


def _first_component(material: Material) -> Shares:
    found = _among_leaves(material)
    weights = first_component_weights(found.matrix)
    values = principal_components(found.matrix).eigenvalues
    return weights, {"explained": float(values[0] / values.sum()), "n": found.smallest_n} | _adequacy(found)


def _factor_scores(material: Material) -> Shares:
    found = _among_leaves(material)
    factors = max(1, int((principal_components(found.matrix).eigenvalues > 1).sum()))
    return composite_weights(found.matrix, factors), {"factors": factors, "n": found.smallest_n} | _adequacy(found)


def _adequacy(found: Correlations) -> dict[str, float]:
    return {"kmo": sampling_adequacy(found.matrix).overall}


def _entropy(material: Material) -> Shares:
    for counter in material.counts:
        check_enough_answers(sum(counter.values()), len(material.leaves))
    levels = [sorted(counter) for counter in material.counts]
    found = entropy_weights(
        [[counter[level] for level in own] for counter, own in zip(material.counts, levels, strict=True)],
        [[level / UNITS for level in own] for own in levels],
    )
    return found.weights, {}


def _driven(material: Material) -> tuple[FloatArray, FloatArray, int]:
    """Correlations among the leaves and with the overall item, and the fewest answers behind any."""
    if not material.has_overall:
        raise NoOverallError("No overall question.")
    check_enough_answers(int(material.pairs.n.min()), len(material.leaves))
    found = correlations(material.pairs)
    return found.matrix[:-1, :-1], found.matrix[:-1, -1], found.smallest_n


def _among_leaves(material: Material) -> Correlations:
    pairs = material.pairs
    kept = PairSums(pairs.n[:-1, :-1], pairs.sums[:-1, :-1], pairs.squares[:-1, :-1], pairs.products[:-1, :-1])
    check_enough_answers(int(kept.n.min()), len(material.leaves))
    return correlations(kept)


def _overall(columns: Columns, definition: Definition, questionnaire: int) -> FloatArray:
    """The overall item as 0-100, whatever scale it was asked on; NaN where it was not answered."""
    out = np.full(columns.rows, np.nan)
    for source in definition.role_sources("overall"):
        codes = columns.by_item.get(source.item)
        if source.questionnaire != questionnaire or codes is None:
            continue
        scores = np.array(scores_of("linear", source.low, source.high))
        valid = codes >= 0
        out[valid] = scores[codes[valid] - source.low]
    return out


def _added(one: PairSums, two: PairSums) -> PairSums:
    return PairSums(one.n + two.n, one.sums + two.sums, one.squares + two.squares, one.products + two.products)
