"""What every reply of the site carries, and what the logs never hold."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.mails import reset_tokens
from csat.logs import JsonFormatter
from tests.cast import PASSWORD, Cast, api_client, client_of, make_cast, make_key
from tests.project.route_samples import RULES

pytestmark = pytest.mark.django_db
ABSENT = ["/no/such/page/", "/a/no-such-token/", "/api/v1/no-such-thing/"]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def crawl(cast: Cast) -> list[tuple[str, Any]]:
    """Call every route as the owner and as a stranger, right and wrong."""
    replies = []
    for client in (client_of(cast.alice), Client()):
        for name, rule in RULES.items():
            path = reverse(name, kwargs=rule.build(cast.team, cast.alice) if rule.build else {})
            replies.append((path, client.get(path)))
        replies += [(path, client.get(path)) for path in ABSENT]
    return replies


class TestEveryReply:
    def test_carries_the_headers_that_guard_it(self, cast: Cast) -> None:
        for path, reply in crawl(cast):
            policy = reply["Content-Security-Policy"]
            # A mail brings its own style; it is shown in a sandbox where nothing can run.
            assert "'unsafe-inline'" not in policy or ("sandbox allow-popups;" in policy and "script-src" not in policy), path
            assert "'unsafe-eval'" not in policy, path
            assert "default-src 'none'" in policy, path
            # The builder frames the preview and the sending page the mail, both of the same site.
            framed = path.endswith("/preview/") or "/mail/" in path
            assert "frame-ancestors 'none'" in policy or (framed and "frame-ancestors 'self'" in policy), path
            assert reply["X-Content-Type-Options"] == "nosniff", path
            assert reply["Cross-Origin-Opener-Policy"] == "same-origin", path
            assert "camera=()" in reply["Permissions-Policy"], path
            assert reply["Referrer-Policy"] in {"same-origin", "no-referrer", "strict-origin"}, path
            assert "no-store" in reply["Cache-Control"], path
            assert "Server" not in reply.headers, path

    def test_of_production_asks_for_encryption(self, cast: Cast, settings: Any) -> None:
        settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 63_072_000, True
        reply = Client().get("/account/sign-in/", secure=True)
        assert reply["Strict-Transport-Security"].startswith("max-age=63072000; includeSubDomains")

    def test_says_nothing_about_the_inside_when_it_fails(self, cast: Cast) -> None:
        for path, reply in crawl(cast):
            if reply.status_code >= 400:
                body = reply.content.decode()
                assert not any(word in body for word in ("Traceback", "django", "psycopg", "SELECT ", "/site-packages/")), path


class Kept(logging.Handler):
    """Collects lines as the real formatter writes them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def kept() -> Any:
    handler = Kept()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


class TestTheLogs:
    def test_hold_no_address_password_token_or_key(self, cast: Cast, kept: Kept) -> None:
        token, (_row, key) = reset_tokens.make_token(cast.bob), make_key(cast.team)
        client = Client()
        client.post("/account/sign-in/", {"email": cast.alice.email, "password": "canary-wrong-password"})
        client.post("/account/sign-in/", {"email": cast.alice.email, "password": PASSWORD})
        client.post("/account/settings/members/", {"email": "canary@people.example", "role": "manager"})
        client.get(f"/account/reset/{token}/MQ/")
        client.get("/account/join/canary-join-token/")
        api_client(key).get("/api/v1/me/")
        api_client("csat_0123456789_canary-bad-key").get("/api/v1/me/")
        crawl(cast)
        text = "\n".join(kept.lines)
        secrets = (cast.alice.email, "canary@people.example", "canary-wrong-password", PASSWORD, token, key, "canary-join-token",
                   "canary-bad-key", cast.alice.name)
        assert len(kept.lines) > 20
        assert [secret for secret in secrets if secret in text] == []

    def test_would_show_one_that_slipped_through(self, kept: Kept) -> None:
        logging.getLogger("csat").warning("password is %s", "canary-slipped")
        assert "canary-slipped" in kept.lines[-1]
