"""The pages that import answers: upload, match columns and values, check rows, done."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook

from accounts.models import AuditEvent, Team
from surveys.answering.codes import BLANK, NA, UNKNOWN, suggest_code
from surveys.answering.columns import build_map, guess_map, list_items, targets_of
from surveys.answering.mapping import MappingError, parse_map
from surveys.answering.models import RecomputeNote, Response, ResponseImport
from surveys.answering.tasks import sweep_imports
from surveys.answering.uploads import ImportDoneError, run_import, set_mapping, start_import
from surveys.contacts.importing import start_import as start_contact_import
from surveys.contacts.models import ContactAttribute, ContactImport
from surveys.contacts.tables import Table, read_table
from surveys.design.document import Document, Question, parse_document
from tests.cast import Cast, client_of, make_cast, make_team
from tests.surveys.answering_builders import AT, document, make_version

pytestmark = pytest.mark.django_db

CHINESE = """答卷编号,提交答卷时间,1、您有多大可能向朋友或同事推荐{company}？,3、您对以下各方面满意吗？—咨询答复,员工服务态度,哪些方面影响最大？,权重,大区,需要我们就您的意见与您联系吗？,手机
1,2026/3/5 10:22:33,9,5分,不适用,回复速度┋服务态度,1.5,华东,是,138
2,2026/3/6 09:00:00,0,3,4,3,0.5,华北,否,139
3,2026/3/7 09:00:00,10,未回答,很好,,1,华东,,137
4,2026/3/8,7,,,,x,华东,,136
"""


def the_document() -> Document:
    return parse_document(document())


def question(key: str) -> Question:
    return next(item.question for item in list_items(the_document()) if item.key == key)


def a_table(text: str) -> Table:
    return read_table(content=text.encode())


def upload(client: Client, pk: int, content: bytes, name: str = "answers.csv", **fields: Any) -> HttpResponse:
    data = {"file": SimpleUploadedFile(name, content), "questionnaire": pk, **fields}
    return client.post(f"/questionnaires/{pk}/import/", data)  # type: ignore[return-value]


def path_of(step: str) -> str:
    return f"/questionnaires/imports/{ResponseImport.objects.latest('pk').pk}/{step}"


def text_of(response: Any) -> str:
    """Return the page with its lines joined: where the source breaks one is no matter of the reader."""
    return " ".join(response.content.decode().split())


def choices_on(client: Client) -> dict[str, str]:
    """Read the matching page's form as a browser would send it untouched."""
    page = text_of(client.get(path_of("match/")))
    found: dict[str, str] = {}
    for select in page.split("<select")[1:]:
        name = select.split('name="', 1)[1].split('"', 1)[0]
        options = select.split("</select>", 1)[0].split("<option ")[1:]
        values = [(one.split('value="', 1)[1].split('"', 1)[0], " selected" in one.split(">", 1)[0]) for one in options]
        found[name] = next((value for value, is_selected in values if is_selected), values[0][0])
    return found


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def team(cast: Cast) -> Team:
    return cast.team


@pytest.fixture
def dora(cast: Cast) -> Client:
    return client_of(cast.dora)


class TestSuggestedCodes:
    @pytest.mark.parametrize(("key", "value", "code"), [
        ("reply", "5", "5"), ("reply", "4.0", "4"), ("reply", "Very satisfied", "5"), ("reply", "非常满意", "5"), ("reply", "5分", "5"),
        ("reply", "2 - poor", "2"), ("reply", "NA", NA), ("reply", "不适用", NA), ("reply", "未回答", BLANK), ("reply", "0", BLANK),
        ("reply", "6", UNKNOWN), ("reply", "1-2", UNKNOWN), ("reply", "4.5", UNKNOWN), ("nps", "0", "0"), ("nps", "N/A", NA),
        ("nps", "11", UNKNOWN), ("reasons", "speed", "speed"), ("reasons", "服务态度", "staff"), ("reasons", "3", "punctual"),
        ("reasons", "4", UNKNOWN), ("reasons", "N/A", BLANK), ("contact_me", "是", "yes"), ("contact_me", "0", "no"),
        ("contact_me", "maybe", UNKNOWN), ("reply", "５", "5"), ("reply", "５分", "5"), ("reply", "（跳过）", BLANK), ("reply", "Ｎ／Ａ", NA),
        ("reply", "６", UNKNOWN), ("reasons", "３", "punctual")])
    def test_are_what_the_value_says(self, key: str, value: str, code: str) -> None:
        assert suggest_code(question(key), value) == code


class TestTheSuggestion:
    def test_finds_columns_by_key_text_and_numbering(self) -> None:
        raw = guess_map(table=a_table(CHINESE), document=the_document(), attributes=[])
        assert targets_of(parse_map(raw)) == {
            "答卷编号": "key", "提交答卷时间": "date", "1、您有多大可能向朋友或同事推荐{company}？": "item:nps",
            "3、您对以下各方面满意吗？—咨询答复": "item:reply", "员工服务态度": "item:attitude", "哪些方面影响最大？": "item:reasons",
            "权重": "weight", "大区": "attribute:region", "需要我们就您的意见与您联系吗？": "item:contact_me"}

    def test_keeps_a_score_of_0_where_the_scale_has_it(self) -> None:
        raw = guess_map(table=a_table("nps,reply\n0,0\n"), document=the_document(), attributes=[])
        assert raw["items"]["nps"]["blank"] == [""] and raw["items"]["reply"]["blank"] == ["", "0"]

    @pytest.mark.parametrize(("dates", "form"), [("31/12/2025\n01/02/2026", "%d/%m/%Y"), ("12/31/2025\n01/02/2026", "%m/%d/%Y"),
                                                 ("01/02/2026\n03/04/2026", ""), ("2026-01-02\n2026/1/3", "")])
    def test_takes_an_order_of_day_and_month_only_where_one_alone_fits(self, dates: str, form: str) -> None:
        rows = "".join(f"{one},9\n" for one in dates.split())
        raw = guess_map(table=a_table(f"date,nps\n{rows}"), document=the_document(), attributes=[])
        assert raw["date"].get("format", "") == form

    def test_knows_a_year_as_date_and_wave_unless_there_is_a_date(self) -> None:
        table = a_table("year,nps\n2025,9\n")
        assert guess_map(table=table, document=the_document(), attributes=[])["wave"] == "year"
        both = guess_map(table=a_table("year,date,nps\n2025,2025-02-03,9\n"), document=the_document(), attributes=[])
        assert (both["wave"], both["date"]["column"]) == ("year", "date")

    def test_takes_no_running_number_for_an_external_id(self) -> None:
        raw = guess_map(table=a_table("序号,nps\n1,9\n"), document=the_document(), attributes=[])
        assert "key" not in raw

    def test_becomes_a_mapping_for_the_command_line(self) -> None:
        raw = guess_map(table=a_table(CHINESE), document=the_document(), attributes=[])
        assert parse_map(json.loads(json.dumps(raw))).key_columns == ("答卷编号",)


class TestChoices:
    def test_keep_what_the_mapping_said_beyond_them(self) -> None:
        table, old = a_table("s,g,d,n\n1,2,a,9\n"), {
            "items": {"reply": {"column": "s", "values": {"1": "5"}}}, "language": "en",
            "segments": {"gender": {"column": "g", "levels": {"2": "female"}}}, "date": {"column": "d", "dates": {"a": "2026"}}}
        targets = targets_of(parse_map(old)) | {"n": "item:nps"}
        raw = build_map(table=table, document=the_document(), targets=targets, previous=old)
        assert raw["segments"] == old["segments"] and raw["date"]["dates"] == {"a": "2026"} and raw["language"] == "en"
        assert raw["items"]["reply"]["values"] == {"1": "5"} and raw["items"]["nps"]["column"] == "n"

    @pytest.mark.parametrize("targets", [
        {"a": "item:nps", "b": "item:nps"}, {"a": "date", "b": "date_and_wave"}, {"a": "wave", "b": "wave"},
        {"a": "attribute:region", "b": "attribute:region"}])
    def test_of_one_place_for_two_columns_are_refused(self, targets: dict[str, str]) -> None:
        with pytest.raises(MappingError) as caught:
            build_map(table=a_table("a,b\n1,2\n"), document=the_document(), targets=targets)
        assert (caught.value.code, caught.value.detail) == ("twice", "a, b")

    def test_may_name_several_columns_as_the_external_id(self) -> None:
        raw = build_map(table=a_table("a,b\n1,2\n"), document=the_document(), targets={"a": "key", "b": "key"})
        assert raw["key"] == ["a", "b"]


class TestTheSteps:
    def test_lead_from_a_chinese_file_to_responses(self, dora: Client, team: Team) -> None:
        pk = make_version(team).questionnaire.pk
        assert upload(dora, pk, CHINESE.encode("gb18030"))["Location"] == path_of("match/")
        page = text_of(dora.get(path_of("match/")))
        assert "Reply to your questions" in page and "5分" in page and "1 value without a meaning" in page
        chosen = choices_on(dora)
        assert chosen["column-9"] == "" and chosen["column-3"] == "item:reply"
        assert dora.post(path_of("match/"), chosen)["Location"] == path_of("check/")
        preview = text_of(dora.get(path_of("check/")))
        assert "Import 2 responses" in preview and "“很好” in column 员工服务态度 is no answer to its question" in preview
        assert "“x” in column 权重 is no weight" in preview and "5 Mar 2026" in preview and "华东 (1)" in preview
        assert not Response.objects.exists() and not RecomputeNote.objects.exists()
        assert dora.post(path_of("check/"))["Location"] == path_of("done/")
        assert "2</span> <span>new responses" in text_of(dora.get(path_of("done/")))
        first, second = Response.objects.order_by("external_key")
        assert first.answers == {"nps": 9, "reply": 5, "attitude": "NA", "reasons": ["speed", "staff"], "contact_me": True}
        assert first.completed_at == datetime(2026, 3, 5, 10, 22, 33, tzinfo=UTC) and first.attributes == {"region": "华东"}
        assert first.respondent_weight == Decimal("1.5") and second.answers == {
            "nps": 0, "reply": 3, "attitude": 4, "reasons": ["punctual"]}
        assert AuditEvent.objects.filter(action="responses.imported", detail={"created": 2, "wrong": 2}).count() == 1
        assert bytes(ResponseImport.objects.get().content) == b""

    def test_lead_from_a_workbook_to_responses(self, dora: Client, team: Team) -> None:
        book = Workbook()
        sheet = book.worksheets[0]
        sheet.append(["id", "Date", "nps", "Price for what you got"])
        sheet.append([1, datetime(2026, 5, 6, 7, 8), 9, "Very satisfied"])
        sheet.append([2, datetime(2026, 5, 7), 10.0, 4])
        file = io.BytesIO()
        book.save(file)
        upload(dora, make_version(team).questionnaire.pk, file.getvalue(), "answers.xlsx")
        dora.post(path_of("match/"), choices_on(dora))
        dora.post(path_of("check/"))
        assert [(r.external_key, r.answers) for r in Response.objects.order_by("pk")] == [
            ("1", {"nps": 9, "price": 5}), ("2", {"nps": 10, "price": 4})]
        assert Response.objects.earliest("pk").completed_at == datetime(2026, 5, 6, 7, 8, tzinfo=UTC)

    def test_said_twice_change_nothing(self, dora: Client, team: Team) -> None:
        pk = make_version(team).questionnaire.pk
        for _time in range(2):
            upload(dora, pk, b"id,nps\n1,9\n2,8\n")
            dora.post(path_of("match/"), choices_on(dora))
            dora.post(path_of("check/"))
            again = dora.post(path_of("check/"))
            assert again.status_code == 302 and Response.objects.count() == 2
        assert "2</span> <span>imported earlier" in text_of(dora.get(path_of("done/")))
        assert RecomputeNote.objects.count() == 1 and AuditEvent.objects.filter(action="responses.imported").count() == 2

    def test_speak_the_readers_language(self, cast: Cast) -> None:
        cast.dora.language = "zh-hans"
        cast.dora.save(update_fields=["language"])
        dora = client_of(cast.dora)
        upload(dora, make_version(cast.team).questionnaire.pk, b"id,nps,reply\n1,9,4\n2,9,x\n")
        page = text_of(dora.get(path_of("match/")))
        assert "咨询答复" in page and "非常满意" in page and "Reply to your questions" not in page and "有 1 个值尚无含义" in page
        dora.post(path_of("match/"), choices_on(dora))
        assert "不是该题的答案" in text_of(dora.get(path_of("check/")))

    def test_ask_for_the_meaning_of_values_before_a_newly_chosen_question_goes_on(self, dora: Client, team: Team) -> None:
        upload(dora, make_version(team).questionnaire.pk, b"id,nps,mark\n1,9,good\n2,8,bad\n")
        chosen = choices_on(dora) | {"column-2": "item:reply"}
        reply = dora.post(path_of("match/"), chosen)
        assert reply["Location"] == path_of("match/") and "Check what the values mean: mark" in text_of(dora.get(path_of("match/")))
        chosen = choices_on(dora) | {"code-2-0": "1", "code-2-1": "5"}
        assert dora.post(path_of("match/"), chosen)["Location"] == path_of("check/")
        dora.post(path_of("check/"))
        assert [r.answers["reply"] for r in Response.objects.order_by("external_key")] == [5, 1]

    def test_turn_a_scale_round_and_leave_out_what_nobody_knows(self, dora: Client, team: Team) -> None:
        upload(dora, make_version(team).questionnaire.pk, b"id,nps,reply\n1,9,1\n2,8,5\n3,8,77\n")
        chosen = choices_on(dora) | {"code-2-0": "5", "code-2-1": "1"}
        assert chosen["code-2-2"] == ""
        dora.post(path_of("match/"), chosen)
        assert choices_on(dora)["code-2-0"] == "5"
        dora.post(path_of("check/"))
        assert [r.answers["reply"] for r in Response.objects.order_by("external_key")] == [5, 1]

    def test_make_a_new_attribute_a_segment(self, dora: Client, team: Team) -> None:
        upload(dora, make_version(team).questionnaire.pk, "id,nps,门店\n1,9,A\n2,8,B\n".encode())
        dora.post(path_of("match/"), choices_on(dora) | {"column-2": "new"})
        assert not ContactAttribute.objects.exists()
        dora.post(path_of("check/"))
        attribute = ContactAttribute.objects.get(team=team)
        assert attribute.names == {"zh-hans": "门店", "en": "门店"} and attribute.is_dimension
        assert [r.attributes for r in Response.objects.order_by("pk")] == [{attribute.key: "A"}, {attribute.key: "B"}]

    def test_reuse_a_downloaded_mapping(self, dora: Client, team: Team) -> None:
        pk = make_version(team).questionnaire.pk
        upload(dora, pk, b"id,nps,mark\n1,9,good\n")
        dora.post(path_of("match/"), choices_on(dora) | {"column-2": "item:reply"})
        dora.post(path_of("match/"), choices_on(dora) | {"code-2-0": "4"})
        saved = dora.get(path_of("mapping.json"))
        assert "attachment" in saved["Content-Disposition"]
        upload(dora, pk, b"id,nps,mark\n2,7,good\n")
        reply = dora.post(path_of("match/"), {"use_file": "1", "mapping": SimpleUploadedFile("m.json", saved.content)})
        assert reply["Location"] == path_of("check/")
        dora.post(path_of("check/"))
        assert Response.objects.get().answers == {"nps": 7, "reply": 4}

    def test_show_a_mapping_that_says_more_than_the_list(self, dora: Client, team: Team) -> None:
        upload(dora, make_version(team).questionnaire.pk, b"year,n,nps\n2025,1,9\n")
        raw = {"items": {"nps": "nps"}, "key": ["year", "n"], "wave": "year", "date": {"column": "year", "format": "%Y"}}
        dora.post(path_of("match/"), {"use_file": "1", "mapping": SimpleUploadedFile("m.json", json.dumps(raw).encode())})
        assert "more than one thing" in text_of(dora.get(path_of("match/")))
        dora.post(path_of("check/"))
        assert Response.objects.get().external_key == "2025/1" and Response.objects.get().wave == "2025"

    def test_keep_blank_forms_when_asked_to(self, dora: Client, team: Team) -> None:
        upload(dora, make_version(team).questionnaire.pk, b"id,nps\n1,\n2,9\n")
        dora.post(path_of("match/"), choices_on(dora) | {"keep_blank_forms": "on"})
        assert "form without any answer" in text_of(dora.get(path_of("check/")))
        dora.post(path_of("check/"))
        assert Response.objects.count() == 2

    def test_end_with_a_discarded_file(self, dora: Client, team: Team) -> None:
        pk = make_version(team).questionnaire.pk
        upload(dora, pk, b"id,nps\n1,9\n")
        assert dora.post(path_of("discard/"))["Location"] == f"/questionnaires/{pk}/import/"
        assert not ResponseImport.objects.exists()


class TestBadInput:
    @pytest.mark.parametrize(("content", "sentence"), [
        (b"", "The file is empty"), (b"id,nps\n", "no rows below them"), (b"%PDF-1.7 x", "This is not a table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel file"), (b"PK\x03\x04 broken", "not a table")])
    def test_in_the_file_is_a_sentence(self, dora: Client, team: Team, content: bytes, sentence: str) -> None:
        reply = upload(dora, make_version(team).questionnaire.pk, content)
        assert reply.status_code == 400 and sentence in text_of(reply) and not ResponseImport.objects.exists()

    @pytest.mark.parametrize(("content", "sentence"), [
        (b"", "The file is empty"), (b"{", "This is not JSON: line 1, column 2"), (b"[" * 5000, "This is not JSON"),
        (b"\xff\xfe{", "This is not JSON: it cannot be read"), (b"[]", "This file is no mapping"), (b'{"items": NaN}', "not JSON"),
        (b'{"items": {"nps": "nps"}, "wave": "\\u0000"}', "This file is no mapping"),
        (b'{"items": {"nps": "nps"}, "language": "\\ud800"}', "This is not JSON"), (b'{"a": "' + b"x" * 200_000 + b'"}', "too large"),
        (b'{"items": {}}', "names no question"), (b'{"items": {"nps": "x"}}', "no such column: x"),
        (b'{"items": {"zzz": "nps"}}', "no such question: zzz"), (b'{"items": 7}', "The mapping cannot be read")])
    def test_in_a_mapping_file_is_a_sentence(self, dora: Client, team: Team, content: bytes, sentence: str) -> None:
        upload(dora, make_version(team).questionnaire.pk, b"id,nps\n1,9\n")
        before = ResponseImport.objects.get().mapping
        reply = dora.post(path_of("match/"), {"use_file": "1", "mapping": SimpleUploadedFile("m.json", content)})
        assert reply.status_code == 400 and sentence in text_of(reply) and ResponseImport.objects.get().mapping == before

    def test_in_the_choices_is_a_sentence_and_leaves_them_as_they_were_sent(self, dora: Client, team: Team) -> None:
        upload(dora, make_version(team).questionnaire.pk, b"id,nps,b\n1,9,8\n")
        reply = dora.post(path_of("match/"), {"column-1": "item:nps", "column-2": "item:nps"})
        assert reply.status_code == 400 and "go to the same place: nps, b" in text_of(reply)
        assert '<a href="#column-1">' in text_of(reply)
        assert text_of(reply).count('<option value="item:nps" selected') == 2
        upload(dora, make_version(team).questionnaire.pk, b"reply,a,b\n9,9,8\n")
        sent = choices_on(dora) | {"column-1": "item:nps", "column-2": "item:nps", "code-0-0": "4"}
        assert '<option value="4" selected' in text_of(dora.post(path_of("match/"), sent))
        nothing = dora.post(path_of("match/"), {"column-1": "item:nobody", "column-2": "\x00", "date_format": "%Q"})
        assert nothing.status_code == 400 and "names no question" in text_of(nothing)

    def test_that_matches_nothing_is_no_import(self, dora: Client, team: Team) -> None:
        upload(dora, make_version(team).questionnaire.pk, b"x,y\n1,9\n")
        for reply in (dora.get(path_of("check/")), dora.post(path_of("check/"))):
            assert reply.status_code == 400 and "names no question" in text_of(reply)
        assert ResponseImport.objects.get().state == "uploaded" and not Response.objects.exists()

    def test_of_a_questionnaire_without_a_version_or_of_another_team_is_refused(self, dora: Client, cast: Cast) -> None:
        other = make_version(cast.other_team).questionnaire.pk
        own = make_version(cast.team)
        reply = upload(dora, own.questionnaire.pk, b"id,nps\n1,9\n", questionnaire=other)
        assert reply.status_code == 400 and "Choose a published questionnaire" in text_of(reply)
        own.delete()
        page = text_of(dora.get(f"/questionnaires/{own.questionnaire_id}/import/"))
        assert "Publish the questionnaire first" in page and not ResponseImport.objects.exists()


class TestAnUpload:
    def test_is_for_designers_of_its_team(self, dora: Client, cast: Cast) -> None:
        pk = make_version(cast.team).questionnaire.pk
        upload(dora, pk, b"id,nps\n1,9\n")
        for path in (f"/questionnaires/{pk}/import/", *(path_of(s) for s in ("match/", "check/", "done/", "mapping.json"))):
            assert client_of(cast.charlie).get(path).status_code == 404, path
            assert client_of(cast.bob).get(path).status_code == 403, path
        assert client_of(cast.charlie).post(path_of("discard/")).status_code == 404 and ResponseImport.objects.exists()

    def test_is_imported_once_or_not_at_all(self, team: Team) -> None:
        questionnaire = make_version(team).questionnaire
        kept = start_import(questionnaire=questionnaire, file_name="a.csv", table=a_table("id,nps\n1,9\n"), user=None, at=AT)
        run_import(response_import=kept, at=AT)
        with pytest.raises(ImportDoneError):
            run_import(response_import=kept, at=AT)
        assert Response.objects.count() == 1
        other = start_import(questionnaire=questionnaire, file_name="b.csv", table=a_table("id,nps\n2,9\n"), user=None, at=AT)
        with pytest.raises(MappingError):
            set_mapping(response_import=other, raw={"items": {"nps": "gone"}}, table=a_table("id,nps\n2,9\n"))
        ResponseImport.objects.filter(pk=other.pk).update(mapping={"items": {"gone": "nps"}})
        other.refresh_from_db()
        with pytest.raises(MappingError):
            run_import(response_import=other, at=AT)
        other.refresh_from_db()
        assert other.state == "uploaded" and Response.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_imported_twice_at_the_same_moment_gives_each_row_once(self) -> None:
        questionnaire = make_version(make_team()).questionnaire
        table = a_table("id,nps\n" + "".join(f"{n},9\n" for n in range(3000)))
        uploads = [
            start_import(questionnaire=questionnaire, file_name="a.csv", table=table, user=None, at=AT) for _n in range(2)
        ]

        def one(which: int) -> tuple[int, int]:
            report = run_import(response_import=uploads[which], at=AT)
            connection.close()
            return report.created, report.known

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(one, range(2))) == [(0, 3000), (3000, 0)]
        assert Response.objects.count() == 3000

    def test_is_erased_after_a_day_like_a_file_of_contacts(self) -> None:
        team = make_team()
        questionnaire, now = make_version(team).questionnaire, timezone.now()
        for name, at in (("old.csv", now - timedelta(hours=25)), ("new.csv", now - timedelta(hours=23))):
            start_import(questionnaire=questionnaire, file_name=name, table=a_table("nps\n9\n"), user=None, at=at)
            start_contact_import(team=team, file_name=name, table=a_table("email\na@b.example\n"), user=None, at=at)
        sweep_imports()
        assert [one.file_name for one in ResponseImport.objects.all()] == ["new.csv"]
        assert [one.file_name for one in ContactImport.objects.all()] == ["new.csv"]
