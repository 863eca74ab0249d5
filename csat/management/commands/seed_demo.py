"""Load the demonstration's team, people, questionnaires and answers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from csat.demo.seed import seed_demo


class Command(BaseCommand):
    """Safe to run again: what is there stays as it is."""

    help = "Load the demonstration data."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing."""
        seed_demo(logins=settings.DEMO_LOGINS, at=timezone.now())
