"""The index of the airport survey's raw rows, with many patterns of missing answers."""

import numpy as np
import pytest
from pytest import approx

from analytics.methods.composite import IndexDefinition, index_moments
from analytics.methods.correlation import pair_sums, pair_sums_of_tables
from analytics.methods.distributions import score_vector
from analytics.methods.errors import InvalidWeightError, NoAnswersError, ShapeMismatchError, TooFewAnswersError
from analytics.methods.item_means import item_means_index, weighted_item_means_index, weighted_pair_sums
from analytics.methods.moments import mean_estimate
from analytics.methods.summaries import pair_tables
from analytics.methods.trees import IndicatorTree, equal_weights
from tests.methods.checks.airport import FIVE, codes, read_waves
from tests.methods.figures import CLOSED

LINEAR = (0.0, 25.0, 50.0, 75.0, 100.0)


@pytest.fixture(scope="module")
def answers():
    rows = read_waves()[2018]
    items = [name for name in rows[0] if name.startswith("Q7") and name != "Q7ALL"]
    assert len(items) == 14
    return np.asfortranarray(np.stack([codes(rows, item) for item in items], axis=1))


class TestAirportIndex:
    """Fourteen items of 2018 with 580 patterns of missing answers, equal weights."""

    PARENTS = (-1, *[0] * 14)
    TREE = IndicatorTree(PARENTS, equal_weights(PARENTS))

    def rule(self, coverage):
        return IndexDefinition(self.TREE, (FIVE,) * 14, (LINEAR,) * 14, coverage)

    def test_has_the_answers_it_should(self, answers):
        assert (answers > 0).all(axis=1).sum() == 343
        assert np.unique(answers > 0, axis=0).shape == (580, 14)

    def test_by_respondents_is_the_mean_of_their_means(self, answers):
        scores = np.where(answers > 0, (answers - 1.0) * 25, np.nan)
        some = (answers > 0).any(axis=1)
        points = np.nanmean(scores[some], axis=1)
        found = mean_estimate(index_moments(answers, self.rule(0.0)).at(0))
        # Each respondent is rounded to a millionth of a point once.
        assert (found.n, found.value) == (some.sum(), approx(points.mean(), abs=1e-7))
        assert found.standard_error == approx(points.std(ddof=1) / np.sqrt(some.sum()), rel=1e-8)

    def test_by_respondents_counts_those_with_half_of_the_items(self, answers):
        half = (answers > 0).sum(axis=1) >= 7
        found = mean_estimate(index_moments(answers, self.rule(0.5)).at(0))
        assert found.n == half.sum()
        assert found.value == approx(
            np.nanmean(np.where(answers > 0, (answers - 1.0) * 25, np.nan)[half], axis=1).mean(), abs=1e-7
        )

    def test_by_items_is_the_mean_of_item_means_with_a_bootstrap_error(self, answers):
        pairs = pair_sums_of_tables(pair_tables(answers, [FIVE] * 14), [LINEAR] * 14)
        found = item_means_index(self.TREE, pairs)[0].estimate
        scores = np.where(answers > 0, (answers - 1.0) * 25, np.nan)
        assert found.value == approx(np.nanmean(scores, axis=0).mean(), rel=CLOSED)
        rng = np.random.default_rng(20181122)
        draws = [np.nanmean(scores[rng.integers(0, len(scores), len(scores))], axis=0).mean() for _ in range(300)]
        assert found.standard_error == approx(np.std(draws), rel=0.15)

    def by_weight(self, answers, weights):
        scores = np.where(answers > 0, (answers - 1.0) * 25, np.nan)
        sums = [weighted_pair_sums(scores, factor) for factor in (weights, weights**2)]
        return weighted_item_means_index(self.TREE, *sums, (~np.isnan(scores)[weights > 0]).sum(axis=0))[0].estimate

    def test_by_items_under_weights_of_one_is_the_unweighted_one(self, answers):
        pairs = pair_sums_of_tables(pair_tables(answers, [FIVE] * 14), [LINEAR] * 14)
        plain, weighted = item_means_index(self.TREE, pairs)[0].estimate, self.by_weight(answers, np.ones(len(answers)))
        assert (weighted.value, weighted.standard_error) == approx((plain.value, plain.standard_error), rel=1e-9)
        assert weighted.n == plain.n == weighted.n_eff

    def test_by_items_does_not_mind_the_scale_of_weights_and_leaves_out_who_weighs_nothing(self, answers):
        weights = np.random.default_rng(5).uniform(0.2, 3, len(answers))
        one, tenfold = self.by_weight(answers, weights), self.by_weight(answers, 10 * weights)
        assert (one.value, one.standard_error, one.n_eff) == approx((tenfold.value, tenfold.standard_error, tenfold.n_eff))
        assert one.n_eff < one.n
        weights[:900] = 0
        assert self.by_weight(answers, weights).value == approx(self.by_weight(answers[900:], weights[900:]).value)

    def test_by_items_under_weights_has_the_error_of_a_linearised_ratio(self, answers):
        weights = np.random.default_rng(5).uniform(0.2, 3, len(answers))
        found = self.by_weight(answers, weights)
        scores = np.where(answers > 0, (answers - 1.0) * 25, np.nan)
        has = ~np.isnan(scores)
        totals = (has * weights[:, None]).sum(axis=0)
        means = np.nansum(scores * weights[:, None], axis=0) / totals
        influence = np.where(has, weights[:, None] * (scores - means) / totals, 0.0).sum(axis=1) / 14
        assert found.value == approx(means.mean()) and found.standard_error == approx(np.sqrt(influence @ influence))

    def test_by_items_refuses_weights_that_are_none(self, answers):
        for wrong, error in (([-1.0], InvalidWeightError), ([np.nan], InvalidWeightError), ([1.0, 1.0], ShapeMismatchError)):
            with pytest.raises(error):
                weighted_pair_sums([[1.0, 2.0]], wrong)
        nobody = weighted_pair_sums(np.full((3, 14), np.nan), np.ones(3))
        with pytest.raises(NoAnswersError):
            weighted_item_means_index(self.TREE, nobody, nobody, [0] * 14)
        with pytest.raises(TooFewAnswersError):
            weighted_item_means_index(self.TREE, nobody, nobody, [1] * 14)

    def test_by_items_of_complete_answers_is_that_by_respondents(self, answers):
        complete = answers[(answers > 0).all(axis=1)]
        pairs = pair_sums_of_tables(pair_tables(complete, [FIVE] * 14), [LINEAR] * 14)
        by_items = item_means_index(self.TREE, pairs)[0].estimate
        by_respondents = mean_estimate(index_moments(complete, self.rule(0.5)).at(0))
        assert by_items.value == approx(by_respondents.value, abs=1e-6)
        # Estimator B divides by n where A divides by n - 1.
        n = len(complete)
        assert by_items.standard_error == approx(by_respondents.standard_error * np.sqrt((n - 1) / n), rel=1e-6)

    @pytest.mark.parametrize(("rows", "error"), [(0, NoAnswersError), (1, TooFewAnswersError)])
    def test_by_items_of_too_few_answers_is_refused(self, answers, rows, error):
        complete = answers[(answers > 0).all(axis=1)][:rows]
        with pytest.raises(error):
            item_means_index(self.TREE, pair_sums_of_tables(pair_tables(complete, [FIVE] * 14), [LINEAR] * 14))

    @pytest.mark.parametrize("levels", [4, 7])
    def test_by_items_of_answers_that_are_all_alike_has_no_error(self, levels):
        codes, tree = range(1, levels + 1), IndicatorTree((-1, 0, 0, 0), (1.0, 0.5, 0.3, 0.2))
        scores = score_vector("linear", codes)
        for rows in range(2, 100, 7):
            alike = np.tile(np.array([[2, 3, levels]], dtype=np.int8), (rows, 1))
            plain = item_means_index(tree, pair_sums_of_tables(pair_tables(alike, [codes] * 3), [scores] * 3))
            weights = np.random.default_rng(rows).uniform(0.2, 3, rows)
            sums = [weighted_pair_sums(scores[alike - 1], factor) for factor in (weights, weights**2)]
            weighted = weighted_item_means_index(tree, *sums, [rows] * 3)
            assert [node.estimate.standard_error for node in (*plain, *weighted)] == [0.0] * 8

    def test_by_items_leaves_out_an_item_without_answers_and_says_so(self, answers):
        blank = answers.copy()
        blank[:, 0] = -4
        pairs = pair_sums_of_tables(pair_tables(blank, [FIVE] * 14), [LINEAR] * 14)
        root, first, *_ = item_means_index(self.TREE, pairs)
        assert first is None
        assert root.coverage == approx(13 / 14)


class TestSmallIndex:
    """Two parts with two leaves each; every leaf has its own base."""

    TREE = IndicatorTree((-1, 0, 0, 1, 1, 2, 2), (1.0, 0.6, 0.4, 0.5, 0.5, 0.7, 0.3))
    SCORES = np.array([[0, 50, 25, np.nan], [100, 75, np.nan, np.nan], [50, np.nan, 75, 0], [25, 100, 100, 100], [75, 0, 50, np.nan]])

    def weighted(self, scores, weights):
        sums = [weighted_pair_sums(scores, factor) for factor in (weights, weights**2)]
        return weighted_item_means_index(self.TREE, *sums, (~np.isnan(scores)[weights > 0]).sum(axis=0))

    def test_counts_at_a_node_the_smallest_base_of_its_own_leaves(self):
        weights = np.array([1.0, 2.0, 1.0, 0.5, 1.0])
        for nodes in (item_means_index(self.TREE, pair_sums(self.SCORES)), self.weighted(self.SCORES, weights)):
            assert [node.estimate.n for node in nodes] == [2, 4, 2, 5, 4, 4, 2]
        effective = [(kept := weights[~np.isnan(item)]).sum() ** 2 / (kept**2).sum() for item in self.SCORES.T]
        found = [node.estimate.n_eff for node in nodes]
        assert found == approx([min(effective), min(effective[:2]), min(effective[2:]), *effective])

    def test_has_no_error_where_its_leaves_cancel_one_another_out(self):
        up = np.array([0.0, 25.0, 100.0, 50.0, 75.0])
        scores = np.column_stack([up, 100 - up, up, 100 - up])
        tree = IndicatorTree((-1, 0, 0, 0, 0), (1.0, 0.3, 0.3, 0.2, 0.2))
        (root, leaf, *_) = item_means_index(tree, pair_sums(scores))
        assert (root.estimate.value, root.estimate.standard_error) == (approx(50.0), 0.0)
        assert leaf.estimate.standard_error == approx(up.std() / np.sqrt(5))

    def test_has_intervals_that_end_where_the_scale_does(self):
        scores = np.array([[0.0, 100.0, 50.0, 50.0], [50.0, 100.0, 50.0, 50.0], [0.0, 40.0, 50.0, 50.0]])
        for nodes in (item_means_index(self.TREE, pair_sums(scores)), self.weighted(scores, np.ones(3))):
            low, high = (nodes[leaf].estimate.interval for leaf in (3, 4))
            assert (low.low, high.high) == (0.0, 100.0)

    def test_leaves_out_parts_that_nobody_answered(self):
        scores = self.SCORES.copy()
        scores[:, 2:] = np.nan
        for nodes in (item_means_index(self.TREE, pair_sums(scores)), self.weighted(scores, np.ones(5))):
            assert nodes[2] is nodes[5] is nodes[6] is None
            assert nodes[0].estimate == nodes[1].estimate
            assert (nodes[0].coverage, nodes[1].coverage) == (approx(0.6), approx(1.0))

    def test_refuses_items_that_are_not_its_leaves(self):
        with pytest.raises(ShapeMismatchError):
            item_means_index(self.TREE, pair_sums(self.SCORES[:, :3]))
        few, all_ = (weighted_pair_sums(self.SCORES[:, :items], np.ones(5)) for items in (3, 4))
        for sums, bases in ((few, [5, 4, 4, 2]), (few, [5, 4, 4]), (all_, [5, 4, 4])):
            with pytest.raises(ShapeMismatchError):
                weighted_item_means_index(self.TREE, sums, sums, bases)

    @pytest.mark.parametrize("factors", [[1.0, -1.0, 1.0, 1.0, 1.0], [1.0, np.inf, 1.0, 1.0, 1.0]])
    def test_refuses_any_factor_that_is_none(self, factors):
        with pytest.raises(InvalidWeightError):
            weighted_pair_sums(self.SCORES, factors)

    def test_says_that_one_answer_is_there_and_two_are_needed(self):
        scores = self.SCORES.copy()
        scores[2, 3] = np.nan
        with pytest.raises(TooFewAnswersError) as refusal:
            item_means_index(self.TREE, pair_sums(scores))
        assert refusal.value.details == {"n": 1, "needed": 2}
