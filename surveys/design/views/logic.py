"""Which question is shown when, in sentences; a rule is changed where its question is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from surveys.design.access import get_questionnaire
from surveys.design.document import Document, parse_document, text_in
from surveys.design.editing import list_dependents, position_of
from surveys.design.placeholders import fill_placeholders
from surveys.design.sentences import TYPE_NAMES, Finding, say_condition, say_wordings
from surveys.design.views.builder import builder_context, words_of

RULE_FIELDS = ("f-rule", "f-wording")


@dataclass(frozen=True)
class Line:
    """One question with what decides about it and what it decides about."""

    number: int
    key: str
    text: str
    conditions: Sequence[str]
    wordings: Sequence[tuple[str, str]]
    decides: Sequence[int]
    findings: Sequence[Finding]
    can_have_rule: bool


@team_view(Permission.DESIGN)
@require_GET
def show_logic(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Show the questions page by page with their rules, and what is wrong with a rule."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    language = str(translation.get_language())
    context = builder_context(questionnaire, language)
    words, document = words_of(request, language), parse_document(questionnaire.draft)
    pages = [
        (number, [_line(questionnaire.draft, document, one, context["findings"], language, words) for one in page["questions"]])
        for number, page in enumerate(questionnaire.draft["pages"], 1)
    ]
    ruled = sum(1 for _number, lines in pages for line in lines if line.conditions or line.wordings)
    return render(request, "design/logic.html", context | {"tab": "logic", "pages": pages, "ruled": ruled})


def _line(
    raw: dict[str, Any], document: Document, question: dict[str, Any], findings: Sequence[Finding], language: str,
    words: dict[str, str],
) -> Line:
    number, key = position_of(raw, question["key"]), question["key"]
    return Line(
        number, key,
        fill_placeholders(text_in(question["text"], language), words) or str(TYPE_NAMES[question["type"]]),
        [say_condition(one, document, language) for one in question["show_if"]],
        say_wordings(question, document, language),
        [position_of(raw, one["key"]) for one in list_dependents(raw, key)],
        [one for one in findings if one.question_key == key and one.field_id.startswith(RULE_FIELDS)],
        number > 1,
    )
