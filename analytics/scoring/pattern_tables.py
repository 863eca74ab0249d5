"""The patterns (see `composites`) of the answers that are counted, by period and by level of a dimension."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import numpy as np

from analytics.scoring import keeping
from analytics.scoring.batches import Released, groups_of
from analytics.scoring.columns import Columns, IntArray, select
from analytics.scoring.composites import Patterns, added, patterns_of
from analytics.scoring.cubes import SEPARATOR
from analytics.scoring.definition import Definition
from analytics.scoring.sources import CACHE_SECONDS, Choice, chosen_cells

Table = dict[str, dict[str, list[dict[int, int]]]]
"""By slice and cell, named as in `cubes`, the patterns of every composite."""


class PatternTable:
    """Counted from the answers that may be counted, under a choice of levels; cached by run and day."""

    def __init__(self, released: Released, definition: Definition, choice: Choice, dimensions: Iterable[str]) -> None:
        crossed = sorted(set(dimensions))
        name = json.dumps([sorted((key, sorted(levels)) for key, levels in choice.items()), crossed])
        about = f"{released.run.pk}:{definition.hash}:{released.k}:{released.until}:{name}"
        key = "patterns:" + hashlib.sha256(about.encode()).hexdigest()
        found = keeping.fetch(key)
        self.table = _from_bytes(found) if found is not None else _counted(released, definition, choice, crossed)
        if found is None:
            keeping.keep(key, _to_bytes(self.table), seconds=CACHE_SECONDS)

    def patterns(self, slices: Iterable[str], cells: frozenset[str] | None, composite: int) -> Patterns:
        """Return the patterns of a composite in some cells (None: all) of some slices."""
        return added(
            of_composites[composite] for key in slices for cell, of_composites in self.table.get(key, {}).items()
            if cells is None or cell in cells
        )

    def by_level(self, slices: Iterable[str], cells: frozenset[str] | None, composite: int) -> dict[str, Patterns]:
        """Return the patterns of a composite by level."""
        found: dict[str, list[Patterns]] = {}
        for key in slices:
            for name, of_composites in self.table.get(key, {}).items():
                level, _, cell = name.partition(SEPARATOR)
                if cells is None or cell in cells:
                    found.setdefault(level, []).append(of_composites[composite])
        return {level: added(parts) for level, parts in found.items()}


def _counted(released: Released, definition: Definition, choice: Choice, dimensions: list[str]) -> Table:
    table: Table = {}
    for questionnaire, columns in released.columns(dimensions):
        chosen = chosen_cells(columns, questionnaire, choice, None)
        if chosen.any():
            _add(table, select(columns, chosen), definition, questionnaire, dimensions)
    return table


def _add(
    table: Table, columns: Columns, definition: Definition, questionnaire: int, dimensions: list[str]
) -> None:
    composites = patterns_of(columns, definition, questionnaire)
    for labels in _labels(columns, questionnaire, dimensions):
        names = sorted({label for label in labels if label[0]})
        place = {name: number for number, name in enumerate(names)}
        of_rows = np.repeat(np.array([place.get(label, -1) for label in labels], dtype=np.int64), columns.cells.rows)
        for number, codes in enumerate(composites):
            for label, code, n in _tally(of_rows, codes):
                key, cell = names[label]
                held = table.setdefault(key, {}).setdefault(cell, [{} for _ in composites])[number]
                held[code] = held.get(code, 0) + n


def _tally(labels: IntArray, codes: IntArray) -> Iterator[tuple[int, int, int]]:
    """Yield label, pattern and how many rows have both; rows without either are left out."""
    kept = (labels >= 0) & (codes > 0)
    pairs, counts = np.unique(np.stack([labels[kept], codes[kept]]), axis=1, return_counts=True)
    yield from zip(*pairs.tolist(), counts.tolist(), strict=True)


def _labels(columns: Columns, questionnaire: int, dimensions: list[str]) -> Iterator[list[tuple[str, str]]]:
    """Yield, for each kind of slice, the slice and the cell of each cell of the columns."""
    cells = columns.cells
    months = [date.fromordinal(day).isoformat()[:7] for day in cells.day.tolist()]
    waves = [cells.waves[number] for number in cells.wave.tolist()]
    yield [("month", month) for month in months]
    yield [("wave" if wave else "", wave) for wave in waves]
    for key in dimensions:
        levels = [level for (level,) in groups_of(columns, questionnaire, (key,))]
        yield [(f"level:{key}:{month[:4]}", level + SEPARATOR + month) for level, month in zip(levels, months, strict=True)]
        yield [(f"level:{key}:wave" if wave else "", level + SEPARATOR + wave)
               for level, wave in zip(levels, waves, strict=True)]


def _to_bytes(table: Mapping[str, Mapping[str, list[dict[int, int]]]]) -> bytes:
    return zlib.compress(json.dumps(table).encode(), 1)


def _from_bytes(stored: bytes) -> Table:
    return {
        key: {cell: [{int(code): n for code, n in held.items()} for held in of_composites]
              for cell, of_composites in cells.items()}
        for key, cells in json.loads(zlib.decompress(stored)).items()
    }
