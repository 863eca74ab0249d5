"""Respondent weights: how many people an answer stands for.

Never to be confused with indicator weights (importance), which live in
`composite`. Everything a weighted mean needs is in six sums that merge by
addition, so a weighting of cells never has to visit the answers again.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidCountError, ShapeMismatchError, TooFewAnswersError
from analytics.methods.inputs import (
    ROUNDING,
    FloatArray,
    checked_counts,
    checked_respondent_weights,
    checked_scores,
    checked_size,
    checked_values,
)
from analytics.methods.intervals import DEFAULT_LEVEL, Estimate, student_interval


@dataclass(frozen=True, slots=True)
class WeightedSums:
    """The sums from which a weighted mean and its variance follow.

    Attributes
    ----------
    n : int
        Valid answers.
    w, wy : float
        Sum of the respondent weights, and of weight times score.
    w2, w2y, w2y2 : float
        Sum of the squared weights, and of squared weight times score and
        times squared score.
    """

    n: int
    w: float
    wy: float
    w2: float
    w2y: float
    w2y2: float

    def __add__(self, other: "WeightedSums") -> "WeightedSums":
        return merge_sums((self, other))

    @property
    def n_eff(self) -> float:
        """Kish's effective number of answers."""
        return self.w * self.w / self.w2

    @property
    def mean(self) -> float:
        """Weighted mean in the unit of the scores."""
        return self.wy / self.w


def merge_sums(parts: Iterable[WeightedSums]) -> WeightedSums:
    """Add sums of disjoint sets of answers; the order does not matter.

    Examples
    --------
    >>> one = weighted_sums([1, 2], [1, 1])
    >>> merge_sums([one, one]).n
    4
    """
    found = tuple(parts)
    floats = (math.fsum(getattr(part, name) for part in found) for name in ("w", "wy", "w2", "w2y", "w2y2"))
    return WeightedSums(sum(part.n for part in found), *floats)


def weighted_sums(values: npt.ArrayLike, weights: npt.ArrayLike) -> WeightedSums:
    """Sum up answers that each have their own weight.

    Parameters
    ----------
    values : array_like, shape (n,)
        Scores of the valid answers; leave missing ones out.
    weights : array_like, shape (n,)
        Respondent weights, >= 0.

    Raises
    ------
    NoAnswersError, InvalidWeightError, ZeroWeightError, InvalidValueError, ShapeMismatchError
        If the input is empty, negative, not finite or of unequal length.

    Examples
    --------
    >>> weighted_sums([0, 100], [1, 3]).mean
    75.0
    """
    w = checked_respondent_weights(weights)
    y = checked_values(values, w.size)
    return _sums(w.size, w, w * w, y)


def weighted_sums_of_cells(
    histograms: npt.ArrayLike, cell_weights: npt.ArrayLike, scores: npt.ArrayLike
) -> WeightedSums:
    """Sum up histograms of cells whose answers share one weight.

    Parameters
    ----------
    histograms : array_like of int, shape (cells, codes)
        Valid answers of each weighting cell.
    cell_weights : array_like, shape (cells,)
        Respondent weight of each answer of the cell.
    scores : array_like, shape (codes,)
        Score of each code.

    Raises
    ------
    NoAnswersError, ZeroWeightError
        If there are no answers, or none that weighs anything.
    InvalidCountError, InvalidWeightError
        If a count is no whole number of answers, or a weight is negative or not finite.
    ShapeMismatchError, InvalidScaleError
        If the histograms are no table, or there is not one weight per cell or one
        finite score per code.

    Examples
    --------
    >>> weighted_sums_of_cells([[1, 0], [0, 1]], [1, 3], [0, 100]).mean
    75.0
    """
    table = np.asarray(histograms)
    if table.ndim != 2:
        raise ShapeMismatchError("Expected one histogram per cell.")
    y = checked_scores(scores, table.shape[1])
    counts = checked_counts(table.ravel()).reshape(table.shape)
    w = checked_respondent_weights(cell_weights, table.shape[0])[:, None]
    n = checked_size(int(counts.sum()))
    # A cell without answers weighs nothing, whatever its weight.
    checked_respondent_weights((w * counts).ravel())
    return _sums(n, w * counts, w * w * counts, np.broadcast_to(y, table.shape))


def _sums(n: int, w: FloatArray, w2: FloatArray, y: FloatArray) -> WeightedSums:
    # Products of sums are taken with fsum: exact rounding, so no order matters.
    return WeightedSums(n, *(math.fsum(term.ravel()) for term in (w, w * y, w2, w2 * y, w2 * y * y)))


def weighted_mean(sums: WeightedSums, level: float = DEFAULT_LEVEL) -> Estimate:
    """Return a weighted mean with its linearised standard error.

    Parameters
    ----------
    sums : WeightedSums
        Of at least two answers that carry weight.
    level : float
        Confidence level of the Student interval with n_eff - 1 degrees.

    Returns
    -------
    Estimate
        In the unit of the scores. With unit weights exactly the plain mean. The
        error of answers that are all alike is 0, not what rounding leaves of it.

    Raises
    ------
    TooFewAnswersError
        With fewer than two answers, or when one answer carries all the weight.

    Notes
    -----
    V = n/(n-1) * sum w_i^2 (y_i - mean)^2 / (sum w)^2, the with-replacement
    linearisation of R's `survey::svymean`; n_eff is Kish 1965, section 11.7.

    Examples
    --------
    >>> estimate = weighted_mean(weighted_sums([0, 50, 100], [1, 1, 1]))
    >>> estimate.value, round(estimate.standard_error, 4), estimate.n_eff
    (50.0, 28.8675, 3.0)
    """
    checked_size(sums.n, 2)
    if sums.n_eff <= 1.0 + 1e-12:
        raise TooFewAnswersError("One answer carries all the weight.", n=1, needed=2)
    error = math.sqrt(_linearised_variance(sums))
    interval = student_interval(sums.mean, error, sums.n_eff - 1, level)
    return Estimate(sums.mean, error, sums.n, sums.n_eff, interval)


def _linearised_variance(sums: WeightedSums) -> float:
    mean = sums.mean
    squares = math.fsum((sums.w2y2, -2 * mean * sums.w2y, mean * mean * sums.w2))
    if squares <= ROUNDING * sums.w2y2:
        return 0.0
    return squares * sums.n / (sums.n - 1) / sums.w**2


def effective_size(weights: npt.ArrayLike) -> float:
    """Return Kish's effective number of answers, (sum w)^2 / sum w^2, 1..n.

    Raises
    ------
    NoAnswersError, ZeroWeightError
        If there are no weights, or none above 0.
    InvalidWeightError
        If one is negative or not finite.

    Examples
    --------
    >>> effective_size([1, 1, 1, 1]), effective_size([1, 3])
    (4.0, 1.6)
    """
    w = checked_respondent_weights(weights)
    return math.fsum(w) ** 2 / math.fsum(w * w)


def design_effect(weights: npt.ArrayLike) -> float:
    """Return Kish's design effect of unequal weights, n / n_eff, >= 1.

    Raises
    ------
    NoAnswersError, ZeroWeightError
        If there are no weights, or none above 0.
    InvalidWeightError
        If one is negative or not finite.

    Examples
    --------
    >>> design_effect([1, 3])
    1.25
    """
    return np.size(weights) / effective_size(weights)


def weighted_share(
    histograms: npt.ArrayLike, cell_weights: npt.ArrayLike, is_in: npt.ArrayLike
) -> tuple[float, WeightedSums]:
    """Return the weighted share of the codes flagged in `is_in`, with its sums.

    Parameters
    ----------
    histograms : array_like of int, shape (cells, codes)
    cell_weights : array_like, shape (cells,)
    is_in : array_like of bool, shape (codes,)

    Raises
    ------
    NoAnswersError, ZeroWeightError
        If there are no answers, or none that weighs anything.
    InvalidCountError, InvalidWeightError
        If a count is no whole number of answers, or a weight is negative or not finite.
    ShapeMismatchError, InvalidScaleError
        If the histograms are no table, or there is not one weight per cell or one
        flag per code.

    Examples
    --------
    >>> weighted_share([[1, 1], [0, 2]], [1.0, 3.0], [False, True])[0]
    0.875
    """
    flags = np.asarray(is_in)
    if flags.dtype != np.bool_:
        raise InvalidCountError("The set of codes is given as one flag per code.")
    sums = weighted_sums_of_cells(histograms, cell_weights, flags.astype(np.float64))
    return sums.mean, sums
