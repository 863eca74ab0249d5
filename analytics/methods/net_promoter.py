"""Net promoter score from the eleven answers 0-10."""

import math
from dataclasses import dataclass

import numpy.typing as npt

from analytics.methods.errors import NoAnswersError
from analytics.methods.inputs import checked_histogram
from analytics.methods.intervals import DEFAULT_LEVEL, Estimate, Interval, normal_quantile
from analytics.methods.weighting import weighted_mean, weighted_sums_of_cells

CODES = tuple(range(11))
# Places of the codes 0-6, 7-8 and 9-10.
DETRACTORS, PASSIVES, PROMOTERS = CLASSES = (slice(0, 7), slice(7, 9), slice(9, 11))
SCORES = (-100.0,) * 7 + (0.0,) * 2 + (100.0,) * 2


@dataclass(frozen=True, slots=True)
class NetPromoterScore:
    """A net promoter score, -100..100, with the counts behind it.

    Attributes
    ----------
    value : float
        Percentage of promoters minus percentage of detractors.
    standard_error : float
        In points; 0 when all answers fall in one class.
    interval : Interval
        Adjusted Wald, within -100..100.
    """

    value: float
    standard_error: float
    n: int
    detractors: int
    passives: int
    promoters: int
    interval: Interval


def net_promoter_score(histogram: npt.ArrayLike, level: float = DEFAULT_LEVEL) -> NetPromoterScore:
    """Return the net promoter score with its adjusted-Wald interval.

    Parameters
    ----------
    histogram : array_like of int, shape (11,)
        Valid answers 0, 1, ..., 10; a blank coded 11 is not one of them.

    Raises
    ------
    NoAnswersError
        Without answers.
    ShapeMismatchError, InvalidCountError
        If there are not eleven non-negative whole counts.

    Notes
    -----
    Reichheld 2003. Variance of one answer: p + d - (p - d)^2. Interval: three
    pseudo-answers (3/4, 3/2, 3/4), Rocks 2016, The American Statistician
    70(4):365-372. It is cut at -100 and 100; see `adjusted_wald_interval`.

    Examples
    --------
    >>> nps = net_promoter_score([0, 0, 0, 0, 0, 0, 40, 0, 30, 0, 130])
    >>> nps.value, round(nps.standard_error, 4), round(nps.interval.low, 3)
    (45.0, 5.6899, 33.259)
    """
    counts = checked_histogram(histogram, len(CODES))
    detractors, passives, promoters = (int(counts[part].sum()) for part in CLASSES)
    n = detractors + passives + promoters
    error = 100 * math.sqrt(_variance(detractors / n, promoters / n) / n)
    interval = adjusted_wald_interval(detractors, passives, promoters, level).clipped(-100.0, 100.0)
    return NetPromoterScore(100 * (promoters - detractors) / n, error, n, detractors, passives, promoters, interval)


def adjusted_wald_interval(
    detractors: float, passives: float, promoters: float, level: float = DEFAULT_LEVEL
) -> Interval:
    """Return the adjusted-Wald interval in points, not cut at the scale's ends.

    Raises
    ------
    InvalidLevelError
        If the level does not lie between 0 and 1.

    Examples
    --------
    >>> round(adjusted_wald_interval(0, 0, 7).high, 3)
    107.188
    """
    n = detractors + passives + promoters + 3
    down, up = (detractors + 0.75) / n, (promoters + 0.75) / n
    centre, margin = up - down, normal_quantile(level) * math.sqrt(_variance(down, up) / n)
    return Interval(100 * (centre - margin), 100 * (centre + margin), level)


def adjusted_score(value: float, standard_error: float, n_eff: float) -> tuple[float, float]:
    """Return centre and standard error, in points, of a score with the three pseudo-answers added.

    Parameters
    ----------
    value, standard_error : float
        Of the score as it is, in points; 0 is a standard error like any other.
    n_eff : float
        Answers, or Kish's effective number of them, > 0.

    Returns
    -------
    tuple of float
        Centre and standard error of the adjusted-Wald interval. Under
        respondent weights the linearised error is kept and the pseudo-answers
        weigh what one effective answer does.

    Raises
    ------
    NoAnswersError
        Without answers.

    Examples
    --------
    >>> nps = net_promoter_score([0] * 10 + [12])
    >>> [round(part, 4) for part in adjusted_score(nps.value, nps.standard_error, 12)]
    [80.0, 13.1656]
    """
    if not n_eff > 0:
        raise NoAnswersError("There are no valid answers.")
    size = n_eff + 3
    centre = value * n_eff / size
    squares = (standard_error * n_eff) ** 2 + n_eff * (value - centre) ** 2 + 1.5 * 100.0**2 + 3 * centre**2
    return centre, math.sqrt(squares) / size


def weighted_net_promoter_score(
    histograms: npt.ArrayLike, cell_weights: npt.ArrayLike, level: float = DEFAULT_LEVEL
) -> Estimate:
    """Return the score under respondent weights with a linearised standard error.

    The interval is the adjusted Wald at Kish's effective n, so that with unit
    weights it is that of `net_promoter_score`.

    Parameters
    ----------
    histograms : array_like of int, shape (cells, 11)
    cell_weights : array_like, shape (cells,)
        Respondent weight of each answer of the cell.

    Raises
    ------
    NoAnswersError, ZeroWeightError
        If there are no answers, or none that weighs anything.
    InvalidCountError, InvalidWeightError
        If a count is no whole number of answers, or a weight is negative or not finite.
    TooFewAnswersError
        With only one answer, which has no variance.
    ShapeMismatchError, InvalidScaleError
        If there is not one weight per cell, or not eleven counts in each.

    Notes
    -----
    The standard error has the divisor n - 1 of a survey estimator, so at unit
    weights it exceeds the plain one by sqrt(n / (n - 1)).

    Examples
    --------
    >>> weighted_net_promoter_score([[5] + [0] * 9 + [5], [0] * 10 + [5]], [1.0, 2.0]).value
    50.0
    """
    sums = weighted_sums_of_cells(histograms, cell_weights, SCORES)
    estimate = weighted_mean(sums, level)
    down, middle, up = (
        weighted_sums_of_cells(histograms, cell_weights, flags).mean * sums.n_eff for flags in _CLASS_FLAGS
    )
    interval = adjusted_wald_interval(down, middle, up, level)
    return Estimate(estimate.value, estimate.standard_error, sums.n, sums.n_eff, interval.clipped(-100.0, 100.0))


_CLASS_FLAGS = tuple(tuple(float(score == target) for score in SCORES) for target in (-100.0, 0.0, 100.0))


def _variance(down: float, up: float) -> float:
    return up + down - (up - down) ** 2
