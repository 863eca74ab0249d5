"""Servers that come and go under load, runs that want the same things in another order, and messages of another version."""

from __future__ import annotations

import inspect
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource
from analytics.scoring import blocks
from analytics.scoring.checking import check
from analytics.scoring.recompute_requests import note_changed_rows
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.services import BusyError, recompute
from analytics.scoring.wake import QUESTIONNAIRE_TASK, ring
from csat.celery import app
from surveys.answering.models import RecomputeNote, Response
from surveys.design.models import QuestionnaireVersion
from surveys.sending.models import Invitation
from surveys.sending.wake import wake_sender
from tests.analytics.builders import ITEMS, answer_many, make_team, make_tree, publish, sheet, sheets, standard_document
from tests.faults.test_answering_faults import make_tokens, post, tokens_stored
from tests.faults.test_sending_faults import finished, lapse_reservations, launch
from tests.services.processes import wait_for
from tests.services.redis_server import RedisServer
from tests.services.site import WebServer, Worker
from tests.services.smtp import Mailbox
from tests.surveys.sending_builders import states

StartWorker = Callable[..., Worker]
pytestmark = pytest.mark.django_db(transaction=True)


def now() -> datetime:
    return timezone.now()


def covered(tree: IndicatorTree) -> int:
    run = get_latest_run(tree=tree)
    return run.responses if run else -1


def is_overtaken(error: OperationalError) -> bool:
    """Whether edits overtook every try of a run (SQLSTATE 40001); its worker comes back to it. A deadlock is another thing."""
    return getattr(error.__cause__, "pgcode", "") == "40001"


class TestARedisThatComesAndGoes:
    def test_leaves_no_worker_deaf(self, start_worker: StartWorker, redis_server: RedisServer) -> None:
        """Restarted six times under an idle worker; what comes after is found, by the bell or by the sweep."""
        version = publish(make_team(), standard_document())
        tree = make_tree(version)
        recompute(tree=tree, at=now())
        worker = start_worker(queues="default,scoring", beat=True)
        for _ in range(6):
            redis_server.stop()
            redis_server.start()
        answer_many(version, sheets(30))
        wait_for(lambda: covered(tree) == 30, what="the worker works again", seconds=60)
        answer_many(version, sheets(30))
        ring(QUESTIONNAIRE_TASK, questionnaire_id=version.questionnaire_id)
        wait_for(lambda: covered(tree) == 60, what="the worker goes on", seconds=60)
        assert worker.is_running()


class TestAWebServerThatIsReloaded:
    def test_fails_no_answer(self, site: WebServer) -> None:
        """Three times new processes take over while four clients send; nobody has to send again."""
        tokens = make_tokens(120)
        assert post(site.url, tokens[0])[0] == 302
        said: list[int] = []

        def answer(token: str) -> int:
            said.append(1)
            return post(site.url, token)[0]

        with ThreadPoolExecutor(4) as pool:
            replies = [pool.submit(answer, token) for token in tokens[1:]]
            for share in (20, 50, 80):
                wait_for(lambda at=share: len(said) >= at, what=f"{share} answers", every=0.005)
                assert site.service
                site.service.process.send_signal(signal.SIGHUP)
        assert Counter(reply.result() for reply in replies) == {302: 119}
        assert tokens_stored() == set(tokens)


class TestAWorkerThatIsAskedToEnd:
    def test_leaves_nothing_in_doubt(self, start_worker: StartWorker, mailbox: Mailbox) -> None:
        mailbox.delay = 0.002
        campaign = launch(300)
        leaving = start_worker(queues="mail", processes=2)
        wake_sender(campaign.pk)
        wait_for(lambda: len(mailbox.messages) >= 30, what="30 mails", seconds=60, every=0.005)
        assert leaving.stop(seconds=240) == 0
        assert "claimed" not in states(campaign)
        lapse_reservations(campaign)
        start_worker(queues="mail,default", processes=2, beat=True)
        wait_for(lambda: finished(campaign), what="the campaign is finished", seconds=90)
        assert states(campaign) == {"sent": 300} and set(Counter(mailbox.recipients).values()) == {1}
        assert not Invitation.objects.filter(state="unknown").exists()


class TestTwoTreesOfTheSameQuestionnaires:
    def test_never_block_one_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each is fed first by the questionnaire that the other has second; both are computed while both are edited."""
        monkeypatch.setattr(blocks, "SEAL_ROWS", 20)
        team = make_team()
        versions = [publish(team, standard_document(), name) for name in ("First", "Second")]
        trees = [make_tree(versions[0]), make_tree(versions[1])]
        for tree, other in zip(trees, reversed(versions), strict=True):
            self.feed(tree, other)
        done, failures = threading.Event(), []

        def guarded(work: Callable[[], None]) -> threading.Thread:
            def run() -> None:
                try:
                    work()
                except BaseException as error:  # a thread has nobody else to tell
                    failures.append(error)
                finally:
                    connection.close()

            thread = threading.Thread(target=run)
            thread.start()
            return thread

        def compute(tree: IndicatorTree) -> None:
            while not done.is_set():
                try:
                    recompute(tree=tree, at=now())
                except BusyError:
                    done.wait(0.01)
                except OperationalError as error:
                    if not is_overtaken(error):
                        raise

        def write(order: list[QuestionnaireVersion]) -> None:
            for number in range(25):
                for version in order:
                    answer_many(version, sheets(5), at=now())
                    self.edit(version, number)

        computers = [guarded(lambda tree=tree: compute(tree)) for tree in trees]
        writers = [guarded(lambda order=order: write(order)) for order in (versions, versions[::-1])]
        for thread in writers:
            thread.join()
        done.set()
        for thread in computers:
            thread.join()
        assert failures == []
        for tree in trees:
            report = check(tree=tree, at=now())
            assert report.differences == () and report.responses == Response.objects.count() == 500

    def feed(self, tree: IndicatorTree, version: QuestionnaireVersion) -> None:
        QuestionSource.objects.bulk_create(
            QuestionSource(
                tree=tree, role="leaf", indicator=Indicator.objects.get(tree=tree, key=key),
                questionnaire=version.questionnaire, question_key=key)
            for key in ITEMS
        )

    def edit(self, version: QuestionnaireVersion, number: int) -> None:
        with transaction.atomic():
            rows = Response.objects.filter(version=version).select_for_update(skip_locked=True).order_by("id")
            row = rows[number : number + 1].first()
            if row is not None:
                note_changed_rows(questionnaire_id=version.questionnaire_id, block_ids=[row.block_id], at=now())
                RecomputeNote.objects.create(questionnaire=version.questionnaire, at=now())
                row.answers, row.revision = sheet(1, 5, 1, 5), row.revision + 1
                row.save(update_fields=["answers", "revision"])


class TestAMessageOfALaterVersion:
    def test_is_understood_by_an_older_worker(self, start_worker: StartWorker, redis_server: RedisServer) -> None:
        version = publish(make_team(), standard_document())
        tree = make_tree(version)
        recompute(tree=tree, at=now())
        start_worker(queues="scoring")
        answer_many(version, sheets(30))
        ring(QUESTIONNAIRE_TASK, questionnaire_id=version.questionnaire_id, priority_of_next_year=1)
        wait_for(lambda: covered(tree) == 30, what="the run is made all the same")

    def test_may_bring_any_argument_to_any_task(self) -> None:
        app.loader.import_default_modules()
        ours = {name: task for name, task in app.tasks.items() if name.split(".")[0] in {"accounts", "surveys", "analytics"}}
        assert len(ours) >= 8
        for name, task in ours.items():
            kinds = {parameter.kind for parameter in inspect.signature(task.run).parameters.values()}
            assert inspect.Parameter.VAR_KEYWORD in kinds, name
            assert inspect.Parameter.POSITIONAL_OR_KEYWORD not in kinds, name
