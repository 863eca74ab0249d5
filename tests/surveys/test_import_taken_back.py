"""Taking an import of answers back: what is erased, what stays, who may, and what is said of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Permission
from surveys.answering import take_back
from surveys.answering.erasing import erase_responses
from surveys.answering.importing import TakingBackError, import_responses
from surveys.answering.mapping import parse_map
from surveys.answering.models import RecomputeNote, Response, ResponseImport, ResponseSource, ResponseState
from surveys.answering.take_back import (
    NotToTakeBackError,
    count_harvest,
    erase_waiting,
    get_oldest_asked_at,
    take_back_import,
)
from surveys.answering.tasks import sweep_imports
from surveys.answering.uploads import run_import, start_import
from surveys.contacts.tables import Table, read_table
from surveys.design.models import Questionnaire, QuestionnaireVersion
from tests.cast import Cast, client_of, make_cast, words_of
from tests.services.redis_server import RedisServer
from tests.surveys.answering_builders import AT, make_version

pytestmark = pytest.mark.django_db
REASON = "The columns were swapped"


def a_table(first: int, last: int) -> Table:
    return read_table(content=("id,nps\n" + "".join(f"{n},9\n" for n in range(first, last + 1))).encode())


def imported(questionnaire: Questionnaire, first: int, last: int, *, at: Any = AT) -> ResponseImport:
    """Import answers by their numbers."""
    started = start_import(questionnaire=questionnaire, file_name=f"{first}-{last}.csv", table=a_table(first, last), user=None, at=at)
    run_import(response_import=started, at=at)
    started.refresh_from_db()
    return started


def answered(version: QuestionnaireVersion, **fields: Any) -> Response:
    return Response.objects.create(
        team=version.questionnaire.team, questionnaire=version.questionnaire, version=version, language="en",
        state=ResponseState.COMPLETE, completed_at=AT, **fields,
    )


def keys() -> list[str]:
    return list(Response.objects.order_by("id").values_list("external_key", flat=True))


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def dora(cast: Cast) -> Client:
    return client_of(cast.dora)


@pytest.fixture
def version(cast: Cast) -> QuestionnaireVersion:
    return make_version(cast.team)


def press(client: Client, one: ResponseImport, reason: str = REASON) -> HttpResponse:
    return client.post(f"/questionnaires/imports/{one.pk}/take-back/", {"reason": reason})  # type: ignore[return-value]


def page_of(client: Client, one: ResponseImport, step: str) -> str:
    return words_of(client.get(f"/questionnaires/imports/{one.pk}/{step}/"))


def begin(cast: Cast, one: ResponseImport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for it with more responses than are erased at once, while no worker hears."""
    monkeypatch.setattr(take_back, "AT_ONCE", 2)
    take_back_import(actor=cast.actor(cast.dora), response_import=one, reason=REASON, at=timezone.now())


class TestAnImportTakenBack:
    def test_erases_its_own_responses_and_no_other(self, dora: Client, version: QuestionnaireVersion, cast: Cast) -> None:
        before, other = imported(version.questionnaire, 1, 2), make_version(cast.team)
        link = answered(version, external_key="")
        ours = imported(version.questionnaire, 2, 4)
        answered(version, source=ResponseSource.LINK, external_key="late")
        imported(other.questionnaire, 1, 3)
        imported(version.questionnaire, 5, 5)
        assert (ours.report["created"], ours.report["known"]) == (2, 1)
        assert press(dora, ours)["Location"] == f"/questionnaires/imports/{ours.pk}/done/"
        assert keys() == ["1", "2", "", "late", "1", "2", "3", "5"] and Response.objects.filter(pk=link.pk).exists()
        before.refresh_from_db()
        ours.refresh_from_db()
        assert (before.state, ours.state, ours.erased) == ("done", "taken_back", 2)

    def test_leaves_what_others_answered_while_it_came_in(self, dora: Client, version: QuestionnaireVersion, cast: Cast) -> None:
        other = make_version(cast.team)
        ours = imported(version.questionnaire, 1, 2)
        answered(version, source=ResponseSource.LINK, external_key="by link")
        answered(other, source=ResponseSource.IMPORT, external_key="of another survey")
        last = imported(version.questionnaire, 3, 4).last_response_id
        ResponseImport.objects.filter(pk=ours.pk).update(last_response_id=last)
        assert "4 responses came with this import" in page_of(dora, ours, "take-back")
        press(dora, ours)
        assert keys() == ["by link", "of another survey"]

    def test_rings_for_the_results_once_all_are_erased(
        self, dora: Client, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        told: list[int] = []
        one = imported(version.questionnaire, 1, 2)
        monkeypatch.setattr("surveys.answering.wake.on_results_changed", [told.append])
        with django_capture_on_commit_callbacks(execute=True):
            press(dora, one)
        assert told == [version.questionnaire_id]

    def test_can_be_imported_again(self, dora: Client, version: QuestionnaireVersion) -> None:
        press(dora, imported(version.questionnaire, 1, 3))
        assert imported(version.questionnaire, 1, 3).report["created"] == 3 and keys() == ["1", "2", "3"]

    def test_wishes_for_a_recompute_and_tells_of_sealed_rows(
        self, dora: Client, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[Any] = []
        monkeypatch.setattr("surveys.answering.wake.on_rows_changed", [lambda *said: told.append(said)])
        one = imported(version.questionnaire, 1, 2)
        Response.objects.filter(external_key="1").update(block_id=7)
        RecomputeNote.objects.all().delete()
        press(dora, one)
        assert [(of, blocks) for of, blocks, _at in told] == [(version.questionnaire_id, [7, None])]
        assert RecomputeNote.objects.filter(questionnaire=version.questionnaire).count() == 1

    def test_is_in_the_trail_once_with_its_reason(self, dora: Client, version: QuestionnaireVersion, cast: Cast) -> None:
        one = imported(version.questionnaire, 1, 2)
        press(dora, one)
        press(dora, one, "Again")
        event = AuditEvent.objects.get(action="responses.taken_back")
        assert event.user == cast.dora and event.detail == {"file": "1-2.csv", "responses": 2, "reason": REASON}
        assert f"1-2.csv, 2 erased: {REASON}" in words_of(client_of(cast.alice).get(reverse("accounts:audit")))

    def test_of_another_press_is_refused(self, version: QuestionnaireVersion, cast: Cast) -> None:
        one, actor = imported(version.questionnaire, 1, 2), cast.actor(cast.dora)
        take_back_import(actor=actor, response_import=one, reason=REASON, at=AT)
        with pytest.raises(NotToTakeBackError):
            take_back_import(actor=actor, response_import=one, reason="Again", at=AT)
        one.refresh_from_db()
        assert one.take_back_reason == REASON

    @pytest.mark.parametrize("state", ["uploaded", "nothing new"])
    def test_must_be_done_and_have_brought_something(
        self, dora: Client, version: QuestionnaireVersion, cast: Cast, state: str
    ) -> None:
        one = imported(version.questionnaire, 1, 1)
        one = (
            imported(version.questionnaire, 1, 1) if state != "uploaded" else
            start_import(questionnaire=version.questionnaire, file_name="a.csv", table=a_table(2, 3), user=None, at=AT)
        )
        assert press(dora, one).status_code == 302 and keys() == ["1"]
        with pytest.raises(NotToTakeBackError):
            take_back_import(actor=cast.actor(cast.dora), response_import=one, reason=REASON, at=AT)
        assert not AuditEvent.objects.filter(action="responses.taken_back").exists()


class TestALargeOne:
    def test_is_erased_in_parts_and_never_said_to_be_done_before(
        self, cast: Cast, dora: Client, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = imported(version.questionnaire, 1, 5)
        begin(cast, one, monkeypatch)
        assert len(keys()) == 5 and get_oldest_asked_at() is not None
        assert not erase_waiting(import_id=one.pk, clock=timezone.now, seconds=0)
        moments = iter([timezone.now()])
        with pytest.raises(StopIteration):
            # The clock stops the second part, as the end of a process would.
            erase_waiting(import_id=one.pk, clock=lambda: next(moments))
        assert keys() == ["3", "4", "5"]
        assert "being taken back: 2 of 5 responses are erased so far" in page_of(dora, one, "done")
        assert erase_waiting(import_id=one.pk, clock=timezone.now) and keys() == []
        page = page_of(dora, one, "done")
        assert "This import is taken back: 5 responses are erased." in page and "Dora" in page and REASON in page
        assert erase_waiting(import_id=one.pk, clock=timezone.now) and get_oldest_asked_at() is None

    def test_is_one_of_more_than_are_erased_at_once(
        self, cast: Cast, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer
    ) -> None:
        small, large = imported(version.questionnaire, 1, 2), imported(version.questionnaire, 3, 5)
        begin(cast, small, monkeypatch)
        assert keys() == ["3", "4", "5"] and redis_server.client.llen("default") == 0
        begin(cast, large, monkeypatch)
        assert keys() == ["3", "4", "5"] and redis_server.client.llen("default") == 1
        sweep_imports()
        assert redis_server.client.llen("default") == 2

    def test_is_erased_by_its_own_message_alone(
        self, cast: Cast, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second, kept = (imported(version.questionnaire, n, n + 2) for n in (1, 4, 7))
        begin(cast, first, monkeypatch)
        begin(cast, second, monkeypatch)
        assert erase_waiting(import_id=second.pk, clock=timezone.now) and keys() == ["1", "2", "3", "7", "8", "9"]
        assert erase_waiting(import_id=kept.pk, clock=timezone.now) and keys() == ["1", "2", "3", "7", "8", "9"]
        assert erase_waiting(import_id=first.pk, clock=timezone.now) and keys() == ["7", "8", "9"]

    def test_lets_no_file_in_meanwhile(
        self, cast: Cast, dora: Client, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = imported(version.questionnaire, 1, 5)
        begin(cast, one, monkeypatch)
        again = start_import(questionnaire=version.questionnaire, file_name="again.csv", table=a_table(1, 5), user=None, at=AT)
        path = f"/questionnaires/imports/{again.pk}/check/"
        for reply in (dora.get(path), dora.post(path)):
            assert reply.status_code == 409 and "is being taken back. Try again" in words_of(reply)
        with pytest.raises(TakingBackError):
            import_responses(
                questionnaire=version.questionnaire, table=a_table(6, 7), mapping=parse_map(again.mapping), at=AT, is_trial=False,
            )
        assert dora.post(f"/questionnaires/imports/{one.pk}/discard/").status_code == 302
        assert ResponseImport.objects.filter(pk=one.pk).exists() and len(keys()) == 5


class TestErasing:
    def test_takes_the_first_of_one_questionnaire_and_no_more_than_it_is_told(self, version: QuestionnaireVersion, cast: Cast) -> None:
        for key, of in (("1", version), ("other", make_version(cast.team)), ("2", version), ("3", version)):
            answered(of, external_key=key)
        RecomputeNote.objects.all().delete()

        def erase(most: int) -> int:
            return erase_responses(responses=Response.objects.all(), questionnaire_id=version.questionnaire_id, most=most, at=AT)

        assert erase(2) == 2 and keys() == ["other", "3"]
        assert (erase(2), erase(2)) == (1, 0) and keys() == ["other"] and RecomputeNote.objects.count() == 2


class TestThePageBefore:
    def test_says_what_goes_and_what_stays(self, dora: Client, version: QuestionnaireVersion) -> None:
        imported(version.questionnaire, 1, 1)
        one = imported(version.questionnaire, 1, 4)
        Response.objects.filter(external_key="2").update(revision=2)
        Response.objects.filter(external_key="4").delete()
        page = page_of(dora, one, "take-back")
        assert "2 responses came with this import" in page and "1 more was erased earlier" in page
        assert "1 of them was changed or answered further after the import" in page
        assert "Responses that were there before the import stay as they are" in page
        harvest = count_harvest(one)
        assert (harvest.responses, harvest.changed) == (2, 1)

    def test_asks_for_a_reason_and_erases_nothing_without(self, dora: Client, version: QuestionnaireVersion) -> None:
        one = imported(version.questionnaire, 1, 2)
        reply = press(dora, one, " ")
        assert reply.status_code == 400 and "Give a reason" in words_of(reply) and keys() == ["1", "2"]

    def test_is_for_designers_of_the_team(self, cast: Cast, version: QuestionnaireVersion) -> None:
        one = imported(version.questionnaire, 1, 2)
        assert press(client_of(cast.charlie), one).status_code == 404
        assert press(client_of(cast.bob), one).status_code == 403
        assert keys() == ["1", "2"] and not cast.actor(cast.bob).may(Permission.DESIGN)

    def test_is_led_to_by_the_import_and_the_list_of_imports(self, dora: Client, version: QuestionnaireVersion) -> None:
        one, empty = imported(version.questionnaire, 1, 2), imported(version.questionnaire, 1, 2)
        assert "Take this import back" in page_of(dora, one, "done")
        assert "Take this import back" not in page_of(dora, empty, "done")
        listed = words_of(dora.get(f"/questionnaires/{version.questionnaire_id}/import/"))
        assert "Earlier imports" in listed and "1-2.csv" in listed
        press(dora, one)
        assert "Take this import back" not in page_of(dora, one, "done")
        assert "Taken back" in words_of(dora.get(f"/questionnaires/{version.questionnaire_id}/import/"))


class TestAfterADay:
    def test_a_done_import_keeps_what_taking_it_back_needs_and_no_row(self, dora: Client, version: QuestionnaireVersion) -> None:
        begun = timezone.now() - timedelta(hours=25)
        one = start_import(questionnaire=version.questionnaire, file_name="a.csv", table=a_table(1, 3), user=None, at=begun)
        run_import(response_import=one, at=begun)
        none = imported(version.questionnaire, 1, 3, at=begun)
        ResponseImport.objects.filter(pk=one.pk).update(report=ResponseImport.objects.get(pk=one.pk).report | {
            "problems": [[2, "unknown_code", "nps", "Li Wen"]], "codes": [["unknown_code", "nps", "Li Wen", 1]]})
        sweep_imports()
        assert not ResponseImport.objects.filter(pk=none.pk).exists()
        kept = ResponseImport.objects.get(pk=one.pk)
        assert kept.mapping == {} and kept.report["created"] == 3 and "Li Wen" not in str(kept.report)
        assert "Download this mapping" not in page_of(dora, one, "done")
        with CaptureQueriesContext(connection) as queries:
            sweep_imports()
        assert not [one["sql"] for one in queries if one["sql"].startswith("UPDATE")]
        press(dora, kept)
        assert keys() == []
