"""The hierarchical index, estimator A: respondent level.

Each respondent's answers are rolled up the tree, the weights of the answered
children renormalised inside each parent, and the respondents who count at a
node are averaged. Its counterpart, estimator B, is in `item_means`; which of
the two a number is, is part of its name.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import ShapeMismatchError
from analytics.methods.index_definition import IndexDefinition
from analytics.methods.index_scorer import NOT_COUNTED, scorer_of
from analytics.methods.moments import UNITS, MomentTable, checked_groups, grouped_moments

__all__ = ["NOT_COUNTED", "IndexDefinition", "index_moments", "index_values", "tree_score"]

# Rows per pass: the working arrays of one pass stay in the processor's cache.
ROWS_PER_PASS = 32_768
ROWS_PER_GROUPED_PASS = 2 * ROWS_PER_PASS


def index_values(answers: npt.NDArray[np.int8], definition: IndexDefinition) -> npt.NDArray[np.int32]:
    """Return every respondent's value at every node, in millionths of a point.

    Parameters
    ----------
    answers : ndarray of int8, shape (respondents, leaves)
        Codes; negative means missing. Column order fastest ("F").
    definition : IndexDefinition

    Returns
    -------
    ndarray of int32, shape (nodes, respondents)
        0..100_000_000, or -1 where the respondent does not count.

    Raises
    ------
    UnknownCodeError
        If an answer is not on its scale.
    ShapeMismatchError
        If the answers are not int8 with one column per leaf.

    Examples
    --------
    >>> from analytics.methods.trees import IndicatorTree
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> rule = IndexDefinition(tree, ((1, 2, 3),) * 2, ((0.0, 50.0, 100.0),) * 2)
    >>> index_values(np.array([[3, 1], [2, -1], [-1, 1]], dtype=np.int8), rule)[0].tolist()
    [60000000, 50000000, -1]
    """
    matrix = _checked_answers(answers, definition)
    scorer = scorer_of(definition)
    out = np.empty((len(definition.tree.parents), matrix.shape[0]), dtype=np.int32)
    for start in range(0, matrix.shape[0], ROWS_PER_PASS):
        rows = slice(start, start + ROWS_PER_PASS)
        scorer.fill(matrix[rows], out[:, rows])
    return out


def index_moments(
    answers: npt.NDArray[np.int8],
    definition: IndexDefinition,
    groups: npt.NDArray[np.integer] | None = None,
    n_groups: int = 1,
) -> MomentTable:
    """Return n, sum and sum of squares of the index at every node, by group.

    Parameters
    ----------
    answers : ndarray of int8, shape (respondents, leaves)
    definition : IndexDefinition
    groups : ndarray of int, shape (respondents,), optional
        Group (day, segment level, weighting cell) of each respondent,
        0..n_groups-1. Without it all respondents form group 0.
    n_groups : int

    Returns
    -------
    MomentTable
        Shape (nodes, n_groups). The same digits for any order or blocking of
        the respondents.

    Raises
    ------
    UnknownCodeError, ShapeMismatchError, InvalidValueError
        If an answer is not on its scale, shapes differ, or a group is out of
        range.

    Examples
    --------
    >>> from analytics.methods.trees import IndicatorTree
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> rule = IndexDefinition(tree, ((1, 2, 3),) * 2, ((0.0, 50.0, 100.0),) * 2)
    >>> moments = index_moments(np.array([[3, 1], [2, -1], [-1, 1]], dtype=np.int8), rule)
    >>> moments.at(0).n, moments.at(0).total
    (2, 110000000)
    """
    matrix = _checked_answers(answers, definition)
    if groups is not None:
        return _grouped(matrix, definition, checked_groups(groups, matrix.shape[0], n_groups), n_groups)
    if n_groups != 1:
        raise ShapeMismatchError("Several groups need a group per respondent.")
    return scorer_of(definition).moments(_passes(matrix))


def _grouped(
    matrix: npt.NDArray[np.int8], definition: IndexDefinition, keys: npt.NDArray[np.integer], n_groups: int
) -> MomentTable:
    out = MomentTable.empty(len(definition.tree.parents), n_groups)
    for start in range(0, matrix.shape[0], ROWS_PER_GROUPED_PASS):
        rows = slice(start, start + ROWS_PER_GROUPED_PASS)
        out = out + grouped_moments(index_values(matrix[rows], definition), keys[rows], n_groups)
    return out


def _passes(matrix: npt.NDArray[np.int8]) -> Iterator[npt.NDArray[np.int8]]:
    for start in range(0, matrix.shape[0], ROWS_PER_PASS):
        yield matrix[start : start + ROWS_PER_PASS]


def tree_score(definition: IndexDefinition, codes: Sequence[int]) -> tuple[float | None, ...]:
    """Return one respondent's value at every node, in points.

    Parameters
    ----------
    definition : IndexDefinition
    codes : sequence of int, one per leaf
        Answers, as for `index_values`.

    Raises
    ------
    ShapeMismatchError
        If there is not one code per leaf.
    UnknownCodeError
        If an answer is not on its scale.

    Examples
    --------
    >>> from analytics.methods.trees import IndicatorTree
    >>> tree = IndicatorTree((-1, 0, 0), (1.0, 0.6, 0.4))
    >>> rule = IndexDefinition(tree, ((1, 2, 3),) * 2, ((0.0, 50.0, 100.0),) * 2)
    >>> tree_score(rule, [3, 1])
    (60.0, 100.0, 0.0)
    """
    values = index_values(np.array([codes], dtype=np.int8), definition)[:, 0]
    return tuple(None if value == NOT_COUNTED else int(value) / UNITS for value in values)


def _checked_answers(answers: npt.NDArray[np.int8], definition: IndexDefinition) -> npt.NDArray[np.int8]:
    if answers.dtype != np.int8 or answers.ndim != 2 or answers.shape[1] != len(definition.tree.leaves):
        raise ShapeMismatchError("Answers are int8 codes with one column per leaf.")
    return answers
