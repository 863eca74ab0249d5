"""Test mail to oneself: from a sending that is being prepared, and from the builder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.redirects import go_on
from accounts.roles import Permission
from surveys.design.access import get_questionnaire
from surveys.design.document import parse_document
from surveys.sending import access, preview, selectors, services
from surveys.sending.drafts import unsaved_campaign
from surveys.sending.letters import Person
from surveys.sending.models import CampaignState
from surveys.sending.sentences import LAUNCH_ERRORS, TEST_ERRORS
from surveys.sending.timeline import note
from surveys.sending.transport import Outcome, Result

TEST_PREFIX: Final = "[Test] "


@require_POST
@team_view(Permission.DESIGN)
def campaign_test(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Send the test mail to the person who asks, in every language."""
    campaign, at = access.get_campaign(request.actor, campaign_id), timezone.now()
    version = selectors.get_latest_version(campaign=campaign)
    person = tester(request)
    if version is None or not person.email:
        messages.error(request, str(LAUNCH_ERRORS["NotPublishedError"]))
        return redirect("sending:check", campaign_id)
    outcomes = services.send_test(
        campaign=campaign, version=version, person=person, links=preview.preview_links(campaign=campaign),
        prefix=TEST_PREFIX, at=at,
    )
    if all(outcome.result is Result.SENT for outcome in outcomes):
        note(request.actor, campaign, "campaign.tested", at=at)
    _tell_of_test(request, outcomes, person.email)
    return redirect("sending:check" if campaign.state == CampaignState.DRAFT else "sending:detail", campaign_id)


@require_POST
@team_view(Permission.DESIGN)
def draft_test(request: TeamRequest, questionnaire_id: int) -> HttpResponse:
    """Send the person who asks the mail around a questionnaire's draft; its links open the draft's preview."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    person = tester(request)
    campaign = unsaved_campaign(questionnaire=questionnaire)
    if person.email:
        outcomes = services.send_test_of(
            campaign=campaign, document=parse_document(questionnaire.draft), person=person,
            links=preview.preview_links(campaign=campaign), prefix=TEST_PREFIX, at=timezone.now(),
        )
        _tell_of_test(request, outcomes, person.email)
    return go_on(request, reverse("design:builder", args=[questionnaire_id]))


def _tell_of_test(request: TeamRequest, outcomes: Sequence[Outcome], address: str) -> None:
    bad = [outcome for outcome in outcomes if outcome.result is not Result.SENT]
    if bad:
        messages.error(request, str(TEST_ERRORS[bad[0].result]))
    else:
        messages.success(request, _("Test mail sent to %(address)s in each language.") % {"address": address})


def tester(request: TeamRequest) -> Person:
    """Return whom test mail goes to and greets: whoever asks; without an address for an access key."""
    user = request.actor.user
    return Person(email=user.email, name=user.name) if user else Person(email="")
