"""How well items that should measure one thing agree with one another.

Reliability is not validity: items may agree on the wrong thing.
No page shows them; they are here for comparison.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analytics.methods.errors import InvalidValueError, NoVariationError, ShapeMismatchError
from analytics.methods.inputs import FloatArray, checked_level, checked_size, checked_values
from analytics.methods.intervals import DEFAULT_LEVEL, Interval


@dataclass(frozen=True, slots=True)
class Alpha:
    """Cronbach's alpha (at most 1; negative where items contradict) with Feldt's interval."""

    value: float
    n: int
    items: int
    interval: Interval


def cronbach_alpha(covariance: npt.ArrayLike, n: int, level: float = DEFAULT_LEVEL) -> Alpha:
    """Return Cronbach's alpha with Feldt's interval.

    Parameters
    ----------
    covariance : array_like, shape (items, items)
        Covariances of at least two items scored in the same direction; the
        correlations give the standardised alpha.
    n : int
        Respondents behind it, at least two. With pairwise holes the smallest.
    level : float

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        With fewer than two respondents.
    NoVariationError
        If the sum of the items does not vary.
    ShapeMismatchError, InvalidValueError
        If it is no covariance matrix of two items or more.

    Notes
    -----
    alpha = k / (k - 1) (1 - trace / total). Interval: 1 - (1 - alpha) F with
    n - 1 and (n - 1)(k - 1) degrees, Feldt 1965, Psychometrika 30:357-370.

    Examples
    --------
    >>> round(cronbach_alpha([[1, 0.5], [0.5, 1]], 100).value, 4)
    0.6667
    """
    s = checked_covariance(covariance)
    k = s.shape[0]
    total = float(s.sum())
    checked_size(n, 2)
    if total <= 0:
        raise NoVariationError("The sum of the items does not vary.")
    alpha = k / (k - 1) * (1 - float(np.trace(s)) / total)
    tail = (1 - checked_level(level)) / 2
    low, high = (
        1 - (1 - alpha) * float(special.fdtri(n - 1, (n - 1) * (k - 1), quantile)) for quantile in (1 - tail, tail)
    )
    return Alpha(alpha, n, k, Interval(low, high, level))


def alpha_if_dropped(covariance: npt.ArrayLike) -> FloatArray:
    """Return alpha without each item in turn, for three items or more, shape (items,).

    Raises
    ------
    ShapeMismatchError, InvalidValueError
        If it is no square of three items or more, or not a finite, symmetric
        covariance.
    NoVariationError
        If the sum of the items that are left does not vary.

    Examples
    --------
    >>> alpha_if_dropped([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]).round(4).tolist()
    [0.0, 0.0, 0.6667]
    """
    s = checked_covariance(covariance)
    if s.shape[0] < 3:
        raise ShapeMismatchError("Three items are needed to drop one.")
    kept = (np.delete(np.delete(s, item, 0), item, 1) for item in range(s.shape[0]))
    return np.array([cronbach_alpha(rest, 2).value for rest in kept])


def item_rest_correlations(covariance: npt.ArrayLike) -> FloatArray:
    """Return each item's correlation with the sum of the others, shape (items,).

    Raises
    ------
    ShapeMismatchError, InvalidValueError
        If it is no square of two items or more, or not a finite, symmetric
        covariance.
    NoVariationError
        If an item, or the sum of the others, does not vary.

    Examples
    --------
    >>> item_rest_correlations([[1, 0.5], [0.5, 1]]).tolist()
    [0.5, 0.5]
    """
    s = checked_covariance(covariance)
    with_rest = s.sum(axis=1) - np.diag(s)
    rest = s.sum() - 2 * with_rest - np.diag(s)
    if (rest <= 0).any() or (np.diag(s) <= 0).any():
        raise NoVariationError("An item, or the sum of the others, does not vary.")
    return np.asarray(with_rest / np.sqrt(np.diag(s) * rest))


def composite_reliability(loadings: npt.ArrayLike) -> float:
    """Return the reliability of a one-factor composite, 0-1.

    Parameters
    ----------
    loadings : array_like, shape (items,)
        Standardised loadings, -1..1. State where they come from: those of
        components or path models are higher than those of a factor model.

    Raises
    ------
    ShapeMismatchError, InvalidValueError
        If there are fewer than two loadings, or one lies outside -1..1.

    Notes
    -----
    (sum l)^2 / ((sum l)^2 + sum(1 - l^2)). Joreskog 1971.

    Examples
    --------
    >>> round(composite_reliability([0.8, 0.7, 0.6]), 4)
    0.7449
    """
    l_ = checked_loadings(loadings)
    return float(l_.sum() ** 2 / (l_.sum() ** 2 + (1 - l_**2).sum()))


def average_variance_extracted(loadings: npt.ArrayLike) -> float:
    """Return the mean squared standardised loading, 0-1.

    Raises
    ------
    ShapeMismatchError, InvalidValueError
        If there are fewer than two loadings, or one lies outside -1..1.

    Notes
    -----
    Fornell and Larcker 1981, Journal of Marketing Research 18:39-50.

    Examples
    --------
    >>> round(average_variance_extracted([0.8, 0.6]), 4)
    0.5
    """
    return float((checked_loadings(loadings) ** 2).mean())


def checked_loadings(loadings: npt.ArrayLike) -> FloatArray:
    """Return standardised loadings, -1..1, at least two."""
    found = checked_values(loadings)
    if found.size < 2:
        raise ShapeMismatchError("Two items are needed.")
    if (np.abs(found) > 1).any():
        raise InvalidValueError("A standardised loading lies between -1 and 1.")
    return found


def checked_covariance(covariance: npt.ArrayLike) -> FloatArray:
    """Return a symmetric finite matrix of at least two items with no negative variance."""
    s = np.array(covariance, dtype=np.float64)
    if s.ndim != 2 or s.shape[0] != s.shape[1] or s.shape[0] < 2:
        raise ShapeMismatchError("Two items are needed, as a square matrix.")
    if not np.isfinite(s).all() or not np.allclose(s, s.T, atol=1e-9) or (np.diag(s) < 0).any():
        raise InvalidValueError("A covariance matrix is finite and symmetric.")
    return s
