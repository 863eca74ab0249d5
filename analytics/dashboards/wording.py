"""How numbers, periods and their uncertainty are written, in the active language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.punctuation import enumerated
from analytics.dashboards.comments import CommentCount, Mood
from analytics.dashboards.geometry import FIVE_TONES, Piece
from analytics.dashboards.selection import Selection
from analytics.scoring.grades import Grade
from analytics.scoring.registry import get_metric
from analytics.scoring.results import Change, Dimension, Figure, Grain, Period, Status, Verdict
from analytics.scoring.sentences import figure_sentence, sentence
from surveys.design.document import text_in

MINUS: Final = "−"
NO_VALUE: Final = "–"
SIGNED: Final = ("nps", "ces_net")
"""Metrics around 0, written with their sign."""
_DAY: Final = timedelta(days=1)


def number(value: float | None, decimals: int = 1, *, sign: bool = False) -> str:
    """Write a number with a true minus sign; None becomes an en dash, and a rounded zero has no sign."""
    if value is None:
        return NO_VALUE
    rounded = round(value, decimals) or 0.0
    return f"{rounded:{'+' if sign and rounded else ''},.{decimals}f}".replace("-", MINUS)


def value_text(figure: Figure) -> str:
    """Write a figure without its unit: 79.6, 79.2 (of percent) or +34."""
    return number(_scaled(figure.metric, figure.value), decimals_of(figure.metric), sign=figure.metric in SIGNED)


def unit_text(metric: str) -> str:
    """The unit printed after a value."""
    return "%" if _unit(metric) == "share" else ""


def value_with_unit(figure: Figure) -> str:
    """Write a figure as it stands in a sentence."""
    return f"{value_text(figure)}{unit_text(figure.metric) if figure.is_shown else ''}"


def interval_text(figure: Figure) -> str:
    """Write "95% interval 78.1 – 81.1"; empty where the metric has no interval here."""
    ends = _ends(figure)
    return _("95%% interval %(low)s – %(high)s") % ends if ends else ""


def range_text(figure: Figure) -> str:
    """Write "78.1 – 81.1" for a table whose head says that these are 95% intervals."""
    ends = _ends(figure)
    return f"{ends['low']} – {ends['high']}" if ends else ""


def _ends(figure: Figure) -> dict[str, str]:
    if figure.low is None or figure.high is None:
        return {}
    sign, decimals = figure.metric in SIGNED, decimals_of(figure.metric)
    low, high = (number(_scaled(figure.metric, end), decimals, sign=sign) for end in (figure.low, figure.high))
    return {"low": low, "high": high}


def n_text(n: int) -> str:
    """Write how many answers a figure rests on."""
    return _("n = %(n)s") % {"n": f"{n:,}"}


def size_text(figure: Figure) -> str:
    """Write how many answers a figure rests on; for a weighted one also its effective number."""
    if figure.weight is None:
        return n_text(figure.n) if figure.n else ""
    return " · ".join((n_text(figure.n), _("effective n = %(n)s") % {"n": number(figure.n_eff, 0)}))


def status_text(figure: Figure) -> str:
    """Say why there is no value, or that it rests on little; empty for an ordinary figure."""
    if figure.metric == "response_rate":
        return invitations_text(figure)
    return figure_sentence(figure)


def invitations_text(figure: Figure) -> str:
    """The same of a response rate, which counts invitations where other figures count answers."""
    if figure.status == Status.TOO_FEW:
        return ngettext(
            "%(n)s delivered invitation. The rate is shown from %(needed)s.",
            "%(n)s delivered invitations. The rate is shown from %(needed)s.", figure.n,
        ) % {"n": figure.n, "needed": figure.needed}
    if figure.status == Status.FEW:
        return _("Few invitations (n = %(n)s): read with care") % {"n": figure.n}
    return figure_sentence(figure)


def change_text(change: Change) -> str:
    """Write a difference with its sign: +2.3, −3.4 (percentage points) or +3."""
    return number(_scaled(change.metric, change.difference), decimals_of(change.metric), sign=True)


def change_with_unit(change: Change) -> str:
    """Write a difference as it stands in a table: shares in percentage points."""
    text = change_text(change)
    if _unit(change.metric) != "share" or change.difference is None:
        return text
    return _("%(change)s pp") % {"change": text}


def change_number(metric: str, value: float | None, *, sign: bool = False, more: int = 0) -> str:
    """Write an end of a difference's interval, with a digit more than whole numbers have and `more` on top."""
    return number(_scaled(metric, value), max(1, decimals_of(metric)) + more, sign=sign)


def verdict_text(change: Change) -> str:
    """Say what may be said of a change; where only the correction keeps it within chance, that too."""
    if change.verdict == Verdict.BEYOND:
        return _("beyond chance")
    if change.verdict != Verdict.WITHIN:
        return ""
    return _("beyond chance alone, within chance after correction") if _leaves_out_zero(change) else _("within chance")


def _leaves_out_zero(change: Change) -> bool:
    return change.low is not None and change.high is not None and (change.low > 0 or change.high < 0)


def unjudged_text(change: Change) -> str:
    """Say why a difference that is shown has no verdict; empty where it has one."""
    is_told = change.verdict == Verdict.UNKNOWN and change.difference is not None and change.reason
    return sentence(change.reason) if is_told else ""


def decimals_of(metric: str) -> int:
    """How many digits the registry prints for a metric; shares get one, as percent."""
    if _unit(metric) == "share":
        return 1
    found = get_metric(metric)
    return found.decimals if found else 1


def period_text(period: Period) -> str:
    """Name a period: 2018, Q4 2018, Nov 2018, Week 47 of 2018, 22 Nov 2018, 1 Oct 2018 – 23 Nov 2018."""
    if period.grain == Grain.ALL:
        return _("All time")
    if period.start is None or period.end is None:
        return period.label
    if period.grain == Grain.QUARTER:
        return _("Q%(quarter)s %(year)s") % {"quarter": (period.start.month + 2) // 3, "year": period.start.year}
    if period.grain == Grain.MONTH:
        return date_format(period.start, pgettext("date format: month and year", "M Y"))
    if period.grain == Grain.WEEK:
        iso = period.start.isocalendar()
        return _("Week %(week)s of %(year)s") % {"week": iso.week, "year": iso.year}
    if period.grain == Grain.YEAR:
        return pgettext("name of a year", "%(year)s") % {"year": period.start.year}
    return days_text(period)


def days_text(period: Period) -> str:
    """Write a period as its first and last day; its name where it has no days."""
    if period.start is None or period.end is None:
        return period.label
    last = period.end - _DAY
    if period.start == last:
        return day_text(last)
    is_one_year = period.start.year == last.year
    first = date_format(period.start, pgettext("date format: first day of a range within a year", "j M"))
    return f"{first if is_one_year else day_text(period.start)} – {_last_day(last, is_one_year)}"


def _last_day(day: date, is_one_year: bool) -> str:
    """The last day of a range; where the year comes first it stands with the first day alone."""
    if not is_one_year:
        return day_text(day)
    return date_format(day, pgettext("date format: last day of a range within a year", "j M Y"))


def day_text(day: date) -> str:
    """Write a day: 23 Nov 2026."""
    return date_format(day, pgettext("date format: day", "j M Y"))


def tick_text(period: Period) -> str:
    """Name a period on an axis: shorter than in a sentence."""
    if period.grain == Grain.MONTH and period.start:
        return date_format(period.start, pgettext("date format: month on an axis", "M"))
    if period.grain == Grain.DAY and period.start:
        return date_format(period.start, pgettext("date format: day on an axis", "j M"))
    if period.grain == Grain.WEEK and period.start:
        return _("W%(week)s") % {"week": period.start.isocalendar().week}
    return period.label if period.grain in (Grain.WAVE, Grain.YEAR) else period_text(period)


def moment_text(moment: datetime) -> str:
    """Write a moment in the current time zone with that zone: 23 Nov 2026, 10:24 (UTC+8)."""
    local = timezone.localtime(moment)
    written = date_format(local, pgettext("date format: day and time", "j M Y, H:i"))
    return pgettext("moment and time zone", "%(moment)s (%(zone)s)") % {"moment": written, "zone": _zone(local)}


def local_day_text(moment: datetime) -> str:
    """Write the day of a moment in the current time zone."""
    return day_text(timezone.localtime(moment).date())


def month_text(moment: datetime) -> str:
    """Write only the month of a moment: what may be told of an anonymous answer."""
    return date_format(timezone.localtime(moment), pgettext("date format: month and year", "M Y"))


def listed(words: list[str]) -> str:
    """Write a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return _("%(head)s and %(last)s") % {"head": enumerated(words[:-1]), "last": words[-1]}


def level_text(level: str, names: object, language: str) -> str:
    """Name a segment level; responses without a value are "Not given"."""
    known = text_in(names, language) if isinstance(names, dict) else ""
    return known or level or _("Not given")


def filters_text(selection: Selection, language: str) -> str:
    """Write all filters out, for print."""
    separator = _("; ")
    parts = [text_in(selection.tree.names, language), period_text(selection.period)]
    if selection.previous:
        parts.append(_("compared with %(period)s") % {"period": period_text(selection.previous)})
    for dimension in selection.known.dimensions:
        name = text_in(dimension.names, language) or dimension.key
        chosen = selection.filters.get(dimension.key)
        levels = listed([level_name(dimension, level, language) for level in chosen]) if chosen else _("all")
        parts.append(_("%(name)s: %(levels)s") % {"name": name, "levels": levels})
    return separator.join(parts)


def level_name(dimension: Dimension | None, level: str, language: str) -> str:
    """Name a level of a dimension."""
    return level_text(level, dict(dimension.level_names.get(level, {})) if dimension else {}, language)


def grade_text(grade: Grade | None) -> str:
    """Write a grade with its cut-offs: Satisfied (62.5 – 87.5); empty where there is no value."""
    if grade is None:
        return ""
    return _("%(grade)s (%(low)s – %(high)s)") % {
        "grade": level_words()[grade.level - 1], "low": number(grade.low), "high": number(grade.high),
    }


def level_words() -> list[str]:
    """The five levels in words, lowest first."""
    return [_("Very dissatisfied"), _("Dissatisfied"), _("Neutral"), _("Satisfied"), _("Very satisfied")]


def levels_text(pieces: Sequence[Piece]) -> str:
    """Write a distribution as a sentence for those who do not see the bar."""
    words = level_words() if len(pieces) == len(FIVE_TONES) else [str(piece.code) for piece in pieces]
    return enumerated(f"{word} {100 * piece.share:.0f}%" for word, piece in zip(words, pieces, strict=True))


def comments_text(counted: CommentCount) -> str:
    """Write how many comments there are, and of which scores: 8 comments · 5 high · 3 middle."""
    words = {Mood.HIGH: _("%(n)s high"), Mood.MIDDLE: _("%(n)s middle"), Mood.LOW: _("%(n)s low")}
    total = ngettext("%(n)s comment", "%(n)s comments", counted.total) % {"n": f"{counted.total:,}"}
    bands = [text % {"n": f"{counted.bands[mood]:,}"} for mood, text in words.items() if counted.bands[mood]]
    return " · ".join([total, *bands])


def grain_text(grain: Grain) -> str:
    """Name a kind of period."""
    return {
        Grain.WAVE: _("Waves"), Grain.YEAR: _("Years"), Grain.QUARTER: _("Quarters"), Grain.MONTH: _("Months"),
        Grain.WEEK: _("Weeks"),
    }.get(grain, "")


def _zone(local: datetime) -> str:
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else MINUS}{hours}{f':{rest:02d}' if rest else ''}"


def _unit(metric: str) -> str:
    found = get_metric(metric)
    return found.unit if found else "points"


def _scaled(metric: str, value: float | None) -> float | None:
    return value * 100 if value is not None and _unit(metric) == "share" else value
