"""Puts the actor (member, team, role, scope) and the person's language on each request."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.access import actor_for_membership
from accounts.selectors import get_current_membership

SESSION_TEAM = "team_id"


class ActorMiddleware:
    """Look up the membership anew for each request, so that a lost right is lost at once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set `request.actor` (None without a team) and the team's time zone."""
        membership = None
        if request.user.is_authenticated:
            membership = get_current_membership(
                user=request.user, team_id=request.session.get(SESSION_TEAM)
            )
        request.actor = actor_for_membership(membership) if membership else None  # type: ignore[attr-defined]
        if membership is None:
            return self.get_response(request)
        with timezone.override(ZoneInfo(membership.team.time_zone)):
            return self._in_language_of(membership.user.language, request)

    def _in_language_of(self, language: str, request: HttpRequest) -> HttpResponse:
        if not language:
            return self.get_response(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers["Content-Language"] = language
        return response
