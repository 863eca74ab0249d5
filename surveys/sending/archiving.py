"""What becomes of campaigns whose questionnaire is archived: their mail stops, and their links shut."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import ngettext

from accounts.access import Actor
from surveys.design.models import Questionnaire
from surveys.sending import ledger
from surveys.sending.models import Campaign, CampaignState, DeliveryState, Invitation
from surveys.sending.timeline import note

REASON = "archived"


def pause_campaigns(actor: Actor, questionnaire: Questionnaire, at: datetime) -> None:
    """Pause what is being sent (registered with `surveys.design.hooks`): nobody gets mail with a shut link."""
    for campaign in Campaign.objects.filter(questionnaire=questionnaire, state=CampaignState.SENDING):
        if ledger.pause_for(campaign_id=campaign.pk, reason=REASON):
            note(actor, campaign, "campaign.paused", at=at, detail={"reason": REASON})


def say_consequences(questionnaire: Questionnaire, at: datetime) -> list[str]:
    """Say how many campaigns pause and how many links shut."""
    sending = Campaign.objects.filter(questionnaire=questionnaire, state=CampaignState.SENDING).count()
    links = Invitation.objects.filter(
        Q(campaign__closes_at=None) | Q(campaign__closes_at__gt=at), campaign__questionnaire=questionnaire,
        state=DeliveryState.SENT, completed_at=None, revoked_at=None, is_test=False,
    ).count()
    campaigns = ngettext("%(n)d campaign is being sent and pauses.", "%(n)d campaigns are being sent and pause.", sending)
    shut = ngettext(
        "%(n)d customer holds a link that is not answered yet. It says that the survey is closed until you restore.",
        "%(n)d customers hold a link that is not answered yet. It says that the survey is closed until you restore.", links,
    )
    return [words % {"n": n} for words, n in ((campaigns, sending), (shut, links)) if n]
