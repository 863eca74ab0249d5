"""Rows drawn into groups by chance, so that where they are stored decides nothing.

The columns keep no ids: a row is known by what is in it. Rows of the same content are one as good as the other,
so each is numbered among its like, and a hash of content and number draws its group. However the rows are cut
into blocks and in whatever order they stand, the groups hold the same. Like answers fall into different groups
by chance alone, because their numbers differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
SEED: Final = np.uint64(20_261_122)
STEP: Final = np.uint64(0x9E3779B97F4A7C15)


def content_keys(columns: Sequence[npt.NDArray[np.int64]], rows: int) -> Keys:
    """Return a number for what stands in each row of the columns; like rows have like numbers."""
    keys = np.full(rows, SEED, dtype=np.uint64)
    for column in columns:
        keys = _mixed(keys ^ column.astype(np.int64).view(np.uint64))
    return keys


def draw_groups(keys: Keys, groups: int) -> npt.NDArray[np.int64]:
    """Return the group of each row, 0 to `groups` - 1; shape (rows,)."""
    with np.errstate(over="ignore"):
        drawn = _mixed(keys + STEP * _numbers_among_like(keys))
    return (drawn % np.uint64(groups)).astype(np.int64)


def _numbers_among_like(keys: Keys) -> Keys:
    """Number equal keys from 0."""
    order = np.argsort(keys, kind="stable")
    placed, positions = keys[order], np.arange(len(keys))
    is_first = np.ones(len(keys), dtype=np.bool_)
    is_first[1:] = placed[1:] != placed[:-1]
    numbers = np.empty(len(keys), dtype=np.uint64)
    numbers[order] = positions - np.maximum.accumulate(np.where(is_first, positions, 0))
    return numbers


def _mixed(keys: Keys) -> Keys:
    """Mix the bits (splitmix64: Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        mixed = keys + STEP
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
