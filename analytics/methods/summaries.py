"""Mergeable integer summaries of answers: how often each code and each pair of codes was given.

A summary counts; it never divides. Counts add and subtract exactly, so summaries
of any split of the answers, merged in any order, are the summary of the whole,
and an erased answer is taken out without a trace.

No page shows them; they are here for comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import (
    InvalidCountError,
    InvalidScaleError,
    ShapeMismatchError,
    TooManyItemsError,
    UnknownCodeError,
)
from analytics.methods.inputs import IntArray, checked_codes
from analytics.methods.moments import checked_groups

# Why an answer is missing; each is counted apart and none is ever a score.
BLANK, NOT_APPLICABLE, REFUSED, NOT_SHOWN = -1, -2, -3, -4
MISSING_CODES = (NOT_SHOWN, REFUSED, NOT_APPLICABLE, BLANK)
HIGHEST_CODE = 126
MAX_PAIRED_ITEMS = 60
ROWS_PER_PASS = 65_536


@dataclass(frozen=True)
class ItemHistograms:
    """Counts of every code of every item, by group.

    Attributes
    ----------
    scales : tuple of tuple of int
        Codes of each item in rising order, 0..126.
    counts : tuple of ndarray of int64, each of shape (groups, 4 + codes)
        The four missing codes -4..-1 first, then the codes of the scale.
    """

    scales: tuple[tuple[int, ...], ...]
    counts: tuple[IntArray, ...]

    @classmethod
    def empty(cls, scales: Sequence[Sequence[int]], n_groups: int = 1) -> "ItemHistograms":
        """Return the summary of no answers, the neutral element of the merge."""
        found = tuple(checked_item_scale(codes) for codes in scales)
        return cls(found, tuple(np.zeros((n_groups, 4 + len(codes)), dtype=np.int64) for codes in found))

    def __add__(self, other: "ItemHistograms") -> "ItemHistograms":
        check_same_scales(self.scales, other.scales)
        return ItemHistograms(self.scales, merged_counts(self.counts, other.counts, 1))

    def __sub__(self, other: "ItemHistograms") -> "ItemHistograms":
        check_same_scales(self.scales, other.scales)
        return ItemHistograms(self.scales, merged_counts(self.counts, other.counts, -1))

    def valid(self, item: int, groups: Sequence[int] | None = None) -> IntArray:
        """Return the histogram of an item's valid answers over some groups (default all), shape (codes,)."""
        return self._chosen(item, groups)[len(MISSING_CODES) :]

    def missing(self, item: int, groups: Sequence[int] | None = None) -> dict[int, int]:
        """Return how many answers are missing for each reason."""
        counts = self._chosen(item, groups)
        return {code: int(count) for code, count in zip(MISSING_CODES, counts, strict=False)}

    def by_group(self, item: int) -> IntArray:
        """Return the valid histograms of all groups, shape (groups, codes)."""
        return self.counts[item][:, len(MISSING_CODES) :]

    def _chosen(self, item: int, groups: Sequence[int] | None) -> IntArray:
        counts = self.counts[item] if groups is None else self.counts[item][list(groups)]
        return np.asarray(counts.sum(axis=0))


@dataclass(frozen=True)
class PairTables:
    """Joint counts of every pair of a declared set of items.

    Attributes
    ----------
    scales : tuple of tuple of int
        Codes of each item.
    tables : ndarray of int64, shape (digits, digits)
        One block per pair (j, k): rows are the codes of item j, columns those
        of item k, over the respondents who answered both validly. The blocks
        on the diagonal hold each item's own histogram.
    """

    scales: tuple[tuple[int, ...], ...]
    tables: IntArray

    @classmethod
    def empty(cls, scales: Sequence[Sequence[int]]) -> "PairTables":
        """Return the tables of no answers, the neutral element of the merge."""
        found = tuple(checked_item_scale(codes) for codes in scales)
        if len(found) > MAX_PAIRED_ITEMS:
            raise TooManyItemsError("Too many items for pairwise tables.", items=len(found), limit=MAX_PAIRED_ITEMS)
        size = sum(len(codes) for codes in found)
        return cls(found, np.zeros((size, size), dtype=np.int64))

    def __add__(self, other: "PairTables") -> "PairTables":
        check_same_scales(self.scales, other.scales)
        return PairTables(self.scales, merged_counts((self.tables,), (other.tables,), 1)[0])

    def __sub__(self, other: "PairTables") -> "PairTables":
        check_same_scales(self.scales, other.scales)
        return PairTables(self.scales, merged_counts((self.tables,), (other.tables,), -1)[0])

    def table(self, first: int, second: int) -> IntArray:
        """Return the joint counts of two items, shape (codes of first, codes of second)."""
        rows, columns = self.span(first), self.span(second)
        return self.tables[rows, columns]

    def span(self, item: int) -> slice:
        """Return where an item's codes stand in the tables."""
        start = sum(len(codes) for codes in self.scales[:item])
        return slice(start, start + len(self.scales[item]))


def item_histograms(
    answers: npt.NDArray[np.int8],
    scales: Sequence[Sequence[int]],
    groups: npt.NDArray[np.integer] | None = None,
    n_groups: int = 1,
) -> ItemHistograms:
    """Count the codes of every item, by group.

    Parameters
    ----------
    answers : ndarray of int8, shape (respondents, items)
        Codes; -1 blank, -2 not applicable, -3 refused, -4 not shown. Columns
        that lie whole in memory (order "F") are counted fastest.
    scales : sequence of sequence of int
        Codes of each item.
    groups : ndarray of int, shape (respondents,), optional
        Group of each respondent, 0..n_groups-1.

    Raises
    ------
    UnknownCodeError
        If an answer is neither on its scale nor a missing code.
    ShapeMismatchError, InvalidValueError, InvalidScaleError
        If shapes differ, a group is out of range or a scale is unusable.

    Examples
    --------
    >>> counts = item_histograms(np.array([[1], [2], [2], [-1]], dtype=np.int8), [[1, 2, 3]])
    >>> counts.valid(0).tolist(), counts.missing(0)[BLANK]
    ([1, 2, 0], 1)
    """
    out = ItemHistograms.empty(scales, n_groups)
    matrix = checked_matrix(answers, len(out.scales))
    if groups is None and n_groups != 1:
        raise ShapeMismatchError("Several groups need a group per respondent.")
    keys = None if groups is None else checked_groups(groups, matrix.shape[0], n_groups)
    for start in range(0, matrix.shape[0], ROWS_PER_PASS):
        rows = slice(start, start + ROWS_PER_PASS)
        for item, codes in enumerate(out.scales):
            part = None if keys is None else keys[rows]
            out.counts[item][:] += _item_counts(matrix[rows, item], codes, part, n_groups)
    return out


def pair_tables(answers: npt.NDArray[np.int8], scales: Sequence[Sequence[int]]) -> PairTables:
    """Count the joint codes of every pair of items among those who answered both.

    Parameters
    ----------
    answers : ndarray of int8, shape (respondents, items)
        Codes; negative means missing.
    scales : sequence of sequence of int
        Codes of each item, at most 60 items.

    Raises
    ------
    UnknownCodeError, TooManyItemsError, ShapeMismatchError, InvalidScaleError
        As for `item_histograms`, and if there are too many items.

    Notes
    -----
    Each pass is the product of its indicator matrix with itself; all counts of
    a pass are whole numbers far below 2**24, so single precision is exact.

    Examples
    --------
    >>> pairs = pair_tables(np.array([[1, 2], [1, 1], [-1, 2]], dtype=np.int8), [[1, 2], [1, 2]])
    >>> pairs.table(0, 1).tolist()
    [[1, 1], [0, 0]]
    """
    out = PairTables.empty(scales)
    matrix = checked_matrix(answers, len(out.scales))
    for start in range(0, matrix.shape[0], ROWS_PER_PASS):
        flags = _indicators(matrix[start : start + ROWS_PER_PASS], out.scales)
        out.tables[:] += (flags @ flags.T).astype(np.int64)
    return out


def checked_item_scale(codes: Sequence[int]) -> tuple[int, ...]:
    """Return the codes of an item's scale, 0..126."""
    found = checked_codes(codes)
    if found[0] < 0 or found[-1] > HIGHEST_CODE:
        raise InvalidScaleError("Scale codes lie between 0 and 126.")
    return found


def checked_matrix(answers: npt.NDArray[np.int8], items: int) -> npt.NDArray[np.int8]:
    """Return a matrix of int8 codes with one column per item."""
    if answers.dtype != np.int8 or answers.ndim != 2 or answers.shape[1] != items:
        raise ShapeMismatchError("Answers are int8 codes with one column per item.")
    return answers


def check_same_scales(one: Sequence[Sequence[int]], two: Sequence[Sequence[int]]) -> None:
    """Refuse to merge summaries of different items."""
    if one != two:
        raise ShapeMismatchError("Summaries of different items cannot be merged.")


def merged_counts(one: Sequence[IntArray], two: Sequence[IntArray], sign: int) -> tuple[IntArray, ...]:
    """Add (or with sign -1 take away) counts; refuse more taken than there was."""
    if [part.shape for part in one] != [part.shape for part in two]:
        raise ShapeMismatchError("Summaries of different groups cannot be merged.")
    merged = tuple(a + sign * b for a, b in zip(one, two, strict=True))
    if any((part < 0).any() for part in merged):
        raise InvalidCountError("More was taken away than there was.")
    return merged


def _item_counts(
    column: npt.NDArray[np.int8], codes: tuple[int, ...], keys: npt.NDArray[np.integer] | None, n_groups: int
) -> IntArray:
    known = (*MISSING_CODES, *codes)
    counts = _grouped_codes(column, known, keys, n_groups) if keys is not None else _counted_codes(column, known)
    if int(counts.sum()) != column.size:
        stray = int(column[~np.isin(column, known)][0])
        raise UnknownCodeError(f"The scale has no code {stray}.", code=stray)
    return counts


def _counted_codes(column: npt.NDArray[np.int8], known: tuple[int, ...]) -> IntArray:
    # A column without a negative code needs no look for the missing ones.
    lowest = int(column.min()) if column.size else 0
    found = [np.count_nonzero(column == code) if code >= lowest else 0 for code in known]
    return np.array([found], dtype=np.int64)


def _grouped_codes(
    column: npt.NDArray[np.int8], known: tuple[int, ...], keys: npt.NDArray[np.integer], n_groups: int
) -> IntArray:
    width = known[-1] - known[0] + 1
    inside = (column >= known[0]) & (column <= known[-1])
    digits = column[inside].astype(np.int64) - known[0]
    counts = np.bincount(keys[inside].astype(np.int64) * width + digits, minlength=n_groups * width)
    return np.asarray(counts.reshape(n_groups, width)[:, [code - known[0] for code in known]])


def _indicators(block: npt.NDArray[np.int8], scales: tuple[tuple[int, ...], ...]) -> npt.NDArray[np.float32]:
    flags = np.empty((sum(len(codes) for codes in scales), len(block)), dtype=np.float32)
    row = 0
    for item, codes in enumerate(scales):
        column, found = block[:, item], 0
        for code in codes:
            flags[row] = column == code
            found += int(np.count_nonzero(flags[row]))
            row += 1
        if found != np.count_nonzero(column >= 0):
            stray = int(column[(column >= 0) & ~np.isin(column, codes)][0])
            raise UnknownCodeError(f"The scale has no code {stray}.", code=stray)
    return flags
