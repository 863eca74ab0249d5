"""One look at a link: what it names, in which language, at what moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Team
from surveys.answering import links
from surveys.answering.answers import is_page_asked
from surveys.answering.gates import Passage, look_at_gate
from surveys.answering.models import Response, ResponseState
from surveys.answering.selectors import get_response
from surveys.design.document import Document
from surveys.design.selectors import get_document
from surveys.sending.models import Invitation


@dataclass(frozen=True)
class Visit:
    """A request that came with a genuine link."""

    request: HttpRequest
    token: str
    invitation: Invitation
    passage: Passage
    at: datetime

    @property
    def team(self) -> Team:
        """The team that asks."""
        return self.invitation.campaign.team

    @property
    def document(self) -> Document:
        """What is asked; only behind an open gate."""
        assert self.invitation.campaign.version is not None
        return get_document(version=self.invitation.campaign.version)

    @property
    def path(self) -> str:
        """The page's own address."""
        return reverse("answering:page", args=[self.token])

    @property
    def thanks_path(self) -> str:
        """The address of the thank-you page."""
        return reverse("answering:thanks", args=[self.token])

    def language(self, response: Response | None = None) -> str:
        """Return the language asked for, else that of the answers so far, else that of the mail."""
        offered = self.document.languages if self.invitation.campaign.version_id else ("en", "zh-hans")
        wanted = (
            self.request.GET.get("lang", ""), self.request.POST.get("_lang", ""),
            response.language if response else "", self.invitation.language,
        )
        return next((language for language in wanted if language in offered), offered[0])

    def address_of(self, number: int, language: str, *, is_edit: bool) -> str:
        """Return the address of a page (from 0)."""
        return f"{self.path}?p={number + 1}&lang={language}{'&edit=1' if is_edit else ''}"


def open_visit(request: HttpRequest, token: str) -> Visit:
    """Find what the link names. Raises UnknownLinkError or TooManyTriesError."""
    at = timezone.now()
    invitation = links.find(token=token, address=str(request.META.get("REMOTE_ADDR", "")), at=at)
    return Visit(request, token, invitation, look_at_gate(invitation=invitation, at=at), at)


def response_of(visit: Visit) -> Response | None:
    """Return the response so far."""
    return get_response(invitation=visit.invitation)


def is_sent(response: Response | None) -> bool:
    """Tell whether the answers were sent before."""
    return response is not None and response.state == ResponseState.COMPLETE


def page_number(raw: str, document: Document, *, most: int) -> int | None:
    """Read a page number from 1; return it from 0, None for anything that is none or lies too far ahead."""
    if not (raw.isascii() and raw.isdigit() and len(raw) < 4):
        return None
    number = int(raw) - 1
    return number if 0 <= number <= min(most, len(document.pages) - 1) else None


def next_page(document: Document, number: int, answers: dict[str, object], *, step: int = 1) -> int | None:
    """Return the next page that asks anything, forwards or backwards; None where there is none."""
    number += step
    while 0 <= number < len(document.pages):
        if is_page_asked(document.pages[number], answers):
            return number
        number += step
    return None


def site_language() -> str:
    """Return the browser's language, for pages of links that name nothing."""
    return "zh-hans" if (translation.get_language() or "").startswith("zh") else "en"
