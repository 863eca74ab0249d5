"""The file of all responses that staff download."""

from __future__ import annotations

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from surveys.answering.access import get_questionnaire, listed_responses_for
from surveys.answering.exporting import Words, layout_of, stream_responses
from surveys.design.document import LANGUAGES


@require_safe
@team_view(Permission.VIEW_RESULTS)
def responses_csv(request: TeamRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
    """Send the responses within the actor's scope; those of an anonymous questionnaire never leave one by one."""
    questionnaire = get_questionnaire(request.actor, pk)
    if questionnaire.is_anonymous:
        return render(request, "answering/no_export.html", {"questionnaire": questionnaire}, status=403)
    code = translation.get_language() or ""
    language = code if code in LANGUAGES else LANGUAGES[0]
    words = Words(yes=_("Yes"), no=_("No"), not_applicable=_("Does not apply"), separator=_("; "))
    responses = listed_responses_for(request.actor).filter(questionnaire=questionnaire)
    layout = layout_of(questionnaire=questionnaire, language=language, words=words)
    reply = StreamingHttpResponse(
        stream_responses(responses=responses, layout=layout), content_type="text/csv; charset=utf-8"
    )
    reply["Content-Disposition"] = f'attachment; filename="responses-{questionnaire.pk}.csv"'
    return reply
