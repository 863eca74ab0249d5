"""The indicator tree as two flat lists: whose child a node is, and its weight.

Indicator weights are importance among siblings; they say nothing about how many
people an answer stands for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import InvalidTreeError, NoAnswersError, ShapeMismatchError
from analytics.methods.inputs import FloatArray, checked_indicator_weights, checked_respondent_weights

ROOT = -1


@dataclass(frozen=True)
class IndicatorTree:
    """A tree of indicators with the weight of each among its siblings.

    Parameters
    ----------
    parents : tuple of int
        For every node the position of its parent; -1 for the one root. Nodes
        may stand in any order.
    weights : tuple of float
        Indicator weight of every node; siblings sum to 1, the root has 1.

    Raises
    ------
    InvalidTreeError
        If there is not exactly one root, a parent does not exist, or nodes run
        in a circle.
    WeightSumError, InvalidWeightError, ZeroWeightError
        If siblings do not sum to 1 or a weight is negative or not finite.

    Examples
    --------
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> tree.leaves, tree.children[0]
    ((1, 2), (1, 2))
    """

    parents: tuple[int, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.parents) != len(self.weights):
            raise ShapeMismatchError("Every node needs one parent and one weight.")
        if list(self.parents).count(ROOT) != 1:
            raise InvalidTreeError("A tree has exactly one root.")
        if any(not ROOT <= parent < len(self.parents) for parent in self.parents):
            raise InvalidTreeError("A node has a parent that does not exist.")
        if len(self.order) != len(self.parents):
            raise InvalidTreeError("Some nodes run in a circle.")
        for family in ((self.root,), *self.children):
            if family:
                checked_indicator_weights([float(self.weights[node]) for node in family])

    @cached_property
    def root(self) -> int:
        """Position of the root."""
        return self.parents.index(ROOT)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Children of every node, in rising order of position."""
        families: list[list[int]] = [[] for _ in self.parents]
        for node, parent in enumerate(self.parents):
            if parent != ROOT:
                families[parent].append(node)
        return tuple(tuple(family) for family in families)

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Nodes without children, in rising order: the order of the columns of answers."""
        return tuple(node for node, family in enumerate(self.children) if not family)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Nodes reachable from the root, parents before children."""
        found = [self.root]
        for node in found:
            found.extend(self.children[node])
        return tuple(found)

    @cached_property
    def column_of(self) -> dict[int, int]:
        """Which column of answers feeds each leaf."""
        return {leaf: column for column, leaf in enumerate(self.leaves)}


def normalised_weights(parents: Sequence[int], raw: npt.ArrayLike) -> tuple[float, ...]:
    """Return weights scaled so that siblings sum to 1.

    For weights that are entered as points or derived on any scale; the caller
    asks for the scaling expressly.

    Raises
    ------
    ShapeMismatchError
        If there is not one weight per node.
    ZeroWeightError, InvalidWeightError
        If siblings sum to nothing, or a weight is negative or not finite.

    Examples
    --------
    >>> normalised_weights((-1, 0, 0), [1, 3, 1])
    (1.0, 0.75, 0.25)
    """
    weights = np.array(raw, dtype=np.float64)
    if weights.shape != (len(parents),):
        raise ShapeMismatchError("Every node needs one weight.")
    for parent in set(parents):
        family = [node for node, of in enumerate(parents) if of == parent]
        siblings = checked_respondent_weights(weights[family])
        weights[family] = siblings / siblings.sum()
    return tuple(float(weight) for weight in weights)


def equal_weights(parents: Sequence[int]) -> tuple[float, ...]:
    """Return the weights under which all siblings count alike.

    Raises
    ------
    NoAnswersError
        Without nodes.

    Examples
    --------
    >>> equal_weights((-1, 0, 0))
    (1.0, 0.5, 0.5)
    """
    return normalised_weights(parents, np.ones(len(parents)))


def leaf_weights(tree: IndicatorTree) -> FloatArray:
    """Return the weight of every leaf in the whole index, shape (leaves,), summing to 1.

    Examples
    --------
    >>> leaf_weights(IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))).tolist()
    [0.6, 0.4]
    """
    return np.array(effective_weights(tree, np.ones(len(tree.leaves), dtype=np.bool_))[tree.root])


def effective_weights(tree: IndicatorTree, answered: npt.ArrayLike) -> FloatArray:
    """Return what each answered leaf weighs in each node, nested-renormalised.

    Inside every parent the weights of the children that have a value are
    scaled to sum to 1; a parent none of whose children has a value has none.

    Parameters
    ----------
    tree : IndicatorTree
    answered : array_like of bool, shape (leaves,)

    Returns
    -------
    ndarray, shape (nodes, leaves)
        Rows sum to 1, or are all 0 where a node has no value.

    Raises
    ------
    ShapeMismatchError
        If there is not one flag per leaf.

    Examples
    --------
    >>> tree = IndicatorTree((-1, 0, 0, 2, 2), (1.0, 0.5, 0.5, 0.5, 0.5))
    >>> effective_weights(tree, [True, True, False])[0].tolist()
    [0.5, 0.5, 0.0]
    """
    flags = _checked_flags(tree, answered)
    weights = np.zeros((len(tree.parents), flags.size))
    for node in reversed(tree.order):
        if node in tree.column_of:
            weights[node, tree.column_of[node]] = flags[tree.column_of[node]]
            continue
        for child in tree.children[node]:
            weights[node] += tree.weights[child] * weights[child]
        present = sum(tree.weights[child] for child in tree.children[node] if weights[child].any())
        if present > 0:
            weights[node] /= present
    return weights


def coverage(tree: IndicatorTree, answered: npt.ArrayLike) -> FloatArray:
    """Return the share of each node's full weight that answered leaves carry, 0-1.

    Raises
    ------
    ShapeMismatchError
        If there is not one flag per leaf.

    Examples
    --------
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> coverage(tree, [True, False]).tolist()
    [0.6, 1.0, 0.0]
    """
    flags = _checked_flags(tree, answered)
    covered = np.zeros(len(tree.parents))
    for node in reversed(tree.order):
        if node in tree.column_of:
            covered[node] = flags[tree.column_of[node]]
        for child in tree.children[node]:
            covered[node] += tree.weights[child] * covered[child]
    return covered


def roll_up(tree: IndicatorTree, leaf_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return the value of every node from the values of its leaves.

    Parameters
    ----------
    tree : IndicatorTree
    leaf_values : sequence of float or None, length leaves
        None where a leaf has no value; it is left out and its siblings'
        weights are renormalised.

    Returns
    -------
    tuple of float or None
        One per node; None where nothing below the node has a value.

    Raises
    ------
    NoAnswersError
        If no leaf has a value.

    Examples
    --------
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> roll_up(tree, [80.0, 70.0]), roll_up(tree, [80.0, None])
    ((76.0, 80.0, 70.0), (80.0, 80.0, None))
    """
    answered = [value is not None for value in leaf_values]
    if not any(answered):
        raise NoAnswersError("No leaf has a value.")
    weights = effective_weights(tree, answered)
    values = np.array([0.0 if value is None else value for value in leaf_values])
    return tuple(float(row @ values) if row.any() else None for row in weights)


def _checked_flags(tree: IndicatorTree, answered: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    flags = np.asarray(answered)
    if flags.shape != (len(tree.leaves),) or flags.dtype != np.bool_:
        raise ShapeMismatchError("One flag per leaf is needed.")
    return flags
