"""The page that imports answers collected elsewhere: a trial first, then the same file for good."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from surveys.answering.access import get_questionnaire
from surveys.answering.importing import ImportReport, import_responses
from surveys.answering.mapping import MappingError, guess_map, parse_map
from surveys.answering.report import map_sentence, report_lines, row_sentence, table_sentence
from surveys.answering.services import document_of
from surveys.contacts.tables import Table, TableError, read_table
from surveys.design.models import Questionnaire

PREVIEW_ROWS: Final = 5


class ImportForm(forms.Form):
    """A file and how its columns are to be read."""

    file = forms.FileField(label=gettext_lazy("CSV or XLSX file"))
    mapping = forms.CharField(
        label=gettext_lazy("Mapping (JSON)"), required=False, max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Leave it empty to get a suggestion from the column names. Rows without any answer are left out; "
            "with “keep_blank_forms”: true they are kept as blank forms."
        ),
    )

    def clean_file(self) -> Table:
        """Read the table, or say why it cannot be read."""
        try:
            return read_table(content=self.cleaned_data["file"].read())
        except TableError as error:
            raise forms.ValidationError(table_sentence(error)) from error

    def clean_mapping(self) -> dict[str, Any] | None:
        """Read the JSON; None when the field is empty."""
        text = self.cleaned_data["mapping"].strip()
        if not text:
            return None
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(_("This is not JSON: %(reason)s") % {"reason": error}) from error
        if not isinstance(raw, dict):
            raise forms.ValidationError(_("This is not JSON: %(reason)s") % {"reason": type(raw).__name__})
        return raw


@team_view(Permission.DESIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: TeamRequest, pk: int) -> HttpResponse:
    """Suggest a mapping, try it, or import."""
    questionnaire = get_questionnaire(request.actor, pk)
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    view: dict[str, Any] = {"questionnaire": questionnaire, "form": form, "nav": "questionnaires"}
    if request.method == "POST" and form.is_valid():
        table = form.cleaned_data["file"]
        view |= {"header": table.header, "rows": [cells for _n, cells in table.rows[:PREVIEW_ROWS]]}
        view |= _outcome(request, questionnaire, form, table)
    return render(request, "answering/import.html", view)


def _outcome(request: TeamRequest, questionnaire: Questionnaire, form: ImportForm, table: Table) -> dict[str, Any]:
    version = questionnaire.versions.order_by("-number").first()
    if version is None:
        form.add_error(None, _("Publish the questionnaire first: answers belong to a published version."))
        return {}
    raw = form.cleaned_data["mapping"]
    if raw is None:
        guess = guess_map(header=table.header, document=document_of(version))
        return {"form": ImportForm(initial={"mapping": json.dumps(guess, indent=2, ensure_ascii=False)}), "is_guess": True}
    is_trial = "store" not in request.POST
    try:
        report = import_responses(
            questionnaire=questionnaire, table=table, mapping=parse_map(raw), at=timezone.now(), is_trial=is_trial
        )
    except MappingError as error:
        form.add_error("mapping", map_sentence(error))
        return {}
    if not is_trial:
        record_event(
            actor=request.actor, action="responses.imported", target=f"questionnaire {questionnaire.pk}",
            detail={"created": report.created, "wrong": report.wrong}, at=timezone.now(),
        )
    return _report_view(report, is_trial=is_trial)


def _report_view(report: ImportReport, *, is_trial: bool) -> dict[str, Any]:
    return {
        "is_trial": is_trial, "report": report, "lines": list(report_lines(report)),
        "problems": [(p.row, row_sentence(p.code, p.column, p.text)) for p in report.problems[:50]],
    }
