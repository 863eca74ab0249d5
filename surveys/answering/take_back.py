"""Take an import back: all the responses that came with it are erased, in parts, however often that is interrupted.

The press writes the state *being taken back* with who, when and why; that row is the record. Each part is one
transaction that erases and counts, and the one that finds nothing left says *taken back*. Whoever is killed in between
has lost nothing: the sweep finds the state and goes on with what is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet

from accounts.access import Actor
from accounts.audit import record_event
from accounts.wake import ring
from surveys.answering.erasing import erase_responses
from surveys.answering.models import Response, ResponseImport, ResponseSource
from surveys.answering.wake import wake_on_commit
from surveys.design.models import Questionnaire
from surveys.sending import failpoints

AT_ONCE: Final = 2000
"""Responses erased in one transaction; an import of no more is taken back while the person waits."""
TASK: Final = "surveys.answering.tasks.take_back_import"
State = ResponseImport.State


class NotToTakeBackError(ValueError):
    """The import has brought no response, is not done, or is taken back already."""


@dataclass(frozen=True)
class Harvest:
    """What is there of an import's responses, and how many of them were changed after they came in."""

    responses: int
    changed: int


def can_be_taken_back(response_import: ResponseImport) -> bool:
    """Tell whether an import is done, has brought responses, and nobody is taking it back."""
    return response_import.state == State.DONE and response_import.first_response_id is not None


def responses_of(response_import: ResponseImport) -> QuerySet[Response]:
    """The responses that came with an import and are still there."""
    return Response.objects.filter(
        questionnaire=response_import.questionnaire_id, source=ResponseSource.IMPORT,
        id__range=(response_import.first_response_id or 0, response_import.last_response_id or 0),
    )


def count_harvest(response_import: ResponseImport) -> Harvest:
    """Count the responses of an import, and those of them that were changed since."""
    return Harvest(**responses_of(response_import).aggregate(responses=Count("id"), changed=Count("id", filter=Q(revision__gt=1))))


def take_back_import(*, actor: Actor, response_import: ResponseImport, reason: str, at: datetime) -> int:
    """Begin to take an import back, and finish it at once where it is small; return how many responses it is about.

    Raises NotToTakeBackError on a second press, and then changes nothing.
    """
    with transaction.atomic():
        # As an import does: no row is found known here that is erased a moment later.
        Questionnaire.objects.select_for_update(no_key=True).get(pk=response_import.questionnaire_id)
        won = ResponseImport.objects.filter(
            pk=response_import.pk, state=State.DONE, first_response_id__isnull=False,
        ).update(state=State.TAKING_BACK, taken_back_by=actor.user, take_back_asked_at=at, take_back_reason=reason)
        if not won:
            raise NotToTakeBackError(response_import.pk)
        found = count_harvest(response_import).responses
        record_event(
            actor=actor, action="responses.taken_back", target=f"questionnaire {response_import.questionnaire_id}",
            name=response_import.questionnaire.name,
            detail={"file": response_import.file_name, "responses": found, "reason": reason}, at=at,
        )
    if found > AT_ONCE:
        wake_eraser(response_import.pk)
    else:
        erase_waiting(import_id=response_import.pk, clock=lambda: at)
    return found


def erase_waiting(*, import_id: int, clock: Callable[[], datetime], seconds: float = float("inf")) -> bool:
    """Erase what is left of an import that is being taken back; return False where time ran out before all was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not _erase_part(import_id, clock()):
            return True
        failpoints.reach("import_half_taken_back")
    return False


@transaction.atomic
def _erase_part(import_id: int, at: datetime) -> int:
    """Erase some responses and count them; say that it is done where none are left. One worker at a time."""
    one = ResponseImport.objects.select_for_update().filter(pk=import_id, state=State.TAKING_BACK).defer("content").first()
    if one is None:
        return 0
    erased = erase_responses(responses=responses_of(one), questionnaire_id=one.questionnaire_id, most=AT_ONCE, at=at)
    row = ResponseImport.objects.filter(pk=import_id)
    row.update(erased=F("erased") + erased)
    if not erased:
        row.update(state=State.TAKEN_BACK, taken_back_at=at)
        wake_on_commit(one.questionnaire_id)
    return erased


def wake_eraser(import_id: int) -> None:
    """Ask a worker to go on with an import that is being taken back."""
    ring(TASK, import_id=import_id)


def get_oldest_asked_at() -> datetime | None:
    """Return when the oldest import that is still being taken back was asked for, or None."""
    oldest: datetime | None = ResponseImport.objects.filter(state=State.TAKING_BACK).aggregate(at=Min("take_back_asked_at"))["at"]
    return oldest
