"""Analytic hierarchy process: importance from experts' pairwise judgements.

A judgement matrix holds how many times the row element matters more than the
column element, 1/9 to 9, reciprocal across the diagonal. It speaks for the
experts, not for the customers.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import (
    DisconnectedJudgementsError,
    InvalidJudgementError,
    InvalidScaleError,
    TooManyItemsError,
)
from analytics.methods.inputs import FloatArray

MAX_ELEMENTS = 9
LARGEST_JUDGEMENT = 9.0
CONSISTENT = 0.1
# Mean consistency index of random matrices of order 1, 2, 3, ..., 9.
RANDOM_INDEX: dict[str, tuple[float, ...]] = {
    "alonso_lamata_2006": (0, 0, 0.5247, 0.8816, 1.1086, 1.2479, 1.3417, 1.4057, 1.4499),
    "saaty_1980": (0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45),
}
DEFAULT_RANDOM_INDEX = "alonso_lamata_2006"


@dataclass(frozen=True)
class Priorities:
    """Weights from one judgement matrix, with how consistent it is.

    Attributes
    ----------
    weights : ndarray, shape (elements,)
        Summing to 1.
    largest_eigenvalue, consistency_index : float
        lambda and (lambda - n) / (n - 1).
    consistency_ratio : float
        Consistency index over that of random matrices; 0 for two elements.
    random_index : str
        The table of random indices used.
    """

    weights: FloatArray
    largest_eigenvalue: float
    consistency_index: float
    consistency_ratio: float
    random_index: str

    @property
    def is_consistent(self) -> bool:
        """Whether the ratio is at most one tenth, Saaty's rule."""
        return self.consistency_ratio <= CONSISTENT


def judgement_matrix(size: int, judgements: dict[tuple[int, int], float]) -> FloatArray:
    """Return the reciprocal matrix of judgements, NaN where a pair was not judged.

    Parameters
    ----------
    size : int
        Number of elements, 2-9.
    judgements : dict
        (row, column) to how many times row matters more than column; each
        pair once, in either direction.

    Raises
    ------
    InvalidJudgementError
        If a judgement is not in 1/9..9, or a pair is given twice or does not exist.
    TooManyItemsError
        If there are more than nine elements.

    Examples
    --------
    >>> judgement_matrix(2, {(0, 1): 4}).tolist()
    [[1.0, 4.0], [0.25, 1.0]]
    """
    check_size(size)
    matrix = np.full((size, size), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for (row, column), value in judgements.items():
        if not (0 <= row < size and 0 <= column < size) or not math.isnan(matrix[row, column]):
            raise InvalidJudgementError("Every pair is judged once.")
        if not 1 / LARGEST_JUDGEMENT - 1e-12 <= value <= LARGEST_JUDGEMENT + 1e-12:
            raise InvalidJudgementError("A judgement lies between 1/9 and 9.")
        matrix[row, column], matrix[column, row] = value, 1 / value
    return matrix


def eigenvector_priorities(matrix: npt.ArrayLike, random_index: str = DEFAULT_RANDOM_INDEX) -> Priorities:
    """Return Saaty's weights: the principal eigenvector of a complete matrix.

    Parameters
    ----------
    matrix : array_like, shape (elements, elements)
        Positive, reciprocal, complete; up to nine elements.
    random_index : str
        `alonso_lamata_2006` or `saaty_1980`.

    Raises
    ------
    InvalidJudgementError, TooManyItemsError, InvalidScaleError
        If the matrix is not one of judgements, is too large, or the table is unknown.

    Notes
    -----
    Saaty 1977, Journal of Mathematical Psychology 15:234-281; random indices of
    Alonso and Lamata 2006 by default.

    Examples
    --------
    >>> found = eigenvector_priorities([[1, 2, 4], [0.5, 1, 2], [0.25, 0.5, 1]])
    >>> found.weights.round(4).tolist(), round(abs(found.consistency_ratio), 6)
    ([0.5714, 0.2857, 0.1429], 0.0)
    """
    return _priorities(*_principal(checked_judgements(matrix)), random_index)


def geometric_priorities(matrix: npt.ArrayLike, random_index: str = DEFAULT_RANDOM_INDEX) -> Priorities:
    """Return weights by the geometric mean of each row of a complete matrix.

    The consistency ratio is that of the matrix, by its principal eigenvalue, so
    that both methods are judged alike.

    Parameters
    ----------
    matrix : array_like, shape (elements, elements)
        Judgements, all pairs.
    random_index : str
        Which table of random indices the ratio is taken from.

    Raises
    ------
    InvalidJudgementError, TooManyItemsError
        If it is not a square of positive judgements, each the reciprocal of its
        mirror image, or of more than nine elements.
    InvalidScaleError
        If there is no random index of that name.

    Examples
    --------
    >>> geometric_priorities([[1, 4], [0.25, 1]]).weights.tolist()
    [0.8, 0.2]
    """
    a = checked_judgements(matrix)
    weights = np.exp(np.log(a).mean(axis=1))
    largest = float(np.linalg.eigvals(a).real.max())
    return _priorities(weights / weights.sum(), largest, random_index)


def incomplete_priorities(matrix: npt.ArrayLike) -> FloatArray:
    """Return weights from incomplete judgements by logarithmic least squares.

    Parameters
    ----------
    matrix : array_like, shape (elements, elements)
        Positive and reciprocal, NaN at both places of a pair not judged.

    Returns
    -------
    ndarray, shape (elements,)
        Summing to 1; for a complete matrix the row geometric means.

    Raises
    ------
    DisconnectedJudgementsError
        If the judgements do not link all elements.

    Notes
    -----
    Bozoki, Fulop and Ronyai 2010, Mathematical and Computer Modelling
    52:318-333: L y = r with the graph's Laplacian, w proportional to exp y.

    Examples
    --------
    >>> nan = float("nan")
    >>> incomplete_priorities([[1, 2, nan], [0.5, 1, 2], [nan, 0.5, 1]]).round(4).tolist()
    [0.5714, 0.2857, 0.1429]
    """
    a = checked_judgements(matrix, is_complete=False)
    known = ~np.isnan(a)
    check_linked(known)
    logs = np.where(known, np.log(np.where(known, a, 1.0)), 0.0)
    laplacian = np.diag(known.sum(axis=1)) - known.astype(np.float64)
    solution = np.linalg.lstsq(laplacian, logs.sum(axis=1), rcond=None)[0]
    weights = np.exp(solution)
    return np.asarray(weights / weights.sum())


def incomplete_consistency(matrix: npt.ArrayLike, random_index: str = DEFAULT_RANDOM_INDEX) -> Priorities:
    """Return Harker's eigenvector weights and ratio of incomplete judgements.

    For the ratio that is shown while an expert still judges. The random index is
    that of complete matrices, so the ratio of few judgements is a lower bound.

    Parameters
    ----------
    matrix : array_like, shape (elements, elements)
        Judgements, NaN where a pair is not judged.
    random_index : str
        Which table of random indices the ratio is taken from.

    Raises
    ------
    InvalidJudgementError, TooManyItemsError
        If the judgements are not positive, contradict one another across the
        diagonal, or are of more than nine elements.
    DisconnectedJudgementsError
        If they leave an element without any link to the others.
    InvalidScaleError
        If there is no random index of that name.

    Notes
    -----
    Harker 1987, Mathematical Modelling 9:353-360: a pair not judged is 0, and
    the diagonal counts the pairs missing in its row.

    Examples
    --------
    >>> nan = float("nan")
    >>> found = incomplete_consistency([[1, 2, nan], [0.5, 1, 2], [nan, 0.5, 1]])
    >>> abs(round(found.consistency_ratio, 6))
    0.0
    """
    a = checked_judgements(matrix, is_complete=False)
    known = ~np.isnan(a)
    check_linked(known)
    harker = np.where(known, a, 0.0)
    np.fill_diagonal(harker, 1 + (~known).sum(axis=1))
    return _priorities(*_principal(harker), random_index)


def geometric_consistency_index(matrix: npt.ArrayLike) -> float:
    """Return the geometric consistency index that goes with row geometric means.

    0 for consistent judgements; thresholds 0.3147 (3 elements), 0.3526 (4) and
    0.370 (more) match a ratio of one tenth. Needs three elements or more.

    Parameters
    ----------
    matrix : array_like, shape (elements, elements)
        Judgements, all pairs, of three elements or more.

    Raises
    ------
    InvalidJudgementError, TooManyItemsError
        If it is not a complete square of positive, reciprocal judgements of three
        to nine elements.

    Notes
    -----
    Aguaron and Moreno-Jimenez 2003, EJOR 147:137-145.

    Examples
    --------
    >>> abs(round(geometric_consistency_index([[1, 2, 4], [0.5, 1, 2], [0.25, 0.5, 1]]), 9))
    0.0
    """
    a = checked_judgements(matrix)
    n = a.shape[0]
    if n < 3:
        raise InvalidJudgementError("Two elements cannot contradict one another.")
    logs = np.log(a)
    level = logs.mean(axis=1)
    residuals = logs - level[:, None] + level[None, :]
    return float(2 / ((n - 1) * (n - 2)) * (np.triu(residuals, 1) ** 2).sum())


def check_size(size: int) -> None:
    """Refuse fewer than two or more than nine elements."""
    if size < 2:
        raise InvalidJudgementError("Two elements are needed to compare.")
    if size > MAX_ELEMENTS:
        raise TooManyItemsError("More than nine elements ask for too many judgements.", items=size, limit=MAX_ELEMENTS)


def checked_judgements(matrix: npt.ArrayLike, is_complete: bool = True) -> FloatArray:
    """Return a positive reciprocal matrix; NaN only where incomplete ones are allowed."""
    a = np.array(matrix, dtype=np.float64)
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise InvalidJudgementError("Judgements form a square matrix.")
    check_size(a.shape[0])
    known = ~np.isnan(a)
    if is_complete and not known.all():
        raise InvalidJudgementError("Some pairs are not judged.")
    if (known != known.T).any() or not np.isfinite(a[known]).all() or (a[known] <= 0).any():
        raise InvalidJudgementError("Judgements are positive numbers.")
    if not np.allclose((a * a.T)[known], 1.0, rtol=0, atol=1e-6) or not np.allclose(np.diag(a), 1.0):
        raise InvalidJudgementError("Judgements across the diagonal contradict one another.")
    return a


def check_linked(known: npt.NDArray[np.bool_]) -> None:
    """Refuse judgements whose graph falls apart."""
    if not is_linked(known):
        raise DisconnectedJudgementsError("The judgements do not link all elements.")


def is_linked(known: npt.NDArray[np.bool_]) -> bool:
    """Say whether every element is reached from the first through judged pairs.

    Examples
    --------
    >>> is_linked(np.array([[True, False], [False, True]]))
    False
    """
    return len(_reached(known, 0)) == len(known)


def linked_groups(known: npt.NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    """Return the elements in groups that judged pairs link, in order of their first element.

    Examples
    --------
    >>> known = np.eye(4, dtype=bool)
    >>> known[0, 2] = known[2, 0] = True
    >>> linked_groups(known)
    ((0, 2), (1,), (3,))
    """
    groups = (tuple(sorted(_reached(known, element))) for element in range(len(known)))
    return tuple(dict.fromkeys(groups))


def _reached(known: npt.NDArray[np.bool_], start: int) -> set[int]:
    reached, frontier = {start}, [start]
    while frontier:
        new = set(np.flatnonzero(known[frontier.pop()]).tolist()) - reached
        reached |= new
        frontier.extend(new)
    return reached


def _principal(matrix: FloatArray) -> tuple[FloatArray, float]:
    """Return the principal eigenvector, summing to 1, and its eigenvalue."""
    values, vectors = np.linalg.eig(matrix)
    main = int(np.argmax(values.real))
    # All its parts have one sign (Perron and Frobenius), which the division takes away.
    vector = vectors[:, main].real
    return vector / vector.sum(), float(values[main].real)


def _priorities(weights: FloatArray, largest: float, random_index: str) -> Priorities:
    if random_index not in RANDOM_INDEX:
        raise InvalidScaleError(f"There is no table of random indices called {random_index!r}.")
    n = weights.size
    index = (largest - n) / (n - 1)
    expected = RANDOM_INDEX[random_index][n - 1]
    return Priorities(weights, largest, index, index / expected if expected else 0.0, random_index)
