"""A panel's judgements together: the group's weights, each expert's, and what disturbs.

Experts may leave pairs open as long as what they judged links all elements.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.ahp import (
    DEFAULT_RANDOM_INDEX,
    Priorities,
    checked_judgements,
    incomplete_consistency,
    incomplete_priorities,
    is_linked,
)
from analytics.methods.errors import NoAnswersError, ShapeMismatchError
from analytics.methods.inputs import FloatArray, checked_respondent_weights

# A ratio this small is rounding, not contradiction.
NO_CONTRADICTION = 1e-9


@dataclass(frozen=True, slots=True)
class DisturbingJudgement:
    """The judgement that fits the others worst.

    Attributes
    ----------
    row, column : int
    judgement : float
        As given.
    implied : float
        What the weights from all other judgements say.
    ratio_without : float
        Consistency ratio with the judgement replaced by the implied one.
    """

    row: int
    column: int
    judgement: float
    implied: float
    ratio_without: float


@dataclass(frozen=True)
class GroupPriorities:
    """A panel's weights with each expert's own.

    Attributes
    ----------
    group : Priorities
        From the geometric mean of the judgements (AIJ).
    individual : tuple of Priorities
    spread : ndarray, shape (elements,)
        Standard deviation of the experts' weights, 0 for one expert.
    consistent_only : Priorities or None
        The panel without the inconsistent experts; None if nobody is left.
    inconsistent : tuple of int
        Positions of the experts whose ratio exceeds one tenth.
    """

    group: Priorities
    individual: tuple[Priorities, ...]
    spread: FloatArray
    consistent_only: Priorities | None
    inconsistent: tuple[int, ...]


def most_disturbing_judgement(
    matrix: npt.ArrayLike, random_index: str = DEFAULT_RANDOM_INDEX
) -> DisturbingJudgement | None:
    """Return the one judgement whose change would help consistency most.

    Each judgement in turn is replaced by what all others imply; the one that
    leaves the smallest ratio is returned, the first of them where some are
    equal. None where no judgement contradicts the others.

    Parameters
    ----------
    matrix : array_like, shape (elements, elements)
        Positive and reciprocal, NaN at both places of a pair not judged.

    Raises
    ------
    InvalidJudgementError, DisconnectedJudgementsError, TooManyItemsError
        If the matrix is not one of judgements or does not link all elements.

    Examples
    --------
    >>> found = most_disturbing_judgement([[1, 2, 0.25], [0.5, 1, 2], [4, 0.5, 1]])
    >>> (found.row, found.column), round(found.implied, 9)
    ((0, 1), 0.125)
    """
    a = checked_judgements(matrix, is_complete=False)
    if incomplete_consistency(a, random_index).consistency_ratio < NO_CONTRADICTION:
        return None
    pairs = itertools.combinations(range(a.shape[0]), 2)
    tried = [found for pair in pairs if (found := _without(a, *pair, random_index)) is not None]
    # Rounded, so that equals stay equal and the first of them is named.
    return min(tried, key=lambda found: round(found.ratio_without, 9))


def aggregated_judgements(matrices: Sequence[npt.ArrayLike], shares: npt.ArrayLike | None = None) -> FloatArray:
    """Return the panel's matrix: the geometric mean of the experts' judgements (AIJ).

    Parameters
    ----------
    matrices : sequence of array_like, each of shape (elements, elements)
        Judgements on the same elements, NaN where a pair was not judged.
    shares : array_like, shape (experts,), optional
        How much each expert's voice counts, >= 0; equal without it.

    Returns
    -------
    ndarray, shape (elements, elements)
        Each pair over the experts who judged it; NaN where nobody did.

    Raises
    ------
    NoAnswersError, ShapeMismatchError, InvalidJudgementError, InvalidWeightError
        Without experts, for different elements, or for unusable judgements or voices.

    Notes
    -----
    Aczel and Saaty 1983, Journal of Mathematical Psychology 27:93-102. With row
    geometric means of complete matrices it equals averaging the experts' weights.

    Examples
    --------
    >>> aggregated_judgements([[[1, 2], [0.5, 1]], [[1, 8], [0.125, 1]]]).round(6).tolist()
    [[1.0, 4.0], [0.25, 1.0]]
    """
    if not len(matrices):
        raise NoAnswersError("No expert has judged.")
    checked = [checked_judgements(matrix, is_complete=False) for matrix in matrices]
    if len({matrix.shape for matrix in checked}) > 1:
        raise ShapeMismatchError("All experts judge the same elements.")
    voices = checked_respondent_weights(np.ones(len(checked)) if shares is None else shares, len(checked))
    stack = np.stack(checked)
    weights = voices[:, None, None] * ~np.isnan(stack)
    total = weights.sum(axis=0)
    logs = (weights * np.log(np.where(np.isnan(stack), 1.0, stack))).sum(axis=0)
    return np.where(total > 0, np.exp(logs / np.where(total > 0, total, 1.0)), np.nan)


def group_priorities(
    matrices: Sequence[npt.ArrayLike], shares: npt.ArrayLike | None = None, random_index: str = DEFAULT_RANDOM_INDEX
) -> GroupPriorities:
    """Return a panel's weights, each expert's, and the effect of inconsistent ones.

    Parameters
    ----------
    matrices : sequence of array_like, each of shape (elements, elements)
    shares : array_like, shape (experts,), optional
        How much each expert's voice counts, >= 0; equal without it.
    random_index : str

    Raises
    ------
    NoAnswersError, ShapeMismatchError, InvalidJudgementError, DisconnectedJudgementsError
        As for `aggregated_judgements`, and if an expert's judgements do not link
        all elements.

    Examples
    --------
    >>> report = group_priorities([[[1, 2], [0.5, 1]], [[1, 8], [0.125, 1]]])
    >>> report.group.weights.round(6).tolist(), report.inconsistent
    ([0.8, 0.2], ())
    """
    voices = np.ones(len(matrices)) if shares is None else np.asarray(shares, dtype=np.float64)
    group = incomplete_consistency(aggregated_judgements(matrices, voices), random_index)
    individual = tuple(incomplete_consistency(matrix, random_index) for matrix in matrices)
    kept = [expert for expert, own in enumerate(individual) if own.is_consistent]
    own_weights = np.array([own.weights for own in individual])
    spread = own_weights.std(axis=0, ddof=1) if len(individual) > 1 else np.zeros(own_weights.shape[1])
    left_out = tuple(expert for expert in range(len(individual)) if expert not in kept)
    return GroupPriorities(group, individual, spread, _kept_group(matrices, kept, voices, random_index), left_out)


def _without(a: FloatArray, row: int, column: int, random_index: str) -> DisturbingJudgement | None:
    """Replace one judgement by what the others imply; None if they imply nothing."""
    changed = a.copy()
    changed[row, column] = changed[column, row] = np.nan
    if np.isnan(a[row, column]) or not is_linked(~np.isnan(changed)):
        return None
    weights = incomplete_priorities(changed)
    implied = float(weights[row] / weights[column])
    changed[row, column], changed[column, row] = implied, 1 / implied
    ratio = incomplete_consistency(changed, random_index).consistency_ratio
    return DisturbingJudgement(row, column, float(a[row, column]), implied, ratio)


def _kept_group(
    matrices: Sequence[npt.ArrayLike], kept: list[int], voices: FloatArray, random_index: str
) -> Priorities | None:
    if not kept or not voices[kept].any():
        return None
    together = aggregated_judgements([matrices[expert] for expert in kept], voices[kept])
    return incomplete_consistency(together, random_index)
