"""What changed between two periods: the airport's waves against R, who sees it, and what is refused by name."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from analytics.dashboards.change.present import finding, present_tables
from analytics.dashboards.overview.read import read_overview
from analytics.dashboards.selection import parse_selection
from analytics.dashboards.verdicts import ComparisonFamily
from analytics.indicators.models import IndicatorTree
from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree
from analytics.methods.multiplicity import holm
from analytics.methods.proportions import newcombe_difference, newcombe_p_value, proportion, weighted_proportion
from analytics.scoring.recompute_requests import note_changed_rows, request_recompute
from analytics.scoring.results import Verdict
from analytics.scoring.services import rebuild, recompute
from surveys.answering.models import Response
from tests.analytics.airport_builders import REFERENCE, make_airport
from tests.analytics.builders import AFTERWARDS, AT, ITEMS, answer_many, document, make_team, publish, rating, text
from tests.analytics.dashboard_builders import codes, fill_waves, make_shop, read_change
from tests.cast import api_client, client_of, make_key, shows_nan
from tests.cast import words_of as words

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


class TestTheAirport:
    def test_two_of_22_items_changed_beyond_chance(self, airport):
        changes = read_change(airport, "weighting=imported")
        assert finding(changes, ComparisonFamily.ITEMS) == "2 of 22 questions changed beyond chance (Holm)."
        beyond = {row.key for row in changes.family(ComparisonFamily.ITEMS) if row.verdict == Verdict.BEYOND}
        assert beyond == {"q9restroom", "q9all"}

    @pytest.mark.parametrize("expected", REFERENCE["change_2017_2018"], ids=lambda one: one["item"])
    def test_every_item_has_the_difference_and_p_values_of_the_reference(self, airport, expected):
        weighted = {row.key: row for row in read_change(airport, "weighting=imported").family(ComparisonFamily.ITEMS)}
        row = weighted[expected["item"].lower()]
        assert row.difference == pytest.approx(expected["diff"], abs=1e-9)
        assert row.p == pytest.approx(expected["p"], rel=1e-6)
        assert row.p_holm == pytest.approx(expected["p_holm"], rel=1e-6)
        assert row.p_bh == pytest.approx(expected["p_bh"], rel=1e-6)

    def test_unweighted_items_are_compared_by_welch(self, airport):
        plain = {row.key: row for row in read_change(airport, "").family(ComparisonFamily.ITEMS)}
        for expected in REFERENCE["change_2017_2018"]:
            row, reference = plain[expected["item"].lower()], expected["welch_unweighted"]
            assert row.difference == pytest.approx(reference["diff"], abs=1e-9)
            assert row.p == pytest.approx(reference["p"], rel=1e-6)
            assert [row.low, row.high] == pytest.approx(reference["ci"], rel=1e-6)

    def test_the_nps_fell_by_the_reference(self, airport):
        _, nps, _ = read_change(airport, "weighting=imported").family(ComparisonFamily.HEADLINE)
        assert nps.difference == pytest.approx(REFERENCE["nps_change"]["diff"], rel=1e-9)
        # Three answers are added to each of some 2,700, which hardly moves the p value of the reference.
        assert nps.p == pytest.approx(REFERENCE["nps_change"]["p"], rel=0.02)

    def test_the_page_says_so_in_both_languages(self, cast, airport):
        IndicatorTree.objects.filter(pk=airport.pk).update(team=cast.team)
        client = client_of(cast.bob)
        assert "2 of 22 questions changed beyond chance" in words(client.get("/overview/change/?weighting=imported"))
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        page = words(client_of(cast.bob).get("/overview/change/?weighting=imported"))
        assert "22 道题中有 2 道的变化超出随机波动" in page

    def test_the_overview_calls_the_same_indicators_beyond_chance(self, airport):
        run = airport.runs.first()
        selection = parse_selection(tree=airport, run=run, query=QueryDict(""), scope={}, today=AT.date(), at=AFTERWARDS)
        shown = {row.key: row.headline.change.verdict for row in read_overview(selection=selection).nodes}
        told = {row.key: row.verdict for row in read_change(airport, "").family(ComparisonFamily.INDICATORS)}
        assert shown == told and set(told.values()) == {Verdict.BEYOND, Verdict.WITHIN}

    def test_the_parts_add_up_to_the_change(self, airport):
        parts = read_change(airport, "").decomposed
        assert sum(one.from_scores + one.from_weights for one in parts.parts) == pytest.approx(parts.total)
        assert parts.from_weights == 0 and parts.reason == ""


class TestTheShares:
    def test_of_the_headline_and_of_every_question_are_compared_by_newcombe(self, airport):
        changes = read_change(airport, "")
        shares = {row.key: row for row in changes.family(ComparisonFamily.SHARES)}
        assert set(shares) == {row.key for row in changes.family(ComparisonFamily.ITEMS)} - {changes.family(ComparisonFamily.HEADLINE)[2].key}
        for row in (*shares.values(), changes.family(ComparisonFamily.HEADLINE)[2]):
            later, earlier = (proportion(round(one.value * one.n), one.n) for one in (row.after, row.before))
            found = newcombe_difference(later, earlier)
            assert (row.low, row.high) == (found.interval.low, found.interval.high)
            assert row.p == newcombe_p_value(later, earlier)
        # The airport's tree has no question on the whole: its headline is the share at the satisfied levels.
        assert {row.after.metric for row in shares.values()} == {"satisfied_share"}
        assert changes.family(ComparisonFamily.HEADLINE)[2].after.metric == "satisfied_levels"
        assert [row.p_holm for row in shares.values()] == pytest.approx(holm([row.p for row in shares.values()]).tolist())

    def test_are_compared_at_the_effective_number_of_answers_where_weighted(self, airport):
        plain, weighted = (
            {row.key: row for row in read_change(airport, query).family(ComparisonFamily.SHARES)} for query in ("", "weighting=imported"))
        for row in weighted.values():
            later, earlier = (weighted_proportion(one.value, one.n, one.n_eff) for one in (row.after, row.before))
            found = newcombe_difference(later, earlier).interval
            assert (row.low, row.high) == pytest.approx((found.low, found.high), abs=1e-9)
            assert row.after.n_eff < plain[row.key].after.n_eff

    def test_give_the_overall_question_one_verdict(self, cast):
        """Half satisfied, then 65 of 100: beyond chance alone, within it as one of many; it is asked alone."""
        shop = make_shop(cast.team)
        for year, satisfied in ((2017, 50), (2018, 65)):
            rows = [{**codes(3, 1)[0], **dict.fromkeys(ITEMS, 3 + number % 2), "overall": 4 if number < satisfied else 3}
                    for number in range(100)]
            answer_many(shop.version, rows, at=datetime(year, 5, 1, tzinfo=UTC))
        shop.compute()
        client = client_of(cast.bob)
        told = client.get("/api/v1/changes/?period=2018&before=2017").json()["rows"]
        found = [row for row in told if (row["key"], row["after"]["metric"]) == ("overall", "satisfied_share")]
        assert [(row["family"], row["verdict"]) for row in found] == [("headline", "beyond")]
        page = words(client.get("/overview/change/?period=2018&before=2017"))
        assert "That of the overall question is judged once, with the index." in page

    def test_are_on_the_page_in_percentage_points(self, cast, shop):
        page = words(client_of(cast.bob).get("/overview/change/"))
        assert "Satisfied share " in page and " pp " in page and "satisfied shares changed beyond chance (Holm)." in page


class TestCustomerEffort:
    @pytest.fixture
    def effort(self, cast) -> IndicatorTree:
        version = publish(cast.team, document(rating("easy", 7)))
        plan = PlannedNode("csi", text("Index"), children=(PlannedNode("effort", text("Effort"), questions=("easy",)),))
        tree = create_tree(
            team=cast.team, names=text("Tree"), root=plan, at=AT, questionnaire=version.questionnaire,
            roles=PlannedRoles(effort=("easy",)),
        )
        for year, counts in ((2017, (9, 9, 10, 20, 20, 20, 12)), (2018, (4, 6, 10, 20, 45, 70, 45))):
            given = [{"easy": code} for code, count in enumerate(counts, 1) for _ in range(count)]
            answer_many(version, given, at=datetime(year, 5, 1, tzinfo=UTC), respondent_weight=3)
        recompute(tree=tree, at=AT)
        return tree

    def test_is_compared_in_both_conventions_that_are_no_mean(self, effort):
        agreeing, net = read_change(effort, "period=2018&before=2017").family(ComparisonFamily.EFFORT)
        assert (agreeing.after.metric, net.after.metric) == ("ces_agreeing", "ces_net")
        found = newcombe_difference(proportion(160, 200), proportion(52, 100)).interval
        assert (agreeing.low, agreeing.high) == (found.low, found.high)
        assert net.difference == pytest.approx(70.0 - 24.0) and net.verdict == Verdict.BEYOND

    def test_under_equal_weights_is_the_unweighted_one(self, effort):
        rows = [read_change(effort, f"period=2018&before=2017{query}").family(ComparisonFamily.EFFORT) for query in ("", "&weighting=imported")]
        for plain, weighted in zip(*rows, strict=True):
            assert weighted.after.weight and weighted.after.metric == plain.after.metric
            assert weighted.after.value == pytest.approx(plain.after.value)
            assert weighted.after.standard_error == pytest.approx(plain.after.standard_error, rel=5e-3)
            assert weighted.after.n_eff == pytest.approx(200)

    def test_weighs_answers_as_told(self, cast, effort):
        later = Response.objects.filter(completed_at__year=2018)
        later.filter(answers__easy__gte=5).update(respondent_weight=1)
        request_recompute(trees=[effort.pk], at=AT)
        note_changed_rows(questionnaire_id=later[0].questionnaire_id, block_ids=list(later.values_list("block_id", flat=True)), at=AT)
        rebuild(tree=effort, at=AT)
        agreeing, net = read_change(effort, "period=2018&before=2017&weighting=imported").family(ComparisonFamily.EFFORT)
        total = 160 + 3 * 40
        assert agreeing.after.value == pytest.approx(160 / total) and net.after.value == pytest.approx(100 * (160 - 60) / total)
        assert "Customer effort score, net" in words(client_of(cast.bob).get(
            "/overview/change/?period=2018&before=2017&weighting=imported"))


class TestThePage:
    def test_shows_every_indicator_and_question(self, cast, shop):
        page = words(client_of(cast.bob).get("/overview/change/"))
        for said in ("Change between periods", "beyond chance", "Smallest detectable", "What moved the index"):
            assert said in page

    def test_says_what_moved_the_index_before_the_tables_and_folds_questions_away(self, cast, shop):
        page = client_of(cast.bob).get("/overview/change/").content.decode()
        places = [page.index(f'id="h-{name}"') for name in ("headline", "parts", "indicators", "items", "shares")]
        assert places == sorted(places) and page.index('class="hint read') < places[0]
        folds = re.findall(r'<details class="fold">\s*<summary>\s*<h2 id="h-(\w+)">[^<]+</h2>\s*<span class="find">(\d+ of \d+)', page)
        assert [name for name, _ in folds] == ["items", "shares"]

    def test_splits_the_parts_by_weights_only_where_those_differ(self, cast, shop):
        page = words(client_of(cast.bob).get("/overview/change/"))
        assert "Moved most by" in page and "From weights" not in page

    @pytest.mark.parametrize("sort", ["tree", "change", "p", "name"])
    def test_keeps_the_index_first_however_its_tables_are_sorted(self, cast, shop, sort):
        tables = present_tables(read_change(shop.tree, ""), sort=sort, language="en")
        assert [one.row.after.metric for one in tables[0].lines] == ["index", "nps", "satisfied_share"]

    def test_names_the_score_and_puts_its_question_beneath(self, cast, shop):
        page = client_of(cast.bob).get("/overview/change/").content.decode()
        assert re.search(r'Net Promoter Score\s*<span class="about">Recommend\?</span>', page)

    def test_names_the_question_of_a_row(self, cast):
        rows = [{"key": key, "text": text(key.title())} for key in ("hall", "gate")]
        grid = {"key": "clean", "type": "matrix", "text": text("How clean?"), "rows": rows, "scale": rating("x")["scale"]}
        version = publish(cast.team, document(grid))
        keys = ("hall", "gate")
        plan = PlannedNode("csi", text("Index"), children=tuple(PlannedNode(f"of_{key}", text(key), questions=(key,)) for key in keys))
        tree = create_tree(team=cast.team, names=text("Tree"), root=plan, at=AT, questionnaire=version.questionnaire)
        for year in (2017, 2018):
            answer_many(version, [dict.fromkeys(keys, 3 + n % 2) for n in range(40)], at=datetime(year, 5, 1, tzinfo=UTC))
        recompute(tree=tree, at=AT)
        page = client_of(cast.bob).get("/overview/change/?period=2018&before=2017").content.decode()
        assert len(re.findall(r'(?:Hall|Gate)\s*<span class="about">How clean\?</span>', page)) == 4

    def test_shows_on_which_side_of_zero_an_end_lies(self, airport):
        rows = {row.key: row for row in read_change(airport, "").family(ComparisonFamily.ITEMS)}
        tables = present_tables(read_change(airport, ""), sort="tree", language="en")
        ends = [end for table in tables for line in table.lines for end in line.interval.split(" – ") if end]
        assert rows and ends and not [end for end in ends if not set(end) & set("123456789")]

    def test_says_why_there_is_no_control_chart(self, cast, shop):
        page = words(client_of(cast.bob).get("/overview/change/"))
        assert page.count("Control charts need 12 periods; there are 2.") == 1

    def test_draws_control_charts_over_twelve_months(self, cast):
        shop = make_shop(cast.team)
        for month in range(1, 13):
            answer_many(shop.version, codes(4 if month != 7 else 2, 40 + month), at=datetime(2019, month, 3, tzinfo=UTC))
        shop.compute()
        page = client_of(cast.bob).get("/overview/change/?period=2019-12")
        assert page.content.decode().count("<polyline") == 12
        assert "outside the limits" in words(page) and "Over 12 periods the index moved" in words(page)

    @pytest.mark.parametrize("query", [
        "before=never", "period=1900", "weighting=99", "weighting=x", "weights=77", "sort=nothing", "before=wave:None",
        "before=2018-13", "weighting=imported", "period=all&before=all",
    ])
    def test_never_breaks_on_an_address_that_means_nothing(self, cast, shop, query):
        reply = client_of(cast.bob).get(f"/overview/change/?{query}")
        assert reply.status_code == 200 and not shows_nan(reply)

    def test_names_a_weighting_that_cannot_be_had(self, cast, shop):
        assert "No weights were imported" in words(client_of(cast.bob).get("/overview/change/?weighting=imported"))

    def test_exports_the_table(self, cast, shop):
        reply = client_of(cast.bob).get("/overview/change/export/")
        rows = list(csv.DictReader(io.StringIO(b"".join(reply.streaming_content).decode("utf-8-sig"))))
        assert {row["family"] for row in rows} == {"headline", "indicators", "items", "shares"}
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
        changes = read_change(shop.tree, "")
        assert [row["difference"] for row in reply["rows"]] == [row.difference for row in changes.rows]
        assert reply["before"]["key"] == "wave:2017" and reply["overlap"] == 0

    @pytest.mark.parametrize(("query", "field"), [
        ("before=never", "before"), ("weighting=x", "weighting"), ("weights=77", "weights"), ("period=never", "period"),
    ])
    def test_names_what_it_cannot_use(self, cast, shop, query, field):
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/changes/?{query}")
        assert reply.status_code == 400 and field in reply.json()["fields"]
