"""Read responses."""

from __future__ import annotations

from django.db.models import QuerySet

from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.design.models import Questionnaire
from surveys.sending.models import Invitation


def get_response(*, invitation: Invitation) -> Response | None:
    """Return the invitation's response; None before the first press, and for an anonymous one once sent."""
    if invitation.started_at is None:
        # The first press marks the invitation in the transaction that makes the row: no query needed.
        return None
    return Response.objects.filter(invitation=invitation).first()


def list_responses(*, questionnaire: Questionnaire) -> QuerySet[Response]:
    """List the responses that count, the newest first."""
    return Response.objects.filter(
        questionnaire=questionnaire, state=ResponseState.COMPLETE, is_test=False
    ).order_by("-completed_at", "-id")


def count_partial(*, questionnaire: Questionnaire) -> int:
    """Count the responses begun and not sent."""
    return Response.objects.filter(
        questionnaire=questionnaire, state=ResponseState.PARTIAL, is_test=False
    ).count()


def count_notes(*, questionnaire: Questionnaire) -> int:
    """Count the wishes for a recompute that nobody has served."""
    return RecomputeNote.objects.filter(questionnaire=questionnaire).count()
