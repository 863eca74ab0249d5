"""Read responses and their imports."""

from __future__ import annotations

from django.db.models import QuerySet

from surveys.answering.models import Response, ResponseImport
from surveys.design.models import Questionnaire
from surveys.sending.models import Invitation


def get_response(*, invitation: Invitation) -> Response | None:
    """Return the invitation's response; None before the first press, and for an anonymous one once sent."""
    if invitation.started_at is None:
        # The first press marks the invitation in the transaction that makes the row: no query needed.
        return None
    return Response.objects.filter(invitation=invitation).first()


def list_done_imports(*, questionnaire: Questionnaire) -> QuerySet[ResponseImport]:
    """List the imports into a questionnaire, taken back or not, the newest first, without what was in the files."""
    done = questionnaire.imports.exclude(state=ResponseImport.State.UPLOADED)
    return done.select_related("created_by").defer("content", "mapping").order_by("-done_at", "-id")
