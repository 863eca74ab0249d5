"""Invitations through one worker, each saved as sent before the next goes, beside a kept session that saves nothing."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Final

from django.core.mail import EmailMultiAlternatives, get_connection
from django.template import engines
from django.test import override_settings
from django.utils import timezone

from benchmarks.answering import make_campaign
from benchmarks.child import server_pids
from benchmarks.clocks import Spent, in_pairs, middle_pair, timed
from benchmarks.figures import Row
from surveys.design.document import parse_document
from surveys.sending.delivery import person_of, send_due
from surveys.sending.letters import build_letter, compile_pattern, links_for, message_id_for
from surveys.sending.models import Campaign, DeliveryState, Invitation
from tests.services.processes import Service, free_port, is_listening

GROUP: Final = "sending"
MAILS: Final = 200
PAIRS: Final = 5
NAME, LINK = "Person 0", "/a/"


def measure(_sizes: Sequence[int]) -> Iterator[Row]:
    """Send in turns by the product's worker and by the bare session."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="csat-bench-mail-") as folder:
        sink = Service([sys.executable, "-m", "benchmarks.sink", str(port)], log=Path(folder) / "sink.log")
        sink.wait_until(lambda: is_listening(port), what="the sink listens")
        try:
            backend = "django.core.mail.backends.smtp.EmailBackend"
            with override_settings(EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port):
                yield from rows()
        finally:
            sink.stop()


def rows() -> Iterator[Row]:
    """The rate, and the processor time of one mail with that of the database."""
    campaigns = [make_campaign(MAILS, f"sending-{number}") for number in range(PAIRS + 1)]
    bare = Bare(sample(campaigns[0]))
    worked(campaigns[0])
    bare.send()
    waiting = iter(campaigns[1:])
    ours, floor = in_pairs(
        lambda: worked(next(waiting)), lambda: timed(bare.send, servers=server_pids()), pairs=PAIRS
    )
    rates = middle_pair([MAILS / s.wall for s in ours], [MAILS / s.wall for s in floor])
    yield Row(GROUP, "invitations, state saved for each", *rates, "mails/s", "one kept session", 0.6, True)
    cost = middle_pair([s.processor / MAILS * 1000 for s in ours], [s.processor / MAILS * 1000 for s in floor])
    yield Row(GROUP, "one invitation", *cost, "ms CPU", "one kept session")


def worked(campaign: Campaign) -> Spent:
    """Send a whole campaign as a worker does."""
    spent = timed(
        lambda: send_due(campaign_id=campaign.pk, worker="bench", clock=timezone.now, seconds=600),
        servers=server_pids(),
    )
    sent = Invitation.objects.filter(campaign=campaign, state=DeliveryState.SENT).count()
    assert sent == MAILS, f"{sent} of {MAILS} are sent"
    return spent


def sample(campaign: Campaign) -> bytes:
    """One of the mails, from which the yardstick makes its own."""
    campaign = Campaign.objects.select_related("team", "version").get(pk=campaign.pk)
    assert campaign.version is not None
    pattern = compile_pattern(campaign=campaign, document=parse_document(campaign.version.document), language="en")
    first = Invitation.objects.filter(campaign=campaign).select_related("contact").order_by("id")[0]
    assert first.contact is not None
    return build_letter(
        pattern, person_of(first.contact), links_for(bytes(first.nonce)), message_id=message_id_for(first),
        at=datetime(2026, 11, 20, tzinfo=UTC), correlation="sample",
    ).raw


class Bare:
    """Django's own mail over one session: the same words, filled in by a template, and no record."""

    def __init__(self, raw: bytes) -> None:
        mail = message_from_bytes(raw)
        texts = [_text(part) for part in mail.walk() if not part.is_multipart()]
        self.text, self.html = (engines["django"].from_string(_with_marks(text)) for text in texts)

    def send(self) -> None:
        """Send as many as the product does."""
        with get_connection() as session:
            for number in range(MAILS):
                values = {"name": f"Person {number}", "key": f"{number:08}"}
                mail = EmailMultiAlternatives(
                    subject=f"How was it, Person {number}?", body=self.text.render(values),
                    from_email="survey@localhost", to=[f"p{number}@customer.example"], connection=session,
                )
                mail.attach_alternative(self.html.render(values), "text/html")
                session.send_messages([mail])


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def _with_marks(text: str) -> str:
    return text.replace(NAME, "{{ name }}").replace(LINK, "/a/{{ key }}")
