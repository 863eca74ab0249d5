"""Exact sums of fixed-point values: n, sum and sum of squares as integers.

A respondent's index is rounded once to a millionth of a point and is an integer
from then on. Integer sums are exact, so any order of answers, blocks and merges
gives the same digits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidCountError, InvalidValueError, ShapeMismatchError
from analytics.methods.inputs import FloatArray, IntArray, checked_respondent_weights, checked_size
from analytics.methods.intervals import DEFAULT_LEVEL, Estimate, student_interval
from analytics.methods.weighting import WeightedSums, weighted_mean

# Integer units per point: a millionth of a point.
UNITS = 1_000_000
# A squared value needs more than 63 bits in sum, so it is kept in two parts.
SQUARE_BITS = 28
_HALF_BITS = SQUARE_BITS // 2
_HALF = 1 << _HALF_BITS


@dataclass(frozen=True, slots=True)
class Moments:
    """Number, sum and sum of squares of fixed-point values.

    Attributes
    ----------
    n : int
        Respondents that count.
    total : int
        Sum of their values in units of a millionth of a point.
    squares : int
        Sum of the squares of those integers.
    """

    n: int
    total: int
    squares: int

    @property
    def is_alike(self) -> bool:
        """Whether all values are the same; whole numbers decide, so no rounding can."""
        return self.n * self.squares == self.total**2


@dataclass(frozen=True, slots=True)
class MomentTable:
    """Moments of many nodes in many groups, mergeable by addition.

    Attributes
    ----------
    n, total, squares_high, squares_low : ndarray of int64, shape (nodes, groups)
        The sum of squares is `squares_high * 2**28 + squares_low`, with
        0 <= squares_low < 2**28, so equal sums have equal arrays.
    """

    n: IntArray
    total: IntArray
    squares_high: IntArray
    squares_low: IntArray

    @classmethod
    def empty(cls, nodes: int, groups: int) -> "MomentTable":
        """Return the table of no answers, the neutral element of the merge."""
        return cls(*(np.zeros((nodes, groups), dtype=np.int64) for _ in range(4)))

    def __add__(self, other: "MomentTable") -> "MomentTable":
        return self._combined(other, 1)

    def __sub__(self, other: "MomentTable") -> "MomentTable":
        return self._combined(other, -1)

    def _combined(self, other: "MomentTable", sign: int) -> "MomentTable":
        if self.n.shape != other.n.shape:
            raise ShapeMismatchError("Moments of different nodes or groups cannot be merged.")
        n = self.n + sign * other.n
        if (n < 0).any():
            raise InvalidCountError("More was taken away than there was.")
        high, low = normalised_squares(
            self.squares_high + sign * other.squares_high, self.squares_low + sign * other.squares_low
        )
        return MomentTable(n, self.total + sign * other.total, high, low)

    def at(self, node: int, group: int = 0) -> Moments:
        """Return the moments of one node in one group."""
        high, low = int(self.squares_high[node, group]), int(self.squares_low[node, group])
        return Moments(int(self.n[node, group]), int(self.total[node, group]), (high << SQUARE_BITS) + low)

    def over_groups(self, members: Sequence[int] | None = None) -> "MomentTable":
        """Return the table with the given groups (default all) merged into one."""
        chosen = slice(None) if members is None else list(members)
        n, total = (part[:, chosen].sum(axis=1, keepdims=True) for part in (self.n, self.total))
        high, low = normalised_squares(
            self.squares_high[:, chosen].sum(axis=1, keepdims=True),
            self.squares_low[:, chosen].sum(axis=1, keepdims=True),
        )
        return MomentTable(n, total, high, low)


def normalised_squares(high: IntArray, low: IntArray) -> tuple[IntArray, IntArray]:
    """Carry what overflows the low part, so that equal sums have equal parts."""
    return high + (low >> SQUARE_BITS), low & ((1 << SQUARE_BITS) - 1)


def split_square_sums(high_high: IntArray, high_low: IntArray, low_low: IntArray) -> tuple[IntArray, IntArray]:
    """Return the two parts of sum v^2 from sums over halves v = high * 2**14 + low.

    Parameters
    ----------
    high_high, high_low, low_low : ndarray of int64
        Sums of high * high, high * low and low * low.
    """
    middle = 2 * high_low
    return normalised_squares(high_high + (middle >> _HALF_BITS), ((middle & (_HALF - 1)) << _HALF_BITS) + low_low)


def halves(values: IntArray) -> tuple[IntArray, IntArray]:
    """Split fixed-point values v >= 0 into v = high * 2**14 + low."""
    return values >> _HALF_BITS, values & (_HALF - 1)


def float_halves(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split whole numbers kept as floats, as `halves` does."""
    high = np.floor(values * (1 / _HALF))
    return high, values - high * _HALF


def grouped_moments(values: npt.NDArray[np.integer], groups: npt.NDArray[np.integer], n_groups: int) -> MomentTable:
    """Return the moments of fixed-point values by group.

    Parameters
    ----------
    values : ndarray of int, shape (nodes, respondents)
        Millionths of a point; negative where a respondent does not count.
    groups : ndarray of int, shape (respondents,)
        Group of each respondent, 0..n_groups-1.
    n_groups : int

    Raises
    ------
    ShapeMismatchError, InvalidValueError
        If there is not one group per respondent, or a group is out of range.

    Examples
    --------
    >>> table = grouped_moments(np.array([[5, -1, 7]]), np.array([0, 0, 1]), 2)
    >>> table.n.tolist(), table.total.tolist()
    ([[1, 1]], [[5, 7]])
    """
    keys = checked_groups(groups, values.shape[1], n_groups)
    out = MomentTable.empty(values.shape[0], n_groups)
    order = np.argsort(keys, kind="stable")
    found, starts = np.unique(keys[order], return_index=True)
    for node, row in enumerate(values):
        _put_grouped(out, node, row.take(order), found, starts)
    return out


def checked_groups(groups: npt.NDArray[np.integer], size: int, n_groups: int) -> npt.NDArray[np.integer]:
    """Return the groups in the smallest type that sorts them fast."""
    if groups.shape != (size,) or groups.dtype.kind not in "iu":
        raise ShapeMismatchError("Every respondent needs one group.")
    if size and (int(groups.min()) < 0 or int(groups.max()) >= n_groups):
        raise InvalidValueError("A group is out of range.")
    return groups.astype(np.uint16 if n_groups <= 65_536 else np.int64)


def _put_grouped(
    out: MomentTable, node: int, row: npt.NDArray[np.integer], found: npt.NDArray[np.integer], starts: IntArray
) -> None:
    """Write one node's sums from values that stand group by group."""
    counted = row >= 0
    value = (row * counted).astype(np.int64)
    high, low = halves(value)
    columns = (counted.astype(np.int64), value, high * high, high * low, low * low)
    n, total, *squares = (np.add.reduceat(column, starts) for column in columns)
    out.n[node, found], out.total[node, found] = n, total
    out.squares_high[node, found], out.squares_low[node, found] = split_square_sums(*squares)


def mean_value(moments: Moments) -> float:
    """Return the mean in points, correctly rounded, from one respondent on.

    Raises
    ------
    NoAnswersError
        Without respondents.

    Examples
    --------
    >>> mean_value(Moments(2, 150_000_000, 12_500_000_000_000_000))
    75.0
    """
    return moments.total / (checked_size(moments.n) * UNITS)


def mean_estimate(
    moments: Moments, level: float = DEFAULT_LEVEL, bounds: tuple[float, float] = (0.0, 100.0)
) -> Estimate:
    """Return the mean of fixed-point values with its Student interval.

    Parameters
    ----------
    moments : Moments
        Of at least two respondents.
    level : float
        Confidence level, n - 1 degrees of freedom.
    bounds : tuple of float
        Ends of the scale, where the interval is cut.

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        With no respondent, or one, which has no variance.

    Notes
    -----
    The variance (n * squares - total^2) / (n (n - 1)) is formed in whole
    numbers and rounded once, so no cancellation can hurt it.

    Examples
    --------
    >>> estimate = mean_estimate(Moments(2, 150_000_000, 12_500_000_000_000_000))
    >>> estimate.value, estimate.standard_error
    (75.0, 25.0)
    """
    error, value, n = math.sqrt(variance_of_mean(moments)), mean_value(moments), moments.n
    return Estimate(value, error, n, float(n), student_interval(value, error, n - 1, level).clipped(*bounds))


def variance_of_mean(moments: Moments) -> float:
    """Return the squared standard error of the mean, in squared points.

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        With no respondent, or with only one, who has no variance.

    Examples
    --------
    >>> variance_of_mean(Moments(2, 150_000_000, 12_500_000_000_000_000))
    625.0
    """
    n = checked_size(moments.n, 2)
    return (n * moments.squares - moments.total**2) / (n * n * (n - 1) * UNITS**2)


def weighted_mean_estimate(
    cells: Sequence[Moments],
    cell_weights: Sequence[float],
    level: float = DEFAULT_LEVEL,
    bounds: tuple[float, float] = (0.0, 100.0),
) -> Estimate:
    """Return the mean under respondent weights that are constant within cells.

    Parameters
    ----------
    cells : sequence of Moments
        One per weighting cell.
    cell_weights : sequence of float
        Respondent weight of each respondent of the cell.

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        With no respondent, or with only one, who has no variance.
    InvalidWeightError, ZeroWeightError, ShapeMismatchError
        If a weight is negative or not finite, no respondent weighs anything, or
        there is not one weight per cell.

    Examples
    --------
    >>> one, two = Moments(1, 0, 0), Moments(1, 100_000_000, 10**16)
    >>> weighted_mean_estimate([one, two], [1.0, 3.0]).value
    75.0
    """
    estimate = weighted_mean(weighted_sums_of_moments(cells, cell_weights), level)
    interval = estimate.interval.clipped(*bounds)
    return Estimate(estimate.value, estimate.standard_error, estimate.n, estimate.n_eff, interval)


def weighted_sums_of_moments(cells: Sequence[Moments], cell_weights: Sequence[float]) -> WeightedSums:
    """Return the weighted sums, in points, of cells that share one weight each.

    Raises
    ------
    NoAnswersError
        Without respondents.
    InvalidWeightError, ZeroWeightError, ShapeMismatchError
        If a weight is negative or not finite, no respondent weighs anything, or
        there is not one weight per cell.

    Examples
    --------
    >>> weighted_sums_of_moments([Moments(1, 0, 0), Moments(1, 100_000_000, 10**16)], [1.0, 3.0]).mean
    75.0
    """
    weights = checked_respondent_weights(np.asarray(cell_weights, dtype=np.float64), len(cells))
    n = checked_size(sum(cell.n for cell in cells))
    sizes = [float(cell.n) for cell in cells]
    totals = [cell.total / UNITS for cell in cells]
    squares = [cell.squares / UNITS**2 for cell in cells]
    w2 = weights * weights
    checked_respondent_weights(weights * np.array(sizes))
    columns = ((weights, sizes), (weights, totals), (w2, sizes), (w2, totals), (w2, squares))
    return WeightedSums(n, *(math.fsum(w * np.array(column)) for w, column in columns))
