"""The overview, its comments, export and API: who sees what, which numbers, and what small groups hide."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Team
from analytics.indicators.models import IndicatorTree
from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree
from analytics.scoring.periods import wave
from analytics.scoring.selectors import get_latest_run, read_period
from analytics.scoring.services import recompute
from surveys.answering.models import RecomputeNote
from surveys.design.selectors import get_document
from tests.analytics.builders import AFTERWARDS, AT, answer_many, document, make_dimension, publish, rating, text
from tests.analytics.dashboard_builders import Shop, codes, fill_waves, invite, make_shop, say
from tests.cast import Cast, api_client, client_of, make_key, make_member
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
EXPECTED = json.loads((Path(__file__).parents[1] / "methods/reference/sfo_waves.json").read_text())


def overview(client: Client, query: str = "") -> str:
    response = client.get(f"/overview/{query}")
    assert response.status_code == 200, response
    return words(response)


def api(cast: Cast, query: str = "", **key):
    reply = api_client(make_key(cast.team, **key)[1]).get(f"/api/v1/overview/{query}")
    assert reply.status_code == 200, reply.content
    return reply.json()


class TestTheOverview:
    def test_shows_the_newest_wave_compared_with_the_one_before(self, cast, shop):
        page = overview(client_of(cast.bob))
        result = read_period(get_latest_run(tree=shop.tree), period=wave("2018"), at=AFTERWARDS)
        before = read_period(get_latest_run(tree=shop.tree), period=wave("2017"), at=AFTERWARDS)
        assert f"{result.root.index.value:.1f}" in page and f"vs {before.root.index.value:.1f} in 2017" in page
        assert "beyond chance" in page and f"n = {result.root.index.n}" in page

    def test_has_no_response_rate_where_nobody_was_invited(self, cast, shop):
        page = overview(client_of(cast.bob))
        assert "Nobody was invited by mail, so there is no response rate." in page and "Response rate" not in page

    def test_says_that_answers_without_an_invitation_do_not_count_in_the_rate(self, cast, shop):
        invite(shop, sent=40, completed=0)
        page = overview(client_of(cast.bob))
        assert "0.0 % of delivered invitations" in page
        assert "Answers without a mailed invitation do not count here." in page

    def test_draws_the_index_and_the_ends_of_the_axis_in_what_makes_it_up(self, cast, shop):
        page = client_of(cast.bob).get("/overview/").content.decode()
        table = page[page.index('<table class="ladder">'):page.index("</table>", page.index('<table class="ladder">'))]
        places = set(re.findall(r'class="s-index" x1="([\d.]+)%"', table))
        low, high = map(int, re.findall(r"<text[^>]*>(\d+)</text>", table))
        value = read_period(get_latest_run(tree=shop.tree), period=wave("2018"), at=AFTERWARDS).root.index.value
        assert len(places) == 1 and float(places.pop()) == pytest.approx(100 * (value - low) / (high - low), abs=0.01)

    def test_shows_the_response_rate_of_what_was_delivered(self, cast, shop):
        invite(shop, sent=40, completed=10, failed=5)
        assert "25.0 % of delivered invitations" in overview(client_of(cast.bob))
        assert api(cast)["funnel"] | {"headline": None} == {
            "invited": 45, "delivered": 40, "started": 10, "completed": 10, "headline": None
        }

    def test_counts_invitations_where_they_are_too_few_for_a_rate(self, cast, shop):
        invite(shop, sent=8, completed=1)
        page = overview(client_of(cast.bob))
        assert "8 delivered invitations. The rate is shown from 10." in page
        assert "8 answers" not in page

    def test_names_what_fell_beyond_chance_and_links_to_it(self, cast, shop):
        response = client_of(cast.bob).get("/overview/")
        assert "West: Index fell by" in words(response)
        assert "?region=West#n-" in response.content.decode()

    def test_leads_an_alert_about_the_index_to_its_card_and_others_to_their_rows(self, cast, shop):
        page = client_of(cast.bob).get("/overview/").content.decode()
        anchors = set(re.findall(r'href="/overview/[^"]*#([^"]+)">\s+\S', page[page.index('id="h-att"'):page.index('id="h-dims"')]))
        assert anchors and all(f'id="{anchor}"' in page for anchor in anchors), anchors

    def test_corrects_for_no_comparisons_where_none_was_made(self, cast, shop):
        client = client_of(cast.bob)
        assert re.search(r"with n ≥ 30; corrected for \d+ comparisons", overview(client))
        page = overview(client, "?compare=none")
        assert "with n ≥ 30." in page and "corrected for" not in page

    def test_says_from_what_differences_are_worked_out(self, cast, shop):
        client = client_of(cast.bob)
        assert "Differences use unrounded values." in overview(client)
        assert "Differences use unrounded values." not in overview(client, "?compare=none")

    def test_writes_nothing_and_asks_as_often_for_ten_times_the_answers(self, cast, shop):
        client = client_of(cast.bob)
        get_document(version=shop.version)  # each process parses a version once
        with CaptureQueriesContext(connection) as few:
            client.get("/overview/")
        for region in ("East", "West"):
            answer_many(shop.version, codes(4, 1800), wave="2018", attributes={"region": region}, source="import",
                        at=datetime(2018, 6, 1, tzinfo=UTC))
        shop.compute()
        with CaptureQueriesContext(connection) as many:
            client.get("/overview/")
        assert len(many) == len(few) <= 40
        assert not [one["sql"] for one in many if one["sql"].lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")]

    def test_is_there_before_the_first_run_with_what_is_left_to_do(self, cast):
        page = overview(client_of(cast.alice))
        assert "Four steps to the first result" in page and "First answers: 0 of 10" in page

    def test_tells_zero_from_none_too_few_and_withheld(self, cast):
        shop = make_shop(cast.team)
        answer_many(shop.version, codes(3, 7), wave="2018", attributes={"region": "East"})
        shop.compute()
        assert "7 answers. Scores are shown from 10." in overview(client_of(cast.bob))

    def test_speaks_chinese(self, cast, shop):
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        response = client_of(cast.bob).get("/overview/")
        page = words(response)
        assert "满意度总览" in page and "超出随机波动" in page and 'lang="zh-Hans"' in response.content.decode()
        assert not re.search(r"\b(beyond chance|interval|Show as table|answers)\b", page)


class TestTheAddress:
    def test_is_rewritten_without_defaults_and_strangers(self, cast, shop):
        response = client_of(cast.bob).get("/overview/?survey=&period=&compare=previous&region=East&utm_source=x")
        assert response.status_code == 302 and response["Location"] == "/overview/?region=East"

    @pytest.mark.parametrize("spelling", ["w:2017", "wave:2017"])
    def test_names_a_wave_in_two_spellings(self, cast, shop, spelling):
        response = client_of(cast.bob).get(f"/overview/?period={spelling}", follow=True)
        assert "no comparison" not in words(response) and "2017" in words(response)

    @pytest.mark.parametrize("query", ["?period=soon", "?compare=x", "?region=Mars", "?by=planet", "?period=2018-99"])
    def test_that_means_nothing_is_named_and_the_default_shown(self, cast, shop, query):
        assert "means nothing for" in overview(client_of(cast.bob), query)

    @pytest.mark.parametrize("survey", ["999999", "x", "%00", "9" * 40, "-1", "²"])
    def test_of_an_unknown_survey_is_not_found(self, cast, shop, survey):
        assert client_of(cast.bob).get(f"/overview/?survey={survey}").status_code == 404

    def test_of_an_example_that_is_not_there_is_not_found(self, cast, shop):
        assert client_of(cast.bob).get("/overview/?survey=example").status_code == 404

    def test_that_empties_the_page_names_the_filter_to_remove(self, cast, shop):
        answer_many(shop.version, codes(4, 30), wave="2019", attributes={"region": "East"}, at=datetime(2019, 5, 1, tzinfo=UTC))
        shop.compute()
        page = overview(client_of(cast.bob), "?region=West")
        assert "No answers for West in 2019." in page and "Remove “West”" in page


    def test_that_empties_the_page_by_several_filters_names_them_together(self, cast, shop):
        make_dimension(cast.team, "tier", "Gold", "Basic")
        answer_many(shop.version, codes(4, 30), wave="2018", attributes={"region": "East", "tier": "Gold"},
                    at=datetime(2018, 5, 2, tzinfo=UTC))
        shop.compute()
        client = client_of(cast.bob)
        page = overview(client, "?region=West&region=North&tier=Gold")
        assert "No answers in 2018 match West or North and Gold together." in page and "No answers for" not in page
        assert "Remove “West or North”" in page and "Remove “Gold”" in page
        raw = client.get("/overview/?region=West&region=North&tier=Gold").content.decode()
        for address in ("?tier=Gold", "?region=West&amp;region=North"):
            assert re.search(rf'<a class="btn btn-primary" href="{re.escape(address)}">', raw)
        assert "No answers in" not in overview(client, "?tier=Gold")


class TestTheExample:
    def test_is_the_tree_whose_questionnaire_is_marked(self, cast, shop):
        IndicatorTree.objects.filter(pk=shop.tree.pk).update(is_example=True)
        small = make_example(cast.team)
        answer_many(small.version, codes(5, 12), attributes={"region": "East"})
        small.compute()
        page = api_client(make_key(cast.team)[1]).get("/api/v1/overview/?survey=example").json()
        assert page["tree_id"] == small.tree.pk


def make_example(team: Team) -> Shop:
    version = publish(team, document(rating("quality")), name="Example", is_example=True)
    plan = PlannedNode("csi", text("Index"), children=(PlannedNode("q", text("Q"), questions=("quality",)),))
    tree = create_tree(team=team, names=text("Small"), root=plan, at=AT, questionnaire=version.questionnaire,
                       roles=PlannedRoles(), is_example=True)
    return Shop(team, tree, version)


class TestWhoSeesWhat:
    def test_another_team_sees_nothing_of_it(self, cast, shop):
        charlie = client_of(cast.charlie)
        assert "Four steps" in overview(charlie)
        for path in ("/overview/", "/overview/live/", "/overview/export/", "/overview/method/", "/comments/"):
            assert charlie.get(f"{path}?survey={shop.tree.pk}").status_code == 404

    def test_strangers_sign_in_first(self, shop):
        assert Client().get("/overview/").status_code == 302
        assert api_client().get("/api/v1/overview/").status_code == 401

    def test_a_scope_narrows_every_number_and_every_choice(self, cast, shop):
        say(shop, "From the West", region="West", wave="2018")
        say(shop, "From the East", region="East", wave="2018")
        shop.compute()
        page = overview(client_of(cast.eve))
        assert "From the East" in page and "West" not in page
        inside = api(cast, scope={"region": ["East"]})
        expected = read_period(get_latest_run(tree=shop.tree), period=wave("2018"), scope={"region": ["East"]}, at=AFTERWARDS)
        assert inside["responses"] == expected.responses == 61
        assert inside["index"]["figure"]["value"] == expected.root.index.value
        assert [row["level"] for row in inside["heat"]["rows"]] == ["East"]

    def test_a_scope_is_named_on_every_page(self, cast, shop):
        eve = client_of(cast.eve)
        for path in ("/overview/", "/overview/change/", "/comments/", "/weighting/", "/indicators/"):
            assert "You see these customers only: region = East" in eve.get(path, follow=True).content.decode(), path
        assert "You see these customers only" not in overview(client_of(cast.bob))

    def test_a_scope_without_answers_is_given_as_the_reason(self, cast, shop):
        shop.compute()
        Membership.objects.filter(user=cast.eve).update(scope={"region": ["Nowhere"]})
        for path in ("/overview/", "/weighting/"):
            page = client_of(cast.eve).get(f"{path}?period=all", follow=True).content.decode()
            reason = "None of the answers in All time comes from the customers you see (region = Nowhere)."
            assert reason in page and "No answers in All time" not in page, path
            assert "Show the newest answers" not in page, path

    def test_an_owner_is_told_the_levels_that_answers_have(self, cast, shop):
        shop.compute()
        page = client_of(cast.alice).get(f"/account/settings/members/{cast.membership(cast.eve).pk}/").content.decode()
        assert "region = East" in page.split("Your customers have:")[1]  # and not the level of those who have none

    def test_a_filter_cannot_leave_the_scope(self, cast, shop):
        key = make_key(cast.team, scope={"region": ["East"]})[1]
        refused = api_client(key).get("/api/v1/overview/?region=West")
        assert refused.status_code == 400 and list(refused.json()["fields"]) == ["region"]
        page = client_of(make_member("Scoped", cast.team, scope={"region": ["East"]})).get("/overview/?region=West", follow=True)
        assert "n = 60" in words(page) and "n = 124" not in words(page)


class TestTheNumbers:
    def test_of_page_export_and_api_are_the_same(self, cast, shop):
        served = api(cast)
        page = overview(client_of(cast.alice))
        response = client_of(cast.alice).get("/overview/export/")
        rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
        index = next(row for row in rows if row["section"] == "index")
        figure = served["index"]["figure"]
        assert float(index["value"]) == figure["value"] and int(index["n"]) == figure["n"]
        nodes = {row["item"]: row for row in rows if row["section"] == "indicators" and row["metric"] == "index"}
        for node in served["nodes"]:
            value = node["headline"]["figure"]["value"]
            assert float(nodes[node["key"]]["value"]) == value and f"{value:.1f}" in page
        for row in served["heat"]["rows"]:
            for cell in row["cells"]:
                if row["is_sure"]:
                    assert f"{cell['figure']['value']:.1f}" in page

    def test_of_the_airport_equal_the_published_reference(self, cast):
        """Means, top-two shares and the unweighted Net Promoter Score as computed with R."""
        items = {one["item"]: one for one in EXPECTED["waves"] if one["year"] == 2018}
        nps = next(one for one in EXPECTED["nps"] if one["year"] == 2018)
        version = publish(cast.team, document(rating("q7all"), rating("q9all"), {"key": "nps", "type": "nps", "text": text("?")}))
        plan = PlannedNode("csi", text("Index"), children=(PlannedNode("clean", text("Clean"), questions=("q9all",)),))
        tree = create_tree(team=cast.team, names=text("Airport"), root=plan, at=AT, questionnaire=version.questionnaire,
                           roles=PlannedRoles(nps=("nps",), overall=("q7all",)))
        for key, histogram, lowest in (("q7all", items["Q7ALL"]["hist"], 1), ("q9all", items["Q9ALL"]["hist"], 1), ("nps", nps["hist"], 0)):
            answers = [{key: lowest + place} for place, count in enumerate(histogram) for _ in range(count)]
            answer_many(version, answers, wave="2018", source="import")
        recompute(tree=tree, at=AT)
        served = api(cast)
        assert served["satisfied"]["headline"]["figure"]["value"] == pytest.approx(items["Q7ALL"]["top2"]["unweighted_mean"], rel=1e-12)
        assert served["nps"]["headline"]["figure"]["value"] == pytest.approx(nps["unweighted"]["nps"], rel=1e-12)
        assert served["index"]["figure"]["value"] == pytest.approx(items["Q9ALL"]["score100"]["unweighted_mean"], rel=1e-12)
        page = overview(client_of(cast.bob))
        assert f"{100 * items['Q7ALL']['top2']['unweighted_mean']:.1f} %" in page and "+31" in page


class TestSmallGroups:
    def test_have_no_value_in_table_api_or_export(self, cast, shop):
        north = next(row for row in api(cast)["heat"]["rows"] if row["level"] == "North")
        assert north["responses"] == 4 and not north["is_sure"]
        assert {cell["figure"]["value"] for cell in north["cells"]} == {None}
        assert "4 answers. Scores are shown from 10." in overview(client_of(cast.bob))
        exported = b"".join(client_of(cast.bob).get("/overview/export/").streaming_content).decode()
        rows = [row for row in csv.DictReader(io.StringIO(exported.lstrip("\ufeff"))) if row["level"] == "North"]
        assert rows and all(row["value"] == "" for row in rows)

    def test_are_listed_last(self, cast, shop):
        assert api(cast)["heat"]["rows"][-1]["level"] == "North"

    def test_of_anonymous_surveys_are_not_even_counted(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        fill_waves(shop)
        say(shop, "Only I could have written this", region="North", wave="2018")
        shop.compute()
        page = overview(client_of(cast.bob), "?region=North")
        assert "This group is not shown" in page and "Only I" not in page
        assert api(cast, "?region=North")["responses"] == 0
        assert "Only I" not in words(client_of(cast.bob).get("/comments/?region=North"))


class TestComments:
    @pytest.fixture
    def talk(self, cast, shop):
        for number in range(30):
            say(shop, f"Remark {number:02d}", wave="2018", at=datetime(2018, 6, 1, tzinfo=UTC) + timedelta(hours=number))
        say(shop, "<b>Slow</b> delivery", nps=2, wave="2018", at=datetime(2018, 7, 1, tzinfo=UTC))
        say(shop, "   ", wave="2018", at=datetime(2018, 7, 2, tzinfo=UTC))
        shop.compute()
        return client_of(cast.bob)

    def test_are_newest_first_and_four_on_the_overview(self, talk):
        page = talk.get("/overview/").content.decode()
        assert page.count("<blockquote") == 4
        assert "&lt;b&gt;Slow&lt;/b&gt; delivery" in page and 'dir="auto"' in page

    def test_come_in_pages(self, talk):
        first, second = (words(talk.get(f"/comments/?page={number}")) for number in (1, 2))
        assert "Remark 29" in first and "Remark 00" not in first and "Remark 00" in second

    def test_are_found_by_word_and_score(self, talk):
        assert "Slow" in words(talk.get("/comments/?q=SLOW")) and "Remark" not in words(talk.get("/comments/?q=SLOW"))
        low = words(talk.get("/comments/?score=low"))
        assert "Slow" in low and "Remark" not in low

    def test_are_counted_by_their_scores(self, talk):
        assert "32 comments · 31 high · 1 low" in words(talk.get("/comments/"))
        assert "1 comment · 1 low" in words(talk.get("/comments/?q=slow"))

    def test_offer_no_comparison_and_keep_the_one_chosen(self, talk):
        for page in ("/comments/?compare=year", "/weighting/?compare=year"):
            body = talk.get(page).content.decode()
            assert "Compare with" not in body and '<input type="hidden" name="compare" value="year">' in body
        assert "compared with" not in words(talk.get("/comments/")) and "Compare with" in words(talk.get("/overview/"))

    def test_say_when_there_is_none(self, talk):
        assert "No comment contains “nowhere” in this selection." in words(talk.get("/comments/?q=nowhere"))

    @pytest.mark.parametrize("query", ["?page=0", "?page=x", "?page=9999999999", "?score=angry", f"?q={'x' * 500}", "?q=%25_"])
    def test_survive_any_address(self, talk, query):
        assert talk.get(f"/comments/{query}").status_code == 200

    def test_of_an_anonymous_survey_tell_neither_segment_nor_score(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        fill_waves(shop)
        say(shop, "Hidden author", region="East", nps=3, wave="2018", at=datetime(2018, 5, 1, tzinfo=UTC))
        shop.compute()
        (comment,) = api(cast)["comments"]
        assert comment["text"] == "Hidden author" and comment["score"] is None and comment["is_anonymous"]
        page = words(client_of(cast.bob).get("/comments/"))
        assert "Hidden author" in page and "May 2018" in page and "1 May 2018" not in page
        assert "1 comment" in page and "1 low" not in page

    def test_of_an_anonymous_survey_cannot_be_singled_out_by_score(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        fill_waves(shop)
        say(shop, "The only angry one", region="East", nps=0, wave="2018", at=datetime(2018, 5, 1, tzinfo=UTC))
        shop.compute()
        page = words(client_of(cast.bob).get("/comments/?score=low"))
        assert "angry" not in page and "Comments are shown for groups of 10 answers or more." in page


class TestTheLiveStamp:
    def test_changes_with_a_new_run(self, cast, shop):
        client = client_of(cast.bob)
        before = client.get("/overview/live/").json()
        say(shop, "New", wave="2018", at=datetime(2018, 8, 1, 9, 30, tzinfo=UTC), notes=False)
        RecomputeNote.objects.create(questionnaire=shop.version.questionnaire, at=datetime.now(UTC))
        assert "new answers are being counted" in client.get("/overview/live/").json()["stamp"]
        shop.compute()
        after = client.get("/overview/live/").json()
        assert after["run"] != before["run"] and "1 Aug 2018, 09:30 (UTC)" in after["stamp"]

    def test_is_there_before_the_first_run(self, cast):
        assert client_of(cast.bob).get("/overview/live/").json()["run"] == 0


class TestTheMethodPage:
    def test_names_run_weights_versions_and_every_formula(self, cast, shop):
        page = words(client_of(cast.bob).get("/overview/method/"))
        run = get_latest_run(tree=shop.tree)
        assert run.fingerprint in page and f"Survey, version 1: {run.responses} responses" in page
        for sentence in ("Net Promoter Score", "Wilson score interval", "Adjusted Wald", "equal steps · 1 → 0.0", "50% of an indicator’s weight"):
            assert sentence in page
