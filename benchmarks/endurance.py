"""Break what can be broken while answers arrive, change and go; at the end every digit must be that of the rows.

Workers are killed with -9 at random moments and at the two worst ones, in the middle of sealing and of a
run; Redis is emptied, PostgreSQL ends every session, web server and beat are killed. The order of events
and strikes follows from the seed; what meets what in time does not, which is the point.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from analytics.indicators.models import IndicatorTree
from analytics.scoring.models import BlockChange, Run
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.results import PeriodResult
from analytics.scoring.rows import countable_responses, fingerprint
from analytics.scoring.selectors import get_latest_run, get_state, read_period
from analytics.scoring.services import is_requested
from analytics.scoring.wake import QUESTIONNAIRE_TASK, ring
from benchmarks.answering import launch_to
from benchmarks.answers import ITEMS, insert_answers, make_tree, make_version
from benchmarks.figures import Row
from benchmarks.storm import Crowd, Edit, Erasure, Event, Ledger, Visit, ratings
from surveys.answering.models import Response
from surveys.design.models import QuestionnaireVersion
from surveys.sending.models import Invitation
from surveys.sending.tokens import token_for
from tests.services.processes import ROOT, Service, wait_for
from tests.services.site import WebServer, Worker, child_environment

GROUP: Final = "endurance"
DEFAULT_SIZE: Final = 1_000_000
LONG_FROM: Final = 100_000
PROMISE: Final = 300
"""Seconds within which results are right again after a fault, with nobody's help."""
PATIENCE: Final = 300.0
SEALED_AT_ONCE: Final = 600
"""So many answers imported together are certain to be sealed."""
DIFFERENCES: Final = re.compile(r"(\d+) differences")


@dataclass(frozen=True)
class Plan:
    """How much of everything; `pause` and `breath` are seconds between a thread's events and before a strike."""

    answers: int
    visits: int
    edits: int
    erasures: int
    kills: int
    threads: int = 3
    pause: float = 0.3
    breath: float = 3.0
    seed: int = 20261122

    @property
    def events(self) -> int:
        """How many events there are in all."""
        return self.visits + self.edits + self.erasures


def plan_for(answers: int) -> Plan:
    """A storm of some minutes over many answers, a short one over few."""
    if answers >= LONG_FROM:
        return Plan(answers, visits=500, edits=300, erasures=200, kills=6)
    return Plan(answers, visits=40, edits=20, erasures=12, kills=1, pause=0.05, breath=0.5)


@dataclass
class Record:
    """What happened, and what was found at the end."""

    plan: Plan
    ledger: Ledger
    strikes: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    readings: int = 0
    torn: int = 0
    runs: int = 0
    seconds: float = 0.0
    settled_in: float = 0.0
    responses: int = 0
    unlike_rebuild: int = 0
    unlike_rows: int = 0
    unlike_counts: int = 0
    cells: int = 0
    lost: int = 0


def measure(sizes: Sequence[int]) -> Iterator[Row]:
    """Run the storm over the largest number of answers asked for."""
    with tempfile.TemporaryDirectory(prefix="csat-endurance-") as folder:
        record = endure(plan_for(max(sizes, default=DEFAULT_SIZE)), Path(folder), say)
    yield from rows_of(record)


def say(line: str) -> None:
    """Tell what is going on, beside the table."""
    sys.stderr.write(f"  {line}\n")


def rows_of(record: Record) -> Iterator[Row]:
    """Return the table: what was done, how long it took, and every kind of difference, of which none is allowed."""
    plan, deeds = record.plan, record.ledger.counts
    strikes = ", ".join(f"{count} x {name}" for name, count in sorted(record.strikes.items()))
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(deeds.items()) if name != "events")
    yield Row(GROUP, "events done", deeds["events"], plan.events, "", "planned", 1, True, note=kinds)
    total = sum(record.strikes.values())
    yield Row(GROUP, "faults", total, plan.kills + len(SINGLE_STRIKES) + len(FIRST_STRIKES), "", "planned", 1, True, note=strikes)
    yield Row(GROUP, "slowest recovery", max(record.recoveries), PROMISE, "s", "promise", 1)
    yield Row(GROUP, "settled after the last event", record.settled_in, PROMISE, "s", "promise", 1)
    yield Row(GROUP, "runs made", record.runs, deeds["events"], "", "events")
    yield Row(GROUP, "wall time", record.seconds / 60, record.plan.answers / 1e6, "", "min for million answers")
    none = partial(Row, GROUP, unit="", target=0)
    yield none("runs read half", record.torn, record.readings, against="readings")
    yield none("acknowledged and not stored so", record.lost, record.ledger.acknowledged, against="acknowledged")
    yield none("differences of recompute --check", record.unlike_rebuild, record.responses, against="responses")
    yield none("last run unlike the rows", record.unlike_rows, 2, against="number and fingerprint")
    yield none("last run unlike SQL's counts", record.unlike_counts, record.cells, against="counts")


def endure(plan: Plan, folder: Path, say: Callable[[str], object]) -> Record:
    """Fill the database, let the storm go over it, and compare what is left with the rows.

    Raises TimeoutError where something does not come back, AssertionError where the plan was not carried out.
    """
    began = time.perf_counter()
    version = make_version("endurance")
    tree = make_tree(version)
    insert_answers(version, plan.answers)
    say(f"{plan.answers:,} answers inserted after {time.perf_counter() - began:.0f} s")
    with ExitStack() as ends:
        ground = Ground(plan, version, tree, folder, say)
        ends.callback(ground.close)
        ground.begin()
        crowd = Crowd(
            questionnaire_id=version.questionnaire_id, port=ground.web.port, threads=plan.threads, pause=plan.pause
        )
        record = ground.record = Record(plan, crowd.ledger)
        reader = Reader(tree)
        ends.callback(reader.stop)
        ground.storm(crowd)
        record.readings, record.torn = reader.stop()
    record.runs = Run.objects.filter(tree=tree).count()
    judge(record, version, tree, ground.imported)
    record.seconds = time.perf_counter() - began
    return record


class Ground:
    """The processes under fire, and what may strike them."""

    def __init__(
        self, plan: Plan, version: QuestionnaireVersion, tree: IndicatorTree, folder: Path, say: Callable[[str], object]
    ) -> None:
        self.plan, self.version, self.tree, self.folder, self.say = plan, version, tree, folder, say
        self.rng = random.Random(plan.seed)  # noqa: S311  a storm to be repeated, no secret
        self.events = planned_events(plan, version, self.rng)
        self.started = 0
        self.imported = 0
        self.record: Record | None = None
        self.crowd: Crowd | None = None
        self.workers: list[Worker] = []
        self.web = WebServer(folder)
        self.beat = self.start_beat()

    # -- processes -------------------------------------------------------------------------

    def start_beat(self) -> Service:
        """Start the clock that has undone work looked for."""
        self.started += 1
        log = self.folder / f"beat-{self.started}.log"
        command = [sys.executable, "-m", "celery", "-A", "csat", "beat", "-s", str(log.with_suffix(".db"))]
        return Service(command, log=log, env=child_environment(PROCESS_KIND="worker"))

    def start_worker(self, *, wait: bool = False, **env: Any) -> Worker:
        """Start one worker for results and sweeps."""
        self.started += 1
        return Worker(
            self.folder, self.started, queues="default,scoring", wait=wait, LOG_LEVEL="INFO", **env,
        )

    def restart_workers(self) -> None:
        """Kill every worker and start two."""
        for worker in self.workers:
            worker.kill()
        self.workers = [self.start_worker() for _ in range(2)]

    def close(self) -> None:
        """End every process."""
        for service in (*self.workers, self.beat):
            service.kill()
        self.web.kill()

    # -- the order of things ---------------------------------------------------------------

    def begin(self) -> None:
        """Have the answers sealed for the first time, with two kills in the middle of it."""
        self.die_at("block_not_marked")
        time.sleep(self.rng.uniform(0.5, self.plan.breath))
        self.restart_workers()
        self.ring()
        self.wait(lambda: self.covered() == self.plan.answers, what="the first run stands")
        self.say(f"first run stands: {self.covered():,} responses")

    def storm(self, crowd: Crowd) -> None:
        """Let strikes fall while events go on, each when the one before has been recovered from."""
        assert self.record is not None
        self.crowd = crowd
        self.record.strikes.update(FIRST_STRIKES)
        strikes: list[str] = ["worker killed"] * self.plan.kills + list(SINGLE_STRIKES)
        self.rng.shuffle(strikes)
        share = -(-len(self.events) // (len(strikes) + 1))
        for number, name in enumerate(strikes):
            crowd.feed(self.events[number * share : (number + 1) * share])
            time.sleep(self.rng.uniform(0, self.plan.breath))
            self.strike(name)
        crowd.feed(self.events[len(strikes) * share :])
        crowd.finish()
        ended = time.perf_counter()
        self.wait(self.is_settled, what="nothing is asked for any more")
        self.record.settled_in = time.perf_counter() - ended

    def strike(self, name: str) -> None:
        """Break one thing and wait until a run has been made since."""
        assert self.record is not None
        served = self.served()
        began = time.perf_counter()
        SINGLE_STRIKES.get(name, Ground.kill_one_worker)(self)
        self.record.strikes[name] += 1
        self.wait(
            lambda: self.served() > served or not is_requested(tree=self.tree), what=f"a run stands after: {name}"
        )
        self.record.recoveries.append(time.perf_counter() - began)
        self.say(f"{name}: recovered after {self.record.recoveries[-1]:.1f} s, {self.covered():,} responses")

    # -- strikes ---------------------------------------------------------------------------

    def kill_one_worker(self) -> None:
        """kill -9 for a worker with all its children, at whatever it is doing."""
        place = self.rng.randrange(len(self.workers))
        self.workers[place].kill()
        self.workers[place] = self.start_worker()

    def die_at(self, point: str) -> None:
        """Let the only worker there is die, whole, at exactly this point of its work."""
        for worker in self.workers:
            worker.kill()
        doomed = self.start_worker(wait=True, CSAT_FAILPOINT=point, CSAT_FAILPOINT_GROUP="yes")
        self.workers = [doomed]
        self.ring()
        self.wait(lambda: not doomed.is_running(), what=f"the worker dies at {point}")
        assert doomed.process.returncode == -9, doomed.output[-2000:]
        self.workers = [self.start_worker() for _ in range(2)]

    def die_in_a_run(self) -> None:
        """A run is whole in the database but for its commit."""
        self.die_at("run_not_committed")

    def die_while_sealing(self) -> None:
        """A block is written and its rows are not marked yet."""
        insert_answers(self.version, SEALED_AT_ONCE)
        self.imported += SEALED_AT_ONCE
        self.die_at("block_not_marked")

    def empty_redis(self) -> None:
        """Every message is gone."""
        for url in (settings.REDIS_URL, settings.CACHE_URL):
            redis.Redis.from_url(url).flushdb()

    def end_sessions(self) -> None:
        """PostgreSQL ends every session but the one that asks."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )

    def kill_beat(self) -> None:
        """The clock dies and another is started."""
        self.beat.kill()
        self.beat = self.start_beat()

    def kill_web(self) -> None:
        """The web server dies with all its processes and is started again."""
        self.web.kill()
        self.web.start()

    def wait(self, condition: Callable[[], bool], *, what: str) -> None:
        """Wait for something to happen, but not when there is nobody left to make it happen."""
        def holds() -> bool:
            if self.crowd is not None and self.crowd.failures:
                raise self.crowd.failures[0]
            return condition()

        wait_for(holds, what=what, seconds=PATIENCE)

    # -- what there is to see --------------------------------------------------------------

    def ring(self) -> None:
        """Ask for a run once more than needed."""
        ring(QUESTIONNAIRE_TASK, questionnaire_id=self.version.questionnaire_id)

    def covered(self) -> int:
        """How many responses the newest run covers."""
        run = get_latest_run(tree=self.tree)
        return run.responses if run else 0

    def served(self) -> int:
        """The newest request that a finished run has answered."""
        state = get_state(tree=self.tree)
        return state.served if state else 0

    def is_settled(self) -> bool:
        """Nothing is asked for and nothing is left to be rebuilt."""
        return not is_requested(tree=self.tree) and not BlockChange.objects.exists()


FIRST_STRIKES: Final = ("sealing killed", "both workers killed")
SINGLE_STRIKES: Final[dict[str, Callable[[Ground], None]]] = {
    "run killed": Ground.die_in_a_run,
    "sealing killed": Ground.die_while_sealing,
    "Redis emptied": Ground.empty_redis,
    "sessions ended": Ground.end_sessions,
    "beat killed": Ground.kill_beat,
    "web server killed": Ground.kill_web,
}


def planned_events(plan: Plan, version: QuestionnaireVersion, rng: random.Random) -> list[Event]:
    """Return all events in their order; no response is the subject of two but through its own link."""
    campaign = launch_to(version, plan.visits, "endurance")
    links = Invitation.objects.filter(campaign=campaign).order_by("id").values_list("id", "nonce")
    ends: list[Visit] = [
        Visit(number, token_for(bytes(nonce)), ratings(rng), rng.choice(("stay", "amend", "erase")), ratings(rng))
        for number, nonce in links
    ]
    known = list(Response.objects.filter(version=version).order_by("id").values_list("id", flat=True))
    chosen = chosen_rows(known, plan.edits + plan.erasures, rng)
    edits = [Edit(one, ratings(rng)) for one in chosen[: plan.edits]]
    events: list[Event] = [*ends, *edits, *(Erasure(one) for one in chosen[plan.edits :])]
    rng.shuffle(events)
    return events


def chosen_rows(known: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Choose rows to change: nine in ten among the newest tenth, as in life, the others from anywhere."""
    recent = len(known) // 10
    scattered = rng.sample(known[:-recent], count // 10)
    chosen = [*scattered, *rng.sample(known[-recent:], count - len(scattered))]
    rng.shuffle(chosen)
    return chosen


class Reader:
    """Somebody who looks at the newest run all the time and counts what does not add up."""

    def __init__(self, tree: IndicatorTree) -> None:
        self.tree = tree
        self.readings, self.torn = 0, 0
        self.failures: list[BaseException] = []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def stop(self) -> tuple[int, int]:
        """Stop looking and return how often it looked and how often it saw a run that was not whole."""
        self.is_over.set()
        self.thread.join()
        if self.failures:
            raise self.failures[0]
        return self.readings, self.torn

    def _read(self) -> None:
        try:
            while not self.is_over.wait(0.5):
                self._look()
        except BaseException as error:  # a thread has nobody else to tell
            self.failures.append(error)
        finally:
            connection.close()

    def _look(self) -> None:
        try:
            run = get_latest_run(tree=self.tree)
            if run is None:
                return
            counts = counts_of(read_period(run, period=EVERYTHING, at=timezone.now()))
        except (OperationalError, InterfaceError):
            connection.close()
            return
        self.readings += 1
        # Every response has answered every item, so each item's counts must sum to the run's responses.
        self.torn += any(sum(n for (item, _), n in counts.items() if item == one) != run.responses for one in ITEMS)


def counts_of(result: PeriodResult) -> dict[tuple[str, int], int]:
    """Return how often each code of each item was given; codes nobody gave are left out."""
    assert result.nps is not None
    items = [item for node in result.nodes for item in node.items]
    found = {(item.key, level.code): level.count for item in items for level in item.distribution}
    found |= {("nps", level.code): level.count for level in result.nps.distribution}
    return {cell: count for cell, count in found.items() if count}


# -- the verdict ---------------------------------------------------------------------------


def judge(record: Record, version: QuestionnaireVersion, tree: IndicatorTree, imported: int) -> None:
    """Compare what the storm has left behind with the ledger, with a rebuild and with PostgreSQL's own counts."""
    run = get_latest_run(tree=tree)
    assert run is not None
    rows = countable_responses(version.questionnaire_id).order_by("id").values_list("id", "revision")
    pairs = np.array(list(rows.iterator(chunk_size=50_000)), dtype=np.int64)
    record.responses = len(pairs)
    record.unlike_rows = (run.responses != len(pairs)) + (
        run.fingerprint != f"{fingerprint(pairs[:, 0], pairs[:, 1]):016x}"
    )
    expected = record.plan.answers + imported + record.ledger.arrived
    record.lost = record.ledger.differences() + abs(expected - len(pairs))
    stored, counted = counts_of(read_period(run, period=EVERYTHING, at=timezone.now())), sql_counts(version.questionnaire_id)
    cells = {*stored, *counted}
    record.cells = len(cells)
    record.unlike_counts = sum(stored.get(cell) != counted.get(cell) for cell in cells)
    record.unlike_rebuild = differences_of_check(version.questionnaire_id)


def sql_counts(questionnaire_id: int) -> dict[tuple[str, int], int]:
    """Count the stored answers with PostgreSQL alone, past every part of the product."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, value::int, count(*) FROM surveys_response, jsonb_each_text(answers)"
            " WHERE questionnaire_id = %s AND state = 'complete' AND NOT is_test AND key = ANY(%s) GROUP BY 1, 2",
            [questionnaire_id, [*ITEMS, "nps"]],
        )
        return {(key, code): count for key, code, count in cursor.fetchall()}


def differences_of_check(questionnaire_id: int) -> int:
    """Run `recompute --check` as a program of its own and return the number of differences it tells.

    Raises RuntimeError when it tells nothing.
    """
    done = subprocess.run(
        [sys.executable, "manage.py", "recompute", "--check", "--survey", str(questionnaire_id)],
        cwd=ROOT, env={**os.environ, **child_environment(PROCESS_KIND="command")}, capture_output=True, text=True,
    )
    if done.returncode == 0 and "every digit equal" in done.stdout:
        return 0
    if found := DIFFERENCES.search(done.stderr):
        return int(found.group(1))
    raise RuntimeError(f"recompute --check ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
