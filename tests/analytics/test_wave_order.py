"""Waves stand in the order of time, whatever they are called."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.scoring import wave_order
from analytics.scoring.results import Grain
from analytics.scoring.selectors import get_latest_run, list_periods
from tests.analytics.builders import answer_many
from tests.analytics.dashboard_builders import Shop, codes, make_shop
from tests.analytics.test_dashboards_pages import words
from tests.cast import Cast, api_client, client_of, make_key


def give(shop: Shop, name: str, day: date, level: int = 4, count: int = 60, region: str = "East") -> None:
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    answer_many(shop.version, codes(level, count), wave=name, attributes={"region": region}, at=at)


def order(shop: Shop) -> list[str]:
    run = get_latest_run(tree=shop.tree)
    assert run is not None
    return [one.label for one in list_periods(run, grain=Grain.WAVE, at=datetime.now(UTC))]


@pytest.fixture
def rising(cast: Cast) -> Shop:
    """Three waves a quarter apart whose names sort otherwise; satisfaction rises from each to the next."""
    shop = make_shop(cast.team)
    for place, name in enumerate(("第一轮", "第二轮", "第三轮")):
        give(shop, name, date(2026, 1 + 3 * place, 5), level=2 + place)
    shop.compute()
    return shop


class TestTheOrderOfWaves:
    @pytest.mark.parametrize("names", [
        ("第一轮", "第二轮", "第三轮"), ("Pilot", "2026-Q2", "2026-Q3"), ("Wave 9", "Wave 10", "Wave 11"),
        ("9月", "10月", "11月"), ("Spring", "Autumn", "Winter"),
    ])
    def test_is_that_of_their_answers(self, cast, names):
        shop = make_shop(cast.team)
        for place, name in enumerate(reversed(names)):
            give(shop, name, date(2026, 7, 5) - timedelta(days=90 * place), count=12)
        shop.compute()
        assert order(shop) == list(names)

    def test_is_not_moved_by_one_early_and_one_late_answer(self, cast):
        shop = make_shop(cast.team)
        for name, day in (("B", date(2026, 1, 5)), ("A", date(2026, 4, 5))):
            give(shop, name, day, count=12)
        give(shop, "B", date(2026, 11, 1), count=1)
        give(shop, "A", date(2025, 1, 1), count=1)
        shop.compute()
        assert order(shop) == ["B", "A"]

    def test_does_not_ask_in_which_order_answers_were_written_down(self, cast):
        shop = make_shop(cast.team)
        give(shop, "A", date(2026, 4, 5), count=12)
        give(shop, "B", date(2026, 1, 5), count=12)
        shop.compute()
        assert order(shop) == ["B", "A"]

    def test_is_that_of_names_where_the_days_are_the_same(self, cast):
        shop = make_shop(cast.team)
        for name in ("Wave 10", "Wave 9", "wave 2"):
            give(shop, name, date(2026, 4, 5), count=12)
        shop.compute()
        assert order(shop) == ["wave 2", "Wave 9", "Wave 10"]

    def test_is_the_same_under_a_filter(self, cast):
        shop = make_shop(cast.team)
        give(shop, "B", date(2026, 1, 5), count=40)
        give(shop, "B", date(2026, 6, 5), count=12, region="West")
        give(shop, "A", date(2026, 4, 5), count=12, region="West")
        shop.compute()
        page = api_client(make_key(cast.team)[1]).get("/api/v1/overview/?region=West").json()
        assert (page["period"]["key"], page["previous"]["key"]) == ("wave:A", "wave:B")

    def test_follows_answers_from_sealed_blocks_and_from_the_tail(self, cast, monkeypatch):
        monkeypatch.setattr("analytics.scoring.blocks.SEAL_ROWS", 10)
        shop = make_shop(cast.team)
        give(shop, "A", date(2026, 1, 5), count=12)
        give(shop, "B", date(2026, 4, 5), count=12)
        shop.compute()
        assert order(shop) == ["A", "B"]
        give(shop, "A", date(2026, 8, 5), count=9)
        shop.compute()
        assert order(shop) == ["A", "B"], "the middle is still in January"
        give(shop, "A", date(2026, 8, 5), count=8)
        shop.compute()
        assert order(shop) == ["B", "A"]

    def test_is_that_of_counted_answers_where_anonymity_was_promised(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        give(shop, "B", date(2026, 1, 5))
        give(shop, "A", date(2026, 4, 5))
        shop.compute()
        assert order(shop) == ["B", "A"]
        answer = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{get_latest_run(tree=shop.tree).pk}/")
        assert "waves" not in answer.json()["provenance"]


class TestAPageOfWaves:
    def test_opens_with_the_last_one_beside_the_one_before_it(self, cast, rising):
        page = api_client(make_key(cast.team)[1]).get("/api/v1/overview/").json()
        assert (page["period"]["key"], page["previous"]["key"]) == ("wave:第三轮", "wave:第二轮")
        assert page["index"]["change"]["difference"] == pytest.approx(25)

    def test_draws_the_trend_in_time(self, cast, rising):
        found = api_client(make_key(cast.team)[1]).get("/api/v1/changes/?period=wave:第三轮").json()
        assert found["before"]["key"] == "wave:第二轮"
        assert found["trend"]["slope"] == pytest.approx(25)

    def test_offers_the_newest_first(self, cast, rising):
        page = client_of(cast.bob).get("/overview/").content.decode()
        menu = page[page.index('name="period"'):]
        assert menu.index("第三轮") < menu.index("第二轮") < menu.index("第一轮")


class TestTheSamePeriodLastYearOfAWave:
    def waves(self, cast: Cast, **days: date) -> Shop:
        shop = make_shop(cast.team)
        for place, (name, day) in enumerate(days.items()):
            give(shop, name.replace("_", "-"), day, level=3 + place % 2)
        shop.compute()
        return shop

    def test_is_the_wave_answered_a_year_earlier(self, cast):
        self.waves(cast, **{"2025_Q4": date(2025, 11, 10), "2026_Q3": date(2026, 8, 10), "2026_Q4": date(2026, 11, 12)})
        client = api_client(make_key(cast.team)[1])
        page = client.get("/api/v1/overview/?period=wave:2026-Q4&compare=year").json()
        assert page["previous"]["key"] == "wave:2025-Q4" and page["uncompared"] == ""
        changes = client.get("/api/v1/changes/?period=wave:2026-Q4&compare=year").json()
        assert changes["before"]["key"] == "wave:2025-Q4"
        assert "same period last year · 2025-Q4" in words(client_of(cast.bob).get("/overview/?compare=year"))

    def test_is_not_its_neighbour_where_there_was_none(self, cast):
        self.waves(cast, **{"2025_Q3": date(2025, 8, 10), "2026_Q3": date(2026, 8, 10), "2026_Q4": date(2026, 11, 12)})
        client = api_client(make_key(cast.team)[1])
        page = client.get("/api/v1/overview/?period=wave:2026-Q4&compare=year").json()
        said = ("No wave was answered about a year before this one, so there is no same period last year to compare with.")
        assert page["previous"] is None and page["uncompared"] == said
        assert client.get("/api/v1/changes/?period=wave:2026-Q4&compare=year").json()["fields"] == {"before": [said]}
        assert said in words(client_of(cast.bob).get("/overview/?compare=year"))
        assert said in words(client_of(cast.bob).get("/overview/change/?compare=year"))
        cast.bob.language = "zh-hans"
        cast.bob.save()
        assert "约一年前没有轮次收到答卷" in words(client_of(cast.bob).get("/overview/?compare=year"))

    @pytest.mark.parametrize(("days", "found"), [
        (("2025-05-05", "2026-07-01"), "0"), (("2025-01-05", "2026-07-01"), None), (("2026-05-05", "2026-07-01"), None),
        (("2024-02-28", "2025-02-28", "2026-02-28"), "1"), (("2025-02-10", "2026-02-10", "2026-03-10"), None),
        (("2023-02-28", "2024-02-29"), "0"), (("0001-03-01", ), None),
    ])
    def test_lies_within_a_quarter_of_a_year_before_and_is_the_nearest_both_ways(self, days, found):
        middles = {str(place): day for place, day in enumerate(days)}
        assert wave_order.wave_last_year(str(len(days) - 1), middles) == found


class TestTheMiddleDay:
    def test_is_the_day_of_the_lower_median_answer(self):
        assert wave_order.middle({"2026-01-01": 1, "2026-01-02": 1}) == "2026-01-01"
        assert wave_order.middle({"2026-01-05": 2, "2026-01-01": 1, "2026-03-01": 1}) == "2026-01-05"
