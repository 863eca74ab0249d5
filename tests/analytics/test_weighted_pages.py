"""The overview, its trend and the charts under respondent weights: the weighted figures, everywhere the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict

from analytics.dashboards.change.controls import ChartKind, read_control, read_trend_test
from analytics.dashboards.selection import Selection, parse_selection
from analytics.dashboards.weighting.reading import with_weighting
from analytics.scoring.periods import wave
from analytics.scoring.schemes import save_scheme
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.sources import columns_behind, hold_columns
from analytics.scoring.weighted import read_weighted, read_weighted_segments
from analytics.scoring.weighting import PopulationPlan
from surveys.contacts.models import Contact
from tests.analytics.builders import AFTERWARDS, AT, answer_many
from tests.analytics.dashboard_builders import Shop, codes, fill_waves, make_shop
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
PLAN = PopulationPlan("rake", ("region",), ((("East",), 7), (("West",), 2), (("North",), 1)))


def keep(shop: Shop, plan: PopulationPlan = PLAN, name: str = "Regions") -> str:
    return str(save_scheme(tree=shop.tree, name=name, plan=plan, user=None, at=AT).pk)


def api(cast: Cast, path: str, query: str) -> Any:
    return api_client(make_key(cast.team)[1]).get(f"/api/v1/{path}/?{query}").json()


def select(shop: Shop, word: str, query: str = "") -> Selection:
    run = get_latest_run(tree=shop.tree)
    assert run is not None
    plain = parse_selection(tree=shop.tree, run=run, query=QueryDict(query), scope={}, today=AT.date(), at=AFTERWARDS)
    return with_weighting(plain, word)


def give(shop: Shop, year: int, regions: Mapping[str, Sequence[Mapping[str, Any]]], **fields: Any) -> None:
    for region, answers in regions.items():
        answer_many(shop.version, answers, wave=str(year), at=datetime(year, 5, 1, tzinfo=UTC),
                    attributes={"region": region}, **fields)


class TestTheOverview:
    def test_shows_the_weighted_figures_and_names_the_weighting(self, cast, shop):
        word, run = keep(shop), get_latest_run(tree=shop.tree)
        result = read_weighted(run, period=wave("2018"), weighting=PLAN)
        page = words(client_of(cast.bob).get(f"/overview/?weighting={word}"))
        served = api(cast, "overview", f"weighting={word}")
        plain = api(cast, "overview", "")
        assert served["index"]["figure"]["value"] == result.root.index.value != plain["index"]["figure"]["value"]
        assert served["satisfied"]["headline"]["figure"]["value"] == result.satisfied.value
        assert served["nps"]["headline"]["figure"]["value"] == result.nps.score.value
        assert (served["weighting"]["name"], plain["weighting"]) == ("Regions", None)
        assert f"{result.root.index.value:.1f}" in page and "Respondent weights: Regions, version 1" in page
        assert f"n = 124 · effective n = {result.root.index.n_eff:.0f}" in page

    def test_weights_the_table_of_segments_and_the_trend(self, cast, shop):
        word, run = keep(shop), get_latest_run(tree=shop.tree)
        served = api(cast, "overview", f"weighting={word}")
        levels = read_weighted_segments(run, period=wave("2018"), dimension="region", weighting=PLAN)
        cells = {row["level"]: row["cells"][0]["figure"]["value"] for row in served["heat"]["rows"]}
        assert cells == {one.level: one.result.root.index.value for one in levels}
        found = [point["figure"]["value"] for point in served["trend"]["points"]]
        assert found == [read_weighted(run, period=wave(year), weighting=PLAN).root.index.value for year in ("2017", "2018")]

    def test_is_written_into_the_file(self, cast, shop):
        word = keep(shop)
        reply = client_of(cast.bob).get(f"/overview/export/?weighting={word}")
        rows = list(csv.DictReader(io.StringIO(b"".join(reply.streaming_content).decode("utf-8-sig"))))
        index = read_weighted(get_latest_run(tree=shop.tree), period=wave("2018"), weighting=PLAN).root.index
        first = next(row for row in rows if row["section"] == "index")
        assert {row["weighting"] for row in rows} == {word}
        assert (float(first["value"]), float(first["n_eff"])) == (index.value, index.n_eff)

    def test_has_an_address_without_it_for_unweighted_figures(self, cast, shop):
        client, word = client_of(cast.bob), keep(shop)
        assert client.get("/overview/?weighting=")["Location"] == "/overview/"
        page = client.get(f"/overview/?weighting={word}&region=West").content.decode()
        assert client.get(f"/overview/?weighting={word}&region=West")["Location"] == f"/overview/?region=West&weighting={word}"
        page = client.get(f"/overview/?region=West&weighting={word}").content.decode()
        assert f'value="{word}" selected' in page and f"region=West&amp;weighting={word}" in page

    def test_names_what_is_no_weighting(self, cast, shop):
        assert "means nothing" in words(client_of(cast.bob).get("/overview/?weighting=77"))
        assert "There is no such weighting" in str(api(cast, "overview", "weighting=77"))

    def test_says_why_its_period_has_no_weights(self, cast, shop):
        word = keep(shop, PopulationPlan("rake", ("region",), ((("East",), 1), (("West",), 1))))
        page = words(client_of(cast.bob).get(f"/overview/?weighting={word}"))
        assert "“North” (region) has 4 respondents but no population" in page and "Show unweighted" in page
        assert "n = 124" not in page
        assert "no population" in str(api(cast, "overview", f"weighting={word}")["fields"]["weighting"])
        assert client_of(cast.bob).get(f"/overview/export/?weighting={word}")["Location"] == f"/overview/?weighting={word}"

    def test_leaves_out_other_periods_without_weights(self, cast, shop):
        give(shop, 2016, {"East": codes(4, 40)})
        shop.compute()
        word = keep(shop)
        served = api(cast, "overview", f"weighting={word}")
        assert [point["figure"]["reason"] for point in served["trend"]["points"]] == ["not_weightable", "", ""]
        page = words(client_of(cast.bob).get(f"/overview/?weighting={word}"))
        assert "The weights cannot be made in this period." in page and "Gap: too few answers, or no weights" in page

    def test_says_that_the_period_before_has_no_weights_and_not_that_it_has_few_answers(self, cast, shop):
        give(shop, 2016, {"East": codes(4, 40)})
        shop.compute()
        page = words(client_of(cast.bob).get(f"/overview/?period=wave:2017&weighting={keep(shop)}"))
        assert "no comparison: the answers of 2016 cannot be weighted" in page and "too few answers in 2016" not in page

    def test_offers_a_weighting_as_soon_as_it_is_saved(self, cast, shop):
        client = client_of(cast.bob)
        assert "Regions, version 1" not in words(client.get("/overview/"))
        keep(shop)
        assert "Regions, version 1" in words(client.get("/overview/"))

    def test_weights_nothing_where_anonymity_was_promised(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        fill_waves(shop)
        shop.compute()
        word, client = keep(shop), client_of(cast.bob)
        assert 'name="weighting"' not in client.get("/overview/").content.decode()
        page = words(client.get(f"/overview/?weighting={word}"))
        assert "promised anonymity, so they are not weighted" in page and "Net Promoter Score" not in page


class TestHeldColumns:
    def test_are_read_once_for_as_long_as_the_run_is_looked_at(self, shop):
        run = get_latest_run(tree=shop.tree)
        fresh = [columns for _ in range(2) for _, columns in columns_behind(run)]
        hold_columns(run)
        held = [columns for _ in range(2) for _, columns in columns_behind(run)]
        assert fresh[0] is not fresh[1] and held[0] is held[1]
        del run
        again = get_latest_run(tree=shop.tree)
        assert next(columns_behind(again))[1] is not held[0]


class TestOneChange:
    @pytest.mark.parametrize("region", ["", "West"])
    def test_has_one_verdict_on_both_pages(self, cast, region):
        """The same people in both waves: their covariance narrows the weighted intervals too."""
        shop = make_shop(cast.team)
        rows = {one: codes(level, 40) for one, level in (("East", 4), ("West", 3), ("North", 3))}
        people = {
            one: Contact.objects.bulk_create([Contact(team=cast.team, email=f"{one}{n}@c.example", email_key=f"{one}{n}@c.example")
                                              for n in range(40)]) for one in rows
        }
        for year in (2017, 2018):
            for one, answers in rows.items():
                for person, given in zip(people[one], answers, strict=True):
                    moved = {key: max(1, code - (year == 2018 and person.pk % 4 == 0)) for key, code in given.items()}
                    answer_many(shop.version, [moved], wave=str(year), at=datetime(year, 5, 1, tzinfo=UTC),
                                attributes={"region": one}, contact=person, notes=False)
        give(shop, 2018, {"East": codes(4, 1)})
        shop.compute()
        query = f"period=wave:2018&before=wave:2017&weighting={keep(shop)}" + (f"&region={region}" if region else "")
        page = api(cast, "overview", query.replace("&before=wave:2017", ""))
        changes = {row["key"]: row for row in api(cast, "changes", query)["rows"] if row["family"] in ("headline", "indicators")}
        for node in page["nodes"]:
            change, other = node["headline"]["change"], changes[node["key"]]
            assert change["verdict"] == other["verdict"] and other["n_both"] == (40 if region else 120)
            assert (change["low"], change["high"]) == pytest.approx((other["low"], other["high"]))
        assert page["index"]["change"]["low"] == pytest.approx(changes["csi"]["low"])


class TestTheChangePage:
    def test_tests_the_weighted_trend(self, cast, shop):
        for year, level in ((2014, 2), (2015, 2), (2016, 3)):
            give(shop, year, {"East": codes(level, 40), "West": codes(4, 40), "North": codes(3, 40)})
        shop.compute()
        word = keep(shop)
        plain, found = (read_trend_test(selection=select(shop, one)).found for one in ("", word))
        assert found is not None and plain is not None and found.slope > plain.slope + 3
        page = words(client_of(cast.bob).get(f"/overview/change/?weighting={word}"))
        assert "The trend and the charts are weighted too: Regions, version 1." in page and f"{found.slope:+.2f} points per period" in page
        assert "weighted too" not in words(client_of(cast.bob).get("/overview/change/"))

    def test_gives_programs_the_trend_and_the_charts_of_the_page(self, cast, shop):
        for year in range(2004, 2017):
            give(shop, year, {"East": codes(3 + year % 2, 40), "West": codes(4, 40), "North": codes(3, 40)})
        shop.compute()
        word = keep(shop)
        found = read_trend_test(selection=select(shop, word)).found
        served = api(cast, "changes", f"weighting={word}")
        assert found is not None and served["trend"]["slope"] == found.slope
        assert served["trend"]["slope"] != api(cast, "changes", "")["trend"]["slope"]
        page = words(client_of(cast.bob).get(f"/overview/change/?weighting={word}"))
        assert f"{served['trend']['slope']:+.2f} points per period" in page
        for control in served["controls"]:
            own = read_control(selection=select(shop, word), kind=ChartKind(control["kind"]))
            assert own.points and [one["value"] for one in control["points"]] == [one.value for one in own.points]

    def test_charts_the_weighted_share_by_its_effective_number(self, cast, shop):
        for year in range(2000, 2015):
            give(shop, year, {"East": codes(3 + year % 2, 40), "West": codes(4, 40), "North": codes(3, 40)})
        shop.compute()
        selection, run = select(shop, keep(shop)), get_latest_run(tree=shop.tree)
        control = read_control(selection=selection, kind=ChartKind.P)
        share = read_weighted(run, period=wave("2001"), weighting=PLAN).satisfied
        point = next(one for one in control.points if one.period == wave("2001"))
        assert point.value == pytest.approx(share.value) and control.centre is not None
        width = 3 * (control.centre * (1 - control.centre) / round(share.n_eff)) ** 0.5
        assert min(1.0, control.centre + width) == pytest.approx(point.upper, abs=1e-9)

    def test_has_no_opinion_without_weights(self, shop):
        assert read_trend_test(selection=select(shop, keep(shop))).reason == "too_few_periods"
