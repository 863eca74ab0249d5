"""Inviting, changing and removing members."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.mails import send_member_invitation
from accounts.models import AccessKey, AuditEvent, MemberInvitation, Membership, Team, User
from accounts.roles import Role
from accounts.services import LastOwnerError, invite_member, remove_member
from accounts.tasks import sweep_accounts
from surveys.contacts.models import Contact, ContactAttribute
from tests.cast import NOW, PASSWORD, Cast, api_client, client_of, make_cast, make_key, make_member
from tests.services.smtp import Mailbox

pytestmark = pytest.mark.django_db
EMAIL = "nina@people.example"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def invited(cast: Cast, mailbox: Mailbox, email: str = EMAIL, role: str = Role.MANAGER, **scope: list[str]) -> str:
    """Invite, let the mail go out, return the path of its link."""
    invitation = invite_member(actor=cast.actor(cast.alice), email=email, role=role, scope=scope, at=timezone.now())
    assert send_member_invitation(invitation=invitation, at=timezone.now())
    return path_in(mailbox, email)


def path_in(mailbox: Mailbox, email: str) -> str:
    link = next(link for link in mailbox.to(email)[-1].links if "/account/join/" in link)
    return re.sub(r"^https?://[^/]+", "", link)


def join(path: str, client: Client | None = None) -> Any:
    data = {"name": "Nina", "new_password": "a sentence of nina", "repeated": "a sentence of nina"}
    return (client or Client()).post(path, data)


class TestAnInvitation:
    def test_makes_an_account_with_its_role_and_scope_and_signs_in(self, cast: Cast, mailbox: Mailbox) -> None:
        path, client = invited(cast, mailbox, region=["East"]), Client()
        assert client.get(path).status_code == 200
        assert join(path, client).status_code == 302
        member = Membership.objects.get(user__email=EMAIL)
        assert (member.team, member.role, member.scope) == (cast.team, "manager", {"region": ["East"]})
        assert client.get("/account/").status_code == 200
        assert set(AuditEvent.objects.filter(team=cast.team).values_list("action", flat=True)) >= {
            "member.invited", "member.joined", "session.started"}

    def test_works_once(self, cast: Cast, mailbox: Mailbox) -> None:
        path = invited(cast, mailbox)
        assert [join(path).status_code, join(path).status_code] == [302, 404]
        assert Membership.objects.filter(user__email=EMAIL).count() == 1

    @pytest.mark.parametrize("language, day", [("en", "30 Nov 2026"), ("zh-hans", "2026-11-30")])
    def test_names_its_last_day_as_the_team_counts_days(
        self, cast: Cast, mailbox: Mailbox, language: str, day: str
    ) -> None:
        Team.objects.filter(pk=cast.team.pk).update(time_zone="Asia/Shanghai", default_language=language)
        evening = datetime(2026, 11, 22, 18, tzinfo=UTC)
        made = invite_member(actor=cast.actor(cast.alice), email=EMAIL, role=Role.MANAGER, scope={}, at=evening)
        assert send_member_invitation(invitation=MemberInvitation.objects.get(pk=made.pk), at=evening)
        mail = mailbox.to(EMAIL)[-1]
        assert day in mail.body() and day in mail.body("html")

    def test_dies_after_seven_days(self, cast: Cast, mailbox: Mailbox) -> None:
        path = invited(cast, mailbox)
        MemberInvitation.objects.update(expires_at=timezone.now())
        assert join(path).status_code == 404
        assert not User.objects.filter(email=EMAIL).exists()

    def test_lives_seven_days(self, cast: Cast) -> None:
        made = invite_member(actor=cast.actor(cast.alice), email=EMAIL, role="manager", scope={}, at=NOW)
        assert made.expires_at == NOW + timedelta(days=7)

    def test_is_known_to_the_database_by_a_hash_alone(self, cast: Cast, mailbox: Mailbox) -> None:
        token = invited(cast, mailbox).split("/")[-2]
        assert len(token) == 43
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(i)::text FROM accounts_memberinvitation i")
            assert token not in str(cursor.fetchall())

    def test_is_replaced_by_the_next_one_to_the_same_address(self, cast: Cast, mailbox: Mailbox) -> None:
        first = invited(cast, mailbox)
        second = invited(cast, mailbox)
        assert [join(first).status_code, join(second).status_code] == [404, 302]

    def test_can_be_withdrawn(self, cast: Cast, mailbox: Mailbox) -> None:
        path = invited(cast, mailbox)
        pk = MemberInvitation.objects.get().pk
        assert client_of(cast.alice).post(f"/account/settings/invitations/{pk}/withdraw/").status_code == 302
        assert join(path).status_code == 404

    def test_asks_a_person_with_an_account_to_sign_in_as_that_person(self, cast: Cast, mailbox: Mailbox) -> None:
        path = invited(cast, mailbox, email=cast.charlie.email)
        assert [join(path).status_code, join(path, client_of(cast.bob)).status_code] == [403, 403]
        charlie = client_of(cast.charlie)
        assert charlie.post(path).status_code == 302
        assert Membership.objects.filter(user=cast.charlie).count() == 2
        cast.charlie.refresh_from_db()
        assert cast.charlie.check_password(PASSWORD)

    @pytest.mark.parametrize("token", ["", "x", "x" * 43, "%00", "a" * 5000, "é"])
    def test_is_not_guessed(self, token: str) -> None:
        assert Client().get(f"/account/join/{token}/").status_code == 404

    def test_waits_when_the_mail_server_refuses_and_goes_out_later(self, cast: Cast, mailbox: Mailbox) -> None:
        invite_member(actor=cast.actor(cast.alice), email=EMAIL, role="manager", scope={}, at=timezone.now())
        mailbox.rcpt_reply = "451 4.3.0 Try later"
        sweep_accounts()
        assert MemberInvitation.objects.get().sent_at is None
        mailbox.rcpt_reply = None
        sweep_accounts()
        assert [mail.subject for mail in mailbox.to(EMAIL)] == ["Join Blue"]
        sweep_accounts()
        assert len(mailbox.to(EMAIL)) == 1


class TestTheMembersPage:
    def test_invites(self, cast: Cast) -> None:
        reply = client_of(cast.alice).post("/account/settings/members/", {
            "email": EMAIL, "role": "manager", "scope": "region = East, West\ntier=A"})
        assert reply.status_code == 302
        assert MemberInvitation.objects.get().scope == {"region": ["East", "West"], "tier": ["A"]}

    @pytest.mark.parametrize("data", [
        {"email": "not an address", "role": "manager"}, {"email": "a@b.example\r\nBcc: x@evil.example", "role": "manager"},
        {"email": EMAIL, "role": "king"}, {"email": EMAIL, "role": "manager", "scope": "East"},
        {"email": EMAIL, "role": "manager", "scope": "region ="}, {"email": EMAIL, "role": "owner", "scope": "region = East"},
        {"email": "bob@people.example", "role": "manager"}, {"email": EMAIL, "role": "manager", "scope": "a=b\na=c"},
    ])
    def test_refuses_with_a_reason(self, cast: Cast, data: dict[str, str]) -> None:
        reply = client_of(cast.alice).post("/account/settings/members/", data)
        assert (reply.status_code, MemberInvitation.objects.count()) == (400, 0)
        assert "There is a problem" in reply.content.decode()

    def test_takes_nothing_that_the_form_does_not_offer(self, cast: Cast) -> None:
        client_of(cast.alice).post("/account/settings/members/", {
            "email": EMAIL, "role": "manager", "team": cast.other_team.pk, "token_hash": "known", "accepted_at": "2026-01-01",
            "is_superuser": "on"})
        made = MemberInvitation.objects.get()
        assert (made.team, made.accepted_at, made.token_hash == "known") == (cast.team, None, False)

    def test_asks_as_often_for_many_members_as_for_few(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        with CaptureQueriesContext(connection) as few:
            client.get("/account/settings/members/")
        for number in range(30):
            make_member(f"Member{number}", cast.team)
        with CaptureQueriesContext(connection) as many:
            client.get("/account/settings/members/")
        assert len(many) == len(few)


class TestAChangeOfRights:
    def test_holds_from_the_next_request_on(self, cast: Cast) -> None:
        second = make_member("Olga", cast.team, Role.OWNER)
        olga, pk = client_of(second), cast.membership(second).pk
        assert olga.get("/account/settings/").status_code == 200
        client_of(cast.alice).post(f"/account/settings/members/{pk}/", {"role": "manager", "scope": "region = East"})
        assert olga.get("/account/settings/").status_code == 403
        assert cast.membership(second).scope == {"region": ["East"]}

    def test_warns_of_a_scope_that_no_customer_matches(self, cast: Cast) -> None:
        ContactAttribute.objects.create(team=cast.team, key="region")
        Contact.objects.create(team=cast.team, email="one@example.com", attributes={"region": "East"}, created_at=NOW)
        client, url = client_of(cast.alice), f"/account/settings/members/{cast.membership(cast.bob).pk}/"
        assert b"region = East" in client.get(url).content
        right = client.post(url, {"role": "manager", "scope": "region = East"}, follow=True)
        assert b"No customer is known" not in right.content
        wrong = client.post(url, {"role": "manager", "scope": "region = Eest, East\nregin = East"}, follow=True)
        assert b"No customer is known with region = Eest; regin = East." in wrong.content
        assert cast.membership(cast.bob).scope == {"region": ["Eest", "East"], "regin": ["East"]}

    def test_ends_the_keys_that_an_owner_made(self, cast: Cast) -> None:
        second = make_member("Olga", cast.team, Role.OWNER)
        key, text = make_key(cast.team, by=second)
        assert api_client(text).get("/api/v1/me/").status_code == 200
        client_of(cast.alice).post(f"/account/settings/members/{cast.membership(second).pk}/", {"role": "designer"})
        assert api_client(text).get("/api/v1/me/").status_code == 401
        assert AccessKey.objects.get(pk=key.pk).revoked_at is not None

    def test_never_takes_the_last_owner(self, cast: Cast) -> None:
        pk, client = cast.membership(cast.alice).pk, client_of(cast.alice)
        assert client.post(f"/account/settings/members/{pk}/", {"role": "manager"}).status_code == 400
        client.post(f"/account/settings/members/{pk}/remove/")
        assert cast.membership(cast.alice).role == Role.OWNER


class TestARemoval:
    def test_shuts_the_member_out_at_once(self, cast: Cast) -> None:
        dora = client_of(cast.dora)
        client_of(cast.alice).post(f"/account/settings/members/{cast.membership(cast.dora).pk}/remove/")
        assert dora.get("/api/v1/me/").status_code == 403
        assert dora.get("/account/").status_code == 200

    def test_counts_only_owners_who_can_sign_in(self, cast: Cast) -> None:
        second = make_member("Olga", cast.team, Role.OWNER)
        User.objects.filter(pk=second.pk).update(is_active=False)
        with pytest.raises(LastOwnerError):
            remove_member(actor=cast.actor(cast.alice), membership=cast.membership(cast.alice), at=NOW)


@pytest.mark.django_db(transaction=True)
class TestTwoOwners:
    def test_cannot_remove_each_other_at_the_same_moment(self) -> None:
        cast = make_cast()
        second = make_member("Olga", cast.team, Role.OWNER)
        pairs = [(cast.alice, cast.membership(second).pk), (second, cast.membership(cast.alice).pk)]
        start = threading.Barrier(2)

        def remove(user: User, pk: int) -> None:
            client = client_of(user)
            start.wait()
            client.post(f"/account/settings/members/{pk}/remove/")
            connection.close()

        threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Membership.objects.filter(team=cast.team, role=Role.OWNER).count() == 1
