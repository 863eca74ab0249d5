"""Several periods, or two with different weights: what moved, and what moved it."""

import math
from dataclasses import dataclass

import numpy.typing as npt
from scipy import special

from analytics.methods.errors import InvalidValueError, NoVariationError, ShapeMismatchError, TooFewPeriodsError
from analytics.methods.inputs import FloatArray, checked_indicator_weights, checked_values
from analytics.methods.intervals import DEFAULT_LEVEL, Interval, normal_interval


@dataclass(frozen=True, slots=True)
class Trend:
    """Whether periods differ at all, and along which line.

    Attributes
    ----------
    heterogeneity, df, p_any_change : float
        Q, its degrees of freedom and p value of "all periods are equal".
    slope, slope_error, p_slope : float
        Change per unit of time, its standard error, p value of "no trend".
    interval : Interval
        Of the slope.
    """

    heterogeneity: float
    df: int
    p_any_change: float
    slope: float
    slope_error: float
    p_slope: float
    interval: Interval


@dataclass(frozen=True)
class Decomposition:
    """A change split into what scores and what weights contributed, by leaf.

    Attributes
    ----------
    from_scores, from_weights : ndarray, shape (leaves,)
        Contributions in points; all of them sum to the change.
    total : float
        The change of the index.
    """

    from_scores: FloatArray
    from_weights: FloatArray
    total: float


def trend(times: npt.ArrayLike, values: npt.ArrayLike, errors: npt.ArrayLike, level: float = DEFAULT_LEVEL) -> Trend:
    """Return the test of any change and the weighted slope over three or more periods.

    Parameters
    ----------
    times : array_like, shape (periods,)
        Moments in any unit, not all equal; the slope is per that unit.
    values, errors : array_like, shape (periods,)
        A number per period and its standard error, > 0. A period without data
        is left out by the caller.

    Raises
    ------
    TooFewPeriodsError
        With fewer than three periods.
    NoVariationError
        If an error is 0 or all moments are the same.

    Notes
    -----
    Q = sum (v - mean)^2 / error^2 with the precision-weighted mean, chi-squared
    with periods - 1 degrees; slope by weighted least squares with known errors.

    Examples
    --------
    >>> found = trend([1, 2, 3], [70.0, 71.0, 72.0], [0.5, 0.5, 0.5])
    >>> round(found.slope, 6), round(found.heterogeneity, 6)
    (1.0, 8.0)
    """
    t = checked_values(times)
    y, precision = checked_values(values, t.size), _precision(errors, t.size)
    if t.size < 3:
        raise TooFewPeriodsError("Three periods are needed.", periods=t.size, needed=3)
    total = math.fsum(precision)
    centred = t - math.fsum(precision * t) / total
    spread = math.fsum(precision * centred**2)
    if spread <= 0:
        raise NoVariationError("All periods are at the same moment.")
    slope, error = math.fsum(precision * centred * y) / spread, math.sqrt(1 / spread)
    q = math.fsum(precision * (y - math.fsum(precision * y) / total) ** 2)
    p_slope = float(2 * special.ndtr(-abs(slope) / error))
    return Trend(
        q, t.size - 1, float(special.chdtrc(t.size - 1, q)), slope, error, p_slope, normal_interval(slope, error, level)
    )


def decompose_change(
    earlier_scores: npt.ArrayLike,
    later_scores: npt.ArrayLike,
    earlier_weights: npt.ArrayLike,
    later_weights: npt.ArrayLike,
) -> Decomposition:
    """Split a change of an index into the part of the scores and of the weights.

    Parameters
    ----------
    earlier_scores, later_scores : array_like, shape (leaves,)
        Item means of both periods, estimator B.
    earlier_weights, later_weights : array_like, shape (leaves,)
        Indicator weights of the leaves in the whole index, each summing to 1.

    Raises
    ------
    WeightSumError, InvalidWeightError, InvalidValueError, ShapeMismatchError
        If weights or scores are unusable or of unequal length.

    Notes
    -----
    change = sum mean(w) dS + sum mean(S) dw, exact without a remainder.

    Examples
    --------
    >>> parts = decompose_change([70, 80], [72, 80], [0.5, 0.5], [0.6, 0.4])
    >>> round(float(parts.from_scores.sum()), 6), round(float(parts.from_weights.sum()), 6), round(parts.total, 6)
    (1.1, -0.9, 0.2)
    """
    w0, w1 = checked_indicator_weights(earlier_weights), checked_indicator_weights(later_weights)
    if w0.size != w1.size:
        raise ShapeMismatchError("Both periods need the same leaves.")
    s0, s1 = checked_values(earlier_scores, w0.size), checked_values(later_scores, w0.size)
    from_scores, from_weights = (w0 + w1) / 2 * (s1 - s0), (s0 + s1) / 2 * (w1 - w0)
    return Decomposition(from_scores, from_weights, math.fsum(from_scores) + math.fsum(from_weights))


def effect_band(interval: Interval, smallest_of_interest: float) -> bool:
    """Say whether a change lies wholly within what nobody would act on.

    Raises
    ------
    InvalidValueError
        If the smallest change of interest is not a positive number.

    Examples
    --------
    >>> effect_band(Interval(-0.2, 0.4, 0.95), 1.0), effect_band(Interval(-0.2, 1.4, 0.95), 1.0)
    (True, False)
    """
    if not (math.isfinite(smallest_of_interest) and smallest_of_interest > 0):
        raise InvalidValueError("The smallest change of interest is a positive number.")
    return -smallest_of_interest < interval.low and interval.high < smallest_of_interest


def _precision(errors: npt.ArrayLike, size: int) -> FloatArray:
    spread = checked_values(errors, size)
    if (spread <= 0).any():
        raise NoVariationError("A period has no standard error.")
    return 1 / spread**2
