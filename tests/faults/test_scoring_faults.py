"""Runs with real workers that are killed, tasks in copies, answers that commit late, a queue that is emptied."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts.access import Actor
from accounts.roles import Role
from analytics.indicators.models import IndicatorTree
from analytics.scoring import blocks
from analytics.scoring.checking import check
from analytics.scoring.models import Block, BlockChange, BlockSummary, Run, TreeState
from analytics.scoring.recompute_requests import note_changed_rows
from analytics.scoring.selectors import freshness, get_latest_run, list_trees_due
from analytics.scoring.services import BusyError, recompute
from analytics.scoring.wake import QUESTIONNAIRE_TASK, ring
from surveys.answering import wake
from surveys.answering.models import RecomputeNote, Response, ResponseImport
from surveys.answering.take_back import AT_ONCE, TASK, take_back_import
from surveys.answering.uploads import run_import, start_import
from surveys.contacts.tables import read_table
from surveys.design.models import QuestionnaireVersion
from tests.analytics.builders import (
    ITEMS,
    answer,
    answer_many,
    make_team,
    make_tree,
    publish,
    sheet,
    sheets,
    standard_document,
)
from tests.cast import make_user
from tests.services.processes import wait_for
from tests.services.redis_server import RedisServer
from tests.services.site import Worker

StartWorker = Callable[..., Worker]
Result = TypeVar("Result")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def version() -> QuestionnaireVersion:
    return publish(make_team(), standard_document())


@pytest.fixture
def tree(version: QuestionnaireVersion) -> IndicatorTree:
    return make_tree(version)


def now() -> datetime:
    return timezone.now()


def covered(tree: IndicatorTree) -> int:
    run = get_latest_run(tree=tree)
    return run.responses if run else -1


def when_free(tree: IndicatorTree, work: Callable[..., Result]) -> Result:
    """Do it once nobody else has the tree: a worker lets go of it some time after its run stands, or after its death."""
    results: list[Result] = []

    def is_done() -> bool:
        with contextlib.suppress(BusyError):
            results.append(work(tree=tree, at=now()))
        return bool(results)

    wait_for(is_done, what="the tree is free")
    return results[0]


def is_clean(tree: IndicatorTree) -> bool:
    report = when_free(tree, check)
    return report.differences == () and not report.is_behind


def in_thread(work: Callable[[], None]) -> threading.Thread:
    """Run with a database connection of its own."""
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


class TestAnAnswerThatCommitsLate:
    def test_is_in_the_next_run_though_its_id_is_lower(
        self, version: QuestionnaireVersion, tree: IndicatorTree, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(blocks, "SEAL_ROWS", 1)
        written, may_commit = threading.Event(), threading.Event()
        ids = []

        def late() -> None:
            with transaction.atomic():
                ids.append(answer(version, sheet(1, 1, 1, 1)).pk)
                written.set()
                may_commit.wait(120)

        thread = in_thread(late)
        assert written.wait(120)
        second = answer(version, sheet(5, 5, 5, 5))
        recompute(tree=tree, at=now())
        assert covered(tree) == 1 and second.pk > ids[0]
        may_commit.set()
        thread.join()
        recompute(tree=tree, at=now())
        assert covered(tree) == 2 and is_clean(tree)


class TestTheSameTaskThreeTimesAtOnce:
    def test_changes_nothing(
        self, version: QuestionnaireVersion, tree: IndicatorTree, start_worker: StartWorker
    ) -> None:
        before = recompute(tree=tree, at=now()).run
        start_worker(queues="scoring", processes=3)
        answer_many(version, sheets(700))
        for _ in range(3):
            ring(QUESTIONNAIRE_TASK, questionnaire_id=version.questionnaire_id)
        wait_for(lambda: covered(tree) == 700, what="the run covers 700 answers", seconds=30)
        wait_for(lambda: not freshness(tree=tree).is_pending, what="nothing waits", seconds=30)
        assert Run.objects.exclude(pk=before.pk).count() == 1 and is_clean(tree)

    def test_is_refused_while_another_connection_has_the_tree(
        self, version: QuestionnaireVersion, tree: IndicatorTree
    ) -> None:
        from analytics.scoring.locks import held

        has_it, may_go = threading.Event(), threading.Event()

        def hold() -> None:
            with held(f"tree:{tree.pk}"):
                has_it.set()
                may_go.wait(120)

        thread = in_thread(hold)
        assert has_it.wait(120)
        with pytest.raises(BusyError):
            recompute(tree=tree, at=now())
        may_go.set()
        thread.join()
        assert recompute(tree=tree, at=now()).is_new


class TestAKilledWorker:
    def test_leaves_nothing_behind_and_the_sweep_does_its_work(
        self, version: QuestionnaireVersion, tree: IndicatorTree, start_worker: StartWorker, redis_server: RedisServer
    ) -> None:
        answer_many(version, sheets(700))
        dying = start_worker(queues="scoring", CSAT_FAILPOINT="run_not_committed", CSAT_FAILPOINT_GROUP="yes")
        ring(QUESTIONNAIRE_TASK, questionnaire_id=version.questionnaire_id)
        wait_for(lambda: not dying.is_running(), what="the worker is killed", seconds=90)
        assert dying.process.returncode == -9
        assert covered(tree) == -1
        assert not Response.objects.filter(block_id__isnull=False).exists()
        # The message died with the queue: only the database knows that there is work.
        redis_server.heal()
        start_worker(queues="default,scoring", beat=True)
        wait_for(lambda: covered(tree) == 700, what="the sweep has found the work", seconds=40)
        assert is_clean(tree)


    def test_in_a_run_keeps_the_blocks_that_were_rebuilt_before(
        self, version: QuestionnaireVersion, tree: IndicatorTree, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        for _ in range(3):
            answer_many(version, sheets(20))
            recompute(tree=tree, at=now())
        rows = list(Response.objects.order_by("id")[::20])
        assert len({row.block_id for row in rows}) == 3
        note_changed_rows(questionnaire_id=version.questionnaire_id, block_ids=[row.block_id for row in rows], at=now())
        for row in rows:
            row.answers, row.revision = sheet(1, 5, 1, 5), 2
            row.save()
        RecomputeNote.objects.create(questionnaire=version.questionnaire, at=now())
        before = get_latest_run(tree=tree)
        dying = start_worker(queues="scoring", CSAT_FAILPOINT="run_not_committed", CSAT_FAILPOINT_GROUP="yes")
        ring(QUESTIONNAIRE_TASK, questionnaire_id=version.questionnaire_id)
        wait_for(lambda: not dying.is_running(), what="the worker is killed", seconds=90)
        assert get_latest_run(tree=tree) == before and not BlockChange.objects.exists()
        assert Block.objects.filter(merged_into__isnull=False).count() == 3
        when_free(tree, recompute)
        assert is_clean(tree)


class TestAnImportThatIsTakenBack:
    def test_is_erased_whole_though_its_worker_is_killed_and_results_end_at_the_rebuild(
        self, version: QuestionnaireVersion, tree: IndicatorTree, start_worker: StartWorker, redis_server: RedisServer
    ) -> None:
        answer_many(version, sheets(600))
        recompute(tree=tree, at=now())
        before = get_latest_run(tree=tree)
        brought = import_answers(version, 2 * AT_ONCE + 100)
        recompute(tree=tree, at=now())
        assert covered(tree) == 600 + 2 * AT_ONCE + 100
        user = make_user("Dora")
        take_back_import(actor=Actor(version.questionnaire.team, Role.DESIGNER, user=user), response_import=brought, reason="Swapped", at=now())
        dying = start_worker(queues="default", CSAT_FAILPOINT="import_half_taken_back", CSAT_FAILPOINT_GROUP="yes")
        ring(TASK, import_id=brought.pk)
        wait_for(lambda: not dying.is_running(), what="the worker is killed", seconds=90)
        brought.refresh_from_db()
        assert (brought.state, brought.erased, Response.objects.count()) == ("taking_back", AT_ONCE, 600 + AT_ONCE + 100)
        redis_server.heal()
        start_worker(queues="default,scoring", beat=True)
        wait_for(lambda: ResponseImport.objects.get(pk=brought.pk).state == "taken_back", what="the sweep has found the work", seconds=40)
        wait_for(lambda: covered(tree) == 600, what="the results are those of before", seconds=40)
        brought.refresh_from_db()
        after = get_latest_run(tree=tree)
        assert brought.erased == 2 * AT_ONCE + 100 and before and after and after.fingerprint == before.fingerprint
        assert is_clean(tree)


def import_answers(version: QuestionnaireVersion, count: int) -> ResponseImport:
    """Bring in as many answers as a file would."""
    lines = [f"id,{','.join(ITEMS)},overall", *(f"{n},{1 + n % 5},{1 + n % 3},5,2,{1 + n % 4}" for n in range(count))]
    table = read_table(content="\n".join(lines).encode())
    started = start_import(questionnaire=version.questionnaire, file_name="answers.csv", table=table, user=None, at=now())
    run_import(response_import=started, at=now())
    started.refresh_from_db()
    return started


class TestAnEmptiedQueue:
    def test_costs_time_and_no_answer(
        self, version: QuestionnaireVersion, tree: IndicatorTree, start_worker: StartWorker, redis_server: RedisServer
    ) -> None:
        answer_many(version, sheets(30))
        ring(QUESTIONNAIRE_TASK, questionnaire_id=version.questionnaire_id)
        redis_server.heal()
        start_worker(queues="default,scoring", beat=True)
        wait_for(lambda: covered(tree) == 30, what="the sweep has found the work", seconds=40)


class TestANewAnswer:
    def test_is_in_the_results_within_seconds(
        self, version: QuestionnaireVersion, tree: IndicatorTree, start_worker: StartWorker
    ) -> None:
        # Before there is a worker: it rightly holds the tree while it serves the new tree's own request.
        recompute(tree=tree, at=now())
        start_worker(queues="scoring")
        with transaction.atomic():
            answer(version, sheet(5, 5, 5, 5), at=now())
            wake.wake_on_commit(version.questionnaire_id)
        wait_for(lambda: covered(tree) == 1, what="the answer is in the results", seconds=10)


class TestAStorm:
    def test_of_arrivals_edits_and_erasures_while_runs_are_made_ends_at_the_rebuild(
        self, version: QuestionnaireVersion, tree: IndicatorTree, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(blocks, "SEAL_ROWS", 20)
        monkeypatch.setattr(blocks, "OPEN_BLOCKS", 3)
        done = threading.Event()
        failures: list[BaseException] = []

        def guarded(work: Callable[[], None]) -> Callable[[], None]:
            def run() -> None:
                try:
                    work()
                except BaseException as error:
                    failures.append(error)
            return run

        def arrive() -> None:
            for number in range(40):
                with transaction.atomic():
                    answer_many(version, sheets(7), at=now(), wave=str(number % 3))

        def change(erase: bool) -> Callable[[], None]:
            def run() -> None:
                for number in range(30):
                    with transaction.atomic():
                        found = Response.objects.select_for_update(skip_locked=True).order_by("id")
                        row = found[number * 3 + erase : number * 3 + erase + 1].first()
                        if row is None:
                            continue
                        note_changed_rows(
                            questionnaire_id=version.questionnaire_id, block_ids=[row.block_id], at=now()
                        )
                        RecomputeNote.objects.create(questionnaire=version.questionnaire, at=now())
                        if erase:
                            row.delete()
                        else:
                            row.answers, row.revision = sheet(1, 5, 1, 5), row.revision + 1
                            row.save(update_fields=["answers", "revision"])
            return run

        def compute() -> None:
            while not done.is_set():
                try:
                    recompute(tree=tree, at=now())
                except BusyError:
                    done.wait(0.01)
                except OperationalError as error:
                    # Edits overtook every try of a run; its worker comes back to it.
                    assert getattr(error.__cause__, "pgcode", "") == "40001"

        computers = [in_thread(guarded(compute)) for _ in range(2)]
        writers = [in_thread(guarded(work)) for work in (arrive, change(False), change(True))]
        for thread in writers:
            thread.join()
        done.set()
        for thread in computers:
            thread.join()
        assert failures == []
        recompute(tree=tree, at=now())
        assert is_clean(tree) and covered(tree) == Response.objects.count()


class TestATreeThatFails:
    @pytest.mark.parametrize(("attempts", "wait"), [
        (2, timedelta(seconds=15)), (3, timedelta(minutes=1)), (5, timedelta(minutes=16)), (8, timedelta(hours=6)),
        (30_000, timedelta(hours=6)),
    ])
    def test_is_tried_less_and_less_often(self, tree: IndicatorTree, attempts: int, wait: timedelta) -> None:
        began = now()
        TreeState.objects.filter(tree=tree).update(attempts=attempts, attempted_at=began)
        assert list_trees_due(at=began + wait - timedelta(seconds=1)) == []
        assert list_trees_due(at=began + wait) == [tree]

    @pytest.mark.parametrize("attempts", [0, 1])
    def test_is_tried_again_at_once_after_one_kill(self, tree: IndicatorTree, attempts: int) -> None:
        TreeState.objects.filter(tree=tree).update(attempts=attempts, attempted_at=now())
        assert list_trees_due(at=now()) == [tree]

    def test_stops_no_other_tree(
        self, version: QuestionnaireVersion, tree: IndicatorTree, start_worker: StartWorker
    ) -> None:
        """A block whose bytes are damaged fails each time it is read; the good tree's answers still come through."""
        answer_many(version, sheets(600))
        recompute(tree=tree, at=now())
        # The summary goes too, else nothing would read the bytes.
        BlockSummary.objects.all().delete()
        Block.objects.update(columns=b"damaged", checksum="0" * 64)
        good = make_tree(publish(make_team("Another"), standard_document()))
        answer_many(version, sheets(600))
        start_worker(queues="default,scoring", beat=True)
        wait_for(lambda: covered(good) == 0, what="the good tree has its first run", seconds=60)
        wait_for(lambda: TreeState.objects.get(tree=tree).attempts >= 2, what="the bad one has been tried twice", seconds=60)
        answer_many(QuestionnaireVersion.objects.get(questionnaire__team__name="Another"), sheets(30))
        wait_for(lambda: covered(good) == 30, what="the good tree's answers are in its results", seconds=60)
        assert covered(tree) == 600 and tree not in list_trees_due(at=now())
