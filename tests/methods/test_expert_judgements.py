"""Weights from pairwise judgements against published matrices."""

import math

import numpy as np
import pytest
from pytest import approx

from analytics.methods.ahp import (
    eigenvector_priorities,
    geometric_consistency_index,
    geometric_priorities,
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


class TestPanel:
    def test_listens_to_nobody_else_when_one_voice_has_all_the_weight(self):
        shares = [1.0] + [0.0] * (len(MATRICES) - 1)
        report = group_priorities(MATRICES, shares)
        assert report.group.weights == approx(report.individual[0].weights, abs=1e-12)

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
            ([[1]], InvalidJudgementError),
            (np.ones((10, 10)), TooManyItemsError),
        ],
    )
    def test_refuse_a_matrix_that_is_none(self, matrix, error):
        with pytest.raises(error):
            eigenvector_priorities(matrix)

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
