"""Create the demonstration team and its two people."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from accounts.models import Membership, Team
from accounts.roles import Role


class Command(BaseCommand):
    """Safe to run again: what is there stays as it is."""

    help = "Load the demonstration data."

    def handle(self, *args: Any, **options: Any) -> None:
        roles = {"Staff": Role.OWNER, "Manager": Role.MANAGER}
        team, _ = Team.objects.get_or_create(name="Demo")
        for label, email, password in settings.DEMO_LOGINS:
            self.add(team=team, label=label, role=roles[label], email=email, password=password)

    def add(self, *, team: Team, label: str, role: str, email: str, password: str) -> None:
        """Create one person, unless that address exists."""
        users = get_user_model().objects
        user = users.filter(email=email).first() or users.create_user(email, password, name=f"{label} (demo)")
        Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
