"""Entropy, factors, importance, reliability and raking against reference figures."""

import itertools
import math

import numpy as np
import pytest
from pytest import approx
from scipy import stats

from analytics.methods.correlation import (
    checked_correlation,
    correlations,
    covariances,
    pair_sums,
    pair_sums_of_tables,
)
from analytics.methods.distributions import score_vector
from analytics.methods.entropy import entropy_weights
from analytics.methods.errors import (
    EmptyMarginError,
    InvalidCorrelationError,
    InvalidLevelError,
    InvalidScaleError,
    InvalidValueError,
    InvalidWeightError,
    MarginTotalsError,
    NegativeWeightError,
    NoAnswersError,
    NotConvergedError,
    NoVariationError,
    ShapeMismatchError,
    SingularCorrelationError,
    TooFewAnswersError,
    TooManyItemsError,
    ZeroWeightError,
)
from analytics.methods.factor import (
    composite_weights,
    first_component_weights,
    principal_components,
    raw_composite_weights,
    refused_when_negative,
    sampling_adequacy,
    score_coefficient_weights,
    sphericity,
    varimax,
)
from analytics.methods.importance import (
    averaged_over_orderings,
    check_enough_answers,
    r_squared,
    relative_weights,
    standardised_coefficients,
    variance_inflation,
)
from analytics.methods.raking import cell_weights, post_stratify, rake
from analytics.methods.reliability import (
    alpha_if_dropped,
    average_variance_extracted,
    composite_reliability,
    cronbach_alpha,
    item_rest_correlations,
)
from analytics.methods.summaries import pair_tables
from tests.methods.checks.derived import COUNTS, LEVELS, MARGINS, drivers_of, of
from tests.methods.figures import figures

FACTOR = figures("factor")


class TestFactors:
    R = of(FACTOR["kmo_items"])

    def test_varimax_leaves_a_saddle_where_others_stop(self):
        found = np.abs(varimax([[0.8, 0.6], [0.8, 0.6], [0.6, -0.8]]))
        assert found == approx(np.array([[1, 0], [1, 0], [0, 1]]), abs=1e-9)

    def test_composite_weights_are_refused_when_one_is_negative(self):
        with pytest.raises(NegativeWeightError) as refusal:
            composite_weights(self.R, 5)
        shown = raw_composite_weights(self.R, 5)
        assert refusal.value.details == {"item": int(shown.argmin()), "weight": float(shown.min())}

    def test_an_item_against_the_others_is_refused(self):
        with pytest.raises(NegativeWeightError):
            first_component_weights([[1, 0.8, -0.5], [0.8, 1, -0.5], [-0.5, -0.5, 1]])

    @pytest.mark.parametrize("correlation", [-1.0, -0.5, -1e-3])
    def test_two_items_against_one_another_are_refused(self, correlation):
        with pytest.raises(NegativeWeightError) as refusal:
            first_component_weights([[1, correlation], [correlation, 1]])
        assert refusal.value.details["weight"] == approx(-math.sqrt((1 - correlation) / 2))

    def test_an_item_unrelated_to_all_others_has_no_adequacy(self):
        with pytest.raises(InvalidValueError):
            sampling_adequacy([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])

    def test_adequacy_is_that_of_the_partial_correlations(self):
        r = np.array([[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]])
        partial = [(r[a, b] - r[a, c] * r[b, c]) / math.sqrt((1 - r[a, c] ** 2) * (1 - r[b, c] ** 2))
                   for a, b, c in ((0, 1, 2), (0, 2, 1), (1, 2, 0))]
        plain = np.array([0.5, 0.4, 0.3]) ** 2
        q = np.array(partial) ** 2
        found = sampling_adequacy(r)
        assert found.overall == approx(plain.sum() / (plain.sum() + q.sum()), rel=1e-9)
        assert found.items[2] == approx(plain[1:].sum() / (plain[1:].sum() + q[1:].sum()), rel=1e-9)

    @pytest.mark.parametrize("n", [5, 6])
    def test_sphericity_needs_two_answers_more_than_items(self, n):
        r = np.array([[1, 0.5, 0.4, 0.1], [0.5, 1, 0.3, 0.2], [0.4, 0.3, 1, 0.3], [0.1, 0.2, 0.3, 1]])
        if n == 5:
            with pytest.raises(TooFewAnswersError) as refusal:
                sphericity(r, n)
            assert refusal.value.details == {"n": 5, "needed": 6}
            return
        found = sphericity(r, n)
        expected = -(n - 1 - 13 / 6) * math.log(np.linalg.det(r))
        assert (found.chi_squared, found.df) == (approx(expected, rel=1e-9), 6)
        assert found.p_value == approx(stats.chi2.sf(expected, 6), rel=1e-9)

    @pytest.mark.parametrize(
        ("loadings", "error"),
        [
            ([0.5, 0.5], ShapeMismatchError),
            ([[0.5, math.nan]], ShapeMismatchError),
            ([[0.5, 0.5], [0.0, 0.0]], InvalidValueError),
        ],
    )
    def test_varimax_refuses_what_are_no_loadings(self, loadings, error):
        with pytest.raises(error):
            varimax(loadings)

    def test_varimax_leaves_a_single_factor_as_it_is(self):
        assert varimax([[0.5], [-0.7]]).tolist() == [[0.5], [-0.7]]

    @pytest.mark.parametrize("seed", range(5))
    def test_varimax_finds_no_better_turn_of_any_two_factors(self, seed):
        loadings = np.random.default_rng(seed).normal(size=(9, 3))
        rotated = varimax(loadings)
        assert rotated @ rotated.T == approx(loadings @ loadings.T)

        def criterion(found):
            squares = found**2 / (loadings**2).sum(axis=1, keepdims=True)
            return squares.var(axis=0).sum()

        for one, two in itertools.combinations(range(3), 2):
            for angle in np.linspace(0, np.pi / 2, 45):
                turned = rotated.copy()
                turned[:, one] = rotated[:, one] * math.cos(angle) + rotated[:, two] * math.sin(angle)
                turned[:, two] = rotated[:, two] * math.cos(angle) - rotated[:, one] * math.sin(angle)
                assert criterion(turned) <= criterion(rotated) + 1e-12

    @pytest.mark.parametrize("loadings", [[0.9, 0.9], [[0.9], [0.9], [0.9]]])
    def test_score_weights_need_loadings_of_every_item(self, loadings):
        with pytest.raises(ShapeMismatchError):
            score_coefficient_weights([[1, 0.5], [0.5, 1]], loadings)

    def test_score_weights_that_cancel_one_another_are_refused(self):
        with pytest.raises(InvalidValueError):
            score_coefficient_weights([[1, 0.5], [0.5, 1]], [[0.9], [-0.9]])

    def test_score_weights_take_factors_by_their_share_of_variance(self):
        r, loadings = np.array([[1, 0.5], [0.5, 1]]), np.array([[0.9, 0.1], [0.3, 0.8]])
        by_factor = np.linalg.inv(r) @ loadings
        raw = by_factor[:, 0] * 0.9 + by_factor[:, 1] * 0.65
        assert score_coefficient_weights(r, loadings) == approx(raw / raw.sum(), rel=1e-9)

    def test_score_weights_do_not_mind_where_a_single_factor_points(self):
        assert score_coefficient_weights([[1, 0.5], [0.5, 1]], [[-0.9], [-0.9]]) == approx([0.5, 0.5])

    def test_a_weight_of_nothing_is_not_negative(self):
        assert refused_when_negative(np.array([0.0, 1.0])).tolist() == [0.0, 1.0]

    @pytest.mark.parametrize("matrix", [[[1, 0.5], [0.4, 1]], [[2, 0.5], [0.5, 1]], [[1, 0.5]]])
    def test_components_of_what_is_no_correlation_matrix_are_refused(self, matrix):
        with pytest.raises(InvalidCorrelationError):
            principal_components(matrix)

    def test_sphericity_of_no_answers_is_refused(self):
        with pytest.raises(NoAnswersError):
            sphericity([[1, 0.5], [0.5, 1]], 0)

    def test_as_many_factors_as_items_are_allowed(self):
        assert raw_composite_weights([[1, 0.5], [0.5, 1]], 2).sum() == approx(1.0)

    def test_items_that_repeat_one_another_are_refused(self):
        with pytest.raises(SingularCorrelationError):
            sampling_adequacy([[1, 1], [1, 1]])

    def test_too_few_answers_are_refused(self):
        with pytest.raises(TooFewAnswersError):
            sphericity([[1, 0.5], [0.5, 1]], 3)

    @pytest.mark.parametrize("factors", [0, 3])
    def test_more_factors_than_items_are_refused(self, factors):
        with pytest.raises(InvalidValueError):
            raw_composite_weights([[1, 0.5], [0.5, 1]], factors)

    @pytest.mark.parametrize(
        "matrix",
        [
            [[1, 0.5], [0.4, 1]],
            [[2, 0.5], [0.5, 1]],
            [[1, math.nan], [math.nan, 1]],
            [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]],
            [[1, 1 + 5e-9], [1 + 5e-9, 1]],
            [[1, -1 - 5e-9], [-1 - 5e-9, 1]],
            [[1, 0.5]],
            [],
        ],
    )
    def test_what_is_no_correlation_matrix_is_refused(self, matrix):
        with pytest.raises(InvalidCorrelationError):
            checked_correlation(matrix)


ALL_OF_THEM = (r_squared, relative_weights, averaged_over_orderings, standardised_coefficients)


class TestImportance:
    @pytest.mark.parametrize("method", [relative_weights, averaged_over_orderings])
    def test_is_a_division_of_the_variance_explained(self, method):
        r, y = drivers_of("swiss")
        found = method(r, y)
        assert found.raw.sum() == approx(found.r_squared)
        assert found.r_squared == approx(r_squared(r, y))
        assert found.shares.sum() == approx(1.0)
        assert (found.raw >= 0).all()

    def test_over_orderings_stops_at_fourteen_drivers(self):
        with pytest.raises(TooManyItemsError):
            averaged_over_orderings(np.eye(15), np.full(15, 0.1))
        assert averaged_over_orderings(np.eye(14), np.full(14, 0.1)).raw == approx(np.full(14, 0.01))

    def test_of_drivers_that_repeat_one_another_is_refused(self):
        with pytest.raises(SingularCorrelationError):
            relative_weights([[1, 1], [1, 1]], [0.5, 0.5])

    def test_of_drivers_that_explain_nothing_is_refused(self):
        with pytest.raises(SingularCorrelationError):
            relative_weights(np.eye(2), [0.0, 0.0])

    def test_of_correlations_that_cannot_be_together_is_refused(self):
        with pytest.raises(InvalidCorrelationError):
            relative_weights(np.eye(2), [0.9, 0.9])

    @pytest.mark.parametrize("method", ALL_OF_THEM)
    @pytest.mark.parametrize("apart", [1e-6, 1e-7, 2e-8])
    def test_of_more_than_everything_is_refused(self, method, apart):
        """Drivers that can just be inverted, and an outcome that leans on their difference by more than they differ."""
        r = np.array([[1, 1 - apart], [1 - apart, 1]])
        lean = math.sqrt(apart * (1 + 0.9e-8 / apart) / 2)
        checked_correlation(np.block([[r, np.array([[lean], [-lean]])], [np.array([[lean, -lean]]), np.ones((1, 1))]]))
        with pytest.raises(InvalidCorrelationError):
            method(r, [lean, -lean])

    @pytest.mark.parametrize("method", [*ALL_OF_THEM, lambda r, _y: variance_inflation(r)])
    @pytest.mark.parametrize("apart", [0.9e-8, 1e-9, 0.0])
    def test_of_drivers_within_the_tolerance_of_a_repetition_is_refused(self, method, apart):
        with pytest.raises(SingularCorrelationError):
            method([[1, 1 - apart], [1 - apart, 1]], [0.5, 0.5])

    @pytest.mark.parametrize("apart", [1.0, 0.1, 1e-4, 1e-6])
    @pytest.mark.parametrize("drivers", [2, 3, 8])
    def test_of_an_outcome_that_drivers_explain_wholly_is_one_and_never_over(self, apart, drivers):
        r = np.full((drivers, drivers), 1 - apart) + apart * np.eye(drivers)
        for seed in range(20):
            beta = np.random.default_rng(seed).normal(size=drivers)
            y = r @ beta / math.sqrt(beta @ r @ beta)
            for method in (relative_weights, averaged_over_orderings):
                found = method(r, y)
                assert found.r_squared <= 1 and found.r_squared == approx(1.0, rel=1e-6)
                assert found.raw.sum() == approx(found.r_squared)
            assert r_squared(r, y) <= 1

    def test_of_answers_is_between_0_and_1_however_alike_the_drivers(self):
        chance = np.random.default_rng(20261123)
        for apart in (1.0, 1e-2, 1e-3, 3e-4):
            shared = chance.normal(size=(300, 1))
            answers = np.column_stack([shared + apart * chance.normal(size=(300, 3)), shared[:, 0] + chance.normal(size=300)])
            r = correlations(pair_sums(answers)).matrix
            assert 0 < r_squared(r[:3, :3], r[:3, 3]) < 1

    def test_needs_a_correlation_per_driver(self):
        with pytest.raises(ShapeMismatchError):
            r_squared(np.eye(2), [0.5])

    def test_needs_answers(self):
        with pytest.raises(NoAnswersError):
            check_enough_answers(0, 2)

    @pytest.mark.parametrize(("n", "drivers"), [(100, 2), (100, 10), (120, 12)])
    def test_has_enough_with_a_hundred_answers_and_ten_per_driver(self, n, drivers):
        check_enough_answers(n, drivers)
        with pytest.raises(TooFewAnswersError) as refusal:
            check_enough_answers(n - 1, drivers)
        assert refusal.value.details == {"n": n - 1, "needed": n}

    @pytest.mark.parametrize("method", [relative_weights, averaged_over_orderings])
    @pytest.mark.parametrize("correlation", [1.0, -1.0, 0.3])
    def test_of_one_driver_is_its_squared_correlation(self, method, correlation):
        found = method([[1.0]], [correlation])
        assert (found.r_squared, found.shares.tolist()) == (approx(correlation**2), [1.0])

    def test_over_orderings_is_the_mean_gain_over_every_ordering(self):
        r, y = drivers_of("swiss")
        r, y = np.array(r), np.array(y)
        gains = np.zeros(y.size)
        orderings = list(itertools.permutations(range(y.size)))
        for ordering in orderings:
            before = 0.0
            for place, driver in enumerate(ordering):
                used = list(ordering[: place + 1])
                explained = float(y[used] @ np.linalg.solve(r[np.ix_(used, used)], y[used]))
                gains[driver] += explained - before
                before = explained
        assert averaged_over_orderings(r, y).raw == approx(gains / len(orderings), rel=1e-9)


class TestReliability:
    def test_alpha_of_contradicting_items_is_negative(self):
        assert cronbach_alpha([[1, -0.4], [-0.4, 1]], 50).value < 0

    @pytest.mark.parametrize(
        ("covariance", "n", "error"),
        [
            ([[1, 0.5], [0.5, 1]], 0, NoAnswersError),
            ([[1, 0.5], [0.5, 1]], 1, TooFewAnswersError),
            ([[1]], 10, ShapeMismatchError),
            ([[0, 0], [0, 0]], 10, NoVariationError),
            ([[1, -1], [-1, 1]], 10, NoVariationError),
            ([[1, 0.5], [0.4, 1]], 10, InvalidValueError),
            ([[1, math.nan], [math.nan, 1]], 10, InvalidValueError),
        ],
    )
    def test_alpha_refuses_what_is_no_covariance(self, covariance, n, error):
        with pytest.raises(error):
            cronbach_alpha(covariance, n)

    ITEMS = np.random.default_rng(8).normal(size=(40, 1)) + np.random.default_rng(9).normal(size=(40, 4)) * [0.5, 1.0, 1.5, 2.0]

    def test_of_each_item_with_the_rest_is_a_correlation_of_the_answers(self):
        total = self.ITEMS.sum(axis=1)
        expected = [np.corrcoef(item, total - item)[0, 1] for item in self.ITEMS.T]
        assert item_rest_correlations(np.cov(self.ITEMS.T)) == approx(expected, rel=1e-9)

    def test_without_an_item_is_alpha_of_the_others(self):
        expected = [cronbach_alpha(np.cov(np.delete(self.ITEMS, item, 1).T), 40).value for item in range(4)]
        assert alpha_if_dropped(np.cov(self.ITEMS.T)) == approx(expected, rel=1e-9)

    @pytest.mark.parametrize(
        ("covariance", "error"),
        [
            ([[1, 0.5]], ShapeMismatchError),
            ([[1]], ShapeMismatchError),
            ([1, 2], ShapeMismatchError),
            ([[-1, 0.5], [0.5, 1]], InvalidValueError),
            ([[1, 0.5], [0.5, math.inf]], InvalidValueError),
            ([[0, 0], [0, 1]], NoVariationError),
            ([[0, 0, 0], [0, 1, 0.5], [0, 0.5, 1]], NoVariationError),
            ([[1, 0, 0], [0, 1, -1], [0, -1, 1]], NoVariationError),
        ],
    )
    def test_of_an_item_with_the_rest_needs_both_to_vary(self, covariance, error):
        with pytest.raises(error):
            item_rest_correlations(covariance)

    def test_without_an_item_needs_three(self):
        with pytest.raises(ShapeMismatchError):
            alpha_if_dropped([[1, 0.5], [0.5, 1]])

    @pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
    def test_alpha_refuses_a_level_that_is_none(self, level):
        with pytest.raises(InvalidLevelError):
            cronbach_alpha([[1, 0.5], [0.5, 1]], 50, level)

    def test_of_loadings_takes_those_from_minus_one_to_one(self):
        assert average_variance_extracted([1.0, -1.0]) == 1.0
        assert composite_reliability([1.0, 1.0]) == 1.0
        with pytest.raises(InvalidValueError):
            average_variance_extracted([0.5, -1.5])

    @pytest.mark.parametrize(("loadings", "error"), [([0.5], ShapeMismatchError), ([0.5, 1.5], InvalidValueError)])
    def test_composite_reliability_refuses_what_are_no_loadings(self, loadings, error):
        with pytest.raises(error):
            composite_reliability(loadings)


class TestEntropyWeights:
    @pytest.mark.parametrize(
        ("histogram", "scores", "error"),
        [
            ([0, 0], [1, 2], NoAnswersError),
            ([1, 0], [1, 2], TooFewAnswersError),
            ([2, 0], [1, 2], NoVariationError),
            ([1, 1], [-1, 2], InvalidScaleError),
            ([1, 1], [0, 0], InvalidScaleError),
        ],
    )
    def test_refuse_items_that_give_none(self, histogram, scores, error):
        with pytest.raises(error):
            entropy_weights([histogram, histogram], [scores, scores])

    @pytest.mark.parametrize("is_scaled", [False, True])
    def test_are_those_of_the_single_answers(self, is_scaled):
        histograms, scores = [[4, 0, 3, 9, 0], [1, 5, 2, 2, 6], [0, 7, 7, 2, 0]], [1.0, 2.0, 3.0, 4.0, 5.0]
        diversities = []
        for histogram in histograms:
            x = np.repeat(scores, histogram)
            x = (x - x.min()) / (x.max() - x.min()) if is_scaled else x
            p = x[x > 0] / x.sum()
            diversities.append(1 + (p * np.log(p)).sum() / math.log(len(x)))
        found = entropy_weights(histograms, [scores] * 3, is_scaled)
        assert found.entropies == approx(1 - np.array(diversities), rel=1e-9)
        assert found.weights == approx(np.array(diversities) / sum(diversities), rel=1e-9)

    def test_of_two_answers_of_which_one_scores_nothing_are_nought(self):
        found = entropy_weights([[1, 1], [1, 1]], [[0, 1], [1, 2]])
        assert found.entropies == approx([0.0, -(math.log(1 / 3) / 3 + math.log(2 / 3) * 2 / 3) / math.log(2)])

    def test_need_a_score_vector_for_each_item(self):
        with pytest.raises(ShapeMismatchError):
            entropy_weights([[1, 2], [2, 1]], [[1, 2]])

    def test_refuse_to_stretch_an_item_of_one_category(self):
        with pytest.raises(NoVariationError):
            entropy_weights([[3, 0], [1, 2]], [[1, 2], [1, 2]], is_scaled=True)


class TestRaking:
    def test_meets_every_margin(self):
        weights = rake(COUNTS, LEVELS, MARGINS).weights
        for dimension, margin in enumerate(MARGINS):
            for level, total in enumerate(margin):
                cells = [k for k, places in enumerate(LEVELS) if places[dimension] == level]
                assert sum(weights[k] * COUNTS[k] for k in cells) == approx(total, rel=1e-9)

    def test_to_shares_gives_the_same_weights_but_for_their_size(self):
        shares = [[total / sum(margin) for total in margin] for margin in MARGINS]
        counted, shared = rake(COUNTS, LEVELS, MARGINS), rake(COUNTS, LEVELS, shares)
        assert shared.weights * sum(MARGINS[0]) == approx(counted.weights, rel=1e-9)
        assert shared.n_eff == approx(counted.n_eff)

    def test_keeps_equal_weights_where_the_sample_is_right(self):
        found = rake([10, 20, 30], [[0], [1], [2]], [[1, 2, 3]])
        assert (found.lowest, found.highest, found.design_effect) == approx((1.0, 1.0, 1.0))

    def test_keeps_trimmed_weights_within_their_range(self):
        counts, levels = [50, 10, 30, 10, 20, 25], [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]]
        margins = [[60, 40, 50], [75, 75]]
        free, found = rake(counts, levels, margins), rake(counts, levels, margins, trim=(0.3, 1.75))
        assert free.highest > 1.75
        assert found.highest == approx(1.75)
        assert (found.weights * counts).sum() == approx(150)

    def test_trims_small_weights_too(self):
        counts, levels = [50, 10, 30, 10, 20, 25], [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]]
        margins = [[60, 40, 50], [75, 75]]
        free, found = rake(counts, levels, margins), rake(counts, levels, margins, trim=(0.7, 3))
        assert free.lowest < 0.7
        assert found.lowest == approx(0.7)
        assert np.bincount([0, 1] * 3, weights=found.weights * counts) == approx([75, 75])

    @pytest.mark.parametrize("trim", [None, (0.0, 3.0), (0.4, 2.0)])
    def test_gives_cells_without_answers_no_weight_and_single_answers_one(self, trim):
        counts, levels = [10, 0, 1, 10], [[0, 0], [0, 1], [1, 0], [1, 1]]
        found = rake(counts, levels, [[11, 10], [11.5, 9.5]], trim=trim)
        assert found.weights[1] == 0 and found.weights[2] > 0
        assert found.weights[2] + 10 * found.weights[0] == approx(11.5)
        assert found.lowest == approx(found.weights[[0, 2, 3]].min())

    def test_keeps_the_odds_of_its_base_weights(self):
        levels, base = [[0, 0], [0, 1], [1, 0], [1, 1]], [2.0, 1.0, 0.5, 3.0]
        found = rake([10, 20, 5, 8], levels, [[30, 20], [26, 24]], base).weights
        assert found[0] * found[3] / (found[1] * found[2]) == approx(2.0 * 3.0 / (1.0 * 0.5))

    def test_takes_one_round_where_one_margin_is_known(self):
        assert rake([10, 20], [[0], [1]], [[50, 50]]).rounds == 1

    @pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
    def test_meets_margins_as_closely_in_any_unit(self, unit):
        margins = [[total * unit for total in margin] for margin in MARGINS]
        found, plain = rake(COUNTS, LEVELS, margins), rake(COUNTS, LEVELS, MARGINS)
        assert found.rounds == plain.rounds
        assert found.weights == approx(plain.weights * unit, rel=1e-12)

    def test_takes_totals_that_differ_by_rounding_for_the_same(self):
        levels = [[0, 0], [0, 1], [1, 0], [1, 1]]
        exact, rounded = (rake([5, 10, 7, 3], levels, [[50, 50], [60, people]]) for people in (40, 40.00005))
        assert rounded.weights == approx(exact.weights, rel=1e-5)
        assert (rounded.weights * [5, 10, 7, 3]).sum() == approx(100, rel=1e-9)
        with pytest.raises(MarginTotalsError):
            rake([5, 10, 7, 3], levels, [[50, 50], [60, 40.0002]])

    @pytest.mark.parametrize("levels", [[0, 1], [[0], [1], [1]], [[0.0], [1.0]], [[0], [-1]], [[0], [2]], [[0, 0], [1, 1]]])
    def test_refuses_levels_that_are_none(self, levels):
        with pytest.raises(ShapeMismatchError):
            rake([5, 5], levels, [[50, 50]])

    def test_on_cells_gives_those_without_people_no_weight(self):
        assert post_stratify([10, 0, 1], [30, 0, 5]).weights.tolist() == [3.0, 0.0, 5.0]

    @pytest.mark.parametrize(
        ("counts", "weights", "error"),
        [([0, 0], [1.0, 1.0], NoAnswersError), ([3, 0], [0.0, 1.0], ZeroWeightError), ([3], [1.0, 1.0], ShapeMismatchError)],
    )
    def test_cost_of_nothing_is_refused(self, counts, weights, error):
        with pytest.raises(error):
            cell_weights(counts, weights)

    def test_refuses_a_trim_that_the_margins_forbid(self):
        with pytest.raises(NotConvergedError):
            rake([90, 10], [[0], [1]], [[50, 50]], trim=(0.5, 2.0))

    def test_refuses_margins_that_no_weights_meet(self):
        with pytest.raises(NotConvergedError):
            rake([10, 10], [[0, 0], [1, 1]], [[30, 70], [50, 50]])

    @pytest.mark.parametrize(
        ("counts", "margins", "error"),
        [
            ([10, 0], [[50, 50]], EmptyMarginError),
            ([10, 10], [[100, 0]], EmptyMarginError),
            ([0, 0], [[50, 50]], NoAnswersError),
            ([10, 10], [[50, -50]], InvalidValueError),
            ([10, 10], [[math.nan, 50]], InvalidValueError),
            ([10, 10], [[100]], ShapeMismatchError),
            ([10, 10], [], ShapeMismatchError),
        ],
    )
    def test_refuses_margins_that_do_not_fit_the_sample(self, counts, margins, error):
        with pytest.raises(error):
            rake(counts, [[0], [1]], margins)

    @pytest.mark.parametrize("population", [[1e308, 1e308], [1e200, 1e200], [1e-200, 1e-200], [5e-324, 1.0]])
    def test_refuses_populations_of_no_size_that_can_be_reckoned_with(self, population):
        with pytest.raises(InvalidValueError):
            rake([10, 10], [[0], [1]], [population])
        with pytest.raises(InvalidValueError):
            post_stratify([10, 10], population)

    @pytest.mark.parametrize("unit", [1e-90, 1.0, 1e90])
    def test_costs_the_same_whatever_the_population_is_counted_in(self, unit):
        found = rake([10, 30], [[0], [1]], [[unit, unit]])
        assert (found.n_eff, found.lowest, found.highest) == approx((30.0, 2 / 3, 2.0))

    def test_names_the_level_without_respondents(self):
        with pytest.raises(EmptyMarginError) as refusal:
            rake([10, 0], [[0], [1]], [[50, 50]])
        assert refusal.value.details == {"dimension": 0, "level": 1}

    def test_refuses_margins_that_disagree(self):
        with pytest.raises(MarginTotalsError):
            rake([5, 5], [[0, 0], [1, 1]], [[50, 50], [60, 50]])

    @pytest.mark.parametrize("base", [[1.0, 0.0], [1.0, -1.0], [1.0, math.inf]])
    def test_refuses_base_weights_that_are_none(self, base):
        with pytest.raises(InvalidWeightError):
            rake([5, 5], [[0], [1]], [[50, 50]], base)

    @pytest.mark.parametrize("trim", [(1.0, 3.0), (0.3, 1.0), (-0.1, 3.0), (0.3, math.inf)])
    def test_refuses_a_trim_that_is_none(self, trim):
        with pytest.raises(InvalidValueError):
            rake([5, 5], [[0], [1]], [[50, 50]], trim=trim)

    def test_reports_imported_weights_alike(self):
        found = cell_weights([3, 1, 0], [1.0, 3.0, 9.0])
        assert (found.n, found.n_eff, found.lowest, found.highest) == (4, approx(3.0), approx(2 / 3), approx(2.0))
        assert (found.design_effect, found.efficiency) == (approx(4 / 3), approx(3 / 4))


class TestCorrelations:
    def test_are_those_of_complete_pairs(self):
        rng = np.random.default_rng(4)
        values = rng.integers(1, 6, size=(200, 4)).astype(float)
        values[:, 1] += values[:, 0]
        values[rng.random(values.shape) < 0.2] = np.nan
        found, spread = correlations(pair_sums(values)), covariances(pair_sums(values))
        for j in range(4):
            for k in range(4):
                both = ~np.isnan(values[:, j]) & ~np.isnan(values[:, k])
                x, y = values[both, j], values[both, k]
                assert found.n[j, k] == both.sum()
                assert found.matrix[j, k] == approx(np.corrcoef(x, y)[0, 1], abs=1e-12)
                assert spread[j, k] == approx(np.cov(x, y)[0, 1], abs=1e-12)
        assert found.smallest_n == found.n.min()

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            (np.empty((0, 2)), NoAnswersError),
            ([[1.0, 2.0]], TooFewAnswersError),
            ([[1.0, 2.0], [1.0, 3.0]], NoVariationError),
            ([[1.0, np.inf], [1.0, 3.0]], InvalidValueError),
            ([1.0, 2.0], ShapeMismatchError),
        ],
    )
    def test_refuse_answers_that_have_none(self, values, error):
        with pytest.raises(error):
            correlations(pair_sums(values))

    def test_of_items_that_say_the_same_are_exactly_one(self):
        rng = np.random.default_rng(3)
        for _ in range(50):
            values = rng.uniform(0, 100, size=(30, 1)) * [1.0, 0.1, -3.0]
            matrix = correlations(pair_sums(values)).matrix
            assert np.diag(matrix).tolist() == [1.0] * 3
            assert np.abs(matrix).max() == 1.0 and matrix[0, 2] == approx(-1.0)

    def test_refuse_pairs_that_contradict_one_another(self):
        """The first goes with both others, which go against one another among other respondents."""
        nan, up, down = np.nan, [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]
        rows = [*([x, x, nan] for x in up), *([x, nan, x] for x in up), *([nan, x, y] for x, y in zip(up, down, strict=True))]
        with pytest.raises(InvalidCorrelationError):
            correlations(pair_sums(rows))

    @pytest.mark.parametrize(("common", "error"), [(0, NoAnswersError), (1, TooFewAnswersError)])
    def test_refuse_a_single_pair_without_enough_in_common(self, common, error):
        values = np.random.default_rng(1).uniform(size=(12, 3))
        values[:6, 0], values[6 + common :, 2] = np.nan, np.nan
        values[6 : 6 + common, 2] = 0.5
        with pytest.raises(error):
            correlations(pair_sums(values))

    @pytest.mark.parametrize(("scores", "error"), [
        ([[0, 100]], ShapeMismatchError), ([[0, 100], [0, 50, 100]], InvalidScaleError), ([[0, 100], [0, np.nan]], InvalidScaleError),
    ])
    def test_of_tables_need_a_score_for_each_code(self, scores, error):
        tables = pair_tables(np.array([[1, 2], [2, 2]], dtype=np.int8), [[1, 2], [1, 2]])
        with pytest.raises(error):
            pair_sums_of_tables(tables, scores)

    @pytest.mark.parametrize("levels", [2, 3, 4, 5, 7, 10, 11])
    def test_refuse_an_item_that_does_not_vary_but_for_rounding(self, levels):
        codes, rng = range(1, levels + 1), np.random.default_rng(levels)
        scores = score_vector("linear", codes)
        for alike in codes:
            for rows in range(5, 200, 13):
                answers = rng.integers(1, levels + 1, size=(rows, 2), dtype=np.int8)
                answers[:, 0], answers[:2, 1] = alike, (1, levels)
                pairs = pair_sums_of_tables(pair_tables(answers, [codes] * 2), [scores] * 2)
                with pytest.raises(NoVariationError):
                    correlations(pairs)
