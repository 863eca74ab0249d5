"""Small numbers: too few to say, and what was promised to stay anonymous."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.scoring.disclosure import Rules, hidden_groups
from analytics.scoring.periods import (
    EVERYTHING,
    UnknownPeriodError,
    parse_period,
    previous_period,
    same_period_last_year,
)
from analytics.scoring.results import Grain, Status
from analytics.scoring.selectors import list_periods, read_period, read_segments, read_trend
from analytics.scoring.services import recompute
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    answer_many,
    make_dimension,
    make_team,
    make_tree,
    publish,
    sheet,
    sheets,
    standard_document,
)


class TestRules:
    @pytest.mark.parametrize(("n", "status"), [
        (0, Status.NONE), (1, Status.TOO_FEW), (9, Status.TOO_FEW), (10, Status.FEW), (29, Status.FEW), (30, Status.SHOWN),
    ])
    def test_mark_small_numbers(self, n, status):
        assert Rules().status(n) == status

    @pytest.mark.parametrize(("n", "status"), [
        (0, Status.NONE), (1, Status.WITHHELD), (14, Status.WITHHELD), (15, Status.FEW), (29, Status.FEW), (30, Status.SHOWN),
    ])
    def test_withhold_what_fewer_than_k_said(self, n, status):
        assert Rules(k=15).status(n) == status

    def test_hide_no_more_groups_than_it_takes_and_the_smallest_first(self):
        assert hidden_groups({"a": 0, "b": 40, "c": 12, "d": 11, "e": 3}, 10) == {"d", "e"}
        assert hidden_groups({"a": 0, "b": 40, "c": 9, "d": 9}, 10) == {"c", "d"}
        assert hidden_groups({"b": 40, "c": 4, "d": 4}, 10) == {"b", "c", "d"}
        assert hidden_groups({"b": 40, "c": 11, "d": 5, "e": 5}, 10) == {"d", "e"}
        assert hidden_groups({"a": 1, "b": 40}, 0) == frozenset()
        assert hidden_groups({"a": 1, "b": 40}, 10) == {"a", "b"}
        assert hidden_groups({"a": 9, "b": 10, "c": 40}, 10) == {"a", "b"}

    @given(st.dictionaries(st.integers(0, 8), st.integers(0, 40), max_size=8), st.integers(5, 20))
    def test_hidden_groups_cannot_be_had_by_subtraction(self, counts, k):
        hidden = hidden_groups(counts, k)
        assert {group for group, n in counts.items() if 0 < n < k} <= hidden
        if hidden and any(n for group, n in counts.items() if group not in hidden):
            assert len(hidden) >= 2 and sum(counts[group] for group in hidden) >= k

    @given(st.dictionaries(st.integers(0, 8), st.integers(10, 40), max_size=8))
    def test_nothing_is_hidden_without_a_small_group(self, counts):
        assert hidden_groups(counts, 10) == frozenset()


@pytest.mark.django_db
class TestTooFew:
    def test_a_figure_tells_how_many_there_are_and_how_many_are_needed(self):
        version = publish(make_team(), standard_document())
        answer_many(version, sheets(7))
        result = read_period(recompute(tree=make_tree(version), at=AT).run, period=EVERYTHING, at=AFTERWARDS)
        index = result.root.index
        assert (index.n, index.needed, index.value, index.low, index.status) == (7, 10, None, None, Status.TOO_FEW)
        assert result.root.distribution == () and result.nps.distribution == ()

    def test_thresholds_are_the_team_s(self):
        version = publish(make_team(show_from_n=3, sure_from_n=5), standard_document())
        answer_many(version, [sheet(4, 4, 4, 4)] * 4)
        index = read_period(recompute(tree=make_tree(version), at=AT).run, period=EVERYTHING, at=AFTERWARDS).root.index
        assert index.status == Status.FEW and index.value == 75.0

    def test_one_answer_alone_has_a_value_and_no_interval(self):
        version = publish(make_team(show_from_n=1), standard_document())
        answer_many(version, [sheet(4, 4, 4, 4)])
        index = read_period(recompute(tree=make_tree(version), at=AT).run, period=EVERYTHING, at=AFTERWARDS).root.index
        assert (index.value, index.low, index.high) == (75.0, None, None)


@pytest.mark.django_db
class TestAnonymity:
    @pytest.fixture
    def run(self):
        version = publish(make_team(), standard_document(), is_anonymous=True)
        make_dimension(version.questionnaire.team, "region", "East", "North", "West")
        for region, count in (("East", 4), ("North", 12), ("West", 40)):
            answer_many(version, [sheet(4, 4, 4, 4, 9, 4)] * count, at=datetime(2026, 11, 5, tzinfo=UTC),
                        attributes={"region": region})
        answer_many(version, sheets(20), at=datetime(2026, 9, 5, tzinfo=UTC), attributes={"region": "West"})
        return recompute(tree=make_tree(version), at=AT).run

    def test_tells_nothing_of_a_small_group_and_of_the_one_that_would_give_it_away(self, run):
        levels = read_segments(run, period=EVERYTHING, dimension="region", at=AFTERWARDS)
        assert {one.level: one.result.is_withheld for one in levels} == {"East": True, "North": True, "West": False}
        east = levels[0].result
        assert east.responses == 0 and east.root.index.n == 0 and east.root.index.status == Status.WITHHELD
        assert east.nps.distribution == () and east.overall.missing.blank == 0

    def test_a_filter_tells_no_more_than_the_table(self, run):
        for region, is_withheld in (("East", True), ("North", True), ("West", False)):
            result = read_period(run, period=EVERYTHING, filters={"region": [region]}, at=AFTERWARDS)
            assert result.is_withheld is is_withheld

    def test_several_levels_or_days_at_will_tell_nothing(self, run):
        assert read_period(run, period=EVERYTHING, filters={"region": ["North", "West"]}, at=AFTERWARDS).is_withheld
        assert read_period(run, period=parse_period("2026-11-01..2026-11-22"), at=AFTERWARDS).is_withheld
        assert read_period(run, period=parse_period("2026-W47"), at=AFTERWARDS).is_withheld

    def test_whole_months_are_shown(self, run):
        assert [one.is_withheld for one in read_trend(run, grain=Grain.MONTH, at=AFTERWARDS)] == [False, False, False]

    def test_a_small_month_is_counted_with_the_next(self):
        version = publish(make_team(), standard_document(), is_anonymous=True)
        for month, count in ((7, 40), (8, 3), (9, 15)):
            answer_many(version, sheets(count), at=datetime(2026, month, 5, tzinfo=UTC))
        run = recompute(tree=make_tree(version), at=AT).run
        trend = read_trend(run, grain=Grain.MONTH, at=AFTERWARDS)
        assert [(one.responses, one.is_withheld) for one in trend] == [(40, False), (0, False), (18, False)]
        assert read_period(run, period=parse_period("2026-Q3"), at=AFTERWARDS).responses == 58


@pytest.mark.django_db
class TestDayBorders:
    def keys(self, zone, moments, grain):
        version = publish(make_team(time_zone=zone), standard_document())
        for moment in moments:
            answer_many(version, [sheet(4)], at=moment)
        run = recompute(tree=make_tree(version), at=AT).run
        whole = read_period(run, period=EVERYTHING, at=AFTERWARDS).responses
        assert sum(one.responses for one in read_trend(run, grain=grain, at=AFTERWARDS)) == whole == len(moments)
        return [one.key for one in list_periods(run, grain=grain, at=AFTERWARDS)]

    def test_midnight_is_that_of_the_team(self):
        shanghai = ZoneInfo("Asia/Shanghai")
        moments = [
            datetime(2026, 11, 22, 23, 59, 59, 900_000, tzinfo=shanghai),
            datetime(2026, 11, 23, 0, 0, 0, 100_000, tzinfo=shanghai),
        ]
        assert self.keys("Asia/Shanghai", moments, Grain.DAY) == ["2026-11-22", "2026-11-23"]
        assert self.keys("Asia/Shanghai", moments, Grain.WEEK) == ["2026-W47", "2026-W48"]

    def test_a_day_of_25_hours_is_one_day(self):
        moments = [datetime(2026, 10, 24, 22, 30, tzinfo=UTC), datetime(2026, 10, 25, 22, 30, tzinfo=UTC)]
        assert self.keys("Europe/Berlin", moments, Grain.DAY) == ["2026-10-25"]

    def test_a_week_belongs_to_the_year_of_its_thursday(self):
        assert self.keys("UTC", [datetime(2027, 1, 3, 12, tzinfo=UTC)], Grain.WEEK) == ["2026-W53"]


class TestPeriods:
    @pytest.mark.parametrize("key", [
        "", "2026-13", "2026-Q5", "2026-W54", "2025-W53", "2026-02-30", "2026-02-02..2026-02-01", "wave:", "0000", "9999-12",
        "2026-1", "x", "2026-11-22T10:00",
    ])
    def test_what_is_no_period_is_refused(self, key):
        with pytest.raises(UnknownPeriodError):
            parse_period(key)

    @pytest.mark.parametrize(("key", "before", "year_before"), [
        ("2026", "2025", "2025"), ("2026-Q1", "2025-Q4", "2025-Q1"), ("2026-01", "2025-12", "2025-01"),
        ("2026-W01", "2025-W52", "2025-W01"), ("2024-02-29", "2024-02-28", "2023-02-28"),
        ("2026-11-01..2026-11-10", "2026-10-22..2026-10-31", "2025-11-01..2025-11-10"),
    ])
    def test_neighbours(self, key, before, year_before):
        period = parse_period(key)
        assert period.key == key
        assert previous_period(period).key == before and same_period_last_year(period).key == year_before

    def test_everything_has_no_neighbour(self):
        assert previous_period(EVERYTHING) is None and same_period_last_year(parse_period("wave:1")) is None
