"""The pages and the API of questionnaires, seen by each of the cast."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.roles import Role
from surveys.design.editing import find_question
from surveys.design.gallery import TEMPLATES
from surveys.design.models import Questionnaire
from surveys.design.services import create_questionnaire, publish, save_draft
from tests.cast import NOW, Cast, api_client, client_of, make_cast, make_key


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def survey(cast: Cast) -> Questionnaire:
    return create_questionnaire(team=cast.team, template=TEMPLATES["relationship"], name="Yearly", user=None, at=NOW)


@pytest.fixture
def dora(cast: Cast) -> Client:
    return client_of(cast.dora)


def url(name: str, survey: Questionnaire) -> str:
    return reverse(f"design:{name}", args=[survey.pk])


def stored(survey: Questionnaire, key: str) -> dict[str, Any]:
    question = find_question(Questionnaire.objects.get(pk=survey.pk).draft, key)
    assert question is not None
    return question


def without_token(html: str) -> str:
    """Take away what differs from one rendering to the next."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", html)


def edit(client: Client, survey: Questionnaire, key: str, op: str = "save", revision: int = 1, **more: str) -> Any:
    data = {"q": key, "op": op, "revision": str(revision), **more}
    return client.post(url("edit", survey), data, follow=True)


READ = ("builder", "checks", "versions", "export", "remove")
WRITE = ("edit", "undo", "publish", "rename")


class TestTheCompanysName:
    def test_stands_wherever_staff_read_a_question(self, dora: Client, survey: Questionnaire) -> None:
        for name, key in (("builder", "nps"), ("builder", "comment"), ("remove", "nps"), ("logic", "")):
            page = dora.get(url(name, survey), {"q": key}).content.decode()
            # In a field to write in, and in the hint beside it, the placeholder itself stands.
            read = re.sub(r"<textarea.*?</textarea>|{company} becomes", "", page, flags=re.DOTALL)
            assert "{company}" not in read and "{co" not in read, (name, key)


class TestDoor:
    @pytest.mark.parametrize("name", READ + WRITE)
    def test_shows_another_team_nothing(self, cast: Cast, survey: Questionnaire, name: str) -> None:
        client = client_of(cast.charlie)
        reply = client.get(url(name, survey)) if name in READ else client.post(url(name, survey))
        assert reply.status_code == 404

    @pytest.mark.parametrize("name", READ + WRITE)
    def test_is_closed_to_managers(self, cast: Cast, survey: Questionnaire, name: str) -> None:
        client = client_of(cast.bob)
        reply = client.get(url(name, survey)) if name in READ else client.post(url(name, survey))
        assert reply.status_code == 403

    @pytest.mark.parametrize("name", READ)
    def test_lets_designers_and_owners_read_without_writing(self, cast: Cast, survey: Questionnaire, name: str) -> None:
        before = Questionnaire.objects.values().get()
        for user in (cast.alice, cast.dora):
            assert client_of(user).get(url(name, survey), {"q": "nps"}).status_code == 200
        assert Questionnaire.objects.values().get() == before

    @pytest.mark.parametrize("name", WRITE)
    def test_writes_on_post_only(self, dora: Client, survey: Questionnaire, name: str) -> None:
        assert dora.get(url(name, survey)).status_code == 405

    def test_sends_strangers_to_sign_in(self, survey: Questionnaire) -> None:
        assert client_of(None).get(url("builder", survey)).status_code == 302


class TestList:
    def test_shows_the_state_of_each(self, dora: Client, survey: Questionnaire) -> None:
        assert "Draft of version 1" in dora.get(reverse("design:list")).content.decode()
        publish(questionnaire=survey, user=None, at=NOW)
        text = dora.get(reverse("design:list")).content.decode()
        assert "Version 1 live" in text and "Draft of version" not in text

    def test_asks_the_database_as_often_for_ten_as_for_one(
        self, dora: Client, cast: Cast, survey: Questionnaire, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(9):
            create_questionnaire(team=cast.team, template=TEMPLATES["pulse"], name=f"P{number}", user=None, at=NOW)
        with django_assert_max_num_queries(8):
            dora.get(reverse("design:list"))

    def test_leaves_out_other_teams(self, cast: Cast, survey: Questionnaire) -> None:
        assert "Yearly" not in client_of(cast.charlie).get(reverse("design:list")).content.decode()


class TestGallery:
    @pytest.mark.parametrize("language, words", [("en", "Relationship survey"), ("zh-hans", "客户关系满意度调查")])
    def test_offers_every_template_in_the_readers_language(self, cast: Cast, language: str, words: str) -> None:
        cast.dora.language = language
        cast.dora.save()
        assert words in client_of(cast.dora).get(reverse("design:new")).content.decode()

    def test_makes_a_draft_and_notes_it(self, dora: Client, cast: Cast) -> None:
        reply = dora.post(reverse("design:new"), {"template": "pulse", "name": "Monthly"}, follow=True)
        assert reply.status_code == 200 and Questionnaire.objects.get().team == cast.team
        assert AuditEvent.objects.filter(action="questionnaire.created", user=cast.dora).exists()

    @pytest.mark.parametrize("name", ["", "Yearly", "a\x00b", "x" * 400])
    def test_says_what_is_wrong_with_a_name(self, dora: Client, survey: Questionnaire, name: str) -> None:
        reply = dora.post(reverse("design:new"), {"template": "pulse", "name": name})
        assert reply.status_code == 422 and 'class="err"' in reply.content.decode()
        assert Questionnaire.objects.count() == 1


class TestBuilder:
    def test_saves_both_languages(self, dora: Client, survey: Questionnaire) -> None:
        texts = {"has.fields": "1", "text.zh-hans": "您满意吗？", "text.en": "Satisfied?"}
        assert edit(dora, survey, "overall", **texts).status_code == 200
        assert stored(survey, "overall")["text"] == {"zh-hans": "您满意吗？", "en": "Satisfied?"}

    def test_does_not_switch_off_what_the_form_did_not_show(self, dora: Client, survey: Questionnaire) -> None:
        edit(dora, survey, "product", **{"has.fields": "1", "text.en": "Parts", "text.zh-hans": "各方面"})
        assert stored(survey, "product")["required"] is True and stored(survey, "product")["offers_na"] is True
        edit(dora, survey, "product", revision=2, **{"has.fields": "1", "has.required": "1"})
        assert stored(survey, "product")["required"] is False

    @pytest.mark.parametrize("op", ["up", "down", "duplicate", "break", "remove", "add_part:rows", "remove_part:rows.0",
                                    "move_part:rows.1"])
    def test_does_each_operation_by_a_button(self, dora: Client, survey: Questionnaire, op: str) -> None:
        reply = edit(dora, survey, "service", op=op)
        assert reply.status_code == 200 and 'role="status"' in reply.content.decode()
        assert Questionnaire.objects.get().draft_revision == 2

    def test_announces_a_move_and_keeps_the_focus(self, dora: Client, survey: Questionnaire) -> None:
        text = edit(dora, survey, "service", op="up").content.decode()
        assert "Question 6 moved to position 5." in text
        assert 'title="Move up" autofocus' in " ".join(text.split())

    def test_saves_a_rule_in_sentences(self, dora: Client, survey: Questionnaire) -> None:
        rule = {"has.fields": "1", "has.rules": "1", "rule.0.item": "nps", "rule.0.low": "0", "rule.0.high": "6",
                "rule.1.item": "reasons=price"}
        text = edit(dora, survey, "comment", **rule).content.decode()
        assert stored(survey, "comment")["show_if"] == [
            {"item": "nps", "low": 0, "high": 6}, {"item": "reasons", "values": ["price"]}]
        assert "Shown if question 1 is 0–6 or question 2 is Price" in text

    def test_keeps_what_was_typed_when_a_number_is_none(self, dora: Client, survey: Questionnaire) -> None:
        reply = edit(dora, survey, "comment", **{"has.fields": "1", "has.rules": "1", "text.en": "Kept words",
                                                 "rule.0.item": "nps", "rule.0.low": "six"})
        assert reply.status_code == 422 and "Enter a whole number" in reply.content.decode()
        assert "Kept words" in reply.content.decode()
        assert Questionnaire.objects.get().draft_revision == 1

    @pytest.mark.parametrize("text", ["a\x00b", "x" * 5000])
    def test_says_why_a_text_cannot_be_saved(self, dora: Client, survey: Questionnaire, text: str) -> None:
        reply = edit(dora, survey, "comment", **{"has.fields": "1", "text.en": text})
        assert reply.status_code == 422 and "Not saved" in reply.content.decode()
        assert Questionnaire.objects.get().draft_revision == 1

    def test_shows_markup_as_text(self, dora: Client, survey: Questionnaire) -> None:
        page = edit(dora, survey, "comment", **{"has.fields": "1", "text.en": "<script>alert(1)</script>{{ 7 }}"})
        assert "<script>alert" not in page.content.decode()

    @pytest.mark.parametrize("data", [
        {}, {"op": "add"}, {"op": "add", "kind": "bomb"}, {"op": "remove:nothing"}, {"op": "remove_part:rows.99"},
        {"op": "remove_part:rows.²"}, {"op": "add_part:secrets"}, {"op": "join:p1"}, {"q": "gone", "has.fields": "1"},
        {"revision": "²"}, {"revision": "9" * 50}, {"op": "\x00"}, {"q": "nps", "has.fields": "1", "scale": "a-b"},
    ])
    def test_never_breaks_on_a_hand_made_request(self, dora: Client, survey: Questionnaire, data: dict[str, str]) -> None:
        reply = dora.post(url("edit", survey), {"revision": "1", **data}, follow=True)
        assert reply.status_code in (200, 409, 422)

    def test_names_the_questions_that_a_removal_concerns(self, dora: Client, survey: Questionnaire) -> None:
        text = dora.get(url("remove", survey), {"q": "nps"}).content.decode()
        assert "Question 3 uses this question" in text

    def test_shows_the_second_saver_a_comparison_and_loses_nothing(self, dora: Client, survey: Questionnaire) -> None:
        edit(dora, survey, "nps", op="down")
        reply = edit(dora, survey, "comment", **{"has.fields": "1", "text.en": "My new words"})
        assert reply.status_code == 409 and reply.content.decode().count("My new words") >= 2
        assert stored(survey, "comment")["text"]["en"] != "My new words"
        edit(dora, survey, "comment", revision=2, **{"has.fields": "1", "text.en": "My new words"})
        assert stored(survey, "comment")["text"]["en"] == "My new words"

    def test_answers_the_autosave_with_the_new_revision(self, dora: Client, survey: Questionnaire) -> None:
        data = {"q": "comment", "revision": "1", "has.fields": "1", "text.en": "Auto"}
        reply = dora.post(url("edit", survey), data, headers={"X-Requested-With": "fetch"})
        assert reply.json()["revision"] == 2
        parts = reply.json()["parts"]
        assert "Auto" in parts["outline"] and "Question 7 · Auto" in parts["heading"]
        page = dora.get(url("builder", survey), {"q": "comment"}).content.decode()
        assert sorted(parts) == sorted(re.findall(r'data-part="(\w+)"', page))
        plain = " ".join(page.split())
        assert [name for name, html in parts.items() if " ".join(without_token(html).split()) not in without_token(plain)] == []
        assert dora.post(url("edit", survey), data, headers={"X-Requested-With": "fetch"}).status_code == 409

    def test_undoes_the_last_change(self, dora: Client, survey: Questionnaire) -> None:
        edit(dora, survey, "comment", op="remove")
        dora.post(url("undo", survey), {"revision": "2"})
        assert stored(survey, "comment")["type"] == "text"


class TestPublishing:
    def test_goes_live_from_the_page(self, dora: Client, cast: Cast, survey: Questionnaire) -> None:
        text = dora.post(url("publish", survey), {"revision": "1"}, follow=True).content.decode()
        assert "Version 1 is live." in text and survey.versions.get().published_by == cast.dora
        assert AuditEvent.objects.filter(action="questionnaire.published").count() == 1

    def test_may_promise_anonymity_before_it_and_not_after(self, dora: Client, survey: Questionnaire) -> None:
        text = dora.post(url("promise", survey), {"is_anonymous": "on"}, follow=True).content.decode()
        survey.refresh_from_db()
        assert "Answers will be anonymous." in text and survey.is_anonymous
        assert AuditEvent.objects.get(action="questionnaire.promised").detail == {"is_anonymous": True}
        publish(questionnaire=survey, user=None, at=NOW)
        text = dora.post(url("promise", survey), {}, follow=True).content.decode()
        survey.refresh_from_db()
        assert "stays. Make another questionnaire" in text and survey.is_anonymous

    def test_of_an_unchanged_draft_says_so(self, dora: Client, survey: Questionnaire) -> None:
        publish(questionnaire=survey, user=None, at=NOW)
        text = dora.post(url("publish", survey), {"revision": "1"}, follow=True).content.decode()
        assert "nothing to publish" in text and survey.versions.count() == 1

    def test_leads_from_the_check_to_the_field(self, dora: Client, survey: Questionnaire) -> None:
        edit(dora, survey, "comment", **{"has.fields": "1", "text.en": ""})
        text = dora.post(url("publish", survey), {"revision": "2"}, follow=True).content.decode()
        assert survey.versions.count() == 0 and "The English text is missing" in text
        assert f'{url("builder", survey)}?q=comment#f-text-en' in text
        assert 'id="f-text-en"' in dora.get(url("builder", survey), {"q": "comment"}).content.decode()

    def test_lists_versions_with_their_differences(self, dora: Client, survey: Questionnaire) -> None:
        publish(questionnaire=survey, user=None, at=NOW)
        edit(dora, survey, "comment", op="remove")
        dora.post(url("publish", survey), {"revision": "2"})
        text = dora.get(url("versions", survey)).content.decode()
        assert "Removed: “Is there anything else you would like to tell us?”" in text and "Version 1" in text


class TestExport:
    def test_comes_back_by_import(self, dora: Client, survey: Questionnaire) -> None:
        exported = dora.get(url("export", survey)).content
        file = SimpleUploadedFile("q.json", exported)
        dora.post(reverse("design:import"), {"name": "Copy", "file": file})
        assert Questionnaire.objects.get(name="Copy").draft == survey.draft

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[", b"[" * 100000, b"[]", b"{}", b'{"pages": {"a": NaN}}',
                                      b'{"languages":["en"],"title":{"en":"\\u0000"},"pages":[]}',
                                      b'{"languages":["en"],"title":{"en":"\\ud800"},"pages":[]}'])
    def test_refuses_other_files_with_a_sentence(self, dora: Client, body: bytes) -> None:
        reply = dora.post(reverse("design:import"), {"name": "Copy", "file": SimpleUploadedFile("q.json", body)})
        assert reply.status_code == 422 and not Questionnaire.objects.exists()


class TestApi:
    def client(self, cast: Cast, role: str = Role.DESIGNER) -> Any:
        return api_client(make_key(cast.team, role)[1])

    def test_creates_edits_and_publishes(self, cast: Cast) -> None:
        client = self.client(cast)
        made = client.post("/api/v1/questionnaires/", {"name": "Api", "template": "pulse"}, format="json").json()
        draft = client.get(f"/api/v1/questionnaires/{made['id']}/draft/").json()
        draft["document"]["title"]["en"] = "Changed"
        saved = client.put(f"/api/v1/questionnaires/{made['id']}/draft/", draft, format="json")
        assert (saved.status_code, saved.json()["revision"]) == (200, 2)
        assert client.put(f"/api/v1/questionnaires/{made['id']}/draft/", draft | {"document": made}, format="json").status_code == 400
        assert client.put(f"/api/v1/questionnaires/{made['id']}/draft/", draft, format="json").status_code == 409
        version = client.post(f"/api/v1/questionnaires/{made['id']}/versions/", {}, format="json")
        assert (version.status_code, version.json()["number"]) == (201, 1)
        assert client.post(f"/api/v1/questionnaires/{made['id']}/versions/", {}, format="json").status_code == 409
        frozen = client.get(f"/api/v1/questionnaires/{made['id']}/versions/1/").json()
        assert frozen["document"]["title"]["en"] == "Changed"
        assert client.get("/api/v1/questionnaires/").json()["results"][0]["live_version"] == 1

    def test_runs_the_same_checks_as_the_page(self, cast: Cast, survey: Questionnaire) -> None:
        raw = json.loads(json.dumps(survey.draft))
        raw["title"] = {"zh-hans": "只有中文"}
        save_draft(questionnaire=survey, document=raw, revision=1, at=NOW)
        reply = self.client(cast).post(f"/api/v1/questionnaires/{survey.pk}/versions/", {}, format="json")
        assert reply.status_code == 400 and reply.json()["fields"]["document"] == ["title.en: The English text is missing"]

    def test_lets_managers_read_but_not_write(self, cast: Cast, survey: Questionnaire) -> None:
        client = self.client(cast, Role.MANAGER)
        assert client.get(f"/api/v1/questionnaires/{survey.pk}/").status_code == 200
        assert client.post("/api/v1/questionnaires/", {"name": "x", "template": "pulse"}, format="json").status_code == 403
        assert client.post(f"/api/v1/questionnaires/{survey.pk}/versions/", {}, format="json").status_code == 403

    @pytest.mark.parametrize("path", ["", "draft/", "versions/", "versions/1/"])
    def test_shows_another_team_nothing(self, cast: Cast, survey: Questionnaire, path: str) -> None:
        publish(questionnaire=survey, user=None, at=NOW)
        client = api_client(make_key(cast.other_team)[1])
        assert client.get(f"/api/v1/questionnaires/{survey.pk}/{path}").status_code == 404

    @pytest.mark.parametrize("body", [{}, {"name": "x"}, {"name": "x", "template": "none"},
                                      {"name": "x", "document": {"pages": []}}, {"name": "x", "document": []}, [1]])
    def test_says_what_is_wrong(self, cast: Cast, body: Any) -> None:
        reply = self.client(cast).post("/api/v1/questionnaires/", body, format="json")
        assert reply.status_code == 400 and reply.json()["code"] == "invalid"
