"""Read members, teams, invitations, keys and the audit trail."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Now

from accounts.models import AccessKey, AuditEvent, MemberInvitation, Membership, Team, User
from accounts.roles import Role


def get_current_membership(*, user: User, team_id: int | None) -> Membership | None:
    """Return the member's row in the chosen team, else in the first one, else None."""
    loaded = user.loaded_memberships
    memberships = list(list_memberships(user=user)) if loaded is None else loaded
    chosen = [one for one in memberships if one.team_id == team_id]
    return min(chosen or memberships, key=lambda one: (one.created_at, one.pk), default=None)


def list_memberships(*, user: User) -> QuerySet[Membership]:
    """List the teams a user belongs to."""
    return Membership.objects.filter(user=user, user__is_active=True).select_related("team", "user")


def list_team_members(*, team: Team) -> QuerySet[Membership]:
    """List a team's members: owners, designers, managers, each by name."""
    ranks = [When(role=role, then=Value(rank)) for rank, role in enumerate(Role.values)]
    rank = Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())
    members = Membership.objects.filter(team=team).select_related("user", "team")
    return members.annotate(rank=rank).order_by("rank", "user__name", "id")


def count_owners(*, team: Team) -> int:
    """Count the owners who can sign in."""
    return Membership.objects.filter(team=team, role=Role.OWNER, user__is_active=True).count()


def list_open_invitations(*, team: Team, at: datetime) -> QuerySet[MemberInvitation]:
    """List a team's invitations that can still be accepted, newest first."""
    return MemberInvitation.objects.open(at).filter(team=team).order_by("-created_at", "-id")


def get_open_invitation(*, token_hash: str, at: datetime) -> MemberInvitation | None:
    """Find an invitation that can still be accepted."""
    return MemberInvitation.objects.open(at).filter(token_hash=token_hash).select_related("team").first()


def get_oldest_unsent_invitation_at() -> datetime | None:
    """Return since when an invitation waits for its mail untried: no worker mends what a mail server refuses."""
    waiting = MemberInvitation.objects.unsent().filter(expires_at__gt=Now())
    since: datetime | None = waiting.aggregate(since=Min("queued_at"))["since"]
    return since


def list_access_keys(*, team: Team) -> QuerySet[AccessKey]:
    """List a team's keys, those in use first, newest first."""
    keys = AccessKey.objects.filter(team=team).select_related("created_by")
    return keys.order_by("revoked_at", "-created_at", "-id")


def get_active_key(*, key_hash: str) -> AccessKey | None:
    """Find a key that is neither revoked nor made by a person who has since been shut out."""
    usable = Q(created_by=None) | Q(created_by__is_active=True)
    keys = AccessKey.objects.filter(usable, key_hash=key_hash, revoked_at=None)
    return keys.select_related("team").first()


def list_audit_events(*, team: Team) -> QuerySet[AuditEvent]:
    """List what happened in a team, newest first."""
    events = AuditEvent.objects.filter(team=team).select_related("user", "access_key")
    return events.order_by("-at", "-id")
