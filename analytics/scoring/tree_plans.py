"""How the answers to one questionnaire feed a tree: its leaves, their columns, and tables made once.

Where one leaf is fed by several questions, each becomes a hidden child of it with an equal weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from analytics.methods.index_definition import IndexDefinition
from analytics.methods.index_scorer import Scorer, scorer_of, square_tables
from analytics.methods.inputs import FloatArray, IntArray
from analytics.methods.moments import UNITS
from analytics.methods.trees import ROOT, IndicatorTree
from analytics.scoring.codes import Codes, ItemKey
from analytics.scoring.definition import LEVELS, Definition, level_bounds, scores_of

Digits = npt.NDArray[np.uint8]

SUMS = 5 + len(LEVELS)
"""Of a node: n, the total, the sums of products of the halves of squares (three), and the levels."""


@dataclass(frozen=True, eq=False)
class TreePlan:
    """Leaves of the method's tree and their columns; `nodes` are the definition's own, hidden ones follow."""

    rule: IndexDefinition
    nodes: tuple[str, ...]
    columns: tuple[tuple[ItemKey, ...], ...]
    bounds: tuple[int, ...]

    @property
    def scorer(self) -> Scorer:
        """The tables of the index."""
        return scorer_of(self.rule)

    @cached_property
    def leaf_tables(self) -> tuple[FloatArray, ...]:
        """What one answer adds to the sums of its leaf, by digit; shape (digits, `SUMS`) each."""
        return tuple(sums_table(fixed, self.bounds) for fixed in self.scorer.leaf_fixed)

    @cached_property
    def closed_tables(self) -> Mapping[int, FloatArray]:
        """The same for each node that one table decides, by combination."""
        return {node: sums_table(fixed, self.bounds) for node, fixed in self.scorer.closed_fixed.items()}


def sums_table(fixed: IntArray, bounds: tuple[int, ...]) -> FloatArray:
    """Return what a row with each fixed-point value adds to `SUMS` sums, as whole numbers kept as floats."""
    level = levels_of(fixed, bounds)
    one_of = level[:, None] == np.arange(len(LEVELS))
    return np.column_stack([*square_tables(fixed), one_of]).astype(np.float64)


def levels_of(values: npt.NDArray[np.integer], bounds: tuple[int, ...]) -> Codes:
    """Return the nearest level of each value, from 0 on; one more than the last where it does not count."""
    level = np.zeros(len(values), dtype=np.int8)
    for bound in bounds:
        level += values >= bound
    return np.where(values < 0, np.int8(len(LEVELS)), level)


@lru_cache(maxsize=64)
def plan_of(definition: Definition, questionnaire: int) -> TreePlan:
    """Return the plan of a questionnaire under a definition, built once per process."""
    place = {node.key: number for number, node in enumerate(definition.nodes)}
    parents = [ROOT if node.parent is None else place[node.parent] for node in definition.nodes]
    weights = [definition.asked_weights[node.key] for node in definition.nodes]
    feeds: dict[int, tuple[ItemKey, ...]] = {}
    for node in definition.nodes:
        if definition.children[node.key]:
            continue
        questions = _questions(definition, node.key, questionnaire)
        if len(questions) < 2:
            feeds[place[node.key]] = questions[0] if questions else ()
            continue
        for scales in questions:
            feeds[len(parents)] = scales
            parents.append(place[node.key])
            weights.append(1 / len(questions))
    tree = IndicatorTree(tuple(parents), tuple(weights))
    columns = tuple(feeds[leaf] for leaf in tree.leaves)
    scores = tuple(_leaf_scores(definition.score_vector, scales) for scales in columns)
    codes = tuple(tuple(range(len(vector))) for vector in scores)
    rule = IndexDefinition(tree, codes, scores, definition.coverage / 100)
    bounds = tuple(round(bound * UNITS) for bound in level_bounds(definition.score_vector))
    return TreePlan(rule, tuple(node.key for node in definition.nodes), columns, bounds)


def leaf_digits(scales: tuple[ItemKey, ...], by_item: Mapping[ItemKey, Codes], rows: int) -> Digits:
    """Return a leaf's answers on all its scales, numbered from 1 on from one scale to the next, 0 where missing."""
    if len(scales) == 1 and scales[0] in by_item:
        return _digits_from(by_item[scales[0]], 1 - scales[0].low)
    found, offset = np.zeros(rows, dtype=np.uint8), 1
    for item in scales:
        if item in by_item:
            # A response has one version and so an answer on one scale at most: what is added to is 0.
            found += _digits_from(by_item[item], offset - item.low)
        offset += item.high - item.low + 1
    return found


def _digits_from(codes: Codes, shift: int) -> Digits:
    # Multiplying by a flag is done 32 bytes at a time: a fifth of the time that choosing or np.maximum takes.
    return ((codes + np.int8(shift)) * (codes >= 0)).view(np.uint8)


def _questions(definition: Definition, node: str, questionnaire: int) -> list[tuple[ItemKey, ...]]:
    """The questions of a leaf, each with all scales it was ever asked on."""
    by_key: dict[str, list[ItemKey]] = {}
    for source in definition.leaf_sources(node):
        if source.questionnaire == questionnaire:
            by_key.setdefault(source.key, []).append(source.item)
    return [tuple(sorted(scales)) for scales in by_key.values()]


def _leaf_scores(vector: str, scales: tuple[ItemKey, ...]) -> tuple[float, ...]:
    """Scores of the points of all scales, one after the other; a leaf without a question has one dummy point."""
    return tuple(score for item in scales for score in scores_of(vector, item.low, item.high)) or (0.0,)
