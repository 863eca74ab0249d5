"""Which cells of a run's slices add up to a period: months where it is made of whole ones, else days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.scoring.period_cells import cells_of_levels, cells_of_period, first_of, is_inside
from analytics.scoring.periods import EVERYTHING, days, month, parse_period
from analytics.scoring.results import Grain, Period

MONTHS = ("2025-11", "2025-12", "2026-02", "2026-03")
DAYS = st.dates(date(2025, 9, 1), date(2026, 6, 30))


def days_in(period: Period) -> set[date]:
    """The days of the period's cells that lie in a month with answers; a month stands for all of its days."""
    found = cells_of_period(period, MONTHS)
    if found.slices == ("month",):
        return {
            date.fromordinal(day) for key in found.cells or MONTHS
            for day in range(month(int(key[:4]), int(key[5:])).start.toordinal(), month(int(key[:4]), int(key[5:])).end.toordinal())
        }
    months = {key.removeprefix("day:") for key in found.slices}
    return {date.fromisoformat(day) for day in found.cells if day[:7] in months}


class TestCellsOfAPeriod:
    @given(DAYS, DAYS)
    def test_cover_exactly_its_days_in_months_with_answers(self, one, other):
        period = days(min(one, other), max(one, other))
        inside = {period.start + timedelta(days=number) for number in range((period.end - period.start).days)}
        assert days_in(period) == {day for day in inside if day.isoformat()[:7] in MONTHS}

    @pytest.mark.parametrize(("key", "cells"), [
        ("2025", {"2025-11", "2025-12"}), ("2025-Q4", {"2025-11", "2025-12"}), ("2026-02", {"2026-02"}), ("2026-01", set()),
        ("2025-12-01..2026-02-28", {"2025-12", "2026-02"}),
    ])
    def test_are_months_where_it_is_made_of_whole_ones(self, key, cells):
        found = cells_of_period(parse_period(key), MONTHS)
        assert (found.slices, found.cells, found.are_days) == (("month",), frozenset(cells), False)

    @pytest.mark.parametrize(("key", "slices", "size"), [
        ("2025-12-31", ("day:2025-12",), 1), ("2025-12-30..2026-02-03", ("day:2025-12", "day:2026-02"), 36),
        ("2025-12-01..2025-12-30", ("day:2025-12",), 30), ("2026-01-05..2026-01-09", (), 0), ("2026-W01", ("day:2025-12",), 7),
    ])
    def test_are_days_where_it_is_not(self, key, slices, size):
        found = cells_of_period(parse_period(key), MONTHS)
        assert (found.slices, len(found.cells), found.are_days) == (slices, size, True)

    def test_are_no_more_days_than_lie_between_the_first_and_the_last_answers(self):
        found = cells_of_period(days(date(1001, 1, 2), date(9000, 1, 2)), MONTHS)
        assert (min(found.cells), max(found.cells), len(found.cells)) == ("2025-11-01", "2026-03-31", 151)
        assert cells_of_period(days(date(1001, 1, 2), date(9000, 1, 2)), ()).cells == frozenset()

    def test_of_everything_are_all_months_and_of_a_wave_its_own(self):
        assert (cells_of_period(EVERYTHING, MONTHS).slices, cells_of_period(EVERYTHING, MONTHS).cells) == (("month",), None)
        found = cells_of_period(Period(Grain.WAVE, "w1"), MONTHS)
        assert (found.slices, found.cells, found.are_days) == (("wave",), frozenset({"w1"}), False)


class TestCellsOfLevels:
    def test_stand_by_year_and_hold_months(self):
        found = cells_of_levels(parse_period("2025-Q4"), "region", MONTHS)
        assert (found.slices, found.cells) == (("level:region:2025", "level:region:2026"), frozenset({"2025-11", "2025-12"}))

    def test_know_waves_and_no_days(self):
        found = cells_of_levels(Period(Grain.WAVE, "w1"), "region", MONTHS)
        assert (found.slices, found.cells) == (("level:region:wave",), frozenset({"w1"}))
        assert cells_of_levels(parse_period("2025-12-31"), "region", MONTHS).cells is None


class TestInside:
    @pytest.mark.parametrize(("part", "whole", "is_part"), [
        ("2025-12", "2025", True), ("2025-01", "2025", True), ("2026-01", "2025", False), ("2024-12", "2025", False),
        ("2025-W01", "2025", False), ("2025", "2025-12", False),
    ])
    def test_is_what_begins_there(self, part, whole, is_part):
        assert is_inside(parse_period(part), parse_period(whole)) is is_part

    def test_of_everything_is_everything(self):
        assert is_inside(EVERYTHING, EVERYTHING) and is_inside(parse_period("2025"), EVERYTHING)
        assert not is_inside(EVERYTHING, parse_period("2025"))


def test_the_first_of_a_month_is_a_day() -> None:
    assert first_of("2026-11") == date(2026, 11, 1)
