"""The audit trail's words, for templates."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from accounts.models import AuditEvent
from accounts.trail_objects import Touched, say_who
from accounts.trail_words import say_action, say_facts

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
def who_words(event: AuditEvent) -> str:
    """Name who did it."""
    return say_who(event)


@register.filter
def touched_by(touched: Mapping[int, Touched], event: AuditEvent) -> Touched:
    """Pick the object that an event is about."""
    return touched[event.pk]
