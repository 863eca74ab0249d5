"""The column "Counts towards" of the questionnaire editor: only what was chosen is stored, and what is not is said."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from accounts.models import AuditEvent
from analytics.indicators.models import IndicatorTree, QuestionSource
from analytics.indicators.services import map_question, unmap_question
from surveys.design.document import parse_document
from surveys.design.document_json import document_to_json
from surveys.design.models import Questionnaire
from tests.analytics.builders import AT, make_tree, publish, standard_document, text
from tests.cast import Cast, client_of

pytestmark = pytest.mark.django_db
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def tree(cast: Cast) -> IndicatorTree:
    return make_tree(publish(cast.team, whole_document()))


def whole_document() -> dict[str, Any]:
    return document_to_json(parse_document(standard_document()))


def survey() -> Questionnaire:
    return Questionnaire.objects.get()


def leaf_of(tree: IndicatorTree, key: str) -> str | None:
    source = QuestionSource.objects.filter(tree=tree, question_key=key, role="leaf").select_related("indicator").first()
    return source.indicator.key if source and source.indicator else None


def page(cast: Cast, key: str) -> dict[str, str]:
    """Open a question in the editor; return what its form would send."""
    html = client_of(cast.dora).get(reverse("design:builder", args=[survey().pk]), {"q": key}).content.decode()
    fields = {"q": key, "op": "save", "has.fields": "1", "revision": str(survey().draft_revision)}
    for block in re.findall(r'<input type="hidden" name="(indicator_shown[^"]*)" value="(\d*)"', html):
        fields[block[0]] = fields[block[0].replace("_shown", "")] = block[1]
    return fields


def save(cast: Cast, fields: dict[str, str], **headers: Any) -> HttpResponse:
    return client_of(cast.dora).post(reverse("design:edit", args=[survey().pk]), fields, follow=not headers, **headers)


def choose(tree: IndicatorTree, fields: dict[str, str], indicator: str) -> dict[str, str]:
    node = tree.indicators.get(key=indicator).pk if indicator else ""
    return fields | {f"indicator.{tree.pk}.{fields['q']}": str(node)}


class TestAChoice:
    def test_is_stored_with_a_line_in_the_trail(self, cast: Cast, tree: IndicatorTree) -> None:
        save(cast, choose(tree, page(cast, "quality"), "speed"))
        assert leaf_of(tree, "quality") == "speed"
        assert AuditEvent.objects.get(action="question.mapped").detail == {"key": "quality"}
        save(cast, choose(tree, page(cast, "quality"), ""))
        assert leaf_of(tree, "quality") is None
        assert AuditEvent.objects.get(action="question.unmapped").user == cast.dora

    def test_that_nobody_made_changes_nothing(self, cast: Cast, tree: IndicatorTree) -> None:
        opened = page(cast, "quality")
        map_question(
            tree=tree, indicator=tree.indicators.get(key="speed"), role="leaf", questionnaire=survey(), question_key="quality", at=AT
        )
        reply = save(cast, opened | {"help.en": "Typed"})
        assert leaf_of(tree, "quality") == "speed" and "Counts towards” was left" not in reply.content.decode()
        unmap_question(source=QuestionSource.objects.get(tree=tree, question_key="quality"), at=AT)
        save(cast, opened | {"help.en": "Typed on", "revision": "2"})
        assert leaf_of(tree, "quality") is None and not AuditEvent.objects.filter(action__startswith="question.").exists()

    def test_made_over_that_of_a_colleague_is_refused_in_words(self, cast: Cast, tree: IndicatorTree) -> None:
        opened = choose(tree, page(cast, "quality"), "speed")
        unmap_question(source=QuestionSource.objects.get(tree=tree, question_key="quality"), at=AT)
        reply = save(cast, opened | {"help.en": "Typed"}, headers=FETCH)
        assert reply.json()["is_refused"] and "Somebody has put this question elsewhere" in reply.json()["message"]
        assert leaf_of(tree, "quality") is None and survey().draft_revision == 2

    def test_said_twice_is_stored_once(self, cast: Cast, tree: IndicatorTree) -> None:
        chosen = choose(tree, page(cast, "quality"), "speed")
        for revision in ("1", "2"):
            reply = save(cast, chosen | {"revision": revision, "help.en": revision}, headers=FETCH)
            assert not reply.json()["is_refused"]
        assert AuditEvent.objects.filter(action="question.mapped").count() == 1

    def test_that_is_impossible_says_why(self, cast: Cast, tree: IndicatorTree) -> None:
        reply = save(cast, choose(tree, page(cast, "overall"), "speed"))
        said = reply.content.decode()
        assert "“Counts towards” was left as it is. The question on overall satisfaction cannot be inside" in said
        assert leaf_of(tree, "overall") is None

    @pytest.mark.parametrize("value", ["999999", "x", "-1", "\x00", "9" * 60])
    def test_of_no_indicator_is_refused(self, cast: Cast, tree: IndicatorTree, value: str) -> None:
        before = leaf_of(tree, "quality")
        fields = page(cast, "quality") | {f"indicator.{tree.pk}.quality": value}
        assert save(cast, fields, headers=FETCH).json()["is_refused"]
        assert leaf_of(tree, "quality") == before

    def test_is_offered_for_each_tree_by_its_name(self, cast: Cast, tree: IndicatorTree) -> None:
        other = make_tree(publish(cast.team, whole_document(), name="Other"))
        QuestionSource.objects.filter(tree=other).update(questionnaire=tree.sources.first().questionnaire)
        IndicatorTree.objects.filter(pk=other.pk).update(names=text("Second tree"))
        Questionnaire.objects.filter(name="Other").update(team=cast.other_team)
        key = tree.sources.first().questionnaire_id
        html = client_of(cast.dora).get(reverse("design:builder", args=[key]), {"q": "quality"}).content.decode()
        assert html.count("Counts towards: ") == 2 and "Second tree" in html
