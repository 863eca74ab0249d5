"""Send what is due: reserve, write one, claim it, hand it over, write down what happened.

What became of a mail is written in the transaction that claims the next one: one commit per mail, and
still no mail leaves before its own claim is committed. A kill leaves one row in doubt, as ever.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction

from surveys.contacts.models import Contact
from surveys.design.document import Document, parse_document
from surveys.sending import failpoints, ledger
from surveys.sending.letters import (
    LetterError,
    Pattern,
    Person,
    build_letter,
    compile_pattern,
    links_for,
    message_id_for,
)
from surveys.sending.models import Campaign, Invitation
from surveys.sending.timeline import nobody, note
from surveys.sending.transport import Letter, Outcome, Result, Session, open_session

BATCH: Final = 50
log = logging.getLogger(__name__)
Clock = Callable[[], datetime]


class Handed(NamedTuple):
    """A mail that the server has answered for; the ledger does not know it yet."""

    invitation: Invitation
    outcome: Outcome
    at: datetime


@dataclass
class Run:
    """One worker's go at one campaign: its line to the mail server and its compiled patterns."""

    campaign: Campaign
    document: Document
    session: Session
    worker: str
    clock: Clock
    patterns: dict[str, Pattern] = field(default_factory=dict)
    sent: int = 0
    is_halted: bool = False
    handed: Handed | None = None

    def pattern(self, language: str) -> Pattern:
        """Return the mail's pattern in a language, compiled when first needed."""
        if language not in self.patterns:
            self.patterns[language] = compile_pattern(
                campaign=self.campaign, document=self.document, language=language
            )
        return self.patterns[language]


def send_due(*, campaign_id: int, worker: str, clock: Clock, seconds: float) -> bool:
    """Send a campaign's due mail for at most `seconds`; return whether more is due.

    Harmless when called twice or killed anywhere: the ledger says what is left.
    """
    campaign = Campaign.objects.select_related("team", "version").filter(pk=campaign_id).first()
    if campaign is None or campaign.version is None:
        return False
    until = clock() + timedelta(seconds=seconds)
    document = parse_document(campaign.version.document)
    with open_session() as session:
        run = Run(campaign=campaign, document=document, session=session, worker=worker, clock=clock)
        while clock() < until and not run.is_halted:
            if not _send_batch(run, until):
                ledger.finish_done(at=clock(), campaign_id=campaign_id)
                return False
    return not run.is_halted


def _send_batch(run: Run, until: datetime) -> int:
    mark = ledger.new_mark(run.worker)
    batch = ledger.reserve_batch(campaign_id=run.campaign.pk, mark=mark, at=run.clock(), size=BATCH)
    try:
        for invitation in batch:
            if run.is_halted or run.clock() >= until:
                break
            invitation.campaign = run.campaign
            _send_one(run, invitation, mark)
    finally:
        # Whatever stopped the batch, the last mail was answered for.
        _settle_handed(run, mark)
    ledger.release(mark=mark, at=run.clock())
    return len(batch)


def _send_one(run: Run, invitation: Invitation, mark: str) -> None:
    letter = _write(run, invitation)
    if not _claim_next(run, invitation, mark):
        return
    outcome = letter if isinstance(letter, Outcome) else run.session.send(letter)
    if outcome.result is Result.SENT:
        failpoints.reach("after_smtp_250")
    if outcome.result is Result.HALT:
        _halt(run, invitation, mark, outcome)
        return
    run.handed = Handed(invitation, outcome, run.clock())
    run.sent += outcome.result is Result.SENT
    run.is_halted = outcome.reason in ("server_unreachable", "encryption_failed")


def _claim_next(run: Run, invitation: Invitation, mark: str) -> bool:
    """Settle the mail before and claim this one, both or neither; tell whether it may go."""
    team_id, at = run.campaign.team_id, run.clock()
    with transaction.atomic():
        _settle(run, mark)
        is_ours = ledger.claim(invitation=invitation, mark=mark, team_id=team_id, at=at)
    run.handed = None
    if not is_ours:
        ledger.explain_refused_claim(invitation=invitation, mark=mark, team_id=team_id, at=at)
    return is_ours


def _settle_handed(run: Run, mark: str) -> None:
    with transaction.atomic():
        _settle(run, mark)
    run.handed = None


def _settle(run: Run, mark: str) -> None:
    """Write down what became of the mail before; `run` forgets it only after the commit."""
    if run.handed is None:
        return
    invitation, outcome, at = run.handed
    ledger.settle(invitation=invitation, mark=mark, outcome=outcome, at=at)
    if outcome.is_dead_address:
        ledger.suppress_dead_address(invitation=invitation, team_id=run.campaign.team_id, at=at)


def _halt(run: Run, invitation: Invitation, mark: str, outcome: Outcome) -> None:
    """The server refuses us, not this person: stop the campaign and say why."""
    run.is_halted = True
    ledger.put_back(invitation=invitation, mark=mark, at=run.clock())
    if ledger.pause_for(campaign_id=run.campaign.pk, reason=outcome.reason):
        campaign = run.campaign
        note(nobody(campaign.team), campaign, "campaign.halted", at=run.clock(), detail={"reason": outcome.reason})
    log.error("campaign paused", extra={"campaign": run.campaign.pk, "reason": outcome.reason})


def _write(run: Run, invitation: Invitation) -> Letter | Outcome:
    """Write the mail, or the outcome of one that cannot be written: it never stops the others."""
    if invitation.contact is None:
        return Outcome(Result.FAILED, reason="contact_removed")
    try:
        return build_letter(
            run.pattern(invitation.language), person_of(invitation.contact), links_for(bytes(invitation.nonce)),
            message_id=message_id_for(invitation), at=run.clock(), correlation=f"inv-{invitation.pk}",
        )
    except (LetterError, UnicodeError, ValueError) as error:
        log.warning("mail cannot be written", extra={"invitation": invitation.pk, "kind": type(error).__name__})
        return Outcome(Result.FAILED, reason="cannot_be_written")


def person_of(contact: Contact) -> Person:
    """Return what the mail needs of a contact."""
    return Person(
        email=contact.email, name=contact.name, salutation=contact.salutation, attributes=contact.attributes
    )
