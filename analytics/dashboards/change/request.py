"""What a reader of the change page asked for: two periods, a weighting, the weights of the earlier period."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from django.http import QueryDict

from analytics.dashboards.change.read import Changes, read_changes
from analytics.dashboards.selection import Ignored, Selection
from analytics.dashboards.weighting.reading import weighted
from analytics.dashboards.weighting.refusals import refusal_text
from analytics.indicators.models import WeightSet
from analytics.scoring import periods
from analytics.scoring.results import Period
from analytics.scoring.schemes import get_weighting
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import RunTooOldError
from analytics.scoring.weighting import Weighting, WeightingError


@dataclass(frozen=True)
class ChangeRequest:
    """A parsed address; `weighting_word` is "" for unweighted figures, `problem` says why weights cannot be had."""

    selection: Selection
    before: Period | None
    weighting: Weighting | None
    weighting_word: str
    earlier_weights: WeightSet | None
    problem: str = ""
    ignored: tuple[Ignored, ...] = field(default_factory=tuple)

    @cached_property
    def charted(self) -> Selection:
        """The selection of the trend and the control charts: of the same figures as the rows."""
        if self.weighting is None:
            return self.selection
        return weighted(self.selection, self.weighting_word, self.weighting)

    @property
    def weights_before(self) -> WeightSet:
        """The weight set of the earlier period; that of the run unless another was chosen."""
        return self.earlier_weights or self.selection.run.weight_set

    @property
    def count(self) -> int:
        """How many of the form's fields are not as they begin."""
        own = (self.before != self.selection.previous, bool(self.weighting_word), self.earlier_weights is not None)
        return self.selection.count_narrowed() + sum(own)

    def query(self, **changes: str) -> str:
        """Write the address's query with these keys changed."""
        is_default = self.before == self.selection.previous
        own = {
            "before": self.before.key if self.before is not None and not is_default else "",
            "weighting": self.weighting_word,
            "weights": str(self.earlier_weights.number) if self.earlier_weights else "",
        }
        return self.selection.query(**(own | changes))


def parse_change_request(*, selection: Selection, query: QueryDict) -> ChangeRequest:
    """Read an address. What it cannot mean is listed in `ignored` and the default stands."""
    ignored = list(selection.ignored)
    before, word = selection.previous, query.get("before", "")
    if word:
        try:
            before = periods.parse_period(word)
        except periods.UnknownPeriodError:
            ignored.append(Ignored("before", word))
    weighting, problem = None, ""
    named = query.get("weighting", "")
    if named:
        try:
            weighting = get_weighting(tree=selection.tree, word=named)
        except WeightingError as error:
            problem = sentence(error.code, error.details)
    return ChangeRequest(
        selection, before, weighting, named if weighting is not None else "",
        _weights(selection, query.get("weights", ""), ignored), problem, tuple(ignored),
    )


def read_requested(asked: ChangeRequest) -> tuple[Changes | None, str]:
    """Return the changes, or the sentence that says why there are none."""
    if asked.problem:
        return None, asked.problem
    if asked.before is None:
        return None, ""
    try:
        found = read_changes(
            selection=asked.selection, before=asked.before, weighting=asked.weighting,
            earlier_weights=asked.earlier_weights,
        )
    except WeightingError as error:
        return None, refusal_text(error, asked.selection.known.dimensions)
    except RunTooOldError:
        return None, sentence("run_too_old")
    return found, ""


def _weights(selection: Selection, number: str, ignored: list[Ignored]) -> WeightSet | None:
    if not number:
        return None
    sets = WeightSet.objects.filter(tree=selection.tree)
    found = sets.filter(number=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 10 else None
    if found is None:
        ignored.append(Ignored("weights", number))
    return found
