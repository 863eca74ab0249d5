"""Passes over answers that score them through lookup tables.

Below one parent the codes of its leaves form few combinations. Each is scored
once; a row is then one lookup per parent, and the leaves' own histograms are
margins of the same count. Whatever is added up per row is added in an order
that the definition alone decides, and is rounded once to whole units, so that
no blocking and no order of respondents can change a digit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import UnknownCodeError
from analytics.methods.index_definition import IndexDefinition
from analytics.methods.inputs import FloatArray, IntArray
from analytics.methods.moments import UNITS, MomentTable, float_halves, halves, split_square_sums

# Marks a node at which a respondent does not count.
NOT_COUNTED = -1
# Largest table of code combinations that is still small beside a pass.
TABLE_LIMIT = 16_384
# Sums of weights reach a threshold such as one half only up to rounding.
COVERAGE_SLACK = 1e-9

EVERY_ROW = slice(None)

Digits = Sequence[npt.NDArray[np.uint8]]
# Each inner node's combinations of digits, per table, as indices into the table.
Joints = dict[int, list[IntArray]]


@dataclass(frozen=True)
class Table:
    """What every combination of codes of some siblings adds to their parent."""

    columns: tuple[int, ...]
    bases: tuple[int, ...]
    weighted: FloatArray
    answered: FloatArray


@dataclass(frozen=True)
class Signal:
    """A node's value, presence (0 or 1) and coverage, per combination or per row."""

    value: FloatArray
    present: FloatArray
    covered: FloatArray

    def weighted_by(self, weight: float) -> "Signal":
        """Return what the node adds to its parent's sums."""
        return Signal(weight * self.value, weight * self.present, weight * self.covered)

    def take(self, joint: IntArray, speaking: slice) -> "Signal":
        """Look each row's combination up; presence and coverage only of rows that speak for all."""
        spoken = joint[speaking]
        return Signal(self.value.take(joint), self.present.take(spoken), self.covered.take(spoken))


@lru_cache(maxsize=64)
def scorer_of(definition: IndexDefinition) -> "Scorer":
    """Return the tables of a definition, built once per process."""
    return Scorer(definition)


class Scorer:
    """The tables of one definition, and the passes over blocks of answers."""

    def __init__(self, definition: IndexDefinition) -> None:
        self.definition = definition
        self.tree = definition.tree
        self.tables = {node: self._tables(node) for node in self.tree.order if self.tree.children[node]}
        # A closed node is decided by one table; an open one is added up per row.
        self.closed = {node: closed_signal(tables[0]) for node, tables in self.tables.items() if self._is_closed(node)}
        self.additions = {node: signal.weighted_by(self.tree.weights[node]) for node, signal in self.closed.items()}
        self.open = [node for node in reversed(self.tree.order) if node in self.tables and node not in self.closed]
        self.leaf_fixed = [self._leaf_fixed(column) for column in range(len(self.tree.leaves))]
        self.closed_fixed = {node: as_fixed(*self._rounded(signal)) for node, signal in self.closed.items()}
        # Values fit 32 bits, which halves what a pass has to write.
        self.leaf_values = [fixed.astype(np.int32) for fixed in self.leaf_fixed]
        self.closed_values = {node: fixed.astype(np.int32) for node, fixed in self.closed_fixed.items()}
        self.leaf_sums = [square_tables(fixed) for fixed in self.leaf_fixed]
        self.closed_sums = {node: square_tables(fixed) for node, fixed in self.closed_fixed.items()}

    def fill(self, block: npt.NDArray[np.int8], out: npt.NDArray[np.int32]) -> None:
        """Write each node's value per row of a block, -1 where it does not count.

        `out` has shape (nodes, rows). Every index is on its table by the time it
        is looked up; "clip" only spares numpy a copy of what it writes.
        """
        digits = self._digits(block)
        joints = self.joints(digits)
        for leaf, column in self.tree.column_of.items():
            self.leaf_values[column].take(digits[column], out=out[leaf], mode="clip")
        for node, values in self.closed_values.items():
            values.take(joints[node][0], out=out[node], mode="clip")
        for node, found in self.open_values(digits, joints).items():
            out[node] = found.astype(np.int32)

    def joints(self, digits: Digits) -> Joints:
        """Return each inner node's combinations.

        `digits` holds one array per leaf's column (see `digits_of`).
        """
        return {node: [joint_of(table, digits) for table in tables] for node, tables in self.tables.items()}

    def open_values(self, digits: Digits, joints: Joints) -> dict[int, FloatArray]:
        """Return the values of the nodes that no single table decides, -1 where a row does not count.

        Values are whole units kept as floats. Where all questions were required, what is present is the same
        in every row: it is then looked up and divided by once, which takes two thirds of the time.
        """
        speaking = speaking_rows(digits)
        signals: dict[int, Signal] = {}
        found: dict[int, FloatArray] = {}
        for node in self.open:
            signals[node] = joined(self._additions(node, joints, signals, speaking))
            rounded, counts = self._rounded(signals[node])
            found[node] = rounded if counts.all() else np.where(counts, rounded, NOT_COUNTED)
        return found

    def moments(self, blocks: Iterable[npt.NDArray[np.int8]]) -> MomentTable:
        """Return the moments of all blocks at every node, all rows in one group."""
        counts = {node: [np.zeros(t.weighted.size, np.int64) for t in tables] for node, tables in self.tables.items()}
        sums = {node: np.zeros(5, np.int64) for node in self.open}
        single = np.zeros(self.leaf_fixed[0].size, np.int64)
        for block in blocks:
            digits = self._digits(block)
            joints = self.joints(digits)
            for node, tables in joints.items():
                for total, joint in zip(counts[node], tables, strict=True):
                    total += np.bincount(joint, minlength=total.size)
            for node, values in self.open_values(digits, joints).items():
                sums[node] += row_sums(values)
            if not self.tables:
                single += np.bincount(digits[0], minlength=single.size)
        return self._moments_of(counts, sums, single)

    def _moments_of(
        self, counts: dict[int, list[IntArray]], sums: dict[int, IntArray], single: IntArray
    ) -> MomentTable:
        """Turn counts of combinations into sums, once for all passes."""
        out = MomentTable.empty(len(self.tree.parents), 1)
        for node, tables in self.tables.items():
            for table, count in zip(tables, counts[node], strict=True):
                for column, margin in margins(count, table):
                    put(out, self.tree.leaves[column], counted_sums(margin, self.leaf_sums[column]))
            if node in self.closed:
                put(out, node, counted_sums(counts[node][0], self.closed_sums[node]))
        for node, found in sums.items():
            put(out, node, found)
        if not self.tables:
            put(out, self.tree.root, counted_sums(single, self.leaf_sums[0]))
        return out

    def _is_closed(self, node: int) -> bool:
        tables = self.tables[node]
        return len(tables) == 1 and len(tables[0].columns) == len(self.tree.children[node])

    def _leaf_score(self, column: int) -> FloatArray:
        """Score by digit; digit 0 is a missing answer."""
        codes, scores = self.definition.codes[column], self.definition.scores[column]
        out = np.zeros(digit_base(codes))
        out[[code - codes[0] + 1 for code in codes]] = scores
        return out

    def _leaf_fixed(self, column: int) -> IntArray:
        fixed = np.rint(self._leaf_score(column) * UNITS).astype(np.int64)
        fixed[0] = NOT_COUNTED
        return fixed

    def _tables(self, node: int) -> tuple[Table, ...]:
        groups: list[list[int]] = []
        size = TABLE_LIMIT + 1
        for leaf in (child for child in self.tree.children[node] if child in self.tree.column_of):
            base = digit_base(self.definition.codes[self.tree.column_of[leaf]])
            size *= base
            if size > TABLE_LIMIT:
                groups.append([])
                size = base
            groups[-1].append(leaf)
        return tuple(self._table(group) for group in groups)

    def _table(self, leaves: Sequence[int]) -> Table:
        columns = tuple(self.tree.column_of[leaf] for leaf in leaves)
        bases = tuple(digit_base(self.definition.codes[column]) for column in columns)
        weighted, answered = np.zeros(1), np.zeros(1)
        for leaf, column, base in zip(leaves, columns, bases, strict=True):
            weight = self.tree.weights[leaf]
            weighted = np.add.outer(weighted, weight * self._leaf_score(column)).ravel()
            answered = np.add.outer(answered, (np.arange(base) > 0) * weight).ravel()
        return Table(columns, bases, weighted, answered)

    def _digits(self, block: npt.NDArray[np.int8]) -> Digits:
        return [digits_of(block[:, column], codes) for column, codes in enumerate(self.definition.codes)]

    def _additions(self, node: int, joints: Joints, signals: dict[int, Signal], speaking: slice) -> list[Signal]:
        """Return what each table and each inner child adds, per row, in a fixed order."""
        found = [
            Signal(table.weighted, table.answered, table.answered).take(joint, speaking)
            for table, joint in zip(self.tables[node], joints[node], strict=True)
        ]
        for child in self.tree.children[node]:
            if child in self.closed:
                found.append(self.additions[child].take(joints[child][0], speaking))
            elif child in self.tables:
                found.append(signals[child].weighted_by(self.tree.weights[child]))
        return found

    def _rounded(self, signal: Signal) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Round once to whole units, and say who counts."""
        counts = (signal.present > 0) & (signal.covered >= self.definition.min_coverage - COVERAGE_SLACK)
        return np.rint(signal.value * UNITS), counts


def closed_signal(table: Table) -> Signal:
    """Return the node that one table decides."""
    return signal_of(table.weighted, table.answered, table.answered)


def joined(parts: Sequence[Signal]) -> Signal:
    """Return the node that its children's additions make, added in their order."""
    return signal_of(
        reduce(np.add, [part.value for part in parts]),
        reduce(np.add, [part.present for part in parts]),
        reduce(np.add, [part.covered for part in parts]),
    )


def signal_of(weighted: FloatArray, present: FloatArray, covered: FloatArray) -> Signal:
    """Divide by the weight that is present; where none is, the value is 0."""
    has_value = present > 0
    return Signal(weighted / (present + ~has_value), has_value.astype(np.float64), covered)


def as_fixed(rounded: FloatArray, counts: npt.NDArray[np.bool_]) -> IntArray:
    """Return whole units, -1 where a row does not count."""
    return np.where(counts, rounded, NOT_COUNTED).astype(np.int64)


Sums = tuple[IntArray, IntArray, IntArray, IntArray, IntArray]


def square_tables(fixed: IntArray) -> Sums:
    """Per table entry: counts or not, value, and the products of its halves."""
    counted = fixed >= 0
    value = np.where(counted, fixed, 0)
    high, low = halves(value)
    return counted.astype(np.int64), value, high * high, high * low, low * low


def counted_sums(counts: IntArray, tables: Sums) -> IntArray:
    """Return the five sums over a histogram of table entries."""
    return np.array([(counts * table).sum() for table in tables])


def row_sums(values: FloatArray) -> IntArray:
    """Return the five sums over the rows that count; values are whole units, -1 where a row does not.

    Every partial sum is a whole number below 2**53, so floats are exact here.
    """
    n = np.count_nonzero(values >= 0)
    counted = values if n == len(values) else np.maximum(values, 0.0)
    high, low = float_halves(counted)
    sums = (n, counted.sum(), (high * high).sum(), (high * low).sum(), (low * low).sum())
    return np.array([int(number) for number in sums])


def put(out: MomentTable, node: int, sums: IntArray) -> None:
    """Write the five sums of one node into the table."""
    out.n[node], out.total[node] = sums[0], sums[1]
    out.squares_high[node], out.squares_low[node] = split_square_sums(*sums[2:])


def margins(counts: IntArray, table: Table) -> list[tuple[int, IntArray]]:
    """Return each column's own histogram from the count of combinations."""
    cube = counts.reshape(table.bases)
    axes = range(cube.ndim)
    return [
        (column, cube.sum(axis=tuple(other for other in axes if other != axis)))
        for axis, column in enumerate(table.columns)
    ]


def joint_of(table: Table, digits: Digits) -> IntArray:
    """Number each row's combination of digits, as an index into the table."""
    joint = digits[table.columns[0]].astype(np.uint16)
    for column, base in zip(table.columns[1:], table.bases[1:], strict=True):
        joint *= np.uint16(base)
        joint += digits[column]
    return joint.astype(np.intp)


def speaking_rows(digits: Digits) -> slice:
    """Return one row, to speak for all, where each leaf has been answered in every row or in none."""
    is_mixed = any(column.size and not column.min() and column.max() for column in digits)
    return EVERY_ROW if is_mixed else slice(0, 1)


def digit_base(codes: tuple[int, ...]) -> int:
    """Return the number of digits: one for missing, one for each code from lowest to highest."""
    return codes[-1] - codes[0] + 2


def digits_of(column: npt.NDArray[np.int8], codes: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return 0 for a missing answer, else its place on the scale from 1 on.

    Raises
    ------
    UnknownCodeError
        If an answer is not on the scale.
    """
    if column.size == 0:
        return column.view(np.uint8)
    low, high = int(column.min()), int(column.max())
    check_codes(column, codes, low, high)
    # Digits start at 1 for the lowest code; multiplying by a flag beats a branch per row.
    shifted = column if codes[0] == 1 else column - np.int8(codes[0] - 1)
    return (shifted if low >= 0 else shifted * (column >= 0)).view(np.uint8)


def check_codes(column: npt.NDArray[np.int8], codes: tuple[int, ...], low: int, high: int) -> None:
    """Refuse a column that holds a code the scale does not have."""
    if high > codes[-1]:
        raise UnknownCodeError(f"The scale has no code {high}.", code=high)
    for code in set(range(max(low, 0), codes[-1])) - set(codes):
        if (column == code).any():
            raise UnknownCodeError(f"The scale has no code {code}.", code=code)
