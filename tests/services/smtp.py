"""A real SMTP server that does what a test tells it: refuse, cut the line, wait; and keeps every message."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LINK = re.compile(r"https?://[^\s\"'<>]+")


@dataclass(frozen=True)
class Mail:
    """One accepted message."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def body(self, kind: str = "plain") -> str:
        part = self.message.get_body((kind,))
        return "" if part is None else str(part.get_content())

    @property
    def links(self) -> list[str]:
        return LINK.findall(self.body("plain")) or LINK.findall(self.body("html"))


@dataclass
class Mailbox:
    """What the server has received, and how it shall behave.

    `mail_reply`, `rcpt_reply`, `data_reply`: text such as "451 Try later", or a function of the address
    (of the Mail for data) that returns such a text or None to accept. `cut_after_data`: take the message,
    then close the line without a reply. `delay`: seconds before the reply to DATA. `on_data`: called with
    each Mail once it is kept and before the reply is sent, e.g. to kill the sender at that very point.
    """

    messages: list[Mail] = field(default_factory=list)
    mail_reply: str | Callable[[str], str | None] | None = None
    rcpt_reply: str | Callable[[str], str | None] | None = None
    data_reply: str | Callable[[Mail], str | None] | None = None
    cut_after_data: bool = False
    delay: float = 0
    on_data: Callable[[Mail], None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        fresh = Mailbox()
        with self.lock:
            for name in ("messages", "mail_reply", "rcpt_reply", "data_reply", "cut_after_data", "delay", "on_data"):
                setattr(self, name, getattr(fresh, name))

    def to(self, address: str) -> list[Mail]:
        with self.lock:
            return [mail for mail in self.messages if address in mail.recipients]

    @property
    def recipients(self) -> list[str]:
        with self.lock:
            return [address for mail in self.messages for address in mail.recipients]


def answer(rule: Any, subject: Any) -> str | None:
    return rule(subject) if callable(rule) else rule


class Handler:
    """The conversation, by the rules of the mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if reply := answer(self.mailbox.mail_reply, address):
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if reply := answer(self.mailbox.rcpt_reply, address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), bytes(envelope.content or b""))
        if reply := answer(self.mailbox.data_reply, mail):
            return reply
        with self.mailbox.lock:
            self.mailbox.messages.append(mail)
        if self.mailbox.on_data:
            await asyncio.to_thread(self.mailbox.on_data, mail)
        if self.mailbox.delay:
            await asyncio.sleep(self.mailbox.delay)
        if self.mailbox.cut_after_data:
            server.transport.abort()
        return "250 OK"


class MailServer:
    """The server in a thread of the suite; it can be stopped and started on the same port."""

    def __init__(self, port: int, **options: Any) -> None:
        self.port = port
        self.options = options
        self.mailbox = Mailbox()
        self.controller: Controller | None = None
        self.start()

    def start(self) -> None:
        if self.controller is None:
            self.controller = Controller(Handler(self.mailbox), hostname="127.0.0.1", port=self.port, **self.options)
            self.controller.start()

    def stop(self) -> None:
        if self.controller:
            self.controller.stop()
            self.controller = None
