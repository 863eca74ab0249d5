"""The series of a tree: the results under each weight set, as they were last published under it.

Choosing weights begins a new series. The newest one is what every page shows; an earlier one stands as it ended,
under its number in the address (`?series=2`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.dashboards.selection import Selection
from analytics.indicators.models import IndicatorTree, WeightSet
from analytics.indicators.weight_words import weight_set_name
from analytics.scoring.selectors import list_published_weight_sets


@dataclass(frozen=True, slots=True)
class Series:
    """One series as it is named; `value` stands in the address, "" for the newest."""

    value: str
    number: int
    name: str
    validity: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Banner:
    """What is said over an earlier series: which it is, when it ended, and which one is newest."""

    shown: Series
    newest: Series
    published_at: datetime
    newest_query: str


@dataclass(frozen=True, slots=True)
class SeriesBar:
    """The series there are, newest first, and what to say when an earlier one is shown."""

    choices: tuple[Series, ...]
    shown: Series
    banner: Banner | None

    @property
    def has_earlier(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.choices) > 1


def build_series_bar(selection: Selection) -> SeriesBar:
    """Return the series of the selection's tree."""
    shown = selection.run.weight_set
    others = [one for one in list_published_weight_sets(tree=selection.tree) if one.pk != shown.pk]
    sets = sorted([shown, *others], key=lambda one: -one.number)
    choices = tuple(_series(one, selection) for one in sets)
    own = next(one for one in choices if one.is_shown)
    newest = next(one for one in choices if not one.value)
    banner = Banner(own, newest, selection.run.finished_at, selection.query(series="")) if selection.series else None
    return SeriesBar(choices, own, banner)


def earlier_series(selection: Selection) -> WeightSet | None:
    """Return the newest weight set before the shown one under which results were published."""
    number = selection.run.weight_set.number
    return list_published_weight_sets(tree=selection.tree).filter(number__lt=number).first()


def weights_began(weight_set: WeightSet, tree: IndicatorTree) -> date | None:
    """Return the day, in the team's time zone, on which the weights came in force."""
    if weight_set.valid_from_at is None:
        return None
    return weight_set.valid_from_at.astimezone(ZoneInfo(tree.team.time_zone)).date()


def validity_text(weight_set: WeightSet) -> str:
    """Say since when a weight set is in force, or from when to when it was."""
    if weight_set.valid_from_at is None:
        return ""
    words = {"since": wording.local_day_text(weight_set.valid_from_at)}
    if weight_set.valid_to_at is None:
        return _("in force since %(since)s") % words
    words["until"] = wording.local_day_text(weight_set.valid_to_at)
    return _("in force from %(since)s to %(until)s") % words


def present_begin(selection: Selection, periods: Sequence[tuple[date | None, date | None]]) -> Mapping[str, object] | None:
    """Return where on the trend the weights begin, which of its periods lie before, and what to say of it.

    `periods` are the first day of each and the day after its last. None where no other weights came before.
    """
    before = earlier_series(selection)
    day = weights_began(selection.run.weight_set, selection.tree)
    if before is None or day is None:
        return None
    return {
        "place": _place(day, periods), "day": wording.day_text(day), "number": selection.run.weight_set.number,
        "notes": [_note(day, start, end) for start, end in periods],
        "before": before.number, "query": selection.query(series=str(before.number)),
    }


def _place(day: date, periods: Sequence[tuple[date | None, date | None]]) -> float | None:
    """Where a day lies when period number n reaches from n - 0.5 to n + 0.5."""
    for number, (start, end) in enumerate(periods):
        if start is not None and end is not None and start <= day < end:
            return number - 0.5 + (day - start).days / (end - start).days
    return None


def _note(day: date, start: date | None, end: date | None) -> str:
    if start is None or end is None or start >= day:
        return ""
    if end <= day:
        return _("worked out later: other weights were in force")
    return _("these weights from %(day)s") % {"day": wording.day_text(day)}


def _series(weight_set: WeightSet, selection: Selection) -> Series:
    is_shown = weight_set.pk == selection.run.weight_set_id
    is_newest = weight_set.pk == selection.newest.weight_set_id
    return Series(
        "" if is_newest else str(weight_set.number), weight_set.number, weight_set_name(weight_set),
        validity_text(weight_set), is_shown,
    )
