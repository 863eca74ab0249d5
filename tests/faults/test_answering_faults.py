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
from itertools import cycle
from typing import Any

import pytest
from django.db import connection, connections, transaction

from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.sending.models import Campaign
from surveys.sending.tokens import token_for
from tests.services.postgres import PostgresServer
from tests.services.processes import wait_for
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
        with opener.open(urllib.request.Request(f"{url}/a/{token}/", body), timeout=60) as reply:
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


def tokens_stored() -> set[str]:
    """The links whose answers are complete in the database; a link is made from its invitation's nonce."""
    rows = Response.objects.filter(state=ResponseState.COMPLETE).select_related("invitation")
    return {token_for(bytes(row.invitation.nonce)) for row in rows if row.invitation}


def send_until(url: str, token: str, seconds: float) -> int:
    """Send again while no reply comes, as a person would, but not for ever; return the last status."""
    end = time.monotonic() + seconds
    while (status := post(url, token)[0]) == 0 and time.monotonic() < end:
        time.sleep(0.1)
    return status


def send_for(seconds: float, url: str, tokens: list[str]) -> list[tuple[int, str, float]]:
    """Four clients send the tokens round and round for so long."""
    end = time.monotonic() + seconds

    def client(own: list[str]) -> list[tuple[int, str, float]]:
        replies = []
        for token in cycle(own):
            replies.append(post(url, token))
            if time.monotonic() > end:
                return replies
            time.sleep(0.02)
        return replies

    with ThreadPoolExecutor(4) as pool:
        return [reply for part in pool.map(client, [tokens[n::4] for n in range(4)]) for reply in part]


class Killer:
    """Clients call `answer`; the one whose acknowledgement is a multiple of `every` kills the oldest process with -9."""

    def __init__(self, server: WebServer, every: int) -> None:
        assert server.service
        self.url, self.master, self.every = server.url, server.service.pid, every
        self.said: dict[str, int] = {}
        self.killed: list[int] = []
        self.lock = threading.Lock()

    def answer(self, token: str) -> None:
        status = send_until(self.url, token, 120)
        with self.lock:
            self.said[token] = status
            if len(self.acknowledged()) >= self.every * (len(self.killed) + 1):
                self.kill_oldest()

    def acknowledged(self) -> set[str]:
        return {token for token, status in self.said.items() if status == 302}

    def kill_oldest(self) -> None:
        def alive() -> list[int]:
            return [child for child in children_of(self.master) if child not in self.killed]

        wait_for(alive, what="a process is there to be killed", seconds=20)
        victim = min(alive())
        os.kill(victim, signal.SIGKILL)
        self.killed.append(victim)


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
        """Six clients, 120 answers; at every 12th acknowledged one a process is killed with -9, at the end all."""
        tokens, killer = make_tokens(120), Killer(pair, every=12)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(killer.answer, tokens))
        acknowledged = killer.acknowledged()
        pair.kill()
        assert len(killer.killed) == len(acknowledged) // 12 >= 8
        assert acknowledged <= tokens_stored()
        pair.start(workers=2)
        again = [post(pair.url, token)[0] for token in tokens]
        assert set(again) == {302} and tokens_stored() == set(tokens)
        assert stored() == Response.objects.count() == len(tokens) == RecomputeNote.objects.count()

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
        """PostgreSQL is stopped for 3 s, four clients keep sending; the page of 503 is then sent as it came."""
        tokens = make_tokens(44)
        assert post(site.url, tokens[0])[0] == 302
        connections.close_all()
        postgres.stop()
        try:
            replies = send_for(3, site.url, tokens[1:41])
        finally:
            postgres.start()
        assert {status for status, _p, _s in replies} == {503} and max(seconds for _a, _p, seconds in replies) < 20
        pages = {page for _status, page, _s in replies}
        assert all("Two hours late." in page and "Thank you" not in page for page in pages)
        kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', pages.pop())
        assert ("nps", "3") in kept and ("reasons", "punctual") in kept
        again = urllib.parse.urlencode([*kept, ("why", "Two hours late.")]).encode()
        wait_for(lambda: post(site.url, tokens[1], again)[0] == 302, what="the page can be sent again", seconds=15)
        assert {post(site.url, token)[0] for token in tokens[2:]} == {302}
        assert tokens_stored() == set(tokens) and RecomputeNote.objects.count() == len(tokens)

    def test_are_no_thank_you_while_the_row_is_busy(self, site: WebServer) -> None:
        [token] = make_tokens(1)
        page_one = BODY.replace(b"_to=next", b"_to=lang%3Aen")
        assert post(site.url, token, page_one)[0] == 302
        with transaction.atomic():
            list(Response.objects.select_for_update())
            status, page, _s = post(site.url, token)
        assert status == 503 and "Two hours late." in page and stored() == 0
        assert post(site.url, token)[0] == 302 and stored() == 1

    @pytest.mark.parametrize("fault", ["stop", "freeze"])
    def test_wait_for_no_queue(self, site: WebServer, redis_server: RedisServer, fault: str) -> None:
        """Redis is away for 100 answers from four clients: none fails, half take no second more, each leaves its note.

        Whoever waited for a frozen Redis would wait for its time limit of 2 s in every answer.
        """
        tokens = make_tokens(141)
        assert post(site.url, tokens[0])[0] == 302
        with ThreadPoolExecutor(4) as pool:
            ordinary = sorted(seconds for _s, _p, seconds in pool.map(lambda token: post(site.url, token), tokens[101:]))
        getattr(redis_server, fault)()
        try:
            with ThreadPoolExecutor(4) as pool:
                replies = list(pool.map(lambda token: post(site.url, token), tokens[1:101]))
        finally:
            redis_server.heal()
        assert {status for status, _p, _s in replies} == {302}
        taken = sorted(seconds for _a, _b, seconds in replies)
        assert taken[50] < 1.0 + ordinary[20], f"half took {taken[50]:.2f} s instead of {ordinary[20]:.2f} s"
        assert tokens_stored() == set(tokens) and RecomputeNote.objects.count() == len(tokens)

    def test_are_taken_while_a_campaign_is_cancelled(self, site: WebServer) -> None:
        [token] = make_tokens(1)
        Campaign.objects.update(state="cancelled")
        assert post(site.url, token)[0] == 302 and connection.vendor
