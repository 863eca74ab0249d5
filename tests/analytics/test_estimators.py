"""The index by both estimators: by hand, against the core on raw answers, and under the rules for small numbers."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.methods.correlation import pair_sums
from analytics.methods.item_means import item_means_index
from analytics.methods.moments import UNITS
from analytics.methods.trees import IndicatorTree
from analytics.scoring.estimators import Agreement, leaf_pairs, leaves_under, read_estimators, read_weighted_item_means
from analytics.scoring.periods import EVERYTHING, wave
from analytics.scoring.provenance import describe_value
from analytics.scoring.reading import Reading
from analytics.scoring.results import Status
from analytics.scoring.selectors import get_latest_run, read_period
from analytics.scoring.services import recompute
from analytics.scoring.weighting import Imported, WeightingError
from tests.analytics.airport_builders import ITEMS, make_airport, read_answers
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    answer_many,
    make_team,
    make_tree,
    publish,
    sheet,
    sheets,
    standard_document,
)
from tests.analytics.dashboard_builders import fill_waves, make_shop
from tests.cast import api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

HOLES = [sheet(5, 1, 3, None), sheet(3, None, 5, 5), sheet(1, 5, None, None), sheet(4, 4, 4, 4)] * 10


def run_of(given_answers, **fields):
    version = publish(make_team(), standard_document(), **fields)
    answer_many(version, given_answers, at=AT - timedelta(days=3))
    return recompute(tree=make_tree(version), at=AT).run


@pytest.mark.django_db
class TestBothEstimators:
    def test_are_what_one_reckons_by_hand(self):
        found = read_estimators(run_of([sheet(5, 1), sheet(3, 3), sheet(5, None)] * 10), node="product", period=EVERYTHING, at=AFTERWARDS)
        # A: (50 + 50 + 100) / 3. B: half of the mean of 100, 50, 100, and half of the mean of 0, 50.
        assert found.respondents.value == pytest.approx(200 / 3) and found.respondents.n == 30
        assert found.item_means.value == pytest.approx(250 / 6 + 12.5) and found.item_means.n == 20
        assert found.incomplete == 10 and found.agreement == Agreement.APART

    def test_agree_where_everybody_answered_everything(self):
        found = read_estimators(run_of([sheet(5, 1, 3, 4), sheet(2, 3, 4, 4), sheet(1, 2, 1, 5)] * 11), node="csi",
                                period=EVERYTHING, at=AFTERWARDS)
        assert found.agreement == Agreement.COMPLETE and found.incomplete == 0
        assert found.difference == pytest.approx(0, abs=1e-6)
        # The same mean of the same values; A's error has the divisor n - 1 and B's n.
        ratio = (found.respondents.standard_error / found.item_means.standard_error) ** 2
        assert ratio == pytest.approx(33 / 32, rel=1e-6)

    def test_of_every_indicator_are_those_of_the_core_on_the_raw_answers(self):
        run = run_of(HOLES + sheets(60))
        scores = np.array([[np.nan if given.get(key) in (None, "NA") else 25.0 * (given[key] - 1) for key in
                            ("quality", "design", "attitude", "speed")] for given in HOLES + sheets(60)])
        tree = IndicatorTree((-1, 0, 1, 1, 0, 4, 4), (1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5))
        expected = item_means_index(tree, pair_sums(scores))
        for number, node in enumerate(Reading(run, at=AFTERWARDS).definition.nodes):
            figure = read_estimators(run, node=node.key, period=EVERYTHING, at=AFTERWARDS).item_means
            estimate = expected[number].estimate
            assert figure.value == pytest.approx(estimate.value, rel=1e-12)
            assert figure.standard_error == pytest.approx(estimate.standard_error, rel=1e-9)
            assert figure.n == estimate.n

    def test_of_a_leaf_with_one_question_are_the_same(self):
        found = read_estimators(run_of(HOLES), node="quality", period=EVERYTHING, at=AFTERWARDS)
        assert found.agreement == Agreement.COMPLETE

    def weighted(self, **fields):
        version = publish(make_team(), standard_document(), **fields)
        for place, answers in enumerate(HOLES):
            answer_many(version, [answers], at=AT - timedelta(days=3), respondent_weight=1 + place % 3, notes=place == 0)
        return recompute(tree=make_tree(version), at=AT).run

    def test_by_item_means_under_weights_are_reckoned_by_hand(self):
        figure = read_weighted_item_means(self.weighted(), node="product", period=EVERYTHING, weighting=Imported())
        scores = np.array([[np.nan if one.get(key) is None else 25.0 * (one[key] - 1) for key in ("quality", "design")]
                           for one in HOLES])
        w = np.array([1 + place % 3 for place in range(len(HOLES))], dtype=float)
        means = [np.average(column[~np.isnan(column)], weights=w[~np.isnan(column)]) for column in scores.T]
        assert figure.value == pytest.approx(np.mean(means)) and figure.metric == "index_items" and figure.n == 30
        has = ~np.isnan(scores[:, 1])
        assert figure.n_eff == pytest.approx(w[has].sum() ** 2 / (w[has] ** 2).sum()) and figure.status == Status.FEW

    def test_by_item_means_are_not_weighted_where_anonymity_was_promised(self):
        with pytest.raises(WeightingError):
            read_weighted_item_means(self.weighted(is_anonymous=True), node="csi", period=EVERYTHING, weighting=Imported())

    def test_by_item_means_stand_weighted_beside_the_unweighted_on_page_and_in_the_api(self):
        cast, run = make_cast(), self.weighted()
        type(run.team).objects.filter(pk=run.team_id).update(name="Moved")
        for one in (run.tree, run, run.tree.sources.first().questionnaire):
            type(one).objects.filter(pk=one.pk).update(team=cast.team)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?weighting=imported"))
        assert "The same by question means" in page
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/value/?weighting=imported").json()
        figure = reply["weighted"]["item_means"]
        expected = read_weighted_item_means(run, node="csi", period=EVERYTHING, weighting=Imported())
        assert figure["metric"] == "index_items" and figure["value"] == expected.value

    def test_are_not_compared_where_a_part_has_too_few_answers(self):
        run = run_of([sheet(4, 4, 4, None)] * 40 + [sheet(2, 2, 2, 2)] * 3)
        found = read_estimators(run, node="csi", period=EVERYTHING, at=AFTERWARDS)
        assert found.respondents.is_shown and found.item_means.status == Status.TOO_FEW and found.item_means.n == 3
        assert found.agreement == Agreement.UNKNOWN and found.difference is None

    def test_tell_nothing_of_a_withheld_period(self):
        found = read_estimators(run_of(sheets(7), is_anonymous=True), node="csi", period=EVERYTHING, at=AFTERWARDS)
        assert found.item_means.status == Status.WITHHELD and found.item_means.n == 0 and found.incomplete is None

    def test_do_not_tell_of_few_with_gaps_among_the_anonymous(self):
        run = run_of([sheet(4, 4, 4, 4)] * 40 + [sheet(2, 2, 2, None)] * 3, is_anonymous=True)
        assert read_estimators(run, node="csi", period=EVERYTHING, at=AFTERWARDS).incomplete is None

    def test_of_one_answer_to_a_part_give_a_reason_and_no_error(self):
        version = publish(make_team(show_from_n=1), standard_document())
        answer_many(version, [sheet(4, 4, 4, 4)])
        found = read_estimators(recompute(tree=make_tree(version), at=AT).run, node="csi", period=EVERYTHING, at=AFTERWARDS)
        assert found.item_means.value is None and found.item_means.reason == "too_few_answers"

    def test_stay_the_same_when_the_answers_come_in_other_blocks(self, monkeypatch):
        from analytics.scoring import blocks, rows

        whole = read_estimators(run_of(sheets(90)), node="csi", period=EVERYTHING, at=AFTERWARDS).item_means
        monkeypatch.setattr(blocks, "BLOCK_ROWS", 16)
        monkeypatch.setattr(rows, "BLOCK_ROWS", 16)
        run = run_of(sheets(90)[::-1])
        parts = read_estimators(run, node="csi", period=EVERYTHING, at=AFTERWARDS).item_means
        assert (parts.value, parts.standard_error, parts.n) == (whole.value, whole.standard_error, whole.n)


@pytest.mark.django_db
class TestTheAirport:
    def test_differs_by_estimator_because_of_its_gaps(self):
        run = recompute(tree=make_airport(make_team(), ("2018",)), at=AT).run
        scores = np.array([[25.0 * (int(row[item]) - 1) if row[item] in set("12345") else np.nan for item in ITEMS]
                           for row in read_answers(("2018",))])
        tree = IndicatorTree((-1, *(0,) * len(ITEMS)), (1.0, *(1 / len(ITEMS),) * len(ITEMS)))
        expected = item_means_index(tree, pair_sums(scores))[0].estimate
        found = read_estimators(run, node="csi", period=wave("2018"), at=AFTERWARDS)
        assert found.item_means.value == pytest.approx(expected.value, rel=1e-9)
        assert found.item_means.standard_error == pytest.approx(expected.standard_error, rel=1e-9)
        assert found.agreement == Agreement.APART and found.incomplete > 1000


class TestLeafPairs:
    @given(st.integers(0, 2**32), st.integers(0, 20))
    @settings(max_examples=30, deadline=None)
    def test_are_exact_whole_numbers(self, seed, rows):
        values = np.random.default_rng(seed).integers(-1, 100 * UNITS, (3, rows), dtype=np.int32, endpoint=True)
        values[:, ::3] = np.minimum(values[:, ::3], -1)
        found = leaf_pairs(values)
        for j, one in enumerate(values.tolist()):
            for k, other in enumerate(values.tolist()):
                both = [(x, y) for x, y in zip(one, other, strict=True) if x >= 0 and y >= 0]
                assert found.n[j, k] == len(both) and found.sums[j, k] == sum(x for x, _ in both)
                assert found.products[j, k] == sum(x * y for x, y in both)

    def test_add_up_over_any_cut(self):
        values = np.random.default_rng(3).integers(-1, 100 * UNITS, (4, 50), dtype=np.int32)
        whole, parts = leaf_pairs(values), leaf_pairs(values[:, :13]) + leaf_pairs(values[:, 13:])
        for name in ("n", "sums", "products", "answered"):
            assert (getattr(whole, name) == getattr(parts, name)).all()


@pytest.mark.django_db
class TestWhereTheyAreShown:
    @pytest.fixture
    def opened(self):
        cast = make_cast()
        shop = make_shop(cast.team)
        fill_waves(shop)
        answer_many(shop.version, [{"quality": 1, "speed": 5}] * 40, wave="2018", attributes={"region": "East"}, at=AT)
        shop.compute()
        return cast, get_latest_run(tree=shop.tree)

    def test_the_page_names_both_with_n_and_variance_and_says_why(self, opened):
        cast, run = opened
        found = read_estimators(run, node="csi", period=wave("2018"), at=AFTERWARDS)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?period=wave:2018"))
        for figure in (found.respondents, found.item_means):
            assert f"{figure.value:.2f}" in page and f"{figure.standard_error**2:.4f}" in page
        assert "A · Index, averaged per respondent" in page and "B · Index, by question means" in page
        assert "40 respondents left an indicator out" in page

    def test_the_page_says_so_in_chinese(self, opened):
        cast, run = opened
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?period=wave:2018"))
        assert "40 位受访者" in page and "（按题目均值）" in page

    def test_the_api_gives_both_by_metric_with_variance(self, opened):
        cast, run = opened
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/value/?period=wave:2018").json()
        one, other = reply["estimators"]["estimators"]
        assert (one["estimator"], one["figure"]["metric"]) == ("A", "index")
        assert (other["estimator"], other["figure"]["metric"]) == ("B", "index_items")
        assert other["variance"] == pytest.approx(other["figure"]["standard_error"] ** 2)
        assert reply["estimators"]["difference"] == pytest.approx(one["figure"]["value"] - other["figure"]["value"])
        assert reply["node"]["index"]["value"] == read_period(run, period=wave("2018"), at=AFTERWARDS).root.index.value
        assert "index_items" in json.dumps(api_client(make_key(cast.team)[1]).get("/api/v1/metrics/").json())

    def test_follow_the_filter_and_the_scope(self, opened):
        _, run = opened
        east = read_estimators(run, node="csi", period=wave("2018"), filters={"region": ["East"]}, at=AFTERWARDS)
        assert east.respondents == describe_value(
            run, node="csi", period=wave("2018"), scope={"region": ["East"]}, at=AFTERWARDS).node.index
        assert east.incomplete == 40
        assert read_estimators(run, node="csi", period=wave("2018"), scope={"region": ["West"]}, at=AFTERWARDS).incomplete == 0


@pytest.mark.django_db
def test_leaves_are_those_at_or_below():
    definition = Reading(run_of(sheets(10)), at=AFTERWARDS).definition
    assert leaves_under(definition, "csi") == ("quality", "design", "attitude", "speed")
    assert leaves_under(definition, "service") == ("attitude", "speed") and leaves_under(definition, "speed") == ("speed",)
    with pytest.raises(KeyError):
        leaves_under(definition, "nothing")
