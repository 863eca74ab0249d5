"""What one completed response costs, beside the least that a Django stack can do."""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.db import connection

from benchmarks.answers import ITEMS, LATEST, both, make_version
from benchmarks.child import server_pids
from benchmarks.clocks import middle_pair, processor_seconds
from benchmarks.figures import Row
from benchmarks.floor.tables import TABLES
from benchmarks.visitors import Rush, rush
from surveys.answering.models import Response
from surveys.contacts.bulk import insert_rows
from surveys.contacts.models import Contact
from surveys.design.models import QuestionnaireVersion
from surveys.sending.models import Campaign, Invitation
from surveys.sending.services import launch_campaign
from surveys.sending.tokens import token_for
from tests.services.processes import Service, free_port, is_listening

GROUP: Final = "answering"
PAIRS: Final = 5
RESPONSES: Final = 200
CLIENTS: Final = (8, 32)
SERVE: Final = ("--workers", "2", "--worker-class", "gthread", "--threads", "8", "--keep-alive", "5",
                "--no-control-socket", "--log-level", "warning")
NO_CONFIG: Final = "python:benchmarks.floor"
OURS: Final = {item: str(1 + place % 5) for place, item in enumerate(ITEMS)} | {
    "nps": "8", "why": "Quick and friendly.", "_page": "1", "_to": "next",
}
FLOOR: Final = {f"item_{place + 1}": str(1 + place % 5) for place in range(12)} | {"nps": "8", "why": "Quick and friendly."}


@dataclass
class Stand:
    """A web server under test with links to answer through, and how its rushes went by number of clients."""

    service: Service
    port: int
    tokens: list[str]
    fields: dict[str, str]
    rushes: dict[int, list[Rush]] = field(default_factory=lambda: defaultdict(list))
    processor: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def run(self, clients: int) -> None:
        """Let clients answer; processor time is that of web server, PostgreSQL and Redis together."""
        pids = [self.service.pid, *server_pids()]
        tokens, self.tokens = self.tokens[:RESPONSES], self.tokens[RESPONSES:]
        before = sum(map(processor_seconds, pids))
        done = rush(port=self.port, tokens=tokens, fields=self.fields, clients=clients)
        self.processor[clients].append((sum(map(processor_seconds, pids)) - before) / RESPONSES * 1000)
        self.rushes[clients].append(done)

    def warm_up(self) -> None:
        """Let every thread load what it keeps; what that takes is not looked at."""
        self.run(CLIENTS[0])
        self.rushes.clear()
        self.processor.clear()

    def rates(self, clients: int) -> list[float]:
        """Responses per second of each rush."""
        return [one.rate for one in self.rushes[clients]]

    def slow(self, clients: int) -> list[float]:
        """The latency in milliseconds that 19 of 20 responses of each rush stay under."""
        return [one.p95 * 1000 for one in self.rushes[clients]]


def measure(_sizes: Sequence[int]) -> Iterator[Row]:
    """Measure both servers in turns, each time at 8 and at 32 clients: what disturbs one disturbs all."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="csat-bench-web-")))
        count = (PAIRS * len(CLIENTS) + 1) * RESPONSES
        ours, floor = our_stand(folder, count), floor_stand(folder, count)
        ends.callback(ours.service.stop)
        ends.callback(floor.service.stop)
        for stand in (ours, floor):
            stand.warm_up()
        for _ in range(PAIRS):
            for clients in CLIENTS:
                ours.run(clients)
                floor.run(clients)
        yield from rows_of(ours, floor)
        stored = Response.objects.filter(state="complete").count()
        assert stored == count, f"{stored} of {count} responses are stored"


def rows_of(ours: Stand, floor: Stand) -> Iterator[Row]:
    """The figures of all rushes."""
    few, many = CLIENTS
    cost = middle_pair(ours.processor[few], floor.processor[few])
    yield Row(GROUP, f"one response, {few} clients", *cost, "ms CPU", "Django floor", 1.5)
    yield Row(GROUP, f"GET and POST, p95, {few} clients", *middle_pair(ours.slow(few), floor.slow(few)), "ms",
              "Django floor", 1.5)
    for clients in CLIENTS:
        rate = middle_pair(ours.rates(clients), floor.rates(clients))
        yield Row(GROUP, f"rate at {clients} clients", *rate, "responses/s", "Django floor", 0.7, True)
    held = middle_pair(ours.rates(many), ours.rates(few))
    yield Row(GROUP, f"rate at {many} clients", *held, "responses/s", f"at {few} clients", 0.85, True)


def our_stand(folder: Path, count: int) -> Stand:
    """The product's own web server and this many invitations."""
    campaign = make_campaign(count)
    nonces = Invitation.objects.filter(campaign=campaign).order_by("id").values_list("nonce", flat=True)
    port = free_port()
    env = {"PROCESS_KIND": "web", "LOG_LEVEL": "INFO", "SITE_URL": f"http://127.0.0.1:{port}"}
    service = serve("csat.wsgi", "gunicorn.conf.py", port, folder / "ours.log", env)
    return Stand(service, port, [token_for(bytes(nonce)) for nonce in nonces], dict(OURS))


def floor_stand(folder: Path, count: int) -> Stand:
    """The floor's web server and this many links."""
    tokens = [f"floor-token-{number:08}-abcdefgh" for number in range(count)]
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute("INSERT INTO floor_link (token) SELECT unnest(%s)", [tokens])
    port = free_port()
    settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.floor.settings"}
    service = serve("benchmarks.floor.wsgi", NO_CONFIG, port, folder / "floor.log", settings)
    return Stand(service, port, tokens, dict(FLOOR))


def serve(application: str, config: str, port: int, log: Path, env: dict[str, str]) -> Service:
    """Start gunicorn as both are served: two processes with eight threads."""
    command = [
        sys.executable, "-m", "gunicorn", application, "--config", config, *SERVE, "--bind", f"127.0.0.1:{port}",
    ]
    service = Service(command, log=log, env=env)
    service.wait_until(lambda: is_listening(port), what=f"{application} listens")
    return service


def make_campaign(contacts: int, name: str = "answering") -> Campaign:
    """Launch a campaign to this many contacts with a questionnaire of its own."""
    return launch_to(make_version(name), contacts, name)


def launch_to(version: QuestionnaireVersion, contacts: int, name: str) -> Campaign:
    """Launch a campaign to this many new contacts of the questionnaire's team."""
    team = version.questionnaire.team
    rows = (
        (team.pk, f"p{n}@customer.example", f"p{n}@customer.example", f"Person {n}", "en",
         {"region": "East", "tier": "gold"}, LATEST, LATEST)
        for n in range(contacts)
    )
    names = ("team_id", "email", "email_key", "name", "language", "attributes", "created_at", "updated_at")
    insert_rows(model=Contact, fields=names, rows=rows)
    campaign = Campaign.objects.create(
        team=team, name=name, questionnaire=version.questionnaire, sender_name="Benchmark",
        subject=both("How was it, {name}?"), message=both("Please tell us how we did."),
    )
    assert launch_campaign(campaign=campaign, at=LATEST)
    return campaign
