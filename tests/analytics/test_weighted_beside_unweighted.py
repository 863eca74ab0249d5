"""Weighted beside unweighted by level and by indicator, and the weighting a run writes down."""

from __future__ import annotations

import pytest

from accounts.models import AuditEvent
from analytics.scoring.models import WeightingChoice
from analytics.scoring.periods import EVERYTHING, wave
from analytics.scoring.provenance import Because, compare_runs
from analytics.scoring.reading import UnknownDimensionError
from analytics.scoring.schemes import choose_weighting, get_named, save_scheme
from analytics.scoring.selectors import get_latest_run, read_period, read_segments
from analytics.scoring.services import recompute
from analytics.scoring.weighted import read_weighted, read_weighted_segments
from analytics.scoring.weighting import PopulationPlan, WeightingError
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    answer_many,
    make_dimension,
    make_team,
    make_tree,
    publish,
    sheet,
    standard_document,
)
from tests.analytics.dashboard_builders import Shop
from tests.cast import api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
PLAN = PopulationPlan("rake", ("region",), ((("East",), 500), (("West",), 300), (("North",), 200)))


def keep(shop: Shop, name: str = "Regions", plan: PopulationPlan = PLAN):
    return save_scheme(tree=shop.tree, name=name, plan=plan, user=None, at=AT)


class TestLevelsUnderWeights:
    @pytest.fixture
    def run(self):
        team = make_team()
        make_dimension(team, "region", "East", "West")
        make_dimension(team, "tier", "gold", "basic")
        version = publish(team, standard_document())
        for region, tier, level, count in (
            ("East", "gold", 5, 30), ("East", "basic", 3, 30), ("West", "gold", 4, 20), ("West", "basic", 1, 4),
        ):
            given = [sheet(level, level, level, level, 5, level)] * count
            answer_many(version, given, attributes={"region": region, "tier": tier})
        return recompute(tree=make_tree(version), at=AT).run

    def test_are_what_one_reckons_by_hand(self, run):
        plan = PopulationPlan("rake", ("tier",), ((("gold",), 100), (("basic",), 100)))
        by_level = {one.level: one.result.root.index for one in read_weighted_segments(
            run, period=EVERYTHING, dimension="region", weighting=plan)}
        # Weights of gold and basic are 42/50 and 42/34 of the mean: each stands for half of the population.
        gold, basic = 42 / 50, 42 / 34
        east = (30 * gold * 100 + 30 * basic * 50) / (30 * gold + 30 * basic)
        assert by_level["East"].value == pytest.approx(east)
        assert by_level["East"].n_eff == pytest.approx((30 * gold + 30 * basic) ** 2 / (30 * gold**2 + 30 * basic**2))
        assert by_level["East"].n == 60 and by_level["East"].low < east < by_level["East"].high

    def test_are_those_of_the_filter(self, run):
        plan = PopulationPlan("rake", ("tier",), ((("gold",), 10), (("basic",), 90)))
        for one in read_weighted_segments(run, period=EVERYTHING, dimension="region", weighting=plan):
            alone = read_weighted(run, period=EVERYTHING, weighting=plan, filters={"region": [one.level]})
            assert one.result == alone

    def test_under_weights_by_themselves_keep_their_own_value(self, run):
        plan = PopulationPlan("rake", ("region",), ((("East",), 1), (("West",), 9)))
        plain = {one.level: one.result.root.index.value for one in read_segments(run, period=EVERYTHING, dimension="region", at=AFTERWARDS)}
        for one in read_weighted_segments(run, period=EVERYTHING, dimension="region", weighting=plan):
            assert one.result.root.index.value == pytest.approx(plain[one.level])

    def test_of_an_unknown_dimension_are_refused(self, run):
        with pytest.raises(UnknownDimensionError):
            read_weighted_segments(run, period=EVERYTHING, dimension="planet", weighting=PLAN)

    def test_are_refused_by_name_where_anonymity_was_promised(self):
        version = publish(make_team(), standard_document(), is_anonymous=True)
        answer_many(version, [sheet(4, 4, 4, 4, 9, 4)] * 40, respondent_weight=2)
        run = recompute(tree=make_tree(version), at=AT).run
        imported = get_named(tree=run.tree, word="imported").weighting
        for read in (
            lambda: read_weighted(run, period=EVERYTHING, weighting=imported),
            lambda: read_weighted_segments(run, period=EVERYTHING, dimension="region", weighting=imported),
        ):
            with pytest.raises(WeightingError) as raised:
                read()
            assert raised.value.code == "anonymous_unweighted"


class TestTheRooms:
    def test_show_every_indicator_and_level_weighted_beside_unweighted(self, cast, shop):
        scheme = keep(shop)
        page = words(client_of(cast.bob).get(f"/weighting/?period=wave:2017&weighting={scheme.pk}"))
        run = get_latest_run(tree=shop.tree)
        result = read_weighted(run, period=wave("2017"), weighting=PLAN)
        for node in result.nodes:
            assert f"{node.index.value:.1f}" in page
        assert "Indicator by indicator · Regions, version 1" in page and "Index by segment · region" in page
        assert f"{result.root.index.n_eff:.0f}" in page and "effective n" in page

    def test_say_why_a_weighting_cannot_be_shown_in_detail(self, cast, shop):
        page = words(client_of(cast.bob).get("/weighting/?weighting=999"))
        assert "There is no such weighting" in page
        assert "No weights were imported" in words(client_of(cast.bob).get("/weighting/?weighting=imported"))

    def test_open_a_value_weighted_beside_unweighted(self, cast, shop):
        scheme, run = keep(shop), get_latest_run(tree=shop.tree)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=product&period=wave:2017&weighting={scheme.pk}"))
        result = read_weighted(run, period=wave("2017"), weighting=PLAN)
        assert f"{result.node('product').index.value:.1f}" in page and f"{result.node('design').index.value:.1f}" in page
        assert "Respondent weights: Regions, version 1." in page and "Design effect" in page

    def test_lead_to_the_value_that_was_clicked_with_its_own_interval_and_parts(self, cast, shop):
        scheme, run = keep(shop), get_latest_run(tree=shop.tree)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=product&period=wave:2017&weighting={scheme.pk}"))
        weighted, plain = read_weighted(run, period=wave("2017"), weighting=PLAN), read_period(run, period=wave("2017"), at=AFTERWARDS)
        figure = weighted.node("product").index
        unweighted = plain.node("product").index.value
        assert f"{figure.value:.1f} / 100 · Regions, version 1; unweighted {unweighted:.1f}" in page
        first = page.partition("Indicators below it")[0]
        assert f"95% interval {figure.low:.1f} – {figure.high:.1f}" in first
        assert f"n {figure.n:,} effective n {figure.n_eff:,.0f}" in first and f"= {figure.value:.2f}" in first
        parts = page.partition("Indicators below it")[2].partition("Two estimators")[0]
        assert f"{weighted.node('design').index.value:.1f}" in parts and "Under respondent weights: Regions, version 1." in parts
        assert "Unweighted." in page.partition("Two estimators of this value")[2]

    def test_that_cannot_be_had_leave_the_value_unweighted_and_say_so_beside_it(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?weighting=imported"))
        assert "/ 100 · Unweighted No weights were imported" in page

    def test_say_on_a_value_why_its_weights_cannot_be_had(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?weighting=imported"))
        assert "No weights were imported" in page


class TestTheWeightingOfARun:
    def test_is_chosen_by_a_designer_and_logged(self, cast, shop):
        scheme = keep(shop)
        reply = client_of(cast.dora).post("/weighting/choose/", {"survey": shop.tree.pk, "weighting": scheme.pk}, follow=True)
        assert "New runs write this weighting down" in words(reply)
        assert WeightingChoice.objects.get().chosen_by == cast.dora
        assert AuditEvent.objects.get(action="weighting.chosen").detail == {"weighting": str(scheme.pk)}

    def test_is_not_chosen_by_a_manager(self, cast, shop):
        reply = client_of(cast.bob).post("/weighting/choose/", {"survey": shop.tree.pk, "weighting": "imported"})
        assert reply.status_code == 403 and not WeightingChoice.objects.exists()

    @pytest.mark.parametrize("word", ["999", "x", "run"])
    def test_that_does_not_exist_is_refused_by_name(self, cast, shop, word):
        reply = client_of(cast.dora).post("/weighting/choose/", {"survey": shop.tree.pk, "weighting": word}, follow=True)
        assert "There is no such weighting" in words(reply) and not WeightingChoice.objects.exists()

    def test_of_another_team_s_tree_is_not_there(self, cast, shop):
        assert client_of(cast.charlie).post("/weighting/choose/", {"survey": shop.tree.pk}).status_code == 404

    def test_makes_a_new_run_that_names_it_with_its_version(self, cast, shop):
        before, scheme = get_latest_run(tree=shop.tree), keep(shop)
        choose_weighting(tree=shop.tree, word=str(scheme.pk), user=cast.dora, at=AT)
        shop.compute()
        after = get_latest_run(tree=shop.tree)
        assert after.pk != before.pk and after.fingerprint == before.fingerprint
        assert before.provenance["weighting"] is None and after.provenance["weighting"]["number"] == 1
        comparison = compare_runs(before, after)
        assert comparison.causes == {Because.WEIGHTING}
        assert [(one.before, one.after) for one in comparison.reasons] == [("", "Regions · 1")]

    def test_is_what_changed_between_two_runs(self, cast, shop):
        first, runs = keep(shop), []
        other = PopulationPlan("rake", ("region",), ((("East",), 100), (("West",), 100), (("North",), 800)))
        for scheme in (first, keep(shop, "Regions", other)):
            choose_weighting(tree=shop.tree, word=str(scheme.pk), user=cast.dora, at=AT)
            shop.compute()
            runs.append(get_latest_run(tree=shop.tree))
        page = words(client_of(cast.bob).get(f"/runs/{runs[1].pk}/compare/{runs[0].pk}/?period=wave:2017"))
        assert "What differs: the respondent weighting." in page and "Regions, version 1 Regions, version 2" in page
        for run, plan in zip(runs, (PLAN, other), strict=True):
            assert f"{read_weighted(run, period=wave('2017'), weighting=plan).root.index.value:.1f}" in page

    def test_opens_its_values_weighted_without_being_asked(self, cast, shop):
        scheme = keep(shop)
        choose_weighting(tree=shop.tree, word=str(scheme.pk), user=cast.dora, at=AT)
        shop.compute()
        run = get_latest_run(tree=shop.tree)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?period=wave:2017"))
        assert "Respondent weights: Regions, version 1." in page and run.provenance["weighting"]["hash"] in page

    def test_that_stays_the_same_makes_no_new_run(self, cast, shop):
        scheme = keep(shop)
        for _ in range(2):
            choose_weighting(tree=shop.tree, word=str(scheme.pk), user=cast.dora, at=AT)
            shop.compute()
        assert shop.tree.runs.count() == 2


class TestTheApi:
    def test_gives_weighted_levels_and_the_version_of_the_weights(self, cast, shop):
        scheme, run = keep(shop), get_latest_run(tree=shop.tree)
        reply = api_client(make_key(cast.team)[1]).get(
            f"/api/v1/runs/{run.pk}/values/?period=wave:2017&dimension=region&weighting={scheme.pk}").json()
        assert [one["level"] for one in reply["results"]] == ["East", "West", "North"]
        assert reply["weighting"]["number"] == 1 and reply["weighting"]["name"] == "Regions"

    def test_gives_the_weighting_of_the_run_by_a_word(self, cast, shop):
        client = api_client(make_key(cast.team)[1])
        run = get_latest_run(tree=shop.tree)
        refused = client.get(f"/api/v1/runs/{run.pk}/values/?weighting=run")
        assert refused.status_code == 400 and "without respondent weights" in str(refused.json())
        choose_weighting(tree=shop.tree, word=str(keep(shop).pk), user=None, at=AT)
        shop.compute()
        run = get_latest_run(tree=shop.tree)
        reply = client.get(f"/api/v1/runs/{run.pk}/values/?weighting=run&period=wave:2017").json()
        expected = read_weighted(run, period=wave("2017"), weighting=PLAN)
        assert reply["results"][0]["nodes"][0]["index"]["value"] == expected.root.index.value

    def test_opens_a_value_with_its_weighted_side(self, cast, shop):
        scheme, run = keep(shop), get_latest_run(tree=shop.tree)
        url = f"/api/v1/runs/{run.pk}/value/?node=service&period=wave:2017"
        client = api_client(make_key(cast.team)[1])
        assert client.get(url).json()["weighted"] is None
        weighted = client.get(f"{url}&weighting={scheme.pk}").json()["weighted"]
        result = read_weighted(run, period=wave("2017"), weighting=PLAN)
        assert weighted["node"]["index"]["value"] == result.node("service").index.value
        assert [one["key"] for one in weighted["children"]] == ["attitude", "speed"]

    @pytest.mark.parametrize(("query", "field"), [("weighting=imported", "weighting"), ("weighting=9", "weighting"),
                                                  ("period=never", "period"), ("filter=x", "filter")])
    def test_names_what_it_cannot_use(self, cast, shop, query, field):
        run = get_latest_run(tree=shop.tree)
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/value/?{query}")
        assert reply.status_code == 400 and field in reply.json()["fields"]

    def test_knows_no_unknown_indicator_and_no_other_team_s_run(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        assert api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/value/?node=x").status_code == 404
        assert api_client(make_key(cast.other_team)[1]).get(f"/api/v1/runs/{run.pk}/value/").status_code == 404


def test_a_choice_is_of_one_kind(shop):
    with pytest.raises(WeightingError):
        choose_weighting(tree=shop.tree, word="0", user=None, at=AT)
