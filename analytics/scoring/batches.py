"""Anonymous answers are counted in batches, so that no two runs can be subtracted to fewer than k of them.

Answers of one day come into the results together, once the day is over, and days are gathered into a batch until
every group that is shown has none or at least k of the batch's answers. What is shown at any moment is a union of
whole batches; so is the difference of any two moments. The answers of a batch count on the day that closed it, so
that calendar periods are unions of batches too. All of it follows from the answers' days alone: nothing has to be
remembered, and every later run cuts the same days into the same batches.

Levels of a dimension need longer batches than the whole; theirs are unions of those of the whole. Every wave is cut
by itself. See docs/decisions/anonymous-answers-in-batches.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import combinations
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from analytics.scoring import cubes, keeping
from analytics.scoring.columns import Columns, IntArray, select
from analytics.scoring.definition import Definition
from analytics.scoring.disclosure import hidden_groups
from analytics.scoring.models import Run
from analytics.scoring.recompute_requests import is_requested
from analytics.scoring.sources import CACHE_SECONDS, Choice, chosen_cells, columns_behind
from analytics.scoring.summaries import QUESTIONNAIRE, summarise

LATE: Final = timedelta(hours=1)
"""This long after midnight a day counts as over: an answer given just before midnight has been stored by then."""

Levels = tuple[str, ...]
"""Levels in the order of the dimensions that are crossed; () is the whole."""
Dimensions = tuple[str, ...]
Stream = Mapping[int, Mapping[Levels, int]]
"""Answers by day (ordinal) and group, of one wave."""


@dataclass(frozen=True)
class Batches:
    """The day on which the answers of each (wave, day) count; those that wait are missing."""

    counted_on: Mapping[tuple[str, int], int]

    def released(self, columns: Columns) -> Columns:
        """Return the rows that count, under the days on which they do."""
        cells = columns.cells
        days = np.array([
            self.counted_on.get((cells.waves[wave], day), 0)
            for wave, day in zip(cells.wave.tolist(), cells.day.tolist(), strict=True)
        ], dtype=np.int64)
        kept = select(columns, days > 0)
        return replace(kept, cells=replace(kept.cells, day=days[days > 0]))


def close_batches(stream: Stream, *, k: int, may_close: Collection[int] | None = None) -> dict[int, int]:
    """Cut the days of a stream into batches and return the closing day of each day that is in one.

    A batch closes when, against every earlier closing, each group that is shown at both has 0 or at least k new
    answers, and so have the others together. Which are shown is the rule of `disclosure`. `may_close` keeps
    only some days as closing days.
    """
    groups = sorted({group for counts in stream.values() for group in counts})
    total = np.zeros(len(groups), dtype=np.int64)
    seen, hidden_then = total[None].copy(), np.ones((1, len(groups)), dtype=np.bool_)
    closing: dict[int, int] = {}
    waiting: list[int] = []
    for day in sorted(stream):
        total = total + np.array([stream[day].get(group, 0) for group in groups], dtype=np.int64)
        waiting.append(day)
        if may_close is not None and day not in may_close:
            continue
        hidden = _hidden(groups, total, k)
        if _is_safe(total - seen, hidden_then | hidden, k):
            closing |= dict.fromkeys(waiting, day)
            waiting = []
            seen, hidden_then = np.vstack([seen, total]), np.vstack([hidden_then, hidden])
    return closing


def _hidden(groups: list[Levels], total: IntArray, k: int) -> npt.NDArray[np.bool_]:
    hidden = hidden_groups(dict(zip(groups, total.tolist(), strict=True)), k)
    return np.array([group in hidden for group in groups], dtype=np.bool_)


def _is_safe(grown: IntArray, is_out: npt.NDArray[np.bool_], k: int) -> bool:
    """Whether shown groups grew by 0 or k and more since each earlier closing, and the others did together."""
    shown = np.where(is_out, 0, grown)
    rest = np.where(is_out, grown, 0).sum(axis=1)
    return bool((((shown == 0) | (shown >= k)).all(axis=1) & ((rest == 0) | (rest >= k))).all())


class Released:
    """The answers of a run that may be counted, as the levels of each crossing of dimensions may count them."""

    def __init__(self, run: Run, *, k: int, at: datetime) -> None:
        self.run, self.k, self.at = run, k, at
        self.known: dict[Dimensions, Batches] = {}

    def batches(self, dimensions: Iterable[str]) -> Batches:
        """Return the batches of the levels of some dimensions, crossed; of the whole without any."""
        crossed = tuple(sorted(set(dimensions)))
        if crossed not in self.known:
            self.known[crossed] = self._make(crossed)
        return self.known[crossed]

    def columns(self, dimensions: Iterable[str]) -> Iterator[tuple[int, Columns]]:
        """Return the answers that count for the levels of these dimensions.

        Raises RunTooOldError when the columns behind the run are gone.
        """
        batches = self.batches(dimensions)
        for questionnaire, columns in columns_behind(self.run):
            yield questionnaire, batches.released(columns)

    @cached_property
    def until(self) -> int:
        """The first day (ordinal) that is not over, or of which the run may lack answers.

        A run that is the newest, with nothing waiting, has every answer given so far.
        """
        newest = Run.objects.filter(tree=self.run.tree_id).order_by("-id").values_list("id", flat=True).first()
        is_complete = newest == self.run.pk and not is_requested(tree=self.run.tree)
        moment = max(self.at, self.run.started_at) if is_complete else self.run.started_at
        zone = ZoneInfo(self.run.definition["time_zone"])
        return (moment - LATE).astimezone(zone).toordinal()

    def _make(self, crossed: Dimensions) -> Batches:
        parts = [self.batches(part) for part in combinations(crossed, len(crossed) - 1)] if crossed else []
        counted_on: dict[tuple[str, int], int] = {}
        for wave, stream in self._streams(crossed).items():
            may_close: set[int] | None = None
            for part in parts:
                days = {day for (of, _), day in part.counted_on.items() if of == wave}
                may_close = days if may_close is None else may_close & days
            closing = close_batches(stream, k=self.k, may_close=may_close)
            counted_on |= {(wave, day): on for day, on in closing.items()}
        return Batches(counted_on)

    def _streams(self, crossed: Dimensions) -> dict[str, dict[int, dict[Levels, int]]]:
        streams: dict[str, dict[int, dict[Levels, int]]] = {}
        for questionnaire, columns in columns_behind(self.run):
            cells = columns.cells
            groups = groups_of(columns, questionnaire, crossed)
            for wave, day, group, rows in zip(
                cells.wave.tolist(), cells.day.tolist(), groups, cells.rows.tolist(), strict=True
            ):
                if day < self.until:
                    counts = streams.setdefault(cells.waves[wave], {}).setdefault(day, {})
                    counts[group] = counts.get(group, 0) + rows
        return streams


def groups_of(columns: Columns, questionnaire: int, crossed: Dimensions) -> list[Levels]:
    """Return the levels of every cell of the columns; one of the dimensions may be the questionnaire."""
    cells, of_questionnaire = columns.cells, str(questionnaire)
    found = [[of_questionnaire] * len(cells.day) if key == QUESTIONNAIRE else cells.level_names(key) for key in crossed]
    return list(zip(*found, strict=True)) if found else [()] * len(cells.day)


class BatchedSource:
    """Slices counted from the answers that may be counted, under a choice of levels; cached by run and day."""

    def __init__(self, released: Released, definition: Definition, choice: Choice, dimensions: Iterable[str]) -> None:
        name = json.dumps([sorted((key, sorted(levels)) for key, levels in choice.items()), sorted(set(dimensions))])
        about = f"{released.run.pk}:{definition.hash}:{released.k}:{released.until}:{name}"
        key = "released:" + hashlib.sha256(about.encode()).hexdigest()
        self.summary = _kept(key, lambda: _summarised(released, definition, choice, dimensions))

    def cubes(self, keys: Iterable[str]) -> dict[str, cubes.Cube]:
        """Return the slices of these keys that exist."""
        return {key: self.summary[key] for key in dict.fromkeys(keys) if key in self.summary}


def _summarised(
    released: Released, definition: Definition, choice: Choice, dimensions: Iterable[str]
) -> cubes.Summary:
    parts = []
    for questionnaire, columns in released.columns(dimensions):
        chosen = chosen_cells(columns, questionnaire, choice, None)
        if chosen.any():
            parts.append(summarise(select(columns, chosen), definition, questionnaire))
    return cubes.merge(parts, definition.layout.squares)


def _kept(key: str, make: Callable[[], cubes.Summary]) -> cubes.Summary:
    """Keep a summary in the cache; without one it is made each time."""
    found = keeping.fetch(key)
    if found is not None:
        return cubes.summary_from_bytes(found)
    made = make()
    keeping.keep(key, cubes.summary_to_bytes(made), seconds=CACHE_SECONDS)
    return made
