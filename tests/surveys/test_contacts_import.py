"""Importing contacts: every encoding, every limit, every row accounted for."""

from __future__ import annotations

import csv
import io
import random
import tracemalloc
import zipfile
from typing import Any

import pytest
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import TextField
from django.db.models.functions import Cast
from hypothesis import assume, given
from hypothesis import strategies as st
from openpyxl import Workbook

from accounts.models import Team
from surveys.contacts.addresses import LONGEST_ADDRESS, PLAIN, AddressError, normalise_address
from surveys.contacts.bulk import JsonText, insert_rows
from surveys.contacts.importing import (
    FILL,
    LEAVE,
    OVERWRITE,
    ImportDoneError,
    MappingError,
    Plan,
    list_wrong_rows,
    plan_import,
    run_import,
    set_mapping,
    start_import,
    wrong_row_lines,
)
from surveys.contacts.matching import describe_columns, new_key
from surveys.contacts.models import Contact, ContactAttribute, ContactImport
from surveys.contacts.services import suppress
from surveys.contacts.tables import TableError, read_table
from tests.cast import client_of, make_cast
from tests.surveys.sending_builders import AT, make_team

HEADER = ["客户名称", "联系人", "邮箱", "等级", "大区", "手机", "语言"]
ROWS = [
    ["海云食品", "张敏", "zhangmin@haiyun.example", "A", "华东", "13800000000", "中文"],
    ["南湖电子", "王磊", "wanglei@nanhu.example", "B", "华北", "", "EN"],
]


def csv_bytes(rows: list[list[str]], encoding: str = "utf-8", header: list[str] = HEADER) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode(encoding)


def xlsx_bytes(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return out.getvalue()


def swapped(added: tuple[str, str] | None = None, **parts: str) -> bytes:
    """A workbook in which some parts say something else, one may be new, and noise, so that it is no bomb by its ratio."""
    changed = {f"{name.replace('__', '/')}.xml": content for name, content in parts.items()}
    out, book = io.BytesIO(), zipfile.ZipFile(io.BytesIO(xlsx_bytes([["a", "b"], [1, 2]])))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in book.namelist():
            archive.writestr(name, changed.get(name, book.read(name)))
        if added:
            archive.writestr(*added)
        archive.writestr("noise", random.Random(1).randbytes(100_000))
    return out.getvalue()


def sheet(rows: str) -> str:
    """A sheet of these rows."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'


def protected() -> bytes:
    """A workbook behind a password, as its outer form begins and names its parts."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptionInfo".encode("utf-16-le")


def imported(team: Team, content: bytes, rule: str = FILL) -> ContactImport:
    table = read_table(content=content)
    contact_import = start_import(team=team, file_name="customers.csv", table=table, user=None, at=AT)
    keys = set(ContactAttribute.objects.filter(team=team).values_list("key", flat=True))
    targets = {str(column.index): column.guess for column in describe_columns(table=table, keys=keys)}
    set_mapping(contact_import=contact_import, targets=targets, rule=rule, source="CRM export")
    return contact_import


def planned(team: Team, content: bytes, rule: str = FILL) -> Plan:
    return plan_import(contact_import=imported(team, content, rule))


class TestReadTable:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
    def test_reads_chinese_headers_in_any_encoding(self, encoding: str) -> None:
        table = read_table(content=csv_bytes(ROWS, encoding))
        assert list(table.header) == HEADER
        assert [list(cells) for _, cells in table.rows] == ROWS

    def test_reads_a_workbook_like_a_text_file(self) -> None:
        table = read_table(content=xlsx_bytes([HEADER, *ROWS, [None, "x", 12.0]]))
        assert (list(table.header), table.encoding) == (HEADER, "xlsx")
        assert [list(cells) for _, cells in table.rows] == [*ROWS, ["", "x", "12", "", "", "", ""]]

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_finds_the_separator(self, separator: str) -> None:
        content = separator.join(["email", "name"]) + "\r\n" + separator.join(["a@b.example", "A"])
        assert read_table(content=content.encode()).header == ("email", "name")

    def test_keeps_the_row_numbers_of_the_file(self) -> None:
        table = read_table(content=b"email\r\na@x.example\r\n\r\n\r\nb@x.example\r\n")
        assert [number for number, _ in table.rows] == [2, 5]

    def test_names_nameless_and_repeated_columns(self) -> None:
        assert read_table(content=b"email,,email\r\na,b,c").header == ("email", "#2", "email (3)")

    @pytest.mark.parametrize("header", [b"MZ number,email", b"BM,email", b"Rar!,email", b"RIFF,email", b"Booking,email"])
    def test_does_not_take_a_name_for_another_kind_of_file(self, header: bytes) -> None:
        assert read_table(content=header + b"\r\n1,a@b.example").header[1] == "email"

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty"),
            (b"\r\n\r\n", "empty"),
            (b"\xff\xff\x81", "encoding"),
            (b"email\r\na\x00b@x.example" + b" " * 300, "not_a_table"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "old_excel"),
            (b"PK\x03\x04 no archive at all", "not_a_workbook"),
            (zipped(word__document=b"<a/>"), "wrong_kind"),
            (b"%PDF-1.7 ", "wrong_kind"),
            (b"\x89PNG\r\n", "wrong_kind"),
            (b"<!DOCTYPE html><p>", "wrong_kind"),
            (protected(), "protected"),
            (",".join(f"c{n}" for n in range(20_000)).encode(), "too_many_columns"),
            (b'email\r\n"' + b"a" * 300_000, "not_a_table"),
            (b"email\r\n" + b"a@x.example\r\n" * 200_001, "too_many_rows"),
            (b"x" * (30 * 1024 * 1024 + 1), "too_large"),
            (b"a" + b"," * 29_000_000, "not_a_table"),
            (b"a\n" * 2 + b"\n" * 29_000_000, "too_many_rows"),
            (swapped(xl__worksheets__sheet1=sheet('<row><c r="A1"><v>1</v></c><c r="XFD1"/></row>' * 20_000)), "too_many_columns"),
            (swapped(xl__styles="<styleSheet>" + "<xf/>" * 500_000 + "</styleSheet>"), "bomb"),
            (swapped(xl__styles=f"<styleSheet>{' ' * 5_000_000}</styleSheet>"), "bomb"),
        ],
        ids=["empty", "blank", "bytes", "nul", "xls", "fake zip", "docx", "pdf", "png", "html", "password", "wide", "quote", "long", "large",
             "commas", "lines", "last column", "styles", "long styles"],
    )
    def test_refuses_what_it_cannot_take(self, content: bytes, code: str) -> None:
        with pytest.raises(TableError) as caught:
            read_table(content=content)
        assert caught.value.code == code

    def test_reads_beside_the_data_that_excel_keeps_for_itself(self) -> None:
        cache = f"<pivotCacheRecords>{'<r><n/></r>' * 500_000}</pivotCacheRecords>"
        table = read_table(content=swapped(added=("xl/pivotCache/pivotCacheRecords1.xml", cache)))
        assert (table.header, len(table.rows)) == (("a", "b"), 1)

    def test_refuses_a_bomb_before_it_unpacks(self) -> None:
        content = zipped(xl__workbook=b"<a/>", xl__sheet=b"\0" * (200 * 1024 * 1024))
        tracemalloc.start()
        try:
            with pytest.raises(TableError, match="bomb"):
                read_table(content=content)
            _now, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 10 * 1024 * 1024

    @pytest.mark.parametrize(
        "declaration",
        [b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>', b'<!DOCTYPE x SYSTEM "file:///etc/hostname">'],
    )
    def test_refuses_document_types(self, declaration: bytes) -> None:
        workbook = b"<?xml version='1.0'?>" + b" " * 2_000_000 + declaration + b"<a/>"
        content = zipped(xl__workbook=workbook, noise=random.Random(1).randbytes(100_000))
        with pytest.raises(TableError, match="bomb"):
            read_table(content=content)

    def test_refuses_a_wide_sheet(self) -> None:
        with pytest.raises(TableError, match="too_many_columns"):
            read_table(content=xlsx_bytes([[f"c{n}" for n in range(100)]]))


@pytest.mark.django_db
class TestDescribeColumns:
    def test_guesses_chinese_and_english_names(self) -> None:
        columns = describe_columns(table=read_table(content=csv_bytes(ROWS)), keys=set())
        assert [column.guess for column in columns] == [
            "attribute:company", "name", "email", "attribute:tier", "attribute:region", "", "language",
        ]
        assert (columns[2].samples, columns[5].filled) == (("zhangmin@haiyun.example", "wanglei@nanhu.example"), 0.5)

    def test_recognises_addresses_by_their_look(self) -> None:
        table = read_table(content=b"kontakt,mail2\na@x.example,b@x.example")
        assert [column.guess for column in describe_columns(table=table, keys=set())] == ["email", ""]

    def test_makes_keys_for_chinese_names(self) -> None:
        assert [new_key("客户经理", {"attribute"}), new_key("Sales rep", set())] == ["attribute_2", "sales_rep"]


@pytest.mark.django_db
class TestImport:
    def test_stores_contacts_and_attributes(self) -> None:
        team = make_team()
        run_import(contact_import=imported(team, csv_bytes(ROWS, "gb18030")), at=AT)
        contact = Contact.objects.get(email_key="zhangmin@haiyun.example")
        assert (contact.name, contact.language) == ("张敏", "zh-hans")
        assert contact.attributes == {"company": "海云食品", "tier": "A", "region": "华东"}
        assert Contact.objects.get(email_key="wanglei@nanhu.example").language == "en"
        tier = ContactAttribute.objects.get(team=team, key="tier")
        assert (tier.names, tier.is_dimension) == ({"en": "Customer tier", "zh-hans": "客户等级"}, True)

    def test_stores_nothing_before_the_last_step(self) -> None:
        planned(make_team(), csv_bytes(ROWS))
        assert (Contact.objects.count(), ContactAttribute.objects.count()) == (0, 0)

    def test_mends_addresses_and_says_how_many(self) -> None:
        rows = [["ａ＠ｘ．example"], [" b@X.Example "], ["c\u200b@x.example"]]
        plan = planned(make_team(), csv_bytes(rows, header=["email"]))
        assert [entry.email for entry in plan.new] == ["a@x.example", "b@x.example", "c@x.example"]
        assert plan.corrections == {"full_width": 1, "spaces": 1, "invisible": 1}

    def test_counts_every_row_once(self) -> None:
        team = make_team()
        suppress(team=team, email="stopped@x.example", reason="unsubscribed", at=AT)
        known = [["old@x.example", "Old"], ["same@x.example", "Same"]]
        run_import(contact_import=imported(team, csv_bytes(known, header=["email", "name"])), at=AT)
        rows = [["old@x.example", "New"], ["same@x.example", "Same"], ["n@x.example", "1"], ["N@x.example", "2"],
                ["stopped@x.example", "S"], ["", "none"], ["nonsense", "bad"]]
        plan = planned(team, csv_bytes(rows, header=["email", "name"]), OVERWRITE)
        counts = plan.counts
        assert {k: counts[k] for k in ("new", "updated", "unchanged", "repeated", "stopped", "wrong")} == {
            "new": 1, "updated": 1, "unchanged": 1, "repeated": 1, "stopped": 1, "wrong": 2,
        }
        assert counts["reasons"] == {"no_address": 1, "bad_address": 1}
        assert plan.new[0].name == "2"

    @pytest.mark.parametrize(
        ("rule", "name", "attributes"),
        [
            (FILL, "Old", {"tier": "A", "region": "East"}),
            (OVERWRITE, "New", {"tier": "B", "region": "East"}),
            (LEAVE, "Old", {"tier": "A"}),
        ],
    )
    def test_treats_known_addresses_by_the_rule(self, rule: str, name: str, attributes: dict[str, str]) -> None:
        team = make_team()
        header = ["email", "name", "tier", "region"]
        run_import(contact_import=imported(team, csv_bytes([["a@x.example", "Old", "A", ""]], header=header)), at=AT)
        again = csv_bytes([["a@x.example", "New", "B", "East"]], header=header)
        run_import(contact_import=imported(team, again, rule), at=AT)
        contact = Contact.objects.get()
        assert (contact.name, contact.attributes) == (name, attributes)

    @pytest.mark.parametrize("rule", [FILL, OVERWRITE, LEAVE])
    def test_done_twice_changes_nothing(self, rule: str) -> None:
        team = make_team()
        run_import(contact_import=imported(team, csv_bytes(ROWS)), at=AT)
        before = list(Contact.objects.order_by("id").values())
        counts = run_import(contact_import=imported(team, csv_bytes(ROWS), rule), at=AT).report
        assert (counts["new"], counts["updated"], counts["unchanged"]) == (0, 0, 2)
        assert list(Contact.objects.order_by("id").values()) == before

    def test_pressed_twice_runs_once(self) -> None:
        contact_import = imported(make_team(), csv_bytes(ROWS))
        same = ContactImport.objects.get(pk=contact_import.pk)
        run_import(contact_import=contact_import, at=AT)
        with pytest.raises(ImportDoneError):
            run_import(contact_import=same, at=AT)

    def test_drops_the_file_and_keeps_the_wrong_rows(self) -> None:
        rows = [[f"row {n}", f"N{n}"] for n in range(39)] + [["good@x.example", "G"]]
        done = run_import(contact_import=imported(make_team(), csv_bytes(rows, header=["email", "name"])), at=AT)
        done.refresh_from_db()
        header, wrong = list_wrong_rows(contact_import=done)
        assert (bytes(done.content), header, len(wrong)) == (b"", ["email", "name"], 39)
        assert (wrong[0].number, wrong[-1].number, wrong[0].code) == (2, 40, "bad_address")

    def test_leaves_other_teams_alone(self) -> None:
        ours, theirs = make_team(), make_team("Other")
        run_import(contact_import=imported(theirs, csv_bytes(ROWS)), at=AT)
        assert planned(ours, csv_bytes(ROWS)).counts["new"] == 2

    def test_takes_a_hundred_thousand_rows(self) -> None:
        rows = [[f"Company {n % 900}", f"Person {n}", f"p{n}@x{n % 50}.example", "ABC"[n % 3], "East", "", "en"]
                for n in range(100_000)]
        done = run_import(contact_import=imported(make_team(), csv_bytes(rows)), at=AT)
        assert done.report["new"] == Contact.objects.count() == 100_000


@pytest.mark.django_db
class TestKnownContacts:
    @pytest.mark.parametrize("others", [0, 5], ids=["in a file as long as the list", "in a shorter file"])
    def test_are_recognised(self, others: int) -> None:
        team, header = make_team(), ["email", "name"]
        run_import(contact_import=imported(team, csv_bytes(
            [["a@x.example", "A"], *([f"o{n}@x.example", "O"] for n in range(others))], header=header)), at=AT)
        run_import(contact_import=imported(make_team("Other"), csv_bytes([["b@x.example", "B"]], header=header)), at=AT)
        counts = planned(team, csv_bytes([["A@x.example", "A"], ["b@x.example", "B"]], header=header)).counts
        assert (counts["new"], counts["unchanged"], counts["updated"]) == (1, 1, 0)


HARD = ("\\N", "\\.", "a\tb", "a\nb\rc", "back\\slash", "\"quoted\"", "迟到 ’", "")


@pytest.mark.django_db
class TestInsertRows:
    def test_stores_what_is_hard_to_write(self) -> None:
        team = make_team()
        fields = ["email", "email_key", "name", "attributes"]
        rows = [(f"{n}@x.example", f"{n}@x.example", text, {"k": text}) for n, text in enumerate(HARD)]
        same = {"team_id": team.pk, "created_at": AT}
        assert insert_rows(model=Contact, fields=fields, rows=rows, same=same) == len(HARD)
        stored = Contact.objects.order_by("id")
        assert [(c.name, c.attributes) for c in stored] == [(text, {"k": text}) for text in HARD]
        assert {(c.team_id, c.created_at, c.language, c.is_test) for c in stored} == {(team.pk, AT, "", False)}

    def test_passes_on_what_the_database_has_written(self) -> None:
        team, fields = make_team(), ["email", "email_key", "attributes"]
        same = {"team_id": team.pk}
        insert_rows(model=Contact, fields=fields, same=same,
                    rows=[(f"{n}@x.example", f"{n}@x.example", {"k": text}) for n, text in enumerate(HARD)])
        written = Contact.objects.order_by("id").values_list("email", Cast("attributes", TextField()))
        other = {"team_id": make_team("Other").pk}
        insert_rows(model=Contact, fields=fields, rows=[(e, e, JsonText(text)) for e, text in written], same=other)
        copies = Contact.objects.filter(team_id=other["team_id"]).order_by("id")
        assert [c.attributes for c in copies] == [{"k": text} for text in HARD]

    def test_leaves_known_rows_alone_and_stores_the_others(self) -> None:
        team, fields = make_team(), ["email", "email_key", "name"]
        same = {"team_id": team.pk}
        insert_rows(model=Contact, fields=fields, rows=[("a@x.example", "a@x.example", "Old")], same=same)
        rows = [(f"{name}@x.example", f"{name}@x.example", "New") for name in "abc"]
        insert_rows(model=Contact, fields=fields, rows=rows, same=same, skip_known=True)
        assert list(Contact.objects.order_by("email").values_list("name", flat=True)) == ["Old", "New", "New"]
        with pytest.raises(IntegrityError):
            insert_rows(model=Contact, fields=fields, rows=rows, same=same)

    def test_refuses_a_row_of_nobodys_at_once(self) -> None:
        with pytest.raises(IntegrityError, match="foreign key"):
            insert_rows(model=Contact, fields=["email", "email_key"], rows=[("a", "a")], same={"team_id": 10**9})


class TestPlainAddresses:
    @given(st.from_regex(PLAIN, fullmatch=True, alphabet=st.characters(codec="ascii")))
    def test_are_addresses_by_the_full_rule_too(self, raw: str) -> None:
        assume(len(raw) <= LONGEST_ADDRESS)
        validate_email(raw)

    @pytest.mark.parametrize("raw", [
        "a" * 65 + "@x.example", f"a@{'x' * 64}.example", f"a@{'.'.join(['x' * 60] * 5)}.example", "a@-x.example", "a@x-.example",
        "a..b@x.example", ".a@x.example", "a@x", "a@x.example.", "a@b@x.example", "a@x.example\n", "a b@x.example",
    ])
    def test_do_not_hide_a_wrong_one(self, raw: str) -> None:
        text = raw.strip()
        if text != raw:
            assert normalise_address(raw).corrections == ("spaces",)
        else:
            with pytest.raises(AddressError):
                normalise_address(raw)


class TestMapping:
    @pytest.mark.parametrize(("targets", "code"), [({"0": "name"}, "no_email"), ({"0": "email", "1": "email"}, "twice")])
    @pytest.mark.django_db
    def test_without_one_address_column_is_refused(self, targets: dict[str, str], code: str) -> None:
        contact_import = imported(make_team(), csv_bytes(ROWS))
        with pytest.raises(MappingError) as caught:
            set_mapping(contact_import=contact_import, targets=targets, rule=FILL, source="")
        assert caught.value.code == code


class TestTheMatchingPage:
    """What no page of ours sends: a column goes nowhere rather than to an attribute that no other page would take."""

    @pytest.mark.django_db
    @pytest.mark.parametrize("target", [
        "a\x00b", "attribute:", "attribute:a\x00b", "attribute:Upper", f"attribute:{'x' * 41}", "attribute:a b", "nowhere",
    ])
    def test_takes_no_place_that_is_none(self, target: str) -> None:
        cast = make_cast()
        contact_import = imported(cast.team, csv_bytes([["ann@customer.example", "x"]], header=["email", "other"]))
        given = {"column-0": "email", "column-1": target, "rule": "fill", "source": "a\x00b"}
        assert client_of(cast.dora).post(f"/contacts/import/{contact_import.pk}/match/", given).status_code == 302
        contact_import.refresh_from_db()
        assert contact_import.mapping["targets"] == {"0": "email", "1": ""} and contact_import.source_note == "ab"


class TestWrongRowLines:
    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1+1", "＝1+1", "＠SUM(1)"])
    @pytest.mark.django_db
    def test_carry_number_and_reason_and_run_no_formula(self, cell: str) -> None:
        contact_import = imported(make_team(), csv_bytes([["nobody", "Alice = Bob"]], header=["email", "name"]))
        header, wrong = list_wrong_rows(contact_import=contact_import)
        wrong = [type(row)(row.number, row.code, (cell, row.cells[1])) for row in wrong]
        lines = list(wrong_row_lines(header=header, rows=wrong, number_name="Row", reason_name="Reason",
                                     reasons={"bad_address": "Not an address"}))
        assert lines == [["Row", "Reason", "email", "name"], ["2", "Not an address", f"'{cell}", "Alice = Bob"]]
