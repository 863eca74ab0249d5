"""Show staff a questionnaire as the customer will see it. Nothing is stored."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, get_or_404, team_view
from accounts.roles import Permission
from surveys.answering import notices
from surveys.answering.answers import keys_of, read_page
from surveys.answering.sheets import Filling, fill_sheet
from surveys.answering.visits import next_page, page_number
from surveys.design.document import Document, DocumentError, parse_document
from surveys.design.models import Questionnaire, QuestionnaireVersion
from surveys.sending.letters import company_name


@team_view(Permission.VIEW_RESULTS)
@require_http_methods(["GET", "HEAD", "POST"])
@xframe_options_sameorigin
def preview(request: TeamRequest, pk: int) -> HttpResponse:
    """Show one page of the draft, or of `?version=N`, in `?lang=`; a post shows the next page or its errors."""
    questionnaire = get_or_404(Questionnaire.objects.filter(team=request.actor.team), pk=pk)
    version = _version(questionnaire, request.GET.get("version", ""))
    document = _document(questionnaire, version)
    posted = request.POST
    move = posted.get("_to", "") if request.method == "POST" else ""
    number = page_number(posted.get("_page", "") or request.GET.get("p", "1"), document, most=len(document.pages)) or 0
    language = _language(request, document, move)
    given = read_page(document, number, posted, {})
    problems = given.problems if move == "next" else ()
    target: int | None = number
    if move == "next" and not problems:
        target = next_page(document, number, dict(given.answers))
    elif move == "back":
        target = next_page(document, number, dict(given.answers), step=-1) or 0
    if target is None:
        return notices.reply(_thanks(request, questionnaire, document, language))
    typed = {key: posted.getlist(key) for key in keys_of(document.pages[number])} if target == number and move else {}
    action = reverse("answering:preview", args=[pk]) + (f"?version={version.number}" if version else "")
    filling = Filling(answers=given.answers, typed=typed, problems=problems, action=action)
    return notices.reply(fill_sheet(
        version=None, document=document, team=request.actor.team, language=language, number=target, filling=filling,
        footer=notices.footer_for(
            invitation=None, team=request.actor.team, language=language, is_anonymous=questionnaire.is_anonymous
        ),
        banner=notices.banner_for(language=language, kind="preview"),
    ))


def _version(questionnaire: Questionnaire, raw: str) -> QuestionnaireVersion | None:
    if not raw:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) < 9):
        raise Http404
    return get_or_404(QuestionnaireVersion.objects.filter(questionnaire=questionnaire), number=int(raw))


def _document(questionnaire: Questionnaire, version: QuestionnaireVersion | None) -> Document:
    try:
        document = parse_document(version.document if version else questionnaire.draft)
    except DocumentError as error:
        raise Http404 from error
    if not document.pages:
        raise Http404
    return document


def _language(request: TeamRequest, document: Document, move: str) -> str:
    wanted = (move.removeprefix("lang:"), request.POST.get("_lang", ""), request.GET.get("lang", ""))
    return next((code for code in wanted if code in document.languages), document.source_language)


def _thanks(request: TeamRequest, questionnaire: Questionnaire, document: Document, language: str) -> str:
    company = company_name(request.actor.team, language)
    return notices.render_notice(
        "thanks.html", language=language, company=company,
        message=document.thanks.get(language, "").replace("{company}", company),
        address=reverse("answering:preview", args=[questionnaire.pk]), path="", has_other=False,
        footer=notices.footer_for(
            invitation=None, team=request.actor.team, language=language, is_anonymous=questionnaire.is_anonymous
        ),
    )
