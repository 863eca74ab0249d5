"""Figures under respondent weights: the airport's published weights against R, and weights made from margins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analytics.scoring.periods import EVERYTHING, wave
from analytics.scoring.results import Status
from analytics.scoring.schemes import save_scheme
from analytics.scoring.selectors import read_period
from analytics.scoring.services import recompute
from analytics.scoring.weighted import read_weighted, read_weighted_periods
from analytics.scoring.weighting import Imported, PopulationPlan, WeightingError, make_weights, report_on
from tests.analytics.airport_builders import REFERENCE, make_airport
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    answer_many,
    make_dimension,
    make_team,
    make_tree,
    publish,
    sheet,
    sheets,
    standard_document,
)
from tests.cast import api_client, make_cast, make_key

RAKING = json.loads((Path(__file__).parents[1] / "methods/reference/raking.json").read_text())
YEARS = ("2014", "2015", "2016", "2017", "2018")


@pytest.fixture(scope="module")
def run(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        from django.db import transaction

        with transaction.atomic():
            yield recompute(tree=make_airport(make_team(), YEARS), at=AT).run
            transaction.set_rollback(True)


@pytest.fixture(scope="module")
def weighted(run):
    results = read_weighted_periods(run, periods=[wave(year) for year in YEARS], weighting=Imported())
    return dict(zip(YEARS, results, strict=True))


class TestImportedWeights:
    @pytest.mark.parametrize("expected", REFERENCE["waves"], ids=lambda one: f"{one['year']}-{one['item']}")
    def test_give_the_means_shares_and_errors_of_the_reference(self, weighted, expected):
        node = weighted[str(expected["year"])].node(expected["item"].lower())
        (item,) = node.items
        for figure, reference in (
            (item.mean, expected["mean"]), (item.satisfied, expected["top2"]), (node.index, expected["score100"]),
        ):
            assert figure.n == reference["n"]
            assert figure.value == pytest.approx(reference["weighted_mean"], rel=1e-9)
            assert figure.standard_error == pytest.approx(reference["se"], rel=1e-8)
            assert figure.n_eff == pytest.approx(reference["n_eff_kish"], rel=1e-9)

    @pytest.mark.parametrize("expected", REFERENCE["nps"], ids=lambda one: str(one["year"]))
    def test_give_the_nps_of_the_reference(self, weighted, expected):
        score = weighted[str(expected["year"])].nps.score
        assert score.value == pytest.approx(expected["weighted"]["weighted_mean"], rel=1e-9)
        assert score.standard_error == pytest.approx(expected["weighted"]["se"], rel=1e-8)
        assert score.n_eff == pytest.approx(expected["weighted"]["n_eff_kish"], rel=1e-9)

    def test_move_the_nps_of_2018_from_31_to_35(self, run, weighted):
        plain = read_period(run, period=wave("2018"), at=AFTERWARDS).nps.score
        assert round(plain.value, 1) == 31.0 and round(weighted["2018"].nps.score.value, 1) == 35.1

    def test_are_refused_where_none_came_with_the_answers(self, db):
        version = publish(make_team(), standard_document())
        answer_many(version, sheets(20))
        run = recompute(tree=make_tree(version), at=AT).run
        with pytest.raises(WeightingError) as raised:
            read_weighted(run, period=EVERYTHING, weighting=Imported())
        assert raised.value.code == "no_imported_weights"

    def test_that_are_all_zero_are_refused_by_name(self, db):
        version = publish(make_team(), standard_document())
        answer_many(version, sheets(20), respondent_weight=0)
        run = recompute(tree=make_tree(version), at=AT).run
        with pytest.raises(WeightingError) as raised:
            read_weighted(run, period=EVERYTHING, weighting=Imported())
        assert raised.value.code == "zero_weight"

    def test_of_one_for_all_change_no_value(self, db):
        version = publish(make_team(), standard_document())
        answer_many(version, sheets(60), respondent_weight=1)
        run = recompute(tree=make_tree(version), at=AT).run
        plain, weighted = read_period(run, period=EVERYTHING, at=AFTERWARDS), read_weighted(run, period=EVERYTHING, weighting=Imported())
        for one, other in zip(plain.nodes, weighted.nodes, strict=True):
            assert other.index.value == pytest.approx(one.index.value, abs=1e-9)
            assert other.index.standard_error == pytest.approx(one.index.standard_error, abs=1e-9)
            assert other.index.n_eff == one.index.n
            assert other.satisfied.value == pytest.approx(one.satisfied.value, abs=1e-9)
            assert [level.share for level in other.distribution] == pytest.approx(
                [level.share for level in one.distribution], abs=1e-9)

    def test_cannot_lift_a_figure_over_the_threshold_for_small_numbers(self, db):
        version = publish(make_team(), standard_document())
        answer_many(version, sheets(7), respondent_weight=500)
        run = recompute(tree=make_tree(version), at=AT).run
        assert read_weighted(run, period=EVERYTHING, weighting=Imported()).root.index.status == Status.TOO_FEW

    def test_that_one_answer_carries_alone_give_no_figure_and_no_error(self, db):
        version = publish(make_team(), standard_document())
        answer_many(version, sheets(1), respondent_weight=5)
        answer_many(version, sheets(20), respondent_weight=0)
        run = recompute(tree=make_tree(version), at=AT).run
        figure = read_weighted(run, period=EVERYTHING, weighting=Imported()).root.index
        assert figure.value is None and figure.n == 1


def school_plan(**changes):
    people = {("E", ""): 4421, ("H", ""): 755, ("M", ""): 1018, ("", "No"): 1072, ("", "Yes"): 5122}
    fields = {"method": "rake", "dimensions": ("stype", "wide"), "population": tuple(people.items())}
    return PopulationPlan(**(fields | changes))


SCHOOLS = {tuple(name.split(".")): one["n"] for name, one in RAKING["cells"].items()}


class TestWeightsFromMargins:
    def test_equal_the_raking_of_the_reference(self):
        found = make_weights(school_plan(), SCHOOLS)
        for cell, weight in zip(sorted(SCHOOLS), found.weights, strict=True):
            assert weight == pytest.approx(RAKING["cells"][".".join(cell)]["weight"], rel=1e-9)
        assert found.design_effect == pytest.approx(RAKING["kish_deff"], rel=1e-9)
        assert found.n_eff == pytest.approx(RAKING["n_eff"], rel=1e-9)

    def test_equal_the_poststratification_of_the_reference(self):
        plan = PopulationPlan("cells", ("stype",), ((("E",), 4421), (("H",), 755), (("M",), 1018)))
        found = make_weights(plan, {("E",): 144, ("H",): 14, ("M",): 25})
        assert found.weights.tolist() == pytest.approx(RAKING["poststrat"]["weights"], rel=1e-9)

    @pytest.mark.parametrize(("people", "code"), [
        ({("", "Never"): 5}, "margin_without_respondents"), ({("H", ""): 0}, "respondents_without_margin"),
        ({("H", ""): -1}, "negative_population"), ({("H", ""): float("nan")}, "negative_population"),
        ({("H", ""): 1e200}, "negative_population"), ({("H", ""): 1e-200}, "negative_population"),
        ({("", "No"): 0, ("", "Yes"): 0}, "empty_population"), ({("H", ""): 900}, "margin_totals"),
    ])
    def test_name_what_does_not_fit(self, people, code):
        plan = school_plan(population=tuple((dict(school_plan().population) | people).items()))
        with pytest.raises(WeightingError) as raised:
            make_weights(plan, SCHOOLS)
        assert raised.value.code == code

    def test_without_respondents_are_refused(self):
        with pytest.raises(WeightingError) as raised:
            make_weights(school_plan(), {})
        assert raised.value.code == "no_respondents"

    def test_stay_within_the_trim(self):
        found = make_weights(school_plan(trim=(0.5, 2)), SCHOOLS)
        assert found.lowest >= 0.5 - 1e-9 and found.highest <= 2 + 1e-9

    def test_that_the_trim_makes_impossible_are_refused(self):
        with pytest.raises(WeightingError) as raised:
            make_weights(school_plan(trim=(0.99, 1.01)), SCHOOLS)
        assert raised.value.code == "not_converged"

    def test_keep_the_share_of_those_of_whom_a_level_is_unknown(self):
        found = make_weights(school_plan(), SCHOOLS | {("E", ""): 20})
        cells = sorted(SCHOOLS | {("E", ""): 20})
        people = sum(w * n for cell, w, n in zip(
            cells, found.weights, ((SCHOOLS | {("E", ""): 20})[c] for c in cells), strict=True) if cell[1] == "")
        assert people == pytest.approx(6194 * 20 / 203, rel=1e-9)


class TestWeightedFigures:
    def test_of_two_groups_are_what_one_reckons_by_hand(self, db):
        team = make_team()
        make_dimension(team, "region", "East", "West")
        version = publish(team, standard_document())
        answer_many(version, [sheet(5, 5, 5, 5, 10, 5)] * 30, attributes={"region": "East"})
        answer_many(version, [sheet(1, 1, 1, 1, 0, 1)] * 10, attributes={"region": "West"})
        run = recompute(tree=make_tree(version), at=AT).run
        plan = PopulationPlan("rake", ("region",), ((("East",), 1000), (("West",), 1000)))
        result = read_weighted(run, period=EVERYTHING, weighting=plan)
        assert read_period(run, period=EVERYTHING, at=AFTERWARDS).root.index.value == 75
        assert result.root.index.value == pytest.approx(50) and result.nps.score.value == pytest.approx(0, abs=1e-9)
        assert result.root.index.n_eff == pytest.approx(30)
        assert report_on(run, weighting=plan, period=EVERYTHING).highest == pytest.approx(2)

    def test_under_a_filter_keep_the_weights_of_the_whole(self, db):
        team = make_team()
        make_dimension(team, "region", "East", "West")
        version = publish(team, standard_document())
        answer_many(version, sheets(40), attributes={"region": "East"})
        answer_many(version, sheets(20), attributes={"region": "West"})
        run = recompute(tree=make_tree(version), at=AT).run
        plan = PopulationPlan("rake", ("region",), ((("East",), 10), (("West",), 90)))
        east = {"region": ["East"]}
        assert read_weighted(run, period=EVERYTHING, weighting=plan, scope=east).root.index.value == pytest.approx(
            read_period(run, period=EVERYTHING, scope=east, at=AFTERWARDS).root.index.value)


class TestTheApi:
    @pytest.fixture
    def shop(self, db):
        cast = make_cast()
        version = publish(cast.team, standard_document())
        answer_many(version, sheets(40), respondent_weight=2)
        tree = make_tree(version)
        return cast, tree, recompute(tree=tree, at=AT).run

    def test_gives_weighted_values_beside_the_others(self, shop):
        cast, _, run = shop
        client = api_client(make_key(cast.team)[1])
        (plain,) = client.get(f"/api/v1/runs/{run.pk}/values/").json()["results"]
        (weighted,) = client.get(f"/api/v1/runs/{run.pk}/values/?weighting=imported").json()["results"]
        assert weighted["nodes"][0]["index"]["value"] == pytest.approx(plain["nodes"][0]["index"]["value"])
        assert weighted["nodes"][0]["index"]["n_eff"] == plain["nodes"][0]["index"]["n"]

    @pytest.mark.parametrize("word", ["999999", "none", "9" * 30])
    def test_names_a_weighting_that_does_not_exist(self, shop, word):
        cast, _, run = shop
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/values/?weighting={word}")
        assert reply.status_code == 400 and "weighting" in reply.json()["fields"]

    def test_does_not_know_the_weighting_of_another_tree(self, shop):
        cast, _, run = shop
        other = make_tree(publish(make_team("Another"), standard_document()))
        scheme = save_scheme(tree=other, name="Theirs", plan=school_plan(), user=None, at=AT)
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/values/?weighting={scheme.pk}")
        assert reply.status_code == 400

    def test_says_why_a_saved_weighting_cannot_be_used(self, shop):
        cast, tree, run = shop
        scheme = save_scheme(tree=tree, name="Schools", plan=school_plan(), user=None, at=AT)
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/values/?weighting={scheme.pk}")
        assert reply.status_code == 400 and "has a population but no respondent" in str(reply.json()["fields"])
