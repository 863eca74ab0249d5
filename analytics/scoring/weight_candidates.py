"""Weights that the answers themselves propose: what is gathered for them, and what each method makes of it.

Every method works on the leaves of the whole tree at once; a branch's importance is the sum of its leaves',
and siblings are then scaled to 1. All of it is a function of pairwise sums and histograms, which are kept by
random group of answers too: leaving out one group at a time says how sure the weights are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analytics.indicators.models import WeightOrigin
from analytics.methods.correlation import Correlations, PairSums, correlations, pair_sums
from analytics.methods.entropy import entropy_weights
from analytics.methods.errors import MethodError, NoAnswersError, NoCommonDimensionError
from analytics.methods.factor import composite_weights, first_component_weights, principal_components, sampling_adequacy
from analytics.methods.importance import (
    averaged_over_orderings,
    check_enough_answers,
    relative_weights,
    variance_inflation,
)
from analytics.methods.inputs import FloatArray
from analytics.methods.jackknife import delete_group_intervals
from analytics.methods.moments import UNITS
from analytics.methods.retention import parallel_analysis
from analytics.methods.trees import ROOT, normalised_weights
from analytics.scoring.columns import Columns
from analytics.scoring.definition import Definition, scores_of
from analytics.scoring.random_groups import Keys, content_keys, draw_groups
from analytics.scoring.summaries import node_values

DIGITS: Final = 10
"""Decimals to which derived importances are kept: sums of another order give the same digits."""

GROUPS: Final = 32
"""Random groups of answers; their standard errors scatter by about an eighth around the true ones."""

Shares = tuple[FloatArray, dict[str, Any]]
"""Importance of every leaf, and facts worth telling."""


@dataclass(frozen=True)
class Sums:
    """Sums of pairs (leaves, then the overall item) and counts of values per leaf over some answers."""

    pairs: PairSums
    counts: tuple[Counter[int], ...]

    def plus(self, other: Sums) -> Sums:
        """These and other answers together."""
        counts = tuple(one + two for one, two in zip(self.counts, other.counts, strict=True))
        return Sums(_combined(np.add, self.pairs, other.pairs), counts)

    def less(self, part: Sums) -> Sums:
        """These answers without some of them."""
        counts = tuple(one - two for one, two in zip(self.counts, part.counts, strict=True))
        return Sums(_combined(np.subtract, self.pairs, part.pairs), counts)


@dataclass(frozen=True)
class Material:
    """What all methods need of the answers, as a whole and by random group."""

    leaves: tuple[str, ...]
    whole: Sums
    groups: tuple[Sums, ...]
    has_overall: bool


@dataclass(frozen=True)
class Candidate:
    """A set of weights to compare, or why there is none.

    `reason` is a code of `analytics.methods.errors`; `details` its figures. `ranges` are the ends of the 95 %
    interval of each weight; None where the weights do not come from the answers, or not from every part of them.
    """

    code: str
    origin: str
    weights: Mapping[str, float] | None = None
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] | None = None


@dataclass(frozen=True)
class _Way:
    """How weights come out of answers: what must be there first, then the computation."""

    code: str
    origin: str
    check: Callable[[Material], None]
    shares: Callable[[Sums], Shares]


class NoOverallError(MethodError):
    """The tree has no overall question to compare the drivers with."""

    reason = "no_overall"


def gather(definition: Definition, parts: Iterable[tuple[int, Columns]]) -> Material:
    """Sum up the answers, as a whole and by random group; however they are cut into parts, the sums are the same.

    Raises NoAnswersError when there are none.
    """
    places = [number for number, node in enumerate(definition.nodes) if not definition.children[node.key]]
    held = [(questionnaire, columns) for questionnaire, columns in parts if columns.rows]
    # Twice through the answers: a row's number among its like is known only when all of them have been seen.
    keys = [_keys(*_scores(columns, definition, questionnaire, places)) for questionnaire, columns in held]
    drawn = draw_groups(np.concatenate(keys), GROUPS) if keys else np.zeros(0, dtype=np.int64)
    groups: list[Sums | None] = [None] * GROUPS
    for questionnaire, columns in held:
        values, overall = _scores(columns, definition, questionnaire, places)
        own, drawn = drawn[: columns.rows], drawn[columns.rows :]
        for group in range(GROUPS):
            chosen = own == group
            if chosen.any():
                groups[group] = _joined(groups[group], _sums(values[:, chosen], overall[chosen]))
    found = tuple(group for group in groups if group is not None)
    if not found:
        raise NoAnswersError("No answers yet.")
    leaves = tuple(definition.nodes[place].key for place in places)
    return Material(leaves, reduce(Sums.plus, found), found, bool(definition.role_sources("overall")))


def derived_candidates(definition: Definition, material: Material) -> list[Candidate]:
    """Return what each method makes of the answers, refusals included."""
    return [_tried(definition, material, way) for way in _ways()]


def dimensions_of(material: Material) -> dict[str, Any] | None:
    """Return how many dimensions stand out of chance, with the eigenvalues; None where that cannot be told."""
    try:
        _check_leaves(material)
        found = _among_leaves(material.whole)
        kept = parallel_analysis(found.matrix, found.smallest_n)
    except MethodError:
        return None
    return {
        "factors": kept.kept, "above_one": kept.above_one, "n": found.smallest_n,
        "eigenvalues": kept.eigenvalues.tolist(), "chance": kept.chance.tolist(),
    }


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


def _ways() -> tuple[_Way, ...]:
    return (
        _Way("johnson", WeightOrigin.DERIVED, _check_driven, _johnson),
        _Way("lmg", WeightOrigin.DERIVED, _check_driven, _lmg),
        _Way("first_component", WeightOrigin.FACTOR, _check_leaves, _first_component),
        _Way("factor_scores", WeightOrigin.FACTOR, _check_leaves, _factor_scores),
        _Way("entropy", WeightOrigin.ENTROPY, _check_counts, _entropy),
    )


def _tried(definition: Definition, material: Material, way: _Way) -> Candidate:
    try:
        way.check(material)
        shares, facts = way.shares(material.whole)
        weights = _weights(definition, material.leaves, shares)
    except MethodError as error:
        return Candidate(way.code, way.origin, reason=error.reason, details=_named(error, material))
    return Candidate(
        way.code, way.origin, weights, facts=facts, ranges=_ranges(definition, material, way, weights, facts)
    )


def _weights(definition: Definition, leaves: Sequence[str], shares: FloatArray) -> dict[str, float]:
    rounded = dict(zip(leaves, np.round(shares, DIGITS).tolist(), strict=True))
    return weights_of_shares(definition, rounded)


def _ranges(
    definition: Definition, material: Material, way: _Way, weights: Mapping[str, float], facts: Mapping[str, Any]
) -> dict[str, tuple[float, float]] | None:
    """Return the interval of each weight, or None when the answers without some group give no weights."""
    # How many factors there are is decided once; what varies is the weights.
    shares = partial(_factor_scores, factors=facts["factors"]) if "factors" in facts else way.shares
    keys = list(weights)
    replicates = []
    try:
        for group in material.groups:
            found = _weights(definition, material.leaves, shares(material.whole.less(group))[0])
            replicates.append([found[key] for key in keys])
        ranges = delete_group_intervals([weights[key] for key in keys], replicates)
    except MethodError:
        return None
    ends = zip(ranges.low.clip(0, 1).tolist(), ranges.high.clip(0, 1).tolist(), strict=True)
    return dict(zip(keys, ends, strict=True))


def _named(error: MethodError, material: Material) -> dict[str, Any]:
    details = dict(error.details)
    if "item" in details:
        details["key"] = material.leaves[int(details.pop("item"))]
    return details


def _check_driven(material: Material) -> None:
    if not material.has_overall:
        raise NoOverallError("No overall question.")
    check_enough_answers(int(material.whole.pairs.n.min()), len(material.leaves))


def _check_leaves(material: Material) -> None:
    check_enough_answers(int(material.whole.pairs.n[:-1, :-1].min()), len(material.leaves))


def _check_counts(material: Material) -> None:
    for counter in material.whole.counts:
        check_enough_answers(counter.total(), len(material.leaves))


def _johnson(sums: Sums) -> Shares:
    drivers, outcome, n = _driven(sums)
    found = relative_weights(drivers, outcome)
    return found.shares, {"r_squared": found.r_squared, "n": n, "inflation": _inflation(drivers)}


def _lmg(sums: Sums) -> Shares:
    drivers, outcome, n = _driven(sums)
    found = averaged_over_orderings(drivers, outcome)
    return found.shares, {"r_squared": found.r_squared, "n": n, "inflation": _inflation(drivers)}


def _inflation(drivers: FloatArray) -> float:
    """The largest variance inflation: how much of a driver the others already say."""
    return round(float(variance_inflation(drivers).max()), DIGITS)


def _first_component(sums: Sums) -> Shares:
    found = _among_leaves(sums)
    weights = first_component_weights(found.matrix)
    values = principal_components(found.matrix).eigenvalues
    return weights, {"explained": float(values[0] / values.sum()), "n": found.smallest_n} | _adequacy(found)


def _factor_scores(sums: Sums, factors: int | None = None) -> Shares:
    found = _among_leaves(sums)
    if factors is not None:
        return composite_weights(found.matrix, factors), {}
    kept = parallel_analysis(found.matrix, found.smallest_n)
    if not kept.kept:
        raise NoCommonDimensionError("Nothing stands out of chance.", n=found.smallest_n)
    weights = composite_weights(found.matrix, kept.kept)
    return weights, {"factors": kept.kept, "n": found.smallest_n} | _adequacy(found)


def _adequacy(found: Correlations) -> dict[str, float]:
    return {"kmo": sampling_adequacy(found.matrix).overall}


def _entropy(sums: Sums) -> Shares:
    levels = [sorted(counter) for counter in sums.counts]
    found = entropy_weights(
        [[counter[level] for level in own] for counter, own in zip(sums.counts, levels, strict=True)],
        [[level / UNITS for level in own] for own in levels],
    )
    return found.weights, {}


def _driven(sums: Sums) -> tuple[FloatArray, FloatArray, int]:
    """Correlations among the leaves and with the overall item, and the fewest answers behind any."""
    found = correlations(sums.pairs)
    return found.matrix[:-1, :-1], found.matrix[:-1, -1], found.smallest_n


def _among_leaves(sums: Sums) -> Correlations:
    pairs = sums.pairs
    return correlations(
        PairSums(pairs.n[:-1, :-1], pairs.sums[:-1, :-1], pairs.squares[:-1, :-1], pairs.products[:-1, :-1])
    )


def _scores(
    columns: Columns, definition: Definition, questionnaire: int, places: Sequence[int]
) -> tuple[npt.NDArray[np.int32], FloatArray]:
    """All that the methods see of the answers: values of the leaves (see `_sums`) and the overall item."""
    values = node_values(columns, definition, questionnaire)[list(places)]
    return values, _overall(columns, definition, questionnaire)


def _keys(values: npt.NDArray[np.int32], overall: FloatArray) -> Keys:
    whole = np.rint(np.nan_to_num(overall, nan=-1.0) * UNITS).astype(np.int64)
    return content_keys([*values, whole], len(whole))


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


def _sums(values: npt.NDArray[np.int32], overall: FloatArray) -> Sums:
    """Sum up answers: values of the leaves in millionths of a point, -1 where missing, shape (leaves, answers)."""
    counts = []
    for row in values:
        found, times = np.unique(row[row >= 0], return_counts=True)
        counts.append(Counter(dict(zip(found.tolist(), times.tolist(), strict=True))))
    scores = np.where(values < 0, np.nan, values / UNITS).T
    return Sums(pair_sums(np.column_stack([scores, overall])), tuple(counts))


def _joined(before: Sums | None, more: Sums) -> Sums:
    return more if before is None else before.plus(more)


def _combined(operation: np.ufunc, one: PairSums, two: PairSums) -> PairSums:
    return PairSums(
        operation(one.n, two.n), operation(one.sums, two.sums), operation(one.squares, two.squares),
        operation(one.products, two.products),
    )
