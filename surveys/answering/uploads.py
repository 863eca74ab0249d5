"""Keep an uploaded file of answers between the steps, and import it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.languages import LANGUAGES
from accounts.models import User
from surveys.answering.columns import guess_map
from surveys.answering.importing import ImportReport, NotPublishedError, RowProblem, import_responses
from surveys.answering.mapping import ImportMap, check_map, parse_map
from surveys.answering.models import ResponseImport
from surveys.contacts.models import ContactAttribute
from surveys.contacts.selectors import list_attributes
from surveys.contacts.services import AttributeExistsError, create_attribute
from surveys.contacts.tables import Table, pack, unpack
from surveys.design.document import KEY, Document
from surveys.design.models import Questionnaire
from surveys.design.selectors import get_document

MOST_LEVELS: Final = 12
"""A new attribute with more levels is kept, but results are not shown for each of them."""
SUMS: Final = ("read", "created", "known", "wrong", "blank")


class ImportDoneError(ValueError):
    """The import has been done already."""


def get_live_document(*, questionnaire: Questionnaire) -> Document:
    """Return the newest published document. Raises NotPublishedError."""
    version = questionnaire.versions.order_by("-number").first()
    if version is None:
        raise NotPublishedError(questionnaire.pk)
    return get_document(version=version)


def start_import(
    *, questionnaire: Questionnaire, file_name: str, table: Table, user: User | None, at: datetime
) -> ResponseImport:
    """Keep an uploaded table with a suggested mapping; no response is stored. Raises NotPublishedError."""
    document = get_live_document(questionnaire=questionnaire)
    attributes = list_attributes(team=questionnaire.team)
    return ResponseImport.objects.create(
        questionnaire=questionnaire, file_name=file_name[:200], content=pack(table), created_by=user, created_at=at,
        mapping=guess_map(table=table, document=document, attributes=attributes),
    )


def table_of(response_import: ResponseImport) -> Table:
    """Return the uploaded table; it is there until the import is done."""
    return unpack(bytes(response_import.content))


def set_mapping(*, response_import: ResponseImport, raw: Mapping[str, Any], table: Table) -> None:
    """Remember how the columns are to be read. Raises MappingError and NotPublishedError."""
    document = get_live_document(questionnaire=response_import.questionnaire)
    check_map(parse_map(raw), header=table.header, document=document)
    response_import.mapping = dict(raw)
    response_import.save(update_fields=["mapping"])


def try_import(*, response_import: ResponseImport, at: datetime) -> ImportReport:
    """Tell what the import would do; nothing is stored. Raises MappingError, NotPublishedError and TakingBackError."""
    return import_responses(
        questionnaire=response_import.questionnaire, table=table_of(response_import),
        mapping=parse_map(response_import.mapping), at=at, is_trial=True,
    )


def run_import(*, response_import: ResponseImport, at: datetime) -> ImportReport:
    """Import the file once, in one transaction, and drop it.

    Raises ImportDoneError on a second press, MappingError, NotPublishedError and TakingBackError.
    """
    with transaction.atomic():
        won = ResponseImport.objects.filter(pk=response_import.pk, state=ResponseImport.State.UPLOADED).update(
            state=ResponseImport.State.DONE, done_at=at
        )
        if not won:
            raise ImportDoneError(response_import.pk)
        mapping, questionnaire = parse_map(response_import.mapping), response_import.questionnaire
        report = import_responses(questionnaire=questionnaire, table=table_of(response_import), mapping=mapping, at=at)
        _add_attributes(questionnaire, mapping, report, at)
        ResponseImport.objects.filter(pk=response_import.pk).update(
            content=b"", report=_packed(report), first_response_id=report.first_id, last_response_id=report.last_id,
        )
    return report


def _add_attributes(questionnaire: Questionnaire, mapping: ImportMap, report: ImportReport, at: datetime) -> None:
    known = set(ContactAttribute.objects.filter(team=questionnaire.team_id).values_list("key", flat=True))
    for rule in mapping.levels:
        levels = report.contents.levels_of(rule.attribute)
        if levels and rule.attribute not in known and KEY.fullmatch(rule.attribute):
            # Somebody may add the same attribute meanwhile: theirs will do.
            with suppress(AttributeExistsError):
                create_attribute(
                    team=questionnaire.team, key=rule.attribute, names=dict.fromkeys(LANGUAGES, rule.column),
                    is_dimension=len(levels) <= MOST_LEVELS, at=at,
                )


def _packed(report: ImportReport) -> dict[str, Any]:
    return {
        **{name: getattr(report, name) for name in SUMS},
        "problems": [[p.row, p.code, p.column, p.text] for p in report.problems],
        "codes": [[*problem, count] for problem, count in report.codes.most_common(20)],
    }


def report_of(response_import: ResponseImport) -> ImportReport:
    """Return what became of the rows of an import that is done."""
    kept = response_import.report
    return ImportReport(
        **{name: kept[name] for name in SUMS}, problems=[RowProblem(*problem) for problem in kept["problems"]],
        codes=Counter({(code, column, text): count for code, column, text, count in kept["codes"]}),
    )


def delete_old_imports(*, before: datetime) -> int:
    """Erase imports begun before a moment that brought nothing; return how many.

    Of the others stays what taking them back needs: counts, names and times, and nothing that stood in a row.
    """
    old = ResponseImport.objects.filter(created_at__lt=before)
    for one in old.exclude(first_response_id=None).exclude(mapping={}).defer("content"):
        one.mapping, one.report = {}, one.report | {"problems": [], "codes": []}
        one.save(update_fields=["mapping", "report"])
    return old.filter(first_response_id=None).delete()[0]
