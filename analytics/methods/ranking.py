"""Do two sets of weights put things in the same order?

Ranks of one set, and the rank correlations of two. Where the things stand in groups, such as indicators below
different parents, an order exists within each group only.
"""

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidValueError, NoVariationError, ShapeMismatchError, TooFewAnswersError
from analytics.methods.inputs import FloatArray, IntArray

# Values nearer than this are the same value with another rounding.
SAME = 1e-9


def ranks(values: npt.ArrayLike) -> IntArray:
    """Return the rank of each value, 1 for the largest; equal values share the better rank.

    Parameters
    ----------
    values : array_like, shape (items,)
        Finite; nearer than 1e-9 counts as equal.

    Raises
    ------
    InvalidValueError, ShapeMismatchError
        If a value is not finite, or there is no row of values.

    Examples
    --------
    >>> ranks([0.2, 0.5, 0.2, 0.1]).tolist()
    [2, 1, 2, 4]
    """
    found = _checked(values)
    larger = found[None, :] > found[:, None] + SAME
    return np.asarray(larger.sum(axis=1) + 1, dtype=np.int64)


def spearman_correlation(one: npt.ArrayLike, two: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> float:
    """Return Spearman's rank correlation, -1 to 1, equal values at their mean rank.

    Parameters
    ----------
    one, two : array_like, shape (items,)
        At least two items.
    groups : array_like, shape (items,), optional
        Group of each item, a whole number. Ranks are then taken within each group and less its mean rank.

    Raises
    ------
    NoVariationError
        If all values of one side are equal, within each group where there are groups: they have no order.
    TooFewAnswersError
        With fewer than two items (`n`, `needed`).
    ShapeMismatchError, InvalidValueError
        If the sides differ in length or hold what is not finite.

    Notes
    -----
    Spearman 1904, American Journal of Psychology 15:72-101; as R's
    `cor(x, y, method = "spearman")`.

    Examples
    --------
    >>> round(spearman_correlation([1, 2, 3, 4], [1, 3, 2, 4]), 6)
    0.8
    >>> round(spearman_correlation([0.6, 0.4, 0.7, 0.2, 0.1], [0.9, 0.1, 0.1, 0.7, 0.2], [0, 0, 1, 1, 1]), 6)
    -0.2
    """
    first, second, of = _checked_pair(one, two, groups)
    a, b = (_deviations(side, of) for side in (first, second))
    return float(np.clip((a @ b) / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))


def kendall_correlation(one: npt.ArrayLike, two: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> float:
    """Return Kendall's tau-b, -1 to 1: pairs in the same order less those in the other, ties allowed for.

    Parameters
    ----------
    one, two : array_like, shape (items,)
        At least two items.
    groups : array_like, shape (items,), optional
        Group of each item, a whole number. Only pairs within a group are then compared, all of them together.

    Raises
    ------
    NoVariationError, TooFewAnswersError, ShapeMismatchError, InvalidValueError
        As for `spearman_correlation`.

    Notes
    -----
    Kendall 1945, Biometrika 33:239-251; as R's `cor(x, y, method = "kendall")`.

    Examples
    --------
    >>> round(kendall_correlation([1, 2, 3, 4], [1, 3, 2, 4]), 6)
    0.666667
    >>> kendall_correlation([0.6, 0.4, 0.7, 0.2, 0.1], [0.9, 0.1, 0.1, 0.7, 0.2], [0, 0, 1, 1, 1])
    0.0
    """
    first, second, of = _checked_pair(one, two, groups)
    pairs = np.triu(of[:, None] == of[None, :], 1)
    a, b = (np.sign(side[:, None] - side[None, :])[pairs] for side in (first, second))
    return float(np.clip((a @ b) / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))


def _checked(values: npt.ArrayLike) -> FloatArray:
    found = np.array(values, dtype=np.float64)
    if found.ndim != 1:
        raise ShapeMismatchError("Ranks are of one row of values.")
    if not np.isfinite(found).all():
        raise InvalidValueError("Every value must be finite.")
    return found


def _checked_pair(
    one: npt.ArrayLike, two: npt.ArrayLike, groups: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, IntArray]:
    # Rounded, so that what differs by rounding only is a tie.
    first, second = (np.round(_checked(side) / SAME) for side in (one, two))
    of = np.zeros(first.shape, dtype=np.int64) if groups is None else np.asarray(groups)
    if first.shape != second.shape or of.shape != first.shape:
        raise ShapeMismatchError("Both sides rank the same items.")
    if first.size < 2:
        raise TooFewAnswersError("Two items are needed.", n=first.size, needed=2)
    if not (_deviations(first, of).any() and _deviations(second, of).any()):
        raise NoVariationError("Equal values have no order.")
    return first, second, of


def _deviations(values: FloatArray, of: IntArray) -> FloatArray:
    """Return each value's rank within its group, less the mean rank of the group."""
    found = np.zeros(values.shape)
    for group in np.unique(of):
        inside = of == group
        found[inside] = _average_ranks(values[inside]) - (inside.sum() + 1) / 2
    return found


def _average_ranks(values: FloatArray) -> FloatArray:
    """Return ranks from 1 for the smallest on; equal values share the mean of their ranks."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(times) - (times - 1) / 2)[place])
