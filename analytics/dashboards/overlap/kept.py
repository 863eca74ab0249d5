"""The overlap of two periods, made once and then only brought up to date.

To find out who answered in both takes a look at every answer of both. So what was found is kept in the cache, with
the run it belongs to, and the next run adds what is new: it reads the answers that came since, and of those who gave
them the earlier ones. That these are all is proved by the fingerprints of the two runs, which would not fit
otherwise (an edit, an erasure, an import of older answers); then, and when the cache is empty, everything is read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from analytics.dashboards.overlap.pairing import Subject, chosen_rows, countable, may_share, of_people, read_rows
from analytics.dashboards.overlap.read import (
    LevelKey,
    Overlap,
    Sums,
    count_people,
    moment_of,
    read_both,
    step_for,
    sums_of,
)
from analytics.dashboards.overview.marks import digest
from analytics.dashboards.selection import Selection
from analytics.scoring import keeping
from analytics.scoring.columns import MASK
from analytics.scoring.results import Period
from analytics.scoring.rows import fingerprint
from analytics.scoring.summaries import QUESTIONNAIRE

SECONDS: Final = 24 * 60 * 60
NEWER: Final = 500
"""Above this many new answers everything is read again."""
LONGEST: Final = timedelta(hours=6)
"""After this time everything is read again: erasing a contact leaves its answers without a note."""


@dataclass(frozen=True)
class Kept:
    """An overlap with the run it was last brought up to (its newest answer), and when everything was read."""

    overlap: Overlap
    responses: int
    fingerprint: int
    newest: datetime
    read_at: datetime


def read_overlap(*, selection: Selection, before: Period, after: Period | None = None) -> Overlap:
    """Return the overlap of two periods, unweighted, under the selection's filters and scope.

    `after` is the selection's period unless given. The same for every page of a run: it is a function of both.
    """
    if selection.reading.rules.k:
        return Overlap(0)
    periods = (before, after or selection.period)
    name = _name_of(selection, periods)
    stored = keeping.fetch(name)
    kept = _from_bytes(stored) if stored is not None else None
    if kept is not None and kept.fingerprint == int(selection.run.fingerprint, 16) and kept.newest == moment_of(selection):
        return kept.overlap
    found = (_extended(kept, selection, periods) if kept is not None else None) or _read(selection, periods)
    keeping.keep(name, _to_bytes(found), seconds=SECONDS)
    return found.overlap


def _read(selection: Selection, periods: tuple[Period, Period]) -> Kept:
    run, people = selection.run, count_people(selection, periods)
    step = _step(selection, periods, people) if people else 1
    rows = read_both(selection, periods, step) if people else ([], [])
    _, sums = sums_of(*rows, selection.reading.definition, _dimensions(selection), step)
    return Kept(Overlap(people, sums, step), run.responses, int(run.fingerprint, 16), moment_of(selection), run.finished_at)


def _step(selection: Selection, periods: tuple[Period, Period], people: int) -> int:
    """The same people are read whatever the filter, so that a level says the same on every page."""
    if not (selection.filters or selection.scope):
        return step_for(people)
    whole = replace(selection, filters={}, scope={})
    return read_overlap(selection=whole, before=periods[0], after=periods[1]).step


def _extended(kept: Kept, selection: Selection, periods: tuple[Period, Period]) -> Kept | None:
    """Add the answers that have come since; None where something else happened too."""
    run, newest = selection.run, moment_of(selection)
    is_growth = 0 < run.responses - kept.responses <= NEWER and kept.newest < newest
    if not is_growth or run.finished_at - kept.read_at > LONGEST:
        return None
    since = countable(selection, until=newest).filter(completed_at__gt=kept.newest)
    fresh = list(since.values_list("id", "revision", "who")[: NEWER + 1])
    ids, revisions = (np.array([one[place] for one in fresh], dtype=np.int64) for place in (0, 1))
    if (kept.fingerprint + fingerprint(ids, revisions)) & MASK != int(run.fingerprint, 16):
        return None
    overlap = _added(kept, selection, periods, {who for _, _, who in fresh if who > 0 or may_share(*periods)})
    if overlap.step != _step(selection, periods, overlap.people):
        return None
    return Kept(overlap, run.responses, int(run.fingerprint, 16), newest, kept.read_at)


def _added(kept: Kept, selection: Selection, periods: tuple[Period, Period], people: set[int]) -> Overlap:
    """Take off what these people added when they were last looked at, and add what they add now."""
    old, definition, keys = kept.overlap, selection.reading.definition, _dimensions(selection)
    if not people:
        return old
    counts, sums = old.people, {group: dict(by_subject) for group, by_subject in old.sums.items()}
    now = [
        read_rows(of_people(
            chosen_rows(selection, one, until=moment_of(selection), is_shared=may_share(*periods)), people
        )) for one in periods
    ]
    then = [[row for row in rows if row.at <= kept.newest] for rows in now]
    for (earlier, later), sign in ((then, -1), (now, 1)):
        number, found = sums_of(earlier, later, definition, keys, old.step)
        counts += sign * number
        for group, by_subject in found.items():
            held = sums.setdefault(group, {})
            for subject, one in by_subject.items():
                held[subject] = held.get(subject, Sums()).plus(one, sign)
    return replace(old, people=counts, sums=sums)


def _dimensions(selection: Selection) -> list[str]:
    definition = selection.reading.definition
    return [*definition.dimensions, *([QUESTIONNAIRE] if len(definition.questionnaires) > 1 else [])]


def _name_of(selection: Selection, periods: tuple[Period, Period]) -> str:
    # A run under another definition starts anew: what adds up are its scores.
    return "overlap:2:" + digest([
        selection.tree.pk, selection.run.definition_hash, [one.key for one in periods], selection.run.definition["time_zone"],
        sorted((key, sorted(levels)) for key, levels in selection.filters.items()),
        sorted((key, sorted(levels)) for key, levels in selection.scope.items()), _dimensions(selection),
    ])


def _to_bytes(kept: Kept) -> bytes:
    overlap = kept.overlap
    content: dict[str, Any] = {
        "people": overlap.people, "step": overlap.step, "responses": kept.responses,
        "fingerprint": kept.fingerprint,
        "newest": kept.newest.isoformat(), "read_at": kept.read_at.isoformat(),
        "sums": [[*group, _written(by_subject)] for group, by_subject in overlap.sums.items()],
    }
    return zlib.compress(json.dumps(content).encode(), 1)


def _written(by_subject: Mapping[Subject, Sums]) -> dict[str, list[int]]:
    return {subject: [one.n, one.x, one.y, one.xy] for subject, one in by_subject.items()}


def _from_bytes(stored: bytes) -> Kept:
    found = json.loads(zlib.decompress(stored))
    sums: dict[LevelKey, dict[Subject, Sums]] = {
        (key, level): {subject: Sums(*numbers) for subject, numbers in by_subject.items()}
        for key, level, by_subject in found["sums"]
    }
    return Kept(
        Overlap(found["people"], sums, found["step"]), found["responses"], found["fingerprint"],
        datetime.fromisoformat(found["newest"]), datetime.fromisoformat(found["read_at"]),
    )
