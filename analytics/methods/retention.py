"""How many dimensions stand out of chance?

Eigenvalues of a correlation matrix against those of answers without any relation.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidLevelError
from analytics.methods.factor import check_enough, principal_components, regular_correlation
from analytics.methods.inputs import FloatArray, checked_size

DRAWS: Final = 1_000
SEED: Final = 19_650_601
"""Always the same draws, so that the same answers give the same number of dimensions."""


@dataclass(frozen=True)
class Retention:
    """Which components to keep.

    Attributes
    ----------
    kept : int
        How many of the first components lie above chance; 0 and more.
    above_one : int
        Eigenvalues over 1 (Kaiser), a hint that usually keeps too many.
    eigenvalues : ndarray, shape (items,)
        Falling.
    chance : ndarray, shape (items,)
        What each stays under by chance in the given share of draws.
    """

    kept: int
    above_one: int
    eigenvalues: FloatArray
    chance: FloatArray


def parallel_analysis(
    correlation: npt.ArrayLike, n: int, share: float = 0.95, draws: int = DRAWS, seed: int = SEED
) -> Retention:
    """Return how many principal components stand out of chance.

    Parameters
    ----------
    correlation : array_like, shape (items, items)
        At least two items, none repeating others.
    n : int
        Respondents behind the matrix; the fewest behind any pair where answers are missing.
    share : float
        How large a share of the draws an eigenvalue has to exceed, between 0 and 1.
    draws, seed : int
        How many matrices are drawn, and from which stream.

    Raises
    ------
    InvalidCorrelationError, SingularCorrelationError, ShapeMismatchError
        If it is no regular correlation matrix.
    TooFewAnswersError
        With fewer respondents than items plus two.
    InvalidLevelError
        If the share does not lie between 0 and 1.

    Notes
    -----
    Horn 1965, Psychometrika 30:179-185, with the 95th percentile of Glorfeld 1995, Educational and Psychological
    Measurement 55:377-393. Components are kept up to the first that does not exceed chance.

    Examples
    --------
    >>> parallel_analysis([[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]], 200).kept
    1
    """
    r = regular_correlation(correlation)
    check_enough(n, r.shape[0])
    found = principal_components(r).eigenvalues
    if not 0 < share < 1:
        raise InvalidLevelError(f"{share} is no share between 0 and 1.")
    chance = np.quantile(chance_eigenvalues(r.shape[0], n, draws, seed), share, axis=0)
    is_above = found > chance
    kept = found.size if is_above.all() else int(np.argmin(is_above))
    return Retention(kept, int((found > 1).sum()), found, chance)


def chance_eigenvalues(items: int, n: int, draws: int = DRAWS, seed: int = SEED) -> FloatArray:
    """Return eigenvalues of correlation matrices of unrelated normal answers.

    Parameters
    ----------
    items, n : int
        Size of the matrices, and respondents behind each; more respondents than items.
    draws, seed : int
        How many are drawn, and from which stream.

    Returns
    -------
    ndarray, shape (draws, items)
        Each row falling and summing to `items`.

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        If there are no items, or not at least two respondents more than items.
    InvalidCountError
        If one of the two is no whole number.

    Notes
    -----
    The sums of squares are drawn at once by Bartlett's decomposition (1933, Proceedings of the Royal Society of
    Edinburgh 53:260-283), so that the work does not grow with the number of respondents.

    Examples
    --------
    >>> chance_eigenvalues(3, 100, draws=2).sum(axis=1).round(9).tolist()
    [3.0, 3.0]
    """
    check_enough(n, checked_size(items))
    stream = np.random.default_rng(seed)
    roots = np.tril(stream.standard_normal((draws, items, items)), -1)
    freedom = n - 1 - np.arange(items)
    roots[:, np.arange(items), np.arange(items)] = np.sqrt(stream.chisquare(freedom, (draws, items)))
    lengths = np.sqrt((roots**2).sum(axis=2, keepdims=True))
    scaled = roots / lengths
    return np.asarray(np.linalg.eigvalsh(scaled @ scaled.transpose(0, 2, 1))[:, ::-1])
