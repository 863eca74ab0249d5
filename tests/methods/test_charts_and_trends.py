"""Control charts, trends, decompositions and corrections for many comparisons."""

import math

import numpy as np
import pytest
from pytest import approx
from scipy import stats

from analytics.methods.control_charts import individuals_chart, laney_chart, proportion_chart, score_chart
from analytics.methods.errors import (
    InvalidCountError,
    InvalidValueError,
    NoAnswersError,
    NoVariationError,
    ShapeMismatchError,
    TooFewPeriodsError,
    WeightSumError,
)
from analytics.methods.intervals import Interval
from analytics.methods.multiplicity import benjamini_hochberg, holm
from analytics.methods.trends import decompose_change, effect_band, trend
from tests.methods.figures import CLOSED, figures

CHARTS = figures("control_charts")
SFO = figures("sfo_waves")


class TestIndividualsChart:
    def test_equals_the_handbook(self):
        case = CHARTS["xmr"]
        chart, ranges = individuals_chart(case["x"])
        assert (chart.centre, ranges.mean) == approx((case["mean"], case["mrbar"]), rel=CLOSED)
        assert (chart.upper[0], chart.lower[0]) == approx((case["ucl"], case["lcl"]), rel=CLOSED)
        assert ranges.upper == approx(case["mr_ucl"], abs=1e-4)
        assert chart.is_provisional
        assert chart.beyond == ()

    def test_flags_a_jump_and_its_range(self):
        chart, ranges = individuals_chart([10, 11] * 8 + [30])
        assert chart.beyond == (16,)
        assert ranges.beyond == (16,)
        assert not chart.is_provisional

    def test_flags_nine_in_a_row_on_one_side(self):
        chart, _ = individuals_chart([0, 1] * 5 + [5, 6] * 5)
        assert chart.runs == (8, 9, 18, 19)

    def test_does_not_count_a_point_on_the_line(self):
        chart, _ = individuals_chart([-1, 1, *[0] * 20])
        assert chart.runs == ()

    @pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
    def test_does_not_count_a_point_that_rounding_takes_off_the_line(self, unit):
        chart, _ = individuals_chart(np.array([0.1] * 10 + [0.2, 0.0]) * unit)
        assert chart.runs == ()

    @pytest.mark.parametrize("values", [[], [5.0]])
    def test_refuses_fewer_than_two_periods(self, values):
        with pytest.raises(TooFewPeriodsError):
            individuals_chart(values)

    def test_refuses_periods_that_are_all_alike(self):
        with pytest.raises(NoVariationError):
            individuals_chart([5, 5])


class TestProportionCharts:
    @pytest.mark.parametrize("method", [proportion_chart, laney_chart])
    @pytest.mark.parametrize(
        ("successes", "sizes", "error"),
        [
            ([1], [2], TooFewPeriodsError),
            ([0, 0], [5, 5], NoVariationError),
            ([5, 5], [5, 5], NoVariationError),
            ([1, 1], [5, 0], InvalidCountError),
            ([1, 0], [5, 0], InvalidCountError),
            ([6, 1], [5, 5], InvalidCountError),
            ([1, 1, 1], [5, 5], ShapeMismatchError),
        ],
    )
    def test_refuse_periods_that_are_none(self, method, successes, sizes, error):
        with pytest.raises(error):
            method(successes, sizes)


    @pytest.mark.parametrize("method", [proportion_chart, laney_chart])
    def test_keep_their_limits_within_0_and_1(self, method):
        for successes in ([0, 1, 5, 2], [9, 4, 9, 9]):
            chart = method(successes, [9, 9, 9, 9])
            assert (chart.lower >= 0).all() and (chart.upper <= 1).all()
            assert 0.0 in chart.lower or 1.0 in chart.upper

    def test_take_a_share_on_its_limit_for_one_within(self):
        chart = proportion_chart([0, 2, 1], [9, 9, 9])
        assert chart.lower.tolist() == [0.0] * 3 and chart.beyond == ()
        chart = proportion_chart([9, 7, 8], [9, 9, 9])
        assert chart.upper.tolist() == [1.0] * 3 and chart.beyond == ()

    def test_know_no_spread_between_periods_but_laneys(self):
        assert proportion_chart([3, 6], [9, 9]).sigma_z == individuals_chart([3, 6])[0].sigma_z == 1.0
        z = (6 / 9 - 3 / 9) / math.sqrt(0.25 / 9)
        assert laney_chart([3, 6], [9, 9]).sigma_z == approx(z / 1.128)

    def test_say_how_many_periods_there_are_and_that_two_are_needed(self):
        for refused in (lambda: proportion_chart([1], [2]), lambda: individuals_chart([1])):
            with pytest.raises(TooFewPeriodsError) as refusal:
                refused()
            assert refusal.value.details == {"periods": 1, "needed": 2}

    @pytest.mark.parametrize(("periods", "is_provisional"), [(11, True), (12, False)])
    def test_are_provisional_under_twelve_periods(self, periods, is_provisional):
        assert proportion_chart([*range(1, periods), 3], [20] * periods).is_provisional is is_provisional


class TestScoreChart:
    def test_scales_its_limits_by_the_spread_between_periods(self):
        chart = score_chart([70, 72, 70, 72], [1, 1, 1, 1], [50] * 4)
        assert chart.sigma_z == approx(2 / 1.128)
        assert chart.upper[0] - chart.centre == approx(3 * 2 / 1.128)

    def test_has_limits_as_wide_as_each_period_is_unsure(self):
        means, errors, sizes = np.array([70.0, 74.0, 69.0]), np.array([1.0, 2.0, 0.5]), [10, 30, 60]
        chart = score_chart(means, errors, sizes)
        z = (means - 70.6) / errors
        sigma_z = (abs(z[1] - z[0]) + abs(z[2] - z[1])) / 2 / 1.128
        assert (chart.centre, chart.sigma_z) == approx((70.6, sigma_z))
        assert chart.upper == approx(70.6 + 3 * sigma_z * errors)
        assert chart.lower == approx(70.6 - 3 * sigma_z * errors)

    @pytest.mark.parametrize(
        ("means", "errors", "sizes", "error"),
        [
            ([70.0], [1.0], [5], TooFewPeriodsError),
            ([], [], [], InvalidCountError),
            ([70.0, math.nan], [1.0, 1.0], [5, 5], InvalidValueError),
            ([70.0, 71.0], [1.0], [5, 5], ShapeMismatchError),
            ([70.0, 71.0], [1.0, 1.0], [5, 0], InvalidCountError),
        ],
    )
    def test_refuses_periods_that_are_none(self, means, errors, sizes, error):
        with pytest.raises(error):
            score_chart(means, errors, sizes)

    def test_refuses_a_period_that_does_not_vary(self):
        with pytest.raises(NoVariationError):
            score_chart([70, 72], [1, 0], [50, 50])

    @pytest.mark.parametrize("value", [0.1, 100 / 3, 77.7, 83.1])
    def test_refuses_periods_that_are_all_alike_but_for_rounding(self, value):
        errors, sizes = np.linspace(0.5, 1.7, 13), np.arange(13) * 7 + 3
        for periods in range(2, 14):
            with pytest.raises(NoVariationError):
                score_chart([value] * periods, errors[:periods], sizes[:periods])


class TestTrend:
    def test_of_the_airport_overall_score_equals_the_reference(self):
        waves = [wave for wave in SFO["waves"] if wave["item"] == "Q7ALL"]
        found = trend(
            [wave["year"] for wave in waves],
            [wave["mean"]["weighted_mean"] for wave in waves],
            [wave["mean"]["se"] for wave in waves],
        )
        assert (found.slope, found.p_slope) == (approx(0.00964, abs=5e-6), approx(0.053, abs=5e-4))
        assert found.df == 4

    def test_of_two_periods_is_refused(self):
        with pytest.raises(TooFewPeriodsError):
            trend([1, 2], [70, 71], [1, 1])

    @pytest.mark.parametrize(("times", "errors"), [([1, 1, 1], [1, 1, 1]), ([1, 2, 3], [1, 0, 1])])
    def test_refuses_periods_without_spread(self, times, errors):
        with pytest.raises(NoVariationError):
            trend(times, [70, 71, 72], errors)

    @pytest.mark.parametrize("unit", [0.01, 1.0, 365.0])
    @pytest.mark.parametrize("values", [(70.0, 71.5, 70.5, 73.0), (73.0, 70.5, 71.5, 70.0)])
    def test_is_weighted_least_squares_with_known_errors(self, values, unit):
        times, errors = np.array([0.0, 1.0, 2.5, 3.0]) * unit, np.array([0.5, 1.0, 0.7, 2.0])
        design, precision = np.column_stack([np.ones(4), times]), np.diag(errors**-2)
        covariance = np.linalg.inv(design.T @ precision @ design)
        slope, error = (covariance @ design.T @ precision @ values)[1], math.sqrt(covariance[1, 1])
        q = ((np.array(values) - np.average(values, weights=errors**-2)) ** 2 / errors**2).sum()
        found = trend(times, values, errors)
        assert (found.slope, found.slope_error) == approx((slope, error), rel=1e-9)
        assert found.p_slope == approx(2 * stats.norm.sf(abs(slope) / error), rel=1e-9)
        assert (found.heterogeneity, found.p_any_change) == approx((q, stats.chi2.sf(q, 3)), rel=1e-9)

    def test_says_how_many_periods_there_are_and_that_three_are_needed(self):
        with pytest.raises(TooFewPeriodsError) as refusal:
            trend([1, 2], [3, 4], [1, 1])
        assert refusal.value.details == {"periods": 2, "needed": 3}

    def test_does_not_depend_on_where_time_starts(self):
        early, late = (trend(np.array([1, 2, 4]) + start, [70, 71, 70], [1, 2, 1]) for start in (0, 2000))
        assert late.slope == approx(early.slope, rel=1e-9)


class TestDecomposition:
    def test_leaves_no_remainder(self):
        parts = decompose_change([70, 80, 60], [72, 79, 66], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5])
        before, after = 0.5 * 70 + 0.3 * 80 + 0.2 * 60, 0.2 * 72 + 0.3 * 79 + 0.5 * 66
        assert parts.total == approx(after - before, abs=1e-12)

    def test_of_unchanged_weights_is_all_scores(self):
        parts = decompose_change([70, 80], [72, 80], [0.5, 0.5], [0.5, 0.5])
        assert (parts.from_scores.tolist(), parts.from_weights.tolist()) == ([1.0, 0.0], [0.0, 0.0])

    @pytest.mark.parametrize(
        ("weights", "scores", "error"),
        [
            ([0.5, 0.6], [1, 2], WeightSumError),
            ([1.0], [1, 2], ShapeMismatchError),
            ([0.5, 0.5], [1, math.nan], InvalidValueError),
        ],
    )
    def test_refuses_weights_and_scores_that_are_none(self, weights, scores, error):
        with pytest.raises(error):
            decompose_change([1, 2], scores, [0.5, 0.5], weights)
        with pytest.raises(error):
            decompose_change(scores, [1, 2], weights, [0.5, 0.5])

    def test_band_of_no_interest_is_open(self):
        assert effect_band(Interval(-0.9, 0.9, 0.95), 1.0)
        assert not effect_band(Interval(-1.0, 0.9, 0.95), 1.0)
        assert not effect_band(Interval(-0.9, 1.0, 0.95), 1.0)
        with pytest.raises(InvalidValueError):
            effect_band(Interval(-0.9, 1.0, 0.95), 0.0)


class TestManyComparisons:
    ROWS = SFO["change_2017_2018"]

    @pytest.mark.parametrize("method", [holm, benjamini_hochberg])
    def test_change_nothing_for_one(self, method):
        assert method([0.04]).tolist() == [0.04]

    @pytest.mark.parametrize("method", [holm, benjamini_hochberg])
    def test_take_certainty_and_its_contrary(self, method):
        assert method([0.0, 1.0]).tolist() == [0.0, 1.0]
        assert method([0.9, 0.8, 1.0]).max() == 1.0

    @pytest.mark.parametrize("method", [holm, benjamini_hochberg])
    @pytest.mark.parametrize(
        ("p", "error"),
        [
            ([], NoAnswersError),
            ([1.1], InvalidValueError),
            ([-0.1], InvalidValueError),
            ([0.5, 1.1], InvalidValueError),
            ([0.5, -0.1], InvalidValueError),
            ([math.nan], InvalidValueError),
        ],
    )
    def test_refuse_what_is_no_p_value(self, method, p, error):
        with pytest.raises(error):
            method(p)
