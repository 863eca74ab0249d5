"""What happened to a campaign stands on its page: what, when, by whom, and why it stopped."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Team
from surveys.sending import delivery, ledger, services
from surveys.sending.models import Campaign
from surveys.sending.timeline import SHOWN, list_timeline, nobody, note
from tests.cast import words_of
from tests.services.smtp import Mailbox
from tests.surveys.sending_builders import AT, launched, make_campaign, make_contacts, make_member, make_team, publish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def dora(client: Client, team: Team) -> Client:
    client.force_login(make_member(team))
    return client


def said(campaign: Campaign) -> list[tuple[str, str]]:
    """What the timeline says, and who did it."""
    return [(one.what, one.who) for one in list_timeline(campaign=Campaign.objects.get(pk=campaign.pk))]


def send(campaign: Campaign) -> None:
    delivery.send_due(campaign_id=campaign.pk, worker="w1", clock=timezone.now, seconds=20)


class TestTheTimeline:
    def test_tells_each_change_once_with_who_made_it(self, dora: Client, team: Team, mailbox: Mailbox) -> None:
        make_contacts(team, 2)
        campaign = make_campaign(team, publish(team))
        for action in ("test", "launch", "launch", "pause", "pause", "resume", "resume", "pause", "cancel", "cancel"):
            dora.post(f"/sendings/{campaign.pk}/{action}/")
        name = str(AuditEvent.objects.filter(action="campaign.paused").first().user)  # type: ignore[union-attr]
        assert said(campaign) == [
            ("test mail sent", name), ("sending started", name), ("paused", name), ("resumed", name), ("paused", name),
            ("ended; mail that waited is not sent", name),
        ]

    def test_is_on_the_page_of_the_campaign(self, dora: Client, team: Team) -> None:
        campaign = launched(team, 1, at=timezone.now())
        dora.post(f"/sendings/{campaign.pk}/pause/")
        page = words_of(dora.get(f"/sendings/{campaign.pk}/"))
        schedule = page[page.index("Schedule"):page.index("Not delivered")]
        assert re.search(r"sending started .* paused · ", schedule)

    def test_tells_why_a_campaign_paused_by_itself(self, team: Team, mailbox: Mailbox) -> None:
        mailbox.mail_reply = "535 5.7.8 Bad credentials"
        campaign = launched(team, 2, at=timezone.now())
        send(campaign)
        last = list_timeline(campaign=campaign)[-1]
        assert (last.what, last.who) == ("paused by itself", "")
        assert last.why.startswith("The mail server refused our user name or password.")

    def test_tells_each_end_of_a_campaign_that_was_reopened(self, team: Team, mailbox: Mailbox) -> None:
        mailbox.rcpt_reply = "550 Refused"
        campaign = launched(team, 1, at=timezone.now())
        send(campaign)
        mailbox.rcpt_reply = None
        services.resend(campaign=campaign, states=["failed"], at=timezone.now())
        send(campaign)
        assert [what for what, _who in said(campaign)] == ["sending started", "sending finished", "sending finished"]

    def test_of_a_campaign_that_nothing_was_noted_of_has_its_own_start_and_end(self, team: Team) -> None:
        campaign = launched(team, 1)
        Campaign.objects.filter(pk=campaign.pk).update(launched_at=AT, finished_at=AT + timedelta(hours=2))
        assert said(campaign) == [("sending started", ""), ("sending finished", "")]

    def test_keeps_the_order_of_what_happened_at_one_moment(self, team: Team) -> None:
        campaign = launched(team, 1)
        for action in ("campaign.finished", "campaign.resumed", "campaign.launched"):
            note(nobody(team), campaign, action, at=AT)
        assert [what for what, _who in said(campaign)] == ["sending started", "resumed", "sending finished"]

    def test_shows_the_newest_of_very_many(self, team: Team) -> None:
        campaign = launched(team, 1)
        for number in range(SHOWN + 5):
            note(nobody(team), campaign, "campaign.paused", at=AT + timedelta(minutes=number))
        found = list_timeline(campaign=campaign)
        assert len(found) == SHOWN + 1 and found[-1].at == AT + timedelta(minutes=SHOWN + 4)

    def test_holds_nothing_of_another_campaign(self, team: Team) -> None:
        campaign, other = launched(team, 1), make_campaign(team, publish(team, name="Other survey"))
        note(nobody(team), other, "campaign.tested", at=AT)
        assert all(what != "test mail sent" for what, _who in said(campaign))


class TestFinishing:
    def test_by_two_sweeps_is_noted_once(self, team: Team, mailbox: Mailbox) -> None:
        campaign = launched(team, 1, at=timezone.now())
        send(campaign)
        assert ledger.finish_done(at=timezone.now()) == 0
        assert AuditEvent.objects.filter(action="campaign.finished").count() == 1
