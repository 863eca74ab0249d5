"""Who calls the API: a member by session, or a program by access key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.access import Actor, actor_for_key
from accounts.keys import hash_key, is_key
from accounts.models import AccessKey, User
from accounts.selectors import get_active_key

# Noting each single use would make every read a write.
USE_NOTED_EVERY = timedelta(hours=1)


class AccessKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer csat_…`; the actor lands on `request.actor` and `request.auth`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Actor] | None:
        """Return the key's actor, None without a bearer header; raise AuthenticationFailed on a bad key."""
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = get_active_key(key_hash=hash_key(text.strip())) if is_key(text.strip()) else None
        if key is None:
            raise AuthenticationFailed(_("This access key is not valid. Create a new one in the settings."))
        note_use(key, at=timezone.now())
        actor = actor_for_key(key)
        request._request.actor = actor  # type: ignore[attr-defined]
        return AnonymousUser(), actor

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a missing key is answered by 401 and not by 403."""
        return "Bearer"


class SessionActorAuthentication(SessionAuthentication):
    """The signed-in member whom the middleware has already found; writes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Actor | None] | None:
        """Return the member and the actor (None for a person without a team)."""
        found = super().authenticate(request)
        return (found[0], getattr(request._request, "actor", None)) if found else None


def note_use(key: AccessKey, *, at: datetime) -> None:
    """Write down the use of a key, at most once an hour."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - USE_NOTED_EVERY)
    if key.last_used_at is None or key.last_used_at < at - USE_NOTED_EVERY:
        AccessKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)


class AccessKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API description names the access key."""

    target_class = AccessKeyAuthentication
    name = "accessKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API description names the browser session."""

    target_class = SessionActorAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
