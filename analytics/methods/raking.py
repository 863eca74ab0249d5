"""Respondent weights that make a sample agree with what is known of its population.

Works on the cells that the margins cross, never on single answers. Weighting
corrects only what is in the margins; the report says what it costs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import (
    EmptyMarginError,
    InvalidValueError,
    InvalidWeightError,
    MarginTotalsError,
    NoAnswersError,
    NotConvergedError,
    ShapeMismatchError,
)
from analytics.methods.inputs import (
    FloatArray,
    IntArray,
    checked_counts,
    checked_respondent_weights,
    checked_values,
    is_extreme,
)

MAX_ROUNDS = 1000
TOLERANCE = 1e-10
TOTALS_TOLERANCE = 1e-6


@dataclass(frozen=True)
class CellWeights:
    """The respondent weight of each answer of each cell, with what it costs.

    Attributes
    ----------
    weights : ndarray, shape (cells,)
        0 in cells without answers.
    n : int
        Answers.
    lowest, highest : float
        Range of the weights relative to their mean over the answers.
    design_effect, n_eff, efficiency : float
        Kish's design effect (>= 1), n / design effect, and 1 / design effect.
    rounds : int
        Passes over the margins; 0 without iteration.
    """

    weights: FloatArray
    n: int
    lowest: float
    highest: float
    design_effect: float
    n_eff: float
    efficiency: float
    rounds: int


def rake(
    counts: npt.ArrayLike,
    levels: npt.ArrayLike,
    margins: Sequence[npt.ArrayLike],
    base_weights: npt.ArrayLike | None = None,
    trim: tuple[float, float] | None = None,
) -> CellWeights:
    """Return raked weights of cells: all margins agree with their population totals.

    Parameters
    ----------
    counts : array_like of int, shape (cells,)
        Answers in each cell.
    levels : array_like of int, shape (cells, dimensions)
        Level of each cell in each dimension, 0, 1, ...
    margins : sequence of array_like
        Per dimension the population total of each level; all dimensions have
        the same grand total. A share may be given as its part of 1.
    base_weights : array_like, shape (cells,), optional
        Weights to start from, > 0; 1 without them.
    trim : (float, float), optional
        Lowest and highest weight allowed, as multiples of the mean weight, e.g.
        (0.3, 3). Trimmed weights are raked again until both hold.

    Returns
    -------
    CellWeights

    Raises
    ------
    EmptyMarginError
        If a level with a population has no answers, or answers stand where
        there is no population (`dimension`, `level`).
    MarginTotalsError
        If dimensions disagree about the size of the population.
    NotConvergedError
        If margins cannot be met together, or not within the trim.
    NoAnswersError, InvalidCountError, InvalidValueError, InvalidWeightError, ShapeMismatchError
        If the input is unusable; a population total is 0 or within 1e-100..1e100.

    Notes
    -----
    Iterative proportional fitting, Deming and Stephan 1940; as R's
    `survey::rake`.

    Examples
    --------
    >>> found = rake([10, 10, 10, 10], [[0, 0], [0, 1], [1, 0], [1, 1]], [[30, 10], [20, 20]])
    >>> found.weights.round(6).tolist(), round(found.design_effect, 4)
    ([1.5, 1.5, 0.5, 0.5], 1.25)
    """
    n, places = checked_cells(counts, levels)
    targets = checked_margins(n, places, margins)
    base = np.ones(n.size) if base_weights is None else checked_base(base_weights, n.size)
    low, high = checked_trim(trim)
    weights = base * (n > 0)
    for round_ in range(1, MAX_ROUNDS + 1):
        weights = _one_round(n, places, targets, weights)
        if trim is not None:
            weights = _trimmed(n, weights, low, high)
        if _largest_miss(n, places, targets, weights) < TOLERANCE:
            return cell_weights(n, weights, round_)
    raise NotConvergedError("The margins cannot be met together.", iterations=MAX_ROUNDS)


def post_stratify(counts: npt.ArrayLike, population: npt.ArrayLike) -> CellWeights:
    """Return weights under which every cell has its known population total.

    Parameters
    ----------
    counts : array_like of int, shape (cells,)
    population : array_like, shape (cells,)
        Population total of each cell, >= 0.

    Raises
    ------
    EmptyMarginError
        If a cell with a population has no answers, or the reverse.

    Examples
    --------
    >>> post_stratify([144, 14, 25], [4421, 755, 1018]).weights.round(4).tolist()
    [30.7014, 53.9286, 40.72]
    """
    n = checked_counts(counts)
    targets = checked_margins(n, np.arange(n.size)[:, None], [population])
    return cell_weights(n, np.divide(targets[0], n, out=np.zeros(n.size), where=n > 0), 0)


def cell_weights(counts: npt.ArrayLike, weights: npt.ArrayLike, rounds: int = 0) -> CellWeights:
    """Return weights of cells, raked or imported, with what they cost.

    Parameters
    ----------
    counts : array_like of int, shape (cells,)
        Answers of each cell.
    weights : array_like, shape (cells,)
        Weight of each answer of the cell, in any unit.
    rounds : int
        How many rounds of raking made them, to be told along.

    Raises
    ------
    NoAnswersError, ZeroWeightError
        If there are no answers, or none that weighs anything.
    InvalidCountError, InvalidWeightError, ShapeMismatchError
        If a count is no whole number, a weight is negative or not finite, or there
        is not one weight per cell.

    Examples
    --------
    >>> cell_weights([3, 1], [1.0, 3.0]).n_eff
    3.0
    """
    n = checked_counts(counts)
    w = checked_respondent_weights(weights, n.size)
    size = int(n.sum())
    if size == 0:
        raise NoAnswersError("There are no valid answers.")
    checked_respondent_weights(w * n)
    total = math.fsum(w * n)
    effect = size * math.fsum(w * w * n) / total**2
    relative = w[n > 0] * size / total
    return CellWeights(w, size, float(relative.min()), float(relative.max()), effect, size / effect, 1 / effect, rounds)


def checked_cells(counts: npt.ArrayLike, levels: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    """Return answers and levels of the cells."""
    n, places = checked_counts(counts), np.asarray(levels)
    if places.ndim != 2 or places.shape[0] != n.size or places.dtype.kind not in "iu":
        raise ShapeMismatchError("Every cell needs its level in every dimension.")
    if n.sum() == 0:
        raise NoAnswersError("There are no valid answers.")
    return n, places.astype(np.int64)


def checked_margins(n: IntArray, places: IntArray, margins: Sequence[npt.ArrayLike]) -> list[FloatArray]:
    """Return population totals that agree with one another and with the sample."""
    if len(margins) != places.shape[1] or not margins:
        raise ShapeMismatchError("Every dimension needs its margin.")
    targets = [checked_values(margin) for margin in margins]
    for dimension, target in enumerate(targets):
        _check_margin(n, places[:, dimension], target, dimension)
    totals = [math.fsum(target) for target in targets]
    if max(totals) - min(totals) > TOTALS_TOLERANCE * max(totals):
        raise MarginTotalsError("The margins disagree about the size of the population.")
    # No weights meet totals that differ, be it by a rounding of percentages: the first one's holds for all.
    return [target * (totals[0] / total) for target, total in zip(targets, totals, strict=True)]


def checked_base(weights: npt.ArrayLike, size: int) -> FloatArray:
    """Return base weights, each above 0."""
    base = checked_respondent_weights(weights, size)
    if (base == 0).any():
        raise InvalidWeightError("A base weight of 0 cannot be raked.")
    return base


def checked_trim(trim: tuple[float, float] | None) -> tuple[float, float]:
    """Return the lowest and highest weight as multiples of the mean, around 1."""
    if trim is None:
        return 0.0, math.inf
    low, high = trim
    if not (math.isfinite(low) and math.isfinite(high) and 0 <= low < 1 < high):
        raise InvalidValueError("Trimming needs a multiple below 1 and one above.")
    return low, high


def _check_margin(n: IntArray, places: IntArray, target: FloatArray, dimension: int) -> None:
    if (target < 0).any() or not target.any() or is_extreme(target):
        raise InvalidValueError("A population total is a number of people.")
    if places.min() < 0 or places.max() >= target.size:
        raise ShapeMismatchError("A level has no population total.")
    sample = np.bincount(places, weights=n, minlength=target.size)
    for level in np.flatnonzero((sample > 0) != (target > 0)):
        raise EmptyMarginError(
            "A level has a population or answers, but not both.", dimension=dimension, level=int(level)
        )


def _one_round(n: IntArray, places: IntArray, targets: list[FloatArray], weights: FloatArray) -> FloatArray:
    for dimension, target in enumerate(targets):
        level = places[:, dimension]
        current = np.bincount(level, weights=weights * n, minlength=target.size)
        factor = np.divide(target, current, out=np.zeros_like(target), where=current > 0)
        weights = weights * factor[level]
    return weights


def _trimmed(n: IntArray, weights: FloatArray, low: float, high: float) -> FloatArray:
    mean = math.fsum(weights * n) / int(n.sum())
    return np.where(n > 0, np.clip(weights, low * mean, high * mean), 0.0)


def _largest_miss(n: IntArray, places: IntArray, targets: list[FloatArray], weights: FloatArray) -> float:
    misses = []
    for dimension, target in enumerate(targets):
        current = np.bincount(places[:, dimension], weights=weights * n, minlength=target.size)
        used = target > 0
        misses.append(float((np.abs(current - target)[used] / target[used]).max()))
    return max(misses)
