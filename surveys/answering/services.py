"""Write answers: one invitation is one response, whatever is repeated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from surveys.answering.answers import PageAnswers, PostedLists, asked_only, first_incomplete_page, read_page
from surveys.answering.at_once import store_first
from surveys.answering.days import moment_of_day
from surveys.answering.gates import pass_gate
from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.answering.wake import rows_changed, wake_on_commit
from surveys.contacts.models import ContactAttribute
from surveys.design.document import Document
from surveys.design.selectors import get_document
from surveys.sending.models import Invitation


class IncompleteError(ValueError):
    """A required answer is missing; `page` (from 0) is the first page that lacks one."""

    def __init__(self, page: int) -> None:
        super().__init__(f"page {page}")
        self.page = page


class NotOfferedError(ValueError):
    """The score is none that the question offers."""


def save_page(
    *, invitation: Invitation, given: PageAnswers, language: str, reached: int, at: datetime
) -> Response:
    """Store one page's answers without asking whether they are all there.

    `reached` is the page the person goes to. In a response already sent, an answer that is needed is
    never taken away: the earlier one stays. Raises ShutGateError.
    """
    pass_gate(invitation=invitation, at=at)
    with transaction.atomic():
        if invitation.started_at is None:
            # Before the response, in the order in which `_complete_at_once` takes them: no deadlock.
            _mark_started(invitation, at)
        response = _locked(invitation, language, at)
        if response.state == ResponseState.COMPLETE:
            return _edit(response, _kept_complete(response, given), language, at)
        response.answers = given.merged_into(response.answers)
        response.page = max(response.page, reached)
        response.language, response.updated_at = language, at
        response.save(update_fields=["answers", "page", "language", "updated_at"])
        return response


def complete_response(
    *, invitation: Invitation, given: PageAnswers, language: str, at: datetime
) -> Response | None:
    """Send the answers: response, invitation and the wish for a recompute in one transaction.

    Said again, it changes nothing and returns the same response (None for an anonymous one that was
    sent before). Raises ShutGateError, or IncompleteError, and then nothing is stored.
    """
    pass_gate(invitation=invitation, at=at)
    is_unlinked = invitation.campaign.questionnaire.is_anonymous and not invitation.is_test
    if invitation.started_at is None and not is_unlinked:
        made = _complete_at_once(invitation, given, language, at)
        if made:
            return made
    with transaction.atomic():
        if is_unlinked:
            return _complete_unlinked(invitation, given, language, at)
        response = _locked(invitation, language, at)
        answers = _whole(_version_document(invitation), given.merged_into(response.answers))
        if response.state == ResponseState.COMPLETE:
            return _edit(response, answers, language, at)
        return _complete(response, invitation, answers, given.page, language, at)


def change_score(*, invitation: Invitation, key: str, score: str, at: datetime) -> Response:
    """Change one score of a response already sent, as the customer confirmed.

    Raises ShutGateError, NotOfferedError, and Response.DoesNotExist where nothing was sent.
    """
    pass_gate(invitation=invitation, at=at)
    document = _version_document(invitation)
    with transaction.atomic():
        response = Response.objects.select_for_update().get(invitation=invitation, state=ResponseState.COMPLETE)
        value = _score_of(document, key, score, response.answers)
        answers = _whole(document, {**response.answers, key: value})
        return _edit(response, answers, response.language, at)


def _score_of(document: Document, key: str, score: str, answers: Mapping[str, Any]) -> int:
    for number, page in enumerate(document.pages):
        if any(item.key == key for question in page.questions for item in question.items):
            value = read_page(document, number, PostedLists({key: [score]}), answers).answers.get(key)
            if isinstance(value, int):
                return value
    raise NotOfferedError(key)


def _version_document(invitation: Invitation) -> Document:
    assert invitation.campaign.version is not None
    return get_document(version=invitation.campaign.version)


def _whole(document: Document, answers: Mapping[str, Any]) -> dict[str, Any]:
    kept = asked_only(document, answers)
    missing = first_incomplete_page(document, kept)
    if missing is not None:
        raise IncompleteError(missing)
    return kept


def _kept_complete(response: Response, given: PageAnswers) -> dict[str, Any]:
    lacking = {problem.key for problem in given.problems}
    held = {key: answer for key, answer in response.answers.items() if key in lacking}
    return {**given.merged_into(response.answers), **held}


def _locked(invitation: Invitation, language: str, at: datetime) -> Response:
    """Return the invitation's response, locked to the end of the transaction; made if there is none.

    Two at once: the unique invitation lets one insert win, the other finds its row.
    """
    rows = Response.objects.select_for_update().filter(invitation=invitation)
    found = rows.first()
    if found is None:
        Response.objects.bulk_create([_new(invitation, language, at)], ignore_conflicts=True)
        found = rows.get()
    return found


def _new(invitation: Invitation, language: str, at: datetime) -> Response:
    campaign = invitation.campaign
    assert campaign.version_id is not None
    return Response(
        team_id=campaign.team_id, questionnaire_id=campaign.questionnaire_id, version_id=campaign.version_id,
        campaign=campaign, invitation=invitation, contact_id=invitation.contact_id, language=language,
        attributes=invitation.attributes, wave=campaign.wave, is_test=invitation.is_test,
        started_at=at, updated_at=at,
    )


def _complete(
    response: Response, invitation: Invitation, answers: dict[str, Any], page: int, language: str, at: datetime
) -> Response:
    response.answers, response.language, response.page = answers, language, page
    response.state, response.completed_at, response.updated_at = ResponseState.COMPLETE, at, at
    response.save(update_fields=["answers", "language", "page", "state", "completed_at", "updated_at"])
    _mark_completed(invitation, at)
    if not response.is_test:
        _note(response.questionnaire_id, at)
    return response


def _complete_at_once(
    invitation: Invitation, given: PageAnswers, language: str, at: datetime
) -> Response | None:
    """Store the answers of somebody who sends them with the first press; None when that was not the first."""
    response = _new(invitation, language, at)
    response.answers, response.page = _whole(_version_document(invitation), given.merged_into({})), given.page
    response.state, response.completed_at = ResponseState.COMPLETE, at
    if not store_first(response=response, at=at):
        return None
    if not response.is_test:
        wake_on_commit(response.questionnaire_id)
    return response


def _complete_unlinked(
    invitation: Invitation, given: PageAnswers, language: str, at: datetime
) -> Response | None:
    """Spend the invitation and store a response that no column leads back from.

    The row is a new one: the partial one's id and times would betray who began when.
    """
    zone = ZoneInfo(invitation.campaign.team.time_zone)
    if not _mark_completed(invitation, start_of_day(at, zone), is_coarse=True):
        return None
    partial = Response.objects.select_for_update().filter(invitation=invitation).first()
    earlier = partial.answers if partial else {}
    day = moment_of_day(at.astimezone(zone).date(), zone)
    response = _new(invitation, language, day)
    response.answers = _whole(_version_document(invitation), given.merged_into(earlier))
    response.invitation, response.contact_id = None, None
    response.attributes = _dimensions_only(invitation)
    response.page, response.state, response.completed_at = given.page, ResponseState.COMPLETE, day
    if partial:
        partial.delete()
    response.save(force_insert=True)
    _note(response.questionnaire_id, at)
    return response


def _dimensions_only(invitation: Invitation) -> dict[str, Any]:
    """Keep what results are shown by; the rest of a customer's record could name the customer."""
    keys = set(
        ContactAttribute.objects.filter(team_id=invitation.campaign.team_id, is_dimension=True)
        .values_list("key", flat=True)
    )
    return {key: level for key, level in invitation.attributes.items() if key in keys}


def start_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight, in a time zone, of the day that holds `at`."""
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _edit(response: Response, answers: dict[str, Any], language: str, at: datetime) -> Response:
    """Change a response already sent; the same answers again change nothing."""
    if answers == response.answers:
        return response
    response.answers, response.language, response.updated_at = answers, language, at
    response.revision += 1
    response.save(update_fields=["answers", "language", "updated_at", "revision"])
    if not response.is_test:
        rows_changed(response.questionnaire_id, [response.block_id], at)
        _note(response.questionnaire_id, at)
    return response


def _note(questionnaire_id: int, at: datetime) -> None:
    RecomputeNote.objects.create(questionnaire_id=questionnaire_id, at=at)
    wake_on_commit(questionnaire_id)


def _mark_started(invitation: Invitation, at: datetime) -> None:
    Invitation.objects.filter(pk=invitation.pk, started_at__isnull=True).update(
        started_at=at, opened_at=Coalesce("opened_at", Value(at))
    )


def _mark_completed(invitation: Invitation, at: datetime, *, is_coarse: bool = False) -> bool:
    """Spend the invitation; return False when it was spent before."""
    earlier = (
        {"started_at": at, "opened_at": at} if is_coarse
        else {"started_at": Coalesce("started_at", Value(at)), "opened_at": Coalesce("opened_at", Value(at))}
    )
    spent = Invitation.objects.filter(pk=invitation.pk, completed_at__isnull=True).update(
        completed_at=at, **earlier
    )
    return spent == 1
