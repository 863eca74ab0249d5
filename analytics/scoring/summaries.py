"""From columns to integer statistics under a definition: one pass, then sums by neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt

from analytics.methods.composite import index_moments, index_values
from analytics.methods.moments import MomentTable
from analytics.scoring import tallies
from analytics.scoring.codes import HISTOGRAM_WIDTH, Codes, ItemKey
from analytics.scoring.columns import Cells, Columns, IntArray
from analytics.scoring.cubes import SEPARATOR, Cube, Summary, carry, merge
from analytics.scoring.definition import NODE_WIDTH, Definition
from analytics.scoring.tree_plans import TreePlan, leaf_digits, plan_of
from analytics.scoring.wave_order import DAYS

QUESTIONNAIRE = "questionnaire"
"""The dimension that every tree of several questionnaires has; its levels are their ids, as text."""

# A pass works on this many cells at a time, to keep its table small whatever the block.
CELLS_PER_PASS = 4096


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
    whole = Cells.without_labels([columns.rows])
    vectors = cell_vectors(columns, slice(0, columns.rows), whole, definition, questionnaire)
    return np.asarray(vectors[0])


def node_values(columns: Columns, definition: Definition, questionnaire: int) -> npt.NDArray[np.int32]:
    """Return every respondent's value at every node of the tree in millionths of a point, -1 where not counted.

    Shape (nodes in tree order, rows).
    """
    plan = plan_of(definition, questionnaire)
    values = index_values(_answers(plan, columns.by_item, columns.rows), plan.rule)
    return values[: len(plan.nodes)]


def node_moments(columns: Columns, definition: Definition, questionnaire: int) -> MomentTable:
    """Return n, sum and sum of squares at every node over all rows, shape (nodes in tree order, 1)."""
    plan = plan_of(definition, questionnaire)
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
    sets = tallies.RowGroups(cells.rows)
    asked = columns.by_item
    by_item = {item: asked[item][rows] for item in definition.items_of(questionnaire) if item in asked}
    counted = tallies.histograms(by_item, sets)
    for item, counts in counted.items():
        start = layout.items[questionnaire, item]
        vectors[:, start : start + HISTOGRAM_WIDTH] = counts
    plan = plan_of(definition, questionnaire)
    statistics = tallies.tree_sums(plan, by_item, counted, sets)
    for place, node in enumerate(plan.nodes):
        start = layout.nodes[node]
        vectors[:, start : start + NODE_WIDTH] = statistics[:, place]
    return vectors


def _cell_range(cells: Cells, first: int, end: int) -> tuple[Cells, slice]:
    part = Cells(
        cells.day[first:end], cells.wave[first:end], cells.level[:, first:end], cells.rows[first:end],
        cells.waves, cells.dimensions, cells.levels,
    )
    start = int(cells.rows[:first].sum())
    return part, slice(start, start + int(part.rows.sum()))


def _answers(plan: TreePlan, by_item: Mapping[ItemKey, Codes], rows: int) -> Codes:
    answers = np.empty((rows, len(plan.columns)), dtype=np.int8, order="F")
    for number, scales in enumerate(plan.columns):
        answers[:, number] = leaf_digits(scales, by_item, rows).view(np.int8) - np.int8(1)
    return answers


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
    days_of_waves = [(DAYS + wave if wave else "", day) for wave, day in zip(waves, days, strict=True)]
    return slices | _grouped(vectors[:, :1], days_of_waves, definition.layout.squares)


def _levels_by_dimension(cells: Cells, definition: Definition, questionnaire: int) -> dict[str, list[str]]:
    found = {key: cells.level_names(key) for key in definition.dimensions if key in cells.dimensions}
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
