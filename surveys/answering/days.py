"""Moments that stand for days: of answers whose time nobody knows, and of those whose time is not kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

NOON: Final = time(12)


def moment_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment that stands for a day.

    Noon in UTC lies on that day in nearly all of the world, so that answers keep their day when a team sets its time
    zone after they have come. Beside the date line, where it does not, it is noon of the zone.
    """
    moment = datetime.combine(day, NOON, tzinfo=UTC)
    return moment if moment.astimezone(zone).date() == day else datetime.combine(day, NOON, tzinfo=zone)


def stands_for_a_day(moment: datetime) -> bool:
    """Tell whether a moment is one that stands for its day; its time is not worth telling."""
    return moment.astimezone(UTC).time() == NOON
