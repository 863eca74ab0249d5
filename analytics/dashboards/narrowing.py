"""The rows behind a selection: the same period, filters and scope as its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Model, Q, QuerySet

from analytics.scoring.results import Grain, Period
from analytics.scoring.summaries import QUESTIONNAIRE
from surveys.json_text import text_under

M = TypeVar("M", bound=Model)


def in_segments(
    rows: QuerySet[M], *filters: Mapping[str, Sequence[str]], questionnaire: str = "questionnaire_id"
) -> QuerySet[M]:
    """Keep rows whose `attributes` fulfil every one of the filters (a scope is one of them)."""
    for place, (key, levels) in enumerate(pair for one in filters for pair in one.items()):
        if key == QUESTIONNAIRE:
            rows = rows.filter(**{f"{questionnaire}__in": [level for level in levels if level.isdigit()]})
            continue
        alias = f"segment_{place}"
        rows = rows.alias(**{alias: text_under(key, "attributes")})
        chosen = Q(**{f"{alias}__in": [level for level in levels if level]})
        rows = rows.filter(chosen | Q(**{f"{alias}__isnull": True}) if "" in levels else chosen)
    return rows


def in_period(rows: QuerySet[M], period: Period, *, moment: str, wave: str, zone: str) -> QuerySet[M]:
    """Keep rows whose field `moment` lies in the period's days in the time zone, or whose wave it is."""
    return rows.filter(is_in_period(period, moment=moment, wave=wave, zone=zone))


def is_in_period(period: Period, *, moment: str, wave: str, zone: str) -> Q:
    """The condition of `in_period`."""
    if period.grain == Grain.WAVE:
        return Q(**{wave: period.label})
    if period.start is None or period.end is None:
        return Q()
    low, high = midnight(period.start, zone), midnight(period.end, zone)
    return Q(**{f"{moment}__gte": low, f"{moment}__lt": high})


def midnight(day: date, zone: str) -> datetime:
    """The first moment of a day in a time zone."""
    # East of Greenwich the first day begins before the calendar of UTC does: the second stands for it.
    return datetime.combine(max(day, date.min + timedelta(days=1)), time.min, tzinfo=ZoneInfo(zone))
