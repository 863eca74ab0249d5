"""One SMTP session per batch, with the phase of the conversation known exactly.

What breaks before DATA has surely not been delivered and is tried again; what breaks after the
message went out and before the server's reply is unknown and never repeated blindly.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Final, Protocol, Self

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

ENHANCED: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
LEADING_DOT: Final = re.compile(rb"(?m)^\.")
LOGIN_CODES: Final = frozenset({530, 534, 535, 538})
TEMPORARY_THOUGH_5XX: Final = frozenset({"5.4.4"})
NO_SUCH_MAILBOX: Final = frozenset({"5.1.1", "5.1.10"})
NETWORK_ERRORS: Final = (OSError, smtplib.SMTPServerDisconnected, ssl.SSLError)


class Result(StrEnum):
    """What became of one mail."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HALT = "halt"


@dataclass(frozen=True)
class Outcome:
    """The result of one try; `reason` is a code for people's sentences, never the server's own words."""

    result: Result
    code: int | None = None
    reason: str = ""
    is_dead_address: bool = False


@dataclass(frozen=True)
class Letter:
    """A mail ready to go: `raw` is the whole message in bytes with CRLF line ends."""

    sender: str
    recipient: str
    raw: bytes


class Session(Protocol):
    """Something that mails can be handed to."""

    def send(self, letter: Letter) -> Outcome:
        """Hand over one mail and say what became of it; never raises for what a server did."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ConnectError(Exception):
    """The mail server cannot be reached or refuses to talk; `outcome` says what to do with the mail."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def open_session() -> Session:
    """Return a session for the configured mail settings; it connects when the first mail is sent."""
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return SmtpSession()
    return BackendSession()


class SmtpSession:
    """A kept connection, opened when needed and again after it was dropped."""

    def __init__(self) -> None:
        self.line: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> None:
        """Open the line unless it is open. Raises ConnectError."""
        if self.line is None:
            self.line = _open_line()

    def send(self, letter: Letter) -> Outcome:
        """Send one mail; a session that the server ended between two mails is opened again once."""
        was_open = self.line is not None
        outcome = self._try(letter)
        if was_open and self.line is None and outcome.result is Result.RETRY:
            outcome = self._try(letter)
        return outcome

    def _try(self, letter: Letter) -> Outcome:
        try:
            self.connect()
        except ConnectError as error:
            return error.outcome
        assert self.line is not None
        try:
            refused = _envelope(self.line, letter)
        except NETWORK_ERRORS:
            self._drop()
            return Outcome(Result.RETRY, reason="line_dropped")
        if refused is not None:
            self._after_refusal(refused)
            return refused
        return self._body(self.line, letter)

    def _body(self, line: smtplib.SMTP, letter: Letter) -> Outcome:
        """From here on the server may have the message, whatever happens to the line."""
        try:
            line.send(LEADING_DOT.sub(b"..", letter.raw) + b".\r\n")
            code, words = line.getreply()
        except NETWORK_ERRORS:
            self._drop()
            return Outcome(Result.UNKNOWN, reason="no_reply")
        outcome = classify(code, words)
        self._after_refusal(outcome)
        return outcome

    def _after_refusal(self, outcome: Outcome) -> None:
        if outcome.code == 421 or outcome.result is Result.HALT:
            self._drop()
        elif outcome.result is not Result.SENT and self.line is not None:
            try:
                self.line.rset()
            except NETWORK_ERRORS:
                self._drop()

    def _drop(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None

    def close(self) -> None:
        """Take leave of the server."""
        if self.line is not None:
            with suppress(*NETWORK_ERRORS, smtplib.SMTPException):
                self.line.quit()
            self._drop()


def _open_line() -> smtplib.SMTP:
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    try:
        line = kind(
            settings.EMAIL_HOST, settings.EMAIL_PORT,
            local_hostname=_own_name(), timeout=settings.EMAIL_TIMEOUT or 20,
        )
        if settings.EMAIL_USE_TLS:
            line.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            line.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        line.ehlo_or_helo_if_needed()
    except smtplib.SMTPAuthenticationError as error:
        raise ConnectError(Outcome(Result.HALT, error.smtp_code, "login_refused")) from error
    except smtplib.SMTPNotSupportedError as error:
        raise ConnectError(Outcome(Result.HALT, None, "encryption_not_offered")) from error
    except smtplib.SMTPResponseException as error:
        raise ConnectError(Outcome(Result.RETRY, error.smtp_code, "server_busy")) from error
    except ssl.SSLError as error:
        raise ConnectError(Outcome(Result.RETRY, None, "encryption_failed")) from error
    except (OSError, smtplib.SMTPException) as error:
        raise ConnectError(Outcome(Result.RETRY, None, "server_unreachable")) from error
    return line


def _own_name() -> str:
    return settings.SITE_URL.partition("://")[2].partition("/")[0].partition(":")[0] or "localhost"


def _envelope(line: smtplib.SMTP, letter: Letter) -> Outcome | None:
    """MAIL, RCPT and DATA; return None once the server waits for the message, else its refusal."""
    code, words = line.docmd(f"MAIL FROM:<{letter.sender}>")
    if code != 250:
        return classify(code, words)
    code, words = line.docmd(f"RCPT TO:<{letter.recipient}>")
    if code not in (250, 251):
        return classify(code, words)
    code, words = line.docmd("DATA")
    return None if code == 354 else classify(code, words)


def classify(code: int, words: bytes) -> Outcome:
    """Say what a server's reply means for this mail (RFC 5321 codes, RFC 3463 enhanced codes)."""
    found = ENHANCED.search(words.decode("ascii", "replace"))
    enhanced = found.group(1) if found else ""
    if 200 <= code < 300:
        return Outcome(Result.SENT, code)
    if code in LOGIN_CODES:
        return Outcome(Result.HALT, code, "login_refused")
    if 400 <= code < 500 or enhanced in TEMPORARY_THOUGH_5XX:
        return Outcome(Result.RETRY, code, _reason(code, enhanced))
    if 500 <= code < 600:
        is_dead = code == 550 and enhanced in NO_SUCH_MAILBOX
        return Outcome(Result.FAILED, code, _reason(code, enhanced), is_dead_address=is_dead)
    return Outcome(Result.RETRY, None, "line_dropped")


def _reason(code: int, enhanced: str) -> str:
    if enhanced in NO_SUCH_MAILBOX:
        return "no_such_mailbox"
    if enhanced.endswith("2.2") or code in (452, 552):
        return "mailbox_full"
    if enhanced.startswith(("5.7", "4.7")) or code == 554:
        return "refused_as_spam"
    return "server_busy" if code < 500 else "refused"


class BackendSession:
    """Any other Django mail backend (console, files): taken is sent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def connect(self) -> None:
        """Nothing to open."""

    def send(self, letter: Letter) -> Outcome:
        """Hand the raw message to the backend."""
        get_connection().send_messages([_RawMessage(letter)])
        return Outcome(Result.SENT, 250)


class _RawMessage(EmailMultiAlternatives):
    """A finished message in the shape that Django's backends expect."""

    def __init__(self, letter: Letter) -> None:
        super().__init__(from_email=letter.sender, to=[letter.recipient])
        self.raw = letter.raw

    def message(self, *, policy: object = None) -> _Bytes:  # type: ignore[override]
        """Return the finished message."""
        return _Bytes(self.raw)


class _Bytes:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def as_bytes(self, *, linesep: str = "\n") -> bytes:
        """Return the message with the line ends asked for."""
        return self.raw.replace(b"\r\n", linesep.encode())

    def as_string(self) -> str:
        """Return the message as text."""
        return self.raw.decode("utf-8", "replace")

    def get_charset(self) -> None:
        """Let the backend choose."""
        return
