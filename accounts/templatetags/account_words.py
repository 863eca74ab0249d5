"""How the audit trail reads to people."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

ACTIONS: dict[str, Promise] = {
    "session.started": _("Signed in"),
    "password.changed": _("Changed their password"),
    "password.reset": _("Chose a new password by mail"),
    "team.changed": _("Changed the settings"),
    "member.invited": _("Invited a colleague"),
    "member.joined": _("Joined the team"),
    "member.changed": _("Changed a member's rights"),
    "member.removed": _("Removed a member"),
    "invitation.withdrawn": _("Withdrew an invitation"),
    "key.created": _("Created an access key"),
    "key.revoked": _("Revoked an access key"),
}


@register.filter
def action_words(action: str) -> str:
    """Say an action in words; actions of other rooms that have none stay as they are."""
    return str(ACTIONS.get(action, action))
