"""Ranks and rank correlations against the definitions and an independent implementation."""

import math

import numpy as np
import pytest
from pytest import approx
from scipy import stats

from analytics.methods.errors import InvalidValueError, NoVariationError, ShapeMismatchError, TooFewAnswersError
from analytics.methods.ranking import kendall_correlation, ranks, spearman_correlation

RANK_CORRELATIONS = [(spearman_correlation, stats.spearmanr), (kendall_correlation, stats.kendalltau)]


def with_ties(seed: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, items) / 3, rng.integers(0, 5, items) / 7


class TestRanks:
    @pytest.mark.parametrize("seed", range(20))
    def test_are_the_competition_ranks_from_the_largest_down(self, seed):
        values = with_ties(seed, 9)[0]
        assert ranks(values).tolist() == stats.rankdata(-values, method="min").tolist()

    def test_of_values_that_rounding_sets_apart_are_shared(self):
        assert ranks([0.3, 0.1 + 0.2, 0.3 + 2e-9, 0.1]).tolist() == [2, 2, 1, 4]

    @pytest.mark.parametrize(
        ("values", "error"), [([[1.0, 2.0]], ShapeMismatchError), (3.0, ShapeMismatchError), ([1.0, math.nan], InvalidValueError)]
    )
    def test_refuse_what_has_no_order(self, values, error):
        with pytest.raises(error):
            ranks(values)


@pytest.mark.parametrize(("ours", "theirs"), RANK_CORRELATIONS)
class TestRankCorrelations:
    @pytest.mark.parametrize("seed", range(40))
    def test_equal_an_independent_implementation_with_ties(self, ours, theirs, seed):
        one, two = with_ties(seed, 3 + seed % 12)
        if np.ptp(one) and np.ptp(two):
            assert ours(one, two) == approx(theirs(one, two).statistic, abs=1e-12)
        else:
            with pytest.raises(NoVariationError):
                ours(one, two)

    @pytest.mark.parametrize("items", range(2, 12))
    def test_are_exactly_one_where_both_sides_agree(self, ours, theirs, items):
        one = np.random.default_rng(items).permutation(items) / 7
        assert (ours(one, one**3), ours(one, -one)) == (approx(1.0), approx(-1.0))
        assert -1.0 <= ours(one, -one) <= ours(one, one**3) <= 1.0

    def test_take_values_that_rounding_sets_apart_for_ties(self, ours, theirs):
        expected = theirs([0.3, 0.3, 0.1], [1, 2, 3]).statistic
        for other in (0.1 + 0.2, 0.3 + 1e-12, 0.3 - 1e-12):
            assert ours([0.3, other, 0.1], [1, 2, 3]) == approx(expected)

    def test_of_one_group_are_those_without_groups(self, ours, theirs):
        one, two = with_ties(3, 9)
        assert ours(one, two, [4] * 9) == ours(one, two)

    def test_of_groups_have_no_order_from_one_to_another(self, ours, theirs):
        one, two, groups = with_ties(3, 9)[0], with_ties(5, 9)[1], np.arange(9) % 3
        moved = ours(one + 10.0 * groups, two - 5.0 * groups, groups)
        assert moved == approx(ours(one, two, groups)) and moved != approx(ours(one, two))

    @pytest.mark.parametrize(
        ("one", "two", "groups", "error"),
        [
            ([1], [1], None, TooFewAnswersError),
            ([], [], None, TooFewAnswersError),
            ([1, 2], [1, 2, 3], None, ShapeMismatchError),
            ([1, 2], [1, 2], [0], ShapeMismatchError),
            ([1, math.inf], [1, 2], None, InvalidValueError),
            ([1, 2], [math.nan, 2], None, InvalidValueError),
            ([[1, 2]], [[1, 2]], None, ShapeMismatchError),
            ([1, 1], [1, 2], None, NoVariationError),
            ([1, 2], [1, 1], None, NoVariationError),
            ([1, 2], [1, 2], [0, 1], NoVariationError),
        ],
    )
    def test_refuse_what_has_no_order(self, ours, theirs, one, two, groups, error):
        with pytest.raises(error) as refusal:
            ours(one, two, groups)
        if error is TooFewAnswersError:
            assert refusal.value.details == {"n": len(one), "needed": 2}

    def test_of_two_items_are_one_or_minus_one(self, ours, theirs):
        assert (ours([1, 2], [3, 5]), ours([1, 2], [5, 3])) == (1.0, -1.0)


def test_spearman_of_groups_is_pearson_of_ranks_less_the_mean_rank_of_the_group():
    one, two, groups = with_ties(3, 9)[0], with_ties(5, 9)[1], np.arange(9) % 3
    sides = []
    for side in (one, two):
        rank = np.zeros(9)
        for group in range(3):
            rank[groups == group] = stats.rankdata(side[groups == group]) - 2.0
        sides.append(rank)
    assert spearman_correlation(one, two, groups) == approx(sides[0] @ sides[1] / math.sqrt(sides[0] @ sides[0] * (sides[1] @ sides[1])))
