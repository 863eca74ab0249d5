"""Answers while something breaks: every acknowledged one is stored once, none is thanked for in vain."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.sending.models import Campaign
from tests.services.postgres import PostgresServer
from tests.services.proxy import Proxy
from tests.services.redis_server import RedisServer
from tests.services.site import WebServer
from tests.surveys.answering_builders import ONE_PAGE, make_invitation, one_page

pytestmark = pytest.mark.django_db(transaction=True)
BODY = urllib.parse.urlencode(ONE_PAGE, doseq=True).encode()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


opener = urllib.request.build_opener(NoRedirect)


def post(url: str, token: str, body: bytes = BODY) -> tuple[int, str, float]:
    """Return status (0: no reply), location or body, and seconds."""
    began = time.monotonic()
    try:
        with opener.open(urllib.request.Request(f"{url}/a/{token}/", body), timeout=20) as reply:
            return reply.status, reply.read().decode(), time.monotonic() - began
    except urllib.error.HTTPError as error:
        said = error.headers.get("Location") or error.read().decode()
        return error.code, said, time.monotonic() - began
    except (OSError, urllib.error.URLError):
        return 0, "", time.monotonic() - began


def make_tokens(count: int) -> list[str]:
    first, token = make_invitation(raw=one_page())
    return [token, *(make_invitation(campaign=first.campaign)[1] for _n in range(count - 1))]


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(one) for one in found.split()]


def stored() -> int:
    return Response.objects.filter(state=ResponseState.COMPLETE).count()


@pytest.fixture
def pair(site: WebServer) -> Iterator[WebServer]:
    """The site with two processes."""
    site.stop()
    site.start(workers=2)
    yield site
    site.stop()
    site.start()


class TestAnswers:
    def test_are_one_row_for_twenty_posts_at_once(self, pair: WebServer) -> None:
        [token] = make_tokens(1)
        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda _n: post(pair.url, token), range(20)))
        assert {(status, place) for status, place, _s in replies} == {(302, f"/a/{token}/thanks/?lang=en")}
        assert stored() == Response.objects.count() == RecomputeNote.objects.count() == 1

    def test_are_one_row_for_twenty_anonymous_posts_at_once(self, pair: WebServer) -> None:
        _invitation, token = make_invitation(raw=one_page(), is_anonymous=True)
        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda _n: post(pair.url, token)[0], range(20)))
        assert set(replies) == {302} and Response.objects.count() == RecomputeNote.objects.count() == 1

    def test_survive_processes_killed_under_load(self, pair: WebServer) -> None:
        tokens, said = make_tokens(240), {}
        assert pair.service
        master = pair.service.process.pid
        done = threading.Event()

        def kill() -> None:
            while not done.wait(0.7):
                for child in children_of(master)[:1]:
                    os.kill(child, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with ThreadPoolExecutor(6) as pool:
            for token, reply in zip(tokens, pool.map(lambda t: post(pair.url, t), tokens), strict=True):
                said[token] = reply[0]
        done.set()
        killer.join()
        time.sleep(1.5)
        thanked = sum(status == 302 for status in said.values())
        assert thanked and thanked <= stored() <= len(tokens)
        again = [post(pair.url, token)[0] for token in tokens]
        assert set(again) == {302} and stored() == Response.objects.count() == len(tokens) == RecomputeNote.objects.count()

    def test_come_through_when_the_reply_is_lost(self, site: WebServer, make_proxy: Callable[[int], Proxy]) -> None:
        [token] = make_tokens(1)
        proxy = make_proxy(site.port)
        proxy.drop_replies()
        line = f"http://127.0.0.1:{proxy.port}"
        assert [post(line, token)[0] for _n in range(3)] == [0, 0, 0]
        proxy.heal()
        status, place, _s = post(line, token)
        assert status == 302 and "/thanks/" in place and stored() == Response.objects.count() == 1

    def test_are_kept_on_the_page_while_the_database_is_away(self, site: WebServer, postgres: PostgresServer) -> None:
        tokens = make_tokens(4)
        assert post(site.url, tokens[0])[0] == 302
        connections.close_all()
        postgres.stop()
        try:
            status, page, seconds = post(site.url, tokens[1])
        finally:
            postgres.start()
        assert status == 503 and "Two hours late." in page and "Thank you" not in page and seconds < 8
        kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
        assert ("nps", "3") in kept and ("reasons", "punctual") in kept
        again = urllib.parse.urlencode([*kept, ("why", "Two hours late.")]).encode()
        end = time.monotonic() + 15
        while (status := post(site.url, tokens[1], again)[0]) != 302 and time.monotonic() < end:
            time.sleep(0.3)
        assert status == 302 and [post(site.url, token)[0] for token in tokens[2:]] == [302, 302] and stored() == 4

    def test_are_no_thank_you_while_the_row_is_busy(self, site: WebServer) -> None:
        [token] = make_tokens(1)
        page_one = BODY.replace(b"_to=next", b"_to=lang%3Aen")
        assert post(site.url, token, page_one)[0] == 302
        with transaction.atomic():
            list(Response.objects.select_for_update())
            status, page, _s = post(site.url, token)
        assert status == 503 and "Two hours late." in page and stored() == 0
        assert post(site.url, token)[0] == 302 and stored() == 1

    @pytest.mark.parametrize("fault", ["stopped", "frozen"])
    def test_wait_for_no_queue(self, site: WebServer, redis_server: RedisServer, fault: str) -> None:
        tokens = make_tokens(20)
        assert post(site.url, tokens[0])[0] == 302
        getattr(redis_server, {"stopped": "stop", "frozen": "freeze"}[fault])()
        try:
            replies = [post(site.url, token) for token in tokens[1:]]
        finally:
            redis_server.heal()
        assert {status for status, _p, _s in replies} == {302}
        assert max(seconds for _a, _b, seconds in replies) < 1.0
        assert stored() == 20 and RecomputeNote.objects.count() == 20

    def test_are_taken_while_a_campaign_is_cancelled(self, site: WebServer) -> None:
        [token] = make_tokens(1)
        Campaign.objects.update(state="cancelled")
        assert post(site.url, token)[0] == 302 and connection.vendor
