"""Shares with their intervals: Wilson for one, Newcombe for the difference of two."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from analytics.methods.errors import InvalidLevelError, InvalidValueError, NoAnswersError
from analytics.methods.inputs import checked_part, checked_size
from analytics.methods.intervals import DEFAULT_LEVEL, Interval, normal_quantile

_FURTHEST = 38.0
"""Standard errors beyond which the p value is no number above 0."""
_STEPS = 48
"""In so many steps the way there is searched."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share (0-1) of `n` answers with its Wilson interval.

    Attributes
    ----------
    value : float
        The share, 0-1.
    n : int
        Valid answers, never weighted.
    n_eff : float
        Kish's effective number of answers; equals `n` without respondent weights.
    interval : Interval
        Within 0-1.
    """

    value: float
    n: int
    n_eff: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class ShareDifference:
    """First share minus second (-1..1), with Newcombe's interval."""

    value: float
    interval: Interval

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval leaves out no change at all."""
        return not self.interval.contains(0.0)


def wilson_interval(successes: float, n: float, level: float = DEFAULT_LEVEL) -> Interval:
    """Return the Wilson score interval of a share, without continuity correction.

    Parameters
    ----------
    successes : float
        Answers in the set, 0 <= successes <= n. Fractional with respondent
        weights, where it is the weighted share times the effective n.
    n : float
        Valid answers (or effective n), > 0. Missing answers are in neither.
    level : float
        Confidence level.

    Returns
    -------
    Interval
        Within 0-1, never of zero width.

    Raises
    ------
    NoAnswersError
        If n is 0.
    InvalidCountError
        If successes is no part of n.

    Notes
    -----
    Wilson 1927; method 3 of Newcombe 1998, Statistics in Medicine 17:857-872.

    Examples
    --------
    >>> interval = wilson_interval(81, 263)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.2553, 0.3662)
    """
    if n == 0:
        raise NoAnswersError("There are no valid answers.")
    part = checked_part(successes, n)
    return Interval(*_score_limits(part / n, n, normal_quantile(level)), level)


def proportion(successes: int, n: int, level: float = DEFAULT_LEVEL) -> Proportion:
    """Return an unweighted share with its Wilson interval.

    Parameters
    ----------
    successes : int
        Answers that count, at most n.
    n : int
        Valid answers.

    Raises
    ------
    NoAnswersError
        Without answers.
    InvalidCountError
        If the successes are no part of the answers.

    Examples
    --------
    >>> proportion(2059, 2625).interval.low.__round__(4)
    0.7682
    """
    size = checked_size(n)
    interval = wilson_interval(successes, size, level)
    return Proportion(successes / size, size, float(size), interval)


def weighted_proportion(share: float, n: int, n_eff: float, level: float = DEFAULT_LEVEL) -> Proportion:
    """Return a share weighted by respondent weights, its interval at the effective n.

    Parameters
    ----------
    share : float
        Weighted share, 0-1.
    n : int
        Valid answers.
    n_eff : float
        Kish's effective number of answers, (sum w)^2 / sum w^2.

    Raises
    ------
    NoAnswersError
        Without answers.
    InvalidCountError
        If the share does not lie in 0-1.

    Examples
    --------
    >>> weighted_proportion(0.8048524502805, 2625, 2128.35284613058).interval.high.__round__(4)
    0.8211
    """
    size = checked_size(n)
    return Proportion(share, size, n_eff, wilson_interval(share * n_eff, n_eff, level))


def newcombe_difference(first: Proportion, second: Proportion, correlation: float = 0.0) -> ShareDifference:
    """Return first minus second with Newcombe's hybrid score interval.

    Parameters
    ----------
    first, second : Proportion
        Shares with intervals of the same level; weighted ones carry their
        effective n in their own intervals.
    correlation : float
        Of the two shares, -1..1, from respondents who are in both: their
        covariance over the product of the standard errors. 0 for
        independent shares.

    Raises
    ------
    InvalidLevelError
        If the intervals are of different levels.
    InvalidValueError
        If the correlation is outside -1..1.

    Notes
    -----
    Independent shares: method 10 of Newcombe 1998, Statistics in Medicine
    17:873-890. Correlated ones: the same recovery of variances with the
    correlation in the cross term, Zou and Donner 2008, Statistics in Medicine
    27:1693-1702, equation 5.

    Examples
    --------
    >>> change = newcombe_difference(proportion(56, 70), proportion(48, 80))
    >>> round(change.value, 4), round(change.interval.low, 4), round(change.interval.high, 4)
    (0.2, 0.0524, 0.3339)
    >>> paired = newcombe_difference(proportion(56, 80), proportion(48, 80), correlation=0.5)
    >>> round(paired.interval.low, 4), round(paired.interval.high, 4)
    (-0.0042, 0.201)
    """
    if first.interval.level != second.interval.level:
        raise InvalidLevelError("Both intervals must be of the same level.")
    ends = (first.interval.low, first.interval.high), (second.interval.low, second.interval.high)
    low, high = _hybrid(first.value, second.value, *ends, _checked_correlation(correlation))
    return ShareDifference(first.value - second.value, Interval(low, high, first.interval.level))


def newcombe_p_value(first: Proportion, second: Proportion, correlation: float = 0.0) -> float:
    """Return the two-sided p value of "the shares are equal" that belongs to `newcombe_difference`.

    It is below 1 minus the level of the two shares' intervals exactly where
    the interval of the difference leaves out 0, so verdict and p value never
    contradict each other.

    Parameters
    ----------
    first, second : Proportion
        Shares with their effective n.
    correlation : float
        Of the two shares, -1..1.

    Returns
    -------
    float
        0-1; 1 for equal shares.

    Raises
    ------
    InvalidLevelError
        If the intervals are of different levels.
    InvalidValueError
        If the correlation is outside -1..1.

    Notes
    -----
    The level at which the interval touches 0. With a correlation near 1, more
    than the shares can have (see `largest_correlation`), the interval may
    touch it at several levels: the one counts that lies on the side of the
    verdict, of those beyond it the nearest.

    Examples
    --------
    >>> round(newcombe_p_value(proportion(56, 70), proportion(48, 80)), 4)
    0.0081
    """
    rho, value = _checked_correlation(correlation), first.value - second.value
    if value == 0:
        return 1.0
    larger, smaller = (first, second) if value > 0 else (second, first)

    def low_end(z: float) -> float:
        one, two = (_score_limits(share.value, share.n_eff, z) for share in (larger, smaller))
        return _hybrid(larger.value, smaller.value, one, two, rho)[0]

    asked = normal_quantile(first.interval.level)
    if newcombe_difference(first, second, rho).is_beyond_chance:
        return _two_sided(_first_zero(low_end, math.nextafter(asked, math.inf)))
    # Ends that were rounded may touch 0 where these do not by a hair.
    return _two_sided(optimize.brentq(low_end, 0.0, asked, xtol=1e-10) if low_end(asked) <= 0 else asked)


def largest_correlation(first: Proportion, second: Proportion) -> float:
    """Return the largest correlation that two shares can have whose smaller set of respondents is in both.

    Two yes-or-no answers with unequal shares cannot agree altogether, and of
    sets of unequal size only the smaller can be in both.

    Examples
    --------
    >>> round(largest_correlation(proportion(50, 100), proportion(50, 100)), 4)
    1.0
    >>> round(largest_correlation(proportion(119, 173), proportion(9, 15)), 4)
    0.2429
    """
    odds = [share.value * (1 - other.value) for share, other in ((first, second), (second, first))]
    if min(odds) <= 0:
        return 0.0
    sizes = sorted((first.n_eff, second.n_eff))
    return math.sqrt(min(odds) / max(odds) * sizes[0] / sizes[1])


def _first_zero(low_end: Callable[[float], float], start: float) -> float:
    """Return the first distance after a start at which an interval touches 0; infinity where it never does."""
    if low_end(start) <= 0:
        return start
    before = start
    for after in np.geomspace(start, _FURTHEST, _STEPS):
        if low_end(float(after)) <= 0:
            return float(optimize.brentq(low_end, before, float(after), xtol=1e-10))
        before = float(after)
    return math.inf


def _two_sided(distance: float) -> float:
    return float(2 * special.ndtr(-distance))


def _score_limits(share: float, n: float, z: float) -> tuple[float, float]:
    z2 = z**2
    centre = share + z2 / (2 * n)
    margin = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n)))
    # At the ends of the scale the exact limit is 0 or 1; rounding must not miss it.
    low = 0.0 if share == 0 else max(0.0, (centre - margin) / (1 + z2 / n))
    high = 1.0 if share == 1 else min(1.0, (centre + margin) / (1 + z2 / n))
    return low, high


def _hybrid(
    one: float, two: float, ends_of_one: tuple[float, float], ends_of_two: tuple[float, float], rho: float
) -> tuple[float, float]:
    below = _joined(one - ends_of_one[0], ends_of_two[1] - two, rho)
    above = _joined(ends_of_one[1] - one, two - ends_of_two[0], rho)
    return max(-1.0, one - two - below), min(1.0, one - two + above)


def _joined(a: float, b: float, rho: float) -> float:
    return math.sqrt(max(0.0, a * a + b * b - 2 * rho * a * b))


def _checked_correlation(correlation: float) -> float:
    if not -1 <= correlation <= 1:
        raise InvalidValueError("A correlation lies in -1..1.")
    return correlation
