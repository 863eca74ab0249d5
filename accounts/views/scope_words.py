"""What helps an owner to write a scope: what customers have, and a warning where none has it."""

from __future__ import annotations

from django.contrib import messages
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import Actor, Scope, TeamRequest
from accounts.scopes import find_unknown, list_known_levels

MOST_EXAMPLES = 8


def warn_of_nobody(request: TeamRequest, scope: Scope) -> None:
    """Say which part of a scope no customer matches: a slip of the pen shows a manager nothing at all."""
    unknown = find_unknown(scope, list_known_levels(request.actor.team.pk, timezone.now())) if scope else []
    if unknown:
        text = _("No customer is known with %(part)s. Check the spelling; until one has it, nothing is shown for it.")
        messages.warning(request, text % {"part": "; ".join(unknown)})


def list_examples(actor: Actor) -> list[str]:
    """List the attributes that customers have, each as a line of a scope with some of its levels."""
    known = list_known_levels(actor.team.pk, timezone.now())
    return [f"{key} = {shorten(sorted(levels))}" for key, levels in sorted(known.items()) if levels]


def shorten(levels: list[str]) -> str:
    """Name the first levels and show that there are more."""
    return ", ".join(levels[:MOST_EXAMPLES]) + (", …" if len(levels) > MOST_EXAMPLES else "")
