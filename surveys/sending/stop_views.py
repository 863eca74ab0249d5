"""The pages behind "stop survey e-mails": a press works at once, a look changes nothing."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from surveys.contacts.selectors import is_suppressed
from surveys.sending.letters import company_name
from surveys.sending.models import Invitation
from surveys.sending.selectors import find_invitation_to_stop
from surveys.sending.services import stop_mail, undo_stop


def _invitation_or_404(token: str) -> Invitation:
    invitation = find_invitation_to_stop(token=token)
    if invitation is None:
        raise Http404
    return invitation


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop on POST, as RFC 8058 asks: no login, no cookie, no redirect. GET shows the button."""
    invitation = _invitation_or_404(token)
    if request.method == "POST":
        stop_mail(invitation=invitation, at=timezone.now())
    return _page(request, token, invitation)


@csrf_exempt
@require_POST
def unsubscribe_undo(request: HttpRequest, token: str) -> HttpResponse:
    """Take the stop back."""
    invitation = _invitation_or_404(token)
    undo_stop(invitation=invitation)
    return _page(request, token, invitation)


def _page(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    team, contact = invitation.campaign.team, invitation.contact
    is_stopped = contact is None or is_suppressed(team=team, email=contact.email_key)
    with translation.override(invitation.language):
        return render(request, "sending/unsubscribe.html", {
            "token": token, "is_stopped": is_stopped, "can_undo": is_stopped and contact is not None,
            "company": company_name(team, invitation.language),
            "page_lang": "zh-Hans" if invitation.language == "zh-hans" else "en",
        })


@require_safe
def stop_preview(request: HttpRequest) -> HttpResponse:
    """Say what the stop link of a test mail would do; it belongs to nobody."""
    return render(request, "sending/unsubscribe_preview.html")
