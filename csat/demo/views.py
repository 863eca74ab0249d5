"""Pages that exist only in the demo: where to start, and the local mail sink."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from csat.demo.mailbox import Mail, get_mail, list_mails
from csat.demo.steps import list_steps

MAIL_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For the mail's own HTML only: mail needs inline styles, and the sandbox takes everything else away."""


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Lead a newcomer through the product in five steps."""
    return render(request, "demo/start.html", {"steps": list_steps(), "logins": settings.DEMO_LOGINS})


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """List what the local mail sink has received."""
    return render(request, "demo/mail_list.html", {"mails": list_mails(_folder())})


@require_safe
def mail_detail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """Show one message: its HTML in a sandboxed frame, and its text."""
    return render(request, "demo/mail_detail.html", {"mail": _mail_or_404(mail_id)})


@require_safe
def mail_html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """Serve the HTML part alone, below a policy of its own; its links open in a new window."""
    html = _mail_or_404(mail_id).html.replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(html, headers={"Content-Security-Policy": MAIL_PAGE_POLICY})


def _mail_or_404(mail_id: str) -> Mail:
    mail = get_mail(_folder(), mail_id)
    if mail is None:
        raise Http404
    return mail


def _folder() -> Path:
    return Path(settings.DEMO_MAIL_FOLDER)
