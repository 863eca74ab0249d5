"""Read members, teams and keys."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Membership, Team, User


def get_current_membership(*, user: User, team_id: int | None) -> Membership | None:
    """Return the member's row in the chosen team, else in the first one, else None."""
    memberships = list_memberships(user=user)
    chosen = memberships.filter(team_id=team_id).first() if team_id else None
    return chosen or memberships.order_by("created_at", "id").first()


def list_memberships(*, user: User) -> QuerySet[Membership]:
    """List the teams a user belongs to."""
    return Membership.objects.filter(user=user, user__is_active=True).select_related("team", "user")


def list_team_members(*, team: Team) -> QuerySet[Membership]:
    """List a team's members, owners first, then by name."""
    return Membership.objects.filter(team=team).select_related("user").order_by("role", "user__name")
