"""Begin on an empty installation: the first team and the person who owns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.access import Actor
from accounts.models import MemberInvitation, Membership, Team, User
from accounts.roles import Role
from accounts.selectors import count_owners
from accounts.services import create_team, invite_member


class TeamTakenError(Exception):
    """A team of this name belongs to somebody else."""


class ClosedAccountError(Exception):
    """The address belongs to a person who may no longer sign in."""


@dataclass(frozen=True)
class Founding:
    """What was done: the team, its owner or the invitation that waits for one."""

    team: Team
    owner: User | None
    invitation: MemberInvitation | None
    is_new: bool


@transaction.atomic
def found_team(
    *, name: str, fields: Mapping[str, Any], email: str, person: str, language: str, password: str | None, at: datetime
) -> Founding:
    """Make a team called `name` and let the person with this address own it.

    A person who has no account gets one with `password`; where that is None, an invitation to choose one. The same
    call again changes nothing, but invites anew as long as the team has no owner. `fields` are the team's other
    fields. Raises TeamTakenError and ClosedAccountError.
    """
    known = User.objects.filter(email__iexact=email).first()
    if known is not None and not known.is_active:
        raise ClosedAccountError
    team = Team.objects.select_for_update().filter(name=name).order_by("pk").first()
    if team is not None and count_owners(team=team):
        return _standing(team, known)
    owner = known or _account(email, person, language, password, at)
    return _owned(team, owner, email, name, fields, at)


def _standing(team: Team, known: User | None) -> Founding:
    if known is None or not Membership.objects.filter(team=team, user=known, role=Role.OWNER).exists():
        raise TeamTakenError
    return Founding(team=team, owner=known, invitation=None, is_new=False)


def _account(email: str, person: str, language: str, password: str | None, at: datetime) -> User | None:
    if password is None:
        return None
    return User.objects.create_user(email, password, name=person, language=language, joined_at=at)


def _owned(
    team: Team | None, owner: User | None, email: str, name: str, fields: Mapping[str, Any], at: datetime
) -> Founding:
    team = team or create_team(name=name, by=owner, at=at, **fields)
    actor = Actor(team=team, role=Role.OWNER, user=owner)
    if owner is None:
        invitation = invite_member(actor=actor, email=email, role=Role.OWNER, scope={}, at=at)
        return Founding(team=team, owner=None, invitation=invitation, is_new=True)
    MemberInvitation.objects.filter(team=team, email__iexact=email, accepted_at=None).delete()
    Membership.objects.update_or_create(
        team=team, user=owner, defaults={"role": Role.OWNER, "scope": {}}, create_defaults={"role": Role.OWNER, "created_at": at}
    )
    return Founding(team=team, owner=owner, invitation=None, is_new=True)
