"""What changed between two periods: the airport's waves against R, who sees it, and what is refused by name."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from analytics.dashboards.change_request import parse_change_request, read_requested
from analytics.dashboards.change_text import finding
from analytics.dashboards.changes import Family
from analytics.dashboards.overview import read_overview
from analytics.dashboards.selection import parse_selection
from analytics.indicators.models import IndicatorTree
from analytics.scoring.results import Verdict
from analytics.scoring.services import recompute
from tests.analytics.airport_builders import REFERENCE, make_airport
from tests.analytics.builders import AT, answer_many, make_team
from tests.analytics.dashboard_builders import Shop, codes, fill_waves, make_shop
from tests.analytics.test_dashboards_pages import words
from tests.cast import Cast, api_client, client_of, make_cast, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def airport(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        from django.db import transaction

        with transaction.atomic():
            tree = make_airport(make_team("Airport"))
            recompute(tree=tree, at=AT)
            yield tree
            transaction.set_rollback(True)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    shop = make_shop(cast.team)
    fill_waves(shop)
    shop.compute()
    return shop


def read(tree, query: str):
    run = tree.runs.first()
    selection = parse_selection(tree=tree, run=run, query=QueryDict(query), scope={}, today=AT.date())
    changes, problem = read_requested(parse_change_request(selection=selection, query=QueryDict(query)))
    assert changes is not None, problem
    return changes


class TestTheAirport:
    def test_two_of_22_items_changed_beyond_chance(self, airport):
        changes = read(airport, "weighting=imported")
        assert finding(changes, Family.ITEMS) == "2 of 22 items changed beyond chance (Holm)."
        beyond = {row.key for row in changes.family(Family.ITEMS) if row.verdict == Verdict.BEYOND}
        assert beyond == {"q9restroom", "q9all"}

    @pytest.mark.parametrize("expected", REFERENCE["change_2017_2018"], ids=lambda one: one["item"])
    def test_every_item_has_the_difference_and_p_values_of_the_reference(self, airport, expected):
        weighted = {row.key: row for row in read(airport, "weighting=imported").family(Family.ITEMS)}
        row = weighted[expected["item"].lower()]
        assert row.difference == pytest.approx(expected["diff"], abs=1e-9)
        assert row.p == pytest.approx(expected["p"], rel=1e-6)
        assert row.p_holm == pytest.approx(expected["p_holm"], rel=1e-6)
        assert row.p_bh == pytest.approx(expected["p_bh"], rel=1e-6)

    def test_unweighted_items_are_compared_by_welch(self, airport):
        plain = {row.key: row for row in read(airport, "").family(Family.ITEMS)}
        for expected in REFERENCE["change_2017_2018"]:
            row, reference = plain[expected["item"].lower()], expected["welch_unweighted"]
            assert row.difference == pytest.approx(reference["diff"], abs=1e-9)
            assert row.p == pytest.approx(reference["p"], rel=1e-6)
            assert [row.low, row.high] == pytest.approx(reference["ci"], rel=1e-6)

    def test_the_nps_fell_by_the_reference(self, airport):
        _, nps = read(airport, "weighting=imported").family(Family.HEADLINE)
        assert nps.difference == pytest.approx(REFERENCE["nps_change"]["diff"], rel=1e-9)
        assert nps.p == pytest.approx(REFERENCE["nps_change"]["p"], rel=1e-6)

    def test_the_page_says_so_in_both_languages(self, cast, airport):
        IndicatorTree.objects.filter(pk=airport.pk).update(team=cast.team)
        client = client_of(cast.bob)
        assert "2 of 22 items changed beyond chance" in words(client.get("/overview/change/?weighting=imported"))
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        page = words(client_of(cast.bob).get("/overview/change/?weighting=imported"))
        assert "22 道题中有 2 道的变化超出随机波动" in page

    def test_the_overview_calls_the_same_indicators_beyond_chance(self, airport):
        run = airport.runs.first()
        selection = parse_selection(tree=airport, run=run, query=QueryDict(""), scope={}, today=AT.date())
        shown = {row.key: row.headline.change.verdict for row in read_overview(selection=selection).nodes}
        told = {row.key: row.verdict for row in read(airport, "").family(Family.INDICATORS)}
        assert shown == told and set(told.values()) == {Verdict.BEYOND, Verdict.WITHIN}

    def test_the_parts_add_up_to_the_change(self, airport):
        parts = read(airport, "").decomposed
        assert sum(one.from_scores + one.from_weights for one in parts.parts) == pytest.approx(parts.total)
        assert parts.from_weights == 0 and parts.reason == ""


class TestThePage:
    def test_shows_every_indicator_and_question(self, cast, shop):
        page = words(client_of(cast.bob).get("/overview/change/"))
        for text in ("Change between periods", "beyond chance", "Smallest detectable", "What moved the index"):
            assert text in page

    def test_says_why_there_is_no_control_chart(self, cast, shop):
        assert "2 periods can be shown; 12 are needed" in words(client_of(cast.bob).get("/overview/change/"))

    def test_draws_control_charts_over_twelve_months(self, cast):
        shop = make_shop(cast.team)
        for month in range(1, 13):
            answer_many(shop.version, codes(4 if month != 7 else 2, 40 + month), at=datetime(2019, month, 3, tzinfo=UTC))
        shop.compute()
        page = client_of(cast.bob).get("/overview/change/?period=2019-12")
        assert page.content.decode().count("<polyline") == 9
        assert "outside the limits" in words(page) and "Trend over" in words(page)

    @pytest.mark.parametrize("query", [
        "before=never", "period=1900", "weighting=99", "weighting=x", "weights=77", "sort=nothing", "before=wave:None",
        "before=2018-13", "weighting=imported", "period=all&before=all",
    ])
    def test_never_breaks_on_an_address_that_means_nothing(self, cast, shop, query):
        reply = client_of(cast.bob).get(f"/overview/change/?{query}")
        assert reply.status_code == 200 and "nan" not in words(reply).lower().split()

    def test_names_a_weighting_that_cannot_be_had(self, cast, shop):
        assert "No weights were imported" in words(client_of(cast.bob).get("/overview/change/?weighting=imported"))

    def test_exports_the_table(self, cast, shop):
        reply = client_of(cast.bob).get("/overview/change/export/")
        rows = list(csv.DictReader(io.StringIO(b"".join(reply.streaming_content).decode("utf-8-sig"))))
        assert {row["family"] for row in rows} == {"headline", "indicators", "items"}
        assert float(rows[0]["difference"]) == pytest.approx(float(rows[0]["after"]) - float(rows[0]["before"]))

    def test_asks_as_often_for_ten_times_the_answers(self, cast, shop):
        client = client_of(cast.bob)
        client.get("/overview/change/")
        with CaptureQueriesContext(connection) as few:
            client.get("/overview/change/")
        answer_many(shop.version, codes(4, 1200), wave="2018", at=datetime(2018, 5, 2, tzinfo=UTC))
        shop.compute()
        with CaptureQueriesContext(connection) as first:
            client.get("/overview/change/")
        with CaptureQueriesContext(connection) as many:
            client.get("/overview/change/")
        assert len(many) <= len(few) + 1 and len(first) <= len(few) + 4

    def test_hides_everything_about_a_small_anonymous_group(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        fill_waves(shop)
        shop.compute()
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/changes/?region=North").json()
        assert reply["is_withheld"] and reply["overlap"] is None
        assert {row["difference"] for row in reply["rows"]} == {None}
        assert "What moved the index" not in words(client_of(cast.bob).get("/overview/change/?region=North"))


class TestTheApi:
    def test_gives_what_the_page_shows(self, cast, shop):
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/changes/").json()
        changes = read(shop.tree, "")
        assert [row["difference"] for row in reply["rows"]] == [row.difference for row in changes.rows]
        assert reply["before"]["key"] == "wave:2017" and reply["overlap"] == 0

    @pytest.mark.parametrize(("query", "field"), [
        ("before=never", "before"), ("weighting=x", "weighting"), ("weights=77", "weights"), ("period=never", "period"),
    ])
    def test_names_what_it_cannot_use(self, cast, shop, query, field):
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/changes/?{query}")
        assert reply.status_code == 400 and field in reply.json()["fields"]
