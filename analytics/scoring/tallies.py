"""Counting sorted rows by cell: histograms of items, and sums at the nodes of a tree.

Answers have few codes and siblings few combinations, so rows are counted by code and by combination, and
what a code or a combination is worth is multiplied in afterwards. Such products are sums of whole numbers
below 2**53, so floats are exact here and no order of adding can be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import UnknownCodeError
from analytics.methods.index_scorer import Digits, Joints, row_sums
from analytics.methods.inputs import FloatArray
from analytics.methods.moments import halves, split_square_sums
from analytics.scoring.codes import HIGHEST, HISTOGRAM_WIDTH, MISSING, Codes, ItemKey, histogram_position
from analytics.scoring.columns import IntArray
from analytics.scoring.definition import LEVELS
from analytics.scoring.tree_plans import SUMS, TreePlan, leaf_digits, levels_of

ROWS_PER_PASS: Final = 32_768
"""Rows that are added up one by one are taken in passes of this many: what a pass writes stays in the cache."""

ROOM: Final = 4
"""Counting by combination pays while there are at most this many combinations to a row."""

_NIBBLES: Final = 16
# Four bits of a code, in the order of a histogram: valid codes first, then the missing ones.
_IN_ORDER: Final = np.array([code & 15 for code in (*range(HIGHEST + 1), *MISSING)])


class RowGroups:
    """Neighbouring rows that are counted together; `rows` says how many there are in each cell."""

    def __init__(self, rows: IntArray) -> None:
        self.count = len(rows)
        self.size = int(rows.sum())
        self.starts = np.cumsum(rows) - rows
        self.of_row = np.repeat(np.arange(self.count, dtype=np.intp), rows) if self.count > 1 else None

    def counts(self, places: npt.NDArray[np.integer], width: int) -> IntArray:
        """Count places 0..width-1 by cell, shape (cells, width)."""
        keys = places if self.of_row is None else self.of_row * width + places
        return np.bincount(keys, minlength=self.count * width).reshape(self.count, width)

    def has_room_for(self, width: int) -> bool:
        """Tell whether a table of counts of this width is small beside the rows."""
        return self.count * width <= ROOM * max(self.size, ROWS_PER_PASS)


def histograms(by_item: Mapping[ItemKey, Codes], cells: RowGroups) -> dict[ItemKey, IntArray]:
    """Return the histogram of every item by cell, shape (cells, `HISTOGRAM_WIDTH`) each."""
    if cells.count == 1:
        return {item: _histogram_of(item, column) for item, column in by_item.items()}
    columns = list(by_item.values())
    found: list[IntArray] = []
    step = 2 if cells.has_room_for(_NIBBLES**2) else 1
    for first in range(0, len(columns), step):
        found += _histograms_of(columns[first : first + step], cells)
    return dict(zip(by_item, found, strict=True))


def _histogram_of(item: ItemKey, column: Codes) -> IntArray:
    """Compare with one code after the other, those of the scale first, until every row is found.

    Of five codes that takes half the time of counting by place: 32 answers are compared at once.
    """
    found = np.zeros((1, HISTOGRAM_WIDTH), dtype=np.int64)
    on_scale = range(item.low, item.high + 1)
    left = len(column)
    for code in (*on_scale, *MISSING, *(code for code in range(HIGHEST + 1) if code not in on_scale)):
        if not left:
            break
        count = int(np.count_nonzero(column == code))
        found[0, histogram_position(code)] = count
        left -= count
    return found


def _histograms_of(columns: Sequence[Codes], cells: RowGroups) -> list[IntArray]:
    """Count one item, or two at once: their codes fit into one byte."""
    one = columns[0].view(np.uint8) & np.uint8(15)
    if len(columns) == 1:
        return [cells.counts(one, _NIBBLES)[:, _IN_ORDER]]
    one |= columns[1].view(np.uint8) << np.uint8(4)
    pairs = cells.counts(one, _NIBBLES**2).reshape(cells.count, _NIBBLES, _NIBBLES)
    return [pairs.sum(axis=1)[:, _IN_ORDER], pairs.sum(axis=2)[:, _IN_ORDER]]


def tree_sums(
    plan: TreePlan, by_item: Mapping[ItemKey, Codes], found: Mapping[ItemKey, IntArray], cells: RowGroups
) -> IntArray:
    """Return the statistics of each of the definition's nodes by cell, shape (cells, nodes, 4 + levels).

    `found` holds the histograms of the items. Raises UnknownCodeError for a code that its scale does not have.
    """
    sums = np.zeros((cells.count, len(plan.rule.tree.parents), SUMS))
    for place, (leaf, scales) in enumerate(zip(plan.rule.tree.leaves, plan.columns, strict=True)):
        sums[:, leaf] = _digit_counts(scales, found, cells) @ plan.leaf_tables[place]
    digits = [leaf_digits(scales, by_item, cells.size) for scales in plan.columns]
    joints = plan.scorer.joints(digits)
    for node, table in plan.closed_tables.items():
        sums[:, node] = _of_combinations(joints[node][0], table, plan.scorer.closed_values[node], plan, cells)
    for node, open_sums in _of_open_nodes(plan, digits, joints, cells).items():
        sums[:, node] = open_sums
    return _statistics(sums[:, : len(plan.nodes)])


def _digit_counts(scales: tuple[ItemKey, ...], found: Mapping[ItemKey, IntArray], cells: RowGroups) -> FloatArray:
    """How often each digit of a leaf occurs by cell, but for 0: an answer that is missing adds nothing."""
    parts = [np.zeros((cells.count, 1))]
    for item in scales:
        counts = found.get(item, np.zeros((cells.count, HIGHEST + 1), dtype=np.int64))
        if counts[:, : item.low].any() or counts[:, item.high + 1 : HIGHEST + 1].any():
            raise UnknownCodeError("A code is not on its scale.", code=item.key)
        parts.append(counts[:, item.low : item.high + 1].astype(np.float64))
    if not scales:
        parts.append(np.zeros((cells.count, 1)))
    return np.concatenate(parts, axis=1)


def _statistics(sums: FloatArray) -> IntArray:
    """Turn sums as `tree_plans.SUMS` has them into n, total, squares in two parts, and levels."""
    whole = sums.astype(np.int64)
    high, low = split_square_sums(whole[..., 2], whole[..., 3], whole[..., 4])
    return np.concatenate([whole[..., :2], high[..., None], low[..., None], whole[..., 5:]], axis=-1)


def _of_combinations(
    joint: IntArray, table: FloatArray, values: npt.NDArray[np.int32], plan: TreePlan, cells: RowGroups
) -> FloatArray:
    if not cells.has_room_for(len(table)):
        return _of_rows(values.take(joint), plan, cells)
    return cells.counts(joint, len(table)).astype(np.float64) @ table


def _of_open_nodes(plan: TreePlan, digits: Digits, joints: Joints, cells: RowGroups) -> dict[int, FloatArray]:
    """Score the nodes that no one table decides row by row, and add their values up."""
    passes = _open_values(plan, digits, joints, cells.size)
    if cells.count == 1:
        sums = {node: np.zeros(SUMS) for node in plan.scorer.open}
        for _rows, found in passes:
            for node, part in found.items():
                sums[node] += _of_all_rows(part, plan)
        return sums
    values = {node: np.empty(cells.size, dtype=np.int32) for node in plan.scorer.open}
    for rows, found in passes:
        for node, part in found.items():
            values[node][rows] = part
    return {node: _of_rows(column, plan, cells) for node, column in values.items()}


def _open_values(
    plan: TreePlan, digits: Digits, joints: Joints, size: int
) -> Iterator[tuple[slice, dict[int, FloatArray]]]:
    """Yield the values of these nodes for some rows at a time."""
    for first in range(0, size if plan.scorer.open else 0, ROWS_PER_PASS):
        rows = slice(first, first + ROWS_PER_PASS)
        parts = {node: [joint[rows] for joint in tables] for node, tables in joints.items()}
        yield rows, plan.scorer.open_values([column[rows] for column in digits], parts)


def _of_all_rows(values: FloatArray, plan: TreePlan) -> FloatArray:
    """Add up the values of rows that all lie in one cell; -1 where a row does not count."""
    n, *sums = row_sums(values).tolist()
    reached = [n, *(np.count_nonzero(values >= bound) for bound in plan.bounds), 0]
    levels = [below - above for below, above in pairwise(reached)]
    return np.array([n, *sums, *levels], dtype=np.float64)


def _of_rows(values: npt.NDArray[np.int32], plan: TreePlan, cells: RowGroups) -> FloatArray:
    """Add values up row by row; -1 where a row does not count."""
    kept = np.maximum(values, 0)
    # Halves of a value below 2**27 have products below 2**31: no wider integers are needed before the sums.
    high, low = halves(kept)
    sums = [
        np.add.reduceat(column, cells.starts, dtype=np.int64) for column in (kept, high * high, high * low, low * low)
    ]
    levels = cells.counts(levels_of(values, plan.bounds), len(LEVELS) + 1)[:, : len(LEVELS)]
    return np.column_stack([levels.sum(axis=1), *sums, levels]).astype(np.float64)
