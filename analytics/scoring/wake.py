"""Ring the workers' doorbell without keeping anybody waiting for it.

A page that has saved an answer must not wait for the broker, and a hundred answers in a second need one
recompute: a thread of the process collects what has changed and rings a moment later. A bell that nobody
hears costs a minute at most, because the notes in the database are the record and the sweep reads them.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.wake import ring
from analytics.indicators.models import IndicatorTree
from analytics.scoring.recompute_requests import note_changed_rows, request_recompute

QUEUE = "scoring"
QUESTIONNAIRE_TASK = "analytics.scoring.tasks.recompute_questionnaire"
TREE_TASK = "analytics.scoring.tasks.recompute_tree"
COMPARISON_TASK = "analytics.scoring.tasks.compare_weights_of_tree"
PAUSE = 0.2
"""Seconds in which further changes are waited for before ringing."""


class Doorbell:
    """Collects bells and rings them from a thread of its own, which ends when nothing is left to ring."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str, int], None] = {}
        self.guard = threading.Lock()
        self.is_running = False

    def ring_soon(self, task: str, argument: str, value: int) -> None:
        """Ring within a moment; the same bell only once."""
        with self.guard:
            self.waiting[task, argument, value] = None
            if self.is_running:
                return
            self.is_running = True
        threading.Thread(target=self._run, name="doorbell", daemon=True).start()

    def flush(self) -> None:
        """Ring what is waiting now."""
        with self.guard:
            bells = list(self.waiting)
            self.waiting.clear()
        for task, argument, value in bells:
            ring(task, queue=QUEUE, **{argument: value})

    def _run(self) -> None:
        while True:
            time.sleep(PAUSE)
            self.flush()
            with self.guard:
                if not self.waiting:
                    self.is_running = False
                    return


doorbell = Doorbell()
atexit.register(lambda: doorbell.flush())


def _forget_the_parent() -> None:
    """A forked child has none of the parent's threads."""
    global doorbell
    doorbell = Doorbell()


os.register_at_fork(after_in_child=_forget_the_parent)


def wake_questionnaire(questionnaire_id: int) -> None:
    """Have the trees of a questionnaire recomputed soon (registered with `surveys.answering.wake`)."""
    doorbell.ring_soon(QUESTIONNAIRE_TASK, "questionnaire_id", questionnaire_id)


def wake_tree(tree_id: int) -> None:
    """Have a tree recomputed soon."""
    doorbell.ring_soon(TREE_TASK, "tree_id", tree_id)


def wake_comparison(tree_id: int) -> None:
    """Have the weights of a tree compared soon (registered with `analytics.indicators.hooks`)."""
    doorbell.ring_soon(COMPARISON_TASK, "tree_id", tree_id)


def rows_changed(questionnaire_id: int, block_ids: Sequence[int | None], at: datetime) -> None:
    """Have the blocks of edited or erased rows rebuilt (registered with `surveys.answering.wake`)."""
    note_changed_rows(questionnaire_id=questionnaire_id, block_ids=block_ids, at=at)


def definition_changed(tree_id: int, at: datetime) -> None:
    """Have a tree recomputed under its new definition (registered with `analytics.indicators.hooks`)."""
    request_recompute(trees=[tree_id], at=at)
    transaction.on_commit(lambda: wake_tree(tree_id), robust=True)


def breakdown_changed(team_id: int, at: datetime) -> None:
    """Have all trees of a team recomputed (registered with `accounts.breakdowns`)."""
    for tree in IndicatorTree.objects.filter(team=team_id).values_list("id", flat=True):
        definition_changed(tree, at)
