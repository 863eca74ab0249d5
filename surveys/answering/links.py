"""Find what a link names, and slow down those who guess links."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from accounts.limits import Limit, note_attempt
from surveys.sending.models import Invitation
from surveys.sending.selectors import find_invitation

WRONG_LINKS: Final = Limit("answer-links", 60, timedelta(minutes=15))
"""Wrong links from one address; a right link is never counted and never refused."""


class UnknownLinkError(Exception):
    """The link names nothing."""


def find(*, token: str, address: str, at: datetime) -> Invitation:
    """Return the invitation. Raises UnknownLinkError, or TooManyTriesError after WRONG_LINKS."""
    invitation = find_invitation(token=token)
    if invitation is None:
        note_attempt(limit=WRONG_LINKS, subject=address, at=at)
        raise UnknownLinkError
    return invitation
