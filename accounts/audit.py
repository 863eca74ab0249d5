"""Write the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.access import Actor
from accounts.models import AuditEvent


def record_event(
    *, actor: Actor, action: str, target: str = "", detail: dict[str, Any] | None = None, at: datetime
) -> AuditEvent:
    """Add one row: `action` is `noun.verb`, `target` names the object, `detail` holds no answers."""
    return AuditEvent.objects.create(
        team=actor.team, user=actor.user, access_key=actor.access_key,
        action=action, target=target, detail=detail or {}, at=at,
    )
