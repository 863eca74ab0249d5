"""Weights from pairwise judgements against published matrices."""

import math
from dataclasses import replace

import numpy as np
import pytest
from pytest import approx

from analytics.methods.ahp import (
    eigenvector_priorities,
    geometric_consistency_index,
    geometric_priorities,
    incomplete_consistency,
    incomplete_priorities,
    judgement_matrix,
)
from analytics.methods.ahp_panel import aggregated_judgements, group_priorities, most_disturbing_judgement
from analytics.methods.errors import (
    DisconnectedJudgementsError,
    InvalidJudgementError,
    InvalidScaleError,
    NoAnswersError,
    ShapeMismatchError,
    TooManyItemsError,
    ZeroWeightError,
)
from tests.methods.checks.experts import AHP, city_matrices, of_weights, with_holes
from tests.methods.figures import CLOSED

MATRICES = city_matrices()


@pytest.mark.parametrize("name", AHP["examples"])
class TestPublishedMatrices:
    def test_lose_consistency_most_by_the_judgement_that_is_named(self, name):
        matrix = AHP["examples"][name]["matrix"]
        found = most_disturbing_judgement(matrix)
        assert found.judgement == matrix[found.row][found.column]
        assert found.ratio_without < eigenvector_priorities(matrix).consistency_ratio


class TestIncompleteJudgements:
    def test_that_are_complete_give_the_row_geometric_means(self):
        matrix = AHP["examples"]["house"]["matrix"]
        assert incomplete_priorities(matrix) == approx(geometric_priorities(matrix).weights, abs=1e-12)

    def test_that_do_not_link_all_elements_are_refused(self):
        matrix = with_holes(of_weights([0.4, 0.3, 0.2, 0.1]), [(1, 3), (1, 4), (2, 3), (2, 4)])
        with pytest.raises(DisconnectedJudgementsError) as refusal:
            incomplete_priorities(matrix)
        assert refusal.value.reason == "disconnected_judgements"

    def test_name_the_judgement_that_disturbs_them(self):
        matrix = of_weights([0.4, 0.3, 0.2, 0.1])
        matrix[0, 3], matrix[3, 0] = 1 / 9, 9
        found = most_disturbing_judgement(with_holes(matrix, [(2, 3)]))
        assert (found.row, found.column) == (0, 3)
        assert found.implied == approx(4.0)
        assert found.ratio_without == approx(0.0, abs=1e-9)


    def test_that_hang_on_a_single_judgement_are_not_blamed_on_it(self):
        """Three elements contradict one another; the fourth hangs on the first by one judgement, and two are open."""
        matrix = np.ones((4, 4))
        for (row, column), value in {(0, 1): 3, (1, 2): 3, (0, 2): 1 / 3, (0, 3): 9}.items():
            matrix[row, column], matrix[column, row] = value, 1 / value
        found = most_disturbing_judgement(with_holes(matrix, [(2, 4), (3, 4)]))
        assert found.judgement == matrix[found.row, found.column] != 9
        assert found.column < 3 and found.ratio_without == approx(0.0, abs=1e-9)


class TestPanel:
    def test_listens_to_nobody_else_when_one_voice_has_all_the_weight(self):
        shares = [1.0] + [0.0] * (len(MATRICES) - 1)
        report = group_priorities(MATRICES, shares)
        assert report.group.weights == approx(report.individual[0].weights, abs=1e-12)

    def test_spreads_as_far_as_its_experts_weights_do(self):
        report = group_priorities(MATRICES[:7])
        own = np.array([eigenvector_priorities(matrix).weights for matrix in MATRICES[:7]])
        assert report.spread == approx(np.sqrt(((own - own.mean(axis=0)) ** 2).sum(axis=0) / 6), rel=1e-9)

    def test_of_two_experts_spreads_half_as_far_again_as_their_mean_distance(self):
        spread = group_priorities([[[1, 2], [0.5, 1]], [[1, 8], [0.125, 1]]]).spread
        assert spread == approx(np.full(2, (8 / 9 - 2 / 3) / math.sqrt(2)))

    def test_without_a_voice_of_the_consistent_has_no_second_figure(self):
        bad, good = [[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]], [[1, 2, 4], [0.5, 1, 2], [0.25, 0.5, 1]]
        report = group_priorities([bad, good, good], [1.0, 0.0, 0.0])
        assert report.consistent_only is None and report.inconsistent == (0,)
        report = group_priorities([bad, good, good], [1.0, 0.0, 2.0])
        assert report.consistent_only is not None
        assert report.consistent_only.weights == approx([4 / 7, 2 / 7, 1 / 7])

    def test_leaves_open_what_nobody_with_a_voice_has_judged(self):
        open_, closed = with_holes(MATRICES[0], [(1, 2)]), MATRICES[1]
        together = aggregated_judgements([open_, closed], [3.0, 0.0])
        assert np.isnan(together[0, 1]) and np.isnan(together[1, 0]) and np.isfinite(together[0, 2])

    def test_hears_voices_in_proportion(self):
        one, two = [[1, 2], [0.5, 1]], [[1, 8], [0.125, 1]]
        assert aggregated_judgements([one, two], [2.0, 1.0])[0, 1] == approx(2 ** (5 / 3))
        assert aggregated_judgements([one, two], [0.2, 0.1])[0, 1] == approx(2 ** (5 / 3))

    def test_of_one_expert_has_no_spread(self):
        assert group_priorities(MATRICES[:1]).spread.tolist() == [0.0] * 5

    def test_without_consistent_experts_has_no_second_figure(self):
        assert group_priorities([AHP["examples"]["school"]["matrix"]]).consistent_only is None

    def test_fills_a_hole_of_one_expert_from_the_others(self):
        report = group_priorities([with_holes(MATRICES[0], [(1, 2)]), MATRICES[1]])
        assert np.isfinite(report.group.weights).all()
        assert aggregated_judgements([with_holes(MATRICES[0], [(1, 2)]), MATRICES[1]])[0, 1] == MATRICES[1][0, 1]

    @pytest.mark.parametrize(
        ("matrices", "shares", "error"),
        [
            ([], None, NoAnswersError),
            ([np.ones((2, 2)), np.ones((3, 3))], None, ShapeMismatchError),
            ([np.ones((2, 2))], [0.0], ZeroWeightError),
            ([np.ones((2, 2))], [1.0, 1.0], ShapeMismatchError),
        ],
    )
    def test_refuses_a_panel_that_is_none(self, matrices, shares, error):
        with pytest.raises(error):
            group_priorities(matrices, shares)


class TestJudgements:
    def test_of_two_elements_are_always_consistent(self):
        found = eigenvector_priorities([[1, 9], [1 / 9, 1]])
        assert found.weights == approx([0.9, 0.1])
        assert found.consistency_ratio == 0
        assert most_disturbing_judgement([[1, 9], [1 / 9, 1]]) is None

    @pytest.mark.parametrize(
        ("matrix", "error"),
        [
            ([[1, 2], [2, 1]], InvalidJudgementError),
            ([[1, -2], [-0.5, 1]], InvalidJudgementError),
            ([[1, 0], [0, 1]], InvalidJudgementError),
            ([[2, 2], [0.5, 1]], InvalidJudgementError),
            ([[1, math.nan], [math.nan, 1]], InvalidJudgementError),
            ([[1, math.inf], [0, 1]], InvalidJudgementError),
            ([[1, 2, 3]], InvalidJudgementError),
            ([[1, 2, 3], [0.5, 1, 2]], InvalidJudgementError),
            ([1, 2], InvalidJudgementError),
            (np.ones((2, 2, 2)), InvalidJudgementError),
            ([[1, 2], [0.4, 1]], InvalidJudgementError),
            ([[1, 2], [0.5 + 1e-6, 1]], InvalidJudgementError),
            ([[1]], InvalidJudgementError),
            (np.ones((10, 10)), TooManyItemsError),
        ],
    )
    def test_refuse_a_matrix_that_is_none(self, matrix, error):
        with pytest.raises(error):
            eigenvector_priorities(matrix)
        with pytest.raises(error):
            geometric_priorities(matrix)

    @pytest.mark.parametrize("matrix", [[[1, 2], [2, 1]], [[1, math.nan], [2, 1]], [[1, -2], [-0.5, 1]], [[1, 2, 3]], [[1]]])
    def test_that_are_incomplete_refuse_a_matrix_that_is_none(self, matrix):
        for method in (incomplete_priorities, incomplete_consistency):
            with pytest.raises(InvalidJudgementError):
                method(matrix)

    def test_of_nothing_in_common_are_refused(self):
        for method in (incomplete_priorities, incomplete_consistency):
            with pytest.raises(DisconnectedJudgementsError):
                method([[1, math.nan], [math.nan, 1]])

    @pytest.mark.parametrize(("size", "error"), [(1, InvalidJudgementError), (10, TooManyItemsError)])
    def test_are_of_two_to_nine_elements(self, size, error):
        with pytest.raises(error) as refusal:
            judgement_matrix(size, {})
        assert refusal.value.details == ({"items": 10, "limit": 9} if size > 9 else {})
        for allowed in (2, 9):
            assert judgement_matrix(allowed, {(0, 1): 9}).shape == (allowed,) * 2
            assert eigenvector_priorities(np.ones((allowed, allowed))).weights == approx(np.full(allowed, 1 / allowed))

    @pytest.mark.parametrize(
        ("table", "printed"),
        [
            ("saaty_1980", [0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45]),
            ("alonso_lamata_2006", [0.525, 0.882, 1.109, 1.248, 1.342, 1.406, 1.450]),
        ],
    )
    def test_are_measured_against_the_printed_random_indices(self, table, printed):
        for size, expected in enumerate(printed, start=3):
            matrix = np.ones((size, size))
            matrix[0, 1:], matrix[1:, 0] = 5, 1 / 5
            matrix[1, 2], matrix[2, 1] = 9, 1 / 9
            found = eigenvector_priorities(matrix, table)
            assert found.consistency_index == approx((np.linalg.eigvals(matrix).real.max() - size) / (size - 1))
            assert found.consistency_index / found.consistency_ratio == approx(expected, abs=6e-4)

    @pytest.mark.parametrize("name", AHP["examples"])
    def test_have_one_ratio_whatever_the_weights_are_made_by(self, name):
        matrix = AHP["examples"][name]["matrix"]
        ratios = [method(matrix).consistency_ratio for method in (eigenvector_priorities, geometric_priorities)]
        assert ratios[0] == approx(ratios[1], rel=1e-9)

    def test_are_consistent_up_to_one_tenth(self):
        found = eigenvector_priorities(AHP["examples"]["house"]["matrix"])
        assert [replace(found, consistency_ratio=ratio).is_consistent for ratio in (0.1, 0.1001)] == [True, False]

    @pytest.mark.parametrize("value", [1 / 9, 1.0, 9.0])
    def test_reach_from_a_ninth_to_nine(self, value):
        assert judgement_matrix(2, {(1, 0): value})[0, 1] == approx(1 / value)

    @pytest.mark.parametrize("method", [eigenvector_priorities, geometric_priorities, incomplete_consistency])
    @pytest.mark.parametrize("size", range(2, 10))
    def test_that_do_not_contradict_one_another_give_their_weights_back(self, method, size):
        weights = np.arange(1.0, size + 1) / sum(range(1, size + 1))
        found = method(np.divide.outer(weights, weights))
        assert found.weights == approx(weights) and (found.weights > 0).all()
        assert (found.largest_eigenvalue, found.consistency_ratio) == (approx(size), approx(0, abs=1e-12))
        assert found.is_consistent

    @pytest.mark.parametrize(
        "judged", [{(0, 1): 10}, {(0, 1): 0.1}, {(0, 2): 2}, {(0, 0): 2}, {(0, 1): 2, (1, 0): 0.5}, {(0, 1): math.nan}]
    )
    def test_refuse_what_no_expert_can_say(self, judged):
        with pytest.raises(InvalidJudgementError):
            judgement_matrix(2, judged)

    def test_refuse_an_unknown_table(self):
        with pytest.raises(InvalidScaleError):
            eigenvector_priorities([[1, 2], [0.5, 1]], "made_up")

    def test_of_two_elements_have_no_geometric_index(self):
        with pytest.raises(InvalidJudgementError):
            geometric_consistency_index([[1, 2], [0.5, 1]])

    def test_are_within_rounding_of_the_published_weights(self):
        published = [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333]
        assert eigenvector_priorities(AHP["examples"]["house"]["matrix"]).weights == approx(published, abs=1e-3)
        assert eigenvector_priorities(AHP["examples"]["house"]["matrix"], "saaty_1980").consistency_ratio == approx(
            0.169, abs=CLOSED + 5e-4
        )
