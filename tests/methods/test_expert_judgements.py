"""Weights from pairwise judgements against published matrices."""

import itertools
import math

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
from tests.methods.figures import CLOSED, figures

AHP = figures("ahp")
CITY = AHP["group_city200"]


def holes(matrix, pairs):
    out = np.array(matrix, dtype=float)
    for row, column in pairs:
        out[row - 1, column - 1] = out[column - 1, row - 1] = math.nan
    return out


def of_weights(weights):
    w = np.array(weights)
    return w[:, None] / w[None, :]


def city_matrices():
    pairs = list(itertools.combinations(range(5), 2))
    for row in CITY["judgements"]["rows"]:
        matrix = np.eye(5)
        for (i, j), value in zip(pairs, row, strict=True):
            matrix[i, j] = -value if value < 0 else 1 / value
            matrix[j, i] = 1 / matrix[i, j]
        yield matrix


MATRICES = list(city_matrices())


@pytest.mark.parametrize("name", AHP["examples"])
class TestPublishedMatrices:
    def test_give_the_eigenvector_and_its_ratio(self, name):
        case = AHP["examples"][name]
        for table, key in (("saaty_1980", "CR_saaty1980"), ("alonso_lamata_2006", "CR_alonso_lamata")):
            found = eigenvector_priorities(case["matrix"], table)
            assert found.weights == approx(case["eigen"], abs=1e-9)
            assert found.largest_eigenvalue == approx(case["lambda_max"], abs=1e-9)
            assert found.consistency_index == approx(case["CI"], abs=1e-9)
            assert found.consistency_ratio == approx(case[key], abs=1e-9)
            assert found.random_index == table

    def test_give_the_row_geometric_means(self, name):
        case = AHP["examples"][name]
        assert geometric_priorities(case["matrix"]).weights == approx(case["geomean"], abs=1e-9)
        assert geometric_consistency_index(case["matrix"]) == approx(case["GCI"], abs=1e-9)

    def test_lose_consistency_most_by_the_judgement_that_is_named(self, name):
        matrix = AHP["examples"][name]["matrix"]
        found = most_disturbing_judgement(matrix)
        assert found.judgement == matrix[found.row][found.column]
        assert found.ratio_without < eigenvector_priorities(matrix).consistency_ratio


class TestIncompleteJudgements:
    def test_of_drinks_equal_the_reference(self):
        case = AHP["incomplete"]["drink_missing"]
        matrix = holes(AHP["examples"]["drink"]["matrix"], case["missing_pairs"])
        assert incomplete_priorities(matrix) == approx(case["lls"], abs=1e-9)
        harker = incomplete_consistency(matrix)
        assert harker.weights == approx(case["harker_w"], abs=1e-9)
        assert harker.largest_eigenvalue == approx(case["harker_lambda"], abs=1e-9)

    def test_of_four_elements_equal_the_reference(self):
        case = AHP["incomplete"]["four"]
        judged = {(0, 1): 1, (0, 2): 5, (0, 3): 2, (1, 2): 3, (1, 3): 4}
        matrix = judgement_matrix(4, judged)
        assert incomplete_priorities(matrix) == approx(case["lls"], abs=1e-9)
        assert incomplete_consistency(matrix).weights == approx(case["harker_w"], abs=1e-9)

    def test_that_agree_give_the_true_weights(self):
        case = AHP["incomplete"]["consistent"]
        matrix = holes(of_weights(case["true"]), case["missing_pairs"])
        assert incomplete_priorities(matrix) == approx(case["true"], abs=1e-12)

    def test_that_are_complete_give_the_row_geometric_means(self):
        matrix = AHP["examples"]["house"]["matrix"]
        assert incomplete_priorities(matrix) == approx(geometric_priorities(matrix).weights, abs=1e-12)

    def test_that_do_not_link_all_elements_are_refused(self):
        matrix = holes(of_weights([0.4, 0.3, 0.2, 0.1]), [(1, 3), (1, 4), (2, 3), (2, 4)])
        with pytest.raises(DisconnectedJudgementsError) as refusal:
            incomplete_priorities(matrix)
        assert refusal.value.reason == "disconnected_judgements"

    def test_name_the_judgement_that_disturbs_them(self):
        matrix = of_weights([0.4, 0.3, 0.2, 0.1])
        matrix[0, 3], matrix[3, 0] = 1 / 9, 9
        found = most_disturbing_judgement(holes(matrix, [(2, 3)]))
        assert (found.row, found.column) == (0, 3)
        assert found.implied == approx(4.0)
        assert found.ratio_without == approx(0.0, abs=1e-9)


class TestPanel:
    def test_equals_the_reference(self):
        report = group_priorities(MATRICES, random_index="saaty_1980")
        assert aggregated_judgements(MATRICES) == approx(np.array(CITY["aij"]["matrix"]), abs=1e-9)
        assert report.group.weights == approx(CITY["aij"]["eigen"], abs=1e-9)
        assert report.group.consistency_ratio == approx(CITY["aij"]["CR_saaty1980"], abs=1e-9)

    def test_shows_each_experts_ratio(self):
        report = group_priorities(MATRICES, random_index="saaty_1980")
        assert [own.consistency_ratio for own in report.individual] == approx(CITY["individual_CR"], abs=1e-9)
        assert len(MATRICES) - len(report.inconsistent) == CITY["n_CR_le_0.1"]
        for matrix, expected in zip(MATRICES, CITY["individual_first3"], strict=False):
            assert geometric_priorities(matrix).weights == approx(expected, abs=1e-9)

    def test_shows_the_effect_of_leaving_out_inconsistent_experts(self):
        report = group_priorities(MATRICES, random_index="saaty_1980")
        expected = CITY["aij_only_CR_le_0.1"]
        assert report.consistent_only.weights == approx(expected["eigen"], abs=1e-9)
        assert report.consistent_only.consistency_ratio == approx(expected["CR"], abs=1e-9)

    def test_by_geometric_means_is_the_mean_of_the_experts(self):
        together = geometric_priorities(aggregated_judgements(MATRICES)).weights
        assert together == approx(CITY["aip_geometric"], abs=1e-9)

    def test_listens_to_nobody_else_when_one_voice_has_all_the_weight(self):
        shares = [1.0] + [0.0] * (len(MATRICES) - 1)
        report = group_priorities(MATRICES, shares)
        assert report.group.weights == approx(report.individual[0].weights, abs=1e-12)

    def test_of_one_expert_has_no_spread(self):
        assert group_priorities(MATRICES[:1]).spread.tolist() == [0.0] * 5

    def test_without_consistent_experts_has_no_second_figure(self):
        assert group_priorities([AHP["examples"]["school"]["matrix"]]).consistent_only is None

    def test_fills_a_hole_of_one_expert_from_the_others(self):
        report = group_priorities([holes(MATRICES[0], [(1, 2)]), MATRICES[1]])
        assert np.isfinite(report.group.weights).all()
        assert aggregated_judgements([holes(MATRICES[0], [(1, 2)]), MATRICES[1]])[0, 1] == MATRICES[1][0, 1]

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
