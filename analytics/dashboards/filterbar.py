"""The filters as the page offers them: what can be chosen, and what is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from accounts.punctuation import bracketed
from analytics.dashboards import wording
from analytics.dashboards.selection import Compare, Selection, parameter_of
from analytics.indicators.models import IndicatorTree
from analytics.scoring import periods
from analytics.scoring.results import Grain, Period
from surveys.design.document import text_in

NEWEST: Final = 24
"""This many periods of a kind are offered; any other can be written in the address."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PeriodGroup:
    """Choices of one kind under a heading."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class DimensionMenu:
    """The levels of a segment dimension; `chosen` is what stands on the closed menu."""

    parameter: str
    name: str
    chosen: str
    choices: tuple[Choice, ...]

    @property
    def is_on(self) -> bool:
        """Whether it narrows anything."""
        return any(choice.is_chosen for choice in self.choices)


@dataclass(frozen=True, slots=True)
class FilterBar:
    """Everything in the filter form; `count` is how many of its fields are not as they begin."""

    surveys: tuple[Choice, ...]
    periods: tuple[PeriodGroup, ...]
    compares: tuple[Choice, ...]
    dimensions: tuple[DimensionMenu, ...]
    is_on: bool
    count: int
    reset_query: str
    default_by: str


def build_filter_bar(selection: Selection, trees: Iterable[IndicatorTree], *, language: str) -> FilterBar:
    """Return the filter form for a selection."""
    return FilterBar(
        surveys=tuple(_survey(tree, selection, place, language) for place, tree in enumerate(trees)),
        periods=_periods(selection), compares=_compares(selection),
        dimensions=tuple(_menu(selection, key, language) for key in (d.key for d in selection.known.dimensions)),
        is_on=bool(selection.filters) or selection.period != selection.known.default_period
        or selection.compare != Compare.PREVIOUS or bool(selection.series),
        count=_count(selection),
        reset_query=selection.query(series="", period="", compare="", **{parameter_of(key): "" for key in selection.filters}),
        default_by=selection.default_by,
    )


def _count(selection: Selection) -> int:
    own = (selection.compare != Compare.PREVIOUS, bool(selection.series), bool(selection.weighting))
    return selection.count_narrowed() + sum(own)


def _survey(tree: IndicatorTree, selection: Selection, place: int, language: str) -> Choice:
    is_chosen = tree.pk == selection.tree.pk
    value = selection.survey if is_chosen else "" if place == 0 else str(tree.pk)
    name = text_in(tree.names, language) or str(tree.pk)
    return Choice(value, name + bracketed(_("example")) if tree.is_example else name, is_chosen)


def _periods(selection: Selection) -> tuple[PeriodGroup, ...]:
    found = dict(selection.known.periods)
    listed = {period.key for group in found.values() for period in group[-NEWEST:]} | {periods.EVERYTHING.key}
    own = () if selection.period.key in listed else (PeriodGroup(_("Chosen"), (_choice(selection.period, selection),)),)
    groups = tuple(
        PeriodGroup(wording.grain_text(grain), tuple(_choice(one, selection) for one in reversed(group[-NEWEST:])))
        for grain, group in found.items() if grain != Grain.WEEK or len(group) <= NEWEST
    )
    return (*own, *groups, PeriodGroup(_("Everything"), (_choice(periods.EVERYTHING, selection),)))


def _choice(period: Period, selection: Selection) -> Choice:
    label = wording.period_text(period)
    if period.is_running(selection.today):
        label = _("%(period)s to date") % {"period": label}
    value = "" if period == selection.known.default_period else period.key
    return Choice(value, label, period == selection.period)


def _compares(selection: Selection) -> tuple[Choice, ...]:
    words = {Compare.PREVIOUS: _("previous period"), Compare.YEAR: _("same period last year"), Compare.NONE: _("nothing")}
    if selection.previous is not None:
        words[selection.compare] = f"{words[selection.compare]} · {wording.period_text(selection.previous)}"
    return tuple(
        Choice("" if one == Compare.PREVIOUS else one.value, label, one == selection.compare)
        for one, label in words.items()
    )


def _menu(selection: Selection, key: str, language: str) -> DimensionMenu:
    dimension = selection.known.dimension(key)
    assert dimension is not None
    chosen = selection.filters.get(key, ())
    names = [wording.level_name(dimension, level, language) for level in chosen]
    return DimensionMenu(
        parameter=parameter_of(key), name=text_in(dimension.names, language) or key,
        chosen=wording.listed(names) if chosen else _("All"),
        choices=tuple(
            Choice(level, wording.level_name(dimension, level, language), level in chosen) for level in dimension.levels if level
        ),
    )
