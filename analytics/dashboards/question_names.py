"""What the questions of a tree ask, in the newest words that were published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from analytics.dashboards.access import questionnaires_of
from analytics.dashboards.overview.numbers import Names
from analytics.indicators.models import IndicatorTree
from surveys.design.document import Item, Question
from surveys.design.models import QuestionnaireVersion
from surveys.design.placeholders import fill_document
from surveys.design.selectors import get_document


@dataclass(frozen=True, slots=True)
class Wording:
    """What an item asks: its own words, and those of the question it is a row of (none where it is the question).

    `full` names both where other items read alike.
    """

    own: Names
    question: Names
    full: Names


def item_names(tree: IndicatorTree) -> Mapping[tuple[int, str], Names]:
    """Return the wording of every question, by questionnaire and key; rows that read alike say which question they answer."""
    return {name: one.full for name, one in item_wordings(tree).items()}


def item_wordings(tree: IndicatorTree) -> Mapping[tuple[int, str], Wording]:
    """Return what every question asks, by questionnaire and key."""
    found: dict[tuple[int, str], Wording] = {}
    versions = QuestionnaireVersion.objects.filter(questionnaire__in=questionnaires_of(tree)).defer("document")
    newest = {version.questionnaire_id: version for version in versions.order_by("questionnaire_id", "number")}
    for version in newest.values():
        document = fill_document(get_document(version=version), tree.team)
        texts = Counter(pair for item in document.items() for pair in item.text.items())
        for question in document.questions():
            for item in question.items:
                is_alone = all(texts[pair] == 1 for pair in item.text.items()) or item.text == question.text
                found[version.questionnaire_id, item.key] = Wording(
                    dict(item.text), {} if item.text == question.text else dict(question.text),
                    dict(item.text) if is_alone else _with_question(question, item),
                )
    return found


def _with_question(question: Question, item: Item) -> Names:
    return {language: f"{text} · {question.text.get(language, '')}".rstrip(" ·") for language, text in item.text.items()}
