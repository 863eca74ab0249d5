"""The responses of a questionnaire as CSV, row by row, that no spreadsheet executes.

A column per question asked in any version, newest version first. Scores stay numbers; options, "does not
apply" and yes or no are written in the reader's language.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from surveys.answering.models import Response
from surveys.answering.reference import reference_of
from surveys.contacts.models import ContactAttribute
from surveys.contacts.tables import FORMULA
from surveys.design.document import NOT_APPLICABLE, Question, text_in
from surveys.design.models import Questionnaire
from surveys.design.selectors import get_document

BOM: Final = "\ufeff"
"""Makes spreadsheets read the file as UTF-8."""
ROWS_AT_ONCE: Final = 1000
FIXED: Final = ("reference", "completed_at", "version", "language", "source", "campaign", "wave", "weight")
FIELDS: Final = (
    "id", "completed_at", "version__number", "language", "source", "campaign__name", "wave", "respondent_weight",
    "attributes", "answers",
)


@dataclass(frozen=True)
class Words:
    """The words that stand for codes, in the reader's language."""

    yes: str
    no: str
    not_applicable: str
    separator: str


@dataclass(frozen=True)
class Column:
    """A question's column: the key of its answer, its heading, and what its option keys mean."""

    key: str
    heading: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Layout:
    """What the file looks like."""

    attributes: tuple[str, ...]
    columns: tuple[Column, ...]
    words: Words
    zone: ZoneInfo

    @property
    def header(self) -> list[str]:
        """The first line."""
        return [*FIXED, *self.attributes, *(column.heading for column in self.columns)]


def layout_of(*, questionnaire: Questionnaire, language: str, words: Words) -> Layout:
    """Return the columns of a questionnaire's file: every question of every version once."""
    columns: dict[str, Column] = {}
    for version in questionnaire.versions.order_by("-number"):
        for question in get_document(version=version).questions():
            for column in _columns(question, language):
                columns.setdefault(column.key, column)
    team = questionnaire.team
    attributes = ContactAttribute.objects.filter(team=team).values_list("key", flat=True)
    return Layout(tuple(attributes), tuple(columns.values()), words, ZoneInfo(team.time_zone))


def _columns(question: Question, language: str) -> list[Column]:
    options = {option.key: text_in(option.text, language) for option in question.options}
    if question.type != "matrix":
        return [Column(question.key, _heading(question.key, text_in(question.text, language)), options)]
    return [Column(row.key, _heading(row.key, text_in(row.text, language)), {}) for row in question.rows]


def _heading(key: str, text: str) -> str:
    """Words for people and the key for programs, which never changes."""
    return f"{text} [{key}]" if text else key


def stream_responses(*, responses: QuerySet[Response], layout: Layout) -> Iterator[str]:
    """Write the responses as CSV, so many rows at a time: memory does not grow with them."""
    rows = responses.order_by("id").values_list(*FIELDS).iterator(chunk_size=ROWS_AT_ONCE)
    yield BOM + _csv([layout.header])
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield _csv(_line(row, layout) for row in chunk)


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()


def _safe(cell: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def _line(row: Sequence[Any], layout: Layout) -> list[Any]:
    number, at, version, language, source, campaign, wave, weight, attributes, answers = row
    return [
        reference_of(number), _moment(at, layout.zone), version, language, source, campaign, wave, weight,
        *[attributes.get(key) for key in layout.attributes],
        *[
            answer if type(answer := answers.get(column.key)) is int else _answer(answer, column, layout.words)
            for column in layout.columns
        ],
    ]


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _answer(answer: Any, column: Column, words: Words) -> Any:
    """Write one answer that is no score; nothing for a question left blank."""
    if isinstance(answer, bool):
        return words.yes if answer else words.no
    if isinstance(answer, list):
        return words.separator.join(column.options.get(str(one), str(one)) for one in answer)
    if answer == NOT_APPLICABLE:
        return words.not_applicable
    return column.options.get(answer, answer) if isinstance(answer, str) else answer
