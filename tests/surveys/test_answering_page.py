"""The customer's pages, through Django's test client."""

from __future__ import annotations

import gzip
import re
import urllib.request
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from surveys.answering.links import WRONG_LINKS
from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.answering.notices import date_in
from surveys.sending.models import Campaign, Invitation
from surveys.sending.tokens import stop_token_for
from tests.services.site import WebServer
from tests.surveys.answering_builders import (
    ONE_PAGE,
    PAGE_1,
    PAGE_2,
    PAGE_3,
    WHOLE,
    document,
    make_invitation,
    one_page,
)

pytestmark = pytest.mark.django_db


def answer_all(client: Client, token: str, **changes: Any) -> Any:
    for fields in (PAGE_1, PAGE_2, PAGE_3):
        reply = client.post(f"/a/{token}/", {**fields, **changes})
    return reply


def text_of(reply: Any) -> str:
    """Return the page with its lines joined: where the source breaks one is no matter of the reader."""
    return " ".join(reply.content.decode().split())


class TestReading:
    def test_changes_nothing_but_the_note_that_the_page_was_opened(self, client: Client) -> None:
        invitation, token = make_invitation()
        for path in (f"/a/{token}/", f"/a/{token}/?s=9", f"/a/{token}/thanks/"):
            for method in (client.get, client.head, client.options):
                for _time in range(2):
                    assert method(path).status_code in (200, 302, 405)
        assert not Response.objects.exists() and not RecomputeNote.objects.exists()
        invitation.refresh_from_db()
        assert invitation.opened_at and invitation.started_at is None and invitation.completed_at is None

    def test_by_head_does_not_even_note_an_opening(self, client: Client) -> None:
        invitation, token = make_invitation()
        client.head(f"/a/{token}/?s=9")
        invitation.refresh_from_db()
        assert invitation.opened_at is None

    def test_preselects_the_score_of_the_link(self, client: Client) -> None:
        _invitation, token = make_invitation()
        page = text_of(client.get(f"/a/{token}/?s=9"))
        assert re.findall(r'value="(\w+)" checked', page) == ["9"]

    @pytest.mark.parametrize("score", ["11", "-1", "9x", "%00", "1_0", "９", "", "99999999999"])
    def test_overlooks_a_score_that_is_none(self, client: Client, score: str) -> None:
        _invitation, token = make_invitation()
        assert " checked" not in text_of(client.get(f"/a/{token}/?s={score}"))

    def test_keeps_the_link_private(self, client: Client) -> None:
        _invitation, token = make_invitation()
        reply = client.get(f"/a/{token}/")
        assert reply["Cache-Control"] == "no-store" and reply["Referrer-Policy"] == "no-referrer"
        assert "noindex" in reply["X-Robots-Tag"] and not reply.cookies
        title = re.search("<title>(.*)</title>", text_of(reply))
        assert title and token not in title[1] and "Page 1 of 3" in title[1]

    def test_shows_only_what_a_customer_needs(self, client: Client) -> None:
        invitation, token = make_invitation()
        page = text_of(client.get(f"/a/{token}/"))
        assert invitation.contact and invitation.contact.email not in page
        assert "region" not in page and "shoe_size" not in page and "More than" not in page
        assert "<script" not in page and " style=" not in page and "http" not in page.replace("https://", "http", 0).split("<footer>")[0].replace('http-equiv', '')

    def test_weighs_less_than_15_kb_with_its_stylesheet(self, client: Client) -> None:
        _invitation, token = make_invitation(raw=one_page())
        page = client.get(f"/a/{token}/").content
        style = Path("static/css/answer.css").read_bytes()
        assert len(gzip.compress(page, 6)) + len(gzip.compress(style, 6)) < 15_000


class TestAnswering:
    def test_takes_three_pages_to_a_thank_you(self, client: Client) -> None:
        invitation, token = make_invitation()
        first = client.post(f"/a/{token}/", PAGE_1)
        assert first.status_code == 302 and "p=2" in first["Location"]
        last = answer_all(client, token)
        assert last["Location"].startswith(f"/a/{token}/thanks/")
        assert "Thank you" in text_of(client.get(last["Location"]))
        response = Response.objects.get()
        assert response.answers == WHOLE and response.state == ResponseState.COMPLETE
        assert response.attributes == {"region": "East", "shoe_size": "47"} and response.wave == "2026-4"
        assert RecomputeNote.objects.count() == 1
        invitation.refresh_from_db()
        assert invitation.started_at and invitation.completed_at

    def test_partial_answers_ask_for_no_recompute(self, client: Client) -> None:
        _invitation, token = make_invitation()
        client.post(f"/a/{token}/", PAGE_1)
        assert Response.objects.get().state == ResponseState.PARTIAL and not RecomputeNote.objects.exists()

    def test_repeated_is_the_same_answer(self, client: Client) -> None:
        _invitation, token = make_invitation()
        first, again = answer_all(client, token), client.post(f"/a/{token}/", PAGE_3)
        assert first["Location"] == again["Location"]
        assert Response.objects.get().revision == 1 and RecomputeNote.objects.count() == 1

    def test_resumes_on_another_device_with_what_was_typed(self, client: Client) -> None:
        _invitation, token = make_invitation()
        client.post(f"/a/{token}/", PAGE_1)
        page = text_of(Client().get(f"/a/{token}/"))
        assert "Page 2 of 3" in page and "You stopped on page 2" in page
        back = Client().post(f"/a/{token}/", {"_page": "2", "_to": "back", "reply": "4"})
        page = text_of(Client().get(back["Location"]))
        assert "Page 1 of 3" in page and "Two hours late." in page and 'id="i-nps-3" name="nps" value="3" checked' in page
        assert Response.objects.get().answers["reply"] == 4

    def test_switches_language_and_keeps_what_was_typed(self, client: Client) -> None:
        _invitation, token = make_invitation()
        reply = client.post(f"/a/{token}/", {**PAGE_1, "nps": "", "_to": "lang:zh-hans"})
        page = text_of(client.get(reply["Location"]))
        assert 'lang="zh-Hans"' in page and "第 1 页，共 3 页" in page and "Two hours late." in page
        assert "您有多大可能向朋友或同事推荐Blue 公司？" in page
        assert "第 2 页" in text_of(client.get(client.post(f"/a/{token}/", {**PAGE_1, "_lang": "zh-hans"})["Location"]))
        assert Response.objects.get().language == "zh-hans"

    def test_names_what_is_missing_and_keeps_the_rest(self, client: Client) -> None:
        _invitation, token = make_invitation()
        client.post(f"/a/{token}/", PAGE_1)
        reply = client.post(f"/a/{token}/", {**PAGE_2, "on_time": "", "price": ""})
        page = text_of(reply)
        assert reply.status_code == 200 and "<title>Error: Page 2 of 3" in page and "There are 2 problems" in page
        assert '<a href="#i-on_time-1">Choose a number from 1 to 5 for “Delivery on time”, or “Does not apply”</a>' in page
        assert page.count('class="msg"') == 2 and 'value="4" checked' in page and 'value="NA" checked' in page

    @pytest.mark.parametrize("score", ["-1", "11", "5.5", "null", "abc", "1_0", " 7 ", "７", "1e0", "٣", "NA", "true"])
    def test_refuses_a_score_that_is_not_offered(self, client: Client, score: str) -> None:
        _invitation, token = make_invitation()
        reply = client.post(f"/a/{token}/", {**PAGE_1, "nps": score})
        assert reply.status_code == 400 and "Choose a number from 0 to 10" in text_of(reply)
        assert not Response.objects.exists() and "Two hours late." in text_of(reply)

    def test_refuses_two_scores_at_once(self, client: Client) -> None:
        _invitation, token = make_invitation()
        assert client.post(f"/a/{token}/", {**PAGE_1, "nps": ["3", "9"]}).status_code == 400

    @pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "\ud800"])
    def test_cleans_text_that_no_database_takes(self, client: Client, text: str) -> None:
        _invitation, token = make_invitation(raw=one_page())
        body = b"&".join([f"{key}={value}".encode() for key, values in ONE_PAGE.items() if key != "why"
                          for value in (values if isinstance(values, list) else [values])]
                         + [b"why=" + text.encode("utf-8", "surrogatepass").replace(b"\x00", b"%00")])
        reply = client.post(f"/a/{token}/", body, content_type="application/x-www-form-urlencoded")
        assert reply.status_code == 302
        stored = Response.objects.get().answers["why"]
        assert "\x00" not in stored and "\x07" not in stored and not re.search("[\ud800-\udfff]", stored)

    def test_says_when_a_text_is_too_long(self, client: Client) -> None:
        _invitation, token = make_invitation()
        reply = client.post(f"/a/{token}/", {**PAGE_1, "why": "字" * 2001})
        assert reply.status_code == 400 and "at most 2000 characters" in text_of(reply)

    def test_ignores_fields_that_nobody_asked_for(self, client: Client) -> None:
        _invitation, token = make_invitation()
        client.post(f"/a/{token}/", {**PAGE_1, "state": "complete", "team": "1", "respondent_weight": "99", "overall": "5", "reply": "1"})
        response = Response.objects.get()
        assert set(response.answers) == {"nps", "reasons", "why"} and response.respondent_weight is None
        assert response.state == ResponseState.PARTIAL

    def test_asks_a_question_only_under_its_condition(self, client: Client) -> None:
        _invitation, token = make_invitation()
        client.post(f"/a/{token}/", PAGE_1)
        unasked = client.post(f"/a/{token}/", PAGE_2)
        assert "What went wrong with the price?" not in text_of(client.get(unasked["Location"]))
        client.post(f"/a/{token}/", {**PAGE_3, "sorry": "smuggled"})
        assert "sorry" not in Response.objects.get().answers
        asked = client.post(f"/a/{token}/", {**PAGE_2, "price": "1"})
        assert "What went wrong with the price?" in text_of(client.get(asked["Location"]))

    def test_shows_a_question_that_its_own_page_brings_up(self, client: Client) -> None:
        _invitation, token = make_invitation(raw=one_page())
        reply = client.post(f"/a/{token}/", {**ONE_PAGE, "price": "1"})
        assert "What went wrong with the price?" in text_of(client.get(reply["Location"]))
        assert not Response.objects.filter(state=ResponseState.COMPLETE).exists()
        done = client.post(f"/a/{token}/", {**ONE_PAGE, "price": "1", "sorry": ""})
        assert "/thanks/" in done["Location"]

    def test_sends_nobody_past_a_page_that_is_not_complete(self, client: Client) -> None:
        _invitation, token = make_invitation()
        reply = client.post(f"/a/{token}/", PAGE_3)
        assert "p=1" in reply["Location"] and Response.objects.get().state == ResponseState.PARTIAL

    def test_takes_few_queries(self, client: Client) -> None:
        _invitation, token = make_invitation(raw=one_page())
        client.get(f"/a/{token}/")
        with CaptureQueriesContext(connection, ) as seen:
            client.get(f"/a/{token}/")
        assert len(seen) <= 2, [query["sql"][:80] for query in seen]
        with CaptureQueriesContext(connection) as seen:
            assert client.post(f"/a/{token}/", ONE_PAGE).status_code == 302
        work = [query["sql"] for query in seen if "SAVEPOINT" not in query["sql"]]
        assert len(work) <= 8, [sql[:80] for sql in work]

    def test_works_without_any_cookie(self) -> None:
        _invitation, token = make_invitation(raw=one_page())
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(f"/a/{token}/", ONE_PAGE, headers={"origin": "null", "sec-fetch-site": "same-origin"}).status_code == 302

    @pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}])
    def test_refuses_a_post_from_another_site(self, headers: dict[str, str]) -> None:
        _invitation, token = make_invitation(raw=one_page())
        assert Client().post(f"/a/{token}/", ONE_PAGE, headers=headers).status_code == 404
        assert not Response.objects.exists()


class TestTheButton:
    def conditional(self, item: str, **condition: Any) -> dict[str, Any]:
        """Three pages; the last one is asked only under a condition."""
        raw = document()
        raw["pages"][2]["questions"] = [
            {**question, "show_if": [{"item": item, **condition}]} for question in raw["pages"][2]["questions"]]
        return raw

    def go(self, page: str) -> set[str]:
        """What the two buttons that go on say: the visible one and the one that the Enter key presses."""
        return set(re.findall(r'<button class="(?:go|first)"[^>]*>\s*([^<]*?)\s*</button>', page))

    @pytest.mark.parametrize(("language", "words"), [("en", ("Next", "Send answers")), ("zh-hans", ("下一页", "提交答卷"))])
    def test_says_send_where_the_answers_rule_out_all_that_follows(
        self, client: Client, language: str, words: tuple[str, str]
    ) -> None:
        _invitation, token = make_invitation(raw=self.conditional("nps", low=9), language=language)
        assert self.go(text_of(client.get(f"/a/{token}/"))) == {words[0]}
        second = client.post(f"/a/{token}/", {**PAGE_1, "nps": "3", "_lang": language})
        assert self.go(text_of(client.get(second["Location"]))) == {words[1]}
        last = client.post(f"/a/{token}/", PAGE_2)
        assert "/thanks/" in last["Location"] and Response.objects.get().state == ResponseState.COMPLETE

    def test_says_next_where_the_answers_call_for_the_page_that_follows(self, client: Client) -> None:
        _invitation, token = make_invitation(raw=self.conditional("nps", low=9))
        second = client.post(f"/a/{token}/", {**PAGE_1, "nps": "9"})
        assert self.go(text_of(client.get(second["Location"]))) == {"Next"}
        third = client.post(f"/a/{token}/", PAGE_2)
        assert self.go(text_of(client.get(third["Location"]))) == {"Send answers"}

    def test_says_next_while_this_page_may_still_bring_up_another(self, client: Client) -> None:
        _invitation, token = make_invitation(raw=self.conditional("price", low=1, high=2))
        second = client.post(f"/a/{token}/", PAGE_1)
        assert self.go(text_of(client.get(second["Location"]))) == {"Next"}


class TestTheStylesheet:
    def test_may_be_kept_for_ever_under_a_name_of_its_content(self, site: WebServer) -> None:
        """The page itself is never kept; without the stylesheet's own address no change would arrive."""
        _invitation, token = make_invitation()
        with urllib.request.urlopen(f"{site.url}/a/{token}/") as reply:
            page, kept = reply.read().decode(), reply.headers["Cache-Control"]
        [address] = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
        assert kept == "no-store" and re.fullmatch(r"/static/css/answer\.[0-9a-f]{12}\.css", address)
        asked = urllib.request.Request(f"{site.url}{address}", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asked) as reply:
            weight, headers = len(reply.read()), reply.headers
        assert "immutable" in headers["Cache-Control"] and "max-age=315360000" in headers["Cache-Control"]
        assert headers["Content-Encoding"] == "gzip" and headers["Content-Type"].startswith("text/css")
        assert weight + len(gzip.compress(page.encode())) < 15_000 and "<script" not in page


class TestChanging:
    def test_keeps_one_row_and_raises_its_revision(self, client: Client) -> None:
        _invitation, token = make_invitation()
        answer_all(client, token)
        Response.objects.update(block_id=7)
        page = text_of(client.get(f"/a/{token}/?edit=1"))
        assert 'value="3" checked' in page
        client.post(f"/a/{token}/", {**PAGE_1, "nps": "8"})
        response = Response.objects.get()
        assert response.answers == {**WHOLE, "nps": 8} and response.revision == 2
        assert response.state == ResponseState.COMPLETE and RecomputeNote.objects.count() == 2

    def test_never_takes_a_needed_answer_away(self, client: Client) -> None:
        _invitation, token = make_invitation()
        answer_all(client, token)
        client.post(f"/a/{token}/", {**PAGE_1, "nps": "", "_to": "lang:zh-hans"})
        assert Response.objects.get().answers["nps"] == 3

    def test_asks_before_another_score_of_the_mail_counts(self, client: Client) -> None:
        _invitation, token = make_invitation()
        answer_all(client, token)
        page = text_of(client.get(f"/a/{token}/?s=9", follow=True))
        assert "You answered 3. Change to 9?" in page and Response.objects.get().answers["nps"] == 3
        client.post(f"/a/{token}/thanks/", {"_score_key": "nps", "_score": "9"})
        assert Response.objects.get().answers["nps"] == 9
        for bad in ("11", "NA", "x", ""):
            client.post(f"/a/{token}/thanks/", {"_score_key": "nps", "_score": bad})
        client.post(f"/a/{token}/thanks/", {"_score_key": "reply", "_score": "1"})
        assert Response.objects.get().answers == {**WHOLE, "nps": 9}

    def test_ends_thirty_days_after_sending_where_the_campaign_has_no_end(self, client: Client) -> None:
        invitation, token = make_invitation()
        answer_all(client, token)
        sent = Invitation.objects.get().completed_at
        assert sent
        until = date_in(sent + timedelta(days=30), invitation.campaign.team, "en")
        assert until in text_of(client.get(f"/a/{token}/thanks/"))
        Invitation.objects.update(completed_at=timezone.now() - timedelta(days=30) + timedelta(minutes=1))
        client.post(f"/a/{token}/", {**PAGE_1, "nps": "8"})
        assert Response.objects.get().answers["nps"] == 8
        Invitation.objects.update(completed_at=timezone.now() - timedelta(days=30))
        page = text_of(client.get(f"/a/{token}/", follow=True))
        assert "Thank you" in page and "Change my answers" not in page and "Change answers until" not in page
        client.post(f"/a/{token}/", {**PAGE_1, "nps": "0"})
        client.post(f"/a/{token}/thanks/", {"_score_key": "nps", "_score": "9"})
        assert Response.objects.get().answers["nps"] == 8

    def test_follows_the_closing_of_the_campaign_beyond_thirty_days(self, client: Client) -> None:
        _invitation, token = make_invitation(closes_at=timezone.now() + timedelta(days=1))
        answer_all(client, token)
        Invitation.objects.update(completed_at=timezone.now() - timedelta(days=60))
        assert "Change my answers" in text_of(client.get(f"/a/{token}/thanks/"))

    def test_ends_when_the_campaign_closes(self, client: Client) -> None:
        _invitation, token = make_invitation()
        answer_all(client, token)
        Campaign.objects.update(closes_at=timezone.now() - timedelta(minutes=1))
        assert "Change my answers" not in text_of(client.get(f"/a/{token}/", follow=True))
        client.post(f"/a/{token}/", {**PAGE_1, "nps": "8"})
        client.post(f"/a/{token}/thanks/", {"_score_key": "nps", "_score": "9"})
        assert Response.objects.get().answers["nps"] == 3


class TestGates:
    @pytest.mark.parametrize(("fields", "status"), [
        ({"closes_at": timezone.now() - timedelta(days=1)}, 410), ({"state": "draft"}, 403)])
    def test_shut_every_door(self, client: Client, fields: dict[str, Any], status: int) -> None:
        _invitation, token = make_invitation(**fields)
        for path in (f"/a/{token}/", f"/a/{token}/thanks/"):
            for reply in (client.get(path), client.post(path, PAGE_1), client.post(path, {**PAGE_1, "_to": "lang:en"})):
                assert reply.status_code == status
        assert not Response.objects.exists()

    def test_shut_a_revoked_link_everywhere(self, client: Client) -> None:
        _invitation, token = make_invitation()
        answer_all(client, token)
        Invitation.objects.update(revoked_at=timezone.now())
        for path in (f"/a/{token}/", f"/a/{token}/thanks/"):
            assert client.get(path).status_code == client.post(path, {**PAGE_1, "nps": "8"}).status_code == 410
        assert Response.objects.get().answers["nps"] == 3

    def test_stay_open_while_sending_is_paused(self, client: Client) -> None:
        _invitation, token = make_invitation(state="paused")
        assert client.post(f"/a/{token}/", PAGE_1).status_code == 302

    def test_look_the_same_for_every_wrong_link(self, client: Client) -> None:
        invitation, token = make_invitation()
        wrong = [token[:-1] + ("A" if token[-1] != "A" else "B"), token.upper(), token + ".", token + "%00", "x" * 900,
                 "%F0%9F%99%82", stop_token_for(bytes(invitation.nonce)), "..", invitation.token_hash]
        bodies = {(reply.status_code, reply.content) for reply in (client.get(f"/a/{one}/") for one in wrong)}
        assert len(bodies) == 1 and next(iter(bodies))[0] == 404

    def test_slow_down_who_guesses_and_nobody_else(self, client: Client) -> None:
        _invitation, token = make_invitation()
        codes = [client.get(f"/a/guess{n}/").status_code for n in range(WRONG_LINKS.tries + 3)]
        assert codes == [404] * WRONG_LINKS.tries + [429] * 3
        assert client.get(f"/a/{token}/").status_code == 200
        assert client.get("/a/another/", REMOTE_ADDR="192.0.2.7").status_code == 404


class TestTestLinks:
    def test_never_count(self, client: Client) -> None:
        _invitation, token = make_invitation(is_test=True)
        answer_all(client, token)
        assert Response.objects.get().is_test and not RecomputeNote.objects.exists()


class TestAnonymousAnswers:
    def test_lead_back_to_nobody(self, client: Client) -> None:
        invitation, token = make_invitation(is_anonymous=True)
        client.get(f"/a/{token}/")
        answer_all(client, token)
        response = Response.objects.get()
        assert response.invitation is None and response.contact is None and response.answers == WHOLE
        invitation.refresh_from_db()
        # Of both only the day is kept: noon stands for it in the one, midnight in the other.
        assert {at.time() for at in (response.completed_at, response.started_at, response.updated_at) if at} == {time(12)}
        assert {at.time() for at in (invitation.started_at, invitation.opened_at, invitation.completed_at) if at} == {time(0)}
        assert response.attributes == {}
        assert token not in str(Response.objects.values().get()) and invitation.token_hash not in str(Response.objects.values().get())

    def test_are_given_once(self, client: Client) -> None:
        _invitation, token = make_invitation(is_anonymous=True)
        first = answer_all(client, token)
        assert answer_all(client, token)["Location"].startswith(f"/a/{token}/thanks/")
        assert Response.objects.count() == 1 and RecomputeNote.objects.count() == 1
        page = text_of(client.get(first["Location"]))
        assert "Change my answers" not in page and "without your name" in page
