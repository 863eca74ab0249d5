"""Create the demonstration team and its two people."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.models import Membership, Team, User
from accounts.roles import Role


class Command(BaseCommand):
    """Safe to run again: what is there stays as it is."""

    help = "Load the demonstration data."

    def handle(self, *args: Any, **options: Any) -> None:
        roles = {"staff": Role.OWNER, "manager": Role.MANAGER}
        team, _ = Team.objects.get_or_create(name="Demo", defaults={"is_demo": True})
        for login in settings.DEMO_LOGINS:
            self.add(team=team, role=roles[login["role"]], login=login)

    def add(self, *, team: Team, role: str, login: dict[str, str]) -> None:
        """Create one person, unless that address exists."""
        users = User.objects
        user = users.filter(email=login["email"]).first() or users.create_user(
            login["email"], login["password"], name=login["name"]
        )
        Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
