"""The audit trail's words, for templates."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from accounts.models import AuditEvent
from accounts.trail_words import say_action, say_facts, say_object

register = template.Library()


@register.filter
def action_words(action: str) -> str:
    """Say an action in words."""
    return say_action(action)


@register.filter
def fact_words(event: AuditEvent) -> str:
    """Say the facts noted beside an event."""
    return say_facts(event.action, event.detail)


@register.filter
def object_words(event: AuditEvent, user_names: Mapping[int, str]) -> str:
    """Say which object an event is about."""
    return say_object(event.target, user_names)
