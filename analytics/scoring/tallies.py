"""Counting sorted rows by cell: histograms of items, and sums at the nodes of a tree.

Answers have few codes and siblings few combinations, so rows are counted by code and by combination, and
what a code or a combination is worth is multiplied in afterwards. Such products are sums of whole numbers
below 2**53, so floats are exact here and no order of adding can be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import UnknownCodeError
from analytics.methods.inputs import FloatArray
from analytics.methods.moments import halves, split_square_sums
from analytics.scoring.codes import HIGHEST, MISSING, Codes, ItemKey
from analytics.scoring.columns import IntArray
from analytics.scoring.definition import LEVELS
from analytics.scoring.tree_plans import Plan, leaf_codes, levels_of

ROWS_PER_PASS: Final = 16_384
"""Rows that are added up one by one are taken so many at a time: what is written then stays in the cache."""

ROOM: Final = 4
"""Counts by combination pay while there are no more of them than so many to a row."""

_NIBBLES: Final = 16
# Four bits of a code, in the order of a histogram: valid codes first, then the missing ones.
_IN_ORDER: Final = np.array([code & 15 for code in (*range(HIGHEST + 1), *MISSING)])


class Cells:
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
        """Tell whether so wide a table of counts is small beside the rows."""
        return self.count * width <= ROOM * max(self.size, ROWS_PER_PASS)


def histograms(columns: Sequence[Codes], cells: Cells) -> list[IntArray]:
    """Return the histogram of every item by cell, shape (cells, `HISTOGRAM_WIDTH`) each."""
    found: list[IntArray] = []
    step = 2 if cells.has_room_for(_NIBBLES**2) else 1
    for first in range(0, len(columns), step):
        found += _histograms_of(columns[first : first + step], cells)
    return found


def _histograms_of(columns: Sequence[Codes], cells: Cells) -> list[IntArray]:
    """Count one item, or two at once: their codes fit into one byte."""
    one = columns[0].view(np.uint8) & np.uint8(15)
    if len(columns) == 1:
        return [cells.counts(one, _NIBBLES)[:, _IN_ORDER]]
    one |= columns[1].view(np.uint8) << np.uint8(4)
    pairs = cells.counts(one, _NIBBLES**2).reshape(cells.count, _NIBBLES, _NIBBLES)
    return [pairs.sum(axis=1)[:, _IN_ORDER], pairs.sum(axis=2)[:, _IN_ORDER]]


def tree_sums(
    plan: Plan, by_item: Mapping[ItemKey, Codes], found: Mapping[ItemKey, IntArray], cells: Cells
) -> Iterator[tuple[int, IntArray]]:
    """Return the statistics of each of the definition's nodes by cell, shape (cells, 4 + levels).

    `found` holds the histograms of the items. Raises UnknownCodeError for a code that its scale does not have.
    """
    digits: list[npt.NDArray[np.uint8]] = []
    for leaf, scales in zip(plan.rule.tree.leaves, plan.columns, strict=True):
        digits.append((leaf_codes(scales, by_item, cells.size) + np.int8(1)).view(np.uint8))
        counts = _digit_counts(scales, found, cells)
        if leaf < len(plan.nodes):
            yield leaf, _statistics(counts @ plan.leaf_tables[len(digits) - 1])
    joints = plan.scorer.joints(digits)
    for node, table in plan.closed_tables.items():
        if node < len(plan.nodes):
            yield node, _of_combinations(joints[node][0], table, plan.scorer.closed_values[node], plan, cells)
    for node, values in _open_values(plan, joints, cells.size).items():
        yield node, _of_rows(values, plan, cells)


def _digit_counts(scales: tuple[ItemKey, ...], found: Mapping[ItemKey, IntArray], cells: Cells) -> FloatArray:
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


def _of_combinations(
    joint: IntArray, table: FloatArray, values: npt.NDArray[np.int32], plan: Plan, cells: Cells
) -> IntArray:
    if not cells.has_room_for(len(table)):
        return _of_rows(values.take(joint), plan, cells)
    return _statistics(cells.counts(joint, len(table)).astype(np.float64) @ table)


def _statistics(sums: FloatArray) -> IntArray:
    """Turn sums as `tree_plans.SUMS` has them into n, total, squares in two parts, and levels."""
    whole = sums.astype(np.int64)
    high, low = split_square_sums(whole[:, 2], whole[:, 3], whole[:, 4])
    return np.column_stack([whole[:, :2], high, low, whole[:, 5:]])


def _of_rows(values: npt.NDArray[np.int32], plan: Plan, cells: Cells) -> IntArray:
    """Add values up row by row; -1 where a row does not count."""
    kept = np.maximum(values, 0)
    # Halves of a value below 2**27 have products below 2**31: no wider integers are needed before the sums.
    high, low = halves(kept)
    total, *squares = (
        np.add.reduceat(column, cells.starts, dtype=np.int64) for column in (kept, high * high, high * low, low * low)
    )
    levels = cells.counts(levels_of(values, plan.bounds), len(LEVELS) + 1)[:, : len(LEVELS)]
    return np.column_stack([levels.sum(axis=1), total, *split_square_sums(*squares), levels])


def _open_values(
    plan: Plan, joints: Mapping[int, list[IntArray]], size: int
) -> dict[int, npt.NDArray[np.int32]]:
    """Return the values of the nodes that no one table decides."""
    wanted = [node for node in plan.scorer.open if node < len(plan.nodes)]
    found = {node: np.empty(size, dtype=np.int32) for node in wanted}
    for first in range(0, size if wanted else 0, ROWS_PER_PASS):
        rows = slice(first, first + ROWS_PER_PASS)
        parts = {node: [joint[rows] for joint in tables] for node, tables in joints.items()}
        values = plan.scorer.open_values(parts, min(ROWS_PER_PASS, size - first))
        for node in wanted:
            found[node][rows] = values[node]
    return found
