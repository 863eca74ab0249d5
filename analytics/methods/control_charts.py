"""Control charts: which periods differ from the process's own noise.

Limits come from the periods given, so a baseline is frozen by giving it alone.
Under twelve points they are provisional and say so.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidCountError, NoVariationError, TooFewPeriodsError
from analytics.methods.inputs import FloatArray, checked_counts, checked_values

# Bias of the mean range of two normal values, and the range chart's upper factor.
RANGE_BIAS = 1.128
RANGE_UPPER_FACTOR = 3.267
RUN_LENGTH = 9
PERIODS_FOR_LIMITS = 12
# A value nearer to the centre than this part of its margin lies on it.
ON_CENTRE = 1e-9


@dataclass(frozen=True)
class ControlChart:
    """A centre line with three-sigma limits, per period.

    Attributes
    ----------
    centre : float
    lower, upper : ndarray, shape (periods,)
        Limits in the unit of the values; shares are cut to 0-1.
    beyond : tuple of int
        Positions of periods outside the limits.
    runs : tuple of int
        Positions at which nine or more in a row lie on one side of the centre.
    sigma_z : float
        Spread of the periods in units of sampling error (1 where sampling
        alone sets the limits).
    is_provisional : bool
        Whether there are fewer than twelve periods.
    """

    centre: float
    lower: FloatArray
    upper: FloatArray
    beyond: tuple[int, ...]
    runs: tuple[int, ...]
    sigma_z: float
    is_provisional: bool


@dataclass(frozen=True)
class MovingRanges:
    """The chart of the ranges between neighbouring periods."""

    mean: float
    upper: float
    beyond: tuple[int, ...]


def individuals_chart(values: npt.ArrayLike) -> tuple[ControlChart, MovingRanges]:
    """Return the XmR chart of one value per period.

    Parameters
    ----------
    values : array_like, shape (periods,)
        At least two periods with data, in order of time.

    Returns
    -------
    ControlChart, MovingRanges

    Raises
    ------
    TooFewPeriodsError
        With fewer than two periods.
    NoVariationError
        If all values are alike.

    Notes
    -----
    mean +- 3 MR / 1.128; upper limit of the ranges 3.267 MR. NIST/SEMATECH
    e-Handbook of Statistical Methods, section 6.3.2.2.

    Examples
    --------
    >>> chart, _ = individuals_chart([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])
    >>> round(float(chart.upper[0]), 4), round(float(chart.lower[0]), 4)
    (55.8041, 45.8159)
    """
    x = checked_values(values)
    ranges = _moving_ranges(x)
    mean_range = float(ranges.mean())
    centre, margin = math.fsum(x) / x.size, 3 * mean_range / RANGE_BIAS
    limit = RANGE_UPPER_FACTOR * mean_range
    beyond = tuple(int(period) + 1 for period in np.flatnonzero(ranges > limit))
    return _chart(x, centre, np.full(x.size, margin), 1.0), MovingRanges(mean_range, limit, beyond)


def proportion_chart(successes: npt.ArrayLike, sizes: npt.ArrayLike) -> ControlChart:
    """Return the p chart of a share per period: limits from sampling alone.

    Parameters
    ----------
    successes, sizes : array_like of int, shape (periods,)
        Answers in the set and valid answers per period; a period without
        answers is left out by the caller.

    Raises
    ------
    TooFewPeriodsError, InvalidCountError, NoVariationError
        With fewer than two periods, a period without answers, or a share that
        is 0 or 1 throughout.

    Notes
    -----
    NIST/SEMATECH e-Handbook, section 6.3.3.2. With thousands of answers these
    limits flag every period; use `laney_chart`.

    Examples
    --------
    >>> round(proportion_chart([12, 15, 8], [50, 50, 50]).centre, 4)
    0.2333
    """
    share, centre, error = _shares(successes, sizes)
    return _chart(share, centre, 3 * error, 1.0, (0.0, 1.0))


def laney_chart(successes: npt.ArrayLike, sizes: npt.ArrayLike) -> ControlChart:
    """Return Laney's p' chart: sampling error times the spread between periods.

    Parameters
    ----------
    successes, sizes : array_like of int, shape (periods,)

    Raises
    ------
    TooFewPeriodsError, InvalidCountError, NoVariationError
        As for `proportion_chart`.

    Notes
    -----
    Laney 2002, Quality Engineering 14:531-537: z = (p - centre) / error,
    sigma_z = mean moving range of z / 1.128, limits centre +- 3 error sigma_z.

    Examples
    --------
    >>> chart = laney_chart([2111, 2248, 2364, 2206, 2059], [2677, 2810, 2919, 2688, 2625])
    >>> round(chart.sigma_z, 3)
    1.963
    """
    share, centre, error = _shares(successes, sizes)
    sigma_z = float(_moving_ranges((share - centre) / error).mean()) / RANGE_BIAS
    return _chart(share, centre, 3 * error * sigma_z, sigma_z, (0.0, 1.0))


def score_chart(means: npt.ArrayLike, errors: npt.ArrayLike, sizes: npt.ArrayLike) -> ControlChart:
    """Return the chart of a mean per period, limits widened as in Laney's chart.

    Parameters
    ----------
    means : array_like, shape (periods,)
    errors : array_like, shape (periods,)
        Standard error of each mean, > 0.
    sizes : array_like of int, shape (periods,)
        Answers behind each mean; the centre is the mean weighted by them.

    Raises
    ------
    TooFewPeriodsError
        With fewer than two periods.
    NoVariationError
        If all periods are alike, or a standard error is not above 0.
    ShapeMismatchError, InvalidValueError, InvalidCountError
        If the three differ in length, a mean or an error is not finite, or a size
        is no whole number of answers.

    Examples
    --------
    >>> score_chart([70.0, 72.0, 71.0], [1.0, 1.0, 1.0], [10, 10, 10]).centre
    71.0
    """
    x, spread = checked_values(means), checked_values(errors, np.size(means))
    n = _checked_sizes(sizes)
    if (spread <= 0).any():
        raise NoVariationError("A period does not vary.")
    # Rounding must not carry the centre off periods that are all alike.
    centre = float(np.clip(math.fsum(x * n) / int(n.sum()), x.min(), x.max())) if x.size else 0.0
    sigma_z = float(_moving_ranges((x - centre) / spread).mean()) / RANGE_BIAS
    return _chart(x, centre, 3 * spread * sigma_z, sigma_z)


def _shares(successes: npt.ArrayLike, sizes: npt.ArrayLike) -> tuple[FloatArray, float, FloatArray]:
    n = _checked_sizes(sizes)
    x = checked_counts(successes, n.size)
    if (x > n).any():
        raise InvalidCountError("A period has more answers in the set than answers.")
    centre = int(x.sum()) / int(n.sum())
    if not 0 < centre < 1:
        raise NoVariationError("The share is the same in every answer.")
    return x / n, centre, np.sqrt(centre * (1 - centre) / n)


def _checked_sizes(sizes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    n = checked_counts(sizes)
    if (n == 0).any():
        raise InvalidCountError("A period without answers has no place on the chart.")
    return n


def _moving_ranges(values: FloatArray) -> FloatArray:
    if values.size < 2:
        raise TooFewPeriodsError("Two periods are needed.", periods=values.size, needed=2)
    ranges = np.abs(np.diff(values))
    if not ranges.any():
        raise NoVariationError("All periods are alike.")
    return ranges


def _chart(
    values: FloatArray,
    centre: float,
    margin: FloatArray,
    sigma_z: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> ControlChart:
    if values.size < 2:
        raise TooFewPeriodsError("Two periods are needed.", periods=values.size, needed=2)
    lower, upper = np.clip(centre - margin, *bounds), np.clip(centre + margin, *bounds)
    beyond = tuple(int(period) for period in np.flatnonzero((values < lower) | (values > upper)))
    runs = _runs(_sides(values, centre, margin))
    return ControlChart(centre, lower, upper, beyond, runs, sigma_z, values.size < PERIODS_FOR_LIMITS)


def _sides(values: FloatArray, centre: float, margin: FloatArray) -> FloatArray:
    """Return 1 above the centre, -1 below, 0 on it but for rounding."""
    apart = values - centre
    return np.where(np.abs(apart) > ON_CENTRE * margin, np.sign(apart), 0.0)


def _runs(sides: FloatArray) -> tuple[int, ...]:
    found, length, side = [], 0, 0
    for period, here in enumerate(sides):
        length = length + 1 if here == side and here != 0 else 1
        side = int(here)
        if side != 0 and length >= RUN_LENGTH:
            found.append(period)
    return tuple(found)
