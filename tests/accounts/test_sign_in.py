"""Coming in, going out, and being kept out."""

from __future__ import annotations

import re
import statistics
import time
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from accounts.models import AttemptCounter, AuditEvent, User
from tests.cast import PASSWORD, Cast, client_of, make_cast
from tests.services.redis_server import RedisServer

pytestmark = pytest.mark.django_db
SIGN_IN = "/account/sign-in/"
HOSTILE = [
    "//evil.example", "/\\evil.example", "https:evil.example", "https://testserver@evil.example", "javascript:alert(1)",
    "\t//evil.example", " //evil.example", "http:///evil.example", "///evil.example", "https://evil.example", "/\r\nX: 1",
]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def sign_in(client: Client, user: User | str, password: str = PASSWORD, **data: str) -> Any:
    email = user if isinstance(user, str) else user.email
    return client.post(SIGN_IN, {"email": email, "password": password, **data})


class TestSignIn:
    def test_starts_a_session_under_a_new_id(self, cast: Cast, client: Client) -> None:
        client.cookies[django_settings.SESSION_COOKIE_NAME] = "fixated0000000000000000000000000"
        reply = sign_in(client, cast.alice)
        assert (reply.status_code, reply["Location"]) == (302, "/")
        assert client.cookies[django_settings.SESSION_COOKIE_NAME].value != "fixated0000000000000000000000000"
        assert AuditEvent.objects.filter(action="session.started", user=cast.alice, team=cast.team).count() == 1

    def test_overlooks_the_case_of_the_address(self, cast: Cast, client: Client) -> None:
        assert sign_in(client, cast.alice.email.upper()).status_code == 302

    def test_leads_to_the_page_that_was_asked_for(self, cast: Cast, client: Client) -> None:
        assert sign_in(client, cast.alice, next="/account/settings/?page=2")["Location"] == "/account/settings/?page=2"

    @pytest.mark.parametrize("target", HOSTILE)
    def test_never_leads_to_another_site(self, cast: Cast, client: Client, target: str) -> None:
        assert sign_in(client, cast.alice, next=target)["Location"] == "/"

    @pytest.mark.parametrize("target", HOSTILE)
    @pytest.mark.parametrize("path", ["/account/language/", "/account/theme/", "/account/sign-out/"])
    def test_nor_does_any_other_door_with_a_next(self, client: Client, path: str, target: str) -> None:
        location = client.post(path, {"next": target, "language": "en", "theme": "dark"})["Location"]
        assert location in {"/", SIGN_IN}

    def test_sets_a_cookie_that_scripts_and_other_sites_cannot_use(self, cast: Cast, client: Client) -> None:
        sign_in(client, cast.alice)
        cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


class TestAWrongSignIn:
    def replies(self, cast: Cast) -> list[tuple[int, str]]:
        User.objects.filter(pk=cast.dora.pk).update(is_active=False)
        tries = [(cast.alice, "wrong"), ("nobody@people.example", "wrong"), (cast.dora, PASSWORD)]
        found = []
        for user, password in tries:
            reply = sign_in(Client(), user, password)
            body = re.sub(r'value="[^"]*"', "", reply.content.decode())
            found.append((reply.status_code, body))
        return found

    def test_reads_the_same_for_every_reason(self, cast: Cast) -> None:
        replies = self.replies(cast)
        assert replies[0][0] == 400
        assert "The e-mail address or the password is wrong." in replies[0][1]
        assert len(set(replies)) == 1

    def test_costs_as_much_for_an_address_nobody_has(self, cast: Cast, settings: Any) -> None:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
        cast.alice.set_password(PASSWORD)
        cast.alice.save()
        times: dict[str, list[float]] = {"known": [], "unknown": []}
        for number in range(7):
            for kind, email in (("known", cast.alice.email), ("unknown", f"no{number}@people.example")):
                began = time.process_time()
                sign_in(Client(), email, "wrong")
                times[kind].append(time.process_time() - began)
        known, unknown = statistics.median(times["known"]), statistics.median(times["unknown"])
        assert 0.5 < known / unknown < 2, times

    def test_is_answered_at_once_when_the_password_is_a_megabyte(self, cast: Cast, client: Client) -> None:
        reply = sign_in(client, cast.alice, "x" * 1_000_000)
        assert reply.status_code == 400
        assert AttemptCounter.objects.count() == 0

    def test_of_129_characters_is_never_hashed(self, cast: Cast, client: Client) -> None:
        cast.alice.set_password("y" * 129)
        cast.alice.save()
        assert sign_in(client, cast.alice, "y" * 129).status_code == 400


class TestGuessing:
    def test_is_limited_per_account_from_however_many_addresses(self, cast: Cast) -> None:
        statuses = [
            Client(REMOTE_ADDR=f"10.0.0.{number % 50}").post(SIGN_IN, {"email": cast.alice.email, "password": "wrong"})
            for number in range(30)
        ]
        assert [reply.status_code for reply in statuses] == [400] * 10 + [429] * 20
        assert 0 < int(statuses[-1]["Retry-After"]) <= 900

    def test_is_limited_per_address_over_however_many_accounts(self, cast: Cast) -> None:
        client = Client()
        statuses = [sign_in(client, f"user{n}@people.example", "wrong").status_code for n in range(60)]
        assert statuses == [400] * 50 + [429] * 10

    def test_is_counted_in_one_bucket_whatever_the_request_claims(self, cast: Cast) -> None:
        replies = [
            Client().post(SIGN_IN, {"email": f"u{n}@people.example", "password": "wrong"}, headers={
                "x-forwarded-for": f"203.0.113.{n}", "x-real-ip": f"203.0.113.{n}", "cf-connecting-ip": f"203.0.113.{n}"})
            for n in range(55)
        ]
        assert [reply.status_code for reply in replies].count(429) == 5

    def test_holds_without_the_cache(self, cast: Cast, redis_server: RedisServer, client: Client) -> None:
        redis_server.stop()
        statuses = [sign_in(client, cast.alice, "wrong").status_code for _ in range(12)]
        assert statuses == [400] * 10 + [429] * 2

    def test_is_forgotten_after_a_success(self, cast: Cast) -> None:
        for _round in range(3):
            for _ in range(9):
                sign_in(Client(), cast.alice, "wrong")
            assert sign_in(Client(), cast.alice).status_code == 302

    def test_leaves_no_address_in_the_table(self, cast: Cast, client: Client) -> None:
        sign_in(client, cast.alice, "wrong")
        assert all(re.fullmatch(r"[0-9a-f]{64}", counter.bucket) for counter in AttemptCounter.objects.all())


class TestSignOut:
    def test_kills_the_session_for_good(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        kept = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        assert client.post("/account/sign-out/")["Location"] == SIGN_IN
        replay = Client()
        replay.cookies[django_settings.SESSION_COOKIE_NAME] = kept
        assert replay.get("/account/").status_code == 302

    def test_needs_a_post(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        assert client.get("/account/sign-out/").status_code == 405
        assert client.get("/account/").status_code == 200


class TestAPersonShutOut:
    def test_is_refused_on_the_next_request(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        assert client.get("/account/settings/").status_code == 200
        User.objects.filter(pk=cast.alice.pk).update(is_active=False)
        assert client.get("/account/settings/").status_code == 302


class TestSwitches:
    def test_remember_a_strangers_language_in_a_cookie(self, client: Client) -> None:
        client.post("/account/language/", {"language": "zh-hans", "next": SIGN_IN})
        assert 'lang="zh-Hans"' in client.get(SIGN_IN).content.decode()

    def test_remember_a_members_language_with_the_account(self, cast: Cast) -> None:
        client = client_of(cast.bob)
        client.post("/account/language/", {"language": "zh-hans"})
        cast.bob.refresh_from_db()
        assert cast.bob.language == "zh-hans"
        assert client_of(cast.bob).get("/account/")["Content-Language"] == "zh-hans"

    def test_remember_the_theme(self, cast: Cast, client: Client) -> None:
        client.post("/account/theme/", {"theme": "dark"})
        assert 'data-theme="dark"' in client.get(SIGN_IN).content.decode()
        client_of(cast.bob).post("/account/theme/", {"theme": "dark"})
        assert 'data-theme="dark"' in client_of(cast.bob).get("/account/").content.decode()

    @pytest.mark.parametrize("wrong", ["fr", "", "../../etc", "zh-hans\x00"])
    def test_ignore_a_language_that_is_not_there(self, client: Client, wrong: str) -> None:
        reply = client.post("/account/language/", {"language": wrong})
        assert (reply.status_code, django_settings.LANGUAGE_COOKIE_NAME in client.cookies) == (302, False)


class TestTheSignInAddress:
    def test_is_where_protected_pages_send_strangers(self, client: Client) -> None:
        assert client.get("/account/settings/")["Location"] == f"{reverse('accounts:sign-in')}?next=/account/settings/"
