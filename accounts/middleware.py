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
        request.actor = None  # type: ignore[attr-defined]
        if not request.user.is_authenticated:
            return self.get_response(request)
        membership = get_current_membership(user=request.user, team_id=request.session.get(SESSION_TEAM))
        if membership is None:
            return self._in_language_of(request.user.language, request)
        request.actor = actor_for_membership(membership)  # type: ignore[attr-defined]
        with timezone.override(ZoneInfo(membership.team.time_zone)):
            return self._in_language_of(request.user.language, request)

    def _in_language_of(self, language: str, request: HttpRequest) -> HttpResponse:
        if not language:
            return self.get_response(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers["Content-Language"] = language
        return response
