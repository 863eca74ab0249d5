"""What the reader asked to see: from the address to a survey, periods and filters, and back.

The address holds all of it, under readable keys, and leaves out what is the default::

    ?survey=2&period=2018-Q4&compare=year&region=East&region=North&by=tier&series=3
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.access import Actor
from accounts.asked import Problems, find_unknown
from analytics.indicators.models import IndicatorTree, WeightSet
from analytics.scoring import periods, wave_order
from analytics.scoring.models import Run
from analytics.scoring.reading import Reading
from analytics.scoring.results import Dimension, Grain, Period
from analytics.scoring.selectors import get_latest_run, get_run_of_weight_set
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import has_columns
from analytics.scoring.wave_order import Middles
from analytics.scoring.weighting import Weighting

LISTED_GRAINS = (Grain.WAVE, Grain.YEAR, Grain.QUARTER, Grain.MONTH, Grain.WEEK)
KEYS = ("survey", "series", "period", "compare", "by")
"""Keys that every address of results knows."""
OWN_KEYS = frozenset({
    "survey", "series", "period", "compare", "by", "page", "q", "score", "before", "weighting", "weights", "sort", "node",
})
"""Keys of the address that no segment dimension can take (such a dimension is written `dim.<key>`)."""


class PageReading(Reading):
    """A reading that serves a whole page."""

    def read_ahead(self) -> None:
        """Read in two queries what every page looks up of the run, slice by slice."""
        self.source.cubes(("month", "wave"))
        cells = ("wave", *sorted({month[:4] for month in self.months}))
        self.source.cubes([f"level:{key}:{cell}" for key in self.definition.dimensions for cell in cells])


class Compare(StrEnum):
    """With which period the chosen one is compared."""

    PREVIOUS = "previous"
    YEAR = "year"
    NONE = "none"


@dataclass(frozen=True)
class Ignored:
    """A part of the address that means nothing here; the page says so, and why where it knows, and shows the default."""

    key: str
    value: str
    reason: str = ""

    @property
    def sentence(self) -> str:
        """Say it to who must not be given the default instead."""
        return self.reason or _("“%(value)s” means nothing here.") % {"value": self.value}


@dataclass(frozen=True)
class Known:
    """What there is to choose from in a run, within the actor's scope."""

    periods: Mapping[Grain, tuple[Period, ...]]
    dimensions: tuple[Dimension, ...]
    wave_middles: Middles

    @property
    def default_period(self) -> Period:
        """The newest wave, else the newest quarter that holds answers, else everything."""
        for grain in (Grain.WAVE, Grain.QUARTER):
            if self.periods.get(grain):
                return self.periods[grain][-1]
        return periods.EVERYTHING

    def dimension(self, key: str) -> Dimension | None:
        """The dimension with this key."""
        return next((one for one in self.dimensions if one.key == key), None)


@dataclass(frozen=True)
class Selection:
    """A parsed address. `survey` is the word as it was written, "" for the default.

    `reading` reads the run under the filters and the actor's `scope`, for every part of the page. `series` is the
    number of an earlier weight set whose last run is shown, "" for the `newest` run. `weighting` is the
    word of the respondent weights, "" for none (see `weighting.reading`).
    """

    tree: IndicatorTree
    run: Run
    reading: PageReading
    scope: Mapping[str, Sequence[str]]
    known: Known
    survey: str
    period: Period
    compare: Compare
    previous: Period | None
    filters: Mapping[str, tuple[str, ...]]
    by: str
    today: date
    ignored: tuple[Ignored, ...] = field(default_factory=tuple)
    series: str = ""
    newest_run: Run | None = None
    weighting: str = ""
    weights: Weighting | None = None

    @property
    def newest(self) -> Run:
        """The newest run of the tree: the shown one, unless an earlier series is."""
        return self.newest_run or self.run

    @property
    def is_running(self) -> bool:
        """Whether the chosen period is not over yet."""
        return self.period.is_running(self.today)

    @property
    def default_by(self) -> str:
        """The dimension of the table of segments unless another is asked for."""
        return default_dimension(self.known.dimensions, self.filters)

    @property
    def uncompared(self) -> str:
        """Why there is nothing to compare with although a year earlier was asked for, as a sentence; else empty."""
        is_missed = self.compare == Compare.YEAR and self.period.grain == Grain.WAVE and self.previous is None
        return sentence("no_wave_last_year") if is_missed else ""

    def query(self, **changes: str | Sequence[str]) -> str:
        """Write the address's query, defaults left out, with these keys changed ("" drops one)."""
        pairs: dict[str, str | Sequence[str]] = {
            "survey": self.survey, "series": self.series,
            "period": "" if self.period == self.known.default_period else self.period.key,
            "compare": "" if self.compare == Compare.PREVIOUS else self.compare.value,
            **{parameter_of(key): levels for key, levels in self.filters.items()},
            "by": "" if self.by == self.default_by else self.by,
            "weighting": self.weighting,
        }
        pairs |= changes
        return urlencode({key: value for key, value in pairs.items() if value}, doseq=True)

    def filters_query(self) -> str:
        """Write all but the period, for the address of a single value; begins with & where there is anything.

        The value needs the filters and the weighting; the rest leads back to the same page.
        """
        query = self.query(period="")
        return f"&{query}" if query else ""

    def count_narrowed(self) -> int:
        """How many of period and dimensions are not as they begin."""
        return len(self.filters) + (self.period != self.known.default_period)

    def without(self, dimension: str) -> str:
        """The query with one dimension's filter removed."""
        return self.query(**{parameter_of(dimension): ""})


def read_selection(
    *, actor: Actor, tree: IndicatorTree | None, query: QueryDict, at: datetime
) -> Selection | None:
    """Read an address against the tree's last finished run, within the actor's scope; None before the first."""
    run = get_latest_run(tree=tree) if tree is not None else None
    if tree is None or run is None:
        return None
    today, word = today_of(actor, at), query.get("series", "")
    series, problem = _earlier_run(tree, run, word) if word else (None, None)
    if series is not None:
        found = _parse_earlier(series, query, newest=run, scope=actor.scope, today=today, at=at)
        if found is not None:
            return found
        problem = Ignored("series", word, _("The answers of this earlier series have been packed anew since, so it can "
                                            "only be shown for whole periods, without filters. The newest one is shown."))
    selection = parse_selection(tree=tree, run=run, query=query, scope=actor.scope, today=today, at=at)
    return selection if problem is None else replace(selection, ignored=(*selection.ignored, problem))


def _earlier_run(tree: IndicatorTree, newest: Run, word: str) -> tuple[Run | None, Ignored | None]:
    """Return the last run of the series that a number names; neither run nor complaint where it is the newest one."""
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0
    if number == newest.weight_set.number:
        return None, None
    weight_set = WeightSet.objects.filter(tree=tree, number=number).first()
    run = get_run_of_weight_set(weight_set=weight_set) if weight_set is not None else None
    return run, None if run is not None else Ignored("series", word)


def _parse_earlier(
    run: Run, query: QueryDict, *, newest: Run, scope: Mapping[str, Sequence[str]], today: date, at: datetime
) -> Selection | None:
    """Read an address against an earlier run; None where that needs columns which are gone."""
    is_whole = has_columns(run)
    if not is_whole and (scope or Reading(run, at=at).rules.k):
        return None
    found = parse_selection(tree=run.tree, run=run, query=query, scope=scope, today=today, at=at)
    if not is_whole and (found.filters or any(_is_of_days(one) for one in (found.period, found.previous))):
        return None
    return replace(found, series=str(run.weight_set.number), newest_run=newest)


def _is_of_days(period: Period | None) -> bool:
    return period is not None and period.grain in (Grain.WEEK, Grain.DAY, Grain.RANGE)


def today_of(actor: Actor, at: datetime) -> date:
    """The day in the team's time zone."""
    return at.astimezone(ZoneInfo(actor.team.time_zone)).date()


def parse_selection(
    *, tree: IndicatorTree, run: Run, query: QueryDict, scope: Mapping[str, Sequence[str]], today: date,
    at: datetime,
) -> Selection:
    """Read an address, looked at on this day at this moment. What it cannot mean is listed in `ignored` and the default stands."""
    whole = PageReading(run, scope=scope, at=at)
    whole.read_ahead()
    known = list_choices(whole, scope=scope)
    ignored: list[Ignored] = []
    period = _period(query.get("period", ""), known, ignored)
    compare = _compare(query.get("compare", ""), ignored)
    filters = _filters(query, known, ignored)
    by = query.get("by", "")
    if by and known.dimension(by) is None:
        ignored.append(Ignored("by", by))
        by = ""
    return Selection(
        tree=tree, run=run, scope=scope,
        reading=PageReading(run, filters=filters, scope=scope, at=at) if filters else whole,
        known=known, survey=query.get("survey", ""), period=period, compare=compare,
        previous=compared_period(period, compare, known=known, today=today),
        filters=filters, by=by or default_dimension(known.dimensions, filters), today=today,
        ignored=tuple(ignored),
    )


def list_choices(whole: Reading, *, scope: Mapping[str, Sequence[str]]) -> Known:
    """Return the periods that hold answers, and the dimensions that tell them apart, as far as the scope goes."""
    held = {grain: whole.periods(grain) for grain in LISTED_GRAINS}
    return Known(
        periods={grain: found for grain, found in held.items() if found},
        dimensions=tuple(
            _within(dimension, scope) for dimension in whole.dimensions if _is_in_use(whole, dimension.key)
        ),
        wave_middles=whole.wave_middles if held[Grain.WAVE] else {},
    )


def _is_in_use(whole: Reading, dimension: str) -> bool:
    """Whether any response has a level of it: another survey of the team may have brought it in."""
    levels = whole.segments(periods.EVERYTHING, dimension, ())
    return any(one.level and (one.result.responses or one.result.is_withheld) for one in levels)


def compared_period(period: Period, compare: Compare, *, known: Known, today: date) -> Period | None:
    """Return the period to compare with; a running one meets as many days of the earlier one."""
    if compare == Compare.NONE:
        return None
    if period.grain == Grain.WAVE:
        return _earlier_wave(period.label, compare, known)
    before = periods.previous_period if compare == Compare.PREVIOUS else periods.same_period_last_year
    earlier = before(period)
    if earlier is None or period.start is None or not period.is_running(today):
        return earlier
    return periods.first_days(earlier, (today - period.start).days + 1)


def find_problems(selection: Selection, query: QueryDict, *more: str) -> Problems:
    """Return what an address asks for that means nothing, by its key; `more` are the keys known beside those of all.

    For programs and files, which no notice can reach: they get what they ask for, or the reason.
    """
    filters = [parameter_of(dimension.key) for dimension in selection.known.dimensions]
    problems = find_unknown(query, known=(*KEYS, *more), repeatable=filters)
    return problems | sentences_of(selection.ignored)


def sentences_of(ignored: Sequence[Ignored]) -> Problems:
    """Say what means nothing, by its key."""
    return {one.key: [other.sentence for other in ignored if other.key == one.key] for one in ignored}


def parameter_of(dimension: str) -> str:
    """The key under which the address holds a dimension's filter."""
    return f"dim.{dimension}" if dimension in OWN_KEYS else dimension


def default_dimension(dimensions: Sequence[Dimension], filters: Mapping[str, Sequence[str]]) -> str:
    """The key of the first dimension of which more than one level is left, else of the first; "" when there is none."""
    several = [one.key for one in dimensions if len(filters.get(one.key) or one.levels) > 1]
    return next(iter([*several, *(one.key for one in dimensions)]), "")


def _within(dimension: Dimension, scope: Mapping[str, Sequence[str]]) -> Dimension:
    if dimension.key not in scope:
        return dimension
    allowed = set(scope[dimension.key])
    return replace(dimension, levels=tuple(level for level in dimension.levels if level in allowed))


def _period(word: str, known: Known, ignored: list[Ignored]) -> Period:
    if not word:
        return known.default_period
    try:
        return periods.parse_period(_one_spelling(word))
    except periods.UnknownPeriodError:
        ignored.append(Ignored("period", word))
        return known.default_period


def _one_spelling(word: str) -> str:
    """Accept `2018-q4` for `2018-Q4` and `w:2018` for `wave:2018`."""
    if word.startswith("w:"):
        return periods.WAVE_PREFIX + word.removeprefix("w:")
    return word if word.startswith(periods.WAVE_PREFIX) or word == periods.EVERYTHING.key else word.upper()


def _compare(word: str, ignored: list[Ignored]) -> Compare:
    if not word:
        return Compare.PREVIOUS
    try:
        return Compare(word)
    except ValueError:
        ignored.append(Ignored("compare", word))
        return Compare.PREVIOUS


def _filters(query: QueryDict, known: Known, ignored: list[Ignored]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for dimension in known.dimensions:
        asked = [level for level in query.getlist(parameter_of(dimension.key)) if level]
        ignored += [Ignored(dimension.key, level) for level in asked if level not in dimension.levels]
        levels = tuple(level for level in dimension.levels if level in asked)
        if levels and levels != dimension.levels:
            found[dimension.key] = levels
    return found


def _earlier_wave(name: str, compare: Compare, known: Known) -> Period | None:
    names = tuple(one.label for one in known.periods.get(Grain.WAVE, ()))
    if compare == Compare.PREVIOUS:
        found = wave_order.wave_before(name, names)
    else:
        found = wave_order.wave_last_year(name, {one: known.wave_middles[one] for one in names if one in known.wave_middles})
    return periods.wave(found) if found is not None else None
