"""What staff do to a campaign: send, pause, resume, end, send again; each is noted when it has changed something."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from surveys.sending import access, services
from surveys.sending.sentences import LAUNCH_ERRORS, PAUSE_REASONS
from surveys.sending.timeline import note


@require_POST
@team_view(Permission.DESIGN)
def campaign_launch(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Send. A second press, by anybody, leads to the same running campaign."""
    campaign = access.get_campaign(request.actor, campaign_id)
    at = timezone.now()
    try:
        if services.launch_campaign(campaign=campaign, at=at):
            note(request.actor, campaign, "campaign.launched", at=at)
    except (services.NotPublishedError, services.ArchivedError, services.EmptyAudienceError, services.TextsMissingError) as error:
        messages.error(request, str(LAUNCH_ERRORS[type(error).__name__]))
        return redirect("sending:check", campaign_id)
    return redirect("sending:detail", campaign_id)


@require_POST
@team_view(Permission.DESIGN)
def campaign_pause(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Pause."""
    campaign = access.get_campaign(request.actor, campaign_id)
    with transaction.atomic():
        if services.pause_campaign(campaign=campaign):
            note(request.actor, campaign, "campaign.paused", at=timezone.now())
    return redirect("sending:detail", campaign_id)


@require_POST
@team_view(Permission.DESIGN)
def campaign_resume(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Resume."""
    campaign, at = access.get_campaign(request.actor, campaign_id), timezone.now()
    try:
        with transaction.atomic():
            if services.resume_campaign(campaign=campaign, at=at):
                note(request.actor, campaign, "campaign.resumed", at=at)
    except services.ArchivedError:
        messages.error(request, str(PAUSE_REASONS["archived"]))
    return redirect("sending:detail", campaign_id)


@require_POST
@team_view(Permission.DESIGN)
def campaign_cancel(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """End a campaign for good."""
    campaign = access.get_campaign(request.actor, campaign_id)
    with transaction.atomic():
        if services.cancel_campaign(campaign=campaign):
            note(request.actor, campaign, "campaign.cancelled", at=timezone.now())
    return redirect("sending:list")


@require_POST
@team_view(Permission.DESIGN)
def campaign_resend(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Send failed or unknown mail again, because a person says so."""
    campaign, at = access.get_campaign(request.actor, campaign_id), timezone.now()
    try:
        with transaction.atomic():
            again = services.resend(campaign=campaign, states=[request.POST.get("state", "")], at=at)
            if again:
                note(request.actor, campaign, "campaign.resent", at=at, detail={"count": again})
    except services.ArchivedError:
        messages.error(request, str(PAUSE_REASONS["archived"]))
        return redirect("sending:detail", campaign_id)
    messages.success(
        request, ngettext("Sending again to %(n)d contact.", "Sending again to %(n)d contacts.", again) % {"n": again}
    )
    return redirect("sending:detail", campaign_id)
