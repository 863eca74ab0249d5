"""Experts judge pairs by a link; staff see what comes of it and make weights of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.limits import INVITE_TEAM, note_attempt
from accounts.models import AuditEvent
from analytics.indicators import expert_views, experts
from analytics.indicators.changing import TreeError
from analytics.indicators.expert_mail import send_invitation
from analytics.indicators.expert_sheet import page_count
from analytics.indicators.models import IndicatorTree, WeightSet
from analytics.indicators.panel_models import Expert, Panel
from analytics.indicators.panel_results import chosen_weights, list_pairs, panel_result, sheet_result
from analytics.indicators.tasks import sweep_experts
from tests.analytics.builders import AT, make_team
from tests.analytics.weight_builders import LATER, fill_sheet, invite_expert, make_panel_tree, open_on
from tests.cast import Cast, api_client, client_of, make_key, shows_nan
from tests.services.smtp import Mailbox

pytestmark = pytest.mark.django_db
REFERENCE = json.loads((Path(__file__).parents[1] / "methods/reference/ahp.json").read_text(encoding="utf-8"))
TABLES = {"Alonso and Lamata 2006": "alonso_lamata_2006", "Saaty 1980": "saaty_1980"}
NEAR = {"rel": 0, "abs": 1e-9}


def whole_judgements(names: list[str], matrix: list[list[float]]) -> dict[str, int]:
    """A published matrix as a sheet: whole numbers, negative where the second matters more."""
    found = {}
    for row, first in enumerate(names):
        for column in range(row + 1, len(names)):
            value = matrix[row][column]
            found[f"{first}|{names[column]}"] = round(value) if value >= 1 else -round(1 / value)
    return found


@pytest.fixture
def tree() -> IndicatorTree:
    return make_panel_tree(make_team(), "attitude", "speed", "skill")


@pytest.fixture
def panel(tree: IndicatorTree) -> Panel:
    return open_on(tree)


class TestTheReference:
    @pytest.mark.parametrize("name", ["house", "drink", "school", "chairs"])
    @pytest.mark.parametrize(("table", "ratio"), [("saaty_1980", "CR_saaty1980"), ("alonso_lamata_2006", "CR_alonso_lamata")])
    def test_is_met_through_a_sheet(self, name: str, table: str, ratio: str) -> None:
        expected = REFERENCE["examples"][name]
        panel = open_on(make_panel_tree(make_team(), *expected["names"]), table)
        expert = fill_sheet(invite_expert(panel), whole_judgements(expected["names"], expected["matrix"]))
        result = panel_result(panel, [expert])
        assert result is not None
        assert result.everybody.eigenvector == pytest.approx(expected["eigen"], **NEAR)
        assert result.everybody.geometric == pytest.approx(expected["geomean"], **NEAR)
        assert result.everybody.ratio == pytest.approx(expected[ratio], **NEAR)
        assert sheet_result(panel, expert.judgements).geometric_index == pytest.approx(expected["GCI"], **NEAR)
        assert bool(result.left_out) == (expected[ratio] > 0.1)


class TestASheet:
    def test_gives_weights_as_soon_as_it_links_everything(self, panel: Panel) -> None:
        assert not sheet_result(panel, {"attitude|speed": 3}).is_linked
        found = sheet_result(panel, {"attitude|speed": 2, "speed|skill": 2})
        assert found.eigenvector == pytest.approx((4 / 7, 2 / 7, 1 / 7))
        assert (found.ratio, found.is_complete) == (None, False)

    def test_names_the_judgement_that_disturbs_most(self) -> None:
        expected = REFERENCE["examples"]["house"]
        panel = open_on(make_panel_tree(make_team(), *expected["names"]))
        found = sheet_result(panel, whole_judgements(expected["names"], expected["matrix"]))
        assert found.disturbing is not None and found.ratio is not None
        names = {expected["names"][found.disturbing.row], expected["names"][found.disturbing.column]}
        assert names == {"neighbourhood", "condition"}
        assert found.disturbing.ratio_without < found.ratio

    @pytest.mark.parametrize("value", [0, 10, -10, -1])
    def test_takes_nothing_off_the_scale(self, panel: Panel, value: int) -> None:
        expert = invite_expert(panel)
        with pytest.raises(TreeError, match="bad_judgement"):
            experts.save_judgements(expert=expert, given={("attitude", "speed"): value}, page=0, language="en", at=AT)
        assert Expert.objects.get(pk=expert.pk).judgements == {}

    def test_keeps_what_other_pages_saved(self, panel: Panel) -> None:
        expert = invite_expert(panel)
        for pair, value in ((("attitude", "speed"), 3), (("speed", "skill"), -5), (("attitude", "speed"), None)):
            experts.save_judgements(expert=expert, given={pair: value}, page=0, language="en", at=AT)
        assert Expert.objects.get(pk=expert.pk).judgements == {"speed|skill": -5}

    def test_of_a_closed_panel_stays_as_it_is(self, panel: Panel) -> None:
        expert = fill_sheet(invite_expert(panel), {"attitude|speed": 3})
        experts.close_panel(panel=panel, at=LATER)
        with pytest.raises(TreeError, match="panel_closed"):
            fill_sheet(expert, {"attitude|speed": 9})
        with pytest.raises(TreeError, match="panel_closed"):
            experts.invite_experts(panel=panel, emails=["x@experts.example"], language="en", at=LATER)


class TestAPanel:
    def test_needs_two_to_nine_indicators(self) -> None:
        for keys in (("one",), tuple(f"k{number}" for number in range(10))):
            with pytest.raises(TreeError, match="panel_size"):
                open_on(make_panel_tree(make_team(), *keys))

    def test_has_one_sheet_for_each_expert(self, panel: Panel) -> None:
        made = experts.invite_experts(panel=panel, emails=["a@e.example", "A@E.example ", "b@e.example"], language="en", at=AT)
        again = experts.invite_experts(panel=panel, emails=["b@e.example"], language="en", at=AT)
        assert ([one.email_key for one in made], again) == (["a@e.example", "b@e.example"], [])

    def test_counts_sent_sheets_only_and_shows_what_the_inconsistent_change(self, panel: Panel) -> None:
        steady = fill_sheet(invite_expert(panel, "a@e.example"), {"attitude|speed": 2, "speed|skill": 2, "attitude|skill": 4})
        wild = fill_sheet(invite_expert(panel, "b@e.example"), {"attitude|speed": 9, "speed|skill": 9, "attitude|skill": -9})
        begun = fill_sheet(invite_expert(panel, "c@e.example"), {"attitude|speed": -9, "speed|skill": 2}, send=False)
        result = panel_result(panel, [steady, wild, begun])
        assert result is not None and result.consistent is not None
        assert (result.counted, result.left_out) == ((steady, wild), (wild,))
        assert result.consistent.eigenvector == pytest.approx((4 / 7, 2 / 7, 1 / 7))
        assert chosen_weights(result, scope="all", method="geometric") == result.everybody.geometric
        assert result.everybody.ratio > 0.1 and max(result.spread) > 0.05

    def test_without_sheets_has_no_outcome(self, panel: Panel) -> None:
        assert panel_result(panel, [invite_expert(panel)]) is None


class TestTheMail:
    def test_reaches_the_expert_in_both_languages_and_both_parts(self, panel: Panel, mailbox: Mailbox, settings: Any) -> None:
        settings.SITE_URL = "https://survey.example"
        expert = invite_expert(panel)
        assert send_invitation(expert=expert, at=AT)
        (mail,) = mailbox.to("ann@experts.example")
        for body in (mail.body("plain"), mail.body("html")):
            assert "Open the sheet" in body and "打开判断表" in body
        link = next(link for link in mail.links if "/e/" in link)
        token = link.rstrip("/").rsplit("/", 1)[-1]
        stored = Expert.objects.get(pk=expert.pk)
        assert len(token) >= 32 and token not in json.dumps([stored.token_hash, stored.email, stored.judgements])
        assert Client().get(reverse("experts:sheet", args=[token])).status_code == 200

    def test_is_sent_once_and_again_when_asked(self, panel: Panel, mailbox: Mailbox) -> None:
        expert = invite_expert(panel)
        assert [send_invitation(expert=expert, at=AT) for _ in range(3)] == [True, False, False]
        old = next(link for link in mailbox.to(expert.email)[0].links if "/e/" in link)
        experts.invite_again(expert=expert, at=AT)
        sweep_experts()
        assert len(mailbox.to(expert.email)) == 2
        assert Client().get(re.sub(r"^https?://[^/]+", "", old)).status_code == 404

    def test_that_the_server_refuses_is_tried_again(self, panel: Panel, mailbox: Mailbox) -> None:
        expert = invite_expert(panel)
        mailbox.data_reply = "451 Try later"
        assert not send_invitation(expert=expert, at=AT)
        assert Expert.objects.get(pk=expert.pk).sent_at is None
        mailbox.data_reply = None
        sweep_experts()
        assert len(mailbox.to(expert.email)) == 1

    def test_is_not_sent_for_a_closed_panel(self, panel: Panel, mailbox: Mailbox) -> None:
        invite_expert(panel)
        experts.close_panel(panel=panel, at=LATER)
        sweep_experts()
        assert mailbox.messages == []


@pytest.fixture
def link(panel: Panel) -> str:
    return reverse("experts:sheet", args=[experts.renew_link(expert=invite_expert(panel))])


class TestTheExpertsPage:
    def test_takes_a_sheet_page_by_page_without_script(self, panel: Panel, link: str) -> None:
        client, expert = Client(), panel.experts.get()
        assert page_count(panel) == 1
        assert list_pairs(panel) == [("attitude", "speed"), ("speed", "skill"), ("attitude", "skill")]
        reply = client.post(link, {
            "_page": "1", "_to": "next", "side-0": "first", "strength-0": "3", "side-1": "equal", "side-2": "second", "strength-2": "5",
        })
        assert (reply.status_code, reply["Location"]) == (302, f"{link}?p=2&lang=en")
        expert.refresh_from_db()
        assert expert.judgements == {"attitude|speed": 3, "speed|skill": 1, "attitude|skill": -5}
        body = client.get(link).content.decode()
        assert "they contradict one another" in body and "This judgement disturbs most" in body and "Send the sheet" in body
        client.post(link, {"_page": "2", "_to": "send"})
        expert.refresh_from_db()
        assert expert.submitted_at is not None
        assert "has been sent" in client.get(link).content.decode()

    def test_says_what_is_missing_and_keeps_what_was_typed(self, panel: Panel, link: str) -> None:
        reply = Client().post(link, {"_page": "1", "_to": "next", "side-0": "first", "side-1": "equal"})
        body = reply.content.decode()
        assert (reply.status_code, panel.experts.get().judgements) == (422, {})
        assert "Choose how much more it matters" in body and 'href="#pair-0"' in body
        assert re.search(r'name="side-1" value="equal" checked', body)

    def test_names_the_groups_nothing_joins_and_leads_to_a_pair_that_does(self) -> None:
        panel = open_on(make_panel_tree(make_team(), "attitude", "speed", "skill", "price"))
        expert = fill_sheet(invite_expert(panel), {"attitude|speed": 3, "skill|price": 5}, send=False)
        link, client = reverse("experts:sheet", args=[experts.renew_link(expert=expert)]), Client()
        body = client.get(f"{link}?p=99").content.decode()
        assert re.findall(r"<li>(\w+, \w+)</li>", body) == ["Attitude, Speed", "Skill, Price"]
        assert "Send the sheet" not in body
        number = list_pairs(panel).index(("speed", "skill"))
        assert "Compare “Speed” with “Skill”" in body and f'value="go:{number}"' in body
        fill_sheet(expert, {"speed|skill": 2}, send=False)
        body = client.get(f"{link}?p=99").content.decode()
        assert "joins these groups" not in body and "Send the sheet" in body

    @pytest.mark.parametrize("table", TABLES)
    def test_names_the_random_index_beside_the_ratio(self, table: str) -> None:
        panel = open_on(make_panel_tree(make_team(), "attitude", "speed", "skill"), TABLES[table])
        expert = fill_sheet(invite_expert(panel), {"attitude|speed": 3, "speed|skill": 2, "attitude|skill": 5}, send=False)
        body = Client().get(reverse("experts:sheet", args=[experts.renew_link(expert=expert)]) + "?p=99").content.decode()
        assert f"random index: {table}" in body

    @pytest.mark.parametrize(("language", "words", "between"), [
        ("en", ["3 moderately", "5 strongly", "7 very strongly", "9 extremely"], "2 – between equally and moderately"),
        ("zh-hans", ["3 稍微重要", "5 明显重要", "7 强烈重要", "9 极端重要"], "2 – 介于同样与稍微重要之间"),
    ])
    def test_names_the_scale_by_its_usual_words(self, link: str, language: str, words: list[str], between: str) -> None:
        body = Client().get(link, {"lang": language}).content.decode()
        assert re.findall(r"<li>([3579] [^<]+)</li>", body)[:4] == words
        assert between in body and all(word.replace(" ", " – ") in body for word in words if language != "en")

    def test_lists_what_is_compared_as_the_language_does(self, link: str) -> None:
        assert "You compare: Attitude, Speed, Skill." in Client().get(link, {"lang": "en"}).content.decode()
        assert re.search(r"\w+、\w+、\w+。", Client().get(link, {"lang": "zh-hans"}).content.decode())

    def test_lets_pairs_be_left_open_and_taken_back(self, panel: Panel, link: str) -> None:
        client = Client()
        client.post(link, {"_page": "1", "_to": "next", "side-0": "first", "strength-0": "3"})
        client.post(link, {"_page": "1", "_to": "next", "side-0": "open", "strength-0": "3"})
        assert panel.experts.get().judgements == {}

    def test_saves_before_it_changes_language(self, panel: Panel, link: str) -> None:
        reply = Client().post(link, {"_page": "1", "_to": "lang:zh-hans", "_lang": "en", "side-0": "second", "strength-0": "7"})
        assert panel.experts.get().judgements == {"attitude|speed": -7}
        body = Client().get(reply["Location"]).content.decode()
        assert 'lang="zh-Hans"' in body and "哪个更重要" in body

    def test_changes_nothing_by_being_looked_at(self, panel: Panel, link: str) -> None:
        before = Expert.objects.values().get()
        for query in ("", "?p=1", "?p=99", "?p=-1&lang=xx", "?lang=zh-hans"):
            assert Client().get(link + query).status_code == 200
        assert Expert.objects.values().get() == before

    @pytest.mark.parametrize("page", ["0", "99", "x", "-1", "1e9"])
    def test_survives_any_page_number(self, link: str, page: str) -> None:
        assert Client().post(link, {"_page": page, "_to": "next", "side-0": "first", "strength-0": "99"}).status_code in {302, 422}

    def test_opens_to_nobody_without_the_link(self, panel: Panel) -> None:
        for token in ("x", panel.experts.create(email="q@e.example", email_key="q@e.example").token_hash or "y"):
            assert Client().get(f"/e/{token}/").status_code == 404

    def test_refuses_what_another_site_posts(self, panel: Panel, link: str) -> None:
        reply = Client().post(link, {"_page": "1", "side-0": "equal"}, headers={"sec-fetch-site": "cross-site"})
        assert (reply.status_code, panel.experts.get().judgements) == (404, {})

    def test_of_a_closed_panel_takes_nothing(self, panel: Panel, link: str) -> None:
        experts.close_panel(panel=panel, at=LATER)
        reply = Client().post(link, {"_page": "1", "_to": "next", "side-0": "equal"})
        assert "This panel is closed" in reply.content.decode()
        assert panel.experts.get().judgements == {}

    @pytest.mark.parametrize(("language", "words"), [("en", "they contradict one another"), ("zh-hans", "相互矛盾")])
    def test_says_how_the_judgements_fit_before_they_are_saved(self, panel: Panel, link: str, language: str, words: str) -> None:
        reply = Client().post(link, {
            "_page": "1", "_to": "look", "_lang": language,
            "side-0": "first", "strength-0": "5", "side-1": "first", "strength-1": "5", "side-2": "second", "strength-2": "5",
        })
        body = reply.content.decode()
        assert reply.status_code == 200 and words in body and "<html" not in body and 'value="go:' in body
        expert = panel.experts.get()
        assert (expert.judgements, expert.saved_at) == ({}, None)

    def test_counts_no_saved_judgement_whose_side_is_being_changed(self, panel: Panel, link: str) -> None:
        fill_sheet(panel.experts.get(), {"attitude|speed": 3, "speed|skill": 2, "attitude|skill": -9}, send=False)
        saved = {"side-1": "first", "strength-1": "2", "side-2": "second", "strength-2": "9"}
        body = Client().post(link, {"_page": "1", "_to": "look", "side-0": "second"} | saved).content.decode()
        assert "2 of 3 pairs judged" in body

    def test_saves_before_it_leads_to_the_judgement_that_disturbs(self, panel: Panel, link: str) -> None:
        reply = Client().post(link, {"_page": "1", "_to": "go:2", "side-0": "first", "strength-0": "5"})
        assert reply["Location"] == f"{link}?p=1&lang=en#pair-2"
        assert panel.experts.get().judgements == {"attitude|speed": 5}

    @pytest.mark.parametrize("data", [
        {"_to": "go:99"}, {"_to": "go:-1"}, {"_to": "go:x"}, {"_to": "lang:xx"}, {"_to": "look", "_page": "77"},
        {"_to": "look", "side-0": "first", "strength-0": "1e9"}, {"_to": "look", "side-0": "both", "strength-0": "NaN"},
        {"_to": "send"}, {"_to": "send", "_page": "2"}, {"_to": ""}, {"_to": "next", "side-0": "first", "strength-0": "0"},
        {"_to": "next", "side-0": "first", "strength-0": "-3"}, {"_to": "next", "side-0": "first", "strength-0": "2.5"},
    ])
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_survives_what_no_sheet_sends(self, panel: Panel, link: str, data: dict[str, str], language: str) -> None:
        reply = Client().post(link, {"_page": "1", "_lang": language} | data)
        assert reply.status_code in (200, 302, 422)
        assert not shows_nan(reply)
        expert = panel.experts.get()
        assert (expert.judgements, expert.submitted_at) == ({}, None)

    @pytest.mark.parametrize("posted", [
        {"_page": "1", "_to": "next", "side-0": "equal"}, {"_page": "2", "_to": "back"}, {"_page": "2", "_to": "send"},
        {"_page": "1", "_to": "look", "side-0": "equal"},
    ])
    @pytest.mark.parametrize("staff", ["close", "withdraw"])
    def test_answers_what_staff_end_between_the_link_and_the_save(
        self, panel: Panel, link: str, posted: dict[str, str], staff: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        find = expert_views.find_expert

        def find_then_end(token: str) -> Expert | None:
            found = find(token)
            if staff == "close":
                experts.close_panel(panel=panel, at=LATER)
            else:
                panel.experts.all().delete()
            return found

        monkeypatch.setattr(expert_views, "find_expert", find_then_end)
        reply = Client().post(link, posted)
        if posted["_to"] == "look":  # Saves nothing, so it may still be answered.
            assert reply.status_code == 200
        elif staff == "close":
            assert reply.status_code == 302
            assert "This panel is closed" in Client().get(reply["Location"]).content.decode()
        else:
            assert reply.status_code == 404
        assert not any(expert.judgements for expert in panel.experts.all())

    def test_sets_no_cookie(self, link: str) -> None:
        assert not Client().get(link).cookies


@pytest.fixture
def ours(cast: Cast) -> Panel:
    return open_on(make_panel_tree(cast.team, "attitude", "speed", "skill"))


class TestTheStaffPage:
    def test_opens_a_panel_and_invites(self, cast: Cast, mailbox: Mailbox, django_capture_on_commit_callbacks: Any) -> None:
        tree, client = make_panel_tree(cast.team, "attitude", "speed"), client_of(cast.dora)
        root = tree.indicators.get(parent=None)
        reply = client.post(f"/indicators/{tree.pk}/panels/", {"node": root.pk, "random_index": "saaty_1980"})
        panel = Panel.objects.get()
        assert reply["Location"] == f"/indicators/panels/{panel.pk}/"
        client.post(f"/indicators/panels/{panel.pk}/invite/", {"emails": "a@e.example, b@e.example；c@e.example", "language": "zh-hans"})
        assert panel.experts.count() == 3
        assert AuditEvent.objects.filter(action="panel.experts_invited").get().detail == {"count": 3}

    @pytest.mark.parametrize("wrong", ["nonsense", f"{'x' * 300}@e.example", f"{'y' * 65}@e.example"])
    def test_refuses_a_wrong_address_and_invites_nobody(self, cast: Cast, ours: Panel, wrong: str) -> None:
        reply = client_of(cast.dora).post(f"/indicators/panels/{ours.pk}/invite/", {"emails": f"a@e.example {wrong}", "language": "en"})
        assert (reply.status_code, ours.experts.count()) == (422, 0)
        assert f"This is no e-mail address: {wrong[:80]}" in reply.content.decode()

    def test_says_itself_what_is_missing(self, cast: Cast, ours: Panel) -> None:
        client = client_of(cast.dora)
        page = client.get(f"/indicators/panels/{ours.pk}/").content.decode()
        assert re.search(rf'<form method="post" action="/indicators/panels/{ours.pk}/invite/" novalidate>', page)
        reply = client.post(f"/indicators/panels/{ours.pk}/invite/", {"emails": "", "language": "en"})
        assert reply.status_code == 422 and 'id="id_emails-error">This field is required.' in reply.content.decode()

    def test_shows_each_expert_the_group_and_the_effect(self, cast: Cast, ours: Panel) -> None:
        fill_sheet(invite_expert(ours, "a@e.example"), {"attitude|speed": 2, "speed|skill": 2, "attitude|skill": 4})
        fill_sheet(invite_expert(ours, "b@e.example"), {"attitude|speed": 9, "speed|skill": 9, "attitude|skill": -9})
        body = client_of(cast.dora).get(f"/indicators/panels/{ours.pk}/").content.decode()
        for shown in ("a@e.example", "57.1", "over 0.10", "Alonso and Lamata 2006", "Row geometric mean", "Disturbs most", "GCI 0.000"):
            assert shown in body, shown

    def test_makes_a_weight_set_that_waits_with_its_evidence(self, cast: Cast, ours: Panel) -> None:
        fill_sheet(invite_expert(ours), {"attitude|speed": 2, "speed|skill": 2, "attitude|skill": 4})
        reply = client_of(cast.dora).post(f"/indicators/panels/{ours.pk}/weights/", {"scope": "all", "method": "eigenvector"})
        made = WeightSet.objects.get(origin="ahp")
        assert reply["Location"] == f"/indicators/weight-sets/{made.pk}/choose/"
        assert made.weights == pytest.approx({"attitude": 4 / 7, "speed": 2 / 7, "skill": 1 / 7})
        assert (made.valid_from_at, made.evidence["experts"], made.evidence["random_index"]) == (None, 1, "alonso_lamata_2006")
        listed = client_of(cast.dora).get(f"/indicators/{made.tree_id}/weights/").content.decode()
        assert "random index: Alonso and Lamata 2006" in " ".join(listed.split("1 experts, ratio")[1:])

    @pytest.mark.parametrize("data", [{}, {"scope": "consistent"}, {"scope": "x", "method": "y"}])
    def test_makes_no_weights_of_nothing(self, cast: Cast, ours: Panel, data: dict[str, str]) -> None:
        assert client_of(cast.dora).post(f"/indicators/panels/{ours.pk}/weights/", data).status_code == 302
        assert not WeightSet.objects.filter(origin="ahp").exists()

    @pytest.mark.parametrize(("language", "words"), [("en", "No sheet of this panel gives weights yet."), ("zh-hans", "还没有")])
    def test_says_why_nothing_gives_weights(self, cast: Cast, ours: Panel, language: str, words: str) -> None:
        cast.dora.language = language
        cast.dora.save()
        fill_sheet(invite_expert(ours), {"attitude|speed": 3})  # Two of three things are linked: no weights follow.
        reply = client_of(cast.dora).post(f"/indicators/panels/{ours.pk}/weights/", follow=True)
        assert words in reply.content.decode() and not shows_nan(reply)

    @pytest.mark.parametrize("judgements", [
        {"attitude|speed": 9, "speed|skill": 9, "attitude|skill": -9}, {"attitude|speed": 9}, {"attitude|speed": 1, "speed|skill": 1},
    ])
    def test_shows_contradicting_and_incomplete_sheets_in_page_and_api(
        self, cast: Cast, ours: Panel, judgements: dict[str, int]
    ) -> None:
        fill_sheet(invite_expert(ours), judgements)
        page = client_of(cast.dora).get(f"/indicators/panels/{ours.pk}/")
        reply = api_client(make_key(cast.team, "designer")[1]).get(f"/api/v1/panels/{ours.pk}/")
        assert (page.status_code, reply.status_code) == (200, 200)
        assert not shows_nan(page) and not shows_nan(reply)

    def test_makes_no_weights_for_a_tree_that_has_changed(self, cast: Cast, ours: Panel) -> None:
        fill_sheet(invite_expert(ours), {"attitude|speed": 2, "speed|skill": 2})
        ours.tree.indicators.filter(key="skill").delete()
        client_of(cast.dora).post(f"/indicators/panels/{ours.pk}/weights/")
        assert not WeightSet.objects.filter(origin="ahp").exists()

    def test_closes_reopens_reminds_and_removes(self, cast: Cast, ours: Panel) -> None:
        client, expert = client_of(cast.dora), invite_expert(ours)
        client.post(f"/indicators/panels/{ours.pk}/close/")
        assert not Panel.objects.get(pk=ours.pk).is_open
        client.post(f"/indicators/panels/{ours.pk}/close/", {"open": "1"})
        assert Panel.objects.get(pk=ours.pk).is_open
        assert client.post(f"/indicators/experts/{expert.pk}/again/").status_code == 302
        client.post(f"/indicators/experts/{expert.pk}/remove/")
        assert not ours.experts.exists()

    def test_mails_no_more_links_a_day_than_a_team_may_send(self, cast: Cast, ours: Panel) -> None:
        expert, client = invite_expert(ours), client_of(cast.dora)
        Expert.objects.filter(pk=expert.pk).update(sent_at=AT, queued_at=AT)
        for _number in range(INVITE_TEAM.tries):
            note_attempt(limit=INVITE_TEAM, subject=str(cast.team.pk), at=timezone.now())
        page = client.post(f"/indicators/experts/{expert.pk}/again/", follow=True).content.decode()
        assert "Too many invitations today" in page and Expert.objects.get(pk=expert.pk).sent_at == AT

    def test_is_closed_to_managers_and_to_other_teams(self, cast: Cast, ours: Panel) -> None:
        expert = invite_expert(ours)
        for path in (f"panels/{ours.pk}/", f"panels/{ours.pk}/close/", f"experts/{expert.pk}/remove/"):
            method = "get" if path == f"panels/{ours.pk}/" else "post"
            assert getattr(client_of(cast.bob), method)(f"/indicators/{path}").status_code == 403
            assert getattr(client_of(cast.charlie), method)(f"/indicators/{path}").status_code == 404
        assert ours.experts.count() == 1

    def test_is_read_over_the_api_without_names_of_experts(self, cast: Cast, ours: Panel) -> None:
        fill_sheet(invite_expert(ours), {"attitude|speed": 2, "speed|skill": 2, "attitude|skill": 4})
        client = api_client(make_key(cast.team, "designer", by=cast.alice)[1])
        reply = client.get(f"/api/v1/panels/{ours.pk}/")
        assert reply.json()["result"]["everybody"]["eigenvector"] == pytest.approx([4 / 7, 2 / 7, 1 / 7])
        assert "experts.example" not in reply.content.decode()
        assert client.get(f"/api/v1/indicators/{ours.tree_id}/panels/").json()["count"] == 1
