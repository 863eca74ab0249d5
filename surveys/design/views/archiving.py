"""Take a questionnaire out of use, and back into it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, get_or_404, team_view
from accounts.roles import Permission
from surveys.design.access import every_questionnaire_for
from surveys.design.hooks import archiving_consequences
from surveys.design.services import archive_questionnaire, restore_questionnaire


@team_view(Permission.DESIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Say what would stop; POST archives. A second press finds it done."""
    questionnaire, at = get_or_404(every_questionnaire_for(request.actor), pk=questionnaire_id), timezone.now()
    if request.method == "POST":
        if archive_questionnaire(actor=request.actor, questionnaire=questionnaire, at=at):
            messages.success(request, _("“%(name)s” is archived.") % {"name": questionnaire.name})
        return redirect("design:list")
    if questionnaire.archived_at:
        return redirect("design:list")
    consequences = [sentence for ask in archiving_consequences for sentence in ask(questionnaire, at)]
    context = {"questionnaire": questionnaire, "consequences": consequences, "nav": "questionnaires"}
    return render(request, "design/archive.html", context)


@team_view(Permission.DESIGN)
@require_POST
def restore(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Bring an archived questionnaire back into the list."""
    questionnaire = get_or_404(every_questionnaire_for(request.actor), pk=questionnaire_id)
    if restore_questionnaire(actor=request.actor, questionnaire=questionnaire, at=timezone.now()):
        messages.success(request, _("“%(name)s” is in use again. Campaigns that were paused are resumed by hand.")
                         % {"name": questionnaire.name})
    return redirect("design:list")
