"""What every template may show of who is looking."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def actor_context(request: HttpRequest) -> dict[str, Any]:
    """Give templates the actor and the team (only the theme for strangers)."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.user is None:
        return {"theme": request.COOKIES.get("theme", "auto")}
    return {"actor": actor, "team": actor.team, "theme": actor.user.theme}
