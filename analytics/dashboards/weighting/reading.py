"""A page under respondent weights: the same cards, read through a weighted reading.

Weights are made period by period. Where they cannot be made in one - a level nobody answered from - its figures are
not shown and say so, and the others stand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from analytics.dashboards.overlap.kept import read_overlap
from analytics.dashboards.overlap.pairing import Subject
from analytics.dashboards.overlap.read import WHOLE, LevelKey, Overlap, WeightedOverlap, read_weighted_overlap
from analytics.dashboards.selection import Ignored, PageReading, Selection
from analytics.dashboards.weighting.refusals import refusal_text
from analytics.scoring.comparing import Shared
from analytics.scoring.models import Run
from analytics.scoring.results import Figure, Level, Period, PeriodResult, SegmentResult, Status
from analytics.scoring.schemes import get_named, get_weighting
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import Filter, RunTooOldError, hold_columns
from analytics.scoring.weighted import read_weighted_periods, read_weighted_segments
from analytics.scoring.weighting import NOT_WEIGHTABLE, Weighting, WeightingError

R = TypeVar("R")
Refusal = WeightingError | RunTooOldError


class WeightedReading(PageReading):
    """A page's reading whose figures are weighted; periods, levels and dimensions are those of the answers."""

    def __init__(self, run: Run, *, weighting: Weighting, filters: Filter, scope: Filter, at: datetime) -> None:
        super().__init__(run, filters=filters, scope=scope, at=at)
        self.weighting = weighting
        self._read: dict[Any, PeriodResult | Refusal] = {}

    def refusal(self, period: Period) -> Refusal | None:
        """Why there are no weights in a period; None where there are."""
        found = self._weighted(period, None)
        return None if isinstance(found, PeriodResult) else found

    def period(self, period: Period, *, nodes: Collection[str] | None = None) -> PeriodResult:
        """Every figure of one period."""
        found = self._weighted(period, nodes)
        return found if isinstance(found, PeriodResult) else blanked(super().period(period, nodes=nodes))

    def segments(self, period: Period, dimension: str, nodes: Collection[str] | None) -> tuple[SegmentResult, ...]:
        """One result per level; the weights are those of the whole period."""
        try:
            hold_columns(self.run)
            return read_weighted_segments(
                self.run, period=period, dimension=dimension, weighting=self.weighting, filters=self.filters,
                scope=self.scope, nodes=nodes,
            )
        except (WeightingError, RunTooOldError):
            return tuple(blanked(one) for one in super().segments(period, dimension, nodes))

    def _weighted(self, period: Period, nodes: Collection[str] | None) -> PeriodResult | Refusal:
        """Read a period once: reading weighted figures goes through all answers."""
        name = period.key, None if nodes is None else frozenset(nodes)
        if name not in self._read:
            try:
                hold_columns(self.run)
                (self._read[name],) = read_weighted_periods(
                    self.run, periods=[period], weighting=self.weighting, filters=self.filters, scope=self.scope,
                    nodes=nodes,
                )
            except (WeightingError, RunTooOldError) as error:
                self._read[name] = error
        return self._read[name]


@dataclass(frozen=True)
class WeightedGroups:
    """Who answered in both periods, in the whole and in each level, read for the groups that are asked for."""

    selection: Selection
    before: Period
    weights: Weighting
    known: dict[LevelKey, WeightedOverlap] = field(default_factory=dict)

    def shared(self, subject: Subject, before: Figure, after: Figure, group: LevelKey = WHOLE) -> Shared:
        """Return what they do to the change of a figure between its two values."""
        if group not in self.known:
            self.known[group] = self._made(group)
        return self.known[group].shared(subject, before, after)

    def _made(self, group: LevelKey) -> WeightedOverlap:
        # The people of a level are those of the page under its filter, so that both pages say the same.
        filters = {**self.selection.filters, **({group[0]: (group[1],)} if group != WHOLE else {})}
        try:
            return read_weighted_overlap(
                selection=replace(self.selection, filters=filters), before=self.before, weighting=self.weights
            )
        except (WeightingError, RunTooOldError):
            return WeightedOverlap(0)


AnyOverlap = Overlap | WeightedGroups


def overlap_of(*, selection: Selection, before: Period, after: Period | None = None) -> AnyOverlap:
    """Return the overlap of two periods as the selection's figures need it; `after` is its period unless given."""
    if selection.weights is None:
        return read_overlap(selection=selection, before=before, after=after)
    return WeightedGroups(replace(selection, period=after or selection.period), before, selection.weights)


def with_weighting(selection: Selection, word: str) -> Selection:
    """Put a selection under the weighting of a word; one that names none is listed in `ignored`."""
    if not word:
        return selection
    try:
        weights = get_weighting(tree=selection.tree, word=word)
    except WeightingError:
        return replace(selection, ignored=(*selection.ignored, Ignored("weighting", word)))
    return weighted(selection, word, weights)


def weighted(selection: Selection, word: str, weights: Weighting) -> Selection:
    """Put a selection under a weighting."""
    reading = WeightedReading(
        selection.run, weighting=weights, filters=selection.filters, scope=selection.scope, at=selection.reading.at
    )
    return replace(selection, weighting=word, weights=weights, reading=reading)


def weighting_record(selection: Selection) -> Mapping[str, Any] | None:
    """Return what is recorded of the selection's weighting; None for unweighted figures."""
    return get_named(tree=selection.tree, word=selection.weighting).record if selection.weighting else None


def weighting_problem(selection: Selection) -> str:
    """Say why the selection's own period has no weights, or nothing."""
    reading = selection.reading
    error = reading.refusal(selection.period) if isinstance(reading, WeightedReading) else None
    if isinstance(error, WeightingError):
        return refusal_text(error, selection.known.dimensions)
    return sentence("run_too_old") if error is not None else ""


def blanked(result: R) -> R:
    """Take every value out of a result, with the reason that there are no weights."""
    if isinstance(result, Figure):
        is_blank = result.is_shown
        return replace(result, value=None, low=None, high=None, standard_error=None, status=Status.TOO_FEW,
                       reason=NOT_WEIGHTABLE) if is_blank else result
    if isinstance(result, tuple):
        is_levels = any(isinstance(one, Level) for one in result)
        return () if is_levels else tuple(blanked(one) for one in result)  # type: ignore[return-value]
    if is_dataclass(result) and not isinstance(result, (type, Period)):
        changed = {one.name: blanked(getattr(result, one.name)) for one in fields(result)}
        return replace(result, **changed)
    return result
