"""Integer statistics by cell that merge by addition: the algebra everything else rests on.

A Summary maps slice keys to cubes; a cube maps cell keys to a vector of whole numbers. Merging and
subtracting are exact, associative and commutative, so neither the cutting into blocks nor the order
of arrival can be seen in a result.

Slices (a run stores each as one row, so that a page reads one or a few):

- `month` the whole team by month, `wave` by wave, `day:2026-11` by day, one slice per month;
- `level:region:2026` a dimension's levels by month, one slice per year; `level:region:wave` by wave;
- `days:2018` how many answers of the wave 2018 came on which day, one number per cell, for the order of waves.

Cell keys are `2026-11`, a wave's name, `2026-11-22`, and for levels the level and the month or wave
joined by a unit separator.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analytics.methods.moments import normalised_squares
from analytics.scoring.columns import IntArray

SEPARATOR = "\x1f"
_HEADER = struct.Struct("<I")


@dataclass(frozen=True)
class Cube:
    """Whole numbers by cell: `values` has shape (cells, width), `keys` are sorted and differ."""

    keys: tuple[str, ...]
    values: IntArray

    def row(self, key: str) -> IntArray | None:
        """The vector of one cell."""
        if key not in self.keys:
            return None
        found: IntArray = self.values[self.keys.index(key)]
        return found


Summary = Mapping[str, Cube]


def merge(summaries: Iterable[Summary], squares: IntArray) -> dict[str, Cube]:
    """Add summaries; `squares` are the positions of the high parts of sums of squares (see `carry`)."""
    found: dict[str, list[Cube]] = {}
    for summary in summaries:
        for key, cube in summary.items():
            found.setdefault(key, []).append(cube)
    return {key: merge_cubes(cubes, squares) for key, cubes in found.items()}


def merge_cubes(cubes: Collection[Cube], squares: IntArray) -> Cube:
    """Add cubes of the same width, cell by cell."""
    if len(cubes) == 1:
        return next(iter(cubes))
    keys = tuple(sorted(set().union(*(cube.keys for cube in cubes))))
    place = {key: number for number, key in enumerate(keys)}
    width = max(cube.values.shape[1] for cube in cubes)
    values = np.zeros((len(keys), width), dtype=np.int64)
    for cube in cubes:
        values[[place[key] for key in cube.keys]] += cube.values
    return Cube(keys, carry(values, squares))


def subtract(whole: Summary, part: Summary, squares: IntArray) -> dict[str, Cube]:
    """Take a part away; cells and slices that become empty vanish, as if they had never been."""
    negative = {key: Cube(cube.keys, -cube.values) for key, cube in part.items()}
    rest = {key: _without_empty(cube) for key, cube in merge([whole, negative], squares).items()}
    return {key: cube for key, cube in rest.items() if cube.keys}


def carry(values: IntArray, squares: IntArray) -> IntArray:
    """Normalise sums of squares, kept in a high and the low part after it, so that equal sums look equal."""
    if values.shape[-1] == 1:
        return values  # a count alone
    high, low = normalised_squares(values[..., squares], values[..., squares + 1])
    values[..., squares], values[..., squares + 1] = high, low
    return values


def total(cube: Cube, keys: Iterable[str] | None, squares: IntArray, width: int) -> IntArray:
    """Sum the vectors of some cells (None: all) of a cube."""
    if keys is None:
        values = cube.values
    else:
        wanted = set(keys)
        values = cube.values[[number for number, key in enumerate(cube.keys) if key in wanted]]
    return carry(values.sum(axis=0, dtype=np.int64) if len(values) else np.zeros(width, np.int64), squares)


def to_bytes(cube: Cube) -> bytes:
    """Return the stored form of a cube; equal cubes have equal bytes."""
    head = json.dumps([list(cube.keys), cube.values.shape[1]], ensure_ascii=False, separators=(",", ":")).encode()
    return _HEADER.pack(len(head)) + head + zlib.compress(cube.values.astype("<i8").tobytes(), 1)


def from_bytes(stored: bytes | memoryview) -> Cube:
    """Return the cube that `to_bytes` wrote."""
    view = memoryview(stored)
    (size,) = _HEADER.unpack(view[: _HEADER.size])
    keys, width = json.loads(bytes(view[_HEADER.size : _HEADER.size + size]))
    values = np.frombuffer(zlib.decompress(view[_HEADER.size + size :]), dtype="<i8")
    return Cube(tuple(keys), values.astype(np.int64).reshape(len(keys), width))


def summary_to_bytes(summary: Summary) -> bytes:
    """Return a whole summary as one value."""
    parts = [(key.encode(), to_bytes(summary[key])) for key in sorted(summary)]
    return b"".join(
        _HEADER.pack(len(name)) + name + _HEADER.pack(len(body)) + body for name, body in parts
    )


def summary_from_bytes(stored: bytes | memoryview) -> dict[str, Cube]:
    """Return the summary that `summary_to_bytes` wrote."""
    view, place, summary = memoryview(stored), 0, {}
    while place < len(view):
        name, place = _chunk(view, place)
        body, place = _chunk(view, place)
        summary[bytes(name).decode()] = from_bytes(body)
    return summary


def _chunk(view: memoryview, place: int) -> tuple[memoryview, int]:
    (size,) = _HEADER.unpack(view[place : place + _HEADER.size])
    start = place + _HEADER.size
    return view[start : start + size], start + size


def _without_empty(cube: Cube) -> Cube:
    kept = [number for number, vector in enumerate(cube.values) if vector.any()]
    return Cube(tuple(cube.keys[number] for number in kept), cube.values[kept])
