"""The hierarchical index by both of its estimators.

A, respondent level: each respondent's answers are rolled up the tree, the
weights of the answered children renormalised inside each parent, and the
respondents who count are averaged. B, item means: every leaf's mean on its own
base is rolled up (see `item_means`). Which one a number is, is part of its name.

Estimator A visits every answer, so it works on lookup tables: the leaves below
one parent take few combinations of codes, each of which is scored once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import (
    InvalidScaleError,
    InvalidValueError,
    ShapeMismatchError,
    UnknownCodeError,
)
from analytics.methods.inputs import FloatArray, IntArray, checked_codes, checked_fraction, checked_scores
from analytics.methods.moments import UNITS, MomentTable, halves, split_square_sums
from analytics.methods.trees import IndicatorTree

# Marks a node at which a respondent does not count.
NOT_COUNTED = -1
# Rows per pass: the working arrays of one pass stay in the processor's cache.
ROWS_PER_PASS = 32_768
# Largest table of code combinations that is still small beside a pass.
_TABLE_LIMIT = 16_384
# Sums of weights reach a threshold such as one half only up to rounding.
_COVERAGE_SLACK = 1e-9


@dataclass(frozen=True)
class IndexDefinition:
    """All that decides a respondent-level index.

    Parameters
    ----------
    tree : IndicatorTree
    codes : tuple of tuple of int
        For each leaf, in the order of `tree.leaves`, its scale: rising codes
        between 0 and 126. Every negative code means a missing answer.
    scores : tuple of tuple of float
        For each leaf the score of each code, 0-100.
    min_coverage : float
        Share of a node's weight, 0-1, that a respondent's answered leaves must
        carry for the respondent to count at the node.

    Raises
    ------
    InvalidScaleError
        If codes or scores are out of range or do not fit one another.
    ShapeMismatchError
        If there is not one scale per leaf.
    InvalidLevelError
        If the coverage is outside 0-1.
    """

    tree: IndicatorTree
    codes: tuple[tuple[int, ...], ...]
    scores: tuple[tuple[float, ...], ...]
    min_coverage: float = 0.5

    def __post_init__(self) -> None:
        checked_fraction(self.min_coverage, "Coverage")
        if not len(self.codes) == len(self.scores) == len(self.tree.leaves):
            raise ShapeMismatchError("Every leaf needs one scale and one score vector.")
        for codes, scores in zip(self.codes, self.scores, strict=True):
            _check_scale(checked_codes(codes), checked_scores(scores, len(codes)))

    @cached_property
    def scorer(self) -> "_Scorer":
        """The lookup tables of this definition, built once."""
        return _Scorer(self)


def index_values(answers: npt.NDArray[np.int8], definition: IndexDefinition) -> npt.NDArray[np.int32]:
    """Return every respondent's value at every node, in millionths of a point.

    Parameters
    ----------
    answers : ndarray of int8, shape (respondents, leaves)
        Codes; negative means missing. Column order fastest ("F").
    definition : IndexDefinition

    Returns
    -------
    ndarray of int32, shape (nodes, respondents)
        0..100_000_000, or -1 where the respondent does not count.

    Raises
    ------
    UnknownCodeError
        If an answer is not on its scale.
    ShapeMismatchError
        If the answers are not int8 with one column per leaf.

    Examples
    --------
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> rule = IndexDefinition(tree, ((1, 2, 3),) * 2, ((0.0, 50.0, 100.0),) * 2)
    >>> index_values(np.array([[3, 1], [2, -1], [-1, 1]], dtype=np.int8), rule)[0].tolist()
    [60000000, 50000000, -1]
    """
    matrix = _checked_answers(answers, definition)
    out = np.empty((len(definition.tree.parents), matrix.shape[0]), dtype=np.int32)
    for start in range(0, matrix.shape[0], ROWS_PER_PASS):
        rows = definition.scorer.rows(matrix[start : start + ROWS_PER_PASS])
        for node, values in rows.items():
            out[node, start : start + ROWS_PER_PASS] = values
    return out


def index_moments(
    answers: npt.NDArray[np.int8],
    definition: IndexDefinition,
    groups: npt.NDArray[np.integer] | None = None,
    n_groups: int = 1,
) -> MomentTable:
    """Return n, sum and sum of squares of the index at every node, by group.

    Parameters
    ----------
    answers : ndarray of int8, shape (respondents, leaves)
    definition : IndexDefinition
    groups : ndarray of int, shape (respondents,), optional
        Group (day, segment level, weighting cell) of each respondent,
        0..n_groups-1. Without it all respondents form group 0.
    n_groups : int

    Returns
    -------
    MomentTable
        Shape (nodes, n_groups). The same digits for any order or blocking of
        the respondents.

    Raises
    ------
    UnknownCodeError, ShapeMismatchError, InvalidValueError
        If an answer is not on its scale, shapes differ, or a group is out of
        range.

    Examples
    --------
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> rule = IndexDefinition(tree, ((1, 2, 3),) * 2, ((0.0, 50.0, 100.0),) * 2)
    >>> moments = index_moments(np.array([[3, 1], [2, -1], [-1, 1]], dtype=np.int8), rule)
    >>> moments.at(0).n, moments.at(0).total
    (2, 110000000)
    """
    matrix = _checked_answers(answers, definition)
    keys = _checked_groups(groups, matrix.shape[0], n_groups)
    totals = MomentTable.empty(len(definition.tree.parents), n_groups)
    for start in range(0, matrix.shape[0], ROWS_PER_PASS):
        part = None if keys is None else keys[start : start + ROWS_PER_PASS]
        totals = totals + definition.scorer.moments(matrix[start : start + ROWS_PER_PASS], part, n_groups)
    return totals


@dataclass(frozen=True)
class _Table:
    """What every combination of codes below one parent contributes to it."""

    columns: tuple[int, ...]
    bases: tuple[int, ...]
    weighted: FloatArray
    answered: FloatArray


@dataclass(frozen=True)
class _Signal:
    """A node's value, presence (0/1) and coverage, per combination or per row."""

    value: FloatArray
    present: FloatArray
    covered: FloatArray


class _Scorer:
    """The tables of one definition, and the passes over blocks of answers."""

    def __init__(self, definition: IndexDefinition) -> None:
        self.definition = definition
        self.tree = definition.tree
        self.tables = {node: self._tables(node) for node in self.tree.order if self.tree.children[node]}
        self.closed = {
            node: self._closed(tables[0])
            for node, tables in self.tables.items()
            if len(tables) == 1 and len(tables[0].columns) == len(self.tree.children[node])
        }
        self.leaf_fixed = [self._leaf_fixed(column) for column in range(len(self.tree.leaves))]
        self.closed_fixed = {node: self._fixed(signal) for node, signal in self.closed.items()}
        self.closed_halves = {node: _square_tables(fixed) for node, fixed in self.closed_fixed.items()}

    # -- building ---------------------------------------------------------

    def _leaf_score(self, column: int) -> FloatArray:
        """Score by digit; digit 0 is a missing answer."""
        codes, scores = self.definition.codes[column], self.definition.scores[column]
        out = np.zeros(_base(codes))
        out[[code - codes[0] + 1 for code in codes]] = scores
        return out

    def _tables(self, node: int) -> tuple[_Table, ...]:
        leaves = [child for child in self.tree.children[node] if child in self.tree.column_of]
        groups: list[list[int]] = []
        size = _TABLE_LIMIT + 1
        for leaf in leaves:
            base = _base(self.definition.codes[self.tree.column_of[leaf]])
            size *= base
            if size > _TABLE_LIMIT:
                groups.append([])
                size = base
            groups[-1].append(leaf)
        return tuple(self._table(group) for group in groups)

    def _table(self, leaves: Sequence[int]) -> _Table:
        columns = tuple(self.tree.column_of[leaf] for leaf in leaves)
        bases = tuple(_base(self.definition.codes[column]) for column in columns)
        weighted, answered = np.zeros(1), np.zeros(1)
        for leaf, column, base in zip(leaves, columns, bases, strict=True):
            weight = self.tree.weights[leaf]
            is_answered = (np.arange(base) > 0) * weight
            weighted = np.add.outer(weighted, weight * self._leaf_score(column)).ravel()
            answered = np.add.outer(answered, is_answered).ravel()
        return _Table(columns, bases, weighted, answered)

    def _closed(self, table: _Table) -> _Signal:
        return _signal(table.weighted, table.answered, table.answered)

    def _leaf_fixed(self, column: int) -> IntArray:
        fixed = np.rint(self._leaf_score(column) * UNITS).astype(np.int64)
        fixed[0] = NOT_COUNTED
        return fixed

    def _fixed(self, signal: _Signal) -> IntArray:
        """Round once to whole units; what does not count is marked."""
        counts = (signal.present > 0) & (signal.covered >= self.definition.min_coverage - _COVERAGE_SLACK)
        return np.where(counts, np.rint(signal.value * UNITS), NOT_COUNTED).astype(np.int64)

    # -- one pass ---------------------------------------------------------

    def _digits(self, block: npt.NDArray[np.int8]) -> list[npt.NDArray[np.int8]]:
        return [_digit(block[:, column], codes) for column, codes in enumerate(self.definition.codes)]

    def _joint(self, table: _Table, digits: list[npt.NDArray[np.int8]]) -> IntArray:
        """Number each row's combination of digits, as an index into the table."""
        joint = digits[table.columns[0]].astype(np.uint16)
        for column, base in zip(table.columns[1:], table.bases[1:], strict=True):
            joint *= np.uint16(base)
            joint += digits[column].view(np.uint8)
        return joint.astype(np.intp)

    def _open_signals(self, joints: dict[int, list[IntArray]]) -> dict[int, _Signal]:
        """Values per row of the nodes that no single table closes, leaves upwards."""
        signals: dict[int, _Signal] = {}
        for node in reversed(self.tree.order):
            if node in self.tables and node not in self.closed:
                signals[node] = self._open_signal(node, joints, signals)
        return signals

    def _open_signal(self, node: int, joints: dict[int, list[IntArray]], signals: dict[int, _Signal]) -> _Signal:
        # A fixed order of additions, row by row, so that blocking cannot change a digit.
        weighted, present, covered = 0.0, 0.0, 0.0
        for table, joint in zip(self.tables[node], joints[node], strict=True):
            answered = table.answered[joint]
            weighted = weighted + table.weighted[joint]
            present, covered = present + answered, covered + answered
        for child in self.tree.children[node]:
            if child not in self.tables:
                continue
            weight = self.tree.weights[child]
            if child in self.closed:
                closed, joint = self.closed[child], joints[child][0]
                weighted = weighted + (weight * closed.value).take(joint)
                present = present + (weight * closed.present).take(joint)
                covered = covered + (weight * closed.covered).take(joint)
            else:
                signal = signals[child]
                weighted = weighted + weight * signal.value
                present = present + weight * signal.present
                covered = covered + weight * signal.covered
        return _signal(np.asarray(weighted), np.asarray(present), np.asarray(covered))

    def _joints(self, digits: list[npt.NDArray[np.int8]]) -> dict[int, list[IntArray]]:
        return {node: [self._joint(table, digits) for table in tables] for node, tables in self.tables.items()}

    def rows(self, block: npt.NDArray[np.int8]) -> dict[int, IntArray]:
        """Return each node's fixed-point value per row of a block."""
        digits = self._digits(block)
        joints = self._joints(digits)
        found = {leaf: self.leaf_fixed[column].take(digits[column]) for leaf, column in self.tree.column_of.items()}
        found |= {node: fixed.take(joints[node][0]) for node, fixed in self.closed_fixed.items()}
        return found | {node: self._fixed(signal) for node, signal in self._open_signals(joints).items()}

    def moments(self, block: npt.NDArray[np.int8], groups: IntArray | None, n_groups: int) -> MomentTable:
        """Return the moments of a block at every node, by group."""
        if groups is None:
            return self._whole_moments(block)
        out = MomentTable.empty(len(self.tree.parents), n_groups)
        for node, values in self.rows(block).items():
            _put(out, node, _grouped_sums(values, groups, n_groups))
        return out

    def _whole_moments(self, block: npt.NDArray[np.int8]) -> MomentTable:
        digits = self._digits(block)
        joints = self._joints(digits)
        out = MomentTable.empty(len(self.tree.parents), 1)
        for leaf, column in self.tree.column_of.items():
            fixed = self.leaf_fixed[column]
            counts = _digit_counts(digits[column], fixed.size)
            _put(out, leaf, _table_sums(counts, _square_tables(fixed)))
        for node, tables in self.closed_halves.items():
            counts = np.bincount(joints[node][0], minlength=tables[0].size)
            _put(out, node, _table_sums(counts, tables))
        for node, signal in self._open_signals(joints).items():
            _put(out, node, _row_sums(self._fixed(signal)))
        return out


def _signal(weighted: FloatArray, present: FloatArray, covered: FloatArray) -> _Signal:
    has_value = present > 0
    value = np.divide(weighted, present, out=np.zeros_like(weighted), where=has_value)
    return _Signal(value, has_value.astype(np.float64), covered)


_Sums = tuple[IntArray, IntArray, IntArray, IntArray, IntArray]


def _square_tables(fixed: IntArray) -> _Sums:
    """Per table entry: counts or not, value, and the products of its halves."""
    counted = fixed >= 0
    value = np.where(counted, fixed, 0)
    high, low = halves(value)
    return counted.astype(np.int64), value, high * high, high * low, low * low


def _table_sums(counts: IntArray, tables: _Sums) -> list[IntArray]:
    return [np.atleast_1d(counts @ table) for table in tables]


def _row_sums(fixed: IntArray) -> list[IntArray]:
    counted = fixed >= 0
    value = fixed if counted.all() else fixed[counted]
    # Whole numbers below 2**53 in every partial sum: float dots are exact and fast.
    high, low = (half.astype(np.float64) for half in halves(value))
    floats = (float(value.sum()), high @ high, high @ low, low @ low)
    return [np.array([value.size]), *(np.array([int(number)]) for number in floats)]


def _grouped_sums(fixed: IntArray, groups: IntArray, n_groups: int) -> list[IntArray]:
    counted = fixed >= 0
    keys, value = (groups, fixed) if counted.all() else (groups[counted], fixed[counted])
    high, low = (half.astype(np.float64) for half in halves(value))
    columns = (value.astype(np.float64), high * high, high * low, low * low)
    sums = [np.bincount(keys, weights=column, minlength=n_groups).astype(np.int64) for column in columns]
    return [np.bincount(keys, minlength=n_groups), *sums]


def _put(out: MomentTable, node: int, sums: list[IntArray]) -> None:
    out.n[node], out.total[node] = sums[0], sums[1]
    out.squares_high[node], out.squares_low[node] = split_square_sums(sums[2], sums[3], sums[4])


def _base(codes: tuple[int, ...]) -> int:
    """Number of digits: one for missing, one for each code from lowest to highest."""
    return codes[-1] - codes[0] + 2


def _digit(column: npt.NDArray[np.int8], codes: tuple[int, ...]) -> npt.NDArray[np.int8]:
    """Return 0 for a missing answer, else its place on the scale from 1 on."""
    _check_codes(column, codes)
    if codes[0] == 1:
        return np.maximum(column, 0)
    return np.where(column < 0, 0, column - np.int8(codes[0] - 1)).astype(np.int8)


def _check_codes(column: npt.NDArray[np.int8], codes: tuple[int, ...]) -> None:
    if column.size == 0:
        return
    highest = int(column.max())
    if highest > codes[-1]:
        raise UnknownCodeError(f"The scale has no code {highest}.", code=highest)
    gaps = set(range(codes[-1])) - set(codes)
    for code in gaps:
        if (column == code).any():
            raise UnknownCodeError(f"The scale has no code {code}.", code=code)


def _digit_counts(digits: npt.NDArray[np.int8], size: int) -> IntArray:
    return np.array([np.count_nonzero(digits == digit) for digit in range(size)], dtype=np.int64)


def _check_scale(codes: tuple[int, ...], scores: FloatArray) -> None:
    if codes[0] < 0 or codes[-1] > 126:
        raise InvalidScaleError("Scale codes lie between 0 and 126.")
    if (scores < 0).any() or (scores > 100).any():
        raise InvalidScaleError("Scores of an index lie between 0 and 100.")


def _checked_answers(answers: npt.NDArray[np.int8], definition: IndexDefinition) -> npt.NDArray[np.int8]:
    if answers.dtype != np.int8 or answers.ndim != 2 or answers.shape[1] != len(definition.tree.leaves):
        raise ShapeMismatchError("Answers are int8 codes with one column per leaf.")
    return answers


def _checked_groups(groups: npt.NDArray[np.integer] | None, size: int, n_groups: int) -> IntArray | None:
    if groups is None:
        if n_groups != 1:
            raise ShapeMismatchError("Several groups need a group per respondent.")
        return None
    if groups.shape != (size,) or groups.dtype.kind not in "iu":
        raise ShapeMismatchError("Every respondent needs one group.")
    if size and (int(groups.min()) < 0 or int(groups.max()) >= n_groups):
        raise InvalidValueError("A group is out of range.")
    return groups.astype(np.int64)


def tree_score(definition: IndexDefinition, codes: Sequence[int]) -> tuple[float | None, ...]:
    """Return one respondent's value at every node, in points.

    Examples
    --------
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> rule = IndexDefinition(tree, ((1, 2, 3),) * 2, ((0.0, 50.0, 100.0),) * 2)
    >>> tree_score(rule, [3, 1])
    (60.0, 100.0, 0.0)
    """
    values = index_values(np.array([codes], dtype=np.int8), definition)[:, 0]
    return tuple(None if value == NOT_COUNTED else int(value) / UNITS for value in values)
