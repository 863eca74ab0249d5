"""The customer's pages. GET never records an answer; a score in a link only pre-selects."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.limits import TooManyTriesError
from surveys.answering import notices
from surveys.answering.answers import PageAnswers, keys_of, read_page
from surveys.answering.gates import SHUT, Gate, ShutGateError, changes_end
from surveys.answering.links import UnknownLinkError
from surveys.answering.models import Response
from surveys.answering.origin import is_foreign
from surveys.answering.reference import reference_of
from surveys.answering.services import (
    IncompleteError,
    NotOfferedError,
    change_score,
    complete_response,
    save_page,
)
from surveys.answering.sheets import Filling, fill_sheet, score_value
from surveys.answering.visits import (
    Visit,
    is_sent,
    next_page,
    open_visit,
    page_number,
    response_of,
    site_language,
)
from surveys.design.document import Document, Item, text_in
from surveys.sending.letters import company_name, embedded_item
from surveys.sending.services import note_opened

METHODS: Final = ["GET", "HEAD", "POST"]
LANGUAGES: Final = ("en", "zh-hans")
log = logging.getLogger(__name__)
Door = Callable[[Visit], HttpResponse]


@csrf_exempt
@require_http_methods(METHODS)
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show or take one page of the questionnaire."""
    return _through(request, token, show=_show_page, take=_take_page)


@csrf_exempt
@require_http_methods(METHODS)
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """Say that the answers were sent; take a changed score that the customer confirms."""
    return _through(request, token, show=_show_thanks, take=_take_score)


def _through(request: HttpRequest, token: str, *, show: Door, take: Door) -> HttpResponse:
    """Open the link and go through its door; whatever fails is said in a page that keeps what was typed."""
    is_post = request.method == "POST"
    if is_post and is_foreign(request):
        return notices.unknown_reply(language=site_language())
    try:
        visit = open_visit(request, token)
        if visit.passage.gate in SHUT:
            return notices.shut_reply(
                gate=visit.passage.gate, invitation=visit.invitation, language=visit.language()
            )
        return take(visit) if is_post else show(visit)
    except UnknownLinkError:
        return notices.unknown_reply(language=site_language())
    except TooManyTriesError as error:
        return notices.too_many_reply(language=site_language(), retry_after=error.retry_after)
    except ShutGateError:
        return HttpResponseRedirect(request.path)
    except (DatabaseError, InterfaceError) as error:
        return _not_saved(request, error)


def _not_saved(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("answer page without database", extra={"kind": type(error).__name__})
    given = request.POST.get("_lang") or request.GET.get("lang", "")
    return notices.not_saved_reply(
        language=given if given in LANGUAGES else site_language(), action=request.get_full_path(),
        posted=dict(request.POST.lists()),
    )


# -- the questionnaire -----------------------------------------------------------------------


def _show_page(visit: Visit) -> HttpResponse:
    response = response_of(visit)
    score = score_value(visit.request.GET.get("s", ""))
    wants_edit = "edit" in visit.request.GET and visit.passage.may_change
    if visit.passage.gate is Gate.USED and not wants_edit:
        return HttpResponseRedirect(visit.thanks_path + (f"?s={score}" if score else ""))
    if visit.request.method == "GET" and visit.invitation.opened_at is None:
        # Never worth an error page: the count of opened mails is a lower bound anyway.
        with contextlib.suppress(DatabaseError):
            note_opened(invitation=visit.invitation, at=visit.at)
    document, language = visit.document, visit.language(response)
    most = len(document.pages) if is_sent(response) else (response.page if response else 0)
    asked = page_number(visit.request.GET.get("p", ""), document, most=most)
    number = asked if asked is not None else (0 if wants_edit else min(most, len(document.pages) - 1))
    filling = Filling(
        answers=response.answers if response else {}, typed={}, action=visit.path,
        note=_resume_note(visit, response, number, language) if asked is None and not wants_edit else "",
        saved=_saved_line(visit, response, language), prefilled=_prefilled(document, score),
    )
    return notices.reply(_sheet(visit, document, language, number, filling))


def _sheet(visit: Visit, document: Document, language: str, number: int, filling: Filling) -> str:
    campaign = visit.invitation.campaign
    return fill_sheet(
        version=campaign.version, document=document, team=visit.team, language=language, number=number,
        filling=filling,
        footer=notices.footer_for(
            invitation=visit.invitation, team=visit.team, language=language,
            is_anonymous=campaign.questionnaire.is_anonymous,
        ),
        banner=notices.banner_for(language=language, kind="test") if visit.invitation.is_test else "",
    )


def _prefilled(document: Document, score: str | None) -> str:
    item = embedded_item(document)
    return f"{item.key}={score}" if item and score is not None else ""


def _resume_note(visit: Visit, response: Response | None, number: int, language: str) -> str:
    if response is None or number == 0:
        return ""
    return notices.render_notice("_resumed.html", language=language, number=number + 1)


def _saved_line(visit: Visit, response: Response | None, language: str) -> str:
    if response is None or is_sent(response):
        return ""
    until = notices.date_in(visit.invitation.campaign.closes_at, visit.team, language)
    values = {"time": notices.clock_in(response.updated_at, visit.team), "until": until}
    with translation.override(language):
        if until:
            return _("Saved at %(time)s. You can close this page and continue from the same e-mail until %(until)s.") % values
        return _("Saved at %(time)s. You can close this page and continue from the same e-mail.") % values


def _take_page(visit: Visit) -> HttpResponse:
    posted, document = visit.request.POST, visit.document
    response = response_of(visit)
    language = visit.language(response)
    number = page_number(posted.get("_page", "1"), document, most=len(document.pages)) or 0
    earlier = response.answers if response else {}
    if visit.passage.gate is Gate.USED and not visit.passage.may_change:
        return HttpResponseRedirect(visit.thanks_path)
    given = read_page(document, number, posted, earlier)
    move = posted.get("_to", "next")
    if given.is_tampered or (given.problems and move == "next"):
        return _with_problems(visit, given, earlier, language, is_edit=is_sent(response))
    if move == "next":
        return _go_on(visit, given, earlier, language)
    return _go_aside(visit, given, earlier, language, move)


def _with_problems(
    visit: Visit, given: PageAnswers, earlier: dict[str, object], language: str, *, is_edit: bool
) -> HttpResponse:
    posted = visit.request.POST
    typed = {key: posted.getlist(key) for key in keys_of(visit.document.pages[given.page])}
    filling = Filling(
        answers=given.merged_into(earlier), typed=typed, problems=given.problems, action=visit.path,
    )
    html = _sheet(visit, visit.document, language, given.page, filling)
    return notices.reply(html, status=400 if given.is_tampered else 200)


def _go_on(visit: Visit, given: PageAnswers, earlier: dict[str, object], language: str) -> HttpResponse:
    """Save and go to the next page; after the last one, send the answers."""
    document, answers = visit.document, given.merged_into(earlier)
    is_edit = visit.passage.gate is Gate.USED
    target = given.page if _has_new_question(document, given.page, earlier, answers) else next_page(
        document, given.page, answers
    )
    if target is not None:
        save_page(invitation=visit.invitation, given=given, language=language, reached=target, at=visit.at)
        return HttpResponseRedirect(visit.address_of(target, language, is_edit=is_edit))
    try:
        complete_response(invitation=visit.invitation, given=given, language=language, at=visit.at)
    except IncompleteError as error:
        save_page(invitation=visit.invitation, given=given, language=language, reached=given.page, at=visit.at)
        return HttpResponseRedirect(visit.address_of(error.page, language, is_edit=is_edit))
    return HttpResponseRedirect(f"{visit.thanks_path}?lang={language}")


def _has_new_question(
    document: Document, number: int, before: dict[str, object], after: dict[str, object]
) -> bool:
    """Tell whether this page's answers bring up a question on the same page, to be shown first."""
    return any(
        question.is_shown(after) and not question.is_shown(before)
        and not any(key in after for key in question.answer_keys)
        for question in document.pages[number].questions if question.show_if
    )


def _go_aside(
    visit: Visit, given: PageAnswers, earlier: dict[str, object], language: str, move: str
) -> HttpResponse:
    """Save what is there and go back, or stay in another language."""
    answers = given.merged_into(earlier)
    target = given.page
    if move == "back":
        target = next_page(visit.document, given.page, answers, step=-1) or 0
    chosen = move.removeprefix("lang:")
    if chosen in visit.document.languages:
        language = chosen
    save_page(invitation=visit.invitation, given=given, language=language, reached=given.page, at=visit.at)
    is_edit = visit.passage.gate is Gate.USED
    return HttpResponseRedirect(visit.address_of(target, language, is_edit=is_edit))


# -- thank-you ---------------------------------------------------------------------------------


def _show_thanks(visit: Visit) -> HttpResponse:
    response = response_of(visit)
    if visit.passage.gate is not Gate.USED:
        return HttpResponseRedirect(visit.path)
    document, language = visit.document, visit.language(response)
    company = company_name(visit.team, language)
    sent_at = response.completed_at if response else None
    html = notices.render_notice(
        "thanks.html", language=language, company=company, address=visit.thanks_path, path=visit.path,
        message=text_in(document.thanks, language).replace("{company}", company),
        sent=notices.time_in(sent_at, visit.team, language) if sent_at else "",
        reference=reference_of(response.pk) if response else "",
        until=notices.date_in(changes_end(invitation=visit.invitation), visit.team, language),
        may_change=visit.passage.may_change and response is not None,
        asked_contact=_asked_contact(document, response), is_anonymous=visit.invitation.campaign.questionnaire.is_anonymous,
        is_test=visit.invitation.is_test, has_other=len(document.languages) > 1,
        footer=notices.footer_for(
            invitation=visit.invitation, team=visit.team, language=language,
            is_anonymous=visit.invitation.campaign.questionnaire.is_anonymous,
        ),
        **_changed_score(visit, document, response),
    )
    return notices.reply(html)


def _asked_contact(document: Document, response: Response | None) -> bool:
    keys = [question.key for question in document.questions() if question.type == "consent"]
    return response is not None and any(response.answers.get(key) is True for key in keys)


def _changed_score(visit: Visit, document: Document, response: Response | None) -> dict[str, object]:
    """Say what to ask when the score clicked in the mail differs from the one that was sent."""
    score = score_value(visit.request.GET.get("s", ""))
    item: Item | None = embedded_item(document)
    if score is None or item is None or response is None or not visit.passage.may_change:
        return {}
    before = response.answers.get(item.key)
    if not isinstance(before, int) or int(score) not in item.scale.points or before == int(score):
        return {}
    return {"score_before": before, "score_now": score, "score_key": item.key}


def _take_score(visit: Visit) -> HttpResponse:
    posted = visit.request.POST
    item = embedded_item(visit.document)
    with contextlib.suppress(NotOfferedError, Response.DoesNotExist):
        if item is not None and posted.get("_score_key") == item.key:
            change_score(
                invitation=visit.invitation, key=item.key, score=posted.get("_score", ""), at=visit.at
            )
    return HttpResponseRedirect(f"{visit.thanks_path}?lang={visit.language()}")
