"""What a reader of the page of a value asked for: an indicator, a period, filters and a weighting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.http import QueryDict
from django.utils.translation import gettext as _

from analytics.dashboards.selection import PageReading, list_choices, parameter_of
from analytics.scoring.models import Run
from analytics.scoring.periods import EVERYTHING, UnknownPeriodError, parse_period
from analytics.scoring.results import Period
from analytics.scoring.sources import Filter


@dataclass(frozen=True)
class ValueRequest:
    """A parsed address; `weighting` is the word of one, "" for the run's own, `problem` says what could not be read.

    `at` is the moment of looking.
    """

    run: Run
    scope: Filter
    query: QueryDict
    node: str
    period: Period
    weighting: str
    problem: str
    at: datetime

    @cached_property
    def filters(self) -> Mapping[str, list[str]]:
        """The levels asked for, of the dimensions the reader may know. Raises RunTooOldError."""
        known = list_choices(PageReading(self.run, scope=self.scope, at=self.at), scope=self.scope)
        asked = {one.key: [level for level in self.query.getlist(parameter_of(one.key)) if level in one.levels]
                 for one in known.dimensions}
        return {key: levels for key, levels in asked.items() if levels}

    def fields(self) -> list[tuple[str, str]]:
        """What a form must send again so that it stays on this value."""
        levels = [(parameter_of(key), level) for key, chosen in self.filters.items() for level in chosen]
        return [("node", self.node), ("period", self.period.key), *levels]


def parse_value_request(*, run: Run, query: QueryDict, scope: Filter, at: datetime) -> ValueRequest:
    """Read an address; without an indicator the index is meant, without a period all answers."""
    period, problem = period_asked(query)
    node = query.get("node", "") or run.definition["nodes"][0]["key"]
    return ValueRequest(run, scope, query, node, period, query.get("weighting", ""), problem, at)


def period_asked(query: QueryDict) -> tuple[Period, str]:
    """Return the period of an address, and the sentence that says why it cannot be read."""
    word = query.get("period", "")
    if not word:
        return EVERYTHING, ""
    try:
        return parse_period(word), ""
    except UnknownPeriodError:
        return EVERYTHING, _("“%(value)s” is no period, so all answers are shown.") % {"value": word}
