"""Write the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.access import Actor
from accounts.models import AuditEvent


def record_event(
    *, actor: Actor, action: str, target: str = "", name: str | Mapping[str, str] = "",
    detail: dict[str, Any] | None = None, at: datetime,
) -> AuditEvent:
    """Add one row: `action` is `noun.verb`, `target` kind and number of the object, `detail` holds no answers.

    `name` is what the object is called now, in one text or by language, so that it can be read after the
    object is gone; no name of a customer.
    """
    names = {"": name} if isinstance(name, str) else dict(name)
    return AuditEvent.objects.create(
        team=actor.team, user=actor.user, access_key=actor.access_key,
        action=action, target=target, target_names={key: text for key, text in names.items() if text},
        detail=detail or {}, at=at,
    )
