"""Choosing weights starts a new series; what was published under the ones before can still be read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import AuditEvent
from analytics.dashboards.charts.trend import Point, trend_figure
from analytics.indicators.models import Indicator, IndicatorTree, WeightSet
from analytics.indicators.services import equalise_weights, set_weights
from analytics.scoring import blocks
from analytics.scoring.models import Block, Run
from analytics.scoring.pruning import prune
from analytics.scoring.recompute_requests import request_recompute
from analytics.scoring.services import rebuild
from tests.analytics.builders import answer_many, document, publish_again, rating, sheet
from tests.analytics.dashboard_builders import Shop, fill_waves, forget, make_shop, queries_of, read_page
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
CHOSEN = datetime(2026, 9, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def empty_shelves():
    forget()
    yield
    forget()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Six months of answers in which service is worse than product, and two series."""
    shop = make_shop(cast.team)
    for month in range(5, 11):
        rows = [sheet(5, 5, 2 + number % 2, 2, 9, 4) for number in range(40)]
        answer_many(shop.version, rows, at=datetime(2026, month, 5, tzinfo=UTC), attributes={"region": "East"})
    shop.compute()
    choose(shop, 0.2)
    return shop


def choose(shop: Shop, product: float) -> None:
    set_weights(parent=Indicator.objects.get(tree=shop.tree, parent=None), weights={"product": product, "service": 1 - product},
                user=None, reason="The board decided", at=CHOSEN)
    shop.compute()


def overview(cast: Cast, query: str = "") -> dict:
    return api_client(make_key(cast.team)[1]).get(f"/api/v1/overview/{query}").json()


def index_of(found: dict) -> float:
    return round(found["index"]["figure"]["value"], 2)


class TestAnEarlierSeries:
    def test_stands_as_it_was_published(self, cast, shop):
        newest, earlier = overview(cast, "?period=all"), overview(cast, "?period=all&series=1")
        assert (newest["weight_set_number"], earlier["weight_set_number"]) == (2, 1)
        assert index_of(earlier) == 65.62 and index_of(newest) == 45.0
        of_months = [round(point["figure"]["value"], 2) for point in earlier["trend"]["points"]]
        assert of_months == [65.62] * 6

    def test_stays_when_answers_come_and_runs_are_pruned(self, cast, shop):
        before = overview(cast, "?period=all&series=1")["index"]
        for day in range(12):
            answer_many(shop.version, [sheet(1, 1, 1, 1, 0, 1)], at=datetime(2026, 10, 6 + day, tzinfo=UTC))
            shop.compute()
        prune(at=datetime.now(UTC) + timedelta(hours=2))
        assert overview(cast, "?period=all&series=1")["index"] == before
        assert index_of(overview(cast, "?period=all")) < 45.0

    def test_is_told_on_the_page_with_the_way_back(self, cast, shop):
        page = words(client_of(cast.bob).get("/overview/?series=1"))
        assert "This is an earlier series, as it was last published on" in page
        assert "weights No. 1: Equal, in force from" in page and "Show the newest one: weights No. 2: Set by hand" in page
        assert "This is an earlier series" not in words(client_of(cast.bob).get("/overview/"))

    def test_is_told_in_chinese(self, cast, shop):
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        page = words(client_of(cast.bob).get("/overview/?series=1"))
        assert "这是较早的序列" in page and "等权" in page

    def test_goes_with_the_reader_to_the_other_pages(self, cast, shop):
        client = client_of(cast.bob)
        for page in ("/overview/change/", "/comments/", "/weighting/"):
            assert "This is an earlier series" in words(client.get(f"{page}?series=1"))
        assert '<input type="hidden" name="series" value="1">' in client.get("/comments/?series=1").content.decode()
        assert "series=1" in client.get("/overview/?series=1").content.decode().split("overview/method/")[1][:60]
        csv = b"".join(client.get("/overview/export/?period=all&series=1").streaming_content).decode()
        assert "65.625" in csv

    def test_of_the_newest_number_is_the_plain_address(self, cast, shop):
        client = client_of(cast.bob)
        assert client.get("/overview/?series=2").headers["Location"] == "/overview/"
        assert client.get("/overview/?series=1").status_code == 200

    @pytest.mark.parametrize("word", ["7", "x", "-1", "0", "1" * 30, "²"])
    def test_that_is_none_is_named_and_left_out(self, cast, shop, word):
        response = client_of(cast.bob).get("/overview/", {"series": word})
        assert response.status_code == 200 and "means nothing for “series”" in words(response)

    def test_of_another_tree_is_none_of_this(self, cast, shop):
        other = make_shop(cast.team, name="Second")
        WeightSet.objects.filter(tree=other.tree).update(number=9)
        fill_waves(other)
        other.compute()
        assert "means nothing for “series”" in words(client_of(cast.bob).get("/overview/?series=9"))

    def test_can_be_chosen_from_the_filters_and_from_the_list_of_weights(self, cast, shop):
        client = client_of(cast.bob)
        page = client.get("/overview/").content.decode()
        options = re.findall(r'<option value="(\d*)"(?: selected)?>\s*(No\. \d: [^<]+?)\s*<', page)
        assert [value for value, _ in options] == ["", "1"] and "in force since" in options[0][1]
        sets = client.get(f"/indicators/{shop.tree.pk}/weights/").content.decode()
        assert f"?survey={shop.tree.pk}&amp;series=1" in sets and f"?survey={shop.tree.pk}&amp;series=2" in sets

    def test_is_not_offered_where_there_is_only_one(self, cast):
        shop = make_shop(cast.team)
        fill_waves(shop)
        shop.compute()
        page = client_of(cast.bob).get("/overview/").content.decode()
        assert 'name="series"' not in page and "All points are worked out" not in page
        assert "No. 1: Equal" in page

    def test_whose_columns_are_gone_is_shown_whole_and_not_filtered(self, cast, shop, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        answer_many(shop.version, [sheet(5, 5, 2, 2, 9, 4)] * 40, at=datetime(2026, 10, 7, tzinfo=UTC), attributes={"region": "West"})
        shop.compute()
        choose(shop, 0.7)
        rebuild(tree=shop.tree, at=datetime.now(UTC))
        prune(at=datetime.now(UTC) + timedelta(hours=2))
        run = Run.objects.filter(weight_set__number=2).latest("pk")
        assert run.base.blocks and not Block.objects.filter(pk__in=list(run.base.blocks)).exclude(columns=b"").exists()
        client = client_of(cast.bob)
        assert "This is an earlier series" in words(client.get("/overview/?series=2&period=all"))
        for query in ("region=East", "period=2026-10-05", "region=East&period=2026-10"):
            response = client.get(f"/overview/?series=2&{query}")
            assert response.status_code == 200 and "have been packed anew since" in words(response)
        assert "have been packed anew since" in words(client_of(cast.eve).get("/overview/?series=2"))


class TestTheTrend:
    def test_says_since_when_the_weights_are_in_force_and_marks_it(self, cast, shop):
        response = client_of(cast.bob).get("/overview/?period=all")
        page = words(response)
        assert "All points are worked out with weight set 2, in force since 10 Sep 2026." in page
        assert "Set 2 adopted (marker only)" in page
        assert "As published before: weight set 1" in page
        figure = json.loads(re.search(r'id="trend-figure" type="application/json">(.*?)</script>', response.content.decode())[1])
        (line,) = [shape for shape in figure["layout"]["shapes"] if shape["xref"] == "x"]
        assert line["x0"] == line["x1"] == pytest.approx(4 - 0.5 + 9 / 30)
        lines = r'<tr>\s*<th scope="row">([^<]+)</th>(?:(?!</tr>).)*<td class="muted">([^<]*)</td>\s*</tr>'
        table = re.findall(lines, response.content.decode(), re.DOTALL)
        notes = {period.strip(): note.strip() for period, note in table}
        assert [notes[f"{month} 2026"] for month in ("Aug", "Sep", "Oct")] == [
            "worked out later: other weights were in force", "these weights from 10 Sep 2026", ""]

    def test_of_the_first_series_marks_nothing(self, cast, shop):
        assert "All points are worked out" not in words(client_of(cast.bob).get("/overview/?period=all&series=1"))

    def test_of_waves_says_it_without_a_line(self, cast):
        shop = make_shop(cast.team)
        fill_waves(shop)
        shop.compute()
        choose(shop, 0.3)
        page = client_of(cast.bob).get("/overview/").content.decode()
        assert "All points are worked out with weight set 2" in page and "k-begin" not in page

    def test_has_no_line_for_a_day_before_or_after_its_periods(self):
        point = Point("Sep", 70.0, 68.0, 72.0, False, None, "")
        plain = trend_figure([point] * 3, bounds=(60, 80), target=None, target_label="", value_label="70")
        marked = trend_figure([point] * 3, bounds=(60, 80), target=None, target_label="", value_label="70", begin=1.2, begin_label="<b>")
        assert not plain["layout"].get("shapes") and marked["layout"]["shapes"][0]["x0"] == 1.2
        assert "&lt;b&gt;" in [one["text"] for one in marked["layout"]["annotations"]]


class TestTheKeptPage:
    def test_of_an_earlier_series_is_handed_out_in_as_few_queries(self, cast, shop):
        client = client_of(cast.bob)
        read_page(client)
        read_page(client, "?series=1")
        assert len(queries_of(client)) == len(queries_of(client, "?series=1"))

    def test_keeps_the_figures_of_each_series_for_every_process(self, cast, shop):
        client = client_of(cast.bob)
        newest, earlier = read_page(client), read_page(client, "?series=1")
        forget()
        again = queries_of(client, "?series=1")
        assert not any('FROM "surveys_questionnaireversion"' in one for one in again)
        assert read_page(client, "?series=1").count("65.6") == earlier.count("65.6") > 0
        assert "45.0" in newest and "45.0" in read_page(client)

    def test_is_written_anew_when_weights_are_chosen_before_their_run(self, cast, shop):
        client = client_of(cast.bob)
        assert "No. 2: Set by hand · in force since" in read_page(client)
        equalise_weights(tree=shop.tree, user=None, reason="Again", at=CHOSEN + timedelta(days=3))
        assert "No. 2: Set by hand · in force from 10 Sep 2026 to 13 Sep 2026" in read_page(client)
        shop.compute()
        assert "No. 3: Equal · in force since" in read_page(client)

    def test_looks_for_newer_runs_than_the_newest(self, cast, shop):
        newest = Run.objects.filter(tree=shop.tree).latest("pk")
        assert f'data-live-run="{newest.pk}"' in read_page(client_of(cast.bob), "?series=1")


class TestOtherRules:
    def rules(self, cast: Cast, shop: Shop, **given):
        data = {"score_vector": "cn_practice", "coverage": "50", "reason": "The method of the ministry"} | given
        return client_of(cast.dora).post(f"/indicators/{shop.tree.pk}/rules/", data)

    def test_start_a_new_series_with_who_and_why(self, cast, shop):
        before = overview(cast, "?period=all")["index"]
        assert self.rules(cast, shop).status_code == 302
        shop.compute()
        assert overview(cast, "?period=all")["index"] != before == overview(cast, "?period=all&series=2")["index"]
        made = WeightSet.objects.get(tree=shop.tree, number=3)
        assert (made.reason, made.created_by, made.weights["product"]) == ("The method of the ministry", cast.dora, 0.2)
        assert "Linear: lowest 0, highest 100, equal steps → 0 / 30 / 60 / 80 / 100 (five points)" in words(client_of(cast.dora).get(f"/indicators/{shop.tree.pk}/weights/"))

    def test_are_logged_with_what_they_were(self, cast, shop):
        self.rules(cast, shop, coverage="60")
        (event,) = AuditEvent.objects.filter(action="indicator_tree.rules_set")
        assert event.detail == {
            "score_vector": ["linear", "cn_practice"], "coverage": [50, 60], "reason": "The method of the ministry"}

    def test_need_a_reason(self, cast, shop):
        response = self.rules(cast, shop, reason=" ")
        assert response.status_code == 422 and "Give a reason: other rules change every figure" in words(response)
        shop.tree.refresh_from_db()
        assert shop.tree.score_vector == "linear" and WeightSet.objects.filter(tree=shop.tree).count() == 2

    def test_that_fit_no_scale_are_refused_by_the_name_of_the_question(self, cast, shop):
        publish_again(shop.version.questionnaire, document(rating("quality", 7)))
        response = self.rules(cast, shop)
        assert response.status_code == 422
        assert "does not fit the scale 1–7 of the question “quality” of “Survey”" in words(response)
        shop.tree.refresh_from_db()
        assert shop.tree.score_vector == "linear" and WeightSet.objects.filter(tree=shop.tree).count() == 2

    def test_that_are_the_same_change_nothing(self, cast, shop):
        client = client_of(cast.dora)
        given = {"score_vector": "linear", "coverage": "50", "reason": "By mistake"}
        assert "nothing has changed" in words(client.post(f"/indicators/{shop.tree.pk}/rules/", given, follow=True))
        assert WeightSet.objects.filter(tree=shop.tree).count() == 2 and not AuditEvent.objects.filter(action="indicator_tree.rules_set")


class TestPruning:
    def test_keeps_the_last_run_of_each_definition(self, cast, shop):
        for coverage in range(51, 66):
            IndicatorTree.objects.filter(pk=shop.tree.pk).update(coverage=coverage)
            request_recompute(trees=[shop.tree.pk], at=datetime.now(UTC))
            shop.compute()
        hashes = set(Run.objects.filter(tree=shop.tree).values_list("definition_hash", flat=True))
        prune(at=datetime.now(UTC) + timedelta(days=400))
        assert len(hashes) == 17 and set(Run.objects.filter(tree=shop.tree).values_list("definition_hash", flat=True)) == hashes

    def test_keeps_the_last_run_of_each_day_for_a_month_and_of_each_month(self, cast, shop):
        day = datetime(2026, 3, 1, 12, tzinfo=UTC)
        for number in range(60):
            answer_many(shop.version, [sheet(5, 5, 2, 2, 9, 4)], at=datetime(2026, 10, 6, tzinfo=UTC))
            shop.compute()
            Run.objects.filter(pk=Run.objects.latest("pk").pk).update(finished_at=day + timedelta(days=number // 2))
        Run.objects.exclude(pk__gt=Run.objects.latest("pk").pk - 60).update(finished_at=day - timedelta(days=40))
        prune(at=day + timedelta(days=31))
        kept = Run.objects.filter(finished_at__gte=day)
        assert kept.count() == 35 and len({run.finished_at.date() for run in kept}) == 30
        prune(at=day + timedelta(days=100))
        assert Run.objects.filter(finished_at__gte=day).count() == 10
        assert Run.objects.filter(finished_at__lt=day).count() == 2
