"""The statements that every answer passes: planned once, and the same as those of any database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.forms import model_to_dict
from django.test import Client
from django.utils import timezone

from surveys.answering.at_once import store_by_one_statement, store_by_three_statements, store_first
from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.answering.sheets import Filling, fill_sheet
from surveys.contacts.prepared import Prepared
from surveys.design.document import parse_document
from surveys.sending.lookup import COLUMNS, find_anywhere, find_planned
from surveys.sending.models import Invitation
from tests.surveys.answering_builders import AT, ONE_PAGE, document, make_invitation, one_page

Ways = Callable[[Response, Any], bool]
WAYS = pytest.mark.parametrize("store", [store_by_one_statement, store_by_three_statements])


def plans() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'csat_%%'")
        return int(cursor.fetchone()[0])


def sum_of(statement: Prepared, a: int, b: int | None) -> int | None:
    with connection.cursor() as cursor:
        statement.execute(cursor, {"a": a, "b": b})
        found: int | None = cursor.fetchone()[0]
        return found


def plus(comment: str) -> Prepared:
    return Prepared(f"SELECT {{a}} + {{b}} /* {comment} */", {"a": "integer", "b": "integer"})


@pytest.mark.django_db(transaction=True)
class TestAPlannedStatement:
    def test_is_planned_once_for_each_connection(self) -> None:
        statement = plus("once")
        assert (sum_of(statement, 1, 2), sum_of(statement, 3, None)) == (3, None)
        planned = plans()
        assert sum_of(statement, 2, 2) == 4 and plans() == planned
        connection.close()
        assert sum_of(statement, 5, 5) == 10 and plans() == 1

    def test_answers_without_its_plan(self) -> None:
        """A pooler may give each transaction another server, which has never heard of it."""
        statement = plus("gone")
        sum_of(statement, 1, 2)
        for _time in range(2):
            with connection.cursor() as cursor:
                cursor.execute("DEALLOCATE ALL")
            assert sum_of(statement, 20, 3) == 23
        assert sum_of(statement, 20, 4) == 24 and plans() == 1

    def test_takes_up_a_plan_that_is_there_already(self) -> None:
        assert (sum_of(plus("kept"), 1, 2), sum_of(plus("kept"), 2, 2)) == (3, 4)

    def test_never_takes_the_plan_of_another_text(self) -> None:
        less = Prepared("SELECT {a} - {b} /* text */", {"a": "integer", "b": "integer"})
        assert (sum_of(plus("text"), 5, 2), sum_of(less, 5, 2)) == (7, 3)

    def test_outlives_a_migration_that_changes_what_it_returns(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE changing (n integer); INSERT INTO changing VALUES (7)")
            statement = Prepared("SELECT n, {a} FROM changing", {"a": "integer"})
            try:
                statement.execute(cursor, {"a": 1})
                cursor.execute("ALTER TABLE changing ALTER n TYPE text")
                statement.execute(cursor, {"a": 1})
                assert cursor.fetchone() == ("7", 1)
            finally:
                cursor.execute("DROP TABLE changing")


@pytest.mark.django_db
class TestTheLookUp:
    @pytest.mark.parametrize("fields", [{}, {"state": "draft", "version": None}, {"closes_at": AT}])
    def test_is_the_same_in_any_database(self, fields: dict[str, Any]) -> None:
        invitation, _token = make_invitation(**fields)
        planned, plain = find_planned(invitation.token_hash), find_anywhere(invitation.token_hash)
        assert planned and plain and planned == plain == invitation
        for one, other in (
            (planned, plain), (planned.campaign, plain.campaign), (planned.campaign.team, plain.campaign.team),
            (planned.campaign.questionnaire, plain.campaign.questionnaire),
            (planned.campaign.version, plain.campaign.version),
        ):
            assert (one is None) == (other is None)
            if one and other:
                names = COLUMNS[type(one)]
                assert [_value(one, name) for name in names] == [_value(other, name) for name in names]
                assert one.get_deferred_fields() == other.get_deferred_fields()

    def test_leaves_what_is_seldom_needed_until_it_is_asked_for(self, django_assert_num_queries: Any) -> None:
        invitation, _token = make_invitation()
        with django_assert_num_queries(1):
            found = find_planned(invitation.token_hash)
            assert found and found.campaign.team.name and found.campaign.version and found.attributes
        with django_assert_num_queries(1):
            assert found.campaign.sender_name == "Li Wen"

    def test_finds_nothing_for_an_unknown_hash(self) -> None:
        assert find_planned("0" * 64) is find_anywhere("0" * 64) is None


def _value(one: Any, name: str) -> Any:
    value = getattr(one, name)
    return bytes(value) if isinstance(value, memoryview) else value


def new_response(invitation: Invitation) -> Response:
    campaign = invitation.campaign
    assert campaign.version
    return Response(
        team_id=campaign.team_id, questionnaire=campaign.questionnaire, version=campaign.version, campaign=campaign,
        invitation=invitation, contact=invitation.contact, language="en", attributes=invitation.attributes,
        answers={"nps": 3, "why": "It's \"late\" \\ 迟到\n%s {a} $1"}, wave="2026-4", is_test=invitation.is_test,
        state=ResponseState.COMPLETE, started_at=AT, updated_at=AT, completed_at=AT,
    )


@pytest.mark.django_db
class TestStoringAtOnce:
    def test_writes_the_same_in_any_database(self) -> None:
        kept = []
        for store in (store_by_one_statement, store_by_three_statements):
            invitation, _token = make_invitation()
            response = new_response(invitation)
            assert store(response, AT) and response.pk
            row = model_to_dict(Response.objects.get(pk=response.pk))
            invitation.refresh_from_db()
            times = (invitation.opened_at, invitation.started_at, invitation.completed_at)
            own = ("id", "team", "questionnaire", "version", "campaign", "invitation", "contact")
            kept.append(({name: value for name, value in row.items() if name not in own}, times))
            assert [row[name] for name in own[1:]] == [
                response.team_id, response.questionnaire_id, response.version_id, response.campaign_id,
                invitation.pk, invitation.contact_id,
            ]
            assert RecomputeNote.objects.get(questionnaire=response.questionnaire).at == AT
        assert kept[0] == kept[1] and kept[0][1] == (AT, AT, AT)

    @WAYS
    @pytest.mark.parametrize("mark", ["started_at", "completed_at"])
    def test_writes_nothing_where_somebody_has_begun(self, store: Ways, mark: str) -> None:
        invitation, _token = make_invitation()
        Invitation.objects.filter(pk=invitation.pk).update(**{mark: AT})
        assert not store(new_response(invitation), timezone.now())
        assert not Response.objects.exists() and not RecomputeNote.objects.exists()
        invitation.refresh_from_db()
        assert getattr(invitation, mark) == AT and invitation.opened_at is None

    @WAYS
    def test_keeps_the_moment_of_opening(self, store: Ways) -> None:
        invitation, _token = make_invitation()
        Invitation.objects.filter(pk=invitation.pk).update(opened_at=AT)
        assert store(new_response(invitation), timezone.now())
        invitation.refresh_from_db()
        assert invitation.opened_at == AT and invitation.completed_at and invitation.completed_at > AT

    @WAYS
    def test_notes_no_recompute_for_a_test_link(self, store: Ways) -> None:
        invitation, _token = make_invitation(is_test=True)
        assert store(new_response(invitation), AT)
        assert Response.objects.get().is_test and not RecomputeNote.objects.exists()

    def test_is_one_statement(self, django_assert_num_queries: Any) -> None:
        invitation, _token = make_invitation()
        with django_assert_num_queries(1):
            assert store_first(response=new_response(invitation), at=AT)

    @pytest.mark.django_db(transaction=True)
    def test_stores_nothing_when_a_part_of_it_fails(self) -> None:
        invitation, _token = make_invitation()
        response = new_response(invitation)
        response.state = "nonsense"
        with pytest.raises(Exception, match="response_state_is_known"):
            store_first(response=response, at=AT)
        invitation.refresh_from_db()
        assert invitation.started_at is None and not RecomputeNote.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestTheNoteOfAnOpening:
    def test_waits_for_no_disk_and_every_answer_does(self, client: Client) -> None:
        invitation, token = make_invitation(raw=one_page())
        assert client.get(f"/a/{token}/").status_code == 200
        invitation.refresh_from_db()
        assert invitation.opened_at
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit TO on")
        client.get(f"/a/{make_invitation(raw=one_page())[1]}/")
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)
            cursor.execute("RESET synchronous_commit")
        assert client.post(f"/a/{token}/", ONE_PAGE).status_code == 302


@pytest.mark.django_db
class TestAPageNobodyHasTouched:
    @pytest.mark.parametrize("raw", [document(), one_page()], ids=["three pages", "one page"])
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("prefilled", ["", "nps=0", "nps=9", "parts=1"])
    def test_is_the_page_that_is_filled_gap_by_gap(self, raw: dict[str, Any], language: str, prefilled: str) -> None:
        invitation, _token = make_invitation(raw=raw)
        version = invitation.campaign.version
        filling = Filling(answers={}, typed={}, action="/a/x/?a=1&b=2", note="<p>n</p>", saved="<&>", prefilled=prefilled)
        parsed = parse_document(raw)
        for number in range(len(parsed.pages)):
            kept, anew = (
                fill_sheet(version=one, document=parsed, team=invitation.campaign.team, language=language,
                           number=number, filling=filling, footer="<i>f</i>", banner="<b>b</b>")
                for one in (version, None)
            )
            assert kept == anew and "\0" not in kept and "&lt;&amp;&gt;" in kept and "<i>f</i>" in kept
            assert kept.count(" checked") == (1 if number == 0 and prefilled.startswith("nps=") else 0)
