"""One small whole number for every answer on a scale, and for every way of not answering.

Valid answers are 0-10, so an answer with its missing codes fits into four bits. What is missing stays
apart by kind: none of it is in a numerator or a denominator, but how often "does not apply" was said is
itself a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from surveys.design.document import NOT_APPLICABLE as NOT_APPLICABLE_ANSWER

Codes = npt.NDArray[np.int8]

HIGHEST: Final = 10
BLANK: Final = -1
NOT_ASKED: Final = -2
NOT_APPLICABLE: Final = -3
INVALID: Final = -4
MISSING: Final = (BLANK, NOT_ASKED, NOT_APPLICABLE, INVALID)
# Valid codes first, then the missing ones, as they stand in a histogram.
HISTOGRAM_WIDTH: Final = HIGHEST + 1 + len(MISSING)

_CODE_OF: Final[Mapping[Any, int]] = {
    None: BLANK,
    NOT_APPLICABLE_ANSWER: NOT_APPLICABLE,
    **{number: number for number in range(HIGHEST + 1)},
}
# True equals 1 in Python: an answer of another type is no point of a scale.
_TYPES: Final = frozenset({int, str, type(None)})


class ItemKey(NamedTuple):
    """A question on one scale; the same key on another scale is another column."""

    key: str
    low: int
    high: int


def encode(answers: Iterable[Mapping[str, Any]], items: Sequence[ItemKey]) -> Codes:
    """Return the codes of the answers to these items, shape (items, answers)."""
    keys = [item.key for item in items]
    rows = [
        [_CODE_OF.get(value, INVALID) if value.__class__ in _TYPES else INVALID for value in map(given.get, keys)]
        for given in answers
    ]
    codes = np.array(rows, dtype=np.int8).reshape(len(rows), len(keys)).T.copy()
    for column, item in zip(codes, items, strict=True):
        column[(column >= 0) & ((column < item.low) | (column > item.high))] = INVALID
    return codes


def pack(codes: Codes) -> bytes:
    """Return codes of shape (items, rows) as four bits each, item after item."""
    nibbles = codes.view(np.uint8) & 0x0F
    if nibbles.shape[1] % 2:
        nibbles = np.pad(nibbles, ((0, 0), (0, 1)))
    return (nibbles[:, ::2] | (nibbles[:, 1::2] << 4)).tobytes()


def unpack(packed: memoryview, items: int, rows: int) -> Codes:
    """Return what `pack` was given."""
    pairs = np.frombuffer(packed, dtype=np.uint8).reshape(items, (rows + 1) // 2)
    nibbles = np.empty((items, pairs.shape[1], 2), dtype=np.uint8)
    np.bitwise_and(pairs, 0x0F, out=nibbles[:, :, 0])
    np.right_shift(pairs, 4, out=nibbles[:, :, 1])
    # 12-15 are the missing codes -4..-1: adding 4 carries them, and only them, into the fifth bit.
    nibbles -= (nibbles + 4) & 0x10
    return nibbles.reshape(items, 2 * pairs.shape[1])[:, :rows].view(np.int8)


def histogram_position(code: int) -> int:
    """Return where a code stands in a histogram of `HISTOGRAM_WIDTH` counts."""
    return code if code >= 0 else HIGHEST - code
