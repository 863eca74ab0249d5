"""What each route of the site needs: the table that the authorization test walks.

A feature that adds a route adds one entry here; a route without an entry fails the test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import MemberInvitation, Membership, Team, User
from accounts.roles import Permission
from tests.cast import make_key

Build = Callable[[Team, User], dict[str, Any]]
PUBLIC, SIGNED_IN = "public", "signed in"


@dataclass(frozen=True)
class Rule:
    """Who may call a route, how, and with which sample arguments.

    `access` is PUBLIC, SIGNED_IN or a Permission. `build` makes an object of the given team and returns
    the route's arguments; `ids` names those that belong to a team and so must be 404 for another.
    `statuses` are the replies to a permitted GET. `by_link` marks routes whose argument is a secret.
    """

    access: str
    methods: tuple[str, ...] = ("GET",)
    build: Build | None = None
    ids: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)


def a_member(team: Team, _owner: User) -> dict[str, Any]:
    email = f"member-{team.pk}-{User.objects.count()}@people.example"
    user = User.objects.create_user(email, "a long test password", name="Member")
    return {"pk": Membership.objects.create(user=user, team=team, role="manager").pk}


def an_invitation(team: Team, owner: User) -> dict[str, Any]:
    number, at = MemberInvitation.objects.count(), timezone.now()
    return {"pk": MemberInvitation.objects.create(
        team=team, email=f"new-{team.pk}-{number}@people.example", role="manager", token_hash=f"{team.pk}-{number}",
        invited_by=owner, created_at=at, expires_at=at + timedelta(days=7),
    ).pk}


def a_key(team: Team, owner: User) -> dict[str, Any]:
    return {"pk": make_key(team, by=owner)[0].pk}


MANAGE, DESIGN, VIEW = Permission.MANAGE_TEAM, Permission.DESIGN, Permission.VIEW_RESULTS

RULES: dict[str, Rule] = {
    "home": Rule(PUBLIC, statuses=(301, 302, 410)),
    "api-schema": Rule(PUBLIC),
    "api:me": Rule(VIEW),
    "accounts:sign-in": Rule(PUBLIC, ("GET", "POST"), statuses=(200, 302)),
    "accounts:sign-out": Rule(PUBLIC, ("POST",)),
    "accounts:language": Rule(PUBLIC, ("POST",)),
    "accounts:theme": Rule(PUBLIC, ("POST",)),
    "accounts:reset": Rule(PUBLIC, ("GET", "POST")),
    "accounts:reset-sent": Rule(PUBLIC),
    "accounts:reset-confirm": Rule(
        PUBLIC, ("GET", "POST"), build=lambda team, owner: {"uid": "MQ", "token": "x-y"}, statuses=(404,)
    ),
    "accounts:join": Rule(PUBLIC, ("GET", "POST"), build=lambda team, owner: {"token": "unknown"}, statuses=(404,)),
    "accounts:profile": Rule(SIGNED_IN, ("GET", "POST")),
    "accounts:change-password": Rule(SIGNED_IN, ("GET", "POST")),
    "accounts:switch-team": Rule(SIGNED_IN, ("POST",)),
    "accounts:settings": Rule(MANAGE, ("GET", "POST")),
    "accounts:audit": Rule(MANAGE),
    "accounts:members": Rule(MANAGE, ("GET", "POST")),
    "accounts:member": Rule(MANAGE, ("GET", "POST"), build=a_member, ids=("pk",)),
    "accounts:member-remove": Rule(MANAGE, ("POST",), build=a_member, ids=("pk",)),
    "accounts:invitation-withdraw": Rule(MANAGE, ("POST",), build=an_invitation, ids=("pk",)),
    "accounts:invitation-resend": Rule(MANAGE, ("POST",), build=an_invitation, ids=("pk",)),
    "accounts:keys": Rule(MANAGE, ("GET", "POST")),
    "accounts:key-revoke": Rule(MANAGE, ("POST",), build=a_key, ids=("pk",)),
}
