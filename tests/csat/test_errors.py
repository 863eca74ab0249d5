"""What is read when nothing could answer: the database is away, or a fault of our own."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast, client_of, make_cast, make_key
from tests.services.postgres import PostgresServer
from tests.services.proxy import Proxy
from tests.services.site import WebServer, database_url

Ask = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture
def proxy(postgres: PostgresServer, make_proxy: Callable[[int], Proxy]) -> Proxy:
    return make_proxy(postgres.port)


@pytest.fixture
def ask(
    cast: Cast, collected_static: None, postgres: PostgresServer, proxy: Proxy, service_folder: Path
) -> Iterator[Ask]:
    """Ask a real server whose way to the database can be cut."""
    address = database_url().replace(f":{postgres.port}/", f":{proxy.port}/")
    server = WebServer(service_folder, DATABASE_URL=address)

    def send(path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, str]:
        request = urllib.request.Request(server.url + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    yield send
    server.stop()


class TestAPageWithoutDatabase:
    def test_says_so_and_when_to_come_back(self, cast: Cast, ask: Ask, proxy: Proxy) -> None:
        cookie = f"sessionid={client_of(cast.alice).cookies['sessionid'].value}"
        assert ask("/contacts/", cookie=cookie)[0] == 200
        proxy.refuse()
        status, headers, page = ask("/contacts/", cookie=cookie)
        assert (status, headers["Retry-After"]) == (503, "30")
        assert "Not available at the moment" in page and "Try again in a minute." in page
        status, _headers, page = ask("/contacts/", cookie=cookie, **{"Accept-Language": "zh-CN"})
        assert status == 503 and "暂时无法访问" in page
        proxy.heal()
        assert ask("/contacts/", cookie=cookie)[0] == 200

    def test_tells_a_person_who_wrote_that_nothing_is_saved(self, cast: Cast, ask: Ask, proxy: Proxy) -> None:
        anonymous = Client(enforce_csrf_checks=True)
        anonymous.get("/account/sign-in/")
        token = anonymous.cookies["csrftoken"].value
        proxy.refuse()
        body = f"csrfmiddlewaretoken={token}&email=a%40example.com&password=x".encode()
        status, _headers, page = ask("/account/sign-in/", body, cookie=f"csrftoken={token}")
        assert status == 503 and "Not saved, try again" in page

    def test_promises_a_customer_that_the_link_stays_valid(self, ask: Ask, proxy: Proxy) -> None:
        proxy.refuse()
        status, _headers, page = ask(f"/a/{'A' * 43}/")
        assert status == 503 and "Your link stays valid" in page and "Nothing you typed is lost" not in page

    def test_tells_a_program_in_json(self, cast: Cast, ask: Ask, proxy: Proxy) -> None:
        _key, text = make_key(cast.team)
        assert ask("/api/v1/me/", Authorization=f"Bearer {text}")[0] == 200
        proxy.refuse()
        status, headers, body = ask("/api/v1/me/", Authorization=f"Bearer {text}")
        assert (status, headers["Retry-After"], json.loads(body)["code"]) == (503, "30", "unavailable")


@pytest.mark.django_db
class TestAFaultOfOurOwn:
    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_args: Any, **_kwargs: Any) -> None:
            raise ValueError("secret of the inside")

        monkeypatch.setattr("accounts.access.Actor.may", fail)

    def test_is_a_page_without_its_inside(self, broken: None) -> None:
        client = client_of(make_cast().alice)
        client.raise_request_exception = False
        reply = client.get("/contacts/")
        assert reply.status_code == 500 and "Retry-After" not in reply
        assert "Something went wrong on our side" in reply.content.decode() and b"secret" not in reply.content

    def test_is_json_for_a_program(self, broken: None) -> None:
        client = client_of(make_cast().alice)
        client.raise_request_exception = False
        reply = client.get("/api/v1/questionnaires/")
        assert (reply.status_code, reply.json()["code"]) == (500, "server_error")
        assert b"secret" not in reply.content
