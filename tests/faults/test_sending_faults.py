"""Sending with real workers that are killed, a broker that is emptied, and scanners that fetch every link."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from surveys.sending import ledger
from surveys.sending.models import Campaign, Invitation
from surveys.sending.services import launch_campaign
from surveys.sending.wake import wake_sender
from tests.services.processes import wait_for
from tests.services.redis_server import RedisServer
from tests.services.sessions import busy_sessions
from tests.services.site import Worker
from tests.services.smtp import Mail, Mailbox
from tests.surveys.sending_builders import make_campaign, make_contacts, make_team, publish, states

StartWorker = Callable[..., Worker]


def launch(count: int) -> Campaign:
    team = make_team()
    make_contacts(team, count)
    campaign = make_campaign(team, publish(team))
    assert launch_campaign(campaign=campaign, at=timezone.now())
    return campaign


def finished(campaign: Campaign) -> bool:
    campaign.refresh_from_db()
    return campaign.state == "finished"


def lapse_reservations(campaign: Campaign) -> None:
    """What two minutes of waiting do: rows that a dead worker had put aside come due again."""
    Invitation.objects.filter(campaign=campaign, state__in=ledger.TO_SEND).update(due_at=timezone.now())


def age_claims(campaign: Campaign) -> None:
    """What a quarter of an hour of waiting does."""
    Invitation.objects.filter(campaign=campaign, state="claimed").update(
        claimed_at=timezone.now() - timedelta(minutes=16)
    )


def kill_at(count: int, worker: Worker, mailbox: Mailbox) -> None:
    """kill -9 once so many mails have come, before the last of them is acknowledged."""
    def kill(_mail: Mail) -> None:
        if len(mailbox.messages) >= count:
            worker.send(signal.SIGKILL)

    mailbox.on_data = kill


class TestKilledWorker:
    def test_leaves_one_row_in_doubt_and_nobody_is_skipped_or_written_to_twice(
        self, start_worker: StartWorker, mailbox: Mailbox
    ) -> None:
        mailbox.delay = 0.002
        campaign = launch(1000)
        for stop_at in (300, 600):
            worker = start_worker(queues="mail", processes=2)
            kill_at(stop_at, worker, mailbox)
            wake_sender(campaign.pk)
            wait_for(lambda gone=worker: not gone.is_running(), what=f"the worker is killed at {stop_at} mails", seconds=60)
            mailbox.on_data = None
            wait_for(lambda: busy_sessions() == 0, what="the database has seen it")
            assert sum(states(campaign).values()) == 1000
            assert states(campaign).get("claimed", 0) <= 4
            assert not finished(campaign)
            lapse_reservations(campaign)
        in_doubt = set(Invitation.objects.filter(state="claimed").values_list("contact__email", flat=True))
        age_claims(campaign)
        start_worker(queues="mail,default", processes=2, beat=True)
        wait_for(lambda: finished(campaign), what="the campaign is finished", seconds=90)
        final = states(campaign)
        assert final["sent"] + final.get("unknown", 0) == 1000
        assert set(final) <= {"sent", "unknown"}
        copies = Counter(mailbox.recipients)
        assert max(copies.values()) == 1
        assert {f"p{n}@customer.example" for n in range(1000)} - set(copies) <= in_doubt

    def test_between_the_servers_yes_and_the_commit_makes_the_row_unknown(
        self, start_worker: StartWorker, mailbox: Mailbox
    ) -> None:
        campaign = launch(1)
        dying = start_worker(queues="mail", CSAT_FAILPOINT="after_smtp_250", CSAT_FAILPOINT_GROUP="yes")
        wake_sender(campaign.pk)
        wait_for(lambda: not dying.is_running(), what="the worker dies")
        assert len(mailbox.messages) == 1
        assert states(campaign) == {"claimed": 1}
        age_claims(campaign)
        start_worker(queues="mail,default", beat=True)
        wait_for(lambda: finished(campaign), what="the campaign is finished", seconds=60)
        assert (states(campaign), len(mailbox.messages)) == ({"unknown": 1}, 1)


class TestBroker:
    def test_emptied_in_mid_campaign_loses_nobody(
        self, start_worker: StartWorker, mailbox: Mailbox, redis_server: RedisServer
    ) -> None:
        mailbox.delay = 0.002
        campaign = launch(300)
        wake_sender(campaign.pk)
        redis_server.empty()
        start_worker(queues="mail,default", beat=True)
        wait_for(lambda: finished(campaign), what="the campaign is finished", seconds=60)
        assert (states(campaign), len(set(mailbox.recipients)), len(mailbox.messages)) == ({"sent": 300}, 300, 300)

    def test_away_at_launch_costs_the_launch_nothing(
        self, start_worker: StartWorker, mailbox: Mailbox, redis_server: RedisServer
    ) -> None:
        redis_server.stop()
        start = time.monotonic()
        campaign = launch(20)
        assert time.monotonic() - start < 30
        redis_server.start()
        start_worker(queues="mail,default", beat=True)
        wait_for(lambda: finished(campaign), what="the campaign is finished", seconds=60)
        assert len(mailbox.messages) == 20


class TestManyWorkers:
    @pytest.mark.parametrize("processes", [4])
    def test_share_a_campaign_without_sending_twice(
        self, start_worker: StartWorker, mailbox: Mailbox, processes: int
    ) -> None:
        campaign = launch(400)
        start_worker(queues="mail", processes=processes)
        for _ in range(6):
            wake_sender(campaign.pk)
        wait_for(lambda: finished(campaign), what="the campaign is finished", seconds=60)
        assert Counter(Counter(mailbox.recipients).values()) == {1: 400}
