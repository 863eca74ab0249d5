"""Taking a questionnaire out of use: what stops, what stays, and the way back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from surveys.answering.models import Response
from surveys.design.models import Questionnaire
from surveys.design.services import archive_questionnaire, restore_questionnaire
from surveys.sending.ledger import claim, new_mark, reserve_batch
from surveys.sending.models import Campaign, CampaignState, DeliveryState, Invitation
from surveys.sending.services import ArchivedError, launch_campaign, resend, resume_campaign
from surveys.sending.tokens import token_for
from tests.cast import Cast, api_client, client_of, make_cast, make_key, words_of
from tests.surveys.sending_builders import launched, make_campaign, make_contacts, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    """Being sent to three people, one of whom has the mail."""
    made = launched(cast.team, 3, at=timezone.now())
    first = Invitation.objects.filter(campaign=made).order_by("pk").first()
    Invitation.objects.filter(pk=first.pk if first else 0).update(state=DeliveryState.SENT, sent_at=timezone.now())
    return made


def archive(cast: Cast, campaign: Campaign) -> bool:
    return archive_questionnaire(actor=cast.actor(cast.dora), questionnaire=campaign.questionnaire, at=timezone.now())


def restore(cast: Cast, campaign: Campaign) -> bool:
    return restore_questionnaire(actor=cast.actor(cast.dora), questionnaire=campaign.questionnaire, at=timezone.now())


def mailed_link(campaign: Campaign) -> str:
    invitation = Invitation.objects.get(campaign=campaign, state=DeliveryState.SENT)
    return reverse("answering:page", args=[token_for(bytes(invitation.nonce))])


def state_of(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).state


def answer(link: str) -> int:
    return Client().post(link, {"nps": "9", "_page": "1", "_to": "next"}).status_code


class TestAnArchivedQuestionnaire:
    def test_shuts_its_links_and_takes_no_answer(self, cast: Cast, campaign: Campaign) -> None:
        link = mailed_link(campaign)
        assert Client().get(link).status_code == 200
        archive(cast, campaign)
        assert (Client().get(link).status_code, answer(link)) == (410, 410)
        assert not Response.objects.exists()

    def test_keeps_its_answers(self, cast: Cast, campaign: Campaign) -> None:
        answer(mailed_link(campaign))
        archive(cast, campaign)
        assert Response.objects.get().answers == {"nps": 9}
        assert b"9" in b"".join(client_of(cast.dora).get(f"/questionnaires/{campaign.questionnaire_id}/responses.csv"))

    def test_mails_nobody_any_more(self, cast: Cast, campaign: Campaign) -> None:
        mark, at = new_mark("w"), timezone.now()
        [taken, _other] = reserve_batch(campaign_id=campaign.pk, mark=mark, at=at, size=10)
        archive(cast, campaign)
        assert state_of(campaign) == CampaignState.PAUSED
        assert not claim(invitation=taken, mark=mark, team_id=cast.team.pk, at=at)
        page = words_of(client_of(cast.dora).get(reverse("sending:detail", args=[campaign.pk])))
        assert "The questionnaire is archived" in page

    def test_starts_no_campaign_again(self, cast: Cast, campaign: Campaign) -> None:
        draft = make_campaign(cast.team, campaign.version, name="Winter") if campaign.version else campaign
        archive(cast, campaign)
        campaign.refresh_from_db()
        draft = Campaign.objects.get(pk=draft.pk)
        for act in (
            lambda: launch_campaign(campaign=draft, at=timezone.now()),
            lambda: resume_campaign(campaign=campaign, at=timezone.now()),
            lambda: resend(campaign=campaign, states=["failed"], at=timezone.now()),
        ):
            with pytest.raises(ArchivedError):
                act()
        assert (state_of(draft), state_of(campaign)) == (CampaignState.DRAFT, CampaignState.PAUSED)

    @pytest.mark.parametrize("action", ["launch", "resume", "resend"])
    def test_says_so_to_who_tries(self, cast: Cast, campaign: Campaign, action: str) -> None:
        draft = make_campaign(cast.team, campaign.version, name="Winter") if campaign.version else campaign
        archive(cast, campaign)
        target = draft if action == "launch" else campaign
        reply = client_of(cast.dora).post(reverse(f"sending:{action}", args=[target.pk]), {"state": "failed"}, follow=True)
        assert reply.status_code == 200 and "Restore it, then" in words_of(reply)

    def test_is_listed_apart_and_edited_by_nobody(self, cast: Cast, campaign: Campaign) -> None:
        archive(cast, campaign)
        staff, number = client_of(cast.dora), campaign.questionnaire_id
        page = staff.get("/questionnaires/")
        assert [row.pk for row, _state in page.context["rows"]] == []
        assert [row.pk for row in page.context["archived"]] == [number]
        assert staff.get(f"/questionnaires/{number}/").status_code == 404
        assert staff.post(f"/questionnaires/{number}/publish/", {"revision": 1}).status_code == 404

    def test_is_in_the_trail_once(self, cast: Cast, campaign: Campaign) -> None:
        assert [archive(cast, campaign), archive(cast, campaign)] == [True, False]
        assert [restore(cast, campaign), restore(cast, campaign)] == [True, False]
        written = AuditEvent.objects.filter(user=cast.dora).order_by("pk").values_list("action", flat=True)
        assert list(written) == ["campaign.paused", "questionnaire.archived", "questionnaire.restored"]


class TestARestoredQuestionnaire:
    def test_opens_its_links_and_leaves_mail_to_people(self, cast: Cast, campaign: Campaign) -> None:
        link = mailed_link(campaign)
        archive(cast, campaign)
        restore(cast, campaign)
        assert answer(link) == 302 and Response.objects.count() == 1
        assert state_of(campaign) == CampaignState.PAUSED
        assert resume_campaign(campaign=campaign, at=timezone.now()) and state_of(campaign) == CampaignState.SENDING


class TestThePageBefore:
    def test_says_what_stops(self, cast: Cast, campaign: Campaign) -> None:
        page = words_of(client_of(cast.dora).get(f"/questionnaires/{campaign.questionnaire_id}/archive/"))
        assert "1 campaign is being sent and pauses." in page and "1 customer holds a link" in page
        assert not Questionnaire.objects.get(pk=campaign.questionnaire_id).archived_at

    def test_does_not_count_links_that_open_nothing(self, cast: Cast, campaign: Campaign) -> None:
        Campaign.objects.update(state=CampaignState.FINISHED, closes_at=timezone.now() - timedelta(days=1))
        page = client_of(cast.dora).get(f"/questionnaires/{campaign.questionnaire_id}/archive/")
        assert page.context["consequences"] == []

    def test_archives_and_the_list_restores(self, cast: Cast, campaign: Campaign) -> None:
        staff, path = client_of(cast.dora), f"/questionnaires/{campaign.questionnaire_id}"
        assert "is archived" in words_of(staff.post(f"{path}/archive/", follow=True))
        assert staff.post(f"{path}/archive/").status_code == 302 and staff.get(f"{path}/archive/").status_code == 302
        assert "in use again" in words_of(staff.post(f"{path}/restore/", follow=True))
        assert staff.get(f"{path}/versions/").status_code == 200


class TestTheApi:
    def test_archives_lists_and_restores(self, cast: Cast, campaign: Campaign) -> None:
        api, path = api_client(make_key(cast.team, Role.DESIGNER)[1]), "/api/v1/questionnaires/"
        own = f"{path}{campaign.questionnaire_id}/"
        assert api.post(f"{own}archive/").json()["archived_at"]
        assert api.get(path).json()["results"] == []
        assert [one["id"] for one in api.get(path, {"archived": "true"}).json()["results"]] == [campaign.questionnaire_id]
        assert api.post(f"{own}restore/").json()["archived_at"] is None
        assert len(api.get(path).json()["results"]) == 1
        assert api.get(path, {"archived": "perhaps"}).status_code == 400


@pytest.mark.django_db(transaction=True)
class TestArchivingWhileSomebodySends:
    def test_leaves_no_campaign_that_is_being_sent(self, cast: Cast) -> None:
        make_contacts(cast.team, 2)
        campaign = make_campaign(cast.team, publish(cast.team))
        threads: list[threading.Thread] = []

        def apart(act: Callable[[], Any]) -> None:
            def run() -> None:
                try:
                    act()
                finally:
                    connection.close()

            threads.append(threading.Thread(target=run))
            threads[-1].start()

        with transaction.atomic():
            assert launch_campaign(campaign=campaign, at=timezone.now())
            apart(lambda: archive(cast, Campaign.objects.get(pk=campaign.pk)))
            threads[0].join(1)
            assert threads[0].is_alive(), "archiving waits for the launch"
        threads[0].join(60)
        assert state_of(campaign) == CampaignState.PAUSED
