"""The steps of an import of answers collected elsewhere: upload, match columns, check rows, done."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from surveys.answering import uploads
from surveys.answering.access import get_import, get_questionnaire
from surveys.answering.columns import ORDERED_DATES, build_map, is_wider_than_a_choice, list_items
from surveys.answering.import_forms import (
    AnswersForm,
    MappingFileForm,
    as_posted,
    posted_codes,
    posted_date_format,
    posted_targets,
)
from surveys.answering.importing import ImportReport, TakingBackError
from surveys.answering.mapping import MappingError, parse_map
from surveys.answering.matching import ColumnView, describe_columns, list_target_groups
from surveys.answering.models import ResponseImport
from surveys.answering.report import map_sentence, problem_kinds, row_sentence, table_sentence
from surveys.answering.selectors import list_done_imports
from surveys.answering.take_back import can_be_taken_back
from surveys.contacts.models import ContactAttribute
from surveys.contacts.selectors import list_attributes
from surveys.contacts.tables import TableError, read_table, require_rows
from surveys.design.document import Document, text_in
from surveys.design.placeholders import fill_document

SHOWN_WRONG: Final = 50
IMPORTS_LISTED: Final = 50


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def upload(request: TeamRequest, pk: int) -> HttpResponse:
    """Step 1: take the file and read it as a table."""
    questionnaire = get_questionnaire(request.actor, pk)
    form = AnswersForm(
        request.POST or None, request.FILES or None, team=request.actor.team, initial={"questionnaire": questionnaire}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            table = read_table(content=given.read(), encoding=form.cleaned_data["encoding"])
            require_rows(table)
        except TableError as error:
            form.add_error("file", table_sentence(error))
        else:
            started = uploads.start_import(
                questionnaire=form.cleaned_data["questionnaire"], file_name=given.name, table=table,
                user=request.actor.user, at=timezone.now(),
            )
            return redirect("answering:import-match", started.pk)
    return render(request, "answering/import_upload.html", {
        "nav": "questionnaires", "questionnaire": questionnaire, "form": form, "step": 1,
        "is_published": questionnaire.versions.exists(), "earlier": list_done_imports(questionnaire=questionnaire)[:IMPORTS_LISTED],
    }, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def match(request: TeamRequest, import_id: int) -> HttpResponse:
    """Step 2: say where each column goes and what its values mean, or hand in a saved mapping."""
    response_import = get_import(request.actor, import_id)
    if response_import.state != ResponseImport.State.UPLOADED:
        return redirect("answering:import-done", import_id)
    page = _MatchPage(request, response_import)
    if request.method == "POST":
        is_saved = page.take_file() if "use_file" in request.POST else page.take_choices()
        if is_saved:
            if page.unseen:
                messages.info(request, _("Check what the values mean: %(columns)s") % {"columns": ", ".join(page.unseen)})
            return redirect("answering:import-match" if page.unseen else "answering:import-check", import_id)
    return render(request, "answering/import_match.html", page.context(), status=400 if page.is_refused else 200)


class _MatchPage:
    """The matching page of one request: what it shows, and what is taken from its forms."""

    def __init__(self, request: TeamRequest, response_import: ResponseImport) -> None:
        self.request, self.response_import = request, response_import
        self.table = uploads.table_of(response_import)
        live = uploads.get_live_document(questionnaire=response_import.questionnaire)
        self.document = fill_document(live, request.actor.team)
        self.attributes = list(list_attributes(team=request.actor.team))
        self.columns = self._describe()
        self.file_form = MappingFileForm()
        self.error, self.error_at = "", 0
        self.posted: dict[str, str] | None = None
        self.unseen: list[str] = []

    def _describe(self) -> list[ColumnView]:
        return describe_columns(
            table=self.table, document=self.document, raw=self.response_import.mapping, language=self.request.LANGUAGE_CODE
        )

    @property
    def is_refused(self) -> bool:
        """Tell whether what was sent cannot be used."""
        return bool(self.error or self.file_form.errors)

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The places a column can go to."""
        return list_target_groups(
            document=self.document, attributes=self.attributes, columns=self.columns, language=self.request.LANGUAGE_CODE
        )

    @property
    def date_format(self) -> str:
        """How the stored mapping says dates are written."""
        return parse_map(self.response_import.mapping).date_format

    def take_file(self) -> bool:
        """Use a saved mapping instead of the choices; False with a reason where it cannot be used."""
        self.file_form = MappingFileForm(self.request.POST, self.request.FILES)
        if not self.file_form.is_valid():
            return False
        try:
            uploads.set_mapping(
                response_import=self.response_import, raw=self.file_form.cleaned_data["mapping"], table=self.table
            )
        except MappingError as error:
            self.file_form.add_error("mapping", map_sentence(error))
            return False
        return True

    def take_choices(self) -> bool:
        """Save the choices; False with a reason where they do not fit together."""
        known = [target for _name, targets in self.groups for target, _label in targets]
        self.posted = posted_targets(self.request.POST, self.table.header, known)
        codes = posted_codes(self.request.POST, self.columns, self.posted)
        try:
            raw = build_map(
                table=self.table, document=self.document, targets=self.posted,
                codes=codes, previous=self.response_import.mapping,
                date_format=posted_date_format(self.request.POST, self.date_format),
                keep_blank_forms="keep_blank_forms" in self.request.POST,
                taken={attribute.key for attribute in self.attributes},
            )
            uploads.set_mapping(response_import=self.response_import, raw=raw, table=self.table)
        except MappingError as error:
            self.error, self.columns = map_sentence(error), as_posted(self.columns, codes)
            named = [column.index for column in self.columns if error.detail.startswith(f"{column.name}, ")]
            self.error_at = named[0] if named else 0
            return False
        seen = {(column.name, column.target) for column in self.columns}
        self.unseen = [c.name for c in self._describe() if c.is_foreign and (c.name, c.target) not in seen]
        return True

    def context(self) -> dict[str, Any]:
        """Return what the template shows; after a refusal the choices stay as they were sent."""
        given = parse_map(self.response_import.mapping)
        is_kept, date_format = given.keep_blank_forms, given.date_format
        if self.posted is not None:
            is_kept, date_format = "keep_blank_forms" in self.request.POST, posted_date_format(self.request.POST, self.date_format)
        return {
            "nav": "questionnaires", "response_import": self.response_import, "step": 2, "error": self.error, "error_at": self.error_at,
            "row_count": len(self.table.rows), "groups": self.groups, "file_form": self.file_form,
            "columns": [(c, c.target if self.posted is None else self.posted.get(c.name, "")) for c in self.columns],
            "date_format": date_format, "is_kept": is_kept,
            "date_formats": list(dict.fromkeys(filter(None, (*ORDERED_DATES, given.date_format)))),
            "is_wider": is_wider_than_a_choice(given),
        }


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def check(request: TeamRequest, import_id: int) -> HttpResponse:
    """Step 3: show what will be stored; the press stores it."""
    response_import = get_import(request.actor, import_id)
    if response_import.state != ResponseImport.State.UPLOADED:
        return redirect("answering:import-done", import_id)
    context: dict[str, Any] = {"nav": "questionnaires", "response_import": response_import, "step": 3}
    try:
        if request.method == "POST":
            return _run(request, response_import)
        report = uploads.try_import(response_import=response_import, at=timezone.now())
    except MappingError as error:
        # A newer version may have been published meanwhile, or nothing has been chosen yet.
        return render(request, "answering/import_check.html", context | {"error": map_sentence(error)}, status=400)
    except TakingBackError:
        wait = _("An earlier import into this questionnaire is being taken back. Try again in a few minutes.")
        return render(request, "answering/import_check.html", context | {"error": wait}, status=409)
    live = uploads.get_live_document(questionnaire=response_import.questionnaire)
    document = fill_document(live, request.actor.team)
    context |= _result(report) | _contents(report, response_import, document, request)
    return render(request, "answering/import_check.html", context)


def _run(request: TeamRequest, response_import: ResponseImport) -> HttpResponse:
    at = timezone.now()
    try:
        report = uploads.run_import(response_import=response_import, at=at)
    except uploads.ImportDoneError:
        messages.info(request, _("This import was done already; nothing was changed again."))
    else:
        record_event(
            actor=request.actor, action="responses.imported", target=f"questionnaire {response_import.questionnaire_id}",
            name=response_import.questionnaire.name,
            detail={"created": report.created, "wrong": report.wrong}, at=at,
        )
    return redirect("answering:import-done", response_import.pk)


def _result(report: ImportReport) -> dict[str, Any]:
    return {
        "report": report, "kinds": list(problem_kinds(report)),
        "problems": [(p.row, row_sentence(p.code, p.column, p.text)) for p in report.problems[:SHOWN_WRONG]],
        "is_hopeless": bool(report.wrong) and not (report.created or report.known),
    }


def _contents(
    report: ImportReport, response_import: ResponseImport, document: Document, request: TeamRequest
) -> dict[str, Any]:
    contents, given, language = report.contents, parse_map(response_import.mapping), request.LANGUAGE_CODE
    texts = {item.key: text_in(item.text, language) for item in list_items(document)}
    names = {a.key: a.name_in(language) for a in ContactAttribute.objects.filter(team=request.actor.team)}
    return {
        "contents": contents, "waves": contents.waves.most_common(20),
        "questions": [
            (texts.get(rule.item, rule.item), rule.item, rule.column,
             contents.answered[rule.item] - contents.not_applicable[rule.item], contents.not_applicable[rule.item],
             report.created - contents.answered[rule.item])
            for rule in given.items
        ],
        "segments": [
            (names.get(rule.attribute, rule.column), levels[:12], len(levels) - 12)
            for rule in given.levels if (levels := contents.levels_of(rule.attribute))
        ],
        "key_columns": given.key_columns,
    }


@require_safe
@team_view(Permission.DESIGN)
def done(request: TeamRequest, import_id: int) -> HttpResponse:
    """Step 4: what happened."""
    response_import = get_import(request.actor, import_id)
    if response_import.state == ResponseImport.State.UPLOADED:
        return redirect("answering:import-match", import_id)
    return render(request, "answering/import_done.html", {
        "nav": "questionnaires", "response_import": response_import, "step": 4, **_result(uploads.report_of(response_import)),
        "can_be_taken_back": can_be_taken_back(response_import),
    })


@require_safe
@team_view(Permission.DESIGN)
def mapping_json(request: TeamRequest, import_id: int) -> HttpResponse:
    """Download the mapping, for the next file or for the command line."""
    response_import = get_import(request.actor, import_id)
    text = json.dumps(response_import.mapping, indent=2, ensure_ascii=False)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mapping-{import_id}.json"'
    return response


@require_POST
@team_view(Permission.DESIGN)
def discard(request: TeamRequest, import_id: int) -> HttpResponse:
    """Throw an unfinished import away."""
    response_import = get_import(request.actor, import_id)
    if response_import.state == ResponseImport.State.UPLOADED:
        response_import.delete()
    return redirect("answering:import", response_import.questionnaire_id)
