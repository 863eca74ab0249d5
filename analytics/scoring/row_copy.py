"""Responses from PostgreSQL as arrays, without a Python object for each answer.

The server takes the answers apart and sends them as COPY text, in which tabs and line ends only ever
separate fields. So the fields of all rows are found in one pass over the bytes, and nearly every answer
is one digit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import BigIntegerField, Expression, F, Func, JSONField, QuerySet, TextField, Value
from django.db.models.functions import Cast

from analytics.scoring.codes import BLANK, INVALID, Codes, code_of_json
from analytics.scoring.columns import WEIGHT_UNITS, IntArray
from analytics.scoring.row_tables import Group, RowTable, level_of
from surveys.answering.models import Response

MOST_KEYS: Final = 1500
"""PostgreSQL allows 1664 columns in a result."""

TABLE_ROWS: Final = 65_536
"""The most rows in one table."""

_NUMBERS: Final = 4
_TAB, _LINE_END = ord("\t"), ord("\n")
_NO_WEIGHT: Final = -1
ROWS_PER_PASS: Final = 4096
"""The positions of this many rows' fields fit into the processor's cache, and the next rows into the socket's buffer."""
_WORD: Final = 8
"""Answers are compared by this many first bytes; every text that is a code is shorter."""

_NULL: Final = rb"\N"
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_CODE_OF_BYTE: Final = np.array([code_of_json(chr(byte)) for byte in range(256)], dtype=np.int8)

Bytes = npt.NDArray[np.uint8]
Part = tuple[IntArray, IntArray, Codes, IntArray]


def can_copy(keys: Sequence[str]) -> bool:
    """Tell whether rows can be read this way."""
    return connection.vendor == "postgresql" and len(keys) <= MOST_KEYS


def copy_rows(
    responses: QuerySet[Response], keys: Sequence[str], dimensions: Sequence[str], take: Callable[[RowTable], object]
) -> None:
    """Read responses and hand them on as tables of up to `TABLE_ROWS` rows, none of them empty.

    `take` must not ask the same database for anything: the next rows are already coming.
    """
    query, values = _selected(responses, keys, dimensions).query.sql_with_params()
    reader = _Reader(tuple(keys), len(dimensions), take)
    with connection.cursor() as cursor:
        statement = cursor.mogrify(query, values).decode()
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT", reader)
    reader.finish()


def _selected(
    responses: QuerySet[Response], keys: Sequence[str], dimensions: Sequence[str]
) -> QuerySet[Response, tuple[object, ...]]:
    """Numbers first, then the answers, then what makes up a row's group."""
    columns: list[str | Expression] = [
        "id", "revision", _whole_units("EXTRACT(EPOCH FROM %(expressions)s)", "completed_at", 10**6),
        _whole_units("%(expressions)s", "respondent_weight", WEIGHT_UNITS),
        *(_json_of("answers", key) for key in keys),
        "version_id", "wave", *(_json_of("attributes", key) for key in dimensions),
    ]
    return responses.values_list(*columns)


def _whole_units(template: str, field: str, units: int) -> Expression:
    return Cast(Func(F(field), template=f"({template} * {units})"), BigIntegerField())


def _json_of(field: str, key: str) -> Expression:
    # The key as a text, said outright: a lookup by a key of digits would look for a place in a list.
    name = Cast(Value(key), TextField())
    return Func(F(field), name, template="(%(expressions)s)", arg_joiner=" -> ", output_field=JSONField())


class _Reader:
    """Reads some thousands of rows at a time; meanwhile the server fills the socket's buffer with the next.

    Taking rows apart costs the server twice what reading them costs here, so this is almost done when it is.
    """

    def __init__(self, keys: tuple[str, ...], dimensions: int, take: Callable[[RowTable], object]) -> None:
        self.keys, self.dimensions, self.take = keys, dimensions, take
        self.waiting: list[bytes] = []
        self.parts: list[Part] = []
        self.places: dict[bytes, int] = {}

    def write(self, row: bytes) -> None:
        """Take what COPY sends: a row at a time."""
        self.waiting.append(row)
        if len(self.waiting) == ROWS_PER_PASS:
            self._read()
            if len(self.parts) * ROWS_PER_PASS >= TABLE_ROWS:
                self._hand_on()

    def finish(self) -> None:
        """Read what has come since."""
        if self.waiting:
            self._read()
        if self.parts:
            self._hand_on()

    def _read(self) -> None:
        self.parts.append(_read(b"".join(self.waiting), len(self.keys), self.dimensions, self.places))
        self.waiting = []

    def _hand_on(self) -> None:
        table = _table_of(self.parts, self.places, self.keys)
        self.parts, self.places = [], {}
        self.take(table)


def _table_of(parts: Sequence[Part], places: Mapping[bytes, int], keys: tuple[str, ...]) -> RowTable:
    numbers, weights, codes, group = (np.concatenate(arrays, axis=-1) for arrays in zip(*parts, strict=True))
    return RowTable(
        ids=numbers[0], revisions=numbers[1], moments=numbers[2],
        weights=None if (weights == _NO_WEIGHT).all() else np.where(weights == _NO_WEIGHT, WEIGHT_UNITS, weights),
        group=group, groups=tuple(map(_group_of, places)), keys=keys, codes=codes,
    )


def _read(content: bytes, keys: int, dimensions: int, places: dict[bytes, int]) -> Part:
    """Return the numbers, weights, codes and groups of some rows; new groups are added to `places`."""
    # Padded, so that the last field can be read a word at a time as well.
    raw = np.frombuffer(content + bytes(_WORD), dtype=np.uint8)
    starts, ends = _fields(raw[: len(content)], _NUMBERS + keys + 2 + dimensions)
    numbers = [_numbers(raw, starts[place], ends[place]) for place in range(_NUMBERS - 1)]
    codes = np.empty((keys, starts.shape[1]), dtype=np.int8)
    for key in range(keys):
        codes[key] = _codes(raw, starts[_NUMBERS + key], ends[_NUMBERS + key])
    weights = _weights(raw, starts[_NUMBERS - 1], ends[_NUMBERS - 1])
    group = _groups(content, starts[_NUMBERS + keys], ends[-1], places)
    return np.array(numbers, dtype=np.int64), weights, codes, group


def _fields(raw: Bytes, count: int) -> tuple[IntArray, IntArray]:
    """Return where each field starts and ends, both of shape (fields, rows)."""
    every = np.flatnonzero((raw - np.uint8(_TAB)) <= _LINE_END - _TAB)
    ends = np.ascontiguousarray(every.reshape(-1, count).T)
    starts = np.empty_like(ends)
    starts[1:] = ends[:-1] + 1
    starts[0, :1] = 0
    starts[0, 1:] = ends[-1, :-1] + 1
    return starts, ends


def _numbers(raw: Bytes, starts: IntArray, ends: IntArray) -> IntArray:
    """Return whole numbers of up to 18 digits, which may be negative."""
    is_negative = raw[starts] == ord("-")
    first = starts + is_negative
    found = np.zeros(len(starts), dtype=np.int64)
    for place in range(int((ends - first).max(initial=0))):
        is_inside = first + place < ends
        digit = raw[np.where(is_inside, first + place, first)].astype(np.int64) - ord("0")
        found = np.where(is_inside, found * 10 + digit, found)
    return np.where(is_negative, -found, found)


def _is_null(raw: Bytes, starts: IntArray, ends: IntArray) -> npt.NDArray[np.bool_]:
    is_as_long: npt.NDArray[np.bool_] = ends - starts == len(_NULL)
    is_as_long &= raw[starts] == _NULL[0]
    return is_as_long


def _weights(raw: Bytes, starts: IntArray, ends: IntArray) -> IntArray:
    """Whole units, `_NO_WEIGHT` where a row has none."""
    found = np.full(len(starts), _NO_WEIGHT, dtype=np.int64)
    given = np.flatnonzero(~_is_null(raw, starts, ends))
    if len(given):
        found[given] = _numbers(raw, starts[given], ends[given])
    return found


def _codes(raw: Bytes, starts: IntArray, ends: IntArray) -> Codes:
    codes = _CODE_OF_BYTE[raw[starts]]
    longer = np.flatnonzero(ends - starts != 1)
    if len(longer):
        codes[longer] = _codes_of_words(raw, starts[longer], ends[longer])
    return codes


def _codes_of_words(raw: Bytes, starts: IntArray, ends: IntArray) -> Codes:
    """Look each text up once, however many rows have it."""
    words = np.lib.stride_tricks.sliding_window_view(raw, _WORD)[starts]
    width = ends - starts
    words[np.arange(_WORD) >= width[:, None]] = 0
    found, place = np.unique(words.view("<u8").ravel(), return_inverse=True)
    codes = np.array([_code_of_word(int(word).to_bytes(_WORD, "little").rstrip(b"\0")) for word in found], np.int8)
    return np.where(width > _WORD, np.int8(INVALID), codes[place])


def _code_of_word(word: bytes) -> int:
    return BLANK if word == _NULL else code_of_json(word.decode("utf-8", "replace"))


def _groups(content: bytes, starts: IntArray, ends: IntArray, places: dict[bytes, int]) -> IntArray:
    group = [
        places.setdefault(content[start:end], len(places))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    return np.array(group, dtype=np.int64)


def _group_of(text: bytes) -> Group:
    version, wave, *levels = (None if field == _NULL else _unescaped(field) for field in text.split(b"\t"))
    return Group(int(version or 0), wave or "", tuple(level_of(None if one is None else json.loads(one)) for one in levels))


def _unescaped(field: bytes) -> str:
    """Undo COPY's escapes (see the documentation of COPY, text format)."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), field).decode()
