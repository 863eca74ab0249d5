"""Erase responses so that everything made of them is made anew."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from surveys.answering.models import RecomputeNote, Response
from surveys.answering.wake import rows_changed


@transaction.atomic
def erase_responses(*, responses: QuerySet[Response], questionnaire_id: int, most: int, at: datetime) -> int:
    """Erase at most so many responses of one questionnaire, the first by id; return how many.

    What is sealed is told to those who keep it, and a recompute is wished for, in the same transaction. Nobody is
    woken: whoever erases in parts does so after the last (`surveys.answering.wake.wake_on_commit`).
    """
    rows = list(responses.filter(questionnaire=questionnaire_id).select_for_update().order_by("id")[:most].values_list("id", "block_id"))
    if rows:
        rows_changed(questionnaire_id, [block for _id, block in rows], at)
        RecomputeNote.objects.create(questionnaire_id=questionnaire_id, at=at)
        Response.objects.filter(pk__in=[pk for pk, _block in rows]).delete()
    return len(rows)
