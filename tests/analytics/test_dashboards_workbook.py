"""The Excel workbook: the numbers of the CSV files in words, where no text is a formula and nothing hidden is a 0."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import pytest
from django.test import Client
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from accounts.models import User
from analytics.dashboards.workbook.write import CONTENT_TYPE
from analytics.indicators.models import Indicator
from analytics.scoring.schemes import save_scheme
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.weighting import PopulationPlan
from surveys.contacts.models import ContactAttribute
from tests.analytics.builders import AT
from tests.analytics.dashboard_builders import earlier_weights, fill_waves, make_shop
from tests.cast import Cast, api_client, client_of, make_key

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "/overview/export.xlsx"


def opened(client: Client, query: str = "") -> Workbook:
    reply = client.get(f"{ADDRESS}{query}")
    assert reply.status_code == 200 and reply["Content-Type"] == CONTENT_TYPE
    return load_workbook(io.BytesIO(reply.content))


def rows_of(page: Worksheet) -> list[dict[str, Any]]:
    header, *lines = page.iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in lines]


def said(book: Workbook) -> dict[str, Any]:
    return {row["About"]: row["Value"] for row in rows_of(book["About"])}


def csv_rows(cast: Cast, address: str) -> list[dict[str, str]]:
    reply = client_of(cast.bob).get(address)
    return list(csv.DictReader(io.StringIO(b"".join(reply.streaming_content).decode("utf-8-sig"))))


def near(values: Any) -> Any:
    """The file format keeps sixteen digits."""
    if isinstance(values, list):
        return [near(one) for one in values]
    return None if values is None else pytest.approx(values, rel=1e-14)


def texts_of(book: Workbook) -> list[Any]:
    return [cell for page in book for line in page.iter_rows() for cell in line if isinstance(cell.value, str)]


class TestTheWorkbook:
    def test_has_the_numbers_of_the_csv_files(self, cast, shop):
        book, rows = opened(client_of(cast.bob)), csv_rows(cast, "/overview/export/")
        for section, title, column in (("indicators", "Indicators", "Value"), ("trend", "Trend", "Value"),
                                       ("segments", "Segments", "Value")):
            told = [row["value"] for row in rows if row["section"] == section and row["metric"] != "level_share"]
            assert told and [row[column] for row in rows_of(book[title])] == near([float(one) if one else None for one in told])
        apart = [row["from_average"] for row in rows if row["section"] == "segments"]
        assert any(apart) and [row["From the average"] for row in rows_of(book["Segments"])] == near([float(one) if one else None for one in apart])
        levels = [(int(row["n"]), float(row["value"])) for row in rows if row["metric"] == "level_share"]
        assert [row["Answers"] for row in rows_of(book["Distribution"])] == [count for count, _share in levels]
        assert [row["Share"] for row in rows_of(book["Distribution"])] == near([share for _count, share in levels])
        changed = csv_rows(cast, "/overview/change/export/")
        assert [row["Difference"] for row in rows_of(book["Changes"])] == near([float(row["difference"]) for row in changed])
        parts = csv_rows(cast, "/overview/change/contributions/")
        assert [row["Contribution, points"] for row in rows_of(book["Contributions"])] == near([float(row["contribution"]) for row in parts])
        index = rows_of(book["Figures"])[0]
        assert (index["Figure"], index["Value"]) == ("Satisfaction index", near(float(rows[0]["value"])))
        assert type(index["n"]) is int and index["n"] == int(rows[0]["n"])

    def test_prints_shares_as_percent_and_keeps_every_digit(self, cast, shop):
        page = opened(client_of(cast.bob))["Figures"]
        heads = [cell.value for cell in page[1]]
        share = next(line for line in page.iter_rows(min_row=2) if line[0].value == "Satisfied share")
        value, change = (share[heads.index(name)] for name in ("Value", "Change"))
        assert value.number_format == "0.0%" and 0 < value.value < 1 and change.number_format.startswith("+0.0%;")
        assert len(repr(value.value)) > 6

    def test_says_where_its_numbers_come_from(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        book = opened(client_of(cast.bob), "?region=West&region=North")
        told = said(book)
        assert (told["Run"], told["Weight set"], told["Period"]) == (run.pk, "No. 1: Equal", "2018")
        assert told["Filters"] == "region: North and West" and told["Respondent weighting"] == "Unweighted"
        assert told["Survey"] == "Shop" and "never 0" in told["Empty cell"]
        defined = {row["Figure"]: row for row in rows_of(book["Definitions"])}
        assert defined["Net Promoter Score"]["Key"] == "nps" and defined["Satisfied share"]["Interval"].startswith("Wilson")

    def test_is_in_the_language_of_its_reader(self, cast, shop):
        User.objects.filter(pk=cast.bob.pk).update(language="zh-hans")
        book = opened(client_of(cast.bob))
        assert book.sheetnames == ["数值", "指标", "分布", "细分", "趋势", "变化", "贡献", "说明", "定义"]
        assert rows_of(book["数值"])[0]["项目"] == "满意度指数" and rows_of(book["变化"])[0]["差异"] is not None
        assert not [cell.value for page in book for cell in page[1] if cell.value.isascii() and len(cell.value) > 5
                    and cell.value[0] not in "np"]

    def test_reads_well(self, cast, shop):
        book = opened(client_of(cast.bob))
        assert {page.freeze_panes for page in book} == {"B2"} and all(page.auto_filter.ref for page in book)
        assert all(page["A1"].font.bold for page in book)
        widths = [one.width for page in book for one in page.column_dimensions.values()]
        assert min(widths) >= 10 and max(widths) <= 62
        assert book["Definitions"]["B2"].alignment.wrap_text

    def test_names_itself_like_the_csv_file(self, cast, shop):
        reply = client_of(cast.bob).get(f"{ADDRESS}?region=West")
        assert "region-West" in (name := unquote(reply["Content-Disposition"])) and name.endswith('.xlsx"')

    def test_compares_the_periods_it_is_asked_for(self, cast, shop):
        book = opened(client_of(cast.bob), "?period=wave:2017&before=wave:2018")
        assert {(row["Earlier period"], row["Later period"]) for row in rows_of(book["Changes"])} == {("2018", "2017")}

    def test_without_an_earlier_period_has_no_changes(self, cast, shop):
        book = opened(client_of(cast.bob), "?compare=none")
        assert not {"Changes", "Contributions"} & set(book.sheetnames) and "Compared with" not in said(book)

    def test_tells_what_came_from_scores_and_what_from_weights(self, cast, shop):
        number = earlier_weights(shop)
        book = opened(client_of(cast.bob), f"?weights={number}")
        *parts, total = rows_of(book["Contributions"])
        told = api_client(make_key(cast.team)[1]).get(f"/api/v1/changes/?weights={number}").json()["decomposed"]
        for row, one in zip(parts, told["parts"], strict=True):
            assert (row["Key"], row["From scores"], row["From weights"]) == (one["key"], near(one["from_scores"]), near(one["from_weights"]))
        assert (total["Name"], total["Contribution, points"]) == ("Sum", near(told["total"]))
        assert said(book)["Indicator weights of the earlier period"] == "No. 2: Set by hand"
        assert "decomposition" in [row["Key"] for row in rows_of(book["Definitions"])]
        assert {cell.number_format for cell in book["Contributions"]["F"][1:]} == {"+0.00;-0.00;0.00"}

    def test_says_why_there_are_no_parts_and_has_no_0_for_them(self, cast, shop):
        (row,) = rows_of(opened(client_of(cast.bob), "?region=North")["Contributions"])
        assert row["Note"].startswith("An indicator has too few answers") and not [one for one in row.values() if isinstance(one, float)]

    def test_is_linked_beside_the_csv_file(self, cast, shop):
        for path in ("/overview/?region=West", "/overview/change/?region=West"):
            assert f'href="{ADDRESS}?region=West"' in client_of(cast.bob).get(path).content.decode()


class TestWhatIsMissing:
    def test_is_empty_and_never_0_where_there_are_too_few_answers(self, cast, shop):
        book = opened(client_of(cast.bob), "?region=North")
        index = rows_of(book["Figures"])[0]
        assert index.get("Value") is None and index["n"] == 4
        assert index["Note"] == "4 answers. Scores are shown from 10."
        values = {row.get("Value") for title in ("Figures", "Indicators") for row in rows_of(book[title]) if row.get("Note")}
        assert values == {None}

    def test_has_no_count_where_a_small_group_was_promised_anonymity(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        fill_waves(shop)
        shop.compute()
        book = opened(client_of(cast.bob), "?region=North")
        hidden = [row for page in book for row in rows_of(page) if str(row.get("Note", "")).startswith("Not shown, because")]
        assert len(hidden) > 5
        for row in hidden:
            told = {key: value for key, value in row.items() if key not in ("Among its siblings", "Of the index")}
            assert not [value for value in told.values() if isinstance(value, int | float)], row

    def test_is_no_empty_text(self, cast, shop):
        file = client_of(cast.bob).get(f"{ADDRESS}?region=North").content
        with ZipFile(io.BytesIO(file)) as parts:
            cells = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")]
        assert cells and not [one for one in cells if b't="s"/>' in one or b't="inlineStr"/>' in one]


class TestAText:
    @pytest.mark.parametrize("name", ["=1+1", "+SUM(A1)", "-2", "@x", "\t=1", " =1", "#N/A", "=HYPERLINK(\"x\")", "＝1+1"])
    def test_that_looks_like_a_formula_stays_text(self, cast, shop, name):
        Indicator.objects.filter(tree=shop.tree, key="product").update(names={"en": name})
        ContactAttribute.objects.filter(team=cast.team).update(level_names={"East": {"en": name}})
        book = opened(client_of(cast.bob))
        found = [cell for cell in texts_of(book) if cell.value == name]
        assert len(found) >= 3 and {cell.data_type for cell in found} == {"s"}
        assert {cell.quotePrefix for cell in found} == {name != "#N/A"}
        assert not [cell for page in book for line in page.iter_rows() for cell in line if cell.data_type == "f"]

    def test_with_a_carriage_return_stays_text(self, cast, shop):
        Indicator.objects.filter(tree=shop.tree, key="product").update(names={"en": "\r=1"})
        found = [cell for cell in texts_of(opened(client_of(cast.bob))) if cell.value.endswith("=1")]
        assert found and {cell.data_type for cell in found} == {"s"} and all(cell.quotePrefix for cell in found)

    def test_that_is_harmless_is_left_alone(self, cast, shop):
        Indicator.objects.filter(tree=shop.tree, key="product").update(names={"en": "Alice = Bob"})
        found = [cell for cell in texts_of(opened(client_of(cast.bob))) if cell.value == "Alice = Bob"]
        assert found and not any(cell.quotePrefix for cell in found)

    def test_loses_what_no_file_may_hold(self, cast, shop):
        Indicator.objects.filter(tree=shop.tree, key="product").update(names={"en": "Go\x0bods\x1f\ufffe\uffff"})
        assert [cell for cell in texts_of(opened(client_of(cast.bob))) if cell.value == "Goods"]


class TestAccess:
    def test_is_that_of_the_page(self, cast, shop):
        assert client_of(cast.charlie).get(f"{ADDRESS}?survey={shop.tree.pk}").status_code == 404
        assert Client().get(ADDRESS).status_code == 302

    def test_ends_at_the_scope_of_the_reader(self, cast, shop):
        cast.team.memberships.filter(user=cast.bob).update(scope={"region": ["East"]})
        book = opened(client_of(cast.bob))
        assert said(book)["Filters"] == "region: East"
        assert {row["Segment"] for row in rows_of(book["Segments"])} == {"East"}

    def test_leads_to_the_page_where_the_weights_cannot_be_made(self, cast, shop):
        reply = client_of(cast.bob).get(f"{ADDRESS}?weighting=imported")
        assert reply.status_code == 302 and reply["Location"] == "/overview/?weighting=imported"


class TestUnderWeights:
    def test_every_sheet_is_weighted_and_names_the_weighting(self, cast, shop):
        plan = PopulationPlan("rake", ("region",), ((("East",), 5), (("West",), 3), (("North",), 1)))
        word = save_scheme(tree=shop.tree, name="Regions", plan=plan, user=None, at=AT).pk
        book, rows = opened(client_of(cast.bob), f"?weighting={word}"), csv_rows(cast, f"/overview/export/?weighting={word}")
        assert said(book)["Respondent weighting"] == "Regions, version 1"
        index = rows_of(book["Figures"])[0]
        assert index["Value"] == near(float(rows[0]["value"]))
        assert index["n_eff"] == near(float(rows[0]["n_eff"])) and index["n_eff"] < index["n"]
        changed = csv_rows(cast, f"/overview/change/export/?weighting={word}")
        assert rows_of(book["Changes"])[0]["Value now"] == near(float(changed[0]["after"]))


class TestTheApi:
    def test_sends_the_same_workbook(self, cast, shop):
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1{ADDRESS}?region=West", headers={"Accept": CONTENT_TYPE})
        assert reply.status_code == 200 and reply["Content-Type"] == CONTENT_TYPE
        book, page = load_workbook(io.BytesIO(reply.content)), opened(client_of(cast.bob), "?region=West")
        assert [rows_of(one) for one in book] == [rows_of(one) for one in page]

    def test_says_what_is_wrong_as_json(self, cast, shop):
        client = api_client(make_key(cast.team)[1])
        reply = client.get(f"/api/v1{ADDRESS}?weighting=never", headers={"Accept": CONTENT_TYPE})
        assert reply.status_code == 400 and "weighting" in reply.json()["fields"]
        assert client.get(f"/api/v1{ADDRESS}?survey=999999").json()["code"]


@pytest.mark.parametrize("process", ["csat.wsgi", "csat.urls", "csat.celery"])
def test_only_who_asks_for_a_workbook_waits_for_pandas(process):
    asked = f"import django, sys; django.setup(); import {process}; print('pandas' in sys.modules)"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "csat.settings.test"}
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
