"""Create, launch, pause and answer for campaigns; note what people do with their invitations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from accounts.models import Team, User
from surveys.contacts.bulk import JsonText, insert_rows
from surveys.contacts.models import Segment, SuppressionReason
from surveys.contacts.selectors import left_out_reason, list_audience, list_suppressed_hashes
from surveys.contacts.services import lift_suppression, suppress
from surveys.design.document import Document, parse_document
from surveys.design.models import Questionnaire, QuestionnaireVersion
from surveys.sending import ledger
from surveys.sending.letters import Links, Person, build_letter, compile_pattern
from surveys.sending.lookup import note_first_opening
from surveys.sending.models import Campaign, CampaignState, DeliveryState, Invitation
from surveys.sending.tokens import hash_token, new_nonce, token_for
from surveys.sending.transport import Outcome, open_session
from surveys.sending.wake import wake_sender_on_commit

READ_AT_ONCE = 5000
INVITATION_FIELDS = ("contact_id", "nonce", "token_hash", "language", "attributes")


class NotPublishedError(ValueError):
    """The questionnaire has no published version, so there is nothing to send."""


class ArchivedError(ValueError):
    """The questionnaire is archived, so every link to it is shut."""


class EmptyAudienceError(ValueError):
    """Nobody of the audience can be written to."""


class TextsMissingError(ValueError):
    """The mail has no subject or message in a language that the audience needs."""


class CampaignLaunchedError(ValueError):
    """The campaign has been launched; its mail and audience no longer change."""


def create_campaign(
    *, team: Team, name: str, questionnaire: Questionnaire, segment: Segment | None, sender_name: str,
    user: User | None, at: datetime,
) -> Campaign:
    """Start a campaign as a draft."""
    return Campaign.objects.create(
        team=team, name=name, questionnaire=questionnaire, segment=segment, sender_name=sender_name,
        reply_to=team.reply_to, created_by=user, created_at=at,
    )


def duplicate_campaign(*, campaign: Campaign, user: User | None, at: datetime) -> Campaign:
    """Start a draft with the same questionnaire, audience, sender and words; time and wave are chosen afresh."""
    copied = ("team", "questionnaire", "segment", "subject", "message", "sender_name", "sender_title", "reply_to")
    return Campaign.objects.create(
        name=campaign.name, created_by=user, created_at=at, **{name: getattr(campaign, name) for name in copied}
    )


def update_draft(*, campaign: Campaign, changes: Mapping[str, object]) -> Campaign:
    """Change a draft. Raises CampaignLaunchedError where it is a draft no more."""
    if not Campaign.objects.filter(pk=campaign.pk, state=CampaignState.DRAFT).update(**changes):
        raise CampaignLaunchedError(campaign.pk)
    for name, value in changes.items():
        setattr(campaign, name, value)
    return campaign


def launch_campaign(*, campaign: Campaign, at: datetime) -> bool:
    """Fix the version, write one invitation per reachable contact, and wake a sender.

    Returns False, and does nothing, when somebody else has launched it: two presses make one wave.
    Raises NotPublishedError, ArchivedError, TextsMissingError or EmptyAudienceError; then nothing is stored.
    """
    version = campaign.questionnaire.versions.order_by("-number").first()
    if version is None:
        raise NotPublishedError(campaign.questionnaire_id)
    with transaction.atomic():
        _require_in_use(campaign)
        won = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.DRAFT).update(
            state=CampaignState.SENDING, version=version, launched_at=at, pause_reason=""
        )
        if not won:
            return False
        campaign.refresh_from_db()
        left_out = _write_invitations(campaign, version, at)
        Campaign.objects.filter(pk=campaign.pk).update(left_out=left_out)
        wake_sender_on_commit(campaign.pk)
    campaign.refresh_from_db()
    return True


def _require_in_use(campaign: Campaign) -> None:
    """Raise ArchivedError for an archived questionnaire; nobody archives it before the transaction ends."""
    questionnaire = Questionnaire.objects.select_for_update(no_key=True).only("archived_at").get(pk=campaign.questionnaire_id)
    if questionnaire.archived_at is not None:
        raise ArchivedError(questionnaire.pk)


def _write_invitations(campaign: Campaign, version: QuestionnaireVersion, at: datetime) -> dict[str, int]:
    """Insert the invitations in bulk; return how many contacts were left out, by reason."""
    stopped = list_suppressed_hashes(team=campaign.team)
    languages = parse_document(version.document).languages
    left_out: dict[str, int] = {}
    used: set[str] = set()

    def rows() -> Iterator[tuple[object, ...]]:
        # The attributes are passed on as they are written: to read them and write them again takes longer
        # than all the rest.
        contacts = list_audience(team=campaign.team, segment=campaign.segment).values_list(
            "id", "email_key", "language", Cast("attributes", TextField())
        )
        for contact_id, key, wanted, attributes in contacts.iterator(chunk_size=READ_AT_ONCE):
            reason = left_out_reason(key, stopped)
            if reason:
                left_out[reason] = left_out.get(reason, 0) + 1
                continue
            language = language_for(wanted, campaign.team, languages)
            used.add(language)
            nonce = new_nonce()
            token = hash_token(token_for(nonce))
            yield contact_id, nonce, token, language, JsonText(attributes)

    same = {"campaign_id": campaign.pk, "due_at": at, "created_at": at}
    if not insert_rows(model=Invitation, fields=INVITATION_FIELDS, rows=rows(), same=same):
        raise EmptyAudienceError(campaign.pk)
    if any(not campaign.subject.get(one) or not campaign.message.get(one) for one in used):
        raise TextsMissingError(campaign.pk)
    return left_out


def language_for(wanted: str, team: Team, offered: Sequence[str]) -> str:
    """Return the contact's language if the questionnaire has it, else the team's, else its first."""
    return next(language for language in (wanted, team.default_language, offered[0]) if language in offered)


def pause_campaign(*, campaign: Campaign) -> bool:
    """Stop sending after the mail in hand; return False when it was not sending."""
    return ledger.pause_for(campaign_id=campaign.pk, reason="")


@transaction.atomic
def resume_campaign(*, campaign: Campaign, at: datetime) -> bool:
    """Go on sending where it stopped; return False when it was not paused. Raises ArchivedError."""
    _require_in_use(campaign)
    resumed = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.PAUSED).update(
        state=CampaignState.SENDING, pause_reason=""
    )
    if resumed:
        ledger.finish_done(at=at, campaign_id=campaign.pk)
        wake_sender_on_commit(campaign.pk)
    return resumed == 1


def cancel_campaign(*, campaign: Campaign) -> bool:
    """End a campaign for good: mail still waiting is cancelled, links already sent go on working."""
    with transaction.atomic():
        ended = Campaign.objects.filter(
            pk=campaign.pk, state__in=[CampaignState.DRAFT, CampaignState.SENDING, CampaignState.PAUSED]
        ).update(state=CampaignState.CANCELLED, pause_reason="")
        if ended:
            Invitation.objects.filter(campaign=campaign, state__in=ledger.TO_SEND).update(
                state=DeliveryState.CANCELLED, reason="campaign_cancelled"
            )
    return ended == 1


@transaction.atomic
def resend(*, campaign: Campaign, states: Sequence[str], at: datetime, ids: list[int] | None = None) -> int:
    """Send failed or unknown mail again on a person's word; return to how many. Raises ArchivedError."""
    _require_in_use(campaign)
    again = ledger.reopen(campaign_id=campaign.pk, states=list(states), at=at, ids=ids)
    if again:
        wake_sender_on_commit(campaign.pk)
    return again


def send_test(
    *, campaign: Campaign, version: QuestionnaireVersion, person: Person, links: Links, prefix: str, at: datetime
) -> list[Outcome]:
    """Send the mail to one address in every language it has, over the same way as the real one.

    The links open the preview, so that nothing a tester does is counted.
    """
    return send_test_of(
        campaign=campaign, document=parse_document(version.document), person=person, links=links, prefix=prefix, at=at
    )


def send_test_of(
    *, campaign: Campaign, document: Document, person: Person, links: Links, prefix: str, at: datetime
) -> list[Outcome]:
    """Send the mail around any document, such as a draft, to one address in every language it has."""
    with open_session() as session:
        return [
            session.send(build_letter(
                compile_pattern(campaign=campaign, document=document, language=language), person, links,
                message_id=f"<test-{campaign.questionnaire_id}-{new_nonce().hex()}@localhost>", at=at, correlation="test",
                prefix=prefix,
            ))
            for language in document.languages
        ]


def note_opened(*, invitation: Invitation, at: datetime) -> None:
    """Note the first time the page was fetched: a lower bound and often a machine."""
    if invitation.opened_at is None:
        note_first_opening(invitation_id=invitation.pk, at=at)


def stop_mail(*, invitation: Invitation, at: datetime) -> None:
    """Never write to this person again, at once: rows that wait for them are closed too."""
    if invitation.contact is None:
        return
    suppress(
        team=invitation.campaign.team, email=invitation.contact.email_key,
        reason=SuppressionReason.UNSUBSCRIBED, at=at,
    )
    Invitation.objects.filter(contact=invitation.contact, state__in=ledger.TO_SEND).update(
        state=DeliveryState.SUPPRESSED, reason="stopped"
    )


def undo_stop(*, invitation: Invitation) -> bool:
    """Take back what this person stopped themselves; other reasons stay."""
    if invitation.contact is None:
        return False
    return lift_suppression(
        team=invitation.campaign.team, email=invitation.contact.email_key,
        reason=SuppressionReason.UNSUBSCRIBED,
    )
