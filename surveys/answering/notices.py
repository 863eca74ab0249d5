"""The pages around the form: thank-you, shut gates, unknown links, and "not saved" with what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.template.loader import get_template
from django.utils import formats, translation
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Team
from surveys.answering.gates import Gate
from surveys.sending.letters import company_name
from surveys.sending.models import Invitation
from surveys.sending.tokens import stop_token_for

STOP_GAP: Final = "\0stop\0"
STATUS_OF_GATE: Final = {Gate.CLOSED: 410, Gate.REVOKED: 410, Gate.NOT_YET_OPEN: 403}
OTHER: Final = {"en": ("zh-hans", "中文"), "zh-hans": ("en", "English")}
HEADERS: Final = {
    "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow",
}


def reply(html: str, *, status: int = 200) -> HttpResponse:
    """Wrap a page in the headers that keep a link private."""
    return HttpResponse(html, status=status, headers=HEADERS)


def render_notice(template: str, *, language: str, **values: Any) -> str:
    """Render one of the small pages, without request and so without session or cookie."""
    other = OTHER[language]
    with translation.override(language):
        view = {"language": language, "other_code": other[0], "other_name": other[1], **values}
        return str(get_template(f"answering/{template}").render(view))


def shut_reply(*, gate: Gate, invitation: Invitation, language: str) -> HttpResponse:
    """Say that the link opens nothing now, and whom to write to."""
    campaign = invitation.campaign
    html = render_notice(
        "shut.html", language=language, gate=gate.value, company=company_name(campaign.team, language),
        closed_on=date_in(campaign.closes_at, campaign.team, language), mail=reply_address(invitation),
    )
    return reply(html, status=STATUS_OF_GATE.get(gate, 410))


def unknown_reply(*, language: str) -> HttpResponse:
    """Say that the link is not complete: one body for whatever was wrong with it."""
    return reply(render_notice("unknown.html", language=language), status=404)


def too_many_reply(*, language: str, retry_after: int) -> HttpResponse:
    """Say that too many wrong links came from this address."""
    response = reply(render_notice("too_many.html", language=language), status=429)
    response["Retry-After"] = str(retry_after)
    return response


def not_saved_reply(*, language: str, action: str, posted: Mapping[str, Sequence[str]]) -> HttpResponse:
    """Say that nothing was stored; the page holds all that was typed and sends it again by one press."""
    fields = [(name, value) for name, values in posted.items() for value in values]
    html = render_notice(
        "not_saved.html", language=language, action=action,
        kept=[(name, value) for name, value in fields if not is_long(value)],
        texts=[(name, value) for name, value in fields if is_long(value)],
    )
    response = reply(html, status=503)
    response["Retry-After"] = "30"
    return response


def is_long(value: str) -> bool:
    """Tell a person's words from a chosen value."""
    return len(value) > 20 or "\n" in value or " " in value.strip() or not value.isascii()


def date_in(at: datetime | None, team: Team, language: str) -> str:
    """Write a day in the team's time zone: 23 Nov 2026 or 2026 年 11 月 23 日; "" for none."""
    if at is None:
        return ""
    day = at.astimezone(ZoneInfo(team.time_zone))
    if language == "zh-hans":
        return f"{day.year} 年 {day.month} 月 {day.day} 日"
    with translation.override(language):
        return f"{day.day} {formats.date_format(day, 'M Y')}"


def time_in(at: datetime, team: Team, language: str) -> str:
    """Write a day and minute in the team's time zone."""
    clock = at.astimezone(ZoneInfo(team.time_zone))
    return f"{date_in(at, team, language)}{' ' if language == 'zh-hans' else ', '}{clock:%H:%M}"


def clock_in(at: datetime, team: Team) -> str:
    """Write a time of day in the team's time zone: 10:26."""
    return f"{at.astimezone(ZoneInfo(team.time_zone)):%H:%M}"


def reply_address(invitation: Invitation) -> str:
    """Return whom a customer may write to, "" where the team gave no address."""
    return invitation.campaign.reply_to or invitation.campaign.team.reply_to


def footer_for(*, invitation: Invitation | None, team: Team, language: str, is_anonymous: bool) -> SafeString:
    """Return the foot of an answer page: who reads the answers, and three ways out."""
    mail = reply_address(invitation) if invitation else team.reply_to
    has_stop = invitation is not None and not invitation.is_test
    html = _footer(language, company_name(team, language), is_anonymous, team.privacy_url, mail, has_stop)
    if invitation is not None and has_stop:
        html = html.replace(STOP_GAP, f"/u/{stop_token_for(bytes(invitation.nonce))}/")
    return mark_safe(html)  # noqa: S308  # our own template, escaped there; a token has letters and digits only


@lru_cache(maxsize=256)
def _footer(language: str, company: str, is_anonymous: bool, privacy_url: str, mail: str, has_stop: bool) -> str:
    """Return the foot that all customers of a team share, with a gap for the personal address."""
    return render_notice(
        "_footer.html", language=language, company=company, is_anonymous=is_anonymous, privacy_url=privacy_url,
        mail=mail, stop=STOP_GAP if has_stop else "",
    )


def banner_for(*, language: str, kind: str) -> SafeString:
    """Return the striped banner of a preview ("preview") or of a test link ("test")."""
    html = render_notice("_banner.html", language=language, kind=kind)
    return mark_safe(html)  # noqa: S308  # our own template, escaped there
