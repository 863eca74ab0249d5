"""Write the mail: compiled once per campaign and language, then filled for each person.

The templates are rendered with marks instead of personal values; a mark is written with control
characters, which no saved text can contain, and all marks are replaced in one pass. So a thousand
mails cost one template rendering, and nothing that a person typed is ever read as a template.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from hashlib import sha256
from html import escape
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import formats, translation
from django.utils.translation import gettext as _

from accounts.models import Team
from surveys.design.document import Document, Item, text_in
from surveys.sending.models import Campaign, Invitation
from surveys.sending.texts import fill, one_line
from surveys.sending.tokens import stop_token_for, token_for
from surveys.sending.transport import Letter

MARK: Final = re.compile("\x02([A-Z]+)\x03")
INDENTS: Final = re.compile(r" *\n[ \n]*")
"""What only the reader of a template needs; a campaign sends it a thousand times."""
BOUNDARY: Final = "=_mail_part"
OTHER_LANGUAGE: Final = {"en": ("zh-hans", "中文版"), "zh-hans": ("en", "English")}


class LetterError(ValueError):
    """This one mail cannot be written; the campaign goes on. `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Person:
    """Whom a mail is for: what placeholders and the greeting need."""

    email: str
    name: str = ""
    salutation: str = ""
    attributes: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Links:
    """The addresses in one mail; `answer` ends with a slash."""

    answer: str
    stop: str


@dataclass(frozen=True)
class Pattern:
    """A campaign's mail in one language, with marks where personal values go."""

    language: str
    sender: str
    from_header: str
    reply_to: str
    subject: str
    message: str
    company: str
    text: str
    html: str


def links_for(nonce: bytes) -> Links:
    """Return the links of one invitation, below SITE_URL and nothing else."""
    return Links(
        answer=f"{settings.SITE_URL}/a/{token_for(nonce)}/", stop=f"{settings.SITE_URL}/u/{stop_token_for(nonce)}/"
    )


def message_id_for(invitation: Invitation) -> str:
    """Return the Message-ID that every copy of this invitation's mail carries."""
    return f"<inv-{invitation.pk}-{sha256(bytes(invitation.nonce)).hexdigest()[:16]}@{_site_host()}>"


def company_name(team: Team, language: str) -> str:
    """Return what the team calls itself in a language."""
    return text_in(team.company_names, language) or team.name


def embedded_item(document: Document) -> Item | None:
    """Return the scale to show in the mail: the first NPS question, else the first 1-5 rating."""
    items = [item for question in document.questions() if not question.show_if for item in question.items]
    nps = [item for item in items if item.type == "nps"]
    stars = [i for i in items if i.type == "rating" and (i.scale.low, i.scale.high) == (1, 5)]
    return next(iter(nps + stars), None)


def compile_pattern(*, campaign: Campaign, document: Document, language: str) -> Pattern:
    """Render the mail's templates in one language, personal values marked."""
    team = campaign.team
    company = company_name(team, language)
    with translation.override(language):
        context = _context(campaign, document, language, company)
        text = render_to_string("mail/invitation.txt", context)
        html = INDENTS.sub("\n", render_to_string("mail/invitation.html", context))
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return Pattern(
        language=language, company=company, text=text, html=html, sender=address,
        from_header=_mailbox(one_line(campaign.sender_name) or company, address),
        reply_to=campaign.reply_to or team.reply_to,
        subject=text_in(campaign.subject, language), message=text_in(campaign.message, language),
    )


def _context(campaign: Campaign, document: Document, language: str, company: str) -> dict[str, object]:
    item = embedded_item(document)
    other = OTHER_LANGUAGE[language]
    question = text_in(item.text, language) if item else ""
    return {
        "lang": "zh-Hans" if language == "zh-hans" else "en",
        "company": one_line(company),
        "question": one_line(fill(question, {"company": company}, language=language)),
        "is_nps": item is not None and item.type == "nps",
        "points": _points(item, language),
        "closes": _closes(campaign),
        "sender_name": one_line(campaign.sender_name), "sender_title": one_line(campaign.sender_title),
        "postal_address": one_line(campaign.team.postal_address), "privacy_url": campaign.team.privacy_url,
        "other_code": other[0], "other_name": other[1],
        "link": "\x02LINK\x03", "stop": "\x02STOP\x03", "greeting": "\x02GREETING\x03",
        "message": "\x02MESSAGE\x03", "subject": "\x02SUBJECT\x03",
    }


def _points(item: Item | None, language: str) -> list[tuple[int, str]]:
    if item is None:
        return []
    return [(point, one_line(text_in(item.scale.labels.get(point, {}), language))) for point in item.scale.points]


def _closes(campaign: Campaign) -> str:
    if campaign.closes_at is None:
        return ""
    local = campaign.closes_at.astimezone(ZoneInfo(campaign.team.time_zone))
    return formats.date_format(local, _("j F"))


def greeting_for(person: Person, language: str) -> str:
    """Return the first line; without the facts a neutral one, never a name with a gap."""
    name, salutation = one_line(person.name), one_line(person.salutation)
    if language == "zh-hans":
        # Without a title a bare name sounds curt in Chinese.
        return f"{name}{salutation}，您好：" if name and salutation else "您好："
    if not name:
        return "Hello,"
    return f"Dear {salutation} {name}," if salutation else f"Dear {name},"


def values_for(person: Person, pattern: Pattern) -> dict[str, str]:
    """Return what each placeholder stands for."""
    attributes = {key: str(value) for key, value in (person.attributes or {}).items()}
    return {**attributes, "name": person.name, "company": pattern.company}


@dataclass(frozen=True)
class Written:
    """The parts of one person's mail, before it becomes bytes."""

    subject: str
    text: str
    html: str


def write(pattern: Pattern, person: Person, links: Links, *, prefix: str = "") -> Written:
    """Fill a pattern for one person."""
    values = values_for(person, pattern)
    subject = prefix + one_line(fill(pattern.subject, values, language=pattern.language))
    marks = {
        "LINK": links.answer, "STOP": links.stop, "SUBJECT": subject,
        "GREETING": greeting_for(person, pattern.language),
        "MESSAGE": fill(pattern.message, values, language=pattern.language).replace("\r\n", "\n").strip(),
    }
    html = {mark: escape(value).replace("\n", "<br>") for mark, value in marks.items()}
    return Written(
        subject=subject,
        text=MARK.sub(lambda found: marks[found.group(1)], pattern.text),
        html=MARK.sub(lambda found: html[found.group(1)], pattern.html),
    )


def build_letter(
    pattern: Pattern, person: Person, links: Links, *, message_id: str, at: datetime, correlation: str,
    prefix: str = "",
) -> Letter:
    """Write one mail as bytes: multipart/alternative, text first, base64 (Chinese and long lines pass).

    Raises LetterError when the address cannot be written to a header.
    """
    written = write(pattern, person, links, prefix=prefix)
    recipient = _ascii_address(person.email)
    headers = {
        "From": pattern.from_header,
        "To": _mailbox(one_line(person.name), recipient),
        "Subject": _encoded(written.subject),
        "Date": format_datetime(at),
        "Message-ID": message_id,
        "List-Unsubscribe": f"<{links.stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "X-Csat-Correlation": correlation,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{BOUNDARY}"',
        "Content-Language": "zh-Hans" if pattern.language == "zh-hans" else "en",
    }
    if pattern.reply_to:
        headers["Reply-To"] = pattern.reply_to
    return Letter(sender=pattern.sender, recipient=recipient, raw=_assemble(headers, written))


def _assemble(headers: Mapping[str, str], written: Written) -> bytes:
    lines = []
    for name, value in headers.items():
        # Folded lines come from Header only; anything else with a line break is an attack.
        if re.search(r"[\r\n](?![ \t])", value):
            raise LetterError("bad_header")
        lines.append(f"{name}: {value}".replace("\r\n", "\n").replace("\n", "\r\n").encode("ascii"))
    return b"\r\n".join([
        *lines, b"", *_part("plain", written.text), *_part("html", written.html),
        f"--{BOUNDARY}--".encode(), b"",
    ])


def _part(kind: str, body: str) -> list[bytes]:
    encoded = base64.encodebytes(body.encode()).replace(b"\n", b"\r\n").rstrip()
    return [
        f"--{BOUNDARY}".encode(),
        f"Content-Type: text/{kind}; charset=utf-8".encode(),
        b"Content-Transfer-Encoding: base64", b"", encoded,
    ]


def _ascii_address(email: str) -> str:
    local, _at, domain = email.rpartition("@")
    try:
        address = f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise LetterError("bad_address") from error
    if not local or re.search(r"[\s<>,;\x00-\x20]", address):
        raise LetterError("bad_address")
    return address


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    if name.isascii():
        return formataddr((name[:120], address))
    return f"{_encoded(name[:120])} <{address}>"


def _encoded(text: str) -> str:
    return text if text.isascii() and len(text) < 900 else Header(text, "utf-8", maxlinelen=70).encode()


def _site_host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"
