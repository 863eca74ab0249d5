"""Where the numbers of a run are read from: its stored slices, or its columns under a filter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from analytics.scoring import cubes, keeping
from analytics.scoring.blocks import ClearedBlockError, load_each
from analytics.scoring.columns import Columns, select
from analytics.scoring.definition import Definition
from analytics.scoring.models import Block, Run, Slice
from analytics.scoring.summaries import QUESTIONNAIRE, summarise
from analytics.scoring.tails import unpack_tails

Filter = Mapping[str, Sequence[str]]
Choice = Mapping[str, frozenset[str]]
CACHE_SECONDS = 24 * 60 * 60
MOST_HELD = 3_000_000
"""Answers whose columns may be held in memory at once; some 30 bytes each."""
MERGED_AT_ONCE = 32
"""The summaries of this many blocks are held before they are added up."""

_held: WeakKeyDictionary[Run, tuple[tuple[int, Columns], ...]] = WeakKeyDictionary()


class RunTooOldError(LookupError):
    """The columns behind a run have been cleared away: it can be read, but not under a filter."""


class SliceSource:
    """Reads a run's stored slices, each once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.known: dict[str, cubes.Cube | None] = {}

    def cubes(self, keys: Iterable[str]) -> dict[str, cubes.Cube]:
        """Return the slices of these keys that exist, with one query for those not read yet."""
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in self.known]
        if missing:
            self.known |= dict.fromkeys(missing)
            # The run's own slices come last and take the place of its base's.
            of_run = Q(base=self.run.base_id) | Q(run=self.run)
            found = Slice.objects.filter(of_run, key__in=missing)
            for one in sorted(found, key=lambda slice_: slice_.run_id is not None):
                self.known[one.key] = cubes.from_bytes(one.payload)
        return {key: cube for key in wanted if (cube := self.known[key]) is not None}


class ScanSource:
    """Slices counted from the columns under a choice of levels, and of days."""

    def __init__(self, run: Run, choice: Choice, days: tuple[date, date] | None = None) -> None:
        self.summary = scanned(run, choice, days)

    def cubes(self, keys: Iterable[str]) -> dict[str, cubes.Cube]:
        """Return the slices of these keys that exist."""
        return {key: self.summary[key] for key in dict.fromkeys(keys) if key in self.summary}


Source = SliceSource | ScanSource


def told(choice: Choice) -> dict[str, list[str]]:
    """Write a choice for those who read its figures: the levels of each dimension, in order."""
    return {key: sorted(levels) for key, levels in sorted(choice.items())}


def choice_of(filters: Filter, scope: Filter) -> Choice:
    """Join a filter with a scope: a dimension named in both keeps the levels that both allow."""
    chosen = {key: frozenset(map(str, levels)) for key, levels in scope.items()}
    for key, levels in filters.items():
        wanted = frozenset(map(str, levels))
        chosen[key] = chosen[key] & wanted if key in chosen else wanted
    return chosen


def scanned(run: Run, choice: Choice, days: tuple[date, date] | None) -> cubes.Summary:
    """Return a run's summary over the chosen cells; what comes from its base is cached.

    Raises RunTooOldError when the columns of the run's blocks are gone.
    """
    definition = Definition.from_json(run.definition)
    squares = definition.layout.squares
    name = json.dumps([sorted((key, sorted(levels)) for key, levels in choice.items()), list(map(str, days or ()))])
    key = "scan:" + hashlib.sha256(f"{run.base_id}:{definition.hash}:{name}".encode()).hexdigest()
    sealed = _cached(key, lambda: _scan_blocks(run, definition, choice, days))
    tails = (
        _summary_of_chosen(columns, definition, of, choice, days)
        for of, columns in unpack_tails(run.tail).items()
    )
    return cubes.merge([sealed, *tails], squares)


def _scan_blocks(
    run: Run, definition: Definition, choice: Choice, days: tuple[date, date] | None
) -> cubes.Summary:
    squares = definition.layout.squares
    parts: list[cubes.Summary] = []
    for questionnaire, columns in blocks_behind(run):
        parts.append(_summary_of_chosen(columns, definition, questionnaire, choice, days))
        if len(parts) == MERGED_AT_ONCE:
            parts = [cubes.merge(parts, squares)]
    return cubes.merge(parts, squares)


def columns_behind(run: Run) -> Iterator[tuple[int, Columns]]:
    """Return every response of a run as columns, each part with its questionnaire, one block at a time.

    Raises RunTooOldError when the columns of the run's blocks are gone.
    """
    held = _held.get(run)
    if held is not None:
        yield from held
        return
    yield from blocks_behind(run)
    yield from unpack_tails(run.tail).items()


def hold_columns(run: Run) -> None:
    """Keep a run's columns in memory for as long as this object lives: for who goes through them many times.

    A run never changes, so whoever holds it, they are the same. Of very many answers nothing is held. Raises
    RunTooOldError when the columns are gone.
    """
    if run not in _held and run.responses <= MOST_HELD:
        _held[run] = tuple(columns_behind(run))


def blocks_behind(run: Run) -> Iterator[tuple[int, Columns]]:
    """Return the sealed responses of a run as columns.

    Raises RunTooOldError when they are gone.
    """
    held = Block.objects.filter(id__in=[int(block) for block in run.base.blocks]).order_by("id")
    blocks = list(held.defer("columns"))
    try:
        for block, columns in zip(blocks, load_each(blocks), strict=True):
            yield block.questionnaire_id, columns
    except ClearedBlockError as error:
        raise RunTooOldError(f"run {run.pk}") from error


def has_columns(run: Run) -> bool:
    """Tell whether the columns behind a run are still there, so that it can be counted under any filter."""
    wanted = [int(block) for block in run.base.blocks]
    return Block.objects.filter(id__in=wanted).exclude(columns=b"").count() == len(wanted)


def _summary_of_chosen(
    columns: Columns, definition: Definition, questionnaire: int, choice: Choice, days: tuple[date, date] | None
) -> cubes.Summary:
    chosen = chosen_cells(columns, questionnaire, choice, days)
    if not chosen.any():
        return {}
    kept = columns if chosen.all() else select(columns, chosen)
    return summarise(kept, definition, questionnaire)


def chosen_cells(
    columns: Columns, questionnaire: int, choice: Choice, days: tuple[date, date] | None
) -> npt.NDArray[np.bool_]:
    """Return which cells lie inside a choice of levels, and inside days where they are given."""
    cells = columns.cells
    chosen = np.ones(len(cells.day), dtype=np.bool_)
    for key, levels in choice.items():
        if key == QUESTIONNAIRE:
            chosen &= str(questionnaire) in levels
        elif key in cells.dimensions:
            place = cells.dimensions.index(key)
            is_wanted = np.array([name in levels for name in cells.levels[place]], dtype=np.bool_)
            chosen &= is_wanted[cells.level[place]]
        else:
            # What the columns do not know cannot be shown to be inside a scope.
            chosen[:] = False
    if days is not None:
        chosen &= (cells.day >= days[0].toordinal()) & (cells.day < days[1].toordinal())
    return chosen


def _cached(key: str, make: Callable[[], cubes.Summary]) -> cubes.Summary:
    found = keeping.fetch(key)
    if found is not None:
        return cubes.summary_from_bytes(found)
    made = make()
    keeping.keep(key, cubes.summary_to_bytes(made), seconds=CACHE_SECONDS)
    return made
