"""How sure is a figure that no formula gives an interval for?

Leave out one group of answers at a time, compute the figure anew, and see how far it moves.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidValueError, ShapeMismatchError, TooFewAnswersError
from analytics.methods.inputs import FloatArray
from analytics.methods.intervals import DEFAULT_LEVEL, student_quantile


@dataclass(frozen=True, slots=True)
class Ranges:
    """Intervals of several figures, each array of shape (figures,) and in their unit.

    Attributes
    ----------
    standard_errors : ndarray
        >= 0.
    low, high : ndarray
        Ends of the intervals around the figures.
    level : float
        Confidence level, between 0 and 1.
    """

    standard_errors: FloatArray
    low: FloatArray
    high: FloatArray
    level: float


def delete_group_intervals(
    estimates: npt.ArrayLike, replicates: npt.ArrayLike, level: float = DEFAULT_LEVEL
) -> Ranges:
    """Return intervals of figures from what they are without each group of answers.

    Parameters
    ----------
    estimates : array_like, shape (figures,)
        From all answers; finite.
    replicates : array_like, shape (groups, figures)
        The same without one group each; at least two groups, drawn at random and of nearly one size.
    level : float
        Confidence level.

    Raises
    ------
    TooFewAnswersError
        With fewer than two groups (`n`, `needed`).
    ShapeMismatchError, InvalidValueError
        If the replicates are not of the same figures, or a value is not finite.

    Notes
    -----
    SE^2 = (G - 1)/G sum over g of (t_g - t)^2 about the figure itself, Student's t with G - 1 degrees. Delete-a-group
    jackknife: Kott 2001, Journal of Official Statistics 17:521-526.

    Examples
    --------
    >>> found = delete_group_intervals([2.0], [[1.5], [2.0], [2.5]])
    >>> round(float(found.standard_errors[0]), 6)
    0.57735
    """
    values, parts = np.array(estimates, dtype=np.float64), np.array(replicates, dtype=np.float64)
    if values.ndim != 1 or parts.ndim != 2 or parts.shape[1] != values.size:
        raise ShapeMismatchError("Every group needs the same figures as the whole.")
    if not (np.isfinite(values).all() and np.isfinite(parts).all()):
        raise InvalidValueError("Every figure must be finite.")
    groups = parts.shape[0]
    if groups < 2:
        raise TooFewAnswersError("Two groups are needed.", n=groups, needed=2)
    errors = np.sqrt((groups - 1) / groups * ((parts - values) ** 2).sum(axis=0))
    margin = student_quantile(level, groups - 1) * errors
    return Ranges(errors, values - margin, values + margin, level)
