"""Take in answers that were collected elsewhere: the same file twice changes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction

from surveys.answering.answers import clean_text
from surveys.answering.contents import Contents
from surveys.answering.days import moment_of_day
from surveys.answering.mapping import ImportMap, ItemRule, check_map, reader_of, several_of
from surveys.answering.models import RecomputeNote, Response, ResponseImport, ResponseSource, ResponseState
from surveys.answering.wake import wake_on_commit
from surveys.contacts.tables import Table
from surveys.design.document import Document, Question
from surveys.design.models import Questionnaire, QuestionnaireVersion
from surveys.design.selectors import get_document

AT_ONCE: Final = 2000
PROBLEMS_KEPT: Final = 200
DATE_FORMATS: Final = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d", "%d.%m.%Y", "%Y-%m", "%Y", "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日",
)
MIDNIGHT: Final = time()
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
AHEAD: Final = timedelta(days=1, hours=2)
"""Where it is tomorrow already, people may have answered today; noon of their day is at most this far away."""
Row = tuple[int, tuple[str, ...]]


class NotPublishedError(ValueError):
    """The questionnaire has no published version that the answers could belong to."""


class TakingBackError(ValueError):
    """An earlier import is being taken back: its rows would be found known now, and be gone a moment later."""


@dataclass(frozen=True)
class RowProblem:
    """Why a row was left out: `code` with the column and the text that stood there."""

    row: int
    code: str
    column: str = ""
    text: str = ""


@dataclass
class ImportReport:
    """What became of the rows: read = created + known + wrong; `blank` of those taken have no answer."""

    read: int = 0
    created: int = 0
    known: int = 0
    wrong: int = 0
    blank: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    codes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    contents: Contents = field(default_factory=Contents)
    first_id: int | None = None
    last_id: int | None = None

    def note(self, problem: RowProblem) -> None:
        """Count a wrong row; the first ones are kept word for word."""
        self.wrong += 1
        self.codes[(problem.code, problem.column, problem.text)] += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(problem)


class WrongRowError(ValueError):
    """A cell of the row cannot be read."""

    def __init__(self, code: str, column: str, text: str) -> None:
        super().__init__(code)
        self.code, self.column, self.text = code, column, text


def import_responses(
    *, questionnaire: Questionnaire, table: Table, mapping: ImportMap, at: datetime, is_trial: bool = False
) -> ImportReport:
    """Store each row as a completed response of the newest version, all in one transaction.

    A row is known by its key columns, else by its content. Rows that cannot be read are left out and
    reported. `is_trial` stores nothing. Raises MappingError, NotPublishedError and TakingBackError.
    """
    version = questionnaire.versions.order_by("-number").first()
    if version is None:
        raise NotPublishedError(questionnaire.pk)
    document = get_document(version=version)
    check_map(mapping, header=table.header, document=document)
    report = ImportReport()
    with transaction.atomic():
        if not is_trial:
            # One import at a time: two of the same file would both find its rows new.
            Questionnaire.objects.select_for_update(no_key=True).get(pk=questionnaire.pk)
        if questionnaire.imports.filter(state=ResponseImport.State.TAKING_BACK).exists():
            raise TakingBackError(questionnaire.pk)
        rows = _RowReader(questionnaire, version, document, mapping, table, at).responses(report)
        while chunk := list(islice(rows, AT_ONCE)):
            _store(questionnaire, chunk, report, is_trial=is_trial)
        if report.created and not is_trial:
            RecomputeNote.objects.create(questionnaire=questionnaire, at=at)
            wake_on_commit(questionnaire.pk)
    return report


def _store(
    questionnaire: Questionnaire, chunk: list[Response], report: ImportReport, *, is_trial: bool
) -> None:
    known = set(
        Response.objects.filter(questionnaire=questionnaire, external_key__in=[r.external_key for r in chunk])
        .values_list("external_key", flat=True)
    )
    fresh = [response for response in chunk if response.external_key not in known]
    report.known += len(chunk) - len(fresh)
    report.created += len(fresh)
    report.contents.add(fresh)
    if fresh and not is_trial:
        ids = [response.pk for response in Response.objects.bulk_create(fresh)]
        report.first_id, report.last_id = min(ids) if report.first_id is None else report.first_id, max(ids)


class _RowReader:
    """Turns rows into unsaved responses, with all look-ups made ready once."""

    def __init__(
        self, questionnaire: Questionnaire, version: QuestionnaireVersion, document: Document,
        mapping: ImportMap, table: Table, at: datetime,
    ) -> None:
        self.questionnaire, self.version, self.mapping, self.table, self.at = questionnaire, version, mapping, table, at
        self.index = {name: number for number, name in enumerate(table.header)}
        self.zone = ZoneInfo(questionnaire.team.time_zone)
        self.language = mapping.language or document.source_language
        questions = {key: question for question in document.questions() for key in question.answer_keys}
        self.items = [self._item_reader(questions[rule.item], rule) for rule in mapping.items]
        self.date_of: Callable[[str], datetime] = lru_cache(maxsize=4096)(self._date_of)
        self.seen: set[str] = set()
        self.repeats: Counter[str] = Counter()

    def responses(self, report: ImportReport) -> Iterator[Response]:
        """Yield a response for each row that can be read; note the others."""
        for number, cells in self.table.rows:
            report.read += 1
            try:
                response = self._response(cells)
            except WrongRowError as error:
                report.note(RowProblem(number, error.code, error.column, error.text[:60]))
                continue
            if response.external_key in self.seen:
                report.note(RowProblem(number, "repeated_key", ", ".join(self.mapping.key_columns), response.external_key[:60]))
                continue
            self.seen.add(response.external_key)
            report.blank += not response.answers
            yield response

    def _item_reader(self, question: Question, rule: ItemRule) -> tuple[str, str, int, dict[str, Any], Question]:
        return rule.item, rule.column, self.index[rule.column], reader_of(question, rule), question

    def _response(self, cells: tuple[str, ...]) -> Response:
        answers = self._answers(cells)
        if not answers and not self.mapping.keep_blank_forms:
            raise WrongRowError("no_answers", "", "")
        completed_at = self._completed_at(cells)
        return Response(
            team_id=self.questionnaire.team_id, questionnaire_id=self.questionnaire.pk, version_id=self.version.pk,
            source=ResponseSource.IMPORT, external_key=self._key(cells), language=self._language(cells),
            state=ResponseState.COMPLETE, answers=answers, attributes=self._attributes(cells),
            respondent_weight=self._weight(cells), wave=self._cell(cells, self.mapping.wave_column)[:40],
            started_at=completed_at, updated_at=self.at, completed_at=completed_at,
        )

    def _answers(self, cells: tuple[str, ...]) -> dict[str, Any]:
        answers = {}
        for item, column, place, codes, question in self.items:
            text = cells[place].strip()
            answer: Any
            if question.type == "choice" and question.allows_several:
                answer = self._several(text, column, codes)
            elif text in codes:
                answer = codes[text]
            elif question.type == "text":
                answer = clean_text(text)[: question.max_length]
            else:
                raise WrongRowError("unknown_code", column, text)
            if answer is not None:
                answers[item] = answer
        return answers

    def _several(self, text: str, column: str, codes: Mapping[str, Any]) -> list[str] | None:
        # An option's own text may hold a comma: the whole cell is looked up first.
        parts = [text] if text in codes else several_of(text)
        if not all(part in codes for part in parts):
            raise WrongRowError("unknown_code", column, text)
        return list(dict.fromkeys(str(codes[part]) for part in parts if codes[part] is not None)) or None

    def _attributes(self, cells: tuple[str, ...]) -> dict[str, str]:
        found = {}
        for rule in self.mapping.levels:
            text = cells[self.index[rule.column]].strip()
            level = rule.levels.get(text, "") if rule.levels else text
            if level:
                found[rule.attribute] = level[:80]
        return found

    def _cell(self, cells: tuple[str, ...], column: str) -> str:
        return cells[self.index[column]].strip() if column else ""

    def _language(self, cells: tuple[str, ...]) -> str:
        return self.mapping.languages.get(self._cell(cells, self.mapping.language_column), self.language)

    def _completed_at(self, cells: tuple[str, ...]) -> datetime:
        column = self.mapping.date_column
        if not column:
            return self.at
        text = self._cell(cells, column)
        try:
            moment = self.date_of(self.mapping.dates.get(text, text))
        except (ValueError, OverflowError) as error:
            raise WrongRowError("bad_date", column, text) from error
        if moment < EARLIEST:
            raise WrongRowError("early_date", column, text)
        if moment > self.at + AHEAD:
            raise WrongRowError("future_date", column, text)
        return moment

    def _date_of(self, text: str) -> datetime:
        for form in (self.mapping.date_format, *DATE_FORMATS) if self.mapping.date_format else DATE_FORMATS:
            try:
                moment = datetime.strptime(text, form)  # the zone is the team's
            except ValueError:
                continue
            # A spreadsheet writes a day as its midnight.
            is_day = moment.time() == MIDNIGHT
            return moment_of_day(moment.date(), self.zone) if is_day else moment.replace(tzinfo=self.zone)
        raise ValueError(text)

    def _weight(self, cells: tuple[str, ...]) -> Decimal | None:
        text = self._cell(cells, self.mapping.weight_column)
        if not text:
            return None
        try:
            weight = round(Decimal(text), 10)
        except InvalidOperation as error:
            raise WrongRowError("bad_weight", self.mapping.weight_column, text) from error
        if not (weight.is_finite() and 0 <= weight < 1_000_000):
            raise WrongRowError("bad_weight", self.mapping.weight_column, text)
        return weight

    def _key(self, cells: tuple[str, ...]) -> str:
        """Return the row's name: its key columns, else a digest of its content and which repeat it is."""
        if self.mapping.key_columns:
            parts = [self._cell(cells, column) for column in self.mapping.key_columns]
            if not all(parts):
                raise WrongRowError("no_key", ", ".join(self.mapping.key_columns), "")
            key = "/".join(parts)
            return key if len(key) <= 80 else hashlib.sha256(key.encode()).hexdigest()
        digest = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:40]
        self.repeats[digest] += 1
        return f"row:{digest}:{self.repeats[digest]}"
