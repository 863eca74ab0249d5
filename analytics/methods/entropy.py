"""Entropy weights: how unevenly an item's answers are spread, not how much it matters.

Shown beside other weights with a warning and never recommended: the weight
depends on where the scale starts and grows with noise and disagreement.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidScaleError, NoVariationError, ShapeMismatchError
from analytics.methods.inputs import FloatArray, checked_histogram, checked_scores


@dataclass(frozen=True)
class EntropyWeights:
    """Entropies (0-1, 1 meaning even) and the weights (summing to 1) they give."""

    entropies: FloatArray
    weights: FloatArray


def entropy_weights(
    histograms: Sequence[npt.ArrayLike], scores: Sequence[npt.ArrayLike], is_scaled: bool = False
) -> EntropyWeights:
    """Return entropy weights of items from their histograms.

    Parameters
    ----------
    histograms : sequence of array_like of int
        Per item, valid answers at each code; at least two answers.
    scores : sequence of array_like
        Per item, the non-negative score of each code.
    is_scaled : bool
        Whether scores are first stretched to 0-1 between the lowest and the
        highest that occur. The weights change a lot with it.

    Raises
    ------
    NoAnswersError, TooFewAnswersError
        If an item has fewer than two answers.
    ShapeMismatchError
        If there is not one score vector per item.
    NoVariationError
        If no item varies, or a stretched one does not.
    InvalidScaleError
        If a score is negative or all scores given are 0.

    Notes
    -----
    E = -1/ln n sum_v c_v p_v ln p_v with p_v = v / sum c v; weights are
    proportional to 1 - E (Shannon 1948; the entropy weight method).

    Examples
    --------
    >>> found = entropy_weights([[1, 1, 2], [2, 1, 1]], [[1, 2, 3], [1, 2, 3]])
    >>> round(float(found.weights.sum()), 9)
    1.0
    """
    if len(histograms) != len(scores):
        raise ShapeMismatchError("Every item needs one score vector.")
    entropies = np.array([_entropy(h, s, is_scaled) for h, s in zip(histograms, scores, strict=True)])
    diversity = 1 - entropies
    if not diversity.sum() > 1e-12:
        raise NoVariationError("No item varies.")
    return EntropyWeights(entropies, np.maximum(diversity, 0.0) / np.maximum(diversity, 0.0).sum())


def _entropy(histogram: npt.ArrayLike, scores: npt.ArrayLike, is_scaled: bool) -> float:
    counts = checked_histogram(histogram, needed=2)
    values = checked_scores(scores, counts.size)
    if (values < 0).any():
        raise InvalidScaleError("Entropy needs scores that are not negative.")
    if is_scaled:
        values = _stretched(values, counts)
    total = math.fsum(counts * values)
    if total <= 0:
        raise InvalidScaleError("All answers score nothing.")
    used = (counts > 0) & (values > 0)
    share = values[used] / total
    return -math.fsum(counts[used] * share * np.log(share)) / math.log(int(counts.sum()))


def _stretched(values: FloatArray, counts: npt.NDArray[np.int64]) -> FloatArray:
    low, high = values[counts > 0].min(), values[counts > 0].max()
    if low == high:
        raise NoVariationError("An item does not vary.")
    # Shares of a total have no unit, so nothing need be divided; codes that nobody chose carry no count.
    return np.asarray(values - low)
