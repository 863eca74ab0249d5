"""The mail that brings an expert the link to the sheet, in both languages."""

from __future__ import annotations

import logging
from datetime import datetime
from smtplib import SMTPException
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.mails import absolute, send
from analytics.indicators.experts import renew_link
from analytics.indicators.panel_models import Expert, Panel
from surveys.design.document import text_in
from surveys.sending.letters import company_name

log = logging.getLogger(__name__)
OTHER = {"en": "zh-hans", "zh-hans": "en"}


def send_invitation(*, expert: Expert, at: datetime) -> bool:
    """Mail an invitation that waits for it; tell whether it did.

    The row is claimed first, so that two workers do not mail twice; a mail that the server did not take
    leaves the invitation waiting, and the next one carries another secret.
    """
    waiting = Expert.objects.filter(pk=expert.pk, sent_at=None, panel__closed_at=None)
    if not waiting.update(sent_at=at):
        return False
    link = absolute("experts:sheet", token=renew_link(expert=expert))
    try:
        with translation.override(expert.language):
            send(
                to=expert.email, subject=_subject(expert.panel), template="expert_invitation",
                context={"link": link, "company": company_name(expert.panel.tree.team, expert.language),
                         "parts": _parts(expert)},
            )
    except (SMTPException, OSError) as error:
        Expert.objects.filter(pk=expert.pk).update(sent_at=None, queued_at=at)
        log.warning("an expert's invitation could not be mailed", extra={"kind": type(error).__name__})
        return False
    return True


def _subject(panel: Panel) -> str:
    name = text_in(panel.node_names, translation.get_language() or "en")
    return _("What matters most for “%(name)s”? Your judgement as an expert") % {"name": name}


def _parts(expert: Expert) -> list[dict[str, Any]]:
    """The same words in the expert's language and in the other one."""
    return [_part(expert, language) for language in (expert.language, OTHER[expert.language])]


def _part(expert: Expert, language: str) -> dict[str, Any]:
    panel = expert.panel
    pairs = len(panel.keys) * (len(panel.keys) - 1) // 2
    words = {
        "company": company_name(panel.tree.team, language), "name": text_in(panel.node_names, language),
        "pairs": pairs, "items": len(panel.keys),
    }
    with translation.override(language):
        return {
            "lang": "zh-Hans" if language == "zh-hans" else "en",
            "heading": _subject(panel),
            "text": _("%(company)s asks you to compare %(items)d things in pairs: %(pairs)d short questions, about a "
                      "minute for every ten. You may leave pairs open and come back until you send the sheet.") % words,
            "button": _("Open the sheet"),
            "foot": _("The link is yours alone; please do not pass it on. You did not expect it? Then do nothing."),
        }
