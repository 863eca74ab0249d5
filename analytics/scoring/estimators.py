"""The index by both of its estimators over the same responses: respondent level (A) and item means (B).

A is what every page shows and what a run stores. B needs to know who answered which parts together, so it is
counted from the columns when somebody opens a value. Its items are the leaves of the tree: a respondent's score at
a leaf is the one that A uses. All sums are of whole numbers, so that their order cannot be seen in a digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.methods.correlation import PairSums
from analytics.methods.errors import MethodError
from analytics.methods.item_means import (
    WeightedPairSums,
    item_means_index,
    weighted_item_means_index,
    weighted_pair_sums,
)
from analytics.methods.moments import UNITS
from analytics.methods.trees import ROOT, IndicatorTree
from analytics.scoring.columns import select
from analytics.scoring.definition import Definition, nodes_under
from analytics.scoring.disclosure import Rules
from analytics.scoring.figures import Numbers, Reader
from analytics.scoring.models import Run
from analytics.scoring.reading import NOTHING, Reading
from analytics.scoring.results import Figure, Period, Status
from analytics.scoring.sources import Filter, chosen_cells
from analytics.scoring.summaries import node_values
from analytics.scoring.weighted import open_weighted
from analytics.scoring.weighting import RowWeights, Weighting, mask_of, row_weights

HALF_BITS = 14
"""A value below 2**27 is cut into halves of 14 and 13 bits, whose products sum exactly in doubles within a block."""

SAME_POINTS = 0.05
"""Estimators nearer than this print the same digit."""

Exact = npt.NDArray[np.object_]
"""Whole numbers of any size, so that no sum over all blocks can overflow."""


class Agreement(StrEnum):
    """How the two estimators stand to one another."""

    UNKNOWN = "unknown"
    """One of them may not be shown."""
    COMPLETE = "complete"
    """Everybody who answered any part answered every part, so both are the same number."""
    CLOSE = "close"
    """Some left parts out, and it makes no difference that is printed."""
    APART = "apart"
    """Some left parts out, and it shows."""


@dataclass(frozen=True, slots=True)
class Estimators:
    """One indicator by both estimators. `incomplete` counts respondents with some but not all of its `parts`, the leaves.

    It is None where that may not be told.
    """

    respondents: Figure
    item_means: Figure
    incomplete: int | None
    agreement: Agreement
    parts: int

    @property
    def difference(self) -> float | None:
        """A minus B in points."""
        if self.respondents.value is None or self.item_means.value is None:
            return None
        return self.respondents.value - self.item_means.value


@dataclass(frozen=True)
class LeafPairs:
    """Sums over pairs of leaves in millionths of a point, as whole numbers; shape (leaves, leaves).

    `n[j, k]` respondents have both, `sums[j, k]` is the sum of j over them. `answered[c]` counts respondents with
    c of the leaves, shape (leaves + 1,).
    """

    n: Exact
    sums: Exact
    products: Exact
    answered: Exact

    def __add__(self, other: LeafPairs) -> LeafPairs:
        return LeafPairs(
            self.n + other.n, self.sums + other.sums, self.products + other.products, self.answered + other.answered
        )

    @property
    def incomplete(self) -> int:
        """Respondents with some but not all of the leaves that anybody answered."""
        used = sum(1 for count in np.diag(self.n) if count)
        return int(sum(self.answered[1:used]))

    @property
    def is_alike(self) -> bool:
        """Whether at every leaf all who answered it have the same score."""
        n, total, squares = (np.diag(part) for part in (self.n, self.sums, self.products))
        return bool((n * squares == total * total).all())


def read_estimators(
    run: Run, *, node: str, period: Period, filters: Filter = NOTHING, scope: Filter = NOTHING, at: datetime
) -> Estimators:
    """Return an indicator by both estimators; unweighted.

    Raises KeyError for an unknown indicator, RunTooOldError when the columns behind the run are gone.
    """
    reading = Reading(run, filters=filters, scope=scope, at=at)
    leaves = leaves_under(reading.definition, node)
    result = reading.period(period, nodes=(node,))
    (found,) = result.nodes
    if result.is_withheld or found.index.status == Status.WITHHELD or _hides_parts(reading, node, period):
        return Estimators(found.index, _withheld(reading.rules), None, Agreement.UNKNOWN, len(leaves))
    pairs = _read_pairs(reading, period, leaves)
    by_means = _by_means(reading.reader, node, pairs)
    told = None if 0 < pairs.incomplete < reading.rules.k else pairs.incomplete
    return Estimators(found.index, by_means, told, _agreement(found.index, by_means, pairs.incomplete), len(leaves))


def read_weighted_item_means(
    run: Run, *, node: str, period: Period, weighting: Weighting, filters: Filter = NOTHING, scope: Filter = NOTHING
) -> Figure:
    """Return an indicator by estimator B under respondent weights.

    Raises KeyError for an unknown indicator, WeightingError when there are no weights to be had, RunTooOldError
    when the columns behind the run are gone.
    """
    reading = open_weighted(run, filters, scope)
    leaves = leaves_under(reading.definition, node)
    found = _read_weighted_pairs(reading, period, leaves, row_weights(run, weighting, period, scope=scope))
    n = min((int(size) for size in found.bases if size), default=0)
    tree, n_eff = _tree_under(reading.definition, node), float(n)

    def numbers() -> Numbers:
        nonlocal n_eff
        root = weighted_item_means_index(tree, found.by_weight, found.by_square, found.bases)[tree.root]
        assert root is not None
        estimate, n_eff = root.estimate, root.estimate.n_eff
        return estimate.value, estimate.interval.low, estimate.interval.high, estimate.standard_error

    try:
        figure = reading.reader.figure("index_items", n, numbers, is_alike=found.is_alike)
    except MethodError as error:
        return Figure("index_items", n, float(n), None, None, None, Status.TOO_FEW, error.reason, reading.rules.show_from)
    if not figure.is_shown:
        return figure
    status = Status.FEW if n_eff < reading.rules.sure_from else figure.status
    return replace(figure, n_eff=n_eff, status=status, weight=float(np.diag(found.by_weight.total).max()))


@dataclass(frozen=True)
class WeightedPairs:
    """Sums over pairs of leaves in points, with the weights and with their squares; `bases` count respondents.

    `is_alike` says that at every leaf all who weigh anything have the same score.
    """

    by_weight: WeightedPairSums
    by_square: WeightedPairSums
    bases: npt.NDArray[np.int64]
    is_alike: bool


def _read_weighted_pairs(
    reading: Reading, period: Period, leaves: Sequence[str], weights: RowWeights
) -> WeightedPairs:
    place = {node.key: number for number, node in enumerate(reading.definition.nodes)}
    rows, size = [place[leaf] for leaf in leaves], len(leaves)
    bases, totals = np.zeros(size, dtype=np.int64), [np.zeros((3, size, size)), np.zeros((3, size, size))]
    seen: list[set[int]] = [set() for _ in leaves]
    for questionnaire, columns in reading.columns():
        chosen = mask_of(columns, period) & chosen_cells(columns, questionnaire, reading.choice, None)
        if chosen.any():
            kept = columns if chosen.all() else select(columns, chosen)
            values, w = node_values(kept, reading.definition, questionnaire)[rows], weights.of(kept)
            # A row that weighs nothing stands for nobody.
            counted = (values >= 0) & (w > 0)
            points = np.where(counted, values / UNITS, np.nan).T
            for scores, row, has in zip(seen, values, counted, strict=True):
                scores.update((int(row[has].min()), int(row[has].max())) if has.any() else ())
            bases += (~np.isnan(points)).sum(axis=0)
            for total, factors in zip(totals, (w, w * w), strict=True):
                sums = weighted_pair_sums(points, factors)
                total += np.array([sums.total, sums.sums, sums.products])
    is_alike = all(len(scores) <= 1 for scores in seen)
    return WeightedPairs(WeightedPairSums(*totals[0]), WeightedPairSums(*totals[1]), bases, is_alike)


def _hides_parts(reading: Reading, node: str, period: Period) -> bool:
    """Whether anything that the figure is made of is hidden: from the means it could be had again."""
    return bool(reading.hiding.parts(period) & nodes_under(reading.definition, node))


def leaves_under(definition: Definition, node: str) -> tuple[str, ...]:
    """Return the leaves at and below a node, in tree order, without those that no question feeds.

    Raises KeyError for an unknown one.
    """
    inside = {node} if definition.children[node] else set()
    found = [] if definition.children[node] else [node]
    for rule in definition.nodes:
        if rule.parent in inside and not _is_left_out(definition, rule.key, node):
            inside.add(rule.key)
            found += [] if definition.children[rule.key] else [rule.key]
    return tuple(found)


def leaf_pairs(values: npt.NDArray[np.int32]) -> LeafPairs:
    """Sum up respondents' leaf values in millionths, -1 where there is none; shape (leaves, rows), a block at most."""
    flags = (values >= 0).astype(np.float64)
    kept = np.where(values >= 0, values, 0)
    high, low = (kept >> HALF_BITS).astype(np.float64), (kept & ((1 << HALF_BITS) - 1)).astype(np.float64)
    crossed = _whole(high @ low.T)
    products = (_whole(high @ high.T) << 2 * HALF_BITS) + ((crossed + crossed.T) << HALF_BITS) + _whole(low @ low.T)
    counts = np.bincount((values >= 0).sum(axis=0), minlength=len(values) + 1)
    return LeafPairs(
        _whole(flags @ flags.T), (_whole(high @ flags.T) << HALF_BITS) + _whole(low @ flags.T), products, _whole(counts)
    )


def _whole(sums: npt.NDArray[Any]) -> Exact:
    return np.asarray(sums.astype(np.int64).astype(object))


def _read_pairs(reading: Reading, period: Period, leaves: Sequence[str]) -> LeafPairs:
    place = {node.key: number for number, node in enumerate(reading.definition.nodes)}
    rows = [place[leaf] for leaf in leaves]
    total = leaf_pairs(np.zeros((len(leaves), 0), dtype=np.int32))
    for questionnaire, columns in reading.columns():
        chosen = mask_of(columns, period) & chosen_cells(columns, questionnaire, reading.choice, None)
        if chosen.any():
            kept = columns if chosen.all() else select(columns, chosen)
            total += leaf_pairs(node_values(kept, reading.definition, questionnaire)[rows])
    return total


def _by_means(reader: Reader, node: str, pairs: LeafPairs) -> Figure:
    """The smallest base of a leaf decides whether the figure may be shown: its mean could be had from it."""
    bases = [int(n) for n in np.diag(pairs.n) if n]
    tree, sums = _tree_under(reader.definition, node), _in_points(pairs)

    def numbers() -> Numbers:
        found = item_means_index(tree, sums)[tree.root]
        assert found is not None
        estimate = found.estimate
        return estimate.value, estimate.interval.low, estimate.interval.high, estimate.standard_error

    try:
        return reader.figure("index_items", min(bases, default=0), numbers, is_alike=pairs.is_alike)
    except MethodError as error:
        n = min(bases, default=0)
        return Figure("index_items", n, float(n), None, None, None, Status.TOO_FEW, error.reason, reader.rules.show_from)


def _tree_under(definition: Definition, node: str) -> IndicatorTree:
    """The part of the tree below a node, in tree order, so that leaves stand in the order of `leaves_under`."""
    place = {node: 0}
    parents, weights = [ROOT], [1.0]
    shares = definition.asked_weights
    for rule in definition.nodes:
        if rule.parent in place and not _is_left_out(definition, rule.key, node):
            place[rule.key] = len(parents)
            parents.append(place[rule.parent])
            weights.append(shares[rule.key])
    return IndicatorTree(tuple(parents), tuple(weights))


def _is_left_out(definition: Definition, key: str, node: str) -> bool:
    """Whether no question feeds a part of a node that others feed."""
    return key in definition.unasked and node not in definition.unasked


def _in_points(pairs: LeafPairs) -> PairSums:
    sums = (pairs.sums / UNITS).astype(np.float64)
    products = (pairs.products / UNITS**2).astype(np.float64)
    # Squares in pairs are for correlations; means and their covariances need none.
    return PairSums(pairs.n.astype(np.int64), sums, np.full(sums.shape, np.nan), products)


def _withheld(rules: Rules) -> Figure:
    needed = max(rules.show_from, rules.k)
    return Figure("index_items", 0, 0.0, None, None, None, Status.WITHHELD, Status.WITHHELD.value, needed)


def _agreement(one: Figure, other: Figure, incomplete: int) -> Agreement:
    if one.value is None or other.value is None:
        return Agreement.UNKNOWN
    if abs(one.value - other.value) >= SAME_POINTS:
        return Agreement.APART
    return Agreement.CLOSE if incomplete else Agreement.COMPLETE
