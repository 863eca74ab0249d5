"""The download of all responses: whole, in words, harmless, within scope, and never of anonymous answers."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from surveys.answering.models import Response, ResponseState
from surveys.contacts.models import ContactAttribute
from surveys.design.models import QuestionnaireVersion
from tests.cast import Cast, client_of, make_cast
from tests.surveys.answering_builders import WHOLE, document, make_version

pytestmark = pytest.mark.django_db
LATE = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    cast.team.time_zone = "Asia/Shanghai"
    cast.team.save()
    ContactAttribute.objects.create(team=cast.team, key="region", names={"en": "Region"}, is_dimension=True)
    return cast


def respond(version: QuestionnaireVersion, answers: dict[str, Any], region: str = "East", **fields: Any) -> Response:
    return Response.objects.create(**{
        "team": version.questionnaire.team, "questionnaire": version.questionnaire, "version": version, "language": "en",
        "state": ResponseState.COMPLETE, "answers": answers, "attributes": {"region": region, "shoe_size": "47"},
        "completed_at": LATE, **fields})


def download(user: User, version: QuestionnaireVersion, **headers: str) -> list[dict[str, str]]:
    reply = client_of(user).get(f"/questionnaires/{version.questionnaire_id}/responses.csv", headers=headers)
    assert (reply.status_code, reply["Content-Type"]) == (200, "text/csv; charset=utf-8")
    text = b"".join(reply.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def under(line: dict[str, str], key: str) -> str:
    return next(value for name, value in line.items() if name == key or name.endswith(f"[{key}]"))


class TestDownload:
    def test_holds_every_answer_in_words(self, cast: Cast) -> None:
        version = make_version(cast.team)
        respond(version, WHOLE)
        [line] = download(cast.bob, version)
        assert line["completed_at"] == "2026-11-22 04:30:00+08:00"
        assert (under(line, "nps"), under(line, "on_time")) == ("3", "2")
        assert under(line, "reasons") == "Staff attitude; On-time delivery"
        assert (under(line, "information"), under(line, "contact_me")) == ("Does not apply", "Yes")
        assert under(line, "why") == "Two hours late." and under(line, "sorry") == ""
        assert line["region"] == "East" and "shoe_size" not in line

    def test_speaks_the_language_of_the_reader(self, cast: Cast) -> None:
        version = make_version(cast.team)
        respond(version, WHOLE)
        cast.bob.language = "zh-hans"
        cast.bob.save()
        [line] = download(cast.bob, version)
        assert (under(line, "information"), under(line, "contact_me")) == ("不适用", "是")
        assert "送货准时 [on_time]" in line

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "  =1+1", "\t=1", "\n=1", "＝1+1", "＋1", "－1", "＠a"])
    def test_is_no_formula_for_a_spreadsheet(self, cast: Cast, text: str) -> None:
        version = make_version(cast.team)
        respond(version, {"nps": 1, "why": text}, region=text)
        [line] = download(cast.alice, version)
        assert under(line, "why") == f"'{text}" and line["region"] == f"'{text}"

    def test_has_the_questions_of_all_versions(self, cast: Cast) -> None:
        first = make_version(cast.team)
        raw = document()
        raw["pages"][0]["questions"] = [q for q in raw["pages"][0]["questions"] if q["key"] != "why"]
        second = QuestionnaireVersion.objects.create(
            questionnaire=first.questionnaire, number=2, document=raw, content_hash="2" * 64, published_at=LATE)
        respond(first, {"nps": 1, "why": "Old"})
        respond(second, {"nps": 2})
        old, new = download(cast.alice, first)
        assert (under(old, "why"), old["version"], under(new, "why"), new["version"]) == ("Old", "1", "", "2")

    def test_leaves_out_what_does_not_count(self, cast: Cast) -> None:
        version = make_version(cast.team)
        respond(version, {"nps": 1}, is_test=True)
        respond(version, {"nps": 2}, state=ResponseState.PARTIAL, completed_at=None)
        respond(make_version(cast.team), {"nps": 3})
        assert download(cast.alice, version) == []

    def test_stays_within_the_scope_of_a_manager(self, cast: Cast) -> None:
        version = make_version(cast.team)
        respond(version, {"nps": 1}, region="East")
        respond(version, {"nps": 2}, region="West")
        assert [under(line, "nps") for line in download(cast.eve, version)] == ["1"]
        assert [under(line, "nps") for line in download(cast.bob, version)] == ["1", "2"]

    def test_of_an_anonymous_questionnaire_is_refused_with_a_reason(self, cast: Cast) -> None:
        version = make_version(cast.team, is_anonymous=True)
        respond(version, {"nps": 1, "why": "Secret"})
        reply = client_of(cast.alice).get(f"/questionnaires/{version.questionnaire_id}/responses.csv")
        assert reply.status_code == 403
        assert "promises anonymity" in reply.content.decode() and "Secret" not in reply.content.decode()

    def test_is_not_there_for_another_team(self, cast: Cast) -> None:
        version = make_version(cast.team)
        assert client_of(cast.charlie).get(f"/questionnaires/{version.questionnaire_id}/responses.csv").status_code == 404

    def test_asks_the_database_as_often_for_many_rows_as_for_one(self, cast: Cast) -> None:
        version = make_version(cast.team)
        respond(version, WHOLE)
        download(cast.alice, version)
        with CaptureQueriesContext(connection) as few:
            download(cast.alice, version)
        for _number in range(30):
            respond(version, WHOLE)
        with CaptureQueriesContext(connection) as many:
            assert len(download(cast.alice, version)) == 31
        assert len(many) == len(few)
