"""One small whole number for every answer on a scale, and for every way of not answering.

Valid answers are 0-10, so an answer with its missing codes fits into four bits. What is missing stays
apart by kind: none of it is in a numerator or a denominator, but how often "does not apply" was said is
itself a result.
"""

from __future__ import annotations

import json
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
_CODE_OF_JSON: Final[Mapping[str, int]] = {json.dumps(value): code for value, code in _CODE_OF.items()}
"""The same by the answer's JSON text: within JSON, equal values of these types have one spelling each."""


class ItemKey(NamedTuple):
    """A question on one scale; the same key on another scale is another column."""

    key: str
    low: int
    high: int


def code_of(value: Any) -> int:
    """Return the code of an answer, whatever its scale; a key that is absent is None."""
    return _CODE_OF.get(value, INVALID) if value.__class__ in _TYPES else INVALID


def code_of_json(text: str) -> int:
    """Return the code of an answer from its JSON text; the same as `code_of` of what it spells."""
    return _CODE_OF_JSON.get(text, INVALID)


def on_scale(codes: Codes, item: ItemKey) -> Codes:
    """Return codes with those that the item's scale does not have marked as invalid."""
    outside = (codes >= 0) & ((codes < item.low) | (codes > item.high))
    return np.where(outside, np.int8(INVALID), codes)


def encode(answers: Iterable[Mapping[str, Any]], items: Sequence[ItemKey]) -> Codes:
    """Return the codes of the answers to these items, shape (items, answers)."""
    codes = read_codes(answers, [item.key for item in items])
    for place, item in enumerate(items):
        codes[place] = on_scale(codes[place], item)
    return codes


def read_codes(answers: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> Codes:
    """Return the codes of the answers under these keys before any scale is looked at, shape (keys, answers)."""
    rows = [[code_of(value) for value in map(given.get, keys)] for given in answers]
    return np.array(rows, dtype=np.int8).reshape(len(rows), len(keys)).T.copy()


def pack(codes: Codes) -> bytes:
    """Return codes of shape (items, rows) as four bits each, item after item, counted from `INVALID` on.

    The first half of an item's rows stands in the low bits, the second half in the high bits of the same
    bytes: both are written and read as one run, which is 13 times as fast as every other row.
    """
    rows = codes.shape[1]
    half = (rows + 1) // 2
    nibbles = (codes - np.int8(INVALID)).view(np.uint8)
    packed = nibbles[:, :half].copy()
    packed[:, : rows - half] |= nibbles[:, half:] << 4
    return packed.tobytes()


def unpack(packed: memoryview, items: int, rows: int) -> Codes:
    """Return what `pack` was given."""
    half = (rows + 1) // 2
    pairs = np.frombuffer(packed, dtype=np.uint8).reshape(items, half)
    nibbles = np.empty((items, rows), dtype=np.uint8)
    np.bitwise_and(pairs, 0x0F, out=nibbles[:, :half])
    np.right_shift(pairs[:, : rows - half], 4, out=nibbles[:, half:])
    codes = nibbles.view(np.int8)
    codes += np.int8(INVALID)
    return codes


def histogram_position(code: int) -> int:
    """Return where a code stands in a histogram of `HISTOGRAM_WIDTH` counts."""
    return code if code >= 0 else HIGHEST - code
