"""The trend over the calendar and the control charts: gaps count, and a share is the one of the headline."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from django.http import QueryDict

from analytics.dashboards.change.controls import ChartKind, read_control, read_trend_test
from analytics.dashboards.change.present import present_trend_test
from analytics.dashboards.overview.read import read_overview
from analytics.dashboards.selection import parse_selection
from analytics.scoring.periods import parse_period
from analytics.scoring.selectors import get_latest_run, read_period
from tests.analytics.builders import AFTERWARDS, answer_many
from tests.analytics.dashboard_builders import Shop, codes, make_shop
from tests.cast import api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop(make_cast().team)


def select(shop: Shop, query: str = ""):
    run = get_latest_run(tree=shop.tree)
    return parse_selection(tree=shop.tree, run=run, query=QueryDict(query), scope={}, today=date(2026, 11, 22), at=AFTERWARDS)


def fill(shop: Shop, months: dict[int, int], count: int = 60, **extra) -> None:
    for month, level in months.items():
        answer_many(shop.version, codes(level, count, **extra), at=datetime(2025, month, 10, tzinfo=UTC))


class TestTheTrend:
    def test_takes_a_gap_for_the_time_it_is(self, shop):
        fill(shop, {1: 4, 2: 4, 11: 3})
        shop.compute()
        found = read_trend_test(selection=select(shop))
        run = get_latest_run(tree=shop.tree)
        index = [read_period(run, period=parse_period(f"2025-{month:02}"), at=AFTERWARDS).root.index for month in (1, 2, 11)]
        t, y = np.array([0.0, 1.0, 10.0]), np.array([one.value for one in index])
        precision = np.array([one.standard_error for one in index]) ** -2
        centred = t - precision @ t / precision.sum()
        assert found.found.slope == pytest.approx((precision * centred) @ y / (precision @ centred**2), rel=1e-9)
        assert (found.periods, found.left_out, found.alike) == (3, 8, 0) and -3 < found.found.slope < -2
        assert "8 periods in between have no or too few answers" in present_trend_test(found)
        assert f"Another question is whether these {found.periods} periods differ at all, up or down: " in present_trend_test(found)

    def test_says_how_many_periods_tell_nothing_of_chance(self, shop):
        fill(shop, {1: 4, 2: 3, 4: 4})
        alike = {**dict.fromkeys(("quality", "design", "attitude", "speed", "overall"), 5), "nps": 9}
        answer_many(shop.version, [alike] * 40, at=datetime(2025, 3, 10, tzinfo=UTC))
        shop.compute()
        found = read_trend_test(selection=select(shop))
        assert (found.periods, found.left_out, found.alike) == (3, 0, 1)
        assert "1 period is left out because all its answers are the same." in present_trend_test(found)

    def test_is_told_with_its_gaps_in_the_api(self, shop):
        fill(shop, {1: 4, 2: 4, 5: 3})
        shop.compute()
        reply = api_client(make_key(shop.team)[1]).get("/api/v1/changes/?period=2025-05&before=2025-02").json()
        assert (reply["trend"]["left_out"], reply["trend"]["alike"]) == (2, 0)


class TestTheShareOnTheCharts:
    @pytest.mark.parametrize("kind", [ChartKind.P, ChartKind.LANEY])
    def test_is_the_satisfied_share_of_the_headline(self, shop, kind):
        for month in range(1, 13):
            answer_many(shop.version, [{**one, "overall": 2 + (number + month) % 4} for number, one in enumerate(codes(4, 50))],
                        at=datetime(2025, month, 10, tzinfo=UTC))
        shop.compute()
        chart = read_control(selection=select(shop), kind=kind)
        headline = read_overview(selection=select(shop, "period=2025-12")).satisfied.headline.figure
        assert chart.points[-1].value == pytest.approx(headline.value) and chart.points[-1].n == headline.n
        root = read_period(get_latest_run(tree=shop.tree), period=parse_period("2025-12"), at=AFTERWARDS).root.satisfied
        assert headline.value != root.value


class TestTheChartOfTheIndex:
    def test_has_limits_of_three_sampling_errors_times_their_scatter(self, shop):
        for month in range(1, 13):
            answer_many(shop.version, codes(3 + month % 2, 30 + month), at=datetime(2025, month, 10, tzinfo=UTC))
        shop.compute()
        chart = read_control(selection=select(shop), kind=ChartKind.SCORE)
        run = get_latest_run(tree=shop.tree)
        index = [read_period(run, period=parse_period(f"2025-{month:02}"), at=AFTERWARDS).root.index for month in range(1, 13)]
        x, e, n = (np.array([getattr(one, name) for one in index]) for name in ("value", "standard_error", "n"))
        centre = (x * n).sum() / n.sum()
        sigma = np.abs(np.diff((x - centre) / e)).mean() / 1.128
        assert chart.centre == pytest.approx(centre) and chart.sigma_z == pytest.approx(sigma)
        assert [one.upper for one in chart.points] == pytest.approx((centre + 3 * sigma * e).tolist())

    def test_leaves_out_months_whose_answers_are_all_the_same(self, shop):
        fill(shop, {month: 3 + month % 2 for month in range(1, 13)})
        alike = {**dict.fromkeys(("quality", "design", "attitude", "speed", "overall"), 5), "nps": 9}
        answer_many(shop.version, [alike] * 40, at=datetime(2026, 1, 10, tzinfo=UTC))
        shop.compute()
        assert len(read_control(selection=select(shop), kind=ChartKind.XMR).points) == 13
        assert len(read_control(selection=select(shop), kind=ChartKind.SCORE).points) == 12


class TestAChangeWithinChance:
    def test_is_called_small_only_where_its_whole_interval_is(self, shop):
        for year, count in ((2017, 2000), (2018, 2000), (2019, 30), (2020, 30)):
            answer_many(shop.version, codes(4, count), at=datetime(year, 5, 1, tzinfo=UTC))
        shop.compute()
        key = make_key(shop.team)[1]
        many = api_client(key).get("/api/v1/changes/?period=2018&before=2017").json()["rows"]
        few = api_client(key).get("/api/v1/changes/?period=2020&before=2019").json()["rows"]
        assert many[0]["is_small"] is True and few[0]["is_small"] is False
        assert {row["is_small"] for row in many if row["after"]["metric"] != "index"} == {False}
        assert {row["verdict"] for row in (many[0], few[0])} == {"within"}


class TestTheGrade:
    @pytest.mark.parametrize(("level", "vector", "expected"), [
        (4, "linear", (4, 62.5, 87.5)), (2, "linear", (2, 12.5, 37.5)), (4, "cn_practice", (4, 70.0, 90.0)),
    ])
    def test_is_that_of_the_nearest_point_of_the_score_vector(self, shop, level, vector, expected):
        type(shop.tree).objects.filter(pk=shop.tree.pk).update(score_vector=vector)
        answer_many(shop.version, [{**one, "quality": level} for one in codes(level, 60)][1::3], at=datetime(2025, 5, 1, tzinfo=UTC))
        shop.compute()
        grade = read_overview(selection=select(shop)).grade
        assert (grade.level, grade.low, grade.high) == expected

    def test_stands_beside_the_index_on_page_and_in_the_api(self, shop):
        fill(shop, {5: 4})
        shop.compute()
        bob = shop.team.memberships.exclude(role="owner").first().user
        page = words(client_of(bob).get("/overview/"))
        assert "Grade: Satisfied (62.5 – 87.5)" in page
        run = get_latest_run(tree=shop.tree)
        assert "Grade Satisfied (62.5 – 87.5)" in words(client_of(bob).get(f"/runs/{run.pk}/value/"))
        reply = api_client(make_key(shop.team)[1]).get("/api/v1/overview/").json()
        assert reply["grade"] == {"level": 4, "low": 62.5, "high": 87.5}

    def test_is_of_no_figure_that_is_not_shown(self, shop):
        fill(shop, {5: 4}, count=5)
        shop.compute()
        assert read_overview(selection=select(shop)).grade is None
