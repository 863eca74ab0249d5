"""From columns to integer statistics under a definition: one pass, then sums by neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from analytics.methods.composite import index_moments, index_values
from analytics.methods.index_definition import IndexDefinition
from analytics.methods.moments import UNITS, MomentTable, halves, split_square_sums
from analytics.methods.trees import ROOT, IndicatorTree
from analytics.scoring.codes import HIGHEST, HISTOGRAM_WIDTH, Codes, ItemKey
from analytics.scoring.columns import Cells, Columns, IntArray
from analytics.scoring.cubes import SEPARATOR, Cube, Summary, carry, merge
from analytics.scoring.definition import LEVELS, Definition, SourceRule, level_bounds, scores_of

QUESTIONNAIRE = "questionnaire"
"""The dimension that every tree of several questionnaires has."""

# A pass works on so many cells at a time, to keep its table small whatever the block.
CELLS_PER_PASS = 4096


@dataclass(frozen=True)
class _Plan:
    """How the answers to one questionnaire feed the tree: leaves of the method's tree and their columns."""

    rule: IndexDefinition
    nodes: tuple[str, ...]
    columns: tuple[tuple[ItemKey, ...], ...]


def summarise(columns: Columns, definition: Definition, questionnaire: int) -> Summary:
    """Return the slices of a set of responses (see `cubes` for their keys)."""
    parts = []
    for first in range(0, len(columns.cells.day), CELLS_PER_PASS):
        part, rows = _cell_range(columns.cells, first, first + CELLS_PER_PASS)
        vectors = cell_vectors(columns, rows, part, definition, questionnaire)
        parts.append(_slices(part, vectors, definition, questionnaire))
    return merge(parts, definition.layout.squares)


def totals(columns: Columns, definition: Definition, questionnaire: int) -> IntArray:
    """Return the statistics of all rows as one vector, without periods and segments."""
    rows = np.array([columns.rows], dtype=np.int64)
    nothing = np.zeros(1, dtype=np.int64)
    one = Cells(nothing, nothing, nothing.reshape(1, 1)[:0], rows, ("",), (), ())
    vectors = cell_vectors(columns, slice(0, columns.rows), one, definition, questionnaire)
    return np.asarray(vectors[0])


def node_values(columns: Columns, definition: Definition, questionnaire: int) -> npt.NDArray[np.int32]:
    """Return every respondent's value at every node of the tree in millionths of a point, -1 where not counted.

    Shape (nodes in tree order, rows).
    """
    plan = _plan(definition, questionnaire)
    values = index_values(_answers(plan, columns.by_item, columns.rows), plan.rule)
    return values[: len(plan.nodes)]


def node_moments(columns: Columns, definition: Definition, questionnaire: int) -> MomentTable:
    """Return n, sum and sum of squares at every node over all rows, shape (nodes in tree order, 1)."""
    plan = _plan(definition, questionnaire)
    table = index_moments(_answers(plan, columns.by_item, columns.rows), plan.rule)
    kept = slice(0, len(plan.nodes))
    return MomentTable(table.n[kept], table.total[kept], table.squares_high[kept], table.squares_low[kept])


def cell_vectors(
    columns: Columns, rows: slice, cells: Cells, definition: Definition, questionnaire: int
) -> IntArray:
    """Return one vector of statistics per cell, shape (cells, width)."""
    layout = definition.layout
    vectors = np.zeros((len(cells.rows), layout.width), dtype=np.int64)
    if not len(cells.rows) or not columns.rows:
        return vectors
    vectors[:, 0] = cells.rows
    by_item = {item: codes[rows] for item, codes in columns.by_item.items()}
    cell_of_row = np.repeat(np.arange(len(cells.rows), dtype=np.int64), cells.rows)
    for item in definition.items_of(questionnaire):
        if item in by_item:
            start = layout.items[questionnaire, item]
            vectors[:, start : start + HISTOGRAM_WIDTH] = _histograms(by_item[item], cell_of_row, len(cells.rows))
    plan = _plan(definition, questionnaire)
    values = index_values(_answers(plan, by_item, len(cell_of_row)), plan.rule)
    bounds = [round(bound * UNITS) for bound in level_bounds(definition.score_vector)]
    for key, value in zip(plan.nodes, values, strict=False):
        start = layout.nodes[key]
        vectors[:, start : start + 4] = _moments(value, cells.starts)
        vectors[:, start + 4 : start + 4 + len(LEVELS)] = _levels(value, bounds, cell_of_row, len(cells.rows))
    return vectors


def _cell_range(cells: Cells, first: int, end: int) -> tuple[Cells, slice]:
    part = Cells(
        cells.day[first:end], cells.wave[first:end], cells.level[:, first:end], cells.rows[first:end],
        cells.waves, cells.dimensions, cells.levels,
    )
    start = int(cells.rows[:first].sum())
    return part, slice(start, start + int(part.rows.sum()))


def _histograms(codes: Codes, cell_of_row: IntArray, cells: int) -> IntArray:
    places = np.where(codes < 0, np.int8(HIGHEST) - codes, codes)
    counts = np.bincount(cell_of_row * HISTOGRAM_WIDTH + places, minlength=cells * HISTOGRAM_WIDTH)
    return counts.reshape(cells, HISTOGRAM_WIDTH)


def _moments(value: npt.NDArray[np.int32], starts: IntArray) -> IntArray:
    counted = value >= 0
    kept = np.where(counted, value, 0)
    # Halves of a value below 2**27 have products below 2**31: no wider integers are needed before the sums.
    high, low = halves(kept)
    n, total, high_high, high_low, low_low = (
        np.add.reduceat(column, starts, dtype=np.int64)
        for column in (counted, kept, high * high, high * low, low * low)
    )
    return np.stack([n, total, *split_square_sums(high_high, high_low, low_low)], axis=1)


def _levels(value: npt.NDArray[np.int32], bounds: list[int], cell_of_row: IntArray, cells: int) -> IntArray:
    level = np.zeros(len(value), dtype=np.int8)
    for bound in bounds:
        level += value >= bound
    width = len(LEVELS) + 1
    level[value < 0] = len(LEVELS)
    counts = np.bincount(cell_of_row * width + level, minlength=cells * width)
    return counts.reshape(cells, width)[:, : len(LEVELS)]


# -- the tree as the method wants it ------------------------------------------------------


@lru_cache(maxsize=64)
def _plan(definition: Definition, questionnaire: int) -> _Plan:
    """Nodes first, then a hidden child per question where one leaf is fed by several."""
    place = {node.key: number for number, node in enumerate(definition.nodes)}
    parents = [ROOT if node.parent is None else place[node.parent] for node in definition.nodes]
    weights = [node.weight for node in definition.nodes]
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
    return _Plan(rule, tuple(node.key for node in definition.nodes), columns)


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


def _answers(plan: _Plan, by_item: Mapping[ItemKey, Codes], rows: int) -> Codes:
    answers = np.full((rows, len(plan.columns)), -1, dtype=np.int8, order="F")
    for number, scales in enumerate(plan.columns):
        offset = 0
        for item in scales:
            if item in by_item:
                _place(answers[:, number], by_item[item], offset - item.low, is_only=len(scales) == 1)
            offset += item.high - item.low + 1
    return answers


def _place(column: Codes, codes: Codes, shift: int, *, is_only: bool) -> None:
    """Write an item's points into a leaf's column, numbered on from the scale before."""
    if is_only:
        np.copyto(column, np.where(codes < 0, -1, codes + np.int8(shift)))
        return
    valid = codes >= 0
    column[valid] = codes[valid] + np.int8(shift)


# -- slices --------------------------------------------------------------------------------


def _slices(cells: Cells, vectors: IntArray, definition: Definition, questionnaire: int) -> Summary:
    days = [date.fromordinal(int(number)).isoformat() for number in cells.day]
    months = [day[:7] for day in days]
    waves = [cells.waves[number] for number in cells.wave]
    labels: dict[str, list[tuple[str, str]]] = {
        "": [("month", month) for month in months],
        "d": [(f"day:{month}", day) for month, day in zip(months, days, strict=True)],
        "w": [("wave" if wave else "", wave) for wave in waves],
    }
    for dimension, levels in _levels_by_dimension(cells, definition, questionnaire).items():
        labels[f"{dimension}/m"] = [
            (f"level:{dimension}:{month[:4]}", level + SEPARATOR + month)
            for level, month in zip(levels, months, strict=True)
        ]
        labels[f"{dimension}/w"] = [
            (f"level:{dimension}:wave" if wave else "", level + SEPARATOR + wave)
            for level, wave in zip(levels, waves, strict=True)
        ]
    slices: dict[str, Cube] = {}
    for names in labels.values():
        slices |= _grouped(vectors, names, definition.layout.squares)
    return slices


def _levels_by_dimension(cells: Cells, definition: Definition, questionnaire: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for dimension in definition.dimensions:
        if dimension in cells.dimensions:
            place = cells.dimensions.index(dimension)
            names = cells.levels[place]
            found[dimension] = [names[number] for number in cells.level[place]]
    if len(definition.questionnaires) > 1:
        found[QUESTIONNAIRE] = [str(questionnaire)] * len(cells.day)
    return found


def _grouped(vectors: IntArray, labels: list[tuple[str, str]], squares: IntArray) -> dict[str, Cube]:
    """Sum vectors by (slice, cell); rows labelled with an empty slice are left out."""
    order = sorted((label, number) for number, label in enumerate(labels) if label[0])
    if not order:
        return {}
    starts = [at for at, (label, _) in enumerate(order) if at == 0 or order[at - 1][0] != label]
    sums = np.add.reduceat(vectors[[number for _, number in order]], starts, axis=0)
    carry(sums, squares)
    found: dict[str, dict[str, int]] = {}
    for row, at in enumerate(starts):
        slice_key, cell = order[at][0]
        found.setdefault(slice_key, {})[cell] = row
    return {key: Cube(tuple(cells), sums[list(cells.values())]) for key, cells in found.items()}


def source_items(sources: tuple[SourceRule, ...]) -> tuple[tuple[int, ItemKey], ...]:
    """The items behind some sources."""
    return tuple((source.questionnaire, source.item) for source in sources)
