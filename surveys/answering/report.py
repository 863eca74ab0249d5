"""Sentences about an import: what became of the rows, and what to change."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from surveys.answering.importing import ImportReport
from surveys.answering.mapping import MappingError
from surveys.contacts.tables import TableError


def report_lines(report: ImportReport) -> Iterator[str]:
    """Yield the sums, then each kind of problem with how often it came, the most frequent first."""
    yield _("%(read)d rows: %(created)d new, %(known)d already there, %(wrong)d wrong") % {
        "read": report.read, "created": report.created, "known": report.known, "wrong": report.wrong,
    }
    if report.blank:
        yield ngettext(
            "%(count)d row without any answer is kept as a blank form",
            "%(count)d rows without any answer are kept as blank forms", report.blank,
        ) % {"count": report.blank}
    for sentence, count in problem_kinds(report):
        yield f"{count} × {sentence}"


def problem_kinds(report: ImportReport) -> Iterator[tuple[str, int]]:
    """Yield each kind of problem with how often it came, the most frequent first."""
    for (code, column, text), count in report.codes.most_common(20):
        yield row_sentence(code, column, text), count


def row_sentence(code: str, column: str, text: str) -> str:
    """Say why a row was left out."""
    values = {"column": column, "text": text}
    sentences = {
        "unknown_code": _("“%(text)s” in column %(column)s is no answer to its question"),
        "bad_date": _("“%(text)s” in column %(column)s is no date"),
        "early_date": _("“%(text)s” in column %(column)s lies before 1900: nobody answered then"),
        "future_date": _("“%(text)s” in column %(column)s lies in the future: nobody has answered then yet"),
        "bad_weight": _("“%(text)s” in column %(column)s is no weight"),
        "no_key": _("The key is missing (%(column)s)"),
        "repeated_key": _("The key “%(text)s” came before in this file"),
        "no_answers": _("The row has no answer. To keep such rows, choose to keep blank forms (keep_blank_forms)"),
    }
    return sentences[code] % values


def map_sentence(error: MappingError) -> str:
    """Say what is wrong with the mapping."""
    sentences = {
        "no_items": _("The mapping names no question. Give at least one column for a question."),
        "twice": _("These columns go to the same place: %(detail)s. Choose one of them."),
        "no_such_column": _("The file has no such column: %(detail)s"),
        "no_such_item": _("The questionnaire has no such question: %(detail)s"),
        "no_such_language": _("The questionnaire does not have this language: %(detail)s"),
        "bad_map": _("The mapping cannot be read: %(detail)s"),
    }
    return sentences[error.code] % {"detail": error.detail}


def table_sentence(error: TableError) -> str:
    """Say why the file cannot be read."""
    sentences = {
        "too_large": _("The file is larger than %(detail)s MB. Split it."),
        "old_excel": _("This is an old Excel file. Save it as XLSX or CSV."),
        "protected": _("This Excel file is protected by a password. Save it without a password and try again."),
        "encoding": _("The letters of this file cannot be read. Save it as CSV UTF-8."),
        "empty": _("The file is empty."),
        "no_rows": _("The file has the names of columns but no rows below them. Add the answers and try again."),
        "too_many_columns": _("The file has more than %(detail)s columns."),
        "too_many_rows": _("The file has more than %(detail)s rows. Split it."),
        "bomb": _("The workbook is packed in an unsafe way. Save it again as CSV."),
    }
    return sentences.get(error.code, _("This is not a table. Give a CSV or XLSX file.")) % {"detail": error.detail}
