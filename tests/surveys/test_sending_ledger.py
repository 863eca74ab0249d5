"""The ledger against a real SMTP server: who gets a mail, what is written down, what is never repeated."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from surveys.contacts.models import Contact, Suppression
from surveys.contacts.services import suppress
from surveys.sending import ledger
from surveys.sending.delivery import send_due
from surveys.sending.models import Campaign, Invitation
from surveys.sending.services import (
    EmptyAudienceError,
    NotPublishedError,
    TextsMissingError,
    launch_campaign,
    pause_campaign,
    resend,
    resume_campaign,
)
from tests.services.smtp import Mailbox, MailServer
from tests.surveys.sending_builders import AT, launched, make_campaign, make_contacts, make_team, publish, states

pytestmark = pytest.mark.django_db(transaction=True)


def send(campaign: Campaign, at: datetime = AT) -> bool:
    return send_due(campaign_id=campaign.pk, worker="test", clock=lambda: at, seconds=60)


class TestSending:
    def test_reaches_everybody_once_and_finishes(self, mailbox: Mailbox) -> None:
        campaign = launched(make_team(), 120)
        send(campaign)
        send(campaign)
        campaign.refresh_from_db()
        assert sorted(mailbox.recipients) == sorted(f"p{n}@customer.example" for n in range(120))
        assert states(campaign) == {"sent": 120}
        assert (campaign.state, campaign.finished_at) == ("finished", AT)

    def test_uses_one_connection_for_a_batch(self, mailbox: Mailbox, mail_server: MailServer) -> None:
        peers: set[Any] = set()
        mailbox.on_data = None
        handler = mail_server.controller.handler  # type: ignore[union-attr]
        original = handler.handle_MAIL

        async def noted(server: Any, session: Any, *rest: Any) -> str:
            peers.add(session.peer)
            return str(await original(server, session, *rest))

        handler.handle_MAIL = noted
        try:
            send(launched(make_team(), 60))
        finally:
            del handler.handle_MAIL
        assert (len(mailbox.recipients), len(peers)) == (60, 1)

    def test_sends_nothing_while_the_team_is_not_armed(self, mailbox: Mailbox) -> None:
        campaign = launched(make_team(is_sending_armed=False), 3)
        send(campaign)
        assert (mailbox.recipients, states(campaign)) == ([], {"pending": 3})

    def test_cancels_what_is_due_after_closing(self, mailbox: Mailbox) -> None:
        campaign = launched(make_team(), 3, closes_at=AT + timedelta(days=1))
        send(campaign, AT + timedelta(days=2))
        campaign.refresh_from_db()
        assert (mailbox.recipients, states(campaign), campaign.state) == ([], {"cancelled": 3}, "finished")

    def test_skips_the_removed_contact(self, mailbox: Mailbox) -> None:
        campaign = launched(make_team(), 3)
        Contact.objects.get(email_key="p1@customer.example").delete()
        send(campaign)
        assert (len(mailbox.recipients), states(campaign)) == (2, {"sent": 2, "cancelled": 1})

    def test_skips_those_who_stopped_while_their_mail_was_queued(self, mailbox: Mailbox) -> None:
        team = make_team()
        campaign = launched(team, 100)
        stopped = {f"p{n}@customer.example" for n in range(0, 100, 2)}
        for email in stopped:
            suppress(team=team, email=email, reason="unsubscribed", at=AT)
        send(campaign)
        assert not stopped & set(mailbox.recipients)
        assert states(campaign) == {"sent": 50, "suppressed": 50}

    def test_checks_again_between_reserving_and_claiming(self) -> None:
        team = make_team()
        campaign = launched(team, 1)
        [row] = ledger.reserve_batch(campaign_id=campaign.pk, mark="m", at=AT, size=5)
        suppress(team=team, email="p0@customer.example", reason="unsubscribed", at=AT)
        assert not ledger.claim(invitation=row, mark="m", team_id=team.pk, at=AT)

    def test_pause_holds_what_has_not_been_claimed(self, mailbox: Mailbox) -> None:
        campaign = launched(make_team(), 3)
        [first, *_rest] = ledger.reserve_batch(campaign_id=campaign.pk, mark="m", at=AT, size=3)
        assert pause_campaign(campaign=campaign)
        assert not ledger.claim(invitation=first, mark="m", team_id=campaign.team_id, at=AT)
        ledger.release(mark="m", at=AT)
        send(campaign)
        assert mailbox.recipients == []
        assert resume_campaign(campaign=campaign, at=AT)
        send(campaign)
        assert len(mailbox.recipients) == 3


class TestReservation:
    def test_gives_a_row_to_one_worker_only(self) -> None:
        campaign = launched(make_team(), 60)
        taken: list[int] = []
        start = threading.Barrier(6)

        def work(number: int) -> None:
            start.wait()
            taken.extend(r.pk for r in ledger.reserve_batch(campaign_id=campaign.pk, mark=f"m{number}", at=AT, size=20))
            connection.close()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == len(set(taken)) == 60

    def test_lapses_by_itself_when_the_worker_is_gone(self) -> None:
        campaign = launched(make_team(), 4)
        ledger.reserve_batch(campaign_id=campaign.pk, mark="dead", at=AT, size=10)
        assert ledger.reserve_batch(campaign_id=campaign.pk, mark="m", at=AT + timedelta(seconds=60), size=10) == []
        later = ledger.reserve_batch(campaign_id=campaign.pk, mark="m", at=AT + timedelta(seconds=121), size=10)
        assert len(later) == 4

    def test_that_lapsed_no_longer_allows_a_claim(self) -> None:
        campaign = launched(make_team(), 1)
        [row] = ledger.reserve_batch(campaign_id=campaign.pk, mark="slow", at=AT, size=1)
        ledger.reserve_batch(campaign_id=campaign.pk, mark="next", at=AT + timedelta(minutes=3), size=1)
        assert not ledger.claim(invitation=row, mark="slow", team_id=campaign.team_id, at=AT + timedelta(minutes=3))


class TestReplies:
    @pytest.mark.parametrize(
        ("phase", "reply", "state", "reason"),
        [
            ("mail_reply", "451 4.3.0 Try later", "retry", "server_busy"),
            ("mail_reply", "550 5.7.1 Not you", "failed", "refused_as_spam"),
            ("rcpt_reply", "450 4.2.0 Busy", "retry", "server_busy"),
            ("rcpt_reply", "452 4.2.2 Mailbox full", "retry", "mailbox_full"),
            ("rcpt_reply", "550 5.1.1 No such user", "failed", "no_such_mailbox"),
            ("rcpt_reply", "550 Refused", "failed", "refused"),
            ("rcpt_reply", "554 5.7.1 Spam", "failed", "refused_as_spam"),
            ("data_reply", "432 4.3.2 Too many", "retry", "server_busy"),
            ("data_reply", "451 4.7.1 Greylisted", "retry", "refused_as_spam"),
            ("data_reply", "552 5.2.2 Full", "failed", "mailbox_full"),
            ("data_reply", "554 5.4.4 No route", "retry", "refused_as_spam"),
        ],
    )
    def test_decide_what_happens_next(
        self, mailbox: Mailbox, phase: str, reply: str, state: str, reason: str
    ) -> None:
        setattr(mailbox, phase, reply)
        campaign = launched(make_team(), 1)
        send(campaign)
        row = Invitation.objects.get(campaign=campaign)
        assert (row.state, row.reason, row.reply_code, row.attempts) == (state, reason, int(reply[:3]), 1)
        assert mailbox.messages == []

    def test_suppress_an_address_that_does_not_exist_and_no_other(self, mailbox: Mailbox) -> None:
        replies = {"p0@customer.example": "550 5.1.1 No such user", "p1@customer.example": "550 5.7.1 Policy"}
        mailbox.rcpt_reply = replies.get
        campaign = launched(make_team(), 3)
        send(campaign)
        assert states(campaign) == {"failed": 2, "sent": 1}
        assert [(s.reason, s.contact.email) for s in Suppression.objects.all() if s.contact] == [
            ("bounced", "p0@customer.example")
        ]

    def test_that_refuse_the_login_pause_the_campaign_with_a_reason(self, mailbox: Mailbox) -> None:
        mailbox.mail_reply = "535 5.7.8 Bad credentials"
        campaign = launched(make_team(), 5)
        send(campaign)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.pause_reason) == ("paused", "login_refused")
        assert states(campaign) == {"pending": 5}

    def test_of_one_person_do_not_hold_up_the_others(self, mailbox: Mailbox) -> None:
        mailbox.rcpt_reply = lambda address: "451 Later" if address.startswith("p3@") else None
        campaign = launched(make_team(), 10)
        send(campaign)
        assert states(campaign) == {"sent": 9, "retry": 1}
        mailbox.rcpt_reply = None
        send(campaign, AT + timedelta(seconds=59))
        assert states(campaign) == {"sent": 9, "retry": 1}
        send(campaign, AT + timedelta(seconds=61))
        assert states(campaign) == {"sent": 10}

    def test_that_close_the_session_are_followed_by_a_new_one(self, mailbox: Mailbox) -> None:
        seen: list[str] = []

        def shut_at_third(address: str) -> str | None:
            seen.append(address)
            return "421 4.7.0 Too many messages in this session" if len(seen) == 3 else None

        mailbox.mail_reply = shut_at_third
        campaign = launched(make_team(), 6)
        send(campaign)
        assert states(campaign) == {"sent": 6}

    def test_that_never_come_make_the_row_unknown_and_are_never_repeated(self, mailbox: Mailbox) -> None:
        mailbox.cut_after_data = True
        campaign = launched(make_team(), 1)
        send(campaign)
        for hours in range(1, 50):
            at = AT + timedelta(hours=hours)
            ledger.mark_lost_claims(at=at)
            send(campaign, at)
        row = Invitation.objects.get(campaign=campaign)
        assert (row.state, row.reason, len(mailbox.messages)) == ("unknown", "no_reply", 1)

    def test_that_were_lost_are_repeated_on_a_persons_word_with_the_same_message_id(self, mailbox: Mailbox) -> None:
        mailbox.cut_after_data = True
        campaign = launched(make_team(), 1)
        send(campaign)
        mailbox.cut_after_data = False
        assert resend(campaign=campaign, states=["unknown"], at=AT) == 1
        send(campaign)
        first, second = mailbox.messages
        assert first.message["Message-ID"] == second.message["Message-ID"]
        assert states(campaign) == {"sent": 1}

    def test_of_a_server_that_is_away_cost_one_try_and_come_back(self, mailbox: Mailbox, mail_server: MailServer) -> None:
        mail_server.stop()
        campaign = launched(make_team(), 5)
        assert send(campaign) is False
        assert states(campaign) == {"pending": 4, "retry": 1}
        mail_server.start()
        send(campaign, AT + timedelta(minutes=2))
        assert (states(campaign), len(mailbox.recipients)) == ({"sent": 5}, 5)


class TestRetryGap:
    def test_grows_and_ends_after_a_day(self) -> None:
        gaps = [ledger.retry_gap(n) for n in range(1, 40)]
        minutes = [int(gap.total_seconds() // 60) for gap in gaps if gap is not None]
        assert minutes[:6] == [1, 5, 30, 60, 60, 60]
        assert 23 * 60 < sum(minutes) <= 24 * 60
        assert gaps[len(minutes):] == [None] * (39 - len(minutes))


class TestSweep:
    def test_gives_up_an_old_claim_as_unknown(self) -> None:
        campaign = launched(make_team(), 2)
        rows = ledger.reserve_batch(campaign_id=campaign.pk, mark="m", at=AT, size=2)
        assert ledger.claim(invitation=rows[0], mark="m", team_id=campaign.team_id, at=AT)
        ledger.mark_lost_claims(at=AT + timedelta(minutes=14))
        assert states(campaign) == {"claimed": 1, "pending": 1}
        ledger.mark_lost_claims(at=AT + timedelta(minutes=16))
        assert states(campaign) == {"unknown": 1, "pending": 1}

    def test_does_not_finish_a_campaign_with_a_row_in_hand(self) -> None:
        campaign = launched(make_team(), 1)
        [row] = ledger.reserve_batch(campaign_id=campaign.pk, mark="m", at=AT, size=2)
        ledger.claim(invitation=row, mark="m", team_id=campaign.team_id, at=AT)
        assert ledger.finish_done(at=AT) == 0


class TestLaunch:
    def test_by_two_people_at_once_makes_one_wave(self, mailbox: Mailbox) -> None:
        team = make_team()
        make_contacts(team, 40)
        campaign = make_campaign(team, publish(team))
        won: list[bool] = []
        start = threading.Barrier(2)

        def press() -> None:
            start.wait()
            won.append(launch_campaign(campaign=Campaign.objects.get(pk=campaign.pk), at=AT))
            connection.close()

        people = [threading.Thread(target=press) for _ in range(2)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        assert sorted(won) == [False, True]
        assert Invitation.objects.filter(campaign=campaign).count() == 40

    def test_fixes_the_version_of_that_moment(self) -> None:
        team = make_team()
        make_contacts(team, 1)
        version = publish(team)
        campaign = make_campaign(team, version)
        launch_campaign(campaign=campaign, at=AT)
        assert campaign.version == version

    def test_counts_who_is_left_out_and_why(self) -> None:
        team = make_team()
        make_contacts(team, 5)
        suppress(team=team, email="P1@Customer.example", reason="unsubscribed", at=AT)
        suppress(team=team, email="p2@customer.example", reason="bounced", at=AT)
        campaign = make_campaign(team, publish(team))
        launch_campaign(campaign=campaign, at=AT)
        assert campaign.left_out == {"unsubscribed": 1, "bounced": 1}
        assert states(campaign) == {"pending": 3}

    def test_without_a_published_version_is_refused(self) -> None:
        team = make_team()
        version = publish(team)
        campaign = make_campaign(team, version)
        version.delete()
        with pytest.raises(NotPublishedError):
            launch_campaign(campaign=campaign, at=AT)

    def test_to_nobody_is_refused_and_stays_a_draft(self) -> None:
        team = make_team()
        campaign = make_campaign(team, publish(team))
        with pytest.raises(EmptyAudienceError):
            launch_campaign(campaign=campaign, at=AT)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.version_id) == ("draft", None)

    def test_without_a_text_that_somebody_needs_is_refused_and_stores_nothing(self) -> None:
        team = make_team()
        make_contacts(team, 1, language="zh-hans")
        campaign = make_campaign(team, publish(team), message={"en": "Only English", "zh-hans": ""})
        with pytest.raises(TextsMissingError):
            launch_campaign(campaign=campaign, at=AT)
        assert not Invitation.objects.exists()

    def test_gives_links_that_nothing_stored_reveals(self) -> None:
        campaign = launched(make_team(), 50)
        hashes = set(Invitation.objects.values_list("token_hash", flat=True))
        assert len(hashes) == 50
        random.seed(1)
        assert all(len(h) == 64 for h in hashes)
        assert campaign.state == "sending"
