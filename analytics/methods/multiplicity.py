"""Many comparisons at once: p values adjusted for how often chance was asked.

Holm guards every claim of a family (use it for headlines), Benjamini-Hochberg
the share of false ones among those made (use it to screen).
"""

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidValueError, NoAnswersError
from analytics.methods.inputs import FloatArray, checked_values


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Return Holm's adjusted p values, which bound the chance of any false claim.

    Parameters
    ----------
    p_values : array_like, shape (comparisons,)
        Two-sided p values, 0-1, of the whole family. A comparison that was not
        made is left out, not given as 1.

    Returns
    -------
    ndarray, shape (comparisons,)
        In the order given, each >= its p value, at most 1.

    Raises
    ------
    NoAnswersError
        If the family is empty.
    InvalidValueError
        If a p value is outside 0-1.

    Notes
    -----
    Holm 1979, Scandinavian Journal of Statistics 6:65-70; R's `p.adjust`.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return _restored(stepped, order)


def benjamini_hochberg(p_values: npt.ArrayLike) -> FloatArray:
    """Return adjusted p values that bound the share of false claims.

    Parameters
    ----------
    p_values : array_like, shape (comparisons,)
        Two-sided p values, 0-1, of the whole family.

    Returns
    -------
    ndarray, shape (comparisons,)
        In the order given, each >= its p value, at most 1.

    Raises
    ------
    NoAnswersError, InvalidValueError
        As for `holm`.

    Notes
    -----
    Benjamini and Hochberg 1995, JRSS B 57:289-300; R's `p.adjust`.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(6).tolist()
    [0.03, 0.04, 0.04]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    return _restored(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _checked(p_values: npt.ArrayLike) -> FloatArray:
    p = checked_values(p_values)
    if p.size == 0:
        raise NoAnswersError("There is no comparison.")
    if (p < 0).any() or (p > 1).any():
        raise InvalidValueError("A p value lies in 0-1.")
    return p


def _restored(stepped: FloatArray, order: npt.NDArray[np.intp]) -> FloatArray:
    out = np.empty_like(stepped)
    out[order] = np.minimum(stepped, 1.0)
    return out
