"""Trees, published questionnaires and responses for the tests of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Team
from analytics.indicators.models import IndicatorTree
from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree
from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.contacts.models import ContactAttribute
from surveys.design.models import Questionnaire, QuestionnaireVersion

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
AFTERWARDS = datetime(2027, 2, 1, 4, 0, tzinfo=UTC)
"""When results are looked at: every day on which the builders answer is over."""
ITEMS = ("quality", "design", "attitude", "speed")


def text(english: str) -> dict[str, str]:
    return {"en": english, "zh-hans": english}


def rating(key: str, high: int = 5) -> dict[str, Any]:
    scale = {"min": 1, "max": high, "labels": {}}
    return {"key": key, "type": "rating", "text": text(key), "scale": scale, "offers_na": True}


def document(*questions: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": 1, "languages": ["en", "zh-hans"], "title": text("Survey"),
        "pages": [{"key": "p1", "questions": list(questions)}],
    }


def standard_document() -> dict[str, Any]:
    nps = {"key": "nps", "type": "nps", "text": text("Recommend?")}
    return document(rating("overall"), *(rating(key) for key in ITEMS), nps)


def make_team(name: str = "Example team", **fields: Any) -> Team:
    return Team.objects.create(name=name, **fields)


def make_dimension(team: Team, key: str, *levels: str) -> ContactAttribute:
    names = {level: text(level) for level in levels}
    return ContactAttribute.objects.create(team=team, key=key, names=text(key), level_names=names, is_dimension=True)


def publish(team: Team, content: dict[str, Any], name: str = "Survey", **fields: Any) -> QuestionnaireVersion:
    questionnaire = Questionnaire.objects.create(team=team, name=name, draft=content, **fields)
    return publish_again(questionnaire, content)


def publish_again(questionnaire: Questionnaire, content: dict[str, Any]) -> QuestionnaireVersion:
    number = questionnaire.versions.count() + 1
    return QuestionnaireVersion.objects.create(
        questionnaire=questionnaire, number=number, document=content, content_hash="0" * 64, published_at=AT
    )


def standard_plan() -> PlannedNode:
    def leaf(key: str) -> PlannedNode:
        return PlannedNode(key, text(key), questions=(key,))

    return PlannedNode("csi", text("Index"), children=(
        PlannedNode("product", text("Product"), children=(leaf("quality"), leaf("design"))),
        PlannedNode("service", text("Service"), children=(leaf("attitude"), leaf("speed"))),
    ))


def make_tree(version: QuestionnaireVersion, plan: PlannedNode | None = None) -> IndicatorTree:
    return create_tree(
        team=version.questionnaire.team, names=text("Tree"), root=plan or standard_plan(), at=AT,
        questionnaire=version.questionnaire, roles=PlannedRoles(nps=("nps",), overall=("overall",)),
    )


def answer(
    version: QuestionnaireVersion, answers: Mapping[str, Any], *, at: datetime = AT, notes: bool = True,
    **fields: Any,
) -> Response:
    """A completed response with its note, as the answer page writes them."""
    return answer_many(version, [answers], at=at, notes=notes, **fields)[0]


def answer_many(
    version: QuestionnaireVersion, answers: Sequence[Mapping[str, Any]], *, at: datetime = AT,
    notes: bool = True, every: timedelta = timedelta(), **fields: Any,
) -> list[Response]:
    rows = [
        Response(
            team=version.questionnaire.team, questionnaire=version.questionnaire, version=version, language="en",
            answers=dict(given), completed_at=at + number * every,
            **{"state": ResponseState.COMPLETE, **fields},
        )
        for number, given in enumerate(answers)
    ]
    made = Response.objects.bulk_create(rows)
    if notes:
        RecomputeNote.objects.create(questionnaire=version.questionnaire, at=at)
    return made


def sheet(*codes: Any) -> dict[str, Any]:
    """Answers to the standard items in order; None leaves one blank."""
    return {key: code for key, code in zip((*ITEMS, "nps", "overall"), codes, strict=False) if code is not None}


def sheets(count: int) -> list[dict[str, Any]]:
    """Many different answers, always the same ones."""
    return [
        sheet(
            1 + number * 7 % 5, None if number % 11 == 3 else 1 + number * 3 % 5, "NA" if number % 7 == 2 else 4,
            1 + number % 5, number * 5 % 11, 1 + number * 2 % 5,
        )
        for number in range(count)
    ]
