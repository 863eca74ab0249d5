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
from analytics.scoring.schemes import OF_THE_RUN
from analytics.scoring.sources import Filter
from analytics.scoring.standard_weighting import word_of


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
        """What a form must send again so that it stays on this value; the weighting is its own."""
        asked = self._asked(weighting="")
        return [(key, value) for key, values in asked.lists() for value in values]

    def address(self, **changes: str) -> str:
        """Write all that was asked for, with these keys changed ("" drops one), as the query of another page."""
        return self._asked(**changes).urlencode()

    def _asked(self, **changes: str) -> QueryDict:
        found = self.query.copy()
        # The page before may know another period by default, and the weighting of the run by its own word alone.
        found["node"], found["period"] = self.node, self.period.key
        if self.weighting == OF_THE_RUN:
            found["weighting"] = word_of(self.run.provenance.get("weighting"))
        for key, value in changes.items():
            found[key] = value
        for key in [key for key, values in found.lists() if values == [""]]:
            del found[key]
        return found

    @property
    def overview(self) -> str:
        """The query of the overview with the same choice."""
        survey = self.query.get("survey", "") or str(self.run.tree_id)
        return self.address(node="", survey=survey)


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
