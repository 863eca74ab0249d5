"""Read the demo's local mail sink: one .eml file per message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

MAIL_ID: Final = re.compile(r"^[A-Za-z0-9_-]{1,80}$")


@dataclass(frozen=True)
class Mail:
    """One message as the sink received it."""

    id: str
    to: str
    sender: str
    subject: str
    sent_at: datetime | None
    text: str
    html: str


def list_mails(folder: Path, *, newest: int = 200) -> list[Mail]:
    """List the newest messages, newest first; an absent folder holds none."""
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [_read(path) for path in files[:newest]]


def get_mail(folder: Path, mail_id: str) -> Mail | None:
    """Return one message by its id, or None; an id never leaves the folder."""
    path = folder / f"{mail_id}.eml"
    if not MAIL_ID.match(mail_id) or not path.is_file():
        return None
    return _read(path)


def _read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return Mail(
        id=path.stem, to=str(message["To"] or ""), sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""), sent_at=_sent_at(message),
        text=_part(message, "plain"), html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""


def _sent_at(message: EmailMessage) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(message["Date"]))
    except (TypeError, ValueError):
        return None
    # "-0000" says: this is UTC, the sender's own zone is not known; Python then leaves the zone out.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
