"""The draft, its checks and its versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from surveys.design import editing
from surveys.design.checks import check_for_publishing
from surveys.design.differences import describe_differences
from surveys.design.document import DocumentError, parse_document
from surveys.design.document_json import document_to_json, hash_document
from surveys.design.gallery import TEMPLATES, TemplateNode
from surveys.design.models import Questionnaire
from surveys.design.placeholders import fill_document, fill_placeholders
from surveys.design.selectors import get_document, get_latest_version
from surveys.design.services import (
    UNDO_STEPS,
    AlreadyPublishedError,
    NameInvalidError,
    NameTakenError,
    NothingToUndoError,
    NotPublishableError,
    StaleDraftError,
    UnchangedError,
    create_questionnaire,
    promise_anonymity,
    publish,
    save_draft,
    undo_draft,
)
from tests.cast import NOW, Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def survey(cast: Cast) -> Questionnaire:
    return create_questionnaire(
        team=cast.team, template=TEMPLATES["relationship"], name="Yearly", user=cast.dora, at=NOW
    )


def relationship() -> dict[str, Any]:
    return document_to_json(parse_document(TEMPLATES["relationship"].document))


def changed(path: str, value: Any) -> dict[str, Any]:
    """The relationship survey with one field of one question changed: `nps.text`."""
    raw = relationship()
    key, name = path.split(".")
    question = editing.find_question(raw, key)
    assert question is not None
    question[name] = value
    return raw


def codes(raw: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in check_for_publishing(parse_document(raw)):
        found.setdefault(problem.code, []).append(problem.path)
    return found


def leaves(node: TemplateNode) -> list[TemplateNode]:
    return [leaf for child in node.children for leaf in leaves(child)] if node.children else [node]


@pytest.mark.parametrize("key", sorted(TEMPLATES))
class TestTemplate:
    def test_is_publishable_as_it_is(self, key: str) -> None:
        document = parse_document(TEMPLATES[key].document)
        assert [p for p in check_for_publishing(document) if p.is_blocking] == []

    def test_feeds_every_leaf_by_a_rated_item(self, key: str) -> None:
        template = TEMPLATES[key]
        items = {item.key for item in parse_document(template.document).items()}
        fed = [question for leaf in leaves(template.tree.root) for question in leaf.question_keys]
        assert fed and set(fed) <= items and len(set(fed)) == len(fed)
        assert {template.tree.nps, template.tree.overall} - {None} <= items
        assert template.tree.overall not in fed

    def test_survives_being_written_and_read(self, key: str) -> None:
        document = parse_document(TEMPLATES[key].document)
        assert parse_document(document_to_json(document)) == document


class TestRelationshipTemplate:
    def test_rates_five_product_and_five_service_items(self) -> None:
        document = parse_document(TEMPLATES["relationship"].document)
        rows = {q.key: len(q.rows) for q in document.questions() if q.type == "matrix"}
        assert rows == {"product": 5, "service": 5}
        assert len(document.pages) == 3

    def test_words_the_follow_up_for_all_eleven_scores(self) -> None:
        reason = parse_document(TEMPLATES["relationship"].document).question("reason")
        assert reason is not None
        shown = [[s.text["en"] for s in reason.score_texts if s.low <= score <= s.high] for score in range(11)]
        assert [len(one) for one in shown] == [1] * 11
        assert shown[6] == ["What should we put right first?"] and shown[9] == ["What did we do best?"]


class TestCreate:
    def test_makes_an_unpublished_draft(self, survey: Questionnaire) -> None:
        assert get_latest_version(questionnaire=survey) is None and survey.draft_revision == 1

    def test_refuses_a_name_twice_in_a_team_but_not_elsewhere(self, cast: Cast, survey: Questionnaire) -> None:
        with pytest.raises(NameTakenError):
            create_questionnaire(team=cast.team, template=TEMPLATES["pulse"], name=" Yearly ", user=None, at=NOW)
        create_questionnaire(team=cast.other_team, template=TEMPLATES["pulse"], name="Yearly", user=None, at=NOW)

    @pytest.mark.parametrize("name", ["", "  ", "x" * 161, "a\x00b", "\ud800"])
    def test_refuses_a_name_that_cannot_be_kept(self, cast: Cast, name: str) -> None:
        with pytest.raises(NameInvalidError):
            create_questionnaire(team=cast.team, template=TEMPLATES["pulse"], name=name, user=None, at=NOW)


class TestSave:
    def test_replaces_the_draft_and_counts_the_revision(self, survey: Questionnaire) -> None:
        saved = save_draft(questionnaire=survey, document=changed("nps.required", False), revision=1, at=NOW)
        assert saved.draft_revision == 2
        assert Questionnaire.objects.get(pk=survey.pk).draft == changed("nps.required", False)

    def test_of_the_same_document_changes_nothing(self, survey: Questionnaire) -> None:
        assert save_draft(questionnaire=survey, document=relationship(), revision=1, at=NOW).draft_revision == 1

    def test_by_the_second_of_two_people_is_refused(self, survey: Questionnaire) -> None:
        save_draft(questionnaire=survey, document=changed("nps.required", False), revision=1, at=NOW)
        with pytest.raises(StaleDraftError):
            save_draft(questionnaire=survey, document=changed("comment.required", True), revision=1, at=NOW)
        assert Questionnaire.objects.get(pk=survey.pk).draft == changed("nps.required", False)

    @pytest.mark.parametrize(
        "path, value",
        [("nps.text", {"en": "a\x00"}), ("nps.text", {"en": "\ud83d"}), ("nps.text", {"en": "x" * 4001}),
         ("nps.text", {"en": 3}), ("nps.key", "Bad Key"), ("nps.key", "nps\n"), ("nps.key", "overall"),
         ("nps.type", "slider"), ("overall.scale", {"min": 5, "max": 1}), ("overall.scale", {"min": 1, "max": 10**9}),
         ("nps.required", "yes"), ("product.rows", {}), ("product.rows", [{"key": "a", "text": {}}] * 2),
         ("comment.max_length", -1), ("comment.show_if", [{"item": ["nps"]}]), ("nps.show_if", None)],
    )
    def test_refuses_a_malformed_document(self, survey: Questionnaire, path: str, value: Any) -> None:
        with pytest.raises(DocumentError):
            save_draft(questionnaire=survey, document=changed(path, value), revision=1, at=NOW)

    @pytest.mark.parametrize("raw", [{}, {"pages": 1}, {"languages": "en", "title": {}, "pages": []},
                                     {"languages": ["fr"], "title": {}, "pages": []},
                                     {"languages": [[]], "title": {}, "pages": []},
                                     {"languages": ["en"], "title": {}, "pages": [1]}])
    def test_refuses_what_is_no_document(self, survey: Questionnaire, raw: dict[str, Any]) -> None:
        with pytest.raises(DocumentError):
            save_draft(questionnaire=survey, document=raw, revision=1, at=NOW)

    def test_keeps_html_as_the_text_it_is(self, survey: Questionnaire) -> None:
        text = {"en": "<script>alert(1)</script> {{ x }} {% y %}", "zh-hans": "x"}
        saved = save_draft(questionnaire=survey, document=changed("comment.text", text), revision=1, at=NOW)
        assert editing.find_question(saved.draft, "comment")["text"] == text  # type: ignore[index]


class TestUndo:
    def test_goes_back_step_by_step(self, survey: Questionnaire) -> None:
        one = save_draft(questionnaire=survey, document=changed("nps.required", False), revision=1, at=NOW)
        two = save_draft(questionnaire=one, document=changed("comment.required", True), revision=2, at=NOW)
        back = undo_draft(questionnaire=two, revision=3, at=NOW)
        assert back.draft == changed("nps.required", False) and back.draft_revision == 4
        assert undo_draft(questionnaire=back, revision=4, at=NOW).draft == relationship()
        with pytest.raises(NothingToUndoError):
            undo_draft(questionnaire=back, revision=5, at=NOW)

    def test_keeps_only_the_latest_drafts(self, survey: Questionnaire) -> None:
        for revision in range(1, UNDO_STEPS + 4):
            text = {"zh-hans": f"第 {revision} 次", "en": "x"}
            save_draft(questionnaire=survey, document=changed("comment.text", text), revision=revision, at=NOW)
        assert survey.draft_history.count() == UNDO_STEPS


class TestThePromiseOfAnonymity:
    def test_is_made_or_not_until_the_first_version_is_published(self, survey: Questionnaire) -> None:
        assert promise_anonymity(questionnaire=survey, is_anonymous=True, at=NOW).is_anonymous
        assert not promise_anonymity(questionnaire=survey, is_anonymous=False, at=NOW).is_anonymous
        publish(questionnaire=survey, user=None, at=NOW)
        with pytest.raises(AlreadyPublishedError):
            promise_anonymity(questionnaire=survey, is_anonymous=True, at=NOW)
        survey.refresh_from_db()
        assert not survey.is_anonymous


class TestPublish:
    def test_freezes_the_draft(self, survey: Questionnaire, cast: Cast) -> None:
        version = publish(questionnaire=survey, user=cast.dora, at=NOW)
        assert (version.number, version.content_hash) == (1, hash_document(relationship()))
        save_draft(questionnaire=survey, document=changed("nps.required", False), revision=1, at=NOW)
        version.refresh_from_db()
        assert version.document == relationship()
        assert get_latest_version(questionnaire=survey) == version

    def test_of_an_unchanged_draft_is_refused(self, survey: Questionnaire) -> None:
        publish(questionnaire=survey, user=None, at=NOW)
        with pytest.raises(UnchangedError):
            publish(questionnaire=survey, user=None, at=NOW + timedelta(hours=1))
        assert survey.versions.count() == 1

    def test_counts_versions(self, survey: Questionnaire) -> None:
        publish(questionnaire=survey, user=None, at=NOW)
        save_draft(questionnaire=survey, document=changed("nps.required", False), revision=1, at=NOW)
        assert publish(questionnaire=survey, user=None, at=NOW).number == 2

    def test_with_a_missing_text_is_refused(self, survey: Questionnaire) -> None:
        save_draft(questionnaire=survey, document=changed("comment.text", {"zh-hans": "意见"}), revision=1, at=NOW)
        with pytest.raises(NotPublishableError) as refusal:
            publish(questionnaire=survey, user=None, at=NOW)
        assert [(p.path, p.code) for p in refusal.value.problems] == [("questions.comment.text.en", "text_missing")]
        assert survey.versions.count() == 0

    def test_of_a_draft_that_was_changed_meanwhile_is_refused(self, survey: Questionnaire) -> None:
        save_draft(questionnaire=survey, document=changed("nps.required", False), revision=1, at=NOW)
        with pytest.raises(StaleDraftError):
            publish(questionnaire=survey, user=None, at=NOW, revision=1)

    def test_gives_one_parsed_document_per_version(self, survey: Questionnaire, django_assert_num_queries: Any) -> None:
        version = publish(questionnaire=survey, user=None, at=NOW)
        document = get_document(version=version)
        with django_assert_num_queries(0):
            assert get_document(version=version) is document
        assert document == parse_document(relationship())


class TestCheck:
    @pytest.mark.parametrize(
        "path, value, code",
        [("product.rows", [], "no_rows"), ("reasons.options", [], "too_few_options"),
         ("comment.show_if", [{"item": "gone", "low": 1}], "rule_item_gone"),
         ("nps.show_if", [{"item": "overall", "high": 2}], "rule_looks_forward"),
         ("overall.show_if", [{"item": "overall", "high": 2}], "rule_on_itself"),
         ("comment.show_if", [{"item": "overall", "low": 6}], "rule_never_holds"),
         ("comment.show_if", [{"item": "reasons", "values": ["nothing"]}], "rule_never_holds"),
         ("reason.score_texts", [{"item": "overall", "low": 1, "high": 2, "text": {"en": "a", "zh-hans": "b"}}],
          "wording_item_gone"),
         ("comment.text", {"en": "Dear {surname}", "zh-hans": "您好"}, "unknown_placeholder"),
         ("overall.scale", {"min": 1, "max": 5, "labels": {
             "1": {"en": "Very satisfied", "zh-hans": "非常满意"}, "5": {"en": "Bad", "zh-hans": "差"}}}, "scale_reversed")],
    )
    def test_stops_publishing(self, path: str, value: Any, code: str) -> None:
        problems = [p for p in check_for_publishing(parse_document(changed(path, value))) if p.code == code]
        assert problems and all(p.is_blocking for p in problems)

    @pytest.mark.parametrize(
        "path, value, code",
        [("product.offers_na", False, "na_not_offered"),
         ("nps.text", {"en": "Do you like us?", "zh-hans": "喜欢吗？"}, "nps_wording_changed"),
         ("overall.scale", {"min": 1, "max": 7, "labels": {
             "1": {"en": "Bad", "zh-hans": "差"}, "7": {"en": "Good", "zh-hans": "好"}}}, "scales_differ")],
    )
    def test_only_advises(self, path: str, value: Any, code: str) -> None:
        problems = [p for p in check_for_publishing(parse_document(changed(path, value))) if p.code == code]
        assert problems and not any(p.is_blocking for p in problems)

    def test_accepts_the_company_written_into_the_nps_wording(self) -> None:
        text = {"en": "How likely are you to recommend Blue Rail to a friend or colleague?",
                "zh-hans": "您有多大可能向朋友或同事推荐蓝铁？"}
        assert "nps_wording_changed" not in codes(changed("nps.text", text))

    def test_names_an_empty_page_and_an_empty_questionnaire(self) -> None:
        raw = relationship()
        raw["pages"][2]["questions"] = []
        assert codes(raw)["page_empty"] == ["pages.p3"] and "no_consent" in codes(raw)
        assert "no_questions" in codes(raw | {"pages": []})

    def test_advises_on_length(self) -> None:
        raw = relationship()
        for key in ("overall", "product", "comment"):
            raw = editing.break_page_before(raw, key)
        raw, _key = editing.duplicate_question(raw, "service")
        raw, _key = editing.duplicate_question(raw, "service")
        assert {"takes_long"} <= set(codes(raw))
        raw = editing.break_page_before(raw, "contact_me")
        assert "many_pages" in codes(raw)


class TestEditing:
    def test_moves_over_a_page_break(self) -> None:
        raw = editing.move_question(relationship(), "overall", -1)
        assert [q["key"] for q in raw["pages"][0]["questions"]][-1] == "overall"
        assert editing.move_question(raw, "overall", 1) == relationship()

    def test_leaves_the_first_question_at_the_top(self) -> None:
        assert editing.move_question(relationship(), "nps", -1) == relationship()

    def test_gives_a_copy_keys_of_its_own(self) -> None:
        raw, key = editing.duplicate_question(relationship(), "product")
        assert key == "product_2"
        parse_document(raw)

    def test_removes_what_depends_on_a_removed_question(self) -> None:
        raw = changed("comment.show_if", [{"item": "nps", "high": 6}])
        assert [q["key"] for q in editing.list_dependents(raw, "nps")] == ["reason", "comment"]
        raw = editing.remove_question(raw, "nps")
        assert not {"rule_item_gone", "wording_item_gone"} & set(codes(raw))

    @pytest.mark.parametrize("kind", editing.ADDABLE)
    def test_adds_a_question_that_can_be_saved(self, kind: str) -> None:
        raw, key = editing.add_question(relationship(), kind, "nps")
        assert [q["key"] for q in raw["pages"][0]["questions"]][1] == key
        parse_document(raw)

    def test_breaks_and_joins_pages(self) -> None:
        raw = editing.break_page_before(relationship(), "service")
        assert len(raw["pages"]) == 4
        assert editing.join_page(raw, raw["pages"][2]["key"]) == relationship()


class TestDifferences:
    def test_are_said_in_words(self) -> None:
        old, new = parse_document(relationship()), parse_document(changed("overall.text", {"en": "How was it?", "zh-hans": "满意吗？"}))
        lines = describe_differences(old, new, "en")
        assert len(lines) == 2 and all("How was it?" in line for line in lines)
        assert describe_differences(old, old, "en") == []

    def test_name_added_and_removed_questions(self) -> None:
        raw, _key = editing.add_question(editing.remove_question(relationship(), "comment"), "consent", "nps")
        lines = describe_differences(parse_document(relationship()), parse_document(raw), "en")
        assert any(line.startswith("Added:") for line in lines) and any(line.startswith("Removed:") for line in lines)


class TestPlaceholders:
    def test_are_filled_in_the_lists_that_staff_read(self, cast: Cast) -> None:
        cast.team.company_names = {"en": "Harbour", "zh-hans": "港湾"}
        document = parse_document(TEMPLATES["pulse"].document)
        filled = fill_document(document, cast.team)
        asked, before = filled.items()[0].text, document.items()[0].text
        assert "{company}" in before["en"] and asked["en"] == before["en"].replace("{company}", "Harbour")
        assert "港湾" in asked["zh-hans"]

    def test_fill_only_what_is_known(self) -> None:
        text = fill_placeholders("{company} {other} {company.x} {0}", {"company": "{other}"})
        assert text == "{other} {other} {company.x} {0}"
