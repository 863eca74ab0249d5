"""Change between two periods, and whether it is more than chance.

A point change is never given without the interval of the difference. Which
standard error belongs in it depends on how the two numbers were made: plain
means take Welch's, weighted and linearised ones the normal; answers of the same
respondents in both periods lower it by their covariance.
"""

import math
from dataclasses import dataclass, replace

from scipy import special

from analytics.methods.errors import InvalidLevelError, InvalidValueError, NoVariationError
from analytics.methods.inputs import ROUNDING, checked_size
from analytics.methods.intervals import (
    DEFAULT_LEVEL,
    Estimate,
    Interval,
    normal_interval,
    normal_quantile,
    student_interval,
)
from analytics.methods.net_promoter import NetPromoterScore, adjusted_score

NORMAL = math.inf


@dataclass(frozen=True, slots=True)
class Difference:
    """Later minus earlier, in the unit of both.

    Attributes
    ----------
    value, standard_error : float
    statistic : float
        value / standard_error.
    df : float
        Degrees of freedom; infinite for the normal distribution.
    p_value : float
        Two-sided, 0-1, of "no change".
    interval : Interval
        Of the difference.
    """

    value: float
    standard_error: float
    statistic: float
    df: float
    p_value: float
    interval: Interval


def welch_difference(
    later: Estimate, earlier: Estimate, covariance: float = 0.0, level: float = DEFAULT_LEVEL, n_both: int = 0
) -> Difference:
    """Return the change of an unweighted mean, unequal variances allowed.

    Parameters
    ----------
    later, earlier : Estimate
        Means with standard errors, of at least two answers each.
    covariance : float
        Of the two means, from respondents who answered in both periods, see
        `overlap_covariance`; 0 for independent periods.
    level : float
        Confidence level of the interval.
    n_both : int
        Respondents behind the covariance, at most as many as in either period.

    Raises
    ------
    NoVariationError
        If neither mean varies, or the difference does not, so that chance
        cannot be told.
    InvalidValueError
        If more respondents are in both periods than in one of them.

    Notes
    -----
    Welch 1947 with Satterthwaite's degrees of freedom f. With respondents in
    both periods the degrees lie between f and those of the paired test by the
    share of answers that are unpaired, (n_both - 1) + (f - n_both + 1) *
    unpaired / (n1 + n2), as Derrick, Russ, Toher and White 2017, Journal of
    Modern Applied Statistical Methods 16(1):137-157. The same respondents in
    both give exactly the paired interval.

    Examples
    --------
    >>> from analytics.methods.distributions import score_index
    >>> change = welch_difference(score_index([1, 2, 9], [1, 2, 3]), score_index([6, 3, 3], [1, 2, 3]))
    >>> round(change.value, 4), round(change.df, 3), change.interval.contains(0.0)
    (0.9167, 20.428, False)
    """
    n1, n2 = checked_size(later.n, 2), checked_size(earlier.n, 2)
    one, two = later.standard_error**2, earlier.standard_error**2
    if one + two <= 0:
        raise NoVariationError("All answers are alike in both periods.")
    df = (one + two) ** 2 / (one**2 / (n1 - 1) + two**2 / (n2 - 1))
    return _difference(
        later.value - earlier.value, _less(one + two, covariance), _partly_paired(df, n1, n2, n_both), level
    )


def linearised_difference(
    later: Estimate, earlier: Estimate, covariance: float = 0.0, level: float = DEFAULT_LEVEL
) -> Difference:
    """Return the change of weighted or otherwise linearised estimates, by the normal.

    Parameters
    ----------
    later, earlier : Estimate
        With linearised standard errors.
    covariance : float
        Of the two estimates, from shared respondents.

    Raises
    ------
    NoVariationError
        If the difference does not vary, so that chance cannot be told.
    InvalidLevelError
        If the level does not lie between 0 and 1.

    Examples
    --------
    >>> from analytics.methods.distributions import weighted_score_index
    >>> later = weighted_score_index([[1, 2, 9]], [1.0], [1, 2, 3])
    >>> earlier = weighted_score_index([[6, 3, 3]], [1.0], [1, 2, 3])
    >>> round(linearised_difference(later, earlier).statistic, 4)
    2.9304
    """
    variance = _less(later.standard_error**2 + earlier.standard_error**2, covariance)
    return _difference(later.value - earlier.value, variance, NORMAL, level)


def net_promoter_difference(
    later: NetPromoterScore, earlier: NetPromoterScore, level: float = DEFAULT_LEVEL
) -> Difference:
    """Return the change of an unweighted net promoter score, in points, by the plain Wald test.

    Where answers are few or nearly all in one class it calls far too much a
    change; `adjusted_net_promoter_difference` does not.

    Raises
    ------
    NoVariationError
        If all answers of both periods fall in one class each, so that chance
        cannot be told.
    InvalidLevelError
        If the level does not lie between 0 and 1.

    Examples
    --------
    >>> from analytics.methods.net_promoter import net_promoter_score
    >>> later = net_promoter_score([40, 0, 0, 0, 0, 0, 0, 30, 0, 0, 130])
    >>> earlier = net_promoter_score([60, 0, 0, 0, 0, 0, 0, 40, 0, 0, 100])
    >>> change = net_promoter_difference(later, earlier)
    >>> change.value, round(change.p_value, 6)
    (25.0, 0.002882)
    """
    variance = later.standard_error**2 + earlier.standard_error**2
    return _difference(later.value - earlier.value, variance, NORMAL, level)


def adjusted_net_promoter_difference(
    later: Estimate, earlier: Estimate, covariance: float = 0.0, level: float = DEFAULT_LEVEL
) -> Difference:
    """Return the change of a net promoter score, weighted or not, with its adjusted-Wald interval.

    Parameters
    ----------
    later, earlier : Estimate
        Scores with standard errors and effective n; an error of 0, where all
        answers are in one class, is no certainty.
    covariance : float
        Of the two scores, from shared respondents; the adjusted ones keep
        its correlation.

    Returns
    -------
    Difference
        `value` is that of the scores; error, statistic, p value and interval
        are those of the difference of the adjusted ones.

    Raises
    ------
    NoAnswersError
        Without answers in one of the periods.
    NoVariationError
        If the same respondents gave the same answers in both.
    InvalidLevelError
        If the level does not lie between 0 and 1.

    Notes
    -----
    Both scores get the pseudo-answers of their own intervals (Rocks 2016) and
    the interval stands around the difference of what comes out, as Agresti
    and Caffo 2000, The American Statistician 54(4):280-288, do for shares.

    Examples
    --------
    >>> one, other = Estimate(80.0, 5.164, 60, 60.0, Interval(65.0, 88.0, 0.95)), Estimate(
    ...     100.0, 0.0, 12, 12.0, Interval(54.0, 100.0, 0.95))
    >>> change = adjusted_net_promoter_difference(one, other)
    >>> change.value, round(change.interval.low, 1), round(change.interval.high, 1)
    (-20.0, -31.9, 24.3)
    """
    (one, error), (two, other_error) = (
        adjusted_score(each.value, each.standard_error, each.n_eff) for each in (later, earlier)
    )
    plain = later.standard_error * earlier.standard_error
    correlation = min(1.0, max(-1.0, covariance / plain)) if plain else 0.0
    variance = _less(error**2 + other_error**2, correlation * error * other_error)
    found = _difference(one - two, variance, NORMAL, level)
    return replace(found, value=later.value - earlier.value)


def estimate_of_rest(whole: Estimate, part: Estimate, weights: tuple[float, float] | None = None) -> Estimate:
    """Return the mean of everybody who is not in a part of the whole.

    Parameters
    ----------
    whole, part : Estimate
        Means with standard errors, the part's answers being among the whole's.
    weights : tuple of float
        Sums of the respondent weights of whole and part; n of each if None.

    Returns
    -------
    Estimate
        With the normal interval. Exact for unweighted means; under respondent
        weights the squared distances of whole and part are taken apart as if
        weight and score had nothing to do with one another within either.

    Raises
    ------
    TooFewAnswersError
        If fewer than two answers are left.
    NoVariationError
        If those left are all alike.

    Examples
    --------
    >>> from analytics.methods.distributions import score_index
    >>> whole, part = score_index([3, 5, 9], [1, 2, 3]), score_index([1, 2, 5], [1, 2, 3])
    >>> rest, other = estimate_of_rest(whole, part), score_index([2, 3, 4], [1, 2, 3])
    >>> round(rest.value - other.value, 9), round(rest.standard_error - other.standard_error, 9), rest.n
    (0.0, 0.0, 9)
    """
    n = checked_size(whole.n - part.n, 2)
    one, other = weights or (float(whole.n), float(part.n))
    left = one - other
    squared, squared_part = one * one / whole.n_eff, other * other / part.n_eff
    squared_left = squared - squared_part
    value = (one * whole.value - other * part.value) / left
    total = _squares(whole, one)
    squares = total - _squares(part, other) - squared_part * (part.value - whole.value) ** 2 - squared_left * (
        value - whole.value) ** 2
    if squares <= 1e-9 * total or squared_left <= 0:
        raise NoVariationError("The answers of the rest do not vary, so chance cannot be told.")
    error = math.sqrt(squares * n / (n - 1)) / left
    return Estimate(value, error, n, left * left / squared_left, normal_interval(value, error))


def _squares(estimate: Estimate, weight: float) -> float:
    """The sum of squared weights times squared distances from the mean behind a standard error."""
    return (estimate.standard_error * weight) ** 2 * (estimate.n - 1) / estimate.n


def overlap_covariance(n_later: int, n_earlier: int, n_both: int, score_covariance: float) -> float:
    """Return the covariance of two means that share respondents.

    Parameters
    ----------
    n_later, n_earlier : int
        Answers behind each mean.
    n_both : int
        Respondents who are in both, at least two.
    score_covariance : float
        Covariance of their two scores, divisor n_both - 1, in squared points.

    Returns
    -------
    float
        n_both * s12 / (n1 * n2), in squared points.

    Raises
    ------
    NoAnswersError, TooFewAnswersError, InvalidCountError
        If a number of answers is none, or of those in both fewer than two.
    InvalidValueError
        If more respondents are in both periods than in one of them, or the
        covariance is not finite.

    Examples
    --------
    >>> overlap_covariance(100, 200, 50, 80.0)
    0.2
    """
    if checked_size(n_both, 2) > min(checked_size(n_later), checked_size(n_earlier)):
        raise InvalidValueError("More respondents in both periods than in one of them.")
    if not math.isfinite(score_covariance):
        raise InvalidValueError("A covariance must be finite.")
    return n_both * score_covariance / (n_later * n_earlier)


def minimum_detectable_change(
    later_error: float, earlier_error: float, level: float = DEFAULT_LEVEL, power: float = 0.8
) -> float:
    """Return the smallest true change that would be found with the given power.

    Parameters
    ----------
    later_error, earlier_error : float
        Standard errors of the two numbers, in their unit.
    level : float
        Confidence level at which the change is judged.
    power : float
        Probability, 0-1, of finding a change of that size.

    Raises
    ------
    InvalidLevelError
        If the level or the power does not lie between 0 and 1.
    InvalidValueError
        If a standard error is negative or not finite.

    Examples
    --------
    >>> round(minimum_detectable_change(1.44, 1.33), 3)
    5.492
    """
    if not 0 < power < 1:
        raise InvalidLevelError("A power must lie between 0 and 1.")
    if not all(math.isfinite(error) and error >= 0 for error in (later_error, earlier_error)):
        raise InvalidValueError("A standard error must be finite and not negative.")
    multiple = normal_quantile(level) + float(special.ndtri(power))
    return multiple * math.hypot(later_error, earlier_error)


def _less(independent: float, covariance: float) -> float:
    """Take the covariance off; what only rounding leaves of the variance is none."""
    variance = independent - 2 * covariance
    return variance if variance > ROUNDING * independent else 0.0


def _partly_paired(df: float, n_later: int, n_earlier: int, n_both: int) -> float:
    if n_both == 0:
        return df
    if checked_size(n_both, 2) > min(n_later, n_earlier):
        raise InvalidValueError("More respondents in both periods than in one of them.")
    paired, total = n_both - 1, n_later + n_earlier
    return paired + (df - paired) * (total - 2 * n_both) / total


def _difference(value: float, variance: float, df: float, level: float) -> Difference:
    if not variance > 0:
        raise NoVariationError("The answers do not vary, so chance cannot be told.")
    error = math.sqrt(variance)
    statistic = value / error
    # The special functions themselves, as in `intervals`: the same digits at a fiftieth of the cost.
    if math.isinf(df):
        p_value, interval = 2 * special.ndtr(-abs(statistic)), normal_interval(value, error, level)
    else:
        p_value, interval = 2 * special.stdtr(df, -abs(statistic)), student_interval(value, error, df, level)
    return Difference(value, error, statistic, df, float(p_value), interval)
