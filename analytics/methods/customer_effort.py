"""Customer effort score in the three conventions found in practice.

The item is the seven-point agreement that the company made it easy (7 is
good). Three conventions give three different numbers from the same answers, so
the convention is always printed with the number.
"""

from dataclasses import dataclass

import numpy.typing as npt

from analytics.methods.distributions import satisfied_share, score_index
from analytics.methods.inputs import checked_histogram
from analytics.methods.intervals import DEFAULT_LEVEL, Estimate
from analytics.methods.proportions import Proportion

CODES = tuple(range(1, 8))
# Places of the codes 5-7.
AGREEING = slice(4, 7)
NET_SCORES = (-100.0,) * 3 + (0.0,) + (100.0,) * 3


@dataclass(frozen=True, slots=True)
class CustomerEffort:
    """Customer effort in its three conventions.

    Attributes
    ----------
    mean : Estimate
        Mean of the codes, 1-7.
    agreeing : Proportion
        Share of 5-7, 0-1.
    net : Estimate
        Percentage of 5-7 minus percentage of 1-3, -100..100.
    """

    mean: Estimate
    agreeing: Proportion
    net: Estimate


def customer_effort(histogram: npt.ArrayLike, level: float = DEFAULT_LEVEL) -> CustomerEffort:
    """Return the customer effort score in all three conventions.

    Parameters
    ----------
    histogram : array_like of int, shape (7,)
        Valid answers 1..7, 7 meaning easy; at least two.

    Raises
    ------
    NoAnswersError, TooFewAnswersError, ShapeMismatchError, InvalidCountError
        If there are too few answers or not seven whole counts.

    Notes
    -----
    Dixon, Freeman and Toman 2010, Harvard Business Review 88(7-8); the second
    version of the item is an agreement, so high is good. The first
    version (effort, low is good) is another item, which this does not score.

    Examples
    --------
    >>> effort = customer_effort([4, 6, 10, 20, 45, 70, 45])
    >>> effort.mean.value, effort.agreeing.value, effort.net.value
    (5.43, 0.8, 70.0)
    """
    counts = checked_histogram(histogram, len(CODES), needed=2)
    return CustomerEffort(
        mean=score_index(counts, CODES, level),
        agreeing=satisfied_share(counts, CODES, CODES[AGREEING], level),
        net=score_index(counts, NET_SCORES, level),
    )
