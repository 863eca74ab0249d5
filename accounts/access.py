"""The one door: every object is reached through an actor who has a team, a role and a scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts.models import AccessKey, Membership, Team, User
from accounts.roles import Permission, role_grants
from accounts.scopes import write_scope

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

M = TypeVar("M", bound="Model")
Scope = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Actor:
    """Who asks: a member through a session, or an access key."""

    team: Team
    role: str
    scope: Scope = field(default_factory=dict)
    user: User | None = None
    access_key: AccessKey | None = None

    def may(self, permission: str) -> bool:
        """Tell whether the actor's role includes `permission`."""
        return role_grants(self.role, permission)

    @property
    def can_design(self) -> bool:
        """Tell templates whether to offer the designer's actions."""
        return self.may(Permission.DESIGN)

    @property
    def can_manage(self) -> bool:
        """Tell templates whether to offer the owner's actions."""
        return self.may(Permission.MANAGE_TEAM)

    @property
    def scope_text(self) -> str:
        """Say in one line whom the actor sees, such as `region = East; tier = A, B`; empty for everybody."""
        return "; ".join(write_scope(self.scope).splitlines())


class TeamRequest(HttpRequest):
    """A request whose actor has been established (for type checkers)."""

    actor: Actor


def actor_for_membership(membership: Membership) -> Actor:
    """Build the actor of a signed-in member."""
    return Actor(
        team=membership.team, role=membership.role, scope=membership.scope, user=membership.user
    )


def actor_for_key(key: AccessKey) -> Actor:
    """Build the actor of an access key."""
    return Actor(team=key.team, role=key.role, scope=key.scope, access_key=key)


def require(actor: Actor, permission: str) -> None:
    """Raise PermissionDenied unless the actor may do `permission`."""
    if not actor.may(permission):
        raise PermissionDenied


def get_or_404(queryset: QuerySet[M], **lookup: Any) -> M:
    """Return the one row, or Http404 with the same words whether it is missing or not yours."""
    found = queryset.filter(**lookup).first()
    if found is None:
        raise Http404
    return found


View = Callable[Concatenate[TeamRequest, ...], HttpResponseBase]


def team_view(permission: str) -> Callable[[View], View]:
    """Open a view to members whose role includes `permission`; others sign in or get 403.

    Who belongs to no team gets a 403 that says how to come to one.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: TeamRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            actor = getattr(request, "actor", None)
            if actor is None:
                return render(request, "accounts/no_team.html", status=403)
            require(actor, permission)
            return view(request, *args, **kwargs)

        opened.required_permission = permission  # type: ignore[attr-defined]
        return opened

    return decorate
