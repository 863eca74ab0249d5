"""Does what is stored equal a rebuild from the rows, digit for digit?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from analytics.indicators.models import IndicatorTree
from analytics.scoring import cubes
from analytics.scoring.bases import summaries_of_slices
from analytics.scoring.columns import MASK, Columns
from analytics.scoring.definition import Definition
from analytics.scoring.locks import snapshot
from analytics.scoring.models import Run, Slice
from analytics.scoring.recompute_requests import is_requested
from analytics.scoring.rows import RowLayout, countable_responses, row_layout, take_columns
from analytics.scoring.services import recompute
from analytics.scoring.summaries import summarise

TRIES: Final = 5
"""So often answers may come between a run and its comparison before the check gives up."""


@dataclass(frozen=True)
class Difference:
    """One place where stored and rebuilt digits differ."""

    slice: str
    cell: str
    stored: str
    rebuilt: str


@dataclass(frozen=True)
class Report:
    """What a check found.

    Nothing was compared where `is_behind` says that newer answers had come each time, or `problem` by its code why
    the tree cannot be computed.
    """

    responses: int
    differences: tuple[Difference, ...]
    is_behind: bool = False
    problem: str = ""

    @property
    def is_compared(self) -> bool:
        """Whether stored and rebuilt digits were held against each other."""
        return not (self.is_behind or self.problem)


def check(*, tree: IndicatorTree, at: datetime) -> Report:
    """Recompute a tree and compare its run with a rebuild from the rows, in one snapshot.

    Tries again where answers came in between. Reads the rows a block's worth at a time: memory does not grow
    with them. Raises BusyError when another process is computing the tree.
    """
    report = _checked(tree, at)
    for _ in range(TRIES - 1):
        if not report.is_behind:
            break
        report = _checked(tree, at)
    return report


def _checked(tree: IndicatorTree, at: datetime) -> Report:
    outcome = recompute(tree=tree, at=at)
    if outcome.problem:
        return Report(0, (), problem=outcome.problem)
    with snapshot():
        run = Run.objects.select_related("base", "tree__team").filter(tree=tree).first()
        if run is None:
            return Report(0, (), is_requested(tree=tree))
        definition = Definition.from_json(run.definition)
        rebuilt = _Rebuilt(definition, row_layout(run.tree.team))
        responses, fingerprint = rebuilt.responses, f"{rebuilt.prints:016x}"
        if is_requested(tree=tree) and fingerprint != run.fingerprint:
            return Report(responses, (), is_behind=True)
        differences = list(_compared(stored_summary(run), rebuilt.summary))
        if (responses, fingerprint) != (run.responses, run.fingerprint):
            covered = Difference("run", "responses", f"{run.responses}/{run.fingerprint}", f"{responses}/{fingerprint}")
            differences.insert(0, covered)
        return Report(responses, tuple(differences))


def stored_summary(run: Run) -> cubes.Summary:
    """Every slice of a run: its base's, and its own in their place."""
    whole = summaries_of_slices(Slice.objects.filter(base=run.base_id))
    return whole | summaries_of_slices(Slice.objects.filter(run=run))


class _Rebuilt:
    """What all rows come to, a block's worth of them after the other: memory does not grow with them."""

    def __init__(self, definition: Definition, layout: RowLayout) -> None:
        self.definition = definition
        self.summary: cubes.Summary = {}
        self.responses, self.prints = 0, 0
        for questionnaire in definition.questionnaires:
            # Every row there is, whatever blocks say of it.
            take_columns(questionnaire, countable_responses(questionnaire), layout, partial(self._add, questionnaire))

    def _add(self, questionnaire: int, columns: Columns) -> None:
        found = summarise(columns, self.definition, questionnaire)
        self.summary = cubes.merge([self.summary, found], self.definition.layout.squares)
        self.responses += columns.rows
        self.prints = (self.prints + columns.fingerprint) & MASK


def _compared(stored: cubes.Summary, rebuilt: cubes.Summary) -> list[Difference]:
    found = []
    for key in sorted({*stored, *rebuilt}):
        one, other = (_cells(summary.get(key)) for summary in (stored, rebuilt))
        for cell in sorted({*one, *other}):
            if one.get(cell) != other.get(cell):
                found.append(Difference(key, cell, str(one.get(cell)), str(other.get(cell))))
    return found


def _cells(cube: cubes.Cube | None) -> dict[str, list[int]]:
    """Vectors by cell; an empty cell is none."""
    if cube is None:
        return {}
    return {key: row.tolist() for key, row in zip(cube.keys, cube.values, strict=True) if row.any()}
