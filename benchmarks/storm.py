"""What customers and staff do while the endurance run breaks things, and a ledger of what was acknowledged."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlencode

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.wake import ring
from analytics.scoring.wake import QUESTIONNAIRE_TASK, QUEUE
from benchmarks.answers import ITEMS
from surveys.answering.models import RecomputeNote, Response
from surveys.answering.wake import rows_changed, wake_on_commit

COPIES: Final = 3
"""How often each event's task is put into the queue."""
PATIENCE: Final = 180.0
"""Seconds in which an event must come through, whatever is down meanwhile."""
PAUSE_AFTER_FAILURE: Final = 0.2
Ratings = dict[str, int]
Found = Literal["sealed", "unsealed", "gone"]
Result = TypeVar("Result")


class NeverAcknowledgedError(RuntimeError):
    """An event did not come through although everything came back."""


@dataclass(frozen=True)
class Visit:
    """A customer answers through a link; then leaves it so, changes the answers, or is erased."""

    invitation_id: int
    token: str
    ratings: Ratings
    then: Literal["stay", "amend", "erase"]
    amended: Ratings


@dataclass(frozen=True)
class Edit:
    """Staff put a sealed response right."""

    response_id: int
    ratings: Ratings


@dataclass(frozen=True)
class Erasure:
    """A sealed response is erased."""

    response_id: int


Event = Visit | Edit | Erasure


def ratings(rng: random.Random) -> Ratings:
    """Answers to every question that counts."""
    return {**{item: rng.randint(1, 5) for item in ITEMS}, "nps": rng.randint(0, 10)}


@dataclass
class Ledger:
    """What has been acknowledged, so that it can be looked for at the end.

    `by_response` and `by_invitation` hold the answers last acknowledged, or None after an erasure; `counts`
    the events by kind.
    """

    by_response: dict[int, Ratings | None] = field(default_factory=dict)
    by_invitation: dict[int, Ratings | None] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def count(self, *kinds: str) -> None:
        """Write down that these things were done."""
        with self.guard:
            self.counts.update(kinds)

    @property
    def acknowledged(self) -> int:
        """How many responses the ledger speaks of."""
        return len(self.by_response) + len(self.by_invitation)

    @property
    def arrived(self) -> int:
        """How many responses the events have left behind, less those they took away."""
        held = sum(answers is not None for answers in self.by_invitation.values())
        return held - sum(answers is None for answers in self.by_response.values())

    def differences(self) -> int:
        """Count what is not in the database as it was acknowledged."""
        return _differing(self.by_response, "id") + _differing(self.by_invitation, "invitation_id")


def _differing(expected: dict[int, Ratings | None], key: str) -> int:
    rows = Response.objects.filter(**{f"{key}__in": list(expected)}).values_list(key, "answers")
    stored: dict[int, Any] = {}
    for one, answers in rows:
        assert one not in stored, f"two responses with {key} {one}"
        stored[one] = {name: answers.get(name) for name in (*ITEMS, "nps")}
    return sum(stored.get(one) != answers for one, answers in expected.items())


class Crowd:
    """Threads that carry events out; a fault on the way is met by doing the same again, as people do."""

    def __init__(self, *, questionnaire_id: int, port: int, threads: int, pause: float) -> None:
        self.questionnaire_id, self.port, self.pause = questionnaire_id, port, pause
        self.ledger = Ledger()
        self.waiting: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.failures: list[BaseException] = []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def feed(self, events: Sequence[Event]) -> None:
        """Give the threads more to do."""
        for event in events:
            self.waiting.put(event)

    def finish(self) -> None:
        """Wait until everything is done; raise what went wrong."""
        for _ in self.threads:
            self.waiting.put(None)
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def _run(self) -> None:
        try:
            while (event := self.waiting.get()) is not None:
                self._carry_out(event)
                for _ in range(COPIES):
                    ring(QUESTIONNAIRE_TASK, queue=QUEUE, questionnaire_id=self.questionnaire_id)
                self.ledger.count("events")
                time.sleep(self.pause)
        except BaseException as error:  # a thread has nobody else to tell
            self.failures.append(error)
        finally:
            connection.close()

    def _carry_out(self, event: Event) -> None:
        if isinstance(event, Visit):
            self._visit(event)
        elif isinstance(event, Edit):
            self._change(Response.objects.filter(pk=event.response_id), event.ratings)
            self.ledger.by_response[event.response_id] = event.ratings
        else:
            self._change(Response.objects.filter(pk=event.response_id), None)
            self.ledger.by_response[event.response_id] = None

    def _visit(self, visit: Visit) -> None:
        self._post(visit.token, visit.ratings)
        self.ledger.by_invitation[visit.invitation_id] = visit.ratings
        self.ledger.count("arrived")
        if visit.then == "amend":
            self._post(visit.token, visit.amended)
            self.ledger.by_invitation[visit.invitation_id] = visit.amended
            self.ledger.count("amended by link")
        elif visit.then == "erase":
            self._change(Response.objects.filter(invitation_id=visit.invitation_id), None)
            self.ledger.by_invitation[visit.invitation_id] = None

    def _post(self, token: str, answers: Ratings) -> None:
        """Send a page through the web server until it says thank you."""
        persistently(lambda: post_answers(self.port, token, answers))

    def _change(self, rows: QuerySet[Response], answers: Ratings | None) -> None:
        found = persistently(lambda: change_row(rows, answers))
        self.ledger.count(f"{'erased' if answers is None else 'edited'} {found}")


def post_answers(port: int, token: str, answers: Ratings) -> bool:
    """Return whether the answers were acknowledged; no reply and 503 are the faults to be expected."""
    line = HTTPConnection("127.0.0.1", port, timeout=30)
    with suppress(OSError, HTTPException):
        body = urlencode({**answers, "why": "Said in a storm.", "_page": "1", "_to": "next"})
        line.request("POST", f"/a/{token}/", body, {"Content-Type": "application/x-www-form-urlencoded"})
        reply = line.getresponse()
        said = reply.read()
        line.close()
        if reply.status not in (302, 503):
            raise RuntimeError(f"The page answered {reply.status}: {said[:500]!r}")
        return reply.status == 302
    return False


def change_row(rows: QuerySet[Response], answers: Ratings | None) -> Found | None:
    """Edit or erase one response as `surveys.answering.wake` asks of whoever does; say how it was found.

    Returns None when a fault came between; done twice it is as if done once.
    """
    try:
        with transaction.atomic():
            row = rows.select_for_update().first()
            if row is None:
                return "gone"
            at = timezone.now()
            rows_changed(row.questionnaire_id, [row.block_id], at)
            RecomputeNote.objects.create(questionnaire_id=row.questionnaire_id, at=at)
            wake_on_commit(row.questionnaire_id)
            if answers is None:
                row.delete()
            else:
                row.answers, row.revision = {**row.answers, **answers}, row.revision + 1
                row.save(update_fields=["answers", "revision"])
            return "unsealed" if row.block_id is None else "sealed"
    except (OperationalError, InterfaceError):
        connection.close()
        return None


def persistently(work: Callable[[], Result | None]) -> Result:
    """Do the work again until it returns something that is true.

    Raises NeverAcknowledgedError when that takes too long.
    """
    end = time.monotonic() + PATIENCE
    while not (result := work()):
        if time.monotonic() > end:
            raise NeverAcknowledgedError(f"Nothing within {PATIENCE:g} s.")
        time.sleep(PAUSE_AFTER_FAILURE)
    return result
