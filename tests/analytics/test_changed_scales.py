"""A question asked anew on another scale: no false change, no answer lost without a word, a break in every line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics.scoring.selectors import get_latest_run
from tests.analytics.builders import ITEMS, answer_many, publish_again, rating
from tests.analytics.dashboard_builders import Shop, make_shop, shop_document
from tests.analytics.test_dashboards_pages import words
from tests.cast import Cast, api_client, client_of, make_key

SAID = "The scale of this question was changed in between, so the two figures cannot be compared."


def sheet(overall: int, quality: int = 4) -> Mapping[str, Any]:
    return {**dict.fromkeys(ITEMS, 4), "quality": quality, "nps": 9, "overall": overall}


def seven_again(shop: Shop) -> Any:
    """The next version: overall on 1-10, quality on 1-7."""
    document = shop_document()
    questions = document["pages"][0]["questions"]
    questions[0] = rating("overall", 10)
    questions[1] = rating("quality", 7)
    return publish_again(shop.version.questionnaire, document)


def give(version: Any, rows: list[Mapping[str, Any]], year: int, month: int = 5, **fields: Any) -> None:
    at = datetime(year, month, 1, 4, tzinfo=UTC)
    answer_many(version, rows, at=at, attributes={"region": "East"}, **fields)


@pytest.fixture
def changed(cast: Cast) -> Shop:
    """The same people, as satisfied as before: 70 of 100 in each year. Half of 2019 is on either scale."""
    shop = make_shop(cast.team)
    second = seven_again(shop)
    for year in (2016, 2017):
        give(shop.version, [*[sheet(4)] * 70, *[sheet(3, 3)] * 30], year)
    give(second, [*[sheet(9, 5)] * 70, *[sheet(6, 4)] * 30], 2018)
    give(shop.version, [*[sheet(4)] * 35, *[sheet(3)] * 15], 2019)
    give(second, [*[sheet(9, 5)] * 49, *[sheet(6, 4)] * 21, {**sheet(6), "overall": "NA"}], 2019)
    shop.compute()
    return shop


@pytest.fixture
def client(cast: Cast) -> Any:
    return api_client(make_key(cast.team)[1])


class TestTheSatisfiedShareOnAnotherScale:
    def test_is_not_compared(self, client, changed):
        headline = client.get("/api/v1/overview/?period=2018").json()["satisfied"]["headline"]
        assert headline["figure"]["value"] == pytest.approx(0.7)
        change = headline["change"]
        assert (change["verdict"], change["difference"], change["low"], change["reason"]) == ("unknown", None, None, "scale_changed")

    def test_is_compared_within_one_scale(self, client, changed):
        change = client.get("/api/v1/overview/?period=2017").json()["satisfied"]["headline"]["change"]
        assert (change["verdict"], change["difference"], change["reason"]) == ("within", 0, "")

    def test_is_not_compared_on_the_page_of_the_change_and_says_why(self, cast, client, changed):
        rows = client.get("/api/v1/changes/?period=2018&before=2017").json()["rows"]
        told = [one for one in rows if one["key"] == "overall"]
        assert told and all((one["verdict"], one["difference"], one["reason"]) == ("unknown", None, "scale_changed") for one in told)
        assert {one["family"] for one in told} >= {"headline", "items"}
        assert SAID in words(client_of(cast.bob).get("/overview/change/?period=2018&before=2017"))

    def test_leaves_no_question_out_of_the_table(self, client, changed):
        rows = client.get("/api/v1/changes/?period=2018&before=2017").json()["rows"]
        means = [one for one in rows if one["family"] == "items" and one["key"] == "quality"]
        assert [one["reason"] for one in means] == ["scale_changed"] * 2

    def test_says_so_beside_the_figure(self, cast, changed):
        page = words(client_of(cast.bob).get("/overview/?period=2018"))
        assert "not comparable with 2017: asked on another scale" in page
        cast.bob.language = "zh-hans"
        cast.bob.save()
        assert "量表不同" in words(client_of(cast.bob).get("/overview/?period=2018"))


class TestTheTitleOfTheSatisfiedShare:
    @pytest.mark.parametrize(("year", "title"), [(2017, "Satisfied (4–5 of 5)"), (2018, "Satisfied (9–10 of 10)")])
    def test_names_the_codes_that_are_counted(self, cast, changed, year, title):
        assert title in words(client_of(cast.bob).get(f"/overview/?period={year}"))


class TestAPeriodWithBothScales:
    def test_counts_those_asked_on_the_other_one_by_themselves(self, client, changed):
        run = get_latest_run(tree=changed.tree)
        (result,) = client.get(f"/api/v1/runs/{run.pk}/values/?period=2019").json()["results"]
        asked = result["overall"]
        assert (asked["low_code"], asked["high_code"], asked["satisfied"]["n"]) == (1, 10, 70)
        assert asked["missing"] == {"not_applicable": 1, "blank": 0, "not_asked": 0, "invalid": 0, "other_scale": 50}

    def test_says_so_on_the_page(self, cast, changed):
        page = words(client_of(cast.bob).get("/overview/?period=2019"))
        assert "50 more were asked on another scale and are not in this share." in page

    def test_counts_them_for_questions_of_the_index_too(self, client, changed):
        run = get_latest_run(tree=changed.tree)
        (result,) = client.get(f"/api/v1/runs/{run.pk}/values/?period=2019").json()["results"]
        items = [item for node in result["nodes"] for item in node["items"] if item["key"] == "quality"]
        assert [(one["high_code"], one["mean"]["n"], one["missing"]["other_scale"], one["missing"]["not_asked"]) for one in items] == [
            (5, 50, 71, 0), (7, 71, 50, 0),
        ]


class TestTheLineOfTheIndex:
    def trend(self, client: Any, query: str = "") -> list[dict[str, Any]]:
        points: list[dict[str, Any]] = client.get(f"/api/v1/overview/?period=wave:2018{query}").json()["trend"]["points"]
        return points

    @pytest.fixture
    def waves(self, cast: Cast) -> Shop:
        shop = make_shop(cast.team)
        second = seven_again(shop)
        for year in (2016, 2017):
            give(shop.version, [sheet(4), sheet(3, 3)] * 20, year, wave=str(year))
        give(second, [sheet(9, 5), sheet(6, 6)] * 20, 2018, wave="2018")
        give(shop.version, [sheet(4)] * 3, 2018, wave="2018")
        shop.compute()
        return shop

    def test_breaks_before_the_first_period_on_another_scale(self, client, waves):
        assert [one["rescaled"] for one in self.trend(client)] == [[], [], ["quality"]]

    def test_is_drawn_in_two_parts_with_a_note_and_in_the_table(self, cast, waves):
        response = client_of(cast.bob).get("/overview/")
        figure = response.context["trend"].figure
        line = next(one for one in figure["data"] if one.get("mode") == "lines+markers")
        assert line["x"] == [0, 1, 1.5, 2] and line["y"][2] is None and len(line["hovertext"]) == 4
        assert any(one["x0"] == 1.5 == one["x1"] for one in figure["layout"]["shapes"])
        page = words(response)
        assert "2018: the scale of quality changed, so the line breaks here. Read the change across it with care." in page
        assert "2018 (scale changed)" in page

    def test_tells_the_trend_test_too(self, cast, client, waves):
        found = client.get("/api/v1/changes/?period=wave:2018").json()["trend"]
        assert found["is_rescaled"] and "The scale of a question changed in between" in found["explanation"]

    def test_does_not_break_for_a_question_that_is_not_in_the_index(self, cast, client):
        shop = make_shop(cast.team)
        document = shop_document()
        document["pages"][0]["questions"][0] = rating("overall", 10)
        second = publish_again(shop.version.questionnaire, document)
        give(shop.version, [sheet(4)] * 20, 2017, wave="2017")
        give(second, [sheet(9)] * 20, 2018, wave="2018")
        shop.compute()
        assert [one["rescaled"] for one in self.trend(client)] == [[], []]


class TestTheChartsOfTheSatisfiedShare:
    def test_leave_out_periods_on_another_scale_and_say_so(self, cast, client):
        shop = make_shop(cast.team)
        second = seven_again(shop)
        for month in range(1, 13):
            give(shop.version, [*[sheet(4)] * (12 + month % 3), *[sheet(3)] * 6], 2017, month)
            give(second, [*[sheet(9)] * (12 + month % 3), *[sheet(6)] * 6], 2018, month)
        shop.compute()
        found = {one["kind"]: one for one in client.get("/api/v1/changes/?period=2018-12&before=2018-11").json()["controls"]}
        assert [(found[kind]["other_scale"], len(found[kind]["points"])) for kind in ("p", "laney", "xmr")] == [(12, 12), (12, 12), (0, 24)]
        said = "12 periods are left out because the question was asked on another scale."
        assert said in words(client_of(cast.bob).get("/overview/change/?period=2018-12&before=2018-11"))
