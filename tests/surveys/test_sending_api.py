"""Contacts and campaigns over the API."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from accounts.models import Team
from accounts.roles import Role
from surveys.contacts.models import Contact, ContactAttribute
from tests.surveys.sending_builders import launched, make_contacts, make_member, make_team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    team = make_team()
    ContactAttribute.objects.create(team=team, key="region")
    return team


@pytest.fixture
def api(team: Team) -> APIClient:
    client = APIClient()
    client.force_login(make_member(team))
    return client


@pytest.fixture
def charlie() -> APIClient:
    client = APIClient()
    client.force_login(make_member(make_team("Other"), "charlie@other.example", Role.OWNER))
    return client


class TestContacts:
    def test_are_listed_in_pages(self, api: APIClient, team: Team) -> None:
        make_contacts(team, 60)
        first = api.get("/api/v1/contacts/").json()
        assert (first["count"], len(first["results"])) == (60, 50)
        assert api.get("/api/v1/contacts/?q=p7@").json()["count"] == 1

    def test_are_added_and_changed(self, api: APIClient) -> None:
        new = {"email": "Zhang@X.example", "name": "Zhang", "attributes": {"region": "East"}}
        made = api.post("/api/v1/contacts/", new)
        assert (made.status_code, made.json()["email"]) == (201, "Zhang@x.example")
        changed = api.patch(f"/api/v1/contacts/{made.json()['id']}/", {"attributes": {"region": ""}, "language": "en"})
        assert (changed.json()["attributes"], changed.json()["name"], changed.json()["language"]) == ({}, "Zhang", "en")

    @pytest.mark.parametrize("data", [
        {"email": "nobody"}, {}, {"email": "p0@customer.example"}, {"email": "a@x.example", "language": "fr"},
        {"email": "a@x.example", "attributes": {"shoe": "42"}}, {"email": "a\x00@x.example"},
    ])
    def test_that_are_wrong_are_refused(self, api: APIClient, team: Team, data: dict[str, object]) -> None:
        make_contacts(team, 1)
        assert api.post("/api/v1/contacts/", data).status_code == 400
        assert Contact.objects.count() == 1

    def test_of_others_are_not_there(self, charlie: APIClient, team: Team) -> None:
        contact = make_contacts(team, 1)[0]
        assert charlie.get("/api/v1/contacts/").json()["count"] == 0
        assert charlie.get(f"/api/v1/contacts/{contact.pk}/").status_code == 404
        assert charlie.patch(f"/api/v1/contacts/{contact.pk}/", {"name": "x"}).status_code == 404


class TestCampaigns:
    def test_show_counts_and_states_without_names(self, api: APIClient, team: Team) -> None:
        campaign = launched(team, 3)
        assert api.get("/api/v1/campaigns/").json()["results"][0]["state"] == "sending"
        detail = api.get(f"/api/v1/campaigns/{campaign.pk}/").json()
        assert (detail["funnel"]["planned"], detail["funnel"]["waiting"]) == (3, 3)
        rows = api.get(f"/api/v1/campaigns/{campaign.pk}/invitations/?state=waiting").json()
        assert rows["count"] == 3
        assert not {"email", "name", "nonce", "token_hash"} & set(rows["results"][0])

    def test_of_others_are_not_there(self, charlie: APIClient, team: Team) -> None:
        campaign = launched(team, 1)
        for path in (f"campaigns/{campaign.pk}/", f"campaigns/{campaign.pk}/invitations/"):
            assert charlie.get(f"/api/v1/{path}").status_code == 404

    def test_need_a_key_or_a_session(self, team: Team) -> None:
        assert APIClient().get("/api/v1/campaigns/").status_code in (401, 403)
