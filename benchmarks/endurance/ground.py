"""The processes of a storm, and what strikes them."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import redis
from django.conf import settings
from django.db import connection

from accounts.wake import ring
from analytics.indicators.models import IndicatorTree
from analytics.scoring.models import BlockChange
from analytics.scoring.recompute_requests import is_requested
from analytics.scoring.selectors import get_latest_run, get_state
from analytics.scoring.wake import QUESTIONNAIRE_TASK, QUEUE
from benchmarks.answers import insert_answers
from benchmarks.endurance.plan import Plan, Record, planned_events
from benchmarks.storm import Crowd
from surveys.design.models import QuestionnaireVersion
from tests.services.processes import Service, wait_for
from tests.services.site import WebServer, Worker, child_environment

PATIENCE: Final = 300.0
SEALED_AT_ONCE: Final = 600
"""This many answers imported together are certain to be sealed."""


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

    def ring(self) -> None:
        """Ask for a run once more than needed."""
        ring(QUESTIONNAIRE_TASK, queue=QUEUE, questionnaire_id=self.version.questionnaire_id)

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
