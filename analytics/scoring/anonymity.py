"""What may not be shown of a reading where anonymity was promised: periods, levels, and parts of figures.

The rules are those of `disclosure` for whole populations and of `composites` for figures beside their parts. Here
they are put to everything that makes up a shown whole: the months of a quarter, the levels of a dimension, and a
population under a filter, which is a level of the unfiltered one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from analytics.scoring.composites import Composite, Patterns, composites_of, hidden_parts, left_of
from analytics.scoring.disclosure import FIXED_GRAINS, hidden_groups
from analytics.scoring.figures import NOTHING_HIDDEN, Hidden
from analytics.scoring.pattern_tables import PatternTable
from analytics.scoring.period_cells import is_inside
from analytics.scoring.periods import EVERYTHING, period_of
from analytics.scoring.results import Grain, Period

if TYPE_CHECKING:
    from analytics.scoring.reading import Reading

_PARENTS: Final[Mapping[Grain, tuple[Grain, ...]]] = {
    Grain.MONTH: (Grain.QUARTER, Grain.YEAR, Grain.ALL),
    Grain.QUARTER: (Grain.YEAR, Grain.ALL),
    Grain.YEAR: (Grain.ALL,),
    Grain.WAVE: (Grain.ALL,),
}

Group = TypeVar("Group", bound=Hashable)


class Hiding:
    """What anonymity forbids to show of one reading; nothing where nobody was promised it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.k = reading.rules.k
        self._parts: dict[Period, Hidden] = {}

    def hides(self, period: Period) -> bool:
        """Tell whether the population of a period may not be shown under the reading's filter and scope."""
        reading = self.reading
        if not self.k:
            return False
        if reading.run.responses and reading.uncounted == reading.run.responses:
            return True
        if period.grain not in FIXED_GRAINS or self._is_hidden_among_siblings(period):
            return True
        if not reading.filters:
            return False
        if len(reading.filters) > 1 or any(len(levels) > 1 for levels in reading.filters.values()):
            return True
        ((dimension, (level,)),) = reading.filters.items()
        return self._unfiltered.hides(period) or level in self._unfiltered.levels(period, dimension)

    def levels(self, period: Period, dimension: str) -> frozenset[str]:
        """Return the levels of a dimension that may not be shown in a period."""
        if not self.k:
            return frozenset()
        found = self.reading.level_vectors(period, dimension)
        if self.hides(period) or set(self.reading.filters) - {dimension}:
            # Levels under a filter are groups of two dimensions: by their margins each could give another away.
            return frozenset(found)
        hidden = hidden_groups({level: int(vector[0]) for level, vector in found.items()}, self.k)
        return hidden if period == EVERYTHING else hidden | self.levels(EVERYTHING, dimension)

    def parts(self, period: Period) -> Hidden:
        """Return what must be hidden of a period although the period itself is shown (see `composites`).

        Names of indicators, and those that `composites` gives to questions.
        """
        if not self.k or period.grain not in FIXED_GRAINS:
            return NOTHING_HIDDEN
        if period not in self._parts:
            self._parts[period] = self._find_parts(period)
        return self._parts[period]

    def parts_of_levels(self, period: Period, dimension: str) -> Mapping[str, Hidden]:
        """Return by level what must be hidden of it: also what is of the whole period, and of the level over all time."""
        wanted = self.reading.cells_of_levels(period, dimension)
        table = self._table((dimension,))
        by_composite = [table.by_level(wanted.slices, wanted.cells, number) for number in range(len(self._composites))]
        levels = frozenset[str]().union(*by_composite)
        found = self._hidden_among(
            {level: [patterns.get(level, {}) for patterns in by_composite] for level in levels},
            # The levels of a month may have been counted in another one: only of all time is the whole theirs.
            self._patterns(period) if period == EVERYTHING else None,
        )
        always = {} if period == EVERYTHING else self.parts_of_levels(EVERYTHING, dimension)
        whole = self.parts(period)
        return {level: found.get(level, NOTHING_HIDDEN) | always.get(level, NOTHING_HIDDEN) | whole for level in levels}

    def rare_parts(self, period: Period) -> frozenset[str]:
        """Return the figures of a period that some respondents, fewer than k, are part of in a way of their own.

        Shown under several weights at once such a figure could tell of them, even where it may be shown under one.
        """
        found = zip(self._composites, self._patterns(period), strict=True) if self.k else ()
        return frozenset(composite.key for composite, held in found if any(0 < n < self.k for n in held.values()))

    @cached_property
    def _unfiltered(self) -> Hiding:
        return self.reading.unfiltered().hiding

    def _is_hidden_among_siblings(self, period: Period) -> bool:
        return any(part in self._hidden_periods(part.grain, whole) for part, whole in _chain(period))

    def _hidden_periods(self, grain: Grain, whole: Period) -> frozenset[Period]:
        siblings = self._siblings(grain, whole)
        return hidden_groups({one: int(self.reading.vector(one)[0]) for one in siblings}, self.k)

    def _siblings(self, grain: Grain, whole: Period) -> list[Period]:
        return [one for one in self.reading.periods(grain) if is_inside(one, whole)]

    def _find_parts(self, period: Period) -> Hidden:
        found = [self._hidden_among({period: self._patterns(period)}, None).get(period, NOTHING_HIDDEN)]
        for part, whole in _chain(period):
            siblings = {one: self._patterns(one) for one in self._siblings(part.grain, whole)}
            found.append(self._hidden_among(siblings, self._patterns(whole)).get(part, NOTHING_HIDDEN))
        for dimension, levels in self.reading.filters.items():
            by_level = self._unfiltered.parts_of_levels(period, dimension)
            found += [by_level.get(level, NOTHING_HIDDEN) for level in levels]
        return NOTHING_HIDDEN.union(*found)

    def _hidden_among(
        self, groups: Mapping[Group, list[Patterns]], whole: list[Patterns] | None
    ) -> dict[Group, Hidden]:
        """What to hide in groups; those of `whole` who are in none of them are a group that can be had too."""
        found: dict[Group, Hidden] = {}
        for number, composite in enumerate(self._composites):
            held = {group: patterns[number] for group, patterns in groups.items()}
            rest = left_of(whole[number], held.values()) if whole is not None else {}
            for group, names in hidden_parts(composite, held, self.k, rest=rest).items():
                found[group] = found.get(group, NOTHING_HIDDEN) | names
        return found

    def _patterns(self, period: Period) -> list[Patterns]:
        wanted = self.reading.cells(period)
        return [self._whole.patterns(wanted.slices, wanted.cells, number) for number in range(len(self._composites))]

    @cached_property
    def _composites(self) -> tuple[Composite, ...]:
        return composites_of(self.reading.definition)

    @cached_property
    def _whole(self) -> PatternTable:
        return self._table(())

    def _table(self, more: tuple[str, ...]) -> PatternTable:
        reading = self.reading
        return PatternTable(reading.released, reading.definition, reading.choice, {*reading.choice, *more})


def _chain(period: Period) -> Iterator[tuple[Period, Period]]:
    """A period in what it is a part of, that in what it is a part of, and so on."""
    chain = [period]
    for grain in _PARENTS.get(period.grain, ()):
        chain.append(period_of(period.start, grain) if period.start else EVERYTHING)
    yield from zip(chain, chain[1:], strict=False)
