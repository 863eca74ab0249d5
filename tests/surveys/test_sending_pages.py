"""The pages of sending and of contacts: what they show, refuse and hide."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Team, User
from accounts.roles import Role
from surveys.contacts.models import Contact, ContactAttribute, ContactImport, Segment, Suppression
from surveys.contacts.selectors import is_suppressed
from surveys.sending import delivery
from surveys.sending.models import Campaign, Invitation
from surveys.sending.selectors import Pace, get_funnel, get_pace
from surveys.sending.tokens import stop_token_for, token_for
from tests.services.smtp import Mailbox
from tests.surveys.sending_builders import (
    AT,
    launched,
    make_campaign,
    make_contacts,
    make_member,
    make_team,
    publish,
    rating_document,
    states,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    return make_team(postal_address="1 Example Road, Shanghai")


@pytest.fixture
def dora(client: Client, team: Team) -> Client:
    client.force_login(make_member(team))
    return client


@pytest.fixture
def charlie() -> Client:
    stranger = Client()
    stranger.force_login(make_member(make_team("Other"), "charlie@other.example", Role.OWNER))
    return stranger


def what_data(campaign_questionnaire: int, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Autumn", "questionnaire": campaign_questionnaire, "sender_name": "Li Wen", "sender_title": "Director",
        "reply_to": "li.wen@team.example", "subject_zh": "{name}，我们的服务怎么样？", "message_zh": "请告诉我们。",
        "subject_en": "{name}, how was it?", "message_en": "Please tell us.", **changes,
    }


class TestSteps:
    def test_lead_from_the_questionnaire_to_the_sending(self, dora: Client, team: Team) -> None:
        make_contacts(team, 3)
        version = publish(team)
        reply = dora.post("/sendings/new/", what_data(version.questionnaire_id))
        campaign = Campaign.objects.get()
        assert (reply.status_code, reply["Location"]) == (302, f"/sendings/{campaign.pk}/who/")
        assert b"3 contacts get the mail" in dora.get(reply["Location"]).content
        dora.post(f"/sendings/{campaign.pk}/who/", {"segment": ""})
        dora.post(f"/sendings/{campaign.pk}/when/", {"closes_date": "2099-12-06", "wave": "2099-Q4"})
        page = dora.get(f"/sendings/{campaign.pk}/check/")
        assert b"Send to 3 contacts" in page.content
        for _press in range(2):
            assert dora.post(f"/sendings/{campaign.pk}/launch/")["Location"] == f"/sendings/{campaign.pk}/"
        campaign.refresh_from_db()
        assert (campaign.state, campaign.version, states(campaign)) == ("sending", version, {"pending": 3})
        assert str(campaign.closes_at) == "2099-12-06 15:59:59+00:00"
        assert b"0 of 3 sent" in dora.get(f"/sendings/{campaign.pk}/").content

    @pytest.mark.parametrize(
        ("field", "text", "sentence"),
        [
            ("subject_en", "Hello {surname}", "There is no placeholder {surname}"),
            ("message_en", "In {region} now", "Say what to write where it is missing"),
            ("subject_en", "x" * 151, "Use at most 150 characters"),
            ("sender_name", "Li\u2028Bcc: x@evil.example", "Use one line only"),
            ("subject_en", "Hi\u2028Bcc: x@evil.example", "Use one line only"),
            ("message_en", "bell \x07", "cannot be sent"),
            ("reply_to", "a@b.example\r\nBcc: x@evil.example", "valid email"),
        ],
    )
    def test_refuse_what_would_break_a_mail(
        self, dora: Client, team: Team, field: str, text: str, sentence: str
    ) -> None:
        ContactAttribute.objects.create(team=team, key="region")
        version = publish(team)
        reply = dora.post("/sendings/new/", what_data(version.questionnaire_id, **{field: text}))
        assert (reply.status_code, Campaign.objects.count()) == (400, 0)
        assert sentence in reply.content.decode().replace("&#x27;", "'")

    def test_refuse_another_teams_questionnaire(self, dora: Client) -> None:
        foreign = publish(make_team("Other"))
        assert dora.post("/sendings/new/", what_data(foreign.questionnaire_id)).status_code == 400

    def test_refuse_a_day_that_is_over(self, dora: Client, team: Team) -> None:
        campaign = make_campaign(team, publish(team))
        reply = dora.post(f"/sendings/{campaign.pk}/when/", {"closes_date": "2020-01-01"})
        assert b"This day is over" in reply.content

    def test_say_why_nothing_was_sent(self, dora: Client, team: Team) -> None:
        campaign = make_campaign(team, publish(team))
        reply = dora.post(f"/sendings/{campaign.pk}/launch/", follow=True)
        assert b"Nobody in this audience can be written to" in reply.content

    def test_do_not_change_a_launched_campaign(self, dora: Client, team: Team) -> None:
        campaign = launched(team, 1)
        for step in ("what", "who", "when", "check"):
            assert dora.get(f"/sendings/{campaign.pk}/{step}/").status_code == 302
        dora.post(f"/sendings/{campaign.pk}/what/", what_data(campaign.questionnaire_id, name="Changed"))
        campaign.refresh_from_db()
        assert campaign.name == "Autumn"


class TestTestMail:
    def test_comes_in_every_language_and_opens_the_preview(self, dora: Client, team: Team, mailbox: Mailbox) -> None:
        campaign = make_campaign(team, publish(team))
        dora.post(f"/sendings/{campaign.pk}/test/")
        assert mailbox.recipients == ["dora@team.example"] * 2
        assert all(mail.subject.startswith("[Test] ") for mail in mailbox.messages)
        assert all("/a/" not in link for mail in mailbox.messages for link in mail.links)
        assert f"/questionnaires/{campaign.questionnaire_id}/preview/?s=9" in mailbox.messages[0].body()
        assert Invitation.objects.count() == 0

    def test_greets_the_tester_by_name(self, dora: Client, team: Team, mailbox: Mailbox) -> None:
        User.objects.filter(email="dora@team.example").update(name="Dora Designer")
        dora.post(f"/sendings/{make_campaign(team, publish(team)).pk}/test/")
        assert any("Dora Designer" in mail.subject for mail in mailbox.messages)

    def test_shows_a_draft_from_the_builder_and_stores_nothing(self, dora: Client, team: Team, mailbox: Mailbox) -> None:
        questionnaire = publish(team).questionnaire
        questionnaire.draft["pages"][0]["questions"][0]["text"]["en"] = "How was the draft?"
        questionnaire.save(update_fields=["draft"])
        builder = f"/questionnaires/{questionnaire.pk}/"
        reply = dora.post(f"{builder}test/", {"next": "/questionnaires/?focus=test"}, follow=True)
        assert reply.redirect_chain[-1][0] == "/questionnaires/?focus=test" and b"Test mail sent to" in reply.content
        assert mailbox.recipients == ["dora@team.example"] * len(questionnaire.draft["languages"])
        bodies = [mail.body() for mail in mailbox.messages]
        assert any("How was the draft?" in body for body in bodies)
        assert all(f"{builder}preview/" in body and "/a/" not in body for body in bodies)
        assert not Campaign.objects.exists() and not Invitation.objects.exists()

    def test_never_leads_away_from_the_site(self, dora: Client, team: Team, mailbox: Mailbox) -> None:
        questionnaire = publish(team).questionnaire
        reply = dora.post(f"/questionnaires/{questionnaire.pk}/test/", {"next": "https://elsewhere.example/"})
        assert reply["Location"] == f"/questionnaires/{questionnaire.pk}/"

    def test_that_the_server_refuses_is_explained(self, dora: Client, team: Team, mailbox: Mailbox) -> None:
        mailbox.rcpt_reply = "550 5.1.1 No such user"
        campaign = make_campaign(team, publish(team))
        reply = dora.post(f"/sendings/{campaign.pk}/test/", follow=True)
        assert b"The mail server refused the test mail" in reply.content


class TestCampaignPage:
    def test_starts_a_copy_with_its_own_time_and_no_recipients(self, dora: Client, team: Team) -> None:
        campaign = launched(team, 3)
        reply = dora.post(f"/sendings/{campaign.pk}/duplicate/")
        made = Campaign.objects.exclude(pk=campaign.pk).get()
        assert reply["Location"] == f"/sendings/{made.pk}/what/"
        assert (made.state, made.version, made.launched_at, made.subject) == ("draft", None, None, campaign.subject)
        assert made.invitations.count() == 0 and campaign.invitations.count() == 3

    def test_tells_the_pace_while_mail_goes_out(self, dora: Client, team: Team) -> None:
        campaign, now = launched(team, 10), timezone.now()
        assert get_pace(campaign=campaign, funnel=get_funnel(campaign=campaign), at=now) is None
        sent = list(campaign.invitations.values_list("pk", flat=True)[:4])
        Invitation.objects.filter(pk__in=sent).update(state="sent", sent_at=now - timedelta(seconds=60))
        pace = get_pace(campaign=campaign, funnel=get_funnel(campaign=campaign), at=now)
        assert pace == Pace(per_minute=4, ends_at=now + timedelta(seconds=90))
        assert "about 4 per minute" in dora.get(f"/sendings/{campaign.pk}/").content.decode()
        Campaign.objects.filter(pk=campaign.pk).update(state="paused")
        assert "per minute" not in dora.get(f"/sendings/{campaign.pk}/").content.decode()

    def test_counts_steps_and_says_why_mail_failed(self, dora: Client, team: Team, mailbox: Mailbox) -> None:
        mailbox.rcpt_reply = {"p0@customer.example": "550 5.1.1 No"}.get
        campaign = launched(team, 4)
        delivery.send_due(campaign_id=campaign.pk, worker="t", clock=lambda: AT, seconds=60)
        Invitation.objects.filter(contact__email="p1@customer.example").update(
            opened_at=AT, started_at=AT, completed_at=AT
        )
        text = dora.get(f"/sendings/{campaign.pk}/").content.decode()
        assert "3 of 4 sent" in text and "Address does not exist" in text and "33.3%" in text
        assert "Person 1" in text
        found = dora.get(f"/sendings/{campaign.pk}/?state=completed").content.decode()
        assert "Person 1" in found and "Person 2" not in found
        searched = dora.get(f"/sendings/{campaign.pk}/?q=p2@").content.decode()
        assert "Person 2" in searched and "Person 1" not in searched

    def test_pauses_and_resumes(self, dora: Client, team: Team) -> None:
        campaign = launched(team, 2)
        for action, state in (("pause", "paused"), ("resume", "sending"), ("pause", "paused")):
            dora.post(f"/sendings/{campaign.pk}/{action}/")
            campaign.refresh_from_db()
            assert campaign.state == state
        dora.post(f"/sendings/{campaign.pk}/cancel/")
        assert states(campaign) == {"cancelled": 2}

    def test_asks_for_nothing_that_grows_with_recipients(
        self, dora: Client, team: Team, django_assert_max_num_queries: Any
    ) -> None:
        campaign = launched(team, 120)
        with django_assert_max_num_queries(16):
            dora.get(f"/sendings/{campaign.pk}/")

    def test_fingerprint_changes_with_the_counts(self, dora: Client, team: Team) -> None:
        campaign = launched(team, 2)
        before = dora.get(f"/sendings/{campaign.pk}/progress/").json()
        Invitation.objects.filter(campaign=campaign).update(state="sent")
        assert dora.get(f"/sendings/{campaign.pk}/progress/").json() != before


class TestStopping:
    def test_on_post_works_at_once_without_login_cookie_or_redirect(self, team: Team) -> None:
        campaign = launched(team, 1)
        path = f"/u/{stop_token_for(bytes(Invitation.objects.get().nonce))}/"
        stranger = Client(enforce_csrf_checks=True)
        page = stranger.get(path)
        assert b"Stop survey e-mails?" in page.content
        assert not is_suppressed(team=team, email="p0@customer.example")
        reply = stranger.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
        assert (reply.status_code, reply.cookies.keys()) == (200, {}.keys())
        assert is_suppressed(team=team, email="p0@customer.example")
        assert states(campaign) == {"suppressed": 1}
        stranger.post(f"{path}undo/")
        assert not is_suppressed(team=team, email="p0@customer.example")

    def test_link_opens_nothing_else_and_the_other_way_round(self, team: Team) -> None:
        launched(team, 1)
        nonce = bytes(Invitation.objects.get().nonce)
        for token in (token_for(nonce), stop_token_for(nonce)[:-1], stop_token_for(nonce) + ".", "x" * 5000, "%00"):
            assert Client().post(f"/u/{token}/").status_code == 404
        assert not Suppression.objects.exists()

    def test_undo_does_not_lift_what_a_bounce_stopped(self, team: Team) -> None:
        launched(team, 1)
        invitation = Invitation.objects.get()
        Suppression.objects.all().delete()
        from surveys.contacts.services import suppress
        from surveys.sending.services import undo_stop

        suppress(team=team, email="p0@customer.example", reason="bounced", at=AT)
        assert not undo_stop(invitation=invitation)
        assert is_suppressed(team=team, email="p0@customer.example")


class TestScanners:
    def test_change_nothing_by_fetching_every_link(self, team: Team, mailbox: Mailbox) -> None:
        campaign = launched(team, 3)
        delivery.send_due(campaign_id=campaign.pk, worker="t", clock=lambda: AT, seconds=60)
        before = list(Invitation.objects.order_by("id").values())
        links = {re.sub(r"^https?://[^/]+", "", link) for mail in mailbox.messages for link in mail.links}
        links |= {mail.message["List-Unsubscribe"].strip("<>").split("/", 3)[3].join(["/", ""]) for mail in mailbox.messages}
        scanner = Client(headers={"user-agent": "Mozilla/5.0"})
        assert len(links) >= 3 * 13
        for link in links:
            for method in ("get", "head", "options"):
                for address in ("192.0.2.1", "198.51.100.7", "203.0.113.9"):
                    getattr(scanner, method)(link, REMOTE_ADDR=address)
        after = [{**row, "opened_at": None} for row in Invitation.objects.order_by("id").values()]
        assert after == before
        assert not Suppression.objects.exists()


class TestStrangers:
    @pytest.mark.parametrize("path", [
        "", "what/", "who/", "when/", "check/", "mail/en/", "progress/", "pause/", "resume/", "cancel/", "launch/",
        "resend/", "test/",
    ])
    def test_see_no_campaign(self, charlie: Client, team: Team, path: str) -> None:
        campaign = launched(team, 1)
        url = f"/sendings/{campaign.pk}/{path}"
        assert {charlie.get(url).status_code, charlie.post(url).status_code} <= {404, 405}
        assert states(campaign) == {"pending": 1}

    @pytest.mark.parametrize("path", ["{0}/", "{0}/delete/", "segments/{1}/", "segments/{1}/delete/", "attributes/{2}/",
                                      "stopped/{3}/lift/", "import/{4}/match/", "import/{4}/check/", "import/{4}/done/",
                                      "import/{4}/wrong-rows/", "import/{4}/discard/"])
    def test_see_no_contact_data(self, charlie: Client, team: Team, path: str) -> None:
        contact = make_contacts(team, 1)[0]
        ids = (
            contact.pk, Segment.objects.create(team=team, name="S").pk,
            ContactAttribute.objects.create(team=team, key="tier").pk,
            Suppression.objects.create(team=team, email_hash="0" * 64, reason="manual", at=AT).pk,
            ContactImport.objects.create(team=team, file_name="f", content=b"", encoding="utf-8", created_at=AT).pk,
        )
        url = f"/contacts/{path.format(*ids)}"
        assert {charlie.get(url).status_code, charlie.post(url).status_code} <= {404, 405}
        assert Contact.objects.filter(pk=contact.pk).exists()

    @pytest.mark.parametrize("path", ["/sendings/", "/contacts/", "/contacts/import/", "/contacts/segments/"])
    def test_who_only_read_results_get_no_door(self, client: Client, team: Team, path: str) -> None:
        client.force_login(make_member(team, "bob@team.example", Role.MANAGER))
        assert client.get(path).status_code == 403


class TestContactPages:
    def test_search_filter_and_page(self, dora: Client, team: Team) -> None:
        ContactAttribute.objects.create(team=team, key="region", names={"en": "Region"}, is_dimension=True)
        make_contacts(team, 120)
        first = dora.get("/contacts/").content.decode()
        assert "120 contacts" in first and "Page 1 of 3" in first
        assert "60 contacts" in dora.get("/contacts/?region=East").content.decode()
        assert re.search(r"\b1 contact\s*<", dora.get("/contacts/?q=p77@").content.decode())
        assert "No contact matches" in dora.get("/contacts/?q=nobody").content.decode()

    def test_add_change_and_remove(self, dora: Client, team: Team) -> None:
        ContactAttribute.objects.create(team=team, key="region", names={"en": "Region"})
        data = {"email": "Zhang@X.example", "name": "Zhang", "language": "zh-hans", "attribute-region": "East"}
        dora.post("/contacts/new/", data)
        contact = Contact.objects.get()
        assert (contact.email, contact.email_key, contact.attributes) == (
            "Zhang@x.example", "zhang@x.example", {"region": "East"},
        )
        assert b"already a contact" in dora.post("/contacts/new/", data).content
        assert b"Enter an e-mail address like" in dora.post("/contacts/new/", {"email": "nobody"}).content
        dora.post(f"/contacts/{contact.pk}/", {**data, "name": "Zhang Min"})
        contact.refresh_from_db()
        assert contact.name == "Zhang Min"
        dora.post(f"/contacts/{contact.pk}/delete/")
        assert not Contact.objects.exists()

    def test_keep_segments_with_a_live_count(self, dora: Client, team: Team) -> None:
        ContactAttribute.objects.create(team=team, key="region", names={"en": "Region"})
        make_contacts(team, 9)
        assert dora.get("/contacts/segments/count/?rule-region=East").content.strip() == b"4 contacts"
        counted = dora.post("/contacts/segments/new/", {"name": "E", "rule-region": ["East"], "count": "1"})
        assert b"4 contacts" in counted.content and not Segment.objects.exists()
        dora.post("/contacts/segments/new/", {"name": "E", "rule-region": ["East"]})
        segment = Segment.objects.get()
        assert segment.rules == [{"attribute": "region", "levels": ["East"]}]
        make_campaign(team, publish(team), segment=segment)
        assert b"so it stays" in dora.post(f"/contacts/segments/{segment.pk}/delete/", follow=True).content

    def test_import_in_four_steps(self, dora: Client, team: Team) -> None:
        rows = "客户名称,联系人,邮箱,等级\r\n海云食品,张敏,zhang@haiyun.example,A\r\n坏行,李,nobody,B\r\n"
        upload = SimpleUploadedFile("客户.csv", rows.encode("gb18030"), "text/csv")
        reply = dora.post("/contacts/import/", {"file": upload})
        match = reply["Location"]
        page = dora.get(match).content.decode()
        assert "GB18030" in page and "海云食品" in page
        targets = {"column-0": "attribute:company", "column-1": "name", "column-2": "email", "column-3": "new"}
        check = dora.post(match, {**targets, "rule": "fill", "source": "CRM"})["Location"]
        assert "Import 1 contact" in dora.get(check).content.decode()
        assert not Contact.objects.exists()
        done = dora.post(check)["Location"]
        assert Contact.objects.get().attributes == {"company": "海云食品", "attribute": "A"}
        assert "Import finished" in dora.get(done).content.decode()
        wrong = dora.get(done.replace("done", "wrong-rows")).content.decode("utf-8-sig")
        assert wrong.splitlines() == ["Row,Reason,客户名称,联系人,邮箱,等级", "3,Not an e-mail address,坏行,李,nobody,B"]
        assert dora.get(match)["Location"] == done

    @pytest.mark.parametrize(("name", "content", "sentence"), [
        ("a.csv", b"\xff\xff\x81", "cannot be read"), ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        ("a.xlsx", b"PK\x03\x04nothing", "is damaged"), ("a.csv", b"\n\n\n\n", "The file is empty"),
        ("a.csv", b"", "The file is empty"), ("a.csv", b"email,name\r\n", "no rows below them"),
        ("a.csv", b"%PDF-1.7\n%\xe2\xe3", "no CSV or Excel file"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
    ])
    def test_import_refuses_with_a_sentence(self, dora: Client, name: str, content: bytes, sentence: str) -> None:
        reply = dora.post("/contacts/import/", {"file": SimpleUploadedFile(name, content)})
        assert reply.status_code == 400 and sentence in reply.content.decode()
        assert not ContactImport.objects.exists()

    def test_import_says_when_no_row_can_be_used(self, dora: Client) -> None:
        file = SimpleUploadedFile("a.csv", b"email,name\r\nnobody,A\r\n,B\r\n")
        match = dora.post("/contacts/import/", {"file": file})["Location"]
        check = dora.post(match, {"column-0": "email", "column-1": "name", "rule": "fill"})["Location"]
        page = dora.get(check).content.decode()
        assert "No row can be imported" in page and "Upload another file" in page
        assert "Finish without changes" not in page and "Import 0" not in page

    def test_import_tells_of_a_column_name_that_stands_twice(self, dora: Client) -> None:
        file = SimpleUploadedFile("a.csv", b"email,name,name,x (4)\r\na@b.example,A,B,C\r\n")
        page = dora.get(dora.post("/contacts/import/", {"file": file})["Location"]).content.decode()
        assert "The column name “name” stands in the first row more than once" in page and "“name (3)”" in page
        assert "“x (4)” here" not in page

    @pytest.mark.parametrize("language, words", [("en", "East"), ("zh-hans", "华东")])
    def test_call_values_by_their_names_in_both_languages(
        self, dora: Client, team: Team, language: str, words: str
    ) -> None:
        names = {"East": {"en": "East", "zh-hans": "华东"}}
        ContactAttribute.objects.create(
            team=team, key="region", names={"en": "Region", "zh-hans": "大区"}, level_names=names, is_dimension=True)
        make_contacts(team, 2)
        Segment.objects.create(team=team, name="S", rules=[{"attribute": "region", "levels": ["East"]}])
        User.objects.filter(email="dora@team.example").update(language=language)
        found = dora.get("/contacts/?region=East").content.decode()
        assert f"<td>{words}</td>" in found and f'<option value="East" selected>{words}</option>' in found
        for path in ("/contacts/segments/", "/contacts/segments/new/", "/contacts/attributes/"):
            assert words in dora.get(path).content.decode(), path

    def test_show_the_way_where_there_is_nobody_to_write_to(self, dora: Client, team: Team) -> None:
        campaign = make_campaign(team, publish(team))
        assert "There is nobody to write to" in dora.get(f"/sendings/{campaign.pk}/who/").content.decode()
        make_contacts(team, 1)
        assert "There is nobody to write to" not in dora.get(f"/sendings/{campaign.pk}/who/").content.decode()


class TestLanguages:
    def test_both_render_every_page(self, client: Client, team: Team) -> None:
        user = make_member(team, role=Role.OWNER)
        client.force_login(user)
        ContactAttribute.objects.create(team=team, key="region", names={"en": "Region", "zh-hans": "大区"}, is_dimension=True)
        draft = make_campaign(team, publish(team, rating_document(), name="CSAT"))
        campaign = launched(team, 2)
        paths = [
            "/contacts/", "/contacts/new/", "/contacts/attributes/", "/contacts/segments/", "/contacts/segments/new/",
            "/contacts/stopped/", "/contacts/import/", "/sendings/", "/sendings/new/", f"/sendings/{campaign.pk}/",
            *(f"/sendings/{draft.pk}/{step}/" for step in ("what", "who", "when", "check", "mail/en", "mail/zh-hans")),
            f"/contacts/{Contact.objects.first().pk}/", "/u/test/",  # type: ignore[union-attr]
        ]
        for language in ("en", "zh-hans"):
            user.language = language
            user.save()
            for path in paths:
                reply = client.get(path)
                assert reply.status_code == 200, path
                assert b"{{" not in reply.content and b"{%" not in reply.content, path
        assert timezone.now().year > 2000
