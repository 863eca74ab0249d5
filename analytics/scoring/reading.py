"""Reading a run: which cells a period is made of, what may be shown of it, and the figures."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from django.utils import timezone

from analytics.indicators.models import Indicator
from analytics.scoring import cubes
from analytics.scoring.batches import BatchedSource, Released
from analytics.scoring.columns import Columns, IntArray
from analytics.scoring.cubes import SEPARATOR
from analytics.scoring.definition import Definition
from analytics.scoring.disclosure import FIXED_GRAINS, Rules, hidden_groups
from analytics.scoring.families import Family, Patterns, families_of, hidden_parts, left_of
from analytics.scoring.figures import NOTHING_HIDDEN, Hidden, NodeFacts, Reader
from analytics.scoring.models import Run
from analytics.scoring.pattern_tables import PatternTable
from analytics.scoring.periods import EVERYTHING, following, period_of, wave
from analytics.scoring.results import Dimension, Grain, Period, PeriodResult, SegmentResult
from analytics.scoring.sources import Filter, ScanSource, SliceSource, Source, choice_of, columns_behind
from analytics.scoring.summaries import QUESTIONNAIRE
from analytics.scoring.wave_order import Middles, in_order, middles_of
from surveys.contacts.models import ContactAttribute
from surveys.design.models import Questionnaire

NOTHING: Final[Filter] = {}
_BY_MONTH = (Grain.ALL, Grain.YEAR, Grain.QUARTER, Grain.MONTH)
_PARENTS: Final[Mapping[Grain, tuple[Grain, ...]]] = {
    Grain.MONTH: (Grain.QUARTER, Grain.YEAR, Grain.ALL),
    Grain.QUARTER: (Grain.YEAR, Grain.ALL),
    Grain.YEAR: (Grain.ALL,),
    Grain.WAVE: (Grain.ALL,),
}


Group = TypeVar("Group", bound=Hashable)


class UnknownDimensionError(LookupError):
    """The run has no such segment dimension."""


@dataclass(frozen=True)
class _Cells:
    """Which cells of which slices add up to a population; None means all cells of a slice."""

    slices: tuple[str, ...]
    cells: frozenset[str] | None


class Reading:
    """One reader's look at a run, under a filter and a scope.

    Where anonymity was promised, only answers that `batches` lets count are seen; `at` is the moment of looking.
    """

    def __init__(
        self, run: Run, *, filters: Filter = NOTHING, scope: Filter = NOTHING, at: datetime | None = None
    ) -> None:
        self.run = run
        self.at = at or timezone.now()
        self.filters = {key: tuple(levels) for key, levels in filters.items() if levels}
        self.scope = scope
        self.choice = choice_of(self.filters, scope)
        self.definition = Definition.from_json(run.definition)
        self.layout = self.definition.layout

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
        return Released(self.run, k=self.rules.k, at=self.at)

    @cached_property
    def waiting(self) -> int:
        """How many answers of the run wait for others before they are counted, told only to who sees all of them.

        0 where nobody was promised anonymity. Raises RunTooOldError when the columns behind the run are gone.
        """
        return self._uncounted if not self.scope else 0

    @property
    def counted(self) -> int:
        """How many answers of the run are counted, whatever the filter and scope."""
        return self.run.responses - self._uncounted

    @cached_property
    def _uncounted(self) -> int:
        if not self.rules.k:
            return 0
        months = BatchedSource(self.released, self.definition, {}, ()).cubes(["month"])
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
        vector, is_withheld = self._vector(period), self._is_hidden(period)
        hidden = NOTHING_HIDDEN if is_withheld else self.hidden_parts(period)
        return self.reader.result(period, vector, nodes=nodes, is_withheld=is_withheld, hidden=hidden)

    def is_hidden(self, period: Period) -> bool:
        """Whether anonymity forbids showing this period under this filter and scope (see `disclosure`)."""
        return self._is_hidden(period)

    def trend(self, grain: Grain, last: int | None, nodes: Collection[str] | None) -> tuple[PeriodResult, ...]:
        """One result per period."""
        wanted = (self.definition.nodes[0].key,) if nodes is None else nodes
        periods = _without_gaps(self.periods(grain))
        if last is not None:
            periods = periods[-last:] if last > 0 else ()
        return tuple(self.period(period, nodes=wanted) for period in periods)

    def periods(self, grain: Grain) -> tuple[Period, ...]:
        """The periods of a grain that hold responses, oldest first."""
        if grain == Grain.ALL:
            return (EVERYTHING,)
        if grain == Grain.WAVE:
            found = self.source.cubes(["wave"])
            return tuple(wave(name) for name in in_order(found["wave"].keys if found else (), self.wave_middles))
        if grain in (Grain.WEEK, Grain.DAY):
            days = self.source.cubes([f"day:{month}" for month in self._months])
            found_days = sorted(date.fromisoformat(key) for cube in days.values() for key in cube.keys)
            return tuple(dict.fromkeys(period_of(day, grain) for day in found_days))
        return tuple(dict.fromkeys(period_of(_first_of(month), grain) for month in self._months))

    @cached_property
    def wave_middles(self) -> Middles:
        """The middle day of each wave over all answers that count, the same under any filter and scope."""
        if not self.rules.k:
            found: Middles = self.run.provenance.get("waves", {})
            return found
        return middles_of(BatchedSource(self.released, self.definition, {}, ()).summary)

    def dimensions(self) -> tuple[Dimension, ...]:
        """Dimensions with their levels."""
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
        known = {one.key: one for one in self.dimensions()}
        if dimension not in known:
            raise UnknownDimensionError(dimension)
        about = known[dimension]
        vectors = self._level_vectors(period, dimension)
        allowed = self.choice.get(dimension)
        levels = [level for level in _in_order(about.levels, vectors) if allowed is None or level in allowed]
        hidden = self._hidden_levels(period, dimension) if self.rules.k else frozenset()
        is_open = self.rules.k and not set(vectors) <= hidden
        parts = self._hidden_parts_of_levels(period, dimension) if is_open else {}
        return tuple(
            SegmentResult(
                dimension, level, about.level_names.get(level, {}),
                self.reader.result(period, vectors[level], nodes=nodes, is_withheld=level in hidden,
                                   hidden=parts.get(level, NOTHING_HIDDEN)),
            )
            for level in levels
        )

    # -- vectors -----------------------------------------------------------------------------

    @cached_property
    def _months(self) -> tuple[str, ...]:
        found = self.source.cubes(["month"])
        return found["month"].keys if found else ()

    def _vector(self, period: Period) -> IntArray:
        wanted = self._cells(period)
        found = self.source.cubes(wanted.slices)
        return self._sum((cube, wanted.cells) for cube in found.values())

    def _sum(self, parts: Iterable[tuple[cubes.Cube, frozenset[str] | None]]) -> IntArray:
        vectors = [cubes.total(cube, cells, self.layout.squares, self.layout.width) for cube, cells in parts]
        if not vectors:
            return np.zeros(self.layout.width, dtype=np.int64)
        return cubes.carry(np.sum(vectors, axis=0, dtype=np.int64), self.layout.squares)

    def _cells(self, period: Period) -> _Cells:
        """Months where the period is made of whole ones, else days."""
        if period.grain == Grain.WAVE:
            return _Cells(("wave",), frozenset({period.label}))
        if period.start is None or period.end is None:
            return _Cells(("month",), None)
        if period.start.day == 1 and period.end.day == 1:
            months = frozenset(m for m in self._months if period.start <= _first_of(m) < period.end)
            return _Cells(("month",), months)
        inside = [m for m in self._months if period_of(_first_of(m), Grain.MONTH).end > period.start]  # type: ignore[operator]
        slices = tuple(f"day:{month}" for month in inside if _first_of(month) < period.end)
        return _Cells(slices, _days_between(*_cut(period.start, period.end, inside)))

    def _cells_of_levels(self, period: Period, dimension: str) -> _Cells:
        """The same cells in the slices of the levels; all of them where these know no such stretch of days."""
        wanted = self._cells(period)
        if period.grain == Grain.WAVE:
            return _Cells((f"level:{dimension}:wave",), wanted.cells)
        years = sorted({month[:4] for month in self._months})
        slices = tuple(f"level:{dimension}:{year}" for year in years)
        return _Cells(slices, wanted.cells if wanted.slices == ("month",) else None)

    def _level_vectors(self, period: Period, dimension: str) -> dict[str, IntArray]:
        source, wanted = self._source_of_levels(dimension), self._cells_of_levels(period, dimension)
        if self._is_of_days(period) and not self.rules.k and period.start is not None and period.end is not None:
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

    def _is_of_days(self, period: Period) -> bool:
        return period.grain != Grain.WAVE and self._cells(period).slices != ("month",)

    def _source_of_levels(self, dimension: str) -> Source | BatchedSource:
        return self._batched((dimension,)) if self.rules.k else self.source

    # -- anonymity ----------------------------------------------------------------------------

    def _is_hidden(self, period: Period) -> bool:
        """Whether anonymity forbids showing this population (see `disclosure`)."""
        if not self.rules.k:
            return False
        if self.run.responses and self._uncounted == self.run.responses:
            return True
        if period.grain not in FIXED_GRAINS or self._is_hidden_among_siblings(period):
            return True
        if not self.filters:
            return False
        if len(self.filters) > 1 or any(len(levels) > 1 for levels in self.filters.values()):
            return True
        ((dimension, (level,)),) = self.filters.items()
        unfiltered = Reading(self.run, scope=self.scope, at=self.at)
        unfiltered.released = self.released
        return unfiltered._is_hidden(period) or level in unfiltered._hidden_levels(period, dimension)

    def _is_hidden_among_siblings(self, period: Period) -> bool:
        return any(part in self._hidden_periods(part.grain, whole) for part, whole in self._chain(period))

    def _chain(self, period: Period) -> Iterator[tuple[Period, Period]]:
        """A period in what it is a part of, that in what it is a part of, and so on."""
        chain = [period]
        for grain in _PARENTS.get(period.grain, ()):
            chain.append(period_of(period.start, grain) if period.start else EVERYTHING)
        yield from zip(chain, chain[1:], strict=False)

    def _hidden_periods(self, grain: Grain, whole: Period) -> frozenset[Period]:
        siblings = [one for one in self.periods(grain) if _is_inside(one, whole)]
        return hidden_groups({one: int(self._vector(one)[0]) for one in siblings}, self.rules.k)

    def _hidden_levels(self, period: Period, dimension: str) -> frozenset[str]:
        found = self._level_vectors(period, dimension)
        if self._is_hidden(period) or set(self.filters) - {dimension}:
            # Levels under a filter are groups of two dimensions: by their margins each could give another away.
            return frozenset(found)
        hidden = hidden_groups({level: int(vector[0]) for level, vector in found.items()}, self.rules.k)
        return hidden if period == EVERYTHING else hidden | self._hidden_levels(EVERYTHING, dimension)

    def hidden_parts(self, period: Period) -> Hidden:
        """What of a period must be hidden although the period itself is shown (see `families`).

        Names of indicators, and those that `families` gives to questions.
        """
        if not self.rules.k or period.grain not in FIXED_GRAINS:
            return NOTHING_HIDDEN
        if period not in self._parts_known:
            self._parts_known[period] = self._find_hidden_parts(period)
        return self._parts_known[period]

    @cached_property
    def _parts_known(self) -> dict[Period, Hidden]:
        return {}

    def _find_hidden_parts(self, period: Period) -> Hidden:
        found = [self._hidden_among({period: self._patterns(period)}, None).get(period, NOTHING_HIDDEN)]
        for part, whole in self._chain(period):
            found.append(self._hidden_parts_of_periods(part.grain, whole).get(part, NOTHING_HIDDEN))
        for dimension, levels in self.filters.items():
            unfiltered = Reading(self.run, scope=self.scope, at=self.at)
            unfiltered.released = self.released
            by_level = unfiltered._hidden_parts_of_levels(period, dimension)
            found += [by_level.get(level, NOTHING_HIDDEN) for level in levels]
        return NOTHING_HIDDEN.union(*found)

    def rare_parts(self, period: Period) -> frozenset[str]:
        """Figures of a period that some respondents, fewer than k, are part of in a way of their own.

        Shown under several weights at once such a figure could tell of them, even where it may be shown under one.
        """
        found = zip(self._families, self._patterns(period), strict=True) if self.rules.k else ()
        return frozenset(family.key for family, held in found if any(0 < n < self.rules.k for n in held.values()))

    def _hidden_parts_of_periods(self, grain: Grain, whole: Period) -> Mapping[Period, Hidden]:
        siblings = [one for one in self.periods(grain) if _is_inside(one, whole)]
        return self._hidden_among({one: self._patterns(one) for one in siblings}, self._patterns(whole))

    def _hidden_parts_of_levels(self, period: Period, dimension: str) -> Mapping[str, Hidden]:
        """Of every level also what is hidden of the whole period, and of the level over all time."""
        wanted = self._cells_of_levels(period, dimension)
        table = PatternTable(self.released, self.definition, self.choice, {*self.choice, dimension})
        by_family = [table.by_level(wanted.slices, wanted.cells, number) for number in range(len(self._families))]
        levels = frozenset[str]().union(*by_family)
        found = self._hidden_among(
            {level: [patterns.get(level, {}) for patterns in by_family] for level in levels},
            # The levels of a month may have been counted in another one: only of all time is the whole theirs.
            self._patterns(period) if period == EVERYTHING else None,
        )
        always = {} if period == EVERYTHING else self._hidden_parts_of_levels(EVERYTHING, dimension)
        whole = self.hidden_parts(period)
        return {level: found.get(level, NOTHING_HIDDEN) | always.get(level, NOTHING_HIDDEN) | whole for level in levels}

    def _hidden_among(
        self, groups: Mapping[Group, list[Patterns]], whole: list[Patterns] | None
    ) -> dict[Group, Hidden]:
        """What to hide in groups; those of `whole` who are in none of them are a group that can be had too."""
        found: dict[Group, Hidden] = {}
        for number, family in enumerate(self._families):
            held = {group: patterns[number] for group, patterns in groups.items()}
            rest = left_of(whole[number], held.values()) if whole is not None else {}
            for group, names in hidden_parts(family, held, self.rules.k, rest=rest).items():
                found[group] = found.get(group, NOTHING_HIDDEN) | names
        return found

    def _patterns(self, period: Period) -> list[Patterns]:
        wanted = self._cells(period)
        return [self._table.patterns(wanted.slices, wanted.cells, number) for number in range(len(self._families))]

    @cached_property
    def _families(self) -> tuple[Family, ...]:
        return families_of(self.definition)

    @cached_property
    def _table(self) -> PatternTable:
        return PatternTable(self.released, self.definition, self.choice, self.choice)

    # -- names ---------------------------------------------------------------------------------

    def _dimension(self, key: str, attribute: ContactAttribute) -> Dimension:
        years = sorted({month[:4] for month in self._months})
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


def _days_between(start: date, end: date) -> frozenset[str]:
    return frozenset((start + timedelta(days=number)).isoformat() for number in range((end - start).days))


def _cut(start: date, end: date, months: list[str]) -> tuple[date, date]:
    """Leave off the days before the first and after the last month with answers: a range may be centuries long."""
    if not months:
        return start, start
    last = period_of(_first_of(months[-1]), Grain.MONTH).end
    assert last is not None
    return max(start, _first_of(months[0])), min(end, last)


def _first_of(month: str) -> date:
    return date.fromisoformat(month + "-01")


def _is_inside(part: Period, whole: Period) -> bool:
    if whole.start is None or whole.end is None:
        return True
    return part.start is not None and whole.start <= part.start < whole.end


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
