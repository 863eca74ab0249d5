"""Scores beside comments are filed by the scale on which each was really asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics.dashboards.comments import Mood, Score
from analytics.indicators.models import QuestionSource
from surveys.design.models import QuestionnaireVersion
from tests.analytics.builders import answer_many, publish_again, rating
from tests.analytics.dashboard_builders import Shop, codes, make_shop, shop_document
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

LOW, MIDDLE, HIGH = Mood.LOW, Mood.MIDDLE, Mood.HIGH
NPS = Score("nps", 0, 10, is_nps=True)


def on(low: int, high: int) -> Score:
    return Score("overall", low, high, is_nps=False)


class TestBands:
    @pytest.mark.parametrize(("score", "expected"), [
        (NPS, {LOW: [0, 1, 2, 3, 4, 5, 6], MIDDLE: [7, 8], HIGH: [9, 10]}),
        (on(1, 5), {LOW: [1, 2], MIDDLE: [3], HIGH: [4, 5]}),
        (on(1, 7), {LOW: [1, 2, 3], MIDDLE: [4], HIGH: [5, 6, 7]}),
        (on(1, 10), {LOW: [1, 2, 3, 4], MIDDLE: [5, 6], HIGH: [7, 8, 9, 10]}),
        (on(0, 10), {LOW: [0, 1, 2, 3], MIDDLE: [4, 5, 6], HIGH: [7, 8, 9, 10]}),
        (on(1, 4), {LOW: [1, 2], MIDDLE: [], HIGH: [3, 4]}),
        (on(1, 3), {LOW: [1], MIDDLE: [2], HIGH: [3]}),
        (on(1, 2), {LOW: [1], MIDDLE: [], HIGH: [2]}),
    ])
    def test_are_those_of_the_levels_or_of_the_net_promoter_score(self, score: Score, expected: Mapping[Mood, list[int]]) -> None:
        assert {mood: score.codes(mood) for mood in Mood} == expected


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Overall satisfaction asked on 1-5, then on 1-10, with no recommendation question in the tree."""
    shop = make_shop(cast.team)
    QuestionSource.objects.filter(tree=shop.tree, role="nps").delete()
    content = shop_document()
    content["pages"][0]["questions"][0] = rating("overall", 10)
    later = publish_again(shop.version.questionnaire, content)
    give(shop.version, "five", 2, 3, 4)
    give(later, "ten", 2, 4, 5, 9, 12)
    shop.compute()
    return shop


def give(version: QuestionnaireVersion, name: str, *given: int, **more: Any) -> None:
    rows = [{**codes(4, 1)[0], "overall": code, "said": f"{name}:{code};"} for code in given]
    answer_many(version, rows, at=datetime(2018, 5, 2, tzinfo=UTC), attributes={"region": "East"}, **more)


class TestComments:
    @pytest.mark.parametrize(("mood", "found"), [
        ("low", {"five:2;", "ten:2;", "ten:4;"}), ("middle", {"five:3;", "ten:5;"}), ("high", {"five:4;", "ten:9;"}),
    ])
    def test_are_found_by_the_scale_of_their_own_version(self, cast: Cast, shop: Shop, mood: str, found: set[str]) -> None:
        page = words(client_of(cast.bob).get(f"/comments/?period=all&score={mood}"))
        known = {"five:2;", "five:3;", "five:4;", "ten:2;", "ten:4;", "ten:5;", "ten:9;", "ten:12;"}
        assert {one for one in known if one in page} == found

    def test_are_counted_by_the_scale_of_their_own_version(self, cast: Cast, shop: Shop) -> None:
        assert "8 comments · 2 high · 2 middle · 3 low" in words(client_of(cast.bob).get("/comments/?period=all"))
        assert "2 comments · 2 high" in words(client_of(cast.bob).get("/comments/?period=all&score=high"))

    def test_tell_their_scale_and_band_to_programs(self, cast: Cast, shop: Shop) -> None:
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/overview/?period=all").json()
        told = {one["text"]: (one["score"], one["scale"], one["mood"]) for one in reply["comments"]}
        assert told["ten:9;"] == (9, [1, 10], "high") and told["ten:5;"] == (5, [1, 10], "middle")
        assert told["ten:12;"] == (None, None, "")

    def test_are_coloured_alike(self, cast: Cast, shop: Shop) -> None:
        page = client_of(cast.bob).get("/comments/?period=all").content.decode()
        assert 'class="score d" title="4 / 10"' in page and 'class="score m" title="4 / 5"' in page

    def test_take_the_recommendation_first_and_else_what_the_version_asks(self, cast: Cast) -> None:
        shop = make_shop(cast.team)
        content = shop_document()
        content["pages"][0]["questions"] = [one for one in content["pages"][0]["questions"] if one["key"] != "nps"]
        without = publish_again(shop.version.questionnaire, content)
        give(shop.version, "both", 5)
        give(without, "alone", 2)
        shop.compute()
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/overview/?period=all").json()
        told = {one["text"]: (one["score"], one["scale"]) for one in reply["comments"]}
        assert told["alone:2;"] == (2, [1, 5]) and told["both:5;"][1] == [0, 10]
