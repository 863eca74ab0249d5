"""Reach campaigns and invitations through the actor's team only."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.access import Actor, get_or_404
from surveys.design.models import Questionnaire
from surveys.sending.models import Campaign


def campaigns_for(actor: Actor) -> QuerySet[Campaign]:
    """List the campaigns of the actor's team."""
    return Campaign.objects.filter(team=actor.team)


def get_campaign(actor: Actor, campaign_id: int) -> Campaign:
    """Return the team's campaign or raise Http404."""
    rows = campaigns_for(actor).select_related("team", "questionnaire", "version", "segment", "created_by")
    return get_or_404(rows, pk=campaign_id)


def sendable_questionnaires(actor: Actor) -> QuerySet[Questionnaire]:
    """List the team's questionnaires that have a published version and are not archived."""
    return Questionnaire.objects.filter(
        team=actor.team, archived_at__isnull=True, versions__isnull=False
    ).distinct().order_by("name")
