"""People who answer: each gets the form and posts it, on a connection of its own."""

from __future__ import annotations

import http.client
import queue
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

CSRF: Final = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Rush:
    """How it went: seconds in all, and per response for GET and POST together."""

    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Responses per second."""
        return len(self.latencies) / self.seconds

    @property
    def p95(self) -> float:
        """The latency that 19 of 20 responses stay under, in seconds."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.95)]


def rush(*, port: int, tokens: Sequence[str], fields: dict[str, str], clients: int) -> Rush:
    """Let this many clients answer all links; raises RuntimeError on any reply that is not as it should be."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for token in tokens:
        waiting.put(token)
    latencies: list[float] = []
    problems: list[BaseException] = []
    threads = [
        threading.Thread(target=_answer_all, args=(port, waiting, fields, latencies, problems)) for _ in range(clients)
    ]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise RuntimeError(f"{len(problems)} clients failed: {problems[0]!r}") from problems[0]
    return Rush(time.perf_counter() - begun, tuple(latencies))


def _answer_all(
    port: int, waiting: queue.SimpleQueue[str], fields: dict[str, str], latencies: list[float],
    problems: list[BaseException],
) -> None:
    try:
        while True:
            try:
                token = waiting.get_nowait()
            except queue.Empty:
                return
            latencies.append(_answer(port, token, fields))
    except BaseException as error:  # a thread has nobody else to tell
        problems.append(error)


def _answer(port: int, token: str, fields: dict[str, str]) -> float:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.perf_counter()
    line.request("GET", f"/a/{token}/")
    reply = line.getresponse()
    body = reply.read()
    if reply.status != 200:
        raise RuntimeError(f"GET gave {reply.status}")
    csrf = CSRF.search(body)
    extra = {"csrfmiddlewaretoken": csrf.group(1).decode()} if csrf else {}
    cookie = (reply.getheader("Set-Cookie") or "").partition(";")[0]
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{port}",
        **({"Cookie": cookie} if cookie else {}),
    }
    line.request("POST", f"/a/{token}/", urlencode(fields | extra), headers)
    reply = line.getresponse()
    reply.read()
    if reply.status != 302:
        raise RuntimeError(f"POST gave {reply.status}")
    line.close()
    return time.perf_counter() - begun
