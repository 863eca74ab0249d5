"""The moment that stands for a day: the same day wherever the team turns out to be."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from surveys.answering.days import moment_of_day

DAYS = [date(2026, 5, 1), date(2024, 2, 29), date(2025, 12, 31), date(2026, 3, 29)]
BESIDE_THE_DATE_LINE = timedelta(hours=12)


class TestADay:
    @pytest.mark.parametrize("day", DAYS)
    def test_is_that_day_in_its_own_zone(self, day: date) -> None:
        for name in sorted(available_timezones()):
            zone = ZoneInfo(name)
            assert moment_of_day(day, zone).astimezone(zone).date() == day, name

    @pytest.mark.parametrize("day", DAYS)
    @pytest.mark.parametrize("before", ["Asia/Shanghai", "UTC", "America/Los_Angeles", "Australia/Sydney"])
    def test_stays_that_day_when_the_zone_is_set_later(self, day: date, before: str) -> None:
        moment = moment_of_day(day, ZoneInfo(before))
        for name in sorted(available_timezones()):
            after = ZoneInfo(name)
            offset = datetime(day.year, day.month, day.day, 12, tzinfo=after).utcoffset()
            assert offset is not None
            if abs(offset) < BESIDE_THE_DATE_LINE:
                assert moment.astimezone(after).date() == day, name
