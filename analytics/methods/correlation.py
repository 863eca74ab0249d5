"""Means, covariances and correlations from pairwise counts.

Everything here is a pure function of integer tables (or, for values that are no
codes, of pairwise sums), so its cost does not depend on the number of answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import (
    InvalidCorrelationError,
    InvalidValueError,
    NoAnswersError,
    NoVariationError,
    ShapeMismatchError,
    SingularCorrelationError,
    TooFewAnswersError,
)
from analytics.methods.inputs import FloatArray, IntArray, checked_scores, without_rounding
from analytics.methods.summaries import PairTables

# An eigenvalue this near to 0 is not told from 0: below its negative a pairwise matrix is no correlation matrix,
# and up to it items repeat one another.
TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True)
class PairSums:
    """Pairwise sums over the respondents who answered both items.

    Attributes
    ----------
    n : ndarray of int64, shape (items, items)
        Respondents who answered both.
    sums : ndarray, shape (items, items)
        `sums[j, k]` is the sum of item j over those respondents.
    squares : ndarray, shape (items, items)
        `squares[j, k]` is the sum of squares of item j over them.
    products : ndarray, shape (items, items)
        Sum of the products of both.
    """

    n: IntArray
    sums: FloatArray
    squares: FloatArray
    products: FloatArray


@dataclass(frozen=True, slots=True)
class Correlations:
    """A correlation matrix with what inference needs.

    Attributes
    ----------
    matrix : ndarray, shape (items, items)
        Pearson, pairwise complete, ones on the diagonal.
    n : ndarray of int64, shape (items, items)
        Respondents behind each.
    """

    matrix: FloatArray
    n: IntArray

    @property
    def smallest_n(self) -> int:
        """The smallest number of respondents behind any pair."""
        return int(self.n.min())


def pair_sums(values: npt.ArrayLike) -> PairSums:
    """Sum up raw values in pairs.

    Parameters
    ----------
    values : array_like, shape (respondents, items)
        Scores; NaN marks a missing answer, infinities are refused.

    Raises
    ------
    ShapeMismatchError
        If the values are no table of respondents and items.
    InvalidValueError
        If one is infinite.

    Examples
    --------
    >>> pair_sums([[1.0, 2.0], [3.0, float("nan")]]).n.tolist()
    [[2, 1], [1, 1]]
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2:
        raise ShapeMismatchError("Expected one row per respondent and one column per item.")
    if np.isinf(array).any():
        raise InvalidValueError("Every value must be finite.")
    answered = ~np.isnan(array)
    filled, flags = np.where(answered, array, 0.0), answered.astype(np.float64)
    return PairSums((flags.T @ flags).astype(np.int64), filled.T @ flags, (filled**2).T @ flags, filled.T @ filled)


def pair_sums_of_tables(tables: PairTables, scores: Sequence[npt.ArrayLike]) -> PairSums:
    """Return pairwise sums of scores from joint counts.

    Parameters
    ----------
    tables : PairTables
    scores : sequence of array_like
        Score of each code of each item.

    Raises
    ------
    ShapeMismatchError, InvalidScaleError
        If an item has no score vector, or one that does not fit its scale.

    Examples
    --------
    >>> from analytics.methods.summaries import pair_tables
    >>> tables = pair_tables(np.array([[1, 2], [2, 2]], dtype=np.int8), [[1, 2], [1, 2]])
    >>> pair_sums_of_tables(tables, [[1, 2], [1, 2]]).products.tolist()
    [[5.0, 6.0], [6.0, 8.0]]
    """
    items = len(tables.scales)
    if len(scores) != items:
        raise ShapeMismatchError("Every item needs one score vector.")
    loadings = np.zeros((tables.tables.shape[0], items))
    members = np.zeros_like(loadings)
    for item, vector in enumerate(scores):
        span = tables.span(item)
        loadings[span, item] = checked_scores(vector, span.stop - span.start)
        members[span, item] = 1.0
    counts = tables.tables.astype(np.float64)
    n = members.T @ counts @ members
    both = counts @ members
    products = loadings.T @ counts @ loadings
    return PairSums(n.astype(np.int64), loadings.T @ both, (loadings**2).T @ both, products)


def correlations(pairs: PairSums) -> Correlations:
    """Return pairwise-complete Pearson correlations.

    Parameters
    ----------
    pairs : PairSums
        Every pair with at least two respondents.

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        If a pair has no respondents, or one.
    NoVariationError
        If an item does not vary among those who answered it with another.
    InvalidCorrelationError
        If pairwise holes leave no valid correlation matrix; it is not repaired.

    Notes
    -----
    As R's `cor(use = "pairwise.complete.obs")`: both variances come from the
    same respondents as the covariance.

    Examples
    --------
    >>> found = correlations(pair_sums([[1.0, 2.0], [2.0, 4.0], [3.0, 7.0]]))
    >>> round(float(found.matrix[0, 1]), 6)
    0.993399
    """
    covariance, variance = _pair_covariances(pairs)
    if (variance <= 0).any():
        raise NoVariationError("An item does not vary.")
    matrix = covariance / np.sqrt(variance * variance.T)
    np.fill_diagonal(matrix, 1.0)
    return Correlations(checked_correlation(np.clip(matrix, -1.0, 1.0)), pairs.n)


def covariances(pairs: PairSums) -> FloatArray:
    """Return pairwise-complete covariances, divisor n - 1, shape (items, items).

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        If a pair of items was answered by nobody, or by one respondent only.

    Examples
    --------
    >>> covariances(pair_sums([[1.0, 2.0], [2.0, 4.0], [3.0, 7.0]])).round(6).tolist()
    [[1.0, 2.5], [2.5, 6.333333]]
    """
    return _pair_covariances(pairs)[0] * pairs.n / (pairs.n - 1)


def checked_correlation(matrix: npt.ArrayLike) -> FloatArray:
    """Return a correlation matrix: square, symmetric, unit diagonal, no negative eigenvalue.

    Raises
    ------
    InvalidCorrelationError
        If it is not one.

    Examples
    --------
    >>> checked_correlation([[1.0, 0.5], [0.5, 1.0]]).shape
    (2, 2)
    """
    found = np.array(matrix, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or found.size == 0 or not np.isfinite(found).all():
        raise InvalidCorrelationError("A correlation matrix is square and finite.")
    if not np.allclose(found, found.T, atol=1e-10) or not np.allclose(np.diag(found), 1.0, atol=1e-10):
        raise InvalidCorrelationError("A correlation matrix is symmetric with ones on its diagonal.")
    found = (found + found.T) / 2
    if np.linalg.eigvalsh(found)[0] < -TOLERANCE or np.abs(found).max() > 1 + 1e-10:
        raise InvalidCorrelationError("The pairs do not form one correlation matrix.")
    return found


def checked_regular(matrix: npt.ArrayLike) -> FloatArray:
    """Return a correlation matrix that can be inverted: all its eigenvalues are over 1e-8.

    Raises
    ------
    InvalidCorrelationError
        If it is no correlation matrix.
    SingularCorrelationError
        If items repeat one another.

    Examples
    --------
    >>> checked_regular([[1.0, 0.5], [0.5, 1.0]]).shape
    (2, 2)
    """
    found = checked_correlation(matrix)
    if np.linalg.eigvalsh(found)[0] <= TOLERANCE:
        raise SingularCorrelationError("Items repeat one another.")
    return found


def _pair_covariances(pairs: PairSums) -> tuple[FloatArray, FloatArray]:
    """Return covariance and, per row item, the variance in the same pair; divisor n."""
    if (pairs.n == 0).any():
        raise NoAnswersError("A pair of items has no common respondents.")
    if (pairs.n < 2).any():
        raise TooFewAnswersError("A pair of items has 1 common respondent, 2 needed.", n=1, needed=2)
    means = pairs.sums / pairs.n
    squares = pairs.squares / pairs.n
    return pairs.products / pairs.n - means * means.T, without_rounding(squares - means**2, squares)
