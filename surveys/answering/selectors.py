"""Read responses."""

from __future__ import annotations

from surveys.answering.models import Response
from surveys.sending.models import Invitation


def get_response(*, invitation: Invitation) -> Response | None:
    """Return the invitation's response; None before the first press, and for an anonymous one once sent."""
    if invitation.started_at is None:
        # The first press marks the invitation in the transaction that makes the row: no query needed.
        return None
    return Response.objects.filter(invitation=invitation).first()
