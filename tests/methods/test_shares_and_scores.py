"""Shares, score vectors, net promoter score and effort against reference figures."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from pytest import approx
from scipy import stats

from analytics.methods.change import (
    adjusted_net_promoter_difference,
    estimate_of_rest,
    linearised_difference,
    minimum_detectable_change,
    net_promoter_difference,
    overlap_covariance,
    welch_difference,
)
from analytics.methods.customer_effort import customer_effort
from analytics.methods.distributions import (
    distribution,
    grade_position,
    satisfied_share,
    score_index,
    score_mean,
    score_vector,
    weighted_satisfied_share,
    weighted_score_index,
)
from analytics.methods.errors import (
    InvalidCountError,
    InvalidLevelError,
    InvalidScaleError,
    InvalidValueError,
    InvalidWeightError,
    NoAnswersError,
    NoVariationError,
    ShapeMismatchError,
    TooFewAnswersError,
    UnknownCodeError,
    ZeroWeightError,
)
from analytics.methods.intervals import Estimate, Interval, normal_quantile, student_quantile
from analytics.methods.net_promoter import (
    adjusted_score,
    adjusted_wald_interval,
    net_promoter_score,
    weighted_net_promoter_score,
)
from analytics.methods.proportions import (
    largest_correlation,
    newcombe_difference,
    newcombe_p_value,
    proportion,
    weighted_proportion,
    wilson_interval,
)
from analytics.methods.weighting import (
    effective_size,
    merge_sums,
    weighted_mean,
    weighted_share,
    weighted_sums,
    weighted_sums_of_cells,
)
from tests.methods.checks.shares import FIVE, NPS, SFO, SIMPLE, promoter_histogram, weighted_sums_of
from tests.methods.figures import CLOSED


class TestWilsonInterval:
    def test_takes_the_effective_size_of_weighted_answers(self):
        case = SIMPLE["weighted_wilson"]
        found = weighted_proportion(case["p"], 2625, case["n_eff"])
        assert (found.interval.low, found.interval.high) == approx(case["wilson"], abs=CLOSED)
        assert found.n == 2625

    def test_of_no_answers_is_refused(self):
        with pytest.raises(NoAnswersError) as refusal:
            proportion(0, 0)
        assert refusal.value.reason == "no_answers"
        with pytest.raises(NoAnswersError):
            wilson_interval(0.0, 0.0)

    @pytest.mark.parametrize("x", [0, 1])
    def test_of_one_answer_is_wide_but_stays_on_the_scale(self, x):
        interval = wilson_interval(x, 1)
        assert 0 <= interval.low < interval.high <= 1
        assert interval.half_width > 0.39

    @pytest.mark.parametrize(("x", "n"), [(-1, 5), (6, 5), (math.nan, 5), (1, math.inf)])
    def test_refuses_what_is_no_part(self, x, n):
        with pytest.raises(InvalidCountError):
            wilson_interval(x, n)

    @pytest.mark.parametrize("level", [0, 1, -0.5, 95, math.nan])
    def test_refuses_a_level_outside_its_range(self, level):
        with pytest.raises(InvalidLevelError):
            wilson_interval(1, 5, level)


    @pytest.mark.parametrize("n", [1, 2, 3, 7, 29, 263, 2625, 10**6])
    def test_ends_where_the_scale_does_if_all_or_none_count(self, n):
        none, every = wilson_interval(0, n), wilson_interval(n, n)
        assert (none.low, every.high) == (0.0, 1.0)
        assert none.high == approx(1.959963984540054**2 / (n + 1.959963984540054**2), rel=CLOSED)
        assert every.low == approx(1 - none.high, rel=CLOSED)

    @pytest.mark.parametrize(("n", "error"), [(0, NoAnswersError), (2.5, InvalidCountError), (-1, InvalidCountError)])
    def test_is_of_a_whole_number_of_answers(self, n, error):
        with pytest.raises(error):
            proportion(0, n)
        with pytest.raises(error):
            weighted_proportion(0.5, n, 2.0)

    @pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
    def test_refuses_a_weighted_share_that_is_none(self, share):
        with pytest.raises(InvalidCountError):
            weighted_proportion(share, 5, 4.0)


class TestNewcombeDifference:
    def test_equals_the_reference_case(self):
        change = newcombe_difference(proportion(56, 70), proportion(48, 80))
        assert change.value == approx(0.2, abs=CLOSED)
        assert (change.interval.low, change.interval.high) == approx((0.0524, 0.3339), abs=5e-5)
        assert change.is_beyond_chance

    def test_turns_round_with_its_groups(self):
        there = newcombe_difference(proportion(3, 9), proportion(8, 11))
        back = newcombe_difference(proportion(8, 11), proportion(3, 9))
        assert (there.interval.low, there.interval.high) == approx((-back.interval.high, -back.interval.low))

    def test_refuses_intervals_of_different_levels(self):
        with pytest.raises(InvalidLevelError):
            newcombe_difference(proportion(3, 9, 0.9), proportion(8, 11))

    def test_of_correlated_shares_is_nearer_and_at_one_that_of_the_widths_alone(self):
        one, two = proportion(56, 80), proportion(48, 80)
        widths = [newcombe_difference(one, two, rho).interval.half_width for rho in (-0.5, 0.0, 0.5, 0.9)]
        assert widths == sorted(widths, reverse=True)
        whole = newcombe_difference(one, two, 1.0)
        assert whole.interval.low == approx(0.1 - abs((0.7 - one.interval.low) - (two.interval.high - 0.6)))

    @pytest.mark.parametrize("rho", [-1.01, 1.01, math.nan])
    def test_refuses_what_is_no_correlation(self, rho):
        with pytest.raises(InvalidValueError):
            newcombe_difference(proportion(3, 9), proportion(8, 11), rho)
        with pytest.raises(InvalidValueError):
            newcombe_p_value(proportion(3, 9), proportion(8, 11), rho)

    @pytest.mark.parametrize("rho", [0.0, 0.4])
    @pytest.mark.parametrize(("x", "y"), [(56, 48), (30, 61), (80, 70), (0, 9), (0, 1), (60, 40)])
    def test_its_p_value_is_the_level_at_which_the_interval_touches_zero(self, x, y, rho):
        p = newcombe_p_value(proportion(x, 80), proportion(y, 80), rho)
        wide, narrow = (
            newcombe_difference(proportion(x, 80, 1 - q), proportion(y, 80, 1 - q), rho) for q in (p * 0.999, min(p * 1.001, 0.9999999))
        )
        assert 0 < p < 1 and wide.interval.contains(0.0) and not narrow.interval.contains(0.0)

    @pytest.mark.parametrize("rho", [-0.5, 0.0, 0.9, 0.99, 1.0])
    def test_its_p_value_never_contradicts_it(self, rho):
        draw = np.random.default_rng(19)
        for _ in range(400):
            n, m = (int(size) for size in draw.integers(5, 200, 2))
            one, other = (proportion(int(draw.integers(0, size + 1)), size) for size in (n, m))
            found = newcombe_difference(one, other, rho)
            assert (newcombe_p_value(one, other, rho) < 0.05) == found.is_beyond_chance

    def test_its_p_value_at_a_correlation_of_one_is_no_certainty(self):
        """An interval that contains 0 at 95 %, and at much higher levels does not."""
        one, other = proportion(119, 173), proportion(9, 15)
        found = newcombe_difference(one, other, 1.0)
        assert found.interval.contains(0.0) and newcombe_p_value(one, other, 1.0) >= 0.05

    @pytest.mark.parametrize(("x", "n", "y", "m"), [(30, 50, 20, 50), (9, 10, 40, 80), (119, 173, 9, 15)])
    def test_has_a_largest_correlation_where_as_many_as_can_be_say_yes_twice(self, x, n, y, m):
        one, other, both = proportion(x, n), proportion(y, m), min(n, m)
        # Of the smaller set all are in both; those who say yes to the rarer say yes to the other too.
        covariance = both * (min(one.value, other.value) - one.value * other.value) / (n * m)
        errors = [math.sqrt(each.value * (1 - each.value) / each.n) for each in (one, other)]
        assert largest_correlation(one, other) == approx(covariance / math.prod(errors), rel=CLOSED)

    @pytest.mark.parametrize(("x", "y"), [(0, 0), (5, 7), (0, 3), (5, 4)])
    def test_has_no_correlation_where_one_share_is_all_or_nothing(self, x, y):
        assert largest_correlation(proportion(x, 5), proportion(y, 7)) == 0.0

    @pytest.mark.parametrize("rho", [-1.0, 0.0, 1.0])
    def test_stays_within_its_scale(self, rho):
        for x, n in itertools.product((0, 1, 3), (3, 7)):
            found = newcombe_difference(proportion(x, n), proportion(n - x if x < 3 else 0, n), rho)
            assert -1 <= found.interval.low <= found.value <= found.interval.high <= 1

    def test_of_shares_correlated_against_one_another_adds_their_widths(self):
        one, two = proportion(9, 11), proportion(2, 9)
        found = newcombe_difference(one, two, -1.0)
        assert found.interval.low == approx(one.interval.low - two.interval.high, rel=CLOSED)

    def test_its_p_value_of_all_against_nothing_is_small(self):
        assert newcombe_p_value(proportion(80, 80), proportion(0, 80)) < 1e-20

    def test_its_p_value_of_equal_shares_refuses_what_is_no_correlation(self):
        with pytest.raises(InvalidValueError):
            newcombe_p_value(proportion(5, 5), proportion(7, 7), 2.0)

    def test_its_p_value_of_equal_shares_is_one(self):
        assert newcombe_p_value(proportion(5, 5), proportion(7, 7)) == 1.0


class TestDistributions:
    def test_levels_carry_counts_and_shares(self):
        found = distribution([1, 0, 3], (1, 2, 3))
        assert (found.counts, found.shares, found.n) == ((1, 0, 3), (0.25, 0.0, 0.75), 4)

    def test_grade_counts_the_cut_offs_reached(self):
        assert [grade_position(value, (60, 80)) for value in (59.9, 60.0, 80.0)] == [0, 1, 2]

    @pytest.mark.parametrize("cuts", [(80, 60), (60, 60), (60, math.nan), (math.nan, 60), (math.inf,), (60, 80, 70)])
    def test_grade_refuses_cut_offs_that_do_not_rise(self, cuts):
        with pytest.raises(InvalidScaleError):
            grade_position(70.0, cuts)

    def test_grade_refuses_what_is_no_number(self):
        with pytest.raises(InvalidValueError):
            grade_position(math.nan, (60, 80))

    def test_a_mean_of_one_answer_has_no_interval(self):
        assert score_mean([0, 1, 0], (1, 2, 3)) == 2
        with pytest.raises(TooFewAnswersError) as refusal:
            score_index([0, 1, 0], (1, 2, 3))
        assert refusal.value.details == {"n": 1, "needed": 2}

    def test_a_mean_of_two_answers_has_one(self):
        index = score_index([1, 0, 1], (0, 50, 100))
        assert (index.value, index.standard_error) == (50.0, 50.0)
        assert (index.interval.low, index.interval.high) == (0.0, 100.0)

    @pytest.mark.parametrize(
        ("histogram", "error"),
        [
            ([0, 0, 0], NoAnswersError),
            ([1, -1, 3], InvalidCountError),
            ([1.0, 2.0, 3.0], InvalidCountError),
            ([1, 2], ShapeMismatchError),
            ([], InvalidCountError),
            ([[1, 2, 3]], InvalidCountError),
        ],
    )
    def test_refuses_histograms_that_are_none(self, histogram, error):
        with pytest.raises(error):
            distribution(histogram, (1, 2, 3))

    def test_refuses_a_code_that_is_not_on_the_scale(self):
        with pytest.raises(UnknownCodeError) as refusal:
            satisfied_share([1, 2, 3], (1, 2, 3), {4})
        assert refusal.value.details == {"code": 4}

    @pytest.mark.parametrize("codes", [(), (1, 1, 2), (3, 2, 1), (1, 2.5, 3)])
    def test_refuses_a_scale_that_is_none(self, codes):
        with pytest.raises(InvalidScaleError):
            distribution([1, 2, 3], codes)

    @pytest.mark.parametrize(
        ("name", "codes"), [("cn_practice", (1, 2, 3)), ("times20", (0, 1)), ("linear", (1,)), ("x", FIVE)]
    )
    def test_refuses_a_vector_that_does_not_fit(self, name, codes):
        with pytest.raises(InvalidScaleError):
            score_vector(name, codes)

    @pytest.mark.parametrize("levels", range(2, 12))
    def test_linear_vector_runs_in_equal_steps_from_0_to_100(self, levels):
        assert score_vector("linear", range(3, 3 + levels)) == approx(np.linspace(0, 100, levels))

    @pytest.mark.parametrize(("codes", "box"), [((1, 2, 3), set()), ((3, 2, 1), {3}), ((), {1})])
    def test_refuses_a_box_that_is_none(self, codes, box):
        with pytest.raises(InvalidScaleError):
            satisfied_share([1, 2, 3], codes, box)
        with pytest.raises(InvalidScaleError):
            weighted_satisfied_share([[1, 2, 3]], [1.0], codes, box)

    def test_refuses_scores_that_are_not_finite(self):
        with pytest.raises(InvalidScaleError):
            score_index([1, 2, 3], (0, math.nan, 100))


class TestNetPromoterScore:
    @pytest.mark.parametrize("case", NPS["nps"])
    def test_has_an_interval_cut_to_its_scale(self, case):
        found = net_promoter_score(promoter_histogram(case["detractors"], case["passives"], case["promoters"]))
        raw = adjusted_wald_interval(case["detractors"], case["passives"], case["promoters"])
        assert (found.interval.low, found.interval.high) == (max(-100.0, raw.low), min(100.0, raw.high))

    def test_difference_equals_the_reference(self):
        case = NPS["two_sample"]
        change = net_promoter_difference(
            net_promoter_score(promoter_histogram(*case["x"])), net_promoter_score(promoter_histogram(*case["y"]))
        )
        assert (change.value, change.standard_error, change.p_value) == approx(
            (case["delta"], case["se"], case["p"]), rel=CLOSED
        )
        assert (change.interval.low, change.interval.high) == approx(case["int"], rel=CLOSED)
        assert change.interval.low > 0

    @pytest.mark.parametrize("sizes", [(10, 10), (12, 60), (10, 40)])
    @pytest.mark.parametrize("shares", [(0.0, 0.05, 0.95), (0.02, 0.08, 0.9), (0.1, 0.3, 0.6), (0.3, 0.3, 0.4)])
    def test_adjusted_difference_calls_nothing_a_change_at_its_level(self, sizes, shares):
        """Over every sample of detractors, passives and promoters that two groups of one population can give."""
        likely, centres, errors = [], [], []
        for n in sizes:
            samples = [(d, n - d - p, p) for d in range(n + 1) for p in range(n + 1 - d)]
            scores = [net_promoter_score(promoter_histogram(*each)) for each in samples]
            centre, error = np.array([adjusted_score(each.value, each.standard_error, n) for each in scores]).T
            likely.append(stats.multinomial.pmf(samples, n, shares))
            centres.append(centre)
            errors.append(error)
        is_called = np.abs(np.subtract.outer(*centres)) > 1.959964 * np.hypot.outer(*errors)
        assert (np.outer(*likely) * is_called).sum() <= 0.052

    def test_difference_of_the_plain_kind_calls_far_too_much_a_change(self):
        change = net_promoter_difference(
            net_promoter_score(promoter_histogram(0, 12, 48)), net_promoter_score(promoter_histogram(0, 0, 12))
        )
        assert change.interval.high < 0 and stats.fisher_exact([[12, 0], [48, 12]])[1] > 0.1

    def test_of_unit_weights_is_the_plain_score(self):
        histogram = SFO["nps"][1]["hist"]
        plain, weighted = net_promoter_score(histogram), weighted_net_promoter_score([histogram], [1.0])
        assert weighted.value == approx(plain.value, rel=CLOSED)
        assert (weighted.interval.low, weighted.interval.high) == approx(
            (plain.interval.low, plain.interval.high), rel=CLOSED
        )
        assert weighted.standard_error == approx(plain.standard_error * math.sqrt(plain.n / (plain.n - 1)))

    @pytest.mark.parametrize(("detractors", "promoters", "end"), [(0, 7, 100.0), (7, 0, -100.0)])
    def test_of_one_class_ends_where_the_scale_does(self, detractors, promoters, end):
        histogram = promoter_histogram(detractors, 0, promoters)
        for found in (net_promoter_score(histogram), weighted_net_promoter_score([histogram], [0.7])):
            assert found.value == approx(end)
            assert end in (found.interval.low, found.interval.high)
            assert found.interval.contains(end * (1 - 1e-12))

    @pytest.mark.parametrize("n_eff", [0.0, -1.0, math.nan])
    def test_adjusted_without_answers_is_refused(self, n_eff):
        with pytest.raises(NoAnswersError):
            adjusted_score(50.0, 5.0, n_eff)

    def test_adjusted_of_an_effective_size_below_one_is_a_number(self):
        centre, error = adjusted_score(100.0, 0.0, 0.5)
        assert centre == approx(100 * 0.5 / 3.5)
        assert error == approx(math.sqrt(0.5 * (100 - centre) ** 2 + 15_000 + 3 * centre**2) / 3.5)

    def adjusted(self, covariance: float, *, later: int = 130, earlier: int = 100):
        """The change between two waves of 200 respondents, and the adjusted errors of both."""
        scores = [net_promoter_score(promoter_histogram(40, 160 - each, each)) for each in (later, earlier)]
        estimates = [Estimate(each.value, each.standard_error, 200, 200.0, each.interval) for each in scores]
        errors = [adjusted_score(each.value, each.standard_error, 200)[1] for each in scores]
        plain = math.prod(each.standard_error for each in scores)
        return adjusted_net_promoter_difference(*estimates, covariance=covariance * plain), *errors

    @pytest.mark.parametrize("correlation", [-0.4, 0.0, 0.5, 1.0])
    def test_adjusted_difference_of_shared_respondents_keeps_their_correlation(self, correlation):
        change, one, two = self.adjusted(correlation)
        assert change.standard_error == approx(math.sqrt(one**2 + two**2 - 2 * correlation * one * two), rel=CLOSED)
        assert change.value == approx(15.0)

    @pytest.mark.parametrize("correlation", [1.5, -1.5])
    def test_adjusted_difference_has_no_correlation_beyond_one(self, correlation):
        end = math.copysign(1.0, correlation)
        assert self.adjusted(correlation)[0].standard_error == approx(self.adjusted(end)[0].standard_error, rel=CLOSED)

    def test_adjusted_difference_of_the_same_answers_is_refused(self):
        with pytest.raises(NoVariationError):
            self.adjusted(1.0, later=100)

    def test_of_one_answer_has_a_wide_interval(self):
        found = net_promoter_score(promoter_histogram(0, 0, 1))
        assert (found.value, found.n) == (100.0, 1)
        assert found.interval.low < 0

    def test_of_no_answers_is_refused(self):
        with pytest.raises(NoAnswersError):
            net_promoter_score([0] * 11)

    def test_refuses_a_twelfth_code(self):
        with pytest.raises(ShapeMismatchError):
            net_promoter_score([1] * 12)


class TestWeightedMean:
    def test_change_of_the_weighted_net_promoter_score_equals_the_reference(self):
        earlier, later = (weighted_mean(weighted_sums_of(wave["weighted"])) for wave in SFO["nps"])
        change = linearised_difference(later, earlier)
        expected = SFO["nps_change"]
        assert (change.value, change.statistic, change.p_value) == approx(
            (expected["diff"], expected["z"], expected["p"]), rel=CLOSED
        )
        assert change.interval.high < 0

    def test_of_unit_weights_is_the_plain_mean(self):
        plain = score_index(SIMPLE["hist"], (0, 25, 50, 75, 100))
        weighted = weighted_score_index([SIMPLE["hist"]], [1.0], (0, 25, 50, 75, 100))
        assert (weighted.value, weighted.standard_error, weighted.n_eff) == approx(
            (plain.value, plain.standard_error, plain.n_eff), rel=CLOSED
        )
        assert weighted.interval.low == approx(plain.interval.low, rel=CLOSED)

    def test_of_unit_weights_is_the_plain_share(self):
        plain = satisfied_share(SIMPLE["hist"], FIVE, {4, 5})
        weighted = weighted_satisfied_share([SIMPLE["hist"]], [1.0], FIVE, {4, 5})
        assert (weighted.value, weighted.interval.low) == approx((plain.value, plain.interval.low), rel=CLOSED)

    def test_cells_equal_single_answers(self):
        cells = weighted_score_index([[1, 2, 0], [0, 1, 4]], [0.5, 2.0], (0, 50, 100))
        values, weights = [0, 50, 50, 50, 100, 100, 100, 100], [0.5] * 3 + [2.0] * 5
        single = weighted_mean(weighted_sums(values, weights))
        assert (cells.value, cells.standard_error) == approx((single.value, single.standard_error), rel=CLOSED)

    @pytest.mark.parametrize(
        ("weights", "error"),
        [
            ([1.0, -1.0], InvalidWeightError),
            ([1.0, math.nan], InvalidWeightError),
            ([1.0, math.inf], InvalidWeightError),
            ([0.0, 0.0], ZeroWeightError),
            ([1.0], ShapeMismatchError),
            ([], NoAnswersError),
        ],
    )
    def test_refuses_weights_that_are_none(self, weights, error):
        with pytest.raises(error):
            weighted_sums([1, 2], weights)

    @pytest.mark.parametrize("weight", [5e-324, 1e-200, 1e-101, 1e101, 1e200, 1e308])
    def test_refuses_weights_whose_squares_are_lost(self, weight):
        for method in (effective_size, lambda weights: weighted_sums([1, 2, 3], weights)):
            with pytest.raises(InvalidWeightError):
                method([weight, 0.0, 1.0])

    @pytest.mark.parametrize("weight", [1e-100, 1e-9, 1e9, 1e100])
    def test_is_the_same_in_whatever_unit_weights_are(self, weight):
        estimate = weighted_mean(weighted_sums([1, 2, 5], [weight, weight, 2 * weight / 2]))
        assert (estimate.value, estimate.n_eff) == (approx(8 / 3, rel=CLOSED), approx(3, rel=CLOSED))
        assert estimate.standard_error == approx(np.std([1, 2, 5], ddof=1) / math.sqrt(3), rel=CLOSED)

    def test_refuses_one_answer_that_carries_all_the_weight(self):
        with pytest.raises(TooFewAnswersError):
            weighted_mean(weighted_sums([1, 2], [1.0, 0.0]))

    def test_of_nothing_is_refused(self):
        with pytest.raises(NoAnswersError):
            weighted_mean(merge_sums([]))

    @pytest.mark.parametrize(
        ("histograms", "weights", "scores", "error"),
        [
            ([1, 2], [1.0], [0, 100], ShapeMismatchError),
            ([[1, 2]], [1.0, 1.0], [0, 100], ShapeMismatchError),
            ([[1, 2]], [1.0], [0, 50, 100], InvalidScaleError),
            ([[1, 2]], [1.0], [0, math.nan], InvalidScaleError),
            ([[1, -2]], [1.0], [0, 100], InvalidCountError),
            ([[0.5, 2]], [1.0], [0, 100], InvalidCountError),
            ([[0, 0]], [1.0], [0, 100], NoAnswersError),
            ([[0, 0], [1, 1]], [1.0, 0.0], [0, 100], ZeroWeightError),
        ],
    )
    def test_refuses_cells_that_are_none(self, histograms, weights, scores, error):
        with pytest.raises(error):
            weighted_sums_of_cells(histograms, weights, scores)

    @pytest.mark.parametrize("wrong", [["1", "2"], [[1.0, 2.0]], [True, False], [1j, 2j], 3.0])
    def test_takes_rows_of_numbers_and_nothing_else(self, wrong):
        with pytest.raises(InvalidValueError):
            weighted_sums(wrong, [1.0, 1.0])
        with pytest.raises(InvalidWeightError):
            weighted_sums([1.0, 2.0], wrong)
        with pytest.raises(InvalidScaleError):
            score_index([1, 2], wrong)

    def test_share_takes_one_flag_per_code(self):
        with pytest.raises(InvalidCountError):
            weighted_share([[1, 1]], [1.0], [0, 1])

    def test_says_that_one_answer_is_there_and_two_are_needed(self):
        with pytest.raises(TooFewAnswersError) as refusal:
            weighted_mean(weighted_sums([1, 2], [1.0, 0.0]))
        assert refusal.value.details == {"n": 1, "needed": 2}

    def test_refuses_one_answer(self):
        with pytest.raises(TooFewAnswersError):
            weighted_mean(weighted_sums([1], [1.0]))

    def test_refuses_values_that_are_not_finite(self):
        with pytest.raises(InvalidValueError):
            weighted_sums([1, math.inf], [1.0, 1.0])


class TestCustomerEffort:
    def test_names_the_best_three_of_seven_and_sets_the_worst_three_against_them(self):
        histogram = [1, 2, 3, 4, 5, 6, 7]
        found, codes = customer_effort(histogram), np.repeat(np.arange(1, 8), histogram)
        assert (found.mean.value, found.agreeing.value) == (approx(codes.mean()), approx(18 / 28))
        assert found.net.value == approx(100 * (18 - 6) / 28)
        assert found.mean.standard_error == approx(codes.std(ddof=1) / math.sqrt(28))

    @pytest.mark.parametrize(
        ("histogram", "error"),
        [([0] * 7, NoAnswersError), ([1] + [0] * 6, TooFewAnswersError), ([1] * 5, ShapeMismatchError), ([-1] + [5] * 6, InvalidCountError)],
    )
    def test_refuses_histograms_that_are_none(self, histogram, error):
        with pytest.raises(error):
            customer_effort(histogram)

    def test_of_two_answers_has_an_interval(self):
        assert customer_effort([0, 0, 0, 0, 0, 1, 1]).mean.interval.low < 6.5


class TestAnswersThatAreAllAlike:
    """Their mean is their score and has no spread, whatever rounding does to the sums behind it."""

    SIXTHS = tuple(score_vector("linear", range(1, 8)))

    @pytest.mark.parametrize("n", [2, 27, 51, 54, 2999])
    @pytest.mark.parametrize("code", range(7))
    def test_have_their_score_as_mean_and_no_error(self, code, n):
        histogram = [n * (code == place) for place in range(7)]
        estimate = score_index(histogram, self.SIXTHS)
        assert (estimate.value, estimate.standard_error) == (self.SIXTHS[code], 0)

    @pytest.mark.parametrize("code", range(7))
    def test_have_no_error_under_weights_and_a_mean_on_the_scale(self, code):
        cells = np.zeros((5, 7), dtype=int)
        cells[:, code] = [3, 11, 2, 40, 7]
        for weights in np.random.default_rng(7).uniform(0.3, 3, size=(50, 5)):
            estimate = weighted_score_index(cells, weights, self.SIXTHS)
            assert estimate.standard_error == 0
            assert 0 <= estimate.value <= 100
            with pytest.raises(NoVariationError):
                linearised_difference(estimate, estimate)

    def test_but_for_one_of_a_million_have_an_error(self):
        plain = score_index([0] * 5 + [1, 999_999], self.SIXTHS)
        weighted = weighted_score_index([[0] * 5 + [1, 999_999]], [0.7], self.SIXTHS)
        assert weighted.standard_error == approx(plain.standard_error, rel=1e-6)


class TestDifference:
    @pytest.mark.parametrize("level", [0.8, 0.95])
    def test_of_plain_means_is_welchs_test(self, level):
        later, earlier = np.repeat((1, 2, 3), (1, 2, 9)), np.repeat((1, 2, 3), (6, 3, 3))
        expected = stats.ttest_ind(later, earlier, equal_var=False)
        change = welch_difference(score_index([1, 2, 9], (1, 2, 3)), score_index([6, 3, 3], (1, 2, 3)), level=level)
        assert (change.statistic, change.df, change.p_value) == approx(
            (expected.statistic, expected.df, expected.pvalue), rel=CLOSED
        )
        interval = expected.confidence_interval(level)
        assert (change.interval.low, change.interval.high) == approx((interval.low, interval.high), rel=CLOSED)

    def test_of_the_same_respondents_is_the_paired_test(self):
        first, second = np.array([1, 2, 3, 5, 4]), np.array([2, 3, 3, 4, 5])
        later, earlier = (
            score_index(np.bincount(scores, minlength=6)[1:], (1, 2, 3, 4, 5)) for scores in (second, first)
        )
        shared = overlap_covariance(5, 5, 5, float(np.cov(first, second)[0, 1]))
        change = welch_difference(later, earlier, covariance=shared)
        assert change.statistic == approx(stats.ttest_rel(second, first).statistic, rel=CLOSED)

    def test_of_answers_that_are_all_alike_is_refused(self):
        alike = score_index([0, 5, 0], (1, 2, 3))
        with pytest.raises(NoVariationError):
            welch_difference(alike, alike)
        with pytest.raises(NoVariationError):
            linearised_difference(alike, alike)

    @pytest.mark.parametrize(("first", "second"), [([1, 2], [2, 5, 5]), ([1, 2, 2], [2, 5])])
    def test_of_two_answers_in_one_period_is_welchs_test(self, first, second):
        later, earlier = (score_index(np.bincount(scores, minlength=6), range(6)) for scores in (first, second))
        expected = stats.ttest_ind(first, second, equal_var=False)
        change = welch_difference(later, earlier)
        assert (change.df, change.p_value) == approx((expected.df, expected.pvalue), rel=CLOSED)

    @pytest.mark.parametrize(("n", "error"), [(0, NoAnswersError), (1, TooFewAnswersError)])
    def test_of_fewer_than_two_answers_in_a_period_is_refused(self, n, error):
        enough = score_index([1, 1], (1, 2))
        for pair in ((replace(enough, n=n), enough), (enough, replace(enough, n=n))):
            with pytest.raises(error):
                welch_difference(*pair)

    @pytest.mark.parametrize("n_both", [2, 3, 4])
    def test_of_partly_the_same_respondents_has_the_degrees_of_derrick(self, n_both):
        later, earlier = score_index([1, 2, 3, 1, 1], FIVE), score_index([4, 3, 1, 2, 0], FIVE)
        plain = welch_difference(later, earlier)
        shared = welch_difference(later, earlier, covariance=0.01, n_both=n_both)
        alone = (8 - n_both) + (10 - n_both)
        expected = (n_both - 1) + (plain.df - n_both + 1) / (alone + 2 * n_both) * alone
        assert shared.df == approx(expected, rel=CLOSED) and shared.df < plain.df
        assert shared.standard_error == approx(math.sqrt(plain.standard_error**2 - 0.02), rel=CLOSED)

    @pytest.mark.parametrize(("n_both", "error"), [(1, TooFewAnswersError), (9, InvalidValueError), (2.5, InvalidCountError)])
    def test_shared_respondents_are_two_at_least_and_in_both_periods(self, n_both, error):
        later, earlier = score_index([1, 2, 3, 1, 1], FIVE), score_index([4, 3, 1, 2, 0], FIVE)
        for pair in ((later, earlier), (earlier, later)):
            with pytest.raises(error):
                welch_difference(*pair, covariance=0.01, n_both=n_both)

    @pytest.mark.parametrize(
        ("later", "earlier", "both", "covariance", "error"),
        [
            (10, 20, 1, 1.0, TooFewAnswersError),
            (0, 20, 2, 1.0, NoAnswersError),
            (20, 0, 2, 1.0, NoAnswersError),
            (10, 20, 5, math.inf, InvalidValueError),
            (10, 20, 5, math.nan, InvalidValueError),
        ],
    )
    def test_overlap_refuses_what_gives_no_covariance(self, later, earlier, both, covariance, error):
        with pytest.raises(error):
            overlap_covariance(later, earlier, both, covariance)

    def test_overlap_of_two_respondents_has_a_covariance(self):
        assert overlap_covariance(2, 4, 2, 8.0) == 2.0

    @pytest.mark.parametrize("errors", [(-1.0, 1.0), (1.0, -1.0), (math.nan, 1.0), (1.0, math.inf)])
    def test_smallest_detectable_change_needs_errors(self, errors):
        with pytest.raises(InvalidValueError):
            minimum_detectable_change(*errors)

    def test_smallest_detectable_change_may_rest_on_one_period_alone(self):
        assert minimum_detectable_change(0.0, 0.5) == minimum_detectable_change(0.5, 0.0) > 1.4

    def test_overlap_cannot_exceed_either_period(self):
        with pytest.raises(InvalidValueError):
            overlap_covariance(10, 20, 11, 1.0)

    def test_smallest_detectable_change_is_2_8_errors(self):
        assert minimum_detectable_change(3.0, 4.0) == approx(2.8 * 5.0, rel=1e-3)

    @pytest.mark.parametrize("power", [0, 1, 80])
    def test_smallest_detectable_change_needs_a_power(self, power):
        with pytest.raises(InvalidLevelError):
            minimum_detectable_change(1.0, 1.0, power=power)


class TestTheRest:
    """Everybody who is not in a part of the whole."""

    WHOLE, PART, REST = [3, 5, 9, 2, 1], [1, 2, 5, 0, 0], [2, 3, 4, 2, 1]

    @pytest.mark.parametrize("weight", [0.25, 1.0, 7.0])
    def test_has_the_figures_of_its_own_answers(self, weight):
        """Exact for any weight that all answers share, whatever the unit of the sums."""
        whole, part, rest = (score_index(histogram, FIVE) for histogram in (self.WHOLE, self.PART, self.REST))
        found = estimate_of_rest(whole, part, (weight * whole.n, weight * part.n))
        assert (found.value, found.standard_error) == approx((rest.value, rest.standard_error), rel=CLOSED)
        assert (found.n, found.n_eff) == (12, approx(12.0, rel=CLOSED))

    def test_has_the_effective_size_of_its_own_weights(self):
        """Two groups of which each has its own weight: the rest is the second alone."""
        sums = [weighted_sums([1, 2, 5, 4], [1.0, 1.0, 2.0, 2.0]), weighted_sums([1, 2], [1.0, 1.0])]
        whole, part = (weighted_mean(one) for one in sums)
        found = estimate_of_rest(whole, part, (6.0, 2.0))
        assert (found.value, found.n, found.n_eff) == (approx(4.5), 2, approx(2.0))

    def test_of_two_who_differ_has_an_error(self):
        whole, part = score_index([2, 0, 3, 0, 1], FIVE), score_index([1, 0, 3, 0, 0], FIVE)
        assert estimate_of_rest(whole, part).standard_error == approx(score_index([1, 0, 0, 0, 1], FIVE).standard_error)

    @pytest.mark.parametrize(
        ("part", "error"),
        [([3, 5, 7, 0, 0], NoVariationError), ([3, 5, 8, 2, 1], TooFewAnswersError), ([3, 5, 9, 2, 1], NoAnswersError)],
    )
    def test_of_answers_alike_of_one_or_of_none_is_refused(self, part, error):
        whole = [3, 5, 9, 2, 1] if error is not NoVariationError else [3, 5, 9, 0, 0]
        with pytest.raises(error):
            estimate_of_rest(score_index(whole, FIVE), score_index(part, FIVE))

    @pytest.mark.parametrize("code", range(1, 7))
    def test_of_answers_alike_but_for_rounding_is_refused(self, code):
        sixths = score_vector("linear", range(1, 8))
        whole, part = np.full(7, 900), np.full(7, 900)
        whole[code] += 777
        with pytest.raises(NoVariationError):
            estimate_of_rest(score_index(whole, sixths), score_index(part, sixths))

    def test_that_weighs_nothing_is_refused(self):
        whole, part = score_index([3, 5, 9, 2, 1], FIVE), score_index([1, 2, 5, 0, 0], FIVE)
        with pytest.raises(NoVariationError):
            estimate_of_rest(whole, part, (20.0, 20.0 * math.sqrt(8 / 20)))


class TestInterval:
    @pytest.mark.parametrize(("low", "high"), [(2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)])
    def test_refuses_ends_that_are_none(self, low, high):
        with pytest.raises(InvalidValueError):
            Interval(low, high, 0.95)

    def test_is_cut_to_its_scale(self):
        assert Interval(-3.0, 120.0, 0.9).clipped(0.0, 100.0) == Interval(0.0, 100.0, 0.9)

    @pytest.mark.parametrize("level", [0.0, 1.0, 1.5, -0.5, math.nan])
    def test_refuses_a_level_that_is_none(self, level):
        for make in (normal_quantile, lambda one: student_quantile(one, 3), lambda one: Interval(0.0, 1.0, one)):
            with pytest.raises(InvalidLevelError):
                make(level)

    def test_contains_its_ends_and_nothing_beyond(self):
        found = Interval(-1.0, 2.0, 0.95)
        assert [found.contains(value) for value in (-1.1, -1.0, 0.0, 2.0, 2.1)] == [False, True, True, True, False]

    def test_may_be_a_point(self):
        assert Interval(5.0, 5.0, 0.95).half_width == 0.0
