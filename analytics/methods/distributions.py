"""What one item's histogram says: shares, levels, mean and score index.

The three methods of the satisfaction handbooks, always shown together:
percentage method (a share of codes), grade method (the distribution, and the
grade a value falls in) and index method (the mean of a score vector).

A histogram is a list of whole counts, one per code of the scale in rising
order, of *valid* answers; missing ones are in neither numerator nor denominator.
"""

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidScaleError, InvalidValueError
from analytics.methods.inputs import (
    FloatArray,
    checked_codes,
    checked_histogram,
    checked_scores,
    position_of,
)
from analytics.methods.intervals import DEFAULT_LEVEL, Estimate, student_interval
from analytics.methods.proportions import Proportion, proportion, weighted_proportion
from analytics.methods.weighting import weighted_mean, weighted_share, weighted_sums_of_cells

# Scores by position from the lowest code to the highest, for scales of that many codes.
FIXED_SCORES: dict[str, tuple[float, ...]] = {
    "cn_practice": (0.0, 30.0, 60.0, 80.0, 100.0),
    "cn_practice_40": (0.0, 40.0, 60.0, 80.0, 100.0),
}
SCORE_VECTORS = ("linear", "times20", *FIXED_SCORES)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Counts and shares (0-1, summing to 1) over the levels of a scale."""

    codes: tuple[int, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    n: int


def distribution(histogram: npt.ArrayLike, codes: Sequence[int]) -> Distribution:
    """Return the grade method's distribution over the levels.

    Raises
    ------
    NoAnswersError, InvalidCountError, ShapeMismatchError
        If the histogram is empty, negative or does not fit the scale.

    Examples
    --------
    >>> distribution([1, 0, 3], [1, 2, 3]).shares
    (0.25, 0.0, 0.75)
    """
    scale = checked_codes(codes)
    counts = checked_histogram(histogram, len(scale))
    n = int(counts.sum())
    whole = tuple(int(count) for count in counts)
    return Distribution(scale, whole, tuple(count / n for count in whole), n)


def satisfied_share(
    histogram: npt.ArrayLike, codes: Sequence[int], satisfied: Collection[int], level: float = DEFAULT_LEVEL
) -> Proportion:
    """Return the percentage method's share of answers in a declared set of codes.

    Top-2 box of a five-point scale is `satisfied={4, 5}`; bottom-2 box is
    `{1, 2}`: a box is a set, so any box is this one function.

    Parameters
    ----------
    histogram : array_like of int, shape (codes,)
    codes : sequence of int
        Codes of the scale in rising order.
    satisfied : collection of int
        The codes that count; each must be on the scale, and at least one.

    Raises
    ------
    UnknownCodeError
        If the set names a code the scale does not have.
    InvalidScaleError
        If the set is empty.
    NoAnswersError
        If the histogram is empty.

    Examples
    --------
    >>> share = satisfied_share([6, 46, 514, 1428, 631], [1, 2, 3, 4, 5], {4, 5})
    >>> round(share.value, 4), round(share.interval.low, 4), round(share.interval.high, 4)
    (0.7844, 0.7682, 0.7997)
    """
    scale = checked_codes(codes)
    flags = box_flags(scale, satisfied)
    counts = checked_histogram(histogram, len(scale))
    return proportion(int(counts[flags].sum()), int(counts.sum()), level)


def weighted_satisfied_share(
    histograms: npt.ArrayLike,
    cell_weights: npt.ArrayLike,
    codes: Sequence[int],
    satisfied: Collection[int],
    level: float = DEFAULT_LEVEL,
) -> Proportion:
    """Return the share under respondent weights, its interval at the effective n.

    Parameters
    ----------
    histograms : array_like of int, shape (cells, codes)
        One histogram per weighting cell.
    cell_weights : array_like, shape (cells,)
        Respondent weight of each answer of the cell.
    codes : sequence of int
        Codes of the scale in rising order.
    satisfied : collection of int
        The codes that count, as for `satisfied_share`.

    Raises
    ------
    UnknownCodeError, InvalidScaleError
        If the set is empty or names a code the scale does not have.
    NoAnswersError, ZeroWeightError
        If there are no answers, or none that weighs anything.
    InvalidCountError, InvalidWeightError
        If a count is no whole number of answers, or a weight is negative or not finite.
    ShapeMismatchError
        If the histograms are no table, or there is not one weight per cell.

    Examples
    --------
    >>> weighted_satisfied_share([[1, 1], [0, 2]], [1.0, 3.0], [1, 2], {2}).value
    0.875
    """
    flags = box_flags(checked_codes(codes), satisfied)
    share, sums = weighted_share(histograms, cell_weights, flags)
    return weighted_proportion(share, sums.n, sums.n_eff, level)


def box_size(levels: int) -> int:
    """Return how many of the best codes of a scale count as satisfied, and of the lowest as not.

    Two of five and more levels (top-2 box), one of fewer.

    Examples
    --------
    >>> box_size(5), box_size(4)
    (2, 1)
    """
    return 2 if levels >= 5 else 1


def box_flags(codes: Sequence[int], members: Collection[int]) -> npt.NDArray[np.bool_]:
    """Return one flag per code of the scale, true for the members of the box, shape (codes,).

    Raises
    ------
    InvalidScaleError
        If the box is empty.
    UnknownCodeError
        If it names a code the scale does not have.
    """
    if not members:
        raise InvalidScaleError("The set of codes is empty.")
    flags = np.zeros(len(codes), dtype=np.bool_)
    flags[[position_of(code, codes) for code in members]] = True
    return flags


def score_vector(name: str, codes: Sequence[int]) -> FloatArray:
    """Return the 0-100 score of each code under a named vector.

    Parameters
    ----------
    name : str
        `linear` (lowest 0, highest 100, equal steps), `times20` (code times
        20, five-point scales coded 1-5), `cn_practice` (0/30/60/80/100) or
        `cn_practice_40` (0/40/60/80/100), both for five levels.
    codes : sequence of int
        Codes of the scale in rising order, low meaning dissatisfied.

    Raises
    ------
    InvalidScaleError
        If there is no such vector or it does not fit the scale.

    Examples
    --------
    >>> score_vector("linear", [1, 2, 3, 4, 5]).tolist()
    [0.0, 25.0, 50.0, 75.0, 100.0]
    >>> score_vector("cn_practice", [1, 2, 3, 4, 5]).tolist()
    [0.0, 30.0, 60.0, 80.0, 100.0]
    """
    scale = checked_codes(codes)
    if name == "linear" and len(scale) > 1:
        return np.array([(code - scale[0]) / (scale[-1] - scale[0]) * 100 for code in scale])
    if name == "times20" and scale == (1, 2, 3, 4, 5):
        return np.array(scale) * 20.0
    if len(FIXED_SCORES.get(name, ())) == len(scale):
        return np.array(FIXED_SCORES[name])
    raise InvalidScaleError(f"Score vector {name!r} does not fit a scale of {len(scale)} codes.")


def score_mean(histogram: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the mean score, from one answer on, in the unit of the scores.

    Parameters
    ----------
    histogram : array_like of int, shape (codes,)
    scores : array_like, shape (codes,)
        Score of each code, any unit.

    Raises
    ------
    NoAnswersError
        Without answers.
    InvalidCountError, InvalidScaleError
        If a count is negative or fractional, or there is not one finite score per
        code.

    Examples
    --------
    >>> round(score_mean([6, 46, 514, 1428, 631], [0, 25, 50, 75, 100]), 3)
    75.067
    """
    counts = checked_histogram(histogram)
    values = checked_scores(scores, counts.size)
    mean, given = math.fsum(counts * values) / int(counts.sum()), values[counts > 0]
    # Rounding must not carry a mean out of its scores: of answers that are all alike it is their score.
    return float(np.clip(mean, given.min(), given.max()))


def score_index(histogram: npt.ArrayLike, scores: npt.ArrayLike, level: float = DEFAULT_LEVEL) -> Estimate:
    """Return the index method's mean of a score vector with its Student interval.

    With the codes themselves as scores this is the plain mean of the scale.

    Parameters
    ----------
    histogram : array_like of int, shape (codes,)
        At least two valid answers.
    scores : array_like, shape (codes,)
        Score of each code, any unit; the index uses 0-100.

    Returns
    -------
    Estimate
        The interval is cut at the ends of the score vector.

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        With no answer, or with only one, which has no variance.
    InvalidScaleError
        If a score is not finite or there is not one per code.

    Notes
    -----
    Var = [sum s^2 h / n - mean^2] / (n - 1).

    Examples
    --------
    >>> index = score_index([6, 46, 514, 1428, 631], [0, 25, 50, 75, 100])
    >>> round(index.value, 3), round(index.standard_error, 4)
    (75.067, 0.3542)
    """
    counts = checked_histogram(histogram, needed=2)
    values = checked_scores(scores, counts.size)
    n, mean = int(counts.sum()), score_mean(counts, values)
    error = math.sqrt(math.fsum(counts * (values - mean) ** 2) / (n - 1) / n)
    interval = student_interval(mean, error, n - 1, level).clipped(values.min(), values.max())
    return Estimate(mean, error, n, float(n), interval)


def weighted_score_index(
    histograms: npt.ArrayLike, cell_weights: npt.ArrayLike, scores: npt.ArrayLike, level: float = DEFAULT_LEVEL
) -> Estimate:
    """Return the mean score under respondent weights, linearised.

    Parameters
    ----------
    histograms : array_like of int, shape (cells, codes)
    cell_weights : array_like, shape (cells,)
        Respondent weight of each answer of the cell.
    scores : array_like, shape (codes,)

    Raises
    ------
    NoAnswersError, ZeroWeightError
        If there are no answers, or none that weighs anything.
    InvalidCountError, InvalidWeightError
        If a count is no whole number of answers, or a weight is negative or not finite.
    TooFewAnswersError
        With only one answer, which has no variance.
    ShapeMismatchError, InvalidScaleError
        If there is not one weight per cell or one finite score per code.

    Examples
    --------
    >>> weighted_score_index([[1, 1], [0, 2]], [1.0, 3.0], [0, 100]).value
    87.5
    """
    values = checked_scores(scores)
    estimate = weighted_mean(weighted_sums_of_cells(histograms, cell_weights, values), level)
    low, high = float(values.min()), float(values.max())
    return replace(estimate, value=min(high, max(low, estimate.value)), interval=estimate.interval.clipped(low, high))


def grade_position(value: float, cut_offs: Sequence[float]) -> int:
    """Return which grade a value falls in: the number of cut-offs at or below it.

    Parameters
    ----------
    value : float
        Finite, in the unit of the cut-offs.
    cut_offs : sequence of float
        Rising lower ends of all grades but the lowest.

    Raises
    ------
    InvalidScaleError
        If the cut-offs do not rise.
    InvalidValueError
        If the value is not finite.

    Examples
    --------
    >>> grade_position(75.0, [60, 70, 80, 90]), grade_position(80.0, [60, 70, 80, 90])
    (2, 3)
    """
    if any(not math.isfinite(cut) for cut in cut_offs) or any(a >= b for a, b in itertools.pairwise(cut_offs)):
        raise InvalidScaleError("Cut-offs must rise.")
    if not math.isfinite(value):
        raise InvalidValueError("A value that is no number has no grade.")
    return sum(value >= cut for cut in cut_offs)
