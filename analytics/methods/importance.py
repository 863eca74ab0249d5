"""Derived importance: how much of an outcome goes with each driver.

From the correlations of drivers and outcome alone. They are associations, not
effects: nothing here says what would happen if a driver were raised.

Correlations are refused when drivers repeat one another (an eigenvalue up to
1e-8) and when R squared would be over 1. Among drivers that can be inverted
these are exactly the correlations that no answers have: drivers and outcome
form one correlation matrix only if 1 - R squared, the Schur complement of the
drivers in it, is not negative. The smallest eigenvalue of that matrix does not
say so: one of -1e-8 leaves room for an R squared of 2.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.correlation import TOLERANCE, checked_correlation, checked_regular
from analytics.methods.errors import (
    InvalidCorrelationError,
    ShapeMismatchError,
    SingularCorrelationError,
    TooFewAnswersError,
    TooManyItemsError,
)
from analytics.methods.inputs import FloatArray, checked_size

MAX_LMG_DRIVERS = 14


@dataclass(frozen=True)
class Importance:
    """Importance of each driver and the share of variance explained.

    Attributes
    ----------
    raw : ndarray, shape (drivers,)
        Parts of R squared, >= 0, summing to it.
    shares : ndarray, shape (drivers,)
        The same summing to 1.
    r_squared : float
        Share of the outcome's variance that goes with all drivers, 0-1.
    """

    raw: FloatArray
    shares: FloatArray
    r_squared: float


def standardised_coefficients(drivers: npt.ArrayLike, outcome: npt.ArrayLike) -> FloatArray:
    """Return standardised regression coefficients of an outcome on its drivers.

    Parameters
    ----------
    drivers : array_like, shape (drivers, drivers)
        Correlations among the drivers (respondent-weighted ones when weighted).
    outcome : array_like, shape (drivers,)
        Correlation of each driver with the outcome, which is none of them.

    Raises
    ------
    SingularCorrelationError
        If drivers repeat one another.
    InvalidCorrelationError, ShapeMismatchError
        If the correlations do not belong to one set of answers.

    Examples
    --------
    >>> standardised_coefficients([[1, 0.5], [0.5, 1]], [0.6, 0.6]).round(6).tolist()
    [0.4, 0.4]
    """
    r, y = checked_drivers(drivers, outcome)
    return np.asarray(np.linalg.solve(r, y))


def r_squared(drivers: npt.ArrayLike, outcome: npt.ArrayLike) -> float:
    """Return the share of the outcome's variance that goes with the drivers, 0-1.

    Parameters
    ----------
    drivers : array_like, shape (drivers, drivers)
        Correlations of the drivers.
    outcome : array_like, shape (drivers,)
        Correlation of each with the outcome.

    Raises
    ------
    InvalidCorrelationError, SingularCorrelationError
        If it is no correlation matrix, or one whose items repeat one another.
    ShapeMismatchError
        If there is not one correlation with the outcome per driver.

    Examples
    --------
    >>> round(r_squared([[1, 0.5], [0.5, 1]], [0.6, 0.6]), 6)
    0.48
    """
    r, y = checked_drivers(drivers, outcome)
    return min(_explained(r, y), 1.0)


def variance_inflation(drivers: npt.ArrayLike) -> FloatArray:
    """Return each driver's variance inflation factor, >= 1; over 5 asks for caution.

    Raises
    ------
    InvalidCorrelationError, SingularCorrelationError
        If it is no correlation matrix, or one whose items repeat one another.

    Examples
    --------
    >>> variance_inflation([[1, 0.5], [0.5, 1]]).round(6).tolist()
    [1.333333, 1.333333]
    """
    r = checked_regular(drivers)
    return np.asarray(np.diag(np.linalg.inv(r)).copy())


def relative_weights(drivers: npt.ArrayLike, outcome: npt.ArrayLike) -> Importance:
    """Return Johnson's relative weights, the default importance.

    Parameters
    ----------
    drivers : array_like, shape (drivers, drivers)
    outcome : array_like, shape (drivers,)

    Raises
    ------
    SingularCorrelationError, InvalidCorrelationError, ShapeMismatchError
        As for `standardised_coefficients`.

    Notes
    -----
    L = R^(1/2), weights (L o L)(L^-1 r)^2. Johnson 2000, Multivariate
    Behavioral Research 35:1-19; identical to Genizi 1993.

    Examples
    --------
    >>> relative_weights([[1, 0.5], [0.5, 1]], [0.6, 0.6]).shares.round(6).tolist()
    [0.5, 0.5]
    """
    r, y = checked_drivers(drivers, outcome)
    values, vectors = np.linalg.eigh(r)
    root = vectors * np.sqrt(values) @ vectors.T
    raw = (root * root) @ np.linalg.solve(root, y) ** 2
    return _importance(raw)


def averaged_over_orderings(drivers: npt.ArrayLike, outcome: npt.ArrayLike) -> Importance:
    """Return LMG importance: the gain in R squared averaged over all orderings.

    Parameters
    ----------
    drivers : array_like, shape (drivers, drivers)
        At most 14 drivers, as work doubles with each.
    outcome : array_like, shape (drivers,)

    Raises
    ------
    TooManyItemsError
        With more than 14 drivers.

    Notes
    -----
    Lindeman, Merenda and Gold 1980; the Shapley value of R squared. As
    `relaimpo::calc.relimp(type = "lmg")`, Groemping 2006, J. Stat. Soft. 17(1).

    Examples
    --------
    >>> averaged_over_orderings([[1, 0.5], [0.5, 1]], [0.6, 0.3]).raw.round(6).tolist()
    [0.315, 0.045]
    """
    r, y = checked_drivers(drivers, outcome)
    p = y.size
    if p > MAX_LMG_DRIVERS:
        raise TooManyItemsError("Too many drivers.", items=p, limit=MAX_LMG_DRIVERS)
    explained = _all_subsets(r, y)
    raw = np.zeros(p)
    sizes = np.array([bin(subset).count("1") for subset in range(1 << p)])
    chance = np.array([1 / (p * math.comb(p - 1, min(size, p - 1))) for size in range(p + 1)])
    for driver in range(p):
        without = np.flatnonzero((np.arange(1 << p) >> driver & 1) == 0)
        raw[driver] = (chance[sizes[without]] * (explained[without | 1 << driver] - explained[without])).sum()
    return _importance(raw)


def check_enough_answers(n: int, drivers: int) -> None:
    """Refuse importance from fewer than 100 answers, or ten per driver.

    Examples
    --------
    >>> check_enough_answers(200, 12)
    """
    needed = max(100, 10 * drivers)
    if checked_size(n) < needed:
        raise TooFewAnswersError(f"{n} answers, {needed} needed.", n=n, needed=needed)


def checked_drivers(drivers: npt.ArrayLike, outcome: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return drivers and outcome that form one correlation matrix."""
    r, y = checked_regular(drivers), np.array(outcome, dtype=np.float64)
    if y.shape != (r.shape[0],):
        raise ShapeMismatchError("Every driver needs one correlation with the outcome.")
    checked_correlation(np.block([[r, y[:, None]], [y[None, :], np.ones((1, 1))]]))
    if _explained(r, y) > 1 + TOLERANCE:
        raise InvalidCorrelationError("The drivers would explain more than all of the outcome.")
    return r, y


def _explained(r: FloatArray, y: FloatArray) -> float:
    """Return R squared of drivers that can be inverted; over 1 if they and the outcome form no correlation matrix."""
    return float(y @ np.linalg.solve(r, y))


def _importance(raw: FloatArray) -> Importance:
    total = math.fsum(raw)
    if total <= 0:
        raise SingularCorrelationError("The drivers explain nothing.")
    # What is over 1 after the check of the drivers is rounding: all is explained.
    explained = min(total, 1.0)
    return Importance(raw * (explained / total), raw / total, explained)


def _all_subsets(r: FloatArray, y: FloatArray) -> FloatArray:
    """Return R squared of every subset of drivers, by the bits of its number."""
    explained = np.zeros(1 << y.size)
    for size in range(1, y.size + 1):
        members = np.array(list(itertools.combinations(range(y.size), size)))
        blocks, sides = r[members[:, :, None], members[:, None, :]], y[members]
        solved = np.linalg.solve(blocks, sides[:, :, None])[:, :, 0]
        explained[(1 << members).sum(axis=1)] = (solved * sides).sum(axis=1)
    return explained
