"""Reading a run: which cells a period is made of, what may be shown of it, and the figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Final

import numpy as np

from analytics.indicators.models import Indicator
from analytics.scoring import cubes
from analytics.scoring.anonymity import Hiding
from analytics.scoring.batches import BatchedSource, Released
from analytics.scoring.codes import ItemKey
from analytics.scoring.columns import Columns, IntArray
from analytics.scoring.cubes import SEPARATOR
from analytics.scoring.definition import Definition
from analytics.scoring.disclosure import Rules
from analytics.scoring.figures import NOTHING_HIDDEN, NodeFacts, Reader
from analytics.scoring.models import Run
from analytics.scoring.period_cells import PeriodCells, cells_of_levels, cells_of_period, first_of
from analytics.scoring.periods import EVERYTHING, following, period_of, wave
from analytics.scoring.results import Dimension, Grain, Period, PeriodResult, SegmentResult
from analytics.scoring.sources import Filter, ScanSource, SliceSource, Source, choice_of, columns_behind
from analytics.scoring.summaries import QUESTIONNAIRE
from analytics.scoring.wave_order import Middles, in_order, middles_of
from surveys.contacts.models import ContactAttribute
from surveys.design.models import Questionnaire

NOTHING: Final[Filter] = {}


class UnknownDimensionError(LookupError):
    """The run has no such segment dimension."""


class Reading:
    """One reader's look at a run, under a filter and a scope.

    Where anonymity was promised, only answers that `batches` lets count are seen; `at` is the moment of looking.
    """

    def __init__(
        self, run: Run, *, filters: Filter = NOTHING, scope: Filter = NOTHING, at: datetime,
        released: Released | None = None,
    ) -> None:
        self.run = run
        self.at = at
        self.filters = {key: tuple(levels) for key, levels in filters.items() if levels}
        self.scope = scope
        self.choice = choice_of(self.filters, scope)
        self.definition = Definition.from_json(run.definition)
        self.layout = self.definition.layout
        self._released = released

    def unfiltered(self) -> Reading:
        """The same look without the filter, at the same batches."""
        return Reading(self.run, scope=self.scope, at=self.at, released=self.released)

    @cached_property
    def source(self) -> Source | BatchedSource:
        """Where the figures under this filter and scope are read from.

        Raises RunTooOldError when they need the columns and those are gone.
        """
        if self.rules.k:
            return self._batched(())
        return ScanSource(self.run, self.choice) if self.choice else SliceSource(self.run)

    @cached_property
    def released(self) -> Released:
        """What may be counted of an anonymous run."""
        return self._released or Released(self.run, k=self.rules.k, at=self.at)

    @cached_property
    def hiding(self) -> Hiding:
        """What of it may not be shown."""
        return Hiding(self)

    @cached_property
    def waiting(self) -> int:
        """How many answers of the run wait for others before they are counted, told only to who sees all of them.

        0 where nobody was promised anonymity. Raises RunTooOldError when the columns behind the run are gone.
        """
        return self.uncounted if not self.scope else 0

    @property
    def counted(self) -> int:
        """How many answers of the run are counted, whatever the filter and scope."""
        return self.run.responses - self.uncounted

    @cached_property
    def uncounted(self) -> int:
        """How many answers of the run wait for others before they are counted, 0 without the promise."""
        if not self.rules.k:
            return 0
        months = self._all_counted.cubes(["month"])
        return self.run.responses - sum(int(cube.values[:, 0].sum()) for cube in months.values())

    def columns(self) -> Iterator[tuple[int, Columns]]:
        """The columns behind the figures, each part with its questionnaire, not yet narrowed to the choice.

        Raises RunTooOldError when they are gone.
        """
        return self.released.columns(self.choice) if self.rules.k else columns_behind(self.run)

    def _batched(self, more: tuple[str, ...]) -> BatchedSource:
        """The batches in which the levels of the choice, and of `more` dimensions, may be counted."""
        return BatchedSource(self.released, self.definition, self.choice, {*self.choice, *more})

    @cached_property
    def rules(self) -> Rules:
        """The team's thresholds, with k where a questionnaire of the tree promises anonymity."""
        team = self.run.tree.team
        promised = Questionnaire.objects.filter(pk__in=self.definition.questionnaires, is_anonymous=True)
        return Rules(team.show_from_n, team.sure_from_n, team.anonymity_k if promised.exists() else 0)

    @cached_property
    def reader(self) -> Reader:
        """Reads vectors, with the names and targets as they are now."""
        nodes = Indicator.objects.filter(tree=self.run.tree_id)
        facts = {node.key: NodeFacts(node.names, node.target) for node in nodes}
        return Reader(self.definition, self.rules, facts)

    def period(self, period: Period, *, nodes: Collection[str] | None = None) -> PeriodResult:
        """Every figure of one period."""
        vector, is_withheld = self.vector(period), self.hiding.hides(period)
        hidden = NOTHING_HIDDEN if is_withheld else self.hiding.parts(period)
        return self.reader.result(period, vector, nodes=nodes, is_withheld=is_withheld, hidden=hidden)

    def trend(self, grain: Grain, last: int | None, nodes: Collection[str] | None) -> tuple[PeriodResult, ...]:
        """One result per period."""
        wanted = (self.definition.nodes[0].key,) if nodes is None else nodes
        return tuple(self.period(period, nodes=wanted) for period in self.periods_of_trend(grain, last))

    def periods_of_trend(self, grain: Grain, last: int | None) -> tuple[Period, ...]:
        """The newest `last` periods of a grain, oldest first, empty ones in between included."""
        periods = _without_gaps(self.periods(grain))
        if last is None:
            return periods
        return periods[-last:] if last > 0 else ()

    def periods(self, grain: Grain) -> tuple[Period, ...]:
        """The periods of a grain that hold responses, oldest first."""
        if grain == Grain.ALL:
            return (EVERYTHING,)
        if grain == Grain.WAVE:
            found = self.source.cubes(["wave"])
            return tuple(wave(name) for name in in_order(found["wave"].keys if found else (), self.wave_middles))
        if grain in (Grain.WEEK, Grain.DAY):
            days = self.source.cubes([f"day:{month}" for month in self.months])
            found_days = sorted(date.fromisoformat(key) for cube in days.values() for key in cube.keys)
            return tuple(dict.fromkeys(period_of(day, grain) for day in found_days))
        return tuple(dict.fromkeys(period_of(first_of(month), grain) for month in self.months))

    def rescaled(self, periods: Sequence[Period]) -> tuple[tuple[tuple[int, str], ...], ...]:
        """Return for each period the questions of the index, by questionnaire and key, that are on another scale than before.

        A question is on the scale on which most of a period's answers are; what is hidden tells nothing.
        """
        if not self.definition.asked_anew:
            return ((),) * len(periods)
        known: dict[tuple[int, str], ItemKey] = {}
        found = []
        for period in periods:
            now = {} if self.hiding.hides(period) else self.reader.main_scales(self.vector(period))
            found.append(tuple(name for name, scale in now.items() if known.get(name, scale) != scale))
            known |= now
        return tuple(found)

    @cached_property
    def wave_middles(self) -> Middles:
        """The middle day of each wave over all answers that count, the same under any filter and scope."""
        if not self.rules.k:
            found: Middles = self.run.provenance.get("waves", {})
            return found
        return middles_of(self._all_counted.summary)

    @cached_property
    def _all_counted(self) -> BatchedSource:
        """All answers that count where anonymity was promised, whatever the filter and scope."""
        return BatchedSource(self.released, self.definition, {}, ())

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The segment dimensions of the run with their levels, in the team's order."""
        keys = list(self.definition.dimensions)
        attributes = {
            one.key: one for one in ContactAttribute.objects.filter(team=self.run.team_id, key__in=keys)
        }
        found = [self._dimension(key, attributes[key]) for key in keys if key in attributes]
        if len(self.definition.questionnaires) > 1:
            found.append(self._questionnaires())
        return tuple(found)

    def segments(self, period: Period, dimension: str, nodes: Collection[str] | None) -> tuple[SegmentResult, ...]:
        """One result per level."""
        known = {one.key: one for one in self.dimensions}
        if dimension not in known:
            raise UnknownDimensionError(dimension)
        about = known[dimension]
        vectors = self.level_vectors(period, dimension)
        allowed = self.choice.get(dimension)
        levels = [level for level in _in_order(about.levels, vectors) if allowed is None or level in allowed]
        hidden = self.hiding.levels(period, dimension)
        is_open = self.rules.k and not set(vectors) <= hidden
        parts = self.hiding.parts_of_levels(period, dimension) if is_open else {}
        return tuple(
            SegmentResult(
                dimension, level, about.level_names.get(level, {}),
                self.reader.result(period, vectors[level], nodes=nodes, is_withheld=level in hidden,
                                   hidden=parts.get(level, NOTHING_HIDDEN)),
            )
            for level in levels
        )

    @cached_property
    def months(self) -> tuple[str, ...]:
        """The months that hold responses, written as 2026-11, oldest first."""
        found = self.source.cubes(["month"])
        return found["month"].keys if found else ()

    def vector(self, period: Period) -> IntArray:
        """The statistics of a period, shape (width of the layout,)."""
        wanted = self.cells(period)
        found = self.source.cubes(wanted.slices)
        return self._sum((cube, wanted.cells) for cube in found.values())

    def _sum(self, parts: Iterable[tuple[cubes.Cube, frozenset[str] | None]]) -> IntArray:
        vectors = [cubes.total(cube, cells, self.layout.squares, self.layout.width) for cube, cells in parts]
        if not vectors:
            return np.zeros(self.layout.width, dtype=np.int64)
        return cubes.carry(np.sum(vectors, axis=0, dtype=np.int64), self.layout.squares)

    def cells(self, period: Period) -> PeriodCells:
        """Which cells of the slices add up to a period."""
        return cells_of_period(period, self.months)

    def cells_of_levels(self, period: Period, dimension: str) -> PeriodCells:
        """Which cells of the slices of a dimension's levels do."""
        return cells_of_levels(period, dimension, self.months)

    def level_vectors(self, period: Period, dimension: str) -> dict[str, IntArray]:
        """The statistics of every level of a dimension in a period, each of shape (width of the layout,)."""
        source, wanted = self._source_of_levels(dimension), self.cells_of_levels(period, dimension)
        if self.cells(period).are_days and not self.rules.k and period.start is not None and period.end is not None:
            # Levels are stored by month: for other stretches of days they are counted from the columns.
            # Anonymous results know whole months only: there the levels stand to be withheld.
            source = ScanSource(self.run, self.choice, (period.start, period.end))
        found: dict[str, list[IntArray]] = {}
        for cube in source.cubes(wanted.slices).values():
            for key, vector in zip(cube.keys, cube.values, strict=True):
                level, _, cell = key.partition(SEPARATOR)
                if wanted.cells is None or cell in wanted.cells:
                    found.setdefault(level, []).append(vector)
        return {
            level: cubes.carry(np.sum(vectors, axis=0, dtype=np.int64), self.layout.squares)
            for level, vectors in found.items()
        }

    def _source_of_levels(self, dimension: str) -> Source | BatchedSource:
        return self._batched((dimension,)) if self.rules.k else self.source

    def _dimension(self, key: str, attribute: ContactAttribute) -> Dimension:
        years = sorted({month[:4] for month in self.months})
        found = self.source.cubes([f"level:{key}:{year}" for year in years])
        present = {name.partition(SEPARATOR)[0] for cube in found.values() for name in cube.keys}
        return Dimension(key, attribute.names, tuple(_in_order(attribute.level_names, present)), attribute.level_names)

    def _questionnaires(self) -> Dimension:
        names = dict(
            Questionnaire.objects.filter(pk__in=self.definition.questionnaires).values_list("id", "name")
        )
        levels = tuple(str(one) for one in self.definition.questionnaires)
        texts = {str(one): {"zh-hans": name, "en": name} for one, name in names.items()}
        return Dimension(QUESTIONNAIRE, {"zh-hans": "问卷", "en": "Questionnaire"}, levels, texts)


def _without_gaps(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """Put the periods in between that hold nothing in their places; waves have no in-between."""
    if len(periods) < 2 or periods[0].start is None:
        return periods
    filled, last = [periods[0]], periods[-1]
    while filled[-1] != last:
        after = following(filled[-1])
        assert after is not None
        filled.append(after)
    return tuple(filled)


def _in_order(known: Iterable[str], present: Iterable[str]) -> list[str]:
    """Levels in the team's order, then unknown ones by name, those without a value last."""
    found = set(present)
    named = [level for level in known if level and level in found]
    return named + sorted(level for level in found - set(named) if level) + [level for level in ("",) if level in found]
