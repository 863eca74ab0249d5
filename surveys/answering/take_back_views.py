"""The page that asks before an import of answers is taken back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from surveys.answering.access import get_import
from surveys.answering.import_forms import TakeBackForm
from surveys.answering.models import ResponseImport
from surveys.answering.take_back import AT_ONCE, NotToTakeBackError, can_be_taken_back, count_harvest, take_back_import


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def take_back(request: TeamRequest, import_id: int) -> HttpResponse:
    """Say what would be erased; a POST with a reason erases it. A second press finds it done."""
    response_import = get_import(request.actor, import_id)
    if not can_be_taken_back(response_import):
        return redirect("answering:import-done", import_id)
    form = TakeBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _taken_back(request, response_import, form.cleaned_data["reason"])
    harvest = count_harvest(response_import)
    return render(request, "answering/import_take_back.html", {
        "nav": "questionnaires", "response_import": response_import, "form": form, "harvest": harvest,
        "gone": response_import.report["created"] - harvest.responses, "is_long": harvest.responses > AT_ONCE,
    }, status=400 if form.errors else 200)


def _taken_back(request: TeamRequest, response_import: ResponseImport, reason: str) -> HttpResponse:
    try:
        take_back_import(actor=request.actor, response_import=response_import, reason=reason, at=timezone.now())
    except NotToTakeBackError:
        messages.info(request, _("Somebody else has taken this import back already; nothing was changed again."))
    return redirect("answering:import-done", response_import.pk)
