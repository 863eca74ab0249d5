"""Reach contacts and what belongs to them through the actor's team only."""

from __future__ import annotations

from accounts.access import Actor, get_or_404
from surveys.contacts.models import Contact, ContactAttribute, ContactImport, Segment, Suppression


def get_contact(actor: Actor, contact_id: int) -> Contact:
    """Return the team's contact or raise Http404."""
    return get_or_404(Contact.objects.filter(team=actor.team), pk=contact_id)


def get_attribute(actor: Actor, attribute_id: int) -> ContactAttribute:
    """Return the team's attribute or raise Http404."""
    return get_or_404(ContactAttribute.objects.filter(team=actor.team), pk=attribute_id)


def get_segment(actor: Actor, segment_id: int) -> Segment:
    """Return the team's segment or raise Http404."""
    return get_or_404(Segment.objects.filter(team=actor.team), pk=segment_id)


def get_suppression(actor: Actor, suppression_id: int) -> Suppression:
    """Return the team's suppression or raise Http404."""
    return get_or_404(Suppression.objects.filter(team=actor.team).select_related("contact"), pk=suppression_id)


def get_import(actor: Actor, import_id: int) -> ContactImport:
    """Return the team's import or raise Http404."""
    return get_or_404(ContactImport.objects.filter(team=actor.team).select_related("team"), pk=import_id)
