"""What every template may show of who is looking."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.selectors import list_memberships


def actor_context(request: HttpRequest) -> dict[str, Any]:
    """Give templates the actor, the team and the teams to switch to (only the theme for strangers)."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.user is None:
        return {"theme": request.COOKIES.get("theme", "auto")}
    teams = [membership.team for membership in list_memberships(user=actor.user)]
    return {"actor": actor, "team": actor.team, "membership": actor, "teams": teams, "theme": actor.user.theme}
