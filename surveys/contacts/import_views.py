"""The four steps of an import: upload, match columns, check rows, done."""

from __future__ import annotations

import csv

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from surveys.contacts import access, importing, selectors
from surveys.contacts.forms import UploadForm, attribute_name, posted_targets
from surveys.contacts.matching import ATTRIBUTE, ATTRIBUTE_NAMES, NEW, describe_columns, find_repeated_names
from surveys.contacts.models import ContactImport
from surveys.contacts.sentences import CORRECTIONS, MAPPING_ERRORS, ROW_REASONS, TABLE_ERRORS
from surveys.contacts.tables import Table, TableError, read_table, require_rows, unpack

SHOWN_WRONG = 10


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def import_upload(request: TeamRequest) -> HttpResponse:
    """Step 1: take the file and read it as a table."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            table = read_table(content=upload.read(), encoding=form.cleaned_data["encoding"])
            require_rows(table)
        except TableError as error:
            form.add_error("file", TABLE_ERRORS[error.code] % {"detail": error.detail})
        else:
            started = importing.start_import(
                team=request.actor.team, file_name=upload.name, table=table, user=request.actor.user,
                at=timezone.now(),
            )
            return redirect("contacts:import-match", started.pk)
    context = {"nav": "contacts", "form": form, "step": 1}
    return render(request, "contacts/import_upload.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def import_match(request: TeamRequest, import_id: int) -> HttpResponse:
    """Step 2: say where each column goes and what happens to known addresses."""
    contact_import = access.get_import(request.actor, import_id)
    if contact_import.state == ContactImport.State.DONE:
        return redirect("contacts:import-done", import_id)
    table = unpack(bytes(contact_import.content))
    error = ""
    if request.method == "POST":
        targets = posted_targets(request.POST, len(table.header))
        try:
            importing.set_mapping(
                contact_import=contact_import, targets=targets, rule=request.POST.get("rule", ""),
                source=request.POST.get("source", "").replace("\x00", ""),
            )
            return redirect("contacts:import-check", import_id)
        except importing.MappingError as problem:
            error = str(MAPPING_ERRORS[problem.code])
            contact_import.mapping = {"targets": targets, "rule": request.POST.get("rule", importing.FILL)}
    return render(request, "contacts/import_match.html", {
        "nav": "contacts",
        **_match_context(request, contact_import, table), "error": error, "step": 2,
    }, status=400 if error else 200)


def _match_context(request: TeamRequest, contact_import: ContactImport, table: Table) -> dict[str, object]:
    attributes = {a.key: attribute_name(a) for a in selectors.list_attributes(team=request.actor.team)}
    columns = describe_columns(table=table, keys=set(attributes))
    chosen = contact_import.mapping.get("targets", {})
    language = request.LANGUAGE_CODE
    guessed = {c.guess.removeprefix(ATTRIBUTE) for c in columns if c.guess.startswith(ATTRIBUTE)}
    usual = {key: names.get(language, key) for key, names in ATTRIBUTE_NAMES.items() if key in guessed}
    offered = usual | attributes
    return {
        "contact_import": contact_import, "row_count": len(table.rows),
        "columns": [(column, chosen.get(str(column.index), column.guess)) for column in columns],
        "fields": [("email", _("E-mail (key)")), ("name", _("Name")), ("salutation", _("Salutation")),
                   ("language", _("Language"))],
        "attributes": [(f"{ATTRIBUTE}{key}", name) for key, name in offered.items()], "new": NEW,
        "rule": contact_import.mapping.get("rule", importing.FILL), "repeated": find_repeated_names(table),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def import_check(request: TeamRequest, import_id: int) -> HttpResponse:
    """Step 3: show what will happen; the press stores it."""
    contact_import = access.get_import(request.actor, import_id)
    if contact_import.state == ContactImport.State.DONE:
        return redirect("contacts:import-done", import_id)
    if not contact_import.mapping:
        return redirect("contacts:import-match", import_id)
    if request.method == "POST":
        return _run(request, contact_import)
    plan = importing.plan_import(contact_import=contact_import)
    return render(request, "contacts/import_check.html", {
        "nav": "contacts",
        **_result_context(plan.counts), "contact_import": contact_import, "step": 3,
        "wrong_rows": [(row.number, ROW_REASONS[row.code], " · ".join(c for c in row.cells if c)[:80])
                       for row in plan.wrong[:SHOWN_WRONG]],
        "total": len(plan.new) + len(plan.updated), "is_hopeless": is_hopeless(plan),
    })


def is_hopeless(plan: importing.Plan) -> bool:
    """Tell whether every row is wrong, so that there is nothing to import and no reason to go on."""
    return bool(plan.wrong) and not (plan.new or plan.updated or plan.unchanged or plan.stopped)


def _run(request: TeamRequest, contact_import: ContactImport) -> HttpResponse:
    try:
        done = importing.run_import(contact_import=contact_import, at=timezone.now())
        record_event(
            actor=request.actor, action="contacts.imported", target=f"import {done.pk}",
            name=done.file_name, at=timezone.now(),
            detail={key: done.report[key] for key in ("new", "updated", "stopped", "wrong")},
        )
    except importing.ImportDoneError:
        messages.info(request, _("This import was done already; nothing was changed again."))
    return redirect("contacts:import-done", contact_import.pk)


def _result_context(counts: dict[str, object]) -> dict[str, object]:
    reasons, corrections = counts["reasons"], counts["corrections"]
    assert isinstance(reasons, dict) and isinstance(corrections, dict)
    return {
        "counts": counts,
        "reasons": [(ROW_REASONS[code], n) for code, n in reasons.items()],
        "corrections": [(CORRECTIONS[code], n) for code, n in corrections.items()],
    }


@require_safe
@team_view(Permission.DESIGN)
def import_done(request: TeamRequest, import_id: int) -> HttpResponse:
    """Step 4: what happened."""
    contact_import = access.get_import(request.actor, import_id)
    if contact_import.state != ContactImport.State.DONE:
        return redirect("contacts:import-match", import_id)
    return render(request, "contacts/import_done.html", {
        "nav": "contacts",
        **_result_context(contact_import.report), "contact_import": contact_import, "step": 4,
    })


@require_safe
@team_view(Permission.DESIGN)
def import_wrong_rows(request: TeamRequest, import_id: int) -> HttpResponse:
    """Download the wrong rows as CSV with their row number and reason."""
    contact_import = access.get_import(request.actor, import_id)
    if not contact_import.mapping:
        return redirect("contacts:import-match", import_id)
    header, rows = importing.list_wrong_rows(contact_import=contact_import)
    # The mark at the beginning tells Excel that the text is UTF-8.
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="wrong-rows-{import_id}.csv"'
    csv.writer(response).writerows(importing.wrong_row_lines(
        header=header, rows=rows, number_name=_("Row"), reason_name=_("Reason"),
        reasons={code: str(text) for code, text in ROW_REASONS.items()},
    ))
    return response


@require_POST
@team_view(Permission.DESIGN)
def import_discard(request: TeamRequest, import_id: int) -> HttpResponse:
    """Throw an unfinished import away."""
    contact_import = access.get_import(request.actor, import_id)
    if contact_import.state != ContactImport.State.DONE:
        contact_import.delete()
    return redirect("contacts:list")
