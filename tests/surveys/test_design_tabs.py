"""The builder's further tabs: all texts side by side, and which question is shown when."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from surveys.design.document import parse_document
from surveys.design.editing import NoSuchPartError, find_question, place_part, place_question
from surveys.design.gallery import TEMPLATES
from surveys.design.models import Questionnaire
from surveys.design.sentences import say_condition
from surveys.design.services import create_questionnaire, save_draft
from surveys.design.translating import count_missing, keep_changed, list_groups, read_typed, replace_many
from tests.cast import NOW, Cast, client_of, make_cast

EN = "text.questions.comment.text.en"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def survey(cast: Cast) -> Questionnaire:
    return create_questionnaire(team=cast.team, template=TEMPLATES["relationship"], name="Yearly", user=None, at=NOW)


@pytest.fixture
def dora(cast: Cast) -> Client:
    return client_of(cast.dora)


def url(survey: Questionnaire, name: str = "translations") -> str:
    return reverse(f"design:{name}", args=[survey.pk])


def text_of(survey: Questionnaire, key: str) -> dict[str, str]:
    question = find_question(Questionnaire.objects.get(pk=survey.pk).draft, key)
    assert question is not None
    return dict(question["text"])


def without_english(survey: Questionnaire, key: str = "comment") -> None:
    question = find_question(survey.draft, key)
    assert question is not None
    del question["text"]["en"]
    survey.save(update_fields=["draft"])


class TestTheListOfTexts:
    def test_holds_every_text_and_changes_exactly_what_is_typed(self, survey: Questionnaire) -> None:
        for group in list_groups(survey.draft):
            for entry in group.entries:
                changed = replace_many(survey.draft, {entry.path: {"en": "Changed here"}})
                assert str(changed).count("Changed here") == 1, entry.path
                assert parse_document(changed)

    def test_names_its_fields_as_they_are_read_again(self, survey: Questionnaire) -> None:
        cells = [cell for group in list_groups(survey.draft) for entry in group.entries for cell in entry.cells]
        assert len({cell.name for cell in cells}) == len({cell.id for cell in cells}) == len(cells)
        typed = read_typed({cell.name: cell.value for cell in cells}, survey.draft)
        assert replace_many(survey.draft, typed) == survey.draft

    def test_counts_what_a_reader_would_see_in_the_other_language(self, survey: Questionnaire) -> None:
        assert count_missing(survey.draft) == 0
        without_english(survey)
        assert count_missing(survey.draft) == 1

    def test_leaves_out_paths_that_are_gone(self, survey: Questionnaire) -> None:
        assert replace_many(survey.draft, {"questions.gone.text": {"en": "x"}}) == survey.draft
        assert read_typed({"text.questions.gone.text.en": "x", "text.title.fr": "x"}, survey.draft) == {}

    def test_keeps_only_what_differs_from_the_page(self, survey: Questionnaire) -> None:
        typed = {"title": {"en": "New", "zh-hans": survey.draft["title"]["zh-hans"]}, "thanks": dict(survey.draft["thanks"])}
        assert keep_changed(typed, survey.draft) == {"title": {"en": "New"}}


class TestTranslations:
    @pytest.mark.parametrize("language, words", [("en", "1 text is missing"), ("zh-hans", "缺 1 处文字")])
    def test_mark_and_count_what_is_missing(self, cast: Cast, survey: Questionnaire, language: str, words: str) -> None:
        without_english(survey)
        cast.dora.language = language
        cast.dora.save()
        page = client_of(cast.dora).get(url(survey), {"show": "missing"}).content.decode()
        assert words in page and page.count("<textarea") == 2 and page.count(" miss") >= 1

    def test_save_at_the_revision_that_was_shown(self, dora: Client, survey: Questionnaire) -> None:
        reply = dora.post(url(survey), {"revision": "1", EN: "Anything else, please?"}, follow=True)
        assert reply.status_code == 200 and text_of(survey, "comment")["en"] == "Anything else, please?"
        assert Questionnaire.objects.get().draft_revision == 2

    def test_answer_a_page_that_saves_by_itself(self, dora: Client, survey: Questionnaire) -> None:
        reply = dora.post(url(survey), {"revision": "1", EN: ""}, headers={"X-Requested-With": "fetch"})
        assert (reply.json()["revision"], reply.json()["missing"]) == (2, 1)
        stale = dora.post(url(survey), {"revision": "1", EN: "x"}, headers={"X-Requested-With": "fetch"})
        assert stale.status_code == 409 and text_of(survey, "comment").get("en") is None

    def test_compare_before_they_replace_newer_texts_and_leave_others_alone(
        self, dora: Client, survey: Questionnaire
    ) -> None:
        overall = "text.questions.overall.text.en"
        shown = {EN: text_of(survey, "comment")["en"], overall: text_of(survey, "overall")["en"]}
        dora.post(url(survey), {"revision": "1", overall: "Somebody else wrote this"})
        reply = dora.post(url(survey), {"revision": "1", **shown, EN: "Mine"})
        page = reply.content.decode()
        assert reply.status_code == 409 and "Mine" in page and overall not in page
        dora.post(url(survey), {"revision": "2", EN: "Mine"})
        assert text_of(survey, "comment")["en"] == "Mine"
        assert text_of(survey, "overall")["en"] == "Somebody else wrote this"

    @pytest.mark.parametrize("text", ["a\x00b", "x" * 5000])
    def test_say_why_a_text_cannot_be_saved(self, dora: Client, survey: Questionnaire, text: str) -> None:
        reply = dora.post(url(survey), {"revision": "1", EN: text, "text.title.en": "Kept"})
        assert reply.status_code == 422 and "Not saved" in reply.content.decode() and "Kept" in reply.content.decode()
        assert Questionnaire.objects.get().draft_revision == 1


class TestLogic:
    def test_says_when_each_question_is_shown(self, dora: Client, survey: Questionnaire) -> None:
        question = find_question(survey.draft, "comment")
        assert question is not None
        question["show_if"] = [{"item": "nps", "high": 6}, {"item": "product_quality", "low": 1, "high": 2}]
        save_draft(questionnaire=survey, document=survey.draft, revision=1, at=NOW)
        page = dora.get(url(survey, "logic")).content.decode()
        assert "question 1 is 6 or less" in page and "question 5 (Quality and reliability) is 1–2" in page
        assert f'{url(survey, "builder")}?q=comment#rule' in page
        assert "question 7" in page.split("Decides about:")[1]

    def test_shows_what_is_wrong_with_a_rule_where_it_stands(self, dora: Client, survey: Questionnaire) -> None:
        question = find_question(survey.draft, "reasons")
        assert question is not None
        question["show_if"] = [{"item": "overall", "low": 1, "high": 2}]
        save_draft(questionnaire=survey, document=survey.draft, revision=1, at=NOW)
        assert "asked later" in dora.get(url(survey, "logic")).content.decode()

    @pytest.mark.parametrize("condition, english, chinese", [
        ({"item": "nps"}, "question 1 is answered", "第 1 题已作答"),
        ({"item": "nps", "low": 9}, "question 1 is 9 or more", "第 1 题不低于 9"),
        ({"item": "nps", "low": 5, "high": 5}, "question 1 is 5", "第 1 题为 5"),
        ({"item": "contact_me", "values": ["true"]}, "question 8 is ticked", None),
    ])
    def test_has_a_sentence_for_each_kind_of_condition(
        self, survey: Questionnaire, condition: dict[str, Any], english: str, chinese: str | None
    ) -> None:
        document = parse_document(survey.draft)
        with translation.override("en"):
            assert say_condition(condition, document, "en") == english
        with translation.override("zh-hans"):
            said = say_condition(condition, document, "zh-hans")
        assert said == chinese if chinese else "true" not in said

    def test_shows_a_question_by_any_answer_where_no_limit_is_given(self, survey: Questionnaire) -> None:
        question = find_question(survey.draft, "comment")
        assert question is not None
        question["show_if"] = [{"item": "nps"}]
        asked = parse_document(survey.draft).question("comment")
        assert asked is not None and asked.is_shown({"nps": 0}) and not asked.is_shown({})


class TestPlacing:
    def test_puts_a_question_after_another_or_first_on_a_page(self, survey: Questionnaire) -> None:
        keys = [[q["key"] for q in page["questions"]] for page in place_question(survey.draft, "contact_me", "after", "nps")["pages"]]
        assert keys[0][:2] == ["nps", "contact_me"] and "contact_me" not in keys[2]
        first = place_question(survey.draft, "nps", "first", survey.draft["pages"][2]["key"])
        assert first["pages"][2]["questions"][0]["key"] == "nps"
        assert place_question(survey.draft, "nps", "after", "nps") == survey.draft

    @pytest.mark.parametrize("where, anchor", [("after", "gone"), ("first", "gone"), ("beside", "nps"), ("", "")])
    def test_refuses_a_place_that_is_not_there(self, survey: Questionnaire, where: str, anchor: str) -> None:
        before = str(survey.draft)
        with pytest.raises(NoSuchPartError):
            place_question(survey.draft, "overall", where, anchor)
        assert str(survey.draft) == before

    @pytest.mark.parametrize("number, after, order", [(0, 2, "BCADE"), (4, -1, "EABCD"), (3, 0, "ADBCE"), (2, 2, "ABCDE"), (2, 1, "ABCDE")])
    def test_puts_a_line_where_it_was_let_go(self, survey: Questionnaire, number: int, after: int, order: str) -> None:
        rows = find_question(survey.draft, "product")
        assert rows is not None
        letters = dict(zip((row["key"] for row in rows["rows"]), "ABCDE", strict=True))
        placed = find_question(place_part(survey.draft, "product", "rows", number, after), "product")
        assert placed is not None and "".join(letters[row["key"]] for row in placed["rows"]) == order

    @pytest.mark.parametrize("op", ["place:nps.after.gone", "place:nps", "place:", "place_part:rows.0.9", "place_part:rows.9.0",
                                    "place_part:rows.0", "place_part:rows.x.start", "place_part:secrets.0.start"])
    def test_never_breaks_on_a_hand_made_request(self, dora: Client, survey: Questionnaire, op: str) -> None:
        reply = dora.post(reverse("design:edit", args=[survey.pk]), {"revision": "1", "q": "product", "op": op}, follow=True)
        assert reply.status_code == 200 and Questionnaire.objects.get().draft_revision == 1
