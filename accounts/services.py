"""Change who belongs to a team, what they may do, and how the team works."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts.access import Actor, Scope
from accounts.audit import record_event
from accounts.breakdowns import announce_breakdown
from accounts.keys import hash_key, new_key
from accounts.models import AccessKey, MemberInvitation, Membership, Team, User
from accounts.roles import Role
from accounts.selectors import count_owners
from accounts.tokens import hash_secret, new_secret

INVITATION_LIFE = timedelta(days=7)
JOIN_PURPOSE = "join-team"

RESHAPING: Final = frozenset({"time_zone", "show_from_n", "sure_from_n", "anonymity_k"})
"""Settings under which stored results are others: what was written under the old ones is made again."""


class LastOwnerError(Exception):
    """A team without an owner could never be managed again."""


class AlreadyMemberError(Exception):
    """The address belongs to a member of this team."""


class InvitationUsedError(Exception):
    """Somebody has accepted the invitation in the meantime."""


@transaction.atomic
def create_team(*, name: str, by: User | None, at: datetime, **fields: Any) -> Team:
    """Make a team that has no member yet."""
    team = Team.objects.create(name=name, created_at=at, **fields)
    record_event(actor=Actor(team=team, role=Role.OWNER, user=by), action="team.created", target=f"team {team.pk}",
                 name=team.name, at=at)
    return team


@transaction.atomic
def update_team(*, actor: Actor, changes: Mapping[str, Any], at: datetime) -> Team:
    """Store changed settings of the actor's team; names of fields, not their values, go on the trail."""
    team = Team.objects.select_for_update().get(pk=actor.team.pk)
    for name, value in changes.items():
        setattr(team, name, value)
    team.save(update_fields=list(changes))
    if RESHAPING & changes.keys():
        announce_breakdown(team.pk, at)
    record_event(
        actor=actor, action="team.changed", target=f"team {team.pk}", name=team.name, detail={"fields": sorted(changes)}, at=at
    )
    return team


@transaction.atomic
def invite_member(*, actor: Actor, email: str, role: str, scope: Scope, at: datetime) -> MemberInvitation:
    """Note an invitation, in place of an earlier one to the same address; its mail is still to be sent."""
    address = email.strip().lower()
    Team.objects.select_for_update().get(pk=actor.team.pk)
    if Membership.objects.filter(team=actor.team, user__email__iexact=address).exists():
        raise AlreadyMemberError
    MemberInvitation.objects.filter(team=actor.team, email__iexact=address, accepted_at=None).delete()
    invitation = MemberInvitation.objects.create(
        team=actor.team, email=address, role=role, scope=dict(scope), invited_by=actor.user,
        token_hash=hash_secret(new_secret(), purpose=JOIN_PURPOSE), created_at=at, queued_at=at, expires_at=at + INVITATION_LIFE,
    )
    record_event(
        actor=actor, action="member.invited", target=f"invitation {invitation.pk}", name=invitation.email,
        detail={"role": role}, at=at,
    )
    return invitation


def renew_token(*, invitation: MemberInvitation) -> str:
    """Give the invitation a new secret, of which only the hash is stored; return it for the mail."""
    secret = new_secret()
    invitation.token_hash = hash_secret(secret, purpose=JOIN_PURPOSE)
    invitation.save(update_fields=["token_hash"])
    return secret


@transaction.atomic
def withdraw_invitation(*, actor: Actor, invitation: MemberInvitation, at: datetime) -> None:
    """Make the link of an open invitation useless."""
    record_event(actor=actor, action="invitation.withdrawn", target=f"invitation {invitation.pk}",
                 name=invitation.email, at=at)
    invitation.delete()


@transaction.atomic
def accept_invitation(*, invitation: MemberInvitation, user: User | None, name: str, password: str, language: str,
                      at: datetime) -> User:
    """Turn an invitation into a membership, once; make the account where `user` is None.

    Raises InvitationUsedError when it was accepted or withdrawn a moment ago.
    """
    taken = MemberInvitation.objects.open(at).filter(pk=invitation.pk).update(accepted_at=at)
    if not taken:
        raise InvitationUsedError
    member = user or User.objects.create_user(invitation.email, password, name=name, language=language, joined_at=at)
    Membership.objects.get_or_create(
        user=member, team=invitation.team,
        defaults={"role": invitation.role, "scope": invitation.scope, "created_at": at},
    )
    if invitation.scope:
        announce_breakdown(invitation.team_id, at)
    record_event(actor=Actor(team=invitation.team, role=invitation.role, user=member), action="member.joined",
                 target=f"user {member.pk}", name=member.name, detail={"role": invitation.role}, at=at)
    return member


@transaction.atomic
def change_member(*, actor: Actor, membership: Membership, role: str, scope: Scope, at: datetime) -> Membership:
    """Give a member another role and scope; raise LastOwnerError rather than leave a team without owner."""
    lock_owners(membership.team)
    if membership.role == Role.OWNER and role != Role.OWNER:
        refuse_last_owner(membership)
        revoke_keys_of(actor=actor, user_id=membership.user_id, at=at)
    before = membership.role
    membership.role, membership.scope = role, dict(scope)
    membership.save(update_fields=["role", "scope"])
    if scope:
        announce_breakdown(membership.team_id, at)
    record_event(actor=actor, action="member.changed", target=f"user {membership.user_id}", name=membership.user.name,
                 detail={"from": before, "to": role, "scoped": bool(scope)}, at=at)
    return membership


@transaction.atomic
def remove_member(*, actor: Actor, membership: Membership, at: datetime) -> None:
    """Take a member out of the team, with the keys the member made; raise LastOwnerError for the last owner."""
    lock_owners(membership.team)
    refuse_last_owner(membership)
    revoke_keys_of(actor=actor, user_id=membership.user_id, at=at)
    record_event(actor=actor, action="member.removed", target=f"user {membership.user_id}", name=membership.user.name, at=at)
    membership.delete()


def lock_owners(team: Team) -> None:
    """Let only one change of a team's members happen at a time, so that two owners cannot remove each other."""
    Team.objects.select_for_update().get(pk=team.pk)


def refuse_last_owner(membership: Membership) -> None:
    """Raise LastOwnerError where no other owner would be left."""
    if membership.role == Role.OWNER and count_owners(team=membership.team) <= 1:
        raise LastOwnerError


@transaction.atomic
def create_access_key(*, actor: Actor, name: str, role: str, scope: Scope, at: datetime) -> tuple[AccessKey, str]:
    """Make a key; return its row and the key itself, which is stored nowhere."""
    prefix, key = new_key()
    row = AccessKey.objects.create(
        team=actor.team, name=name, role=role, scope=dict(scope), prefix=prefix, key_hash=hash_key(key),
        created_by=actor.user, created_at=at,
    )
    if scope:
        announce_breakdown(actor.team.pk, at)
    record_event(actor=actor, action="key.created", target=f"key {row.pk}", name=row.name, detail={"role": role}, at=at)
    return row, key


@transaction.atomic
def revoke_access_key(*, actor: Actor, key: AccessKey, at: datetime) -> None:
    """Make a key useless from the next request on; revoking twice is one event."""
    if AccessKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        record_event(actor=actor, action="key.revoked", target=f"key {key.pk}", name=key.name, at=at)


def revoke_keys_of(*, actor: Actor, user_id: int, at: datetime) -> None:
    """Revoke the keys a person made: a key must not outlive the right it was made with."""
    for key in AccessKey.objects.filter(team=actor.team, created_by_id=user_id, revoked_at=None):
        revoke_access_key(actor=actor, key=key, at=at)


def update_profile(*, user: User, name: str, language: str, theme: str) -> None:
    """Store how a person is called and wants pages to look."""
    user.name, user.language, user.theme = name, language, theme
    user.save(update_fields=["name", "language", "theme"])


def set_language(*, user: User, language: str) -> None:
    """Remember the language a person has switched to."""
    user.language = language
    user.save(update_fields=["language"])


def set_theme(*, user: User, theme: str) -> None:
    """Remember the theme a person has switched to."""
    user.theme = theme
    user.save(update_fields=["theme"])


@transaction.atomic
def set_password(*, user: User, password: str, action: str, at: datetime) -> None:
    """Store a new password, which ends every other session, and note it in each team."""
    user.set_password(password)
    user.save(update_fields=["password"])
    for membership in Membership.objects.filter(user=user).select_related("team"):
        record_event(actor=Actor(team=membership.team, role=membership.role, user=user), action=action,
                     target=f"user {user.pk}", name=user.name, at=at)
