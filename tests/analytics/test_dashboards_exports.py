"""Exported files: every row says where its number comes from, and no two selections share a file name."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from urllib.parse import unquote

import pytest

from analytics.dashboards.origins import HEADER, LONGEST, Origin, file_name
from analytics.dashboards.wording import number
from analytics.scoring.periods import year
from analytics.scoring.schemes import get_named, save_scheme
from analytics.scoring.selectors import get_latest_run, read_period
from analytics.scoring.weighting import PopulationPlan
from tests.analytics.builders import AFTERWARDS, AT
from tests.analytics.dashboard_builders import earlier_weights
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
CONTRIBUTIONS = "/overview/change/contributions/"
ORIGIN = Origin(7, 2, "linear", "none", "region=West", tree=1, definition_hash="d1", coverage=50, weighting_hash="")


def fetched(cast: Cast, address: str) -> tuple[str, list[dict[str, str]]]:
    reply = client_of(cast.bob).get(address)
    text = b"".join(reply.streaming_content).decode("utf-8-sig")
    return unquote(reply["Content-Disposition"]), list(csv.DictReader(io.StringIO(text)))


class TestTheOverviewFile:
    def test_says_run_weights_rules_and_filters_in_every_row(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        name, rows = fetched(cast, "/overview/export/?region=West&region=North")
        assert {(row["run"], row["weight_set"], row["score_vector"], row["weighting"], row["filters"]) for row in rows} == {
            (str(run.pk), "1", "linear", "none", "region=North|West")}
        assert "region-North-West" in name and "2018" in name and f"run-{run.pk}.csv" in name

    def test_holds_standard_error_and_effective_n(self, cast, shop):
        _, rows = fetched(cast, "/overview/export/?region=West&period=wave:2018")
        index = next(row for row in rows if row["section"] == "index")
        run = get_latest_run(tree=shop.tree)
        figure = read_period(run, period=year(2018), filters={"region": ["West"]}, at=AFTERWARDS).root.index
        assert float(index["standard_error"]) == pytest.approx(figure.standard_error)
        assert float(index["n_eff"]) == figure.n_eff

    def test_names_the_scope_of_its_reader(self, cast, shop):
        cast.team.memberships.filter(user=cast.bob).update(scope={"region": ["East"]})
        _, rows = fetched(cast, "/overview/export/")
        assert {row["filters"] for row in rows} == {"region=East"}


    def test_tells_how_far_each_group_is_from_the_average_as_the_page_does(self, cast, shop):
        _, rows = fetched(cast, "/overview/export/")
        told = api_client(make_key(cast.team)[1]).get("/api/v1/overview/").json()["heat"]
        shown = {row["level"]: row["cells"][0]["from_average"] for row in told["rows"]}
        written = {row["level"]: row for row in rows if row["section"] == "segments" and row["from_average"]}
        assert written and set(written) == {level for level, apart in shown.items() if apart}
        for level, row in written.items():
            assert float(row["from_average"]) == shown[level]["difference"] and float(row["from_average_low"]) == shown[level]["low"]
            assert row["from_average_verdict"] == shown[level]["verdict"] and row["name"]


class TestTheChangeFile:
    def test_holds_both_intervals_and_names_periods_and_weighting(self, cast, shop):
        plan = PopulationPlan("rake", ("region",), ((("East",), 5), (("West",), 3), (("North",), 1)))
        scheme = save_scheme(tree=shop.tree, name="Regions", plan=plan, user=None, at=AT)
        name, rows = fetched(cast, f"/overview/change/export/?weighting={scheme.pk}")
        index = next(row for row in rows if row["family"] == "headline")
        for side in ("before", "after"):
            value, low, high = (float(index[key]) for key in (side, f"{side}_low", f"{side}_high"))
            assert low < value < high and float(index[f"{side}_standard_error"]) > 0
        assert {row["weighting"] for row in rows} == {str(scheme.pk)}
        assert "wave-2017-wave-2018" in name and f"weighting-{scheme.pk}" in name


class TestTheContributionsFile:
    def test_has_the_numbers_of_the_page_and_of_the_api(self, cast, shop):
        query = f"?weights={earlier_weights(shop)}"
        _, (*parts, total) = fetched(cast, f"{CONTRIBUTIONS}{query}")
        told = api_client(make_key(cast.team)[1]).get(f"/api/v1/changes/{query}").json()["decomposed"]
        for row, one in zip(parts, told["parts"], strict=True):
            assert (row["part"], row["key"], float(row["from_scores"]), float(row["from_weights"])) == (
                "indicator", one["key"], one["from_scores"], one["from_weights"])
        assert (total["part"], total["key"], float(total["contribution"])) == ("sum", "csi", told["total"])
        assert sum(float(row["contribution"]) for row in parts) == pytest.approx(told["total"])
        assert float(total["from_weights"]) == told["from_weights"] and any(float(row["from_weights"]) for row in parts)
        page = words(client_of(cast.bob).get(f"/overview/change/{query}"))
        assert all(number(float(row[key]), 2, sign=True) in page for row in parts for key in ("contribution", "from_scores", "from_weights"))

    def test_says_where_its_numbers_come_from_in_every_row(self, cast, shop):
        run, other = get_latest_run(tree=shop.tree), earlier_weights(shop)
        name, rows = fetched(cast, f"{CONTRIBUTIONS}?weights={other}&region=East")
        assert {tuple(row[key] for key in (*HEADER, "earlier_weight_set", "before_period", "after_period")) for row in rows} == {
            (str(run.pk), "1", "linear", "none", "region=East", str(shop.tree.pk), run.definition_hash, "50", "", "2",
             "wave:2017", "wave:2018")}
        assert "contributions-" in name and "wave-2017-wave-2018-region-East" in name

    def test_is_weighted_and_names_the_weighting(self, cast, shop):
        plan = PopulationPlan("rake", ("region",), ((("East",), 5), (("West",), 3), (("North",), 1)))
        scheme = save_scheme(tree=shop.tree, name="Regions", plan=plan, user=None, at=AT)
        (_, plain), (_, weighted) = (fetched(cast, f"{CONTRIBUTIONS}{query}") for query in ("", f"?weighting={scheme.pk}"))
        assert {(row["weighting"], row["weighting_hash"]) for row in weighted} == {(str(scheme.pk), get_named(tree=shop.tree, word=str(scheme.pk)).record["hash"])}
        assert plain[-1]["contribution"] != weighted[-1]["contribution"]

    def test_says_why_there_are_no_parts_and_has_no_0_for_them(self, cast, shop):
        _, rows = fetched(cast, f"{CONTRIBUTIONS}?region=North")
        assert [(row["part"], row["from_scores"], row["from_weights"], row["contribution"], row["reason"]) for row in rows] == [
            ("sum", "", "", "", "leaf_not_shown")]
        told = api_client(make_key(cast.team)[1]).get("/api/v1/changes/?region=North").json()["decomposed"]
        assert (told["total"], told["from_scores"], told["from_weights"]) == (None, None, None) and told["explanation"]
        assert CONTRIBUTIONS not in client_of(cast.bob).get("/overview/change/?region=North").content.decode()

    def test_is_linked_beside_its_table(self, cast, shop):
        page = client_of(cast.bob).get("/overview/change/?region=East").content.decode()
        assert f'href="{CONTRIBUTIONS}?region=East"' in page.split('id="h-parts"')[1]

    def test_is_not_made_of_what_means_nothing(self, cast, shop):
        for query in ("weights=77", "before=never", "nope=1"):
            assert client_of(cast.bob).get(f"{CONTRIBUTIONS}?{query}").status_code == 400
        reply = client_of(cast.bob).get(f"{CONTRIBUTIONS}?weighting=imported")
        assert reply["Location"] == "/overview/change/?weighting=imported"


class TestAFileName:
    def test_differs_with_every_filter(self):
        other = replace(ORIGIN, filters="region=East")
        assert file_name(ORIGIN, kind="overview", tree=1, periods=[year(2018)]) == "overview-1-2018-region-West-run-7"
        assert file_name(other, kind="overview", tree=1, periods=[year(2018)]) == "overview-1-2018-region-East-run-7"

    def test_is_cut_without_losing_the_difference(self):
        many = [replace(ORIGIN, filters="地区=" + "|".join(["华东"] * 40 + [last])) for last in ("甲", "乙")]
        names = {file_name(one, kind="overview", tree=1, periods=[year(2018)]) for one in many}
        assert len(names) == 2 and all(len(name.encode()) <= LONGEST for name in names)
