"""Roles and what each may do: the one table that pages, API and tests read."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member of a team is there for."""

    OWNER = "owner", _("Owner")
    DESIGNER = "designer", _("Designer")
    MANAGER = "manager", _("Manager")


class Permission(models.TextChoices):
    """One thing that a page or an API route needs."""

    VIEW_RESULTS = "view_results", _("See results")
    DESIGN = "design", _("Edit questionnaires, contacts, campaigns, indicators and weights")
    MANAGE_TEAM = "manage_team", _("Manage members, keys and settings")


GRANTS: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset(Permission.values),
    Role.DESIGNER: frozenset({Permission.VIEW_RESULTS, Permission.DESIGN}),
    Role.MANAGER: frozenset({Permission.VIEW_RESULTS}),
}


def role_grants(role: str, permission: str) -> bool:
    """Tell whether `role` includes `permission`; an unknown role grants nothing."""
    return permission in GRANTS.get(role, frozenset())
