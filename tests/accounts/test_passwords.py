"""Changing a password, and choosing a new one by mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.mails import reset_tokens, send_password_reset
from accounts.models import AuditEvent, User
from tests.cast import PASSWORD, Cast, client_of, make_cast
from tests.services.site import Worker
from tests.services.smtp import Mailbox

pytestmark = pytest.mark.django_db
NEW = "another long sentence"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def link_for(user: User) -> str:
    return f"/account/reset/{reset_tokens.make_token(user)}/{urlsafe_base64_encode(force_bytes(user.pk))}/"


def choose(path: str, password: str = NEW, client: Client | None = None) -> Any:
    return (client or Client()).post(path, {"new_password": password, "repeated": password})


class TestAChangeOfPassword:
    def test_signs_other_devices_out_and_keeps_this_one(self, cast: Cast) -> None:
        here, there = client_of(cast.bob), client_of(cast.bob)
        reply = here.post("/account/password/", {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW})
        assert reply.status_code == 302
        assert here.get("/account/").status_code == 200
        assert there.get("/account/").status_code == 302
        assert AuditEvent.objects.filter(action="password.changed", user=cast.bob).exists()

    @pytest.mark.parametrize(("old", "new", "repeated"), [
        ("wrong", NEW, NEW), (PASSWORD, NEW, "different"), (PASSWORD, "short", "short"),
        (PASSWORD, "1234567890123", "1234567890123"), (PASSWORD, "password123", "password123"),
        (PASSWORD, "x" * 129, "x" * 129), (PASSWORD, "bob@people.example", "bob@people.example"),
    ])
    def test_is_refused_with_a_reason_and_changes_nothing(self, cast: Cast, old: str, new: str, repeated: str) -> None:
        reply = client_of(cast.bob).post(
            "/account/password/", {"old_password": old, "new_password": new, "repeated": repeated})
        assert reply.status_code == 400
        assert "There is a problem" in reply.content.decode()
        cast.bob.refresh_from_db()
        assert cast.bob.check_password(PASSWORD)


class TestAResetLink:
    def test_sets_the_password_once(self, cast: Cast) -> None:
        link = link_for(cast.bob)
        assert Client().get(link).status_code == 200
        assert choose(link).status_code == 302
        assert choose(link, "yet another sentence").status_code == 404
        cast.bob.refresh_from_db()
        assert cast.bob.check_password(NEW)

    def test_dies_after_an_hour(self, cast: Cast) -> None:
        link = link_for(cast.bob)
        with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
            assert choose(link).status_code == 404

    def test_dies_with_the_next_sign_in(self, cast: Cast) -> None:
        link = link_for(cast.bob)
        Client().post("/account/sign-in/", {"email": cast.bob.email, "password": PASSWORD})
        assert choose(link).status_code == 404

    def test_opens_nobody_elses_account(self, cast: Cast) -> None:
        token = reset_tokens.make_token(cast.bob)
        for uid in (urlsafe_base64_encode(force_bytes(cast.alice.pk)), "AAAA", "%00", "MQ==", "x" * 500, "LTE"):
            assert choose(f"/account/reset/{token}/{uid}/").status_code == 404

    def test_is_nothing_for_a_person_shut_out(self, cast: Cast) -> None:
        link = link_for(cast.bob)
        User.objects.filter(pk=cast.bob.pk).update(is_active=False)
        assert choose(link).status_code == 404

    @pytest.mark.parametrize("password, words", [
        ("short", "密码太短，至少需要 10 个字符"), ("bob@people.example", "过于相似"), ("1234567890123", "密码只包含数字"),
    ])
    def test_says_in_the_readers_language_why_a_password_is_refused(self, cast: Cast, password: str, words: str) -> None:
        client = Client(headers={"Accept-Language": "zh-CN"})
        reply = client.post(link_for(cast.bob), {"new_password": password, "repeated": password})
        assert reply.status_code == 400 and words in reply.content.decode()

    def test_is_kept_from_other_sites_and_from_copies(self, cast: Cast) -> None:
        reply = Client().get(link_for(cast.bob))
        assert (reply["Referrer-Policy"], reply["Cache-Control"]) == ("strict-origin", "private, no-store")


class TestTheResetMail:
    def test_begins_with_the_configured_address_and_speaks_the_readers_language(
        self, cast: Cast, mailbox: Mailbox, settings: Any
    ) -> None:
        settings.SITE_URL = "https://survey.blue.example"
        User.objects.filter(pk=cast.bob.pk).update(language="zh-hans")
        cast.bob.refresh_from_db()
        send_password_reset(user=cast.bob)
        [mail] = mailbox.to(cast.bob.email)
        assert mail.subject == "设置新密码"
        assert all(link.startswith("https://survey.blue.example/account/reset/") for link in mail.links)
        assert "60 分钟" in mail.body()


class TestAskingForAReset:
    def test_answers_the_same_to_everybody(self, cast: Cast) -> None:
        User.objects.filter(pk=cast.dora.pk).update(is_active=False)
        replies = [
            Client().post("/account/reset/", {"email": email})
            for email in (cast.bob.email, cast.dora.email, "nobody@people.example")
        ]
        assert {(reply.status_code, reply["Location"]) for reply in replies} == {(302, "/account/reset/sent/")}

    def test_is_limited_per_account(self, cast: Cast) -> None:
        statuses = [Client().post("/account/reset/", {"email": cast.bob.email}).status_code for _ in range(5)]
        assert statuses == [302, 302, 302, 429, 429]

    @pytest.mark.parametrize("host", ["evil.example", "good.example:80@evil.example", "evil.example\\"])
    def test_refuses_another_host(self, cast: Cast, host: str) -> None:
        reply = Client().post("/account/reset/", {"email": cast.bob.email}, headers={"host": host})
        assert reply.status_code == 400

    def test_believes_no_forwarded_host(self, cast: Cast) -> None:
        reply = Client().post("/account/reset/", {"email": cast.bob.email}, headers={"x-forwarded-host": "evil.example"})
        assert reply["Location"] == "/account/reset/sent/"


@pytest.mark.django_db(transaction=True)
class TestTheWayOfAReset:
    def test_leads_through_a_real_worker_and_mail_server_to_a_new_password(
        self, start_worker: Callable[..., Worker], mailbox: Mailbox
    ) -> None:
        cast = make_cast()
        worker = start_worker(queues="default")
        Client().post("/account/reset/", {"email": "nobody@people.example"})
        Client().post("/account/reset/", {"email": cast.bob.email})
        worker.wait_until(lambda: bool(mailbox.to(cast.bob.email)), what="the mail has come")
        assert mailbox.recipients == [cast.bob.email]
        link = next(link for link in mailbox.to(cast.bob.email)[0].links if "/account/reset/" in link)
        assert choose(re.sub(r"^https?://[^/]+", "", link)).status_code == 302
        cast.bob.refresh_from_db()
        assert cast.bob.check_password(NEW)
