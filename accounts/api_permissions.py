"""What an API view lets through: nothing, unless it says for each method which permission opens it."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.access import Actor

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class HasPermission(BasePermission):
    """Open a view whose `required_permissions`, such as `{"GET": Permission.VIEW_RESULTS}`, the actor has."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Deny methods that the view does not declare; HEAD and OPTIONS need what GET needs.

        One that the address has not at all is refused as a method: no role would open it.
        """
        method = "GET" if request.method in READING else str(request.method)
        required = getattr(view, "required_permissions", {}).get(method)
        actor = get_actor(request)
        if required is None and actor is not None and method not in getattr(view, "allowed_methods", [method]):
            raise MethodNotAllowed(method)
        return required is not None and actor is not None and actor.may(required)


def get_actor(request: Request) -> Actor | None:
    """Return who asks (None for strangers and for people without a team)."""
    actor = request.auth
    return actor if isinstance(actor, Actor) else None


def actor_of(request: Request) -> Actor:
    """Return who asks, in a view that HasPermission has opened."""
    actor = get_actor(request)
    if actor is None:
        raise RuntimeError("A view without HasPermission asked for its actor.")
    return actor
