"""Break what can be broken while answers arrive, change and go; at the end every digit must be that of the rows.

Workers are killed with -9 at random moments and at the two worst ones, in the middle of sealing and of a
run; Redis is emptied, PostgreSQL ends every session, web server and beat are killed. The order of events
and strikes follows from the seed; what meets what in time does not, which is the point.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from analytics.scoring.models import Run
from benchmarks.answers import insert_answers, make_tree, make_version
from benchmarks.endurance.ground import FIRST_STRIKES, SINGLE_STRIKES, Ground
from benchmarks.endurance.plan import Plan, Record, plan_for
from benchmarks.endurance.verdict import Reader, judge
from benchmarks.figures import Row
from benchmarks.storm import Crowd

GROUP: Final = "endurance"
DEFAULT_SIZE: Final = 1_000_000
PROMISE: Final = 300
"""Seconds within which results are right again after a fault, with nobody's help."""


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
