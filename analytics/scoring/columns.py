"""A set of responses as columns: codes per item, and what they have in common per cell.

Rows are sorted by cell - the day, the wave and the level of every segment dimension - so that what is
the same for all rows of a cell is kept once, and sums by cell are sums over neighbours.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.scoring.codes import NOT_ASKED, Codes, ItemKey, pack, unpack

IntArray = npt.NDArray[np.int64]
FORMAT = 3
MASK = (1 << 64) - 1
# Respondent weights are kept in whole units of this many to 1.
WEIGHT_UNITS = 10**10
_HEADER = struct.Struct("<II")
"""The checksum of all that follows it, and the size of the JSON after the two."""
_NARROW_RANGE, _WIDE_RANGE = 1 << 16, 1 << 62


class DamagedBlockError(ValueError):
    """The stored bytes are not a block of this format."""


@dataclass(frozen=True)
class Cells:
    """What rows have in common: day (ordinal), wave and level per dimension, and how many rows.

    `day`, `wave`, `rows` have shape (cells,), `level` (dimensions, cells); wave and level are positions
    in `waves` and `levels`. Cells are sorted and differ.
    """

    day: IntArray
    wave: IntArray
    level: IntArray
    rows: IntArray
    waves: tuple[str, ...]
    dimensions: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    @classmethod
    def without_labels(cls, rows: npt.ArrayLike) -> Cells:
        """Return cells of which nothing is known but how many rows each has; `rows` has shape (cells,)."""
        counts = np.asarray(rows, dtype=np.int64)
        nothing = np.zeros_like(counts)
        return cls(nothing, nothing, nothing[None][:0], counts, ("",), (), ())

    @property
    def starts(self) -> IntArray:
        """The first row of every cell."""
        return np.cumsum(self.rows) - self.rows

    def level_names(self, dimension: str) -> list[str]:
        """Return the level of every cell, "" where nothing is known of the dimension."""
        if dimension not in self.dimensions:
            return [""] * len(self.day)
        place = self.dimensions.index(dimension)
        names = self.levels[place]
        return [names[number] for number in self.level[place].tolist()]


@dataclass(frozen=True)
class Columns:
    """Responses of one questionnaire; `codes` has shape (items, rows).

    `versions` counts rows by version id. `fingerprint` is the sum of the rows' fingerprints modulo 2**64,
    so that it does not depend on their order or on how they are cut into blocks.
    """

    items: tuple[ItemKey, ...]
    codes: Codes
    cells: Cells
    weights: IntArray | None
    versions: Mapping[int, int]
    fingerprint: int
    newest: datetime | None

    @property
    def rows(self) -> int:
        """How many responses there are."""
        return int(self.codes.shape[1])

    @property
    def by_item(self) -> dict[ItemKey, Codes]:
        """The column of each item."""
        return dict(zip(self.items, self.codes, strict=True))


@dataclass(frozen=True)
class Labels:
    """A label for each row, as a position in `names`, which are sorted, differ and all occur."""

    names: tuple[str, ...]
    numbers: IntArray

    @classmethod
    def numbered(cls, names: Sequence[str], numbers: IntArray) -> Labels:
        """Make labels of any names, of which some may be equal and some may not occur."""
        is_present = np.bincount(numbers, minlength=len(names)) > 0
        kept = tuple(sorted({name for name, occurs in zip(names, is_present.tolist(), strict=True) if occurs}))
        place = {name: number for number, name in enumerate(kept)}
        return cls(kept, np.array([place.get(name, 0) for name in names], dtype=np.int64)[numbers])

    @classmethod
    def of(cls, values: Sequence[str]) -> Labels:
        """Make labels of a text for each row."""
        names = tuple(sorted(set(values)))
        place = {name: number for number, name in enumerate(names)}
        return cls(names, np.array([place[value] for value in values], dtype=np.int64))

    @classmethod
    def joined(cls, parts: Sequence[Labels]) -> Labels:
        """Put labels one after the other."""
        names = [name for part in parts for name in part.names]
        offsets = np.cumsum([0, *(len(part.names) for part in parts)])
        return cls.numbered(
            names, np.concatenate([part.numbers + offset for part, offset in zip(parts, offsets, strict=False)])
        )


@dataclass(frozen=True)
class Facts:
    """What is known of each row beside its answers; arrays of shape (rows,), levels by dimension."""

    day: IntArray
    wave: Labels
    levels: Mapping[str, Labels]
    weights: IntArray | None
    versions: Mapping[int, int]
    fingerprint: int
    newest: datetime | None


def from_facts(items: tuple[ItemKey, ...], codes: Codes, facts: Facts) -> Columns:
    """Sort rows into cells."""
    numbers = [labels.numbers for labels in facts.levels.values()]
    level = np.array(numbers, dtype=np.int64).reshape(len(numbers), len(facts.day))
    order, cells = _cells(facts.day, facts.wave.numbers, level)
    return Columns(
        items=items,
        codes=np.ascontiguousarray(codes[:, order]),
        cells=Cells(
            day=cells[0], wave=cells[1], level=cells[2], rows=cells[3],
            waves=facts.wave.names, dimensions=tuple(facts.levels),
            levels=tuple(labels.names for labels in facts.levels.values()),
        ),
        weights=None if facts.weights is None else facts.weights[order],
        versions=dict(facts.versions),
        fingerprint=facts.fingerprint & MASK,
        newest=facts.newest,
    )


def nothing_of(dimensions: Sequence[str]) -> Columns:
    """Return the columns of no responses."""
    nobody = Labels((), np.zeros(0, dtype=np.int64))
    facts = Facts(np.zeros(0, dtype=np.int64), nobody, dict.fromkeys(dimensions, nobody), None, {}, 0, None)
    return from_facts((), np.zeros((0, 0), dtype=np.int8), facts)


def concatenate(parts: Sequence[Columns]) -> Columns:
    """Return the rows of all parts as one; items and dimensions that a part lacks were not asked there."""
    if len(parts) == 1:
        return parts[0]
    items = tuple(sorted({item for part in parts for item in part.items}))
    dimensions = tuple(dict.fromkeys(name for part in parts for name in part.cells.dimensions))
    weighted = any(part.weights is not None for part in parts)
    return from_facts(
        items,
        np.concatenate([_with_items(part, items) for part in parts], axis=1),
        Facts(
            day=np.concatenate([np.repeat(part.cells.day, part.cells.rows) for part in parts]),
            wave=Labels.joined([_spread(part.cells.waves, part.cells.wave, part.cells.rows) for part in parts]),
            levels={name: Labels.joined([_levels_of(part, name) for part in parts]) for name in dimensions},
            weights=np.concatenate([_weights_of(part) for part in parts]) if weighted else None,
            versions=sum_counts([part.versions for part in parts]),
            fingerprint=sum(part.fingerprint for part in parts),
            newest=max((part.newest for part in parts if part.newest), default=None),
        ),
    )


def to_bytes(columns: Columns) -> bytes:
    """Return the block's stored form: a header, the cell table, the codes, the weights."""
    cells = columns.cells
    table = np.concatenate([cells.day[None], cells.wave[None], cells.rows[None], cells.level]).astype("<i4")
    table_bytes = zlib.compress(table.tobytes(), 1)
    weights = b"" if columns.weights is None else zlib.compress(columns.weights.astype("<i8").tobytes(), 1)
    header = {
        "format": FORMAT,
        "items": columns.items,
        "rows": columns.rows,
        "cells": len(cells.day),
        "waves": cells.waves,
        "dimensions": cells.dimensions,
        "levels": cells.levels,
        "versions": {str(version): count for version, count in columns.versions.items()},
        "fingerprint": columns.fingerprint,
        "newest": columns.newest.isoformat() if columns.newest else None,
        "table_size": len(table_bytes),
        "weights_size": len(weights),
    }
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    content = b"".join([_HEADER.pack(0, len(head)), head, table_bytes, weights, pack(columns.codes)])
    return _HEADER.pack(_checksum(memoryview(content)), len(head)) + content[_HEADER.size :]


def from_bytes(stored: bytes | memoryview) -> Columns:
    """Return the columns of a stored block.

    Raises DamagedBlockError when the bytes are not what `to_bytes` wrote.
    """
    view = memoryview(stored)
    try:
        known, size = _HEADER.unpack(view[: _HEADER.size])
        if known != _checksum(view):
            raise DamagedBlockError("The bytes are not those that were written.")
        head = json.loads(bytes(view[_HEADER.size : _HEADER.size + size]))
        if head["format"] != FORMAT:
            raise DamagedBlockError(f"Format {head['format']} is unknown.")
        return _columns(head, view[_HEADER.size + size :])
    except (struct.error, ValueError, KeyError, zlib.error) as error:
        raise DamagedBlockError(str(error)) from error


def _checksum(content: memoryview) -> int:
    """Finds damage, at a tenth of the cost of a digest; what names a block is a digest (see `blocks`)."""
    return zlib.crc32(content[4:])


def _columns(head: Mapping[str, Any], body: memoryview) -> Columns:
    table_end = head["table_size"]
    codes_start = table_end + head["weights_size"]
    dimensions = tuple(head["dimensions"])
    table = np.frombuffer(zlib.decompress(body[:table_end]), dtype="<i4")
    table = table.reshape(3 + len(dimensions), head["cells"]).astype(np.int64)
    weights = None
    if head["weights_size"]:
        weights = np.frombuffer(zlib.decompress(body[table_end:codes_start]), dtype="<i8").astype(np.int64)
    return Columns(
        items=tuple(ItemKey(*item) for item in head["items"]),
        codes=unpack(body[codes_start:], len(head["items"]), head["rows"]),
        cells=Cells(
            day=table[0], wave=table[1], rows=table[2], level=table[3:],
            waves=tuple(head["waves"]), dimensions=dimensions,
            levels=tuple(tuple(names) for names in head["levels"]),
        ),
        weights=weights,
        versions={int(version): count for version, count in head["versions"].items()},
        fingerprint=head["fingerprint"],
        newest=datetime.fromisoformat(head["newest"]) if head["newest"] else None,
    )


def select(columns: Columns, chosen: npt.NDArray[np.bool_]) -> Columns:
    """Return the rows of the chosen cells; what is said of whole blocks is left as it was."""
    cells = columns.cells
    rows = np.flatnonzero(np.repeat(chosen, cells.rows))
    return Columns(
        items=columns.items,
        codes=columns.codes.take(rows, axis=1),
        cells=Cells(
            cells.day[chosen], cells.wave[chosen], cells.level[:, chosen], cells.rows[chosen],
            cells.waves, cells.dimensions, cells.levels,
        ),
        weights=None if columns.weights is None else columns.weights[rows],
        versions=columns.versions,
        fingerprint=columns.fingerprint,
        newest=columns.newest,
    )


def _cells(day: IntArray, wave: IntArray, level: IntArray) -> tuple[IntArray, tuple[IntArray, ...]]:
    """Return the order that sorts rows into cells, and day, wave, level, rows of the cells."""
    keys = np.concatenate([day[None], wave[None], level])
    order = _sorting(keys)
    placed = keys[:, order]
    is_first = np.ones(len(day), dtype=np.bool_)
    is_first[1:] = (placed[:, 1:] != placed[:, :-1]).any(axis=0)
    starts = np.flatnonzero(is_first)
    heads = placed[:, starts]
    rows = np.diff(np.append(starts, len(day)))
    return order, (heads[0], heads[1], heads[2:], rows)


def _sorting(keys: IntArray) -> IntArray:
    """Return the stable order of rows by the first key, then the second and so on."""
    if not keys.shape[1]:
        return np.zeros(0, dtype=np.int64)
    lows = keys.min(axis=1)
    sizes = (keys.max(axis=1) - lows + 1).tolist()
    if prod(sizes) > _WIDE_RANGE:
        return np.lexsort(keys[::-1])
    one = np.zeros(keys.shape[1], dtype=np.int64)
    for key, low, size in zip(keys, lows, sizes, strict=True):
        one = one * size + (key - low)
    # Numbers of 16 bits are sorted by counting, in a tenth of the time.
    return np.argsort(one.astype(np.uint16) if prod(sizes) <= _NARROW_RANGE else one, kind="stable")


def _with_items(part: Columns, items: Sequence[ItemKey]) -> Codes:
    own = part.by_item
    absent = np.full(part.rows, NOT_ASKED, dtype=np.int8)
    return np.array([own.get(item, absent) for item in items], dtype=np.int8).reshape(len(items), part.rows)


def _spread(names: tuple[str, ...], numbers: IntArray, rows: IntArray) -> Labels:
    return Labels(names, np.repeat(numbers, rows))


def _levels_of(part: Columns, dimension: str) -> Labels:
    if dimension not in part.cells.dimensions:
        return Labels(("",), np.zeros(part.rows, dtype=np.int64))
    place = part.cells.dimensions.index(dimension)
    return _spread(part.cells.levels[place], part.cells.level[place], part.cells.rows)


def _weights_of(part: Columns) -> IntArray:
    return np.full(part.rows, WEIGHT_UNITS, dtype=np.int64) if part.weights is None else part.weights


def sum_counts(counts: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Add counts by key."""
    total: dict[int, int] = {}
    for count in counts:
        for key, number in count.items():
            total[key] = total.get(key, 0) + number
    return total
