"""Is there one dimension behind some items, and what would it make of weights?

All from a correlation matrix and n. Factor weights reward items that repeat one
another, not items that matter; with negative ones no index can be built.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analytics.methods.correlation import checked_correlation, checked_regular
from analytics.methods.errors import (
    InvalidValueError,
    NegativeWeightError,
    NotConvergedError,
    ShapeMismatchError,
    TooFewAnswersError,
)
from analytics.methods.inputs import ROUNDING, FloatArray, checked_size

MAX_SWEEPS = 1_000


@dataclass(frozen=True)
class SamplingAdequacy:
    """Kaiser-Meyer-Olkin measure, 0-1, overall and per item."""

    overall: float
    items: FloatArray


@dataclass(frozen=True, slots=True)
class Sphericity:
    """Bartlett's test that the items are uncorrelated."""

    chi_squared: float
    df: int
    p_value: float


@dataclass(frozen=True)
class PrincipalComponents:
    """Eigenvalues (falling) and loadings (each column summing to >= 0)."""

    eigenvalues: FloatArray
    loadings: FloatArray


def sampling_adequacy(correlation: npt.ArrayLike) -> SamplingAdequacy:
    """Return the Kaiser-Meyer-Olkin measure of sampling adequacy.

    Parameters
    ----------
    correlation : array_like, shape (items, items)
        At least two items.

    Raises
    ------
    InvalidCorrelationError, SingularCorrelationError, ShapeMismatchError
        If it is no correlation matrix, its items repeat one another, or there are
        fewer than two.
    InvalidValueError
        If an item is unrelated to all others.

    Notes
    -----
    sum r^2 / (sum r^2 + sum q^2), q the partial correlations. Kaiser 1974,
    Psychometrika 39:31-36.

    Examples
    --------
    >>> sampling_adequacy([[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]]).overall.__round__(4)
    0.6279
    """
    r = regular_correlation(correlation)
    inverse = np.linalg.inv(r)
    scale = np.sqrt(np.diag(inverse))
    partial = -inverse / np.outer(scale, scale)
    np.fill_diagonal(partial, 0.0)
    plain = r - np.eye(r.shape[0])
    by_item, by_partial = (plain**2).sum(axis=0), (partial**2).sum(axis=0)
    if (by_item + by_partial <= 0).any():
        raise InvalidValueError("An item is unrelated to all others.")
    return SamplingAdequacy(float(by_item.sum() / (by_item.sum() + by_partial.sum())), by_item / (by_item + by_partial))


def sphericity(correlation: npt.ArrayLike, n: int) -> Sphericity:
    """Return Bartlett's test of sphericity.

    Parameters
    ----------
    correlation : array_like, shape (items, items)
    n : int
        Respondents behind the matrix; more than there are items.

    Raises
    ------
    InvalidCorrelationError, SingularCorrelationError, ShapeMismatchError
        If it is no correlation matrix, its items repeat one another, or there are
        fewer than two.
    NoAnswersError, TooFewAnswersError
        If there are not at least two respondents more than items.

    Notes
    -----
    -(n - 1 - (2p + 5) / 6) ln|R| with p (p - 1) / 2 degrees. Bartlett 1951,
    Biometrika 38:337-344.

    Examples
    --------
    >>> sphericity([[1, 0.5], [0.5, 1]], 100).chi_squared.__round__(4)
    28.049
    """
    r = regular_correlation(correlation)
    p = r.shape[0]
    check_enough(n, p)
    value = -(n - 1 - (2 * p + 5) / 6) * float(np.linalg.slogdet(r)[1])
    df = p * (p - 1) // 2
    return Sphericity(value, df, float(special.chdtrc(df, value)))


def principal_components(correlation: npt.ArrayLike) -> PrincipalComponents:
    """Return all principal components of a correlation matrix.

    Returns
    -------
    PrincipalComponents
        Loadings are eigenvectors times the root of their eigenvalue; a sign is
        chosen so that each column sums to 0 or more.

    Raises
    ------
    InvalidCorrelationError
        If it is no correlation matrix.

    Examples
    --------
    >>> principal_components([[1, 0.5], [0.5, 1]]).eigenvalues.round(6).tolist()
    [1.5, 0.5]
    """
    values, vectors = np.linalg.eigh(checked_correlation(correlation))
    order = np.argsort(values)[::-1]
    values, vectors = np.maximum(values[order], 0.0), vectors[:, order]
    signs = np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    return PrincipalComponents(values, vectors * signs * np.sqrt(values))


def first_component_weights(correlation: npt.ArrayLike) -> FloatArray:
    """Return weights proportional to the loadings on the first component, summing to 1.

    Raises
    ------
    NegativeWeightError
        If an item loads negatively (`item`, `weight`): it runs against the others.

    Examples
    --------
    >>> first_component_weights([[1, 0.5], [0.5, 1]]).round(6).tolist()
    [0.5, 0.5]
    """
    loadings = principal_components(correlation).loadings[:, 0]
    total = loadings.sum()
    # Where they cancel one another there are no weights; the loading itself then says how negative.
    return refused_when_negative(loadings / total if total > ROUNDING else loadings)


def varimax(loadings: npt.ArrayLike, tolerance: float = 1e-10) -> FloatArray:
    """Return loadings rotated to simple structure, with Kaiser normalisation.

    Parameters
    ----------
    loadings : array_like, shape (items, factors)
        No item without any loading.
    tolerance : float
        Largest angle, in radians, by which the last sweep may still turn;
        coarser defaults of other programs differ in the third decimal.

    Raises
    ------
    ShapeMismatchError, InvalidValueError
        If the loadings are no finite matrix, or an item loads on no factor.
    NotConvergedError
        If the rotation does not settle.

    Notes
    -----
    Kaiser 1958, Psychometrika 23:187-200, each plane turned to its exact best
    angle; the solution of R's `varimax(normalize = TRUE)` run to the end.

    Examples
    --------
    >>> abs(varimax([[0.8, 0.6], [0.8, 0.6], [0.6, -0.8]])).round(3).tolist()
    [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    given = np.array(loadings, dtype=np.float64)
    if given.ndim != 2 or not np.isfinite(given).all():
        raise ShapeMismatchError("Loadings form a finite matrix.")
    length = np.sqrt((given**2).sum(axis=1, keepdims=True))
    if (length == 0).any():
        raise InvalidValueError("An item loads on no factor.")
    return np.asarray(given @ _rotation(given / length, tolerance))


def composite_weights(correlation: npt.ArrayLike, factors: int) -> FloatArray:
    """Return the weights of common practice: score coefficients by explained variance.

    Raw weights are R^-1 L combined by the factors' shares of rotated variance
    and scaled to sum to 1.

    Raises
    ------
    NegativeWeightError
        If any weight is negative (`item`, `weight`), which is usual with
        several factors. Use `raw_composite_weights` to show what they were.

    Examples
    --------
    >>> composite_weights([[1, 0.5], [0.5, 1]], 1).round(6).tolist()
    [0.5, 0.5]
    """
    return refused_when_negative(raw_composite_weights(correlation, factors))


def raw_composite_weights(correlation: npt.ArrayLike, factors: int) -> FloatArray:
    """Return composite weights without refusing negative ones, summing to 1.

    Raises
    ------
    InvalidCorrelationError, SingularCorrelationError, ShapeMismatchError
        If it is no correlation matrix, its items repeat one another, or there are
        fewer than two.
    InvalidValueError
        If there are no factors or more than items, an item loads on none of them,
        or the weights cancel one another.
    NotConvergedError
        If the rotation does not settle.

    Examples
    --------
    >>> raw_composite_weights([[1, 0.5], [0.5, 1]], 1).round(6).tolist()
    [0.5, 0.5]
    """
    r = regular_correlation(correlation)
    if not 1 <= factors <= r.shape[0]:
        raise InvalidValueError("There are as many factors as items at most.")
    rotated = varimax(principal_components(r).loadings[:, :factors])
    # Which way a factor points is arbitrary; high must mean high.
    return score_coefficient_weights(r, rotated * np.where(rotated.sum(axis=0) < 0, -1.0, 1.0))


def score_coefficient_weights(correlation: npt.ArrayLike, loadings: npt.ArrayLike) -> FloatArray:
    """Return R^-1 L combined by the factors' shares of variance, summing to 1.

    Parameters
    ----------
    correlation : array_like, shape (items, items)
    loadings : array_like, shape (items, factors)
        Rotated loadings. A factor that points downwards turns the weights of
        its items negative, so the sign of each column matters.

    Raises
    ------
    InvalidCorrelationError, SingularCorrelationError, ShapeMismatchError
        If it is no correlation matrix, its items repeat one another, there are fewer
        than two, or not one row of loadings for each.
    InvalidValueError
        If the weights cancel one another.

    Examples
    --------
    >>> score_coefficient_weights([[1, 0.5], [0.5, 1]], [[0.9], [0.9]]).round(6).tolist()
    [0.5, 0.5]
    """
    r, rotated = regular_correlation(correlation), np.array(loadings, dtype=np.float64)
    if rotated.ndim != 2 or rotated.shape[0] != r.shape[0]:
        raise ShapeMismatchError("Every item needs its loadings.")
    shares = (rotated**2).sum(axis=0)
    raw = np.linalg.solve(r, rotated) @ (shares / shares.sum())
    if abs(raw.sum()) < 1e-12:
        raise InvalidValueError("The weights cancel one another.")
    return np.asarray(raw / raw.sum())


def refused_when_negative(weights: FloatArray) -> FloatArray:
    """Return the weights, or refuse them naming the item that is worst."""
    worst = int(np.argmin(weights))
    if weights[worst] < 0:
        raise NegativeWeightError("A weight is negative.", item=worst, weight=float(weights[worst]))
    return weights


def regular_correlation(correlation: npt.ArrayLike) -> FloatArray:
    """Return a correlation matrix of two items or more that can be inverted."""
    r = checked_regular(correlation)
    if r.shape[0] < 2:
        raise ShapeMismatchError("Two items are needed.")
    return r


def check_enough(n: int, items: int) -> None:
    """Refuse fewer respondents than items plus two."""
    if checked_size(n) < items + 2:
        raise TooFewAnswersError(f"{n} answers, {items + 2} needed.", n=n, needed=items + 2)


def _rotation(x: FloatArray, tolerance: float) -> FloatArray:
    """Turn each pair of factors to its best angle until none turns any more."""
    rotation = np.eye(x.shape[1])
    for _ in range(MAX_SWEEPS):
        largest = 0.0
        for one, two in itertools.combinations(range(x.shape[1]), 2):
            turn = _best_angle(*(x @ rotation[:, [one, two]]).T)
            cos, sin = math.cos(turn), math.sin(turn)
            rotation[:, [one, two]] = rotation[:, [one, two]] @ np.array([[cos, -sin], [sin, cos]])
            largest = max(largest, abs(turn))
        if largest < tolerance:
            return rotation
    raise NotConvergedError("The rotation did not settle.", iterations=MAX_SWEEPS)


def _best_angle(a: FloatArray, b: FloatArray) -> float:
    """Return the angle that maximises the variance of squared loadings in one plane."""
    u, v = a * a - b * b, 2 * a * b
    across = 2 * (math.fsum(u * v) - math.fsum(u) * math.fsum(v) / u.size)
    along = math.fsum(u * u - v * v) - (math.fsum(u) ** 2 - math.fsum(v) ** 2) / u.size
    return math.atan2(across, along) / 4 if abs(across) + abs(along) > 1e-15 else 0.0
