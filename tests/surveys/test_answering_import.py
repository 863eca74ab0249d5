"""Answers collected elsewhere, the preview, and the responses over the API."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.roles import Role
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.selectors import read_period
from analytics.scoring.services import recompute
from surveys.answering.access import responses_for
from surveys.answering.importing import import_responses
from surveys.answering.mapping import MappingError, parse_map
from surveys.answering.models import RecomputeNote, Response
from surveys.answering.reference import number_of, reference_of
from surveys.answering.report import report_lines
from surveys.contacts.tables import read_table
from tests.analytics.builders import AFTERWARDS, ITEMS, make_tree, publish, standard_document
from tests.cast import api_client, client_of, make_cast, make_key, make_team
from tests.surveys.answering_builders import AT, PAGE_1, make_invitation, make_version

pytestmark = pytest.mark.django_db

CSV = """year,n,nps,reply,attitude,price,region,w,lang,words
2025,1,9,4,6,0,1,0.8694341151,zh,Good
2025,2,11,5,4,3,2,1.5,en,
2026,1,0,BLANK,2,1,9,,en,"Late, again"
2026,2,7,8,3,3,1,1,en,
2026,3,7,3,3,3,1,-4,en,
"""
MAP: dict[str, Any] = {
    "blank": ["", "0", "Blank"], "na": ["6"],
    "items": {"nps": {"column": "nps", "blank": ["", "11"], "na": []}, "reply": "reply", "attitude": "attitude",
              "price": "price", "more": {"column": "words", "blank": [""]}},
    "segments": {"region": {"column": "region", "levels": {"1": "East", "2": "West"}}},
    "wave": "year", "date": {"column": "year", "dates": {"2025": "2025-05-15", "2026": "2026-05-15"}},
    "weight": "w", "key": ["year", "n"], "language": {"column": "lang", "values": {"zh": "zh-hans"}, "default": "en"},
}


def run(questionnaire: Any, text: str = CSV, raw: dict[str, Any] | None = None, **options: Any) -> Any:
    table = read_table(content=text.encode())
    return import_responses(questionnaire=questionnaire, table=table, mapping=parse_map(raw or MAP), at=AT, **options)


class TestImport:
    def test_turns_codes_into_answers_and_missing(self) -> None:
        questionnaire = make_version(make_team(time_zone="Asia/Shanghai")).questionnaire
        report = run(questionnaire)
        assert (report.read, report.created, report.known, report.wrong) == (5, 3, 0, 2)
        assert {(p.row, p.code, p.column, p.text) for p in report.problems} == {
            (5, "unknown_code", "reply", "8"), (6, "bad_weight", "w", "-4")}
        first, second, third = Response.objects.order_by("external_key")
        assert first.answers == {"nps": 9, "reply": 4, "attitude": "NA", "more": "Good"}
        assert first.respondent_weight == Decimal("0.8694341151") and first.language == "zh-hans"
        assert first.wave == "2025" and first.completed_at == datetime(2025, 5, 15, 12, tzinfo=UTC)
        assert second.answers == {"reply": 5, "attitude": 4, "price": 3} and second.attributes == {"region": "West"}
        assert third.answers == {"nps": 0, "attitude": 2, "price": 1, "more": "Late, again"} and third.attributes == {}

    def test_said_twice_changes_nothing(self) -> None:
        questionnaire = make_version(make_team()).questionnaire
        run(questionnaire)
        again = run(questionnaire)
        assert (again.created, again.known) == (0, 3) and RecomputeNote.objects.count() == 1

    def test_knows_rows_without_a_key_by_their_content(self) -> None:
        questionnaire = make_version(make_team()).questionnaire
        raw = {"items": {"nps": "nps"}}
        assert [run(questionnaire, "nps\n9\n9\n8\n", raw).created for _time in range(2)] == [3, 0]

    def test_stores_several_options_as_a_list_even_of_one(self) -> None:
        questionnaire = make_version(make_team()).questionnaire
        raw = {"items": {"reasons": {"column": "r", "values": {"Fast, and polite": "staff"}, "blank": ["", "none"]}}}
        report = run(questionnaire, 'r\nspeed\nspeed;staff\n"Fast, and polite"\nspeed|none\nspeed;what\n', raw)
        assert [r.answers["reasons"] for r in Response.objects.order_by("pk")] == [
            ["speed"], ["speed", "staff"], ["staff"], ["speed"]]
        assert [(p.row, p.code) for p in report.problems] == [(6, "unknown_code")]

    def test_tries_without_storing(self) -> None:
        questionnaire = make_version(make_team()).questionnaire
        assert run(questionnaire, is_trial=True).created == 3
        assert not Response.objects.exists() and not RecomputeNote.objects.exists()

    def test_leaves_out_rows_without_any_answer_unless_told_to_keep_them(self) -> None:
        questionnaire = make_version(make_team()).questionnaire
        raw = {"items": {"nps": "nps", "reply": "reply"}, "key": "n"}
        text = "n,nps,reply\n1,,\n2,9,\n3,NA,\n"
        left = run(questionnaire, text, raw)
        assert (left.created, left.wrong, left.blank) == (1, 2, 0) and {p.code for p in left.problems} == {"no_answers"}
        kept = run(questionnaire, text, {**raw, "keep_blank_forms": True})
        assert (kept.created, kept.known, kept.wrong, kept.blank) == (2, 1, 0, 2)
        assert sorted((r.external_key, r.state, len(r.answers)) for r in Response.objects.all()) == [
            ("1", "complete", 0), ("2", "complete", 1), ("3", "complete", 0)]
        assert "2 rows without any answer are kept as blank forms" in list(report_lines(kept))
        assert not any("blank" in line for line in list(report_lines(left))[:1])

    def test_never_counts_a_blank_form_among_valid_answers(self) -> None:
        version = publish(make_team(), standard_document())
        key = ITEMS[0]
        lines = "".join(f"{n},{n % 5 + 1}\n" for n in range(40)) + "40,\n41,\n"
        run(version.questionnaire, f"n,score\n{lines}", {"items": {key: "score"}, "key": "n", "keep_blank_forms": True})
        result = recompute(tree=make_tree(version), at=AT).run
        counted = {item.mean.n for node in read_period(result, period=EVERYTHING, at=AFTERWARDS).nodes for item in node.items if item.key == key}
        assert result.responses == 42 and counted == {40}

    @pytest.mark.parametrize(("change", "code"), [
        ({"keep_blank_forms": "false"}, "bad_map"), ({"keep_blank_forms": 1}, "bad_map"),
        ({"wave": "nowhere"}, "no_such_column"), ({"items": {"nothing": "nps"}}, "no_such_item"), ({"items": {}}, "no_items"),
        ({"items": 3}, "bad_map"), ({"language": "fr"}, "no_such_language"), ({"date": 7}, "bad_map"),
        ({"date": {"column": "year", "format": "%Y-%Y"}}, "bad_map"),
        ({"items": {"nps": 7}}, "bad_map"), ({"items": {"nps": ["nps"]}}, "bad_map"), ({"segments": {"region": None}}, "bad_map")])
    def test_refuses_a_mapping_that_does_not_fit(self, change: dict[str, Any], code: str) -> None:
        questionnaire = make_version(make_team()).questionnaire
        with pytest.raises(MappingError) as caught:
            run(questionnaire, raw={**MAP, **change})
        assert caught.value.code == code and not Response.objects.exists()
        assert "object" not in caught.value.detail

    @pytest.mark.parametrize(("day", "problem"), [
        ("9999-12-31", "lies in the future"), ("2099-01-01", "lies in the future"), ("0001-01-01", "lies before 1900"),
        ("1899-12-31", "lies before 1900"), ("1900-01-01", ""), (AT.date().isoformat(), ""),
        ((AT + timedelta(days=2)).date().isoformat(), "lies in the future"),
    ])
    def test_leaves_out_days_on_which_nobody_can_have_answered(self, day: str, problem: str) -> None:
        questionnaire = make_version(make_team()).questionnaire
        report = run(questionnaire, f"day,nps\n{day},7\n", {"items": {"nps": "nps"}, "date": "day"})
        assert (report.created, report.wrong) == ((0, 1) if problem else (1, 0))
        assert problem in " ".join(report_lines(report))

    def test_runs_as_a_command(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        questionnaire = make_version(make_team()).questionnaire
        (tmp_path / "a.csv").write_text("\n".join(CSV.splitlines()[:4]), encoding="utf-8-sig")
        (tmp_path / "m.json").write_text(json.dumps(MAP))
        options = {"questionnaire": questionnaire.pk, "map": tmp_path / "m.json"}
        call_command("import_responses", tmp_path / "a.csv", **options)
        assert "3 rows: 3 new" in capsys.readouterr().out
        with pytest.raises(CommandError):
            call_command("import_responses", tmp_path / "none.csv", **options)


class TestPreview:
    def test_shows_the_draft_and_stores_nothing(self) -> None:
        cast = make_cast()
        version = make_version(cast.team)
        version.questionnaire.draft["pages"][0]["questions"][0]["text"]["en"] = "A new wording?"
        version.questionnaire.save()
        dora, path = client_of(cast.dora), f"/questionnaires/{version.questionnaire.pk}/preview/"
        assert "A new wording?" in dora.get(path).content.decode()
        assert "A new wording?" not in dora.get(f"{path}?version=1&lang=zh-hans").content.decode()
        assert "Page 2 of 3" in dora.post(path, PAGE_1).content.decode()
        assert "Choose a number" in dora.post(path, {**PAGE_1, "nps": ""}).content.decode()
        assert "Thank you" in dora.post(path, {"_page": "3", "_to": "next"}).content.decode()
        assert client_of(cast.charlie).get(path).status_code == 404 and not Response.objects.exists()


class TestResponsesOverTheApi:
    def test_stay_within_team_and_scope(self) -> None:
        cast = make_cast()
        run(make_version(cast.team).questionnaire)
        assert responses_for(cast.actor(cast.bob)).count() == 3
        assert [r.attributes for r in responses_for(cast.actor(cast.eve))] == [{"region": "East"}]
        key = make_key(cast.team, Role.MANAGER)[1]
        found = api_client(key).get("/api/v1/responses/?completed_from=2026-01-01T00:00:00Z").json()["results"]
        assert [one["answers"]["nps"] for one in found] == [0] and not {"contact", "invitation"} & set(found[0])
        assert api_client(make_key(cast.other_team)[1]).get("/api/v1/responses/").json()["results"] == []
        assert api_client().get("/api/v1/responses/").status_code == 401
        assert api_client(key).get("/api/v1/responses/?questionnaire=x").status_code == 400

    def test_leave_out_questionnaires_that_promise_anonymity(self) -> None:
        cast = make_cast()
        run(make_version(cast.team, is_anonymous=True).questionnaire)
        assert api_client(make_key(cast.team)[1]).get("/api/v1/responses/").json()["results"] == []


class TestReferences:
    def test_lead_back_to_the_response(self) -> None:
        assert all(number_of(reference_of(n).lower()) == n for n in (1, 2, 999, 10**9))
        assert len({reference_of(n)[:4] for n in range(200)}) > 150 and number_of("nothing") is None
        _invitation, _token = make_invitation()
