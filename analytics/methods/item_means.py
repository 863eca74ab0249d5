"""The hierarchical index, estimator B: every item's mean on its own base.

The leaves' means are rolled up with the weights of the tree. The variance is
exact for answers with holes, because it is built from the pairwise counts of
who answered what together.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.correlation import PairSums
from analytics.methods.errors import InvalidWeightError, NoAnswersError, ShapeMismatchError, TooFewAnswersError
from analytics.methods.inputs import ROUNDING, FloatArray, IntArray, without_rounding
from analytics.methods.intervals import DEFAULT_LEVEL, Estimate, normal_interval
from analytics.methods.trees import IndicatorTree, coverage, effective_weights


@dataclass(frozen=True, slots=True)
class NodeEstimate:
    """A node's value by estimator B, with the share of its weight that has answers."""

    estimate: Estimate
    coverage: float


@dataclass(frozen=True, slots=True)
class WeightedPairSums:
    """Pairwise sums over those who answered both items, each respondent counted with a factor.

    Attributes
    ----------
    total : ndarray, shape (items, items)
        Sum of the factors of those who answered both.
    sums : ndarray, shape (items, items)
        `sums[j, k]` is the sum of item j over them.
    products : ndarray, shape (items, items)
        Sum of the products of both.
    """

    total: FloatArray
    sums: FloatArray
    products: FloatArray


@dataclass(frozen=True, slots=True)
class _Items:
    """Means, their covariance, bases and Kish's effective bases of the leaves."""

    means: FloatArray
    variances: FloatArray
    sizes: IntArray
    n_eff: FloatArray


def weighted_pair_sums(scores: npt.ArrayLike, factors: npt.ArrayLike) -> WeightedPairSums:
    """Return the sums of respondents' item scores, each counted with a factor.

    Parameters
    ----------
    scores : array_like, shape (respondents, items)
        Missing answers are NaN.
    factors : array_like, shape (respondents,)
        Respondent weights, or their squares; finite, >= 0.

    Raises
    ------
    InvalidWeightError, ShapeMismatchError
        If a factor is negative or not finite, or there is not one for each
        respondent.

    Examples
    --------
    >>> weighted_pair_sums([[1.0, 5.0], [3.0, float("nan")]], [1.0, 2.0]).sums.tolist()
    [[7.0, 1.0], [5.0, 5.0]]
    """
    x = np.asarray(scores, dtype=np.float64)
    factor = np.asarray(factors, dtype=np.float64)
    if x.ndim != 2 or factor.shape != x.shape[:1]:
        raise ShapeMismatchError("Expected a factor for each respondent.")
    if not np.isfinite(factor).all() or (factor < 0).any():
        raise InvalidWeightError("A respondent weight is negative or not a number.")
    has = (~np.isnan(x)).astype(np.float64)
    filled, weighed = np.where(has > 0, x, 0.0), factor[:, None]
    return WeightedPairSums((has * weighed).T @ has, (filled * weighed).T @ has, (filled * weighed).T @ filled)


def _answered(sizes: IntArray) -> npt.NDArray[np.bool_]:
    answered = sizes > 0
    if not answered.any():
        raise NoAnswersError("No leaf has an answer.")
    if (sizes[answered] < 2).any():
        raise TooFewAnswersError("An item has one answer, 2 needed.", n=1, needed=2)
    return answered


def item_means_index(
    tree: IndicatorTree, pairs: PairSums, level: float = DEFAULT_LEVEL, bounds: tuple[float, float] = (0.0, 100.0)
) -> tuple[NodeEstimate | None, ...]:
    """Return every node's value as the weighted mean of item means.

    Parameters
    ----------
    tree : IndicatorTree
    pairs : PairSums
        Pairwise sums of the leaves' scores, in the order of `tree.leaves`.
    level : float
        Confidence level; the interval is the normal one.
    bounds : tuple of float
        Ends of the scale, where intervals are cut.

    Returns
    -------
    tuple of NodeEstimate or None
        None where no leaf below the node has an answer. A leaf without answers
        is left out and its siblings' weights renormalised, which `coverage`
        says. `n` is the smallest base of the leaves used.

    Raises
    ------
    ShapeMismatchError
        If there is not one item per leaf.
    NoAnswersError
        If no leaf has an answer.
    TooFewAnswersError
        If a leaf that is used has only one.

    Notes
    -----
    Var = w' V w with V_jk = [C_jk - S_jk m_k - S_kj m_j + N_jk m_j m_k] /
    (N_j N_k), where S_jk sums item j over those who answered both.

    Examples
    --------
    >>> from analytics.methods.correlation import pair_sums
    >>> pairs = pair_sums(np.array([[0.0, 100.0], [50.0, 50.0], [100.0, np.nan]]))
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.5, 0.5))
    >>> item_means_index(tree, pairs)[0].estimate.value
    62.5
    """
    sizes = np.diag(pairs.n)
    answered = _answered(sizes)
    items = _Items(item_means(pairs), mean_covariance(pairs), sizes, sizes.astype(np.float64))
    return _nodes(tree, answered, items, level, bounds)


def weighted_item_means_index(
    tree: IndicatorTree,
    by_weight: WeightedPairSums,
    by_square: WeightedPairSums,
    bases: npt.ArrayLike,
    level: float = DEFAULT_LEVEL,
    bounds: tuple[float, float] = (0.0, 100.0),
) -> tuple[NodeEstimate | None, ...]:
    """Return every node's value by estimator B under respondent weights, linearised.

    Parameters
    ----------
    tree : IndicatorTree
    by_weight, by_square : WeightedPairSums
        Pairwise sums in which every respondent counts with the weight, and
        with its square; in the order of `tree.leaves`.
    bases : array_like of int, shape (leaves,)
        Respondents behind each leaf, weights of 0 left out.
    level : float
        Confidence level; the interval is the normal one.
    bounds : tuple of float
        Ends of the scale, where intervals are cut.

    Returns
    -------
    tuple of NodeEstimate or None
        As `item_means_index`; `n_eff` is Kish's of the leaf for which it is
        smallest.

    Raises
    ------
    ShapeMismatchError
        If there is not one item per leaf.
    NoAnswersError
        If no leaf has an answer.
    TooFewAnswersError
        If a leaf that is used has only one.

    Notes
    -----
    Taylor linearisation of a ratio of sums: V_jk = sum w^2 (x_j - m_j)(x_k -
    m_k) / (W_j W_k) over those who answered both. Unit weights give
    `item_means_index`.

    Examples
    --------
    >>> scores, w = [[0.0, 100.0], [50.0, 50.0], [100.0, np.nan]], np.array([1.0, 1.0, 2.0])
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.5, 0.5))
    >>> sums = weighted_pair_sums(scores, w), weighted_pair_sums(scores, w**2)
    >>> weighted_item_means_index(tree, *sums, [3, 2])[0].estimate.value
    68.75
    """
    sizes, weights, squares = np.asarray(bases, dtype=np.int64), np.diag(by_weight.total), np.diag(by_square.total)
    if by_weight.total.shape[0] != len(tree.leaves) or sizes.size != len(tree.leaves):
        raise ShapeMismatchError("Expected one item per leaf.")
    answered = _answered(sizes)
    total = np.where(answered, weights, 1.0)
    means = np.diag(by_weight.sums) / total
    variances = _covariance(by_square, means, total)
    items = _Items(means, variances, sizes, total**2 / np.where(answered, squares, 1.0))
    return _nodes(tree, answered, items, level, bounds)


def item_means(pairs: PairSums) -> FloatArray:
    """Return each item's mean on its own base, 0 where it has no answer, shape (items,).

    Examples
    --------
    >>> from analytics.methods.correlation import pair_sums
    >>> item_means(pair_sums([[1.0, 5.0], [3.0, float("nan")]])).tolist()
    [2.0, 5.0]
    """
    return np.diag(pairs.sums) / np.maximum(np.diag(pairs.n), 1)


def mean_covariance(pairs: PairSums) -> FloatArray:
    """Return the sampling covariance of the item means, shape (items, items).

    Examples
    --------
    >>> from analytics.methods.correlation import pair_sums
    >>> mean_covariance(pair_sums(np.array([[1.0], [3.0]]))).tolist()
    [[0.5]]
    """
    sums = WeightedPairSums(pairs.n.astype(np.float64), pairs.sums, pairs.products)
    return _covariance(sums, item_means(pairs), np.maximum(np.diag(pairs.n), 1).astype(np.float64))


def _covariance(sums: WeightedPairSums, means: FloatArray, bases: FloatArray) -> FloatArray:
    """Return the covariance of item means from sums of squared factors; 0 where only rounding is left of it."""
    one_sided = sums.sums * means[None, :]
    cross = sums.products - one_sided - one_sided.T + sums.total * np.outer(means, means)
    return without_rounding(cross, sums.products) / np.outer(bases, bases)


def _error(weights: FloatArray, variances: FloatArray) -> float:
    """Return the standard error; leaves that cancel one another out leave 0, not what rounding does."""
    variance = float(weights @ variances @ weights)
    apart = float(weights @ np.sqrt(np.maximum(np.diag(variances), 0.0))) ** 2
    return math.sqrt(variance) if variance > ROUNDING * apart else 0.0


def _nodes(
    tree: IndicatorTree, answered: npt.NDArray[np.bool_], items: _Items, level: float, bounds: tuple[float, float]
) -> tuple[NodeEstimate | None, ...]:
    return tuple(
        NodeEstimate(_estimate(weights, items, level, bounds), float(share)) if weights.any() else None
        for weights, share in zip(effective_weights(tree, answered), coverage(tree, answered), strict=True)
    )


def _estimate(weights: FloatArray, items: _Items, level: float, bounds: tuple[float, float]) -> Estimate:
    value, error = float(weights @ items.means), _error(weights, items.variances)
    used = weights > 0
    interval = normal_interval(value, error, level).clipped(*bounds)
    return Estimate(value, error, int(items.sizes[used].min()), float(items.n_eff[used].min()), interval)
