"""The few words in braces that are filled in for each reader, such as {company}."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from accounts.models import Team
from surveys.design.document import Document, Question, Text, text_in

PLACEHOLDERS: Final = ("company",)
PATTERN: Final = re.compile(r"\{([a-z_]{1,40})\}")


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Replace each known {name} by its value; anything else in braces stays as it was written."""
    return PATTERN.sub(lambda found: values.get(found[1], found[0]), text)


def find_unknown_placeholders(text: str) -> list[str]:
    """Return the names in braces that nothing would fill."""
    return [name for name in PATTERN.findall(text) if name not in PLACEHOLDERS]


def fill_document(document: Document, team: Team) -> Document:
    """Return the document with the team's names in its questions: for lists that staff read, never for storing."""
    return replace(document, pages=tuple(
        replace(page, questions=tuple(_filled(question, team) for question in page.questions)) for page in document.pages
    ))


def _filled(question: Question, team: Team) -> Question:
    rows = tuple(replace(row, text=_filled_text(row.text, team)) for row in question.rows)
    return replace(question, text=_filled_text(question.text, team), rows=rows)


def _filled_text(text: Text, team: Team) -> Text:
    return {
        language: fill_placeholders(words, {"company": text_in(team.company_names, language) or team.name})
        for language, words in text.items()
    }
