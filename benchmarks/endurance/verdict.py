"""What a storm has left behind: whoever reads meanwhile sees whole runs, and at the end every digit is that of the rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from typing import Final

import numpy as np
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from analytics.indicators.models import IndicatorTree
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.results import PeriodResult
from analytics.scoring.rows import countable_responses, fingerprint
from analytics.scoring.selectors import get_latest_run, read_period
from benchmarks.answers import ITEMS
from benchmarks.endurance.plan import Record
from surveys.design.models import QuestionnaireVersion
from tests.services.processes import ROOT
from tests.services.site import child_environment

DIFFERENCES: Final = re.compile(r"(\d+) differences")


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
