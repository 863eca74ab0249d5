"""The hierarchical index against exact fractions and hand-worked cases."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from analytics.methods import composite
from analytics.methods.composite import index_moments, index_values, tree_score
from analytics.methods.distributions import score_vector
from analytics.methods.errors import (
    InvalidCountError,
    InvalidLevelError,
    InvalidScaleError,
    InvalidTreeError,
    InvalidValueError,
    InvalidWeightError,
    NoAnswersError,
    ShapeMismatchError,
    TooFewAnswersError,
    UnknownCodeError,
    WeightSumError,
    ZeroWeightError,
)
from analytics.methods.index_definition import IndexDefinition
from analytics.methods.moments import (
    UNITS,
    Moments,
    MomentTable,
    grouped_moments,
    mean_estimate,
    mean_value,
    variance_of_mean,
    weighted_mean_estimate,
)
from analytics.methods.trees import (
    IndicatorTree,
    coverage,
    effective_weights,
    equal_weights,
    normalised_weights,
    roll_up,
)
from analytics.methods.weighting import weighted_mean, weighted_sums
from tests.methods.checks.trends import PARENTS, ROLLUP, WEIGHTS
from tests.methods.figures import CLOSED

FIVE, LINEAR = (1, 2, 3, 4, 5), (0.0, 25.0, 50.0, 75.0, 100.0)
TREE = IndicatorTree(PARENTS, WEIGHTS)
RULE = IndexDefinition(TREE, (FIVE,) * 7, (LINEAR,) * 7)


def exact_values(tree: IndicatorTree, scores: list[float | None], minimum: Fraction) -> list[Fraction | None]:
    """Roll one respondent up the tree in fractions: the rule, word for word."""
    weight = [Fraction(w).limit_denominator(10**6) for w in tree.weights]
    value: dict[int, Fraction | None] = {}
    covered: dict[int, Fraction] = {}
    for node in reversed(tree.order):
        if node in tree.column_of:
            score = scores[tree.column_of[node]]
            value[node] = None if score is None else Fraction(score)
            covered[node] = Fraction(score is not None)
            continue
        present = [child for child in tree.children[node] if value[child] is not None and weight[child] > 0]
        total = sum(weight[child] for child in present)
        value[node] = sum(weight[child] * value[child] for child in present) / total if present else None
        covered[node] = sum((weight[child] * covered[child] for child in tree.children[node]), Fraction(0))
    return [value[n] if covered[n] >= minimum else None for n in range(len(tree.parents))]


def random_answers(rows: int, columns: int, missing: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    answers = rng.integers(1, 6, size=(rows, columns), dtype=np.int8)
    answers[rng.random((rows, columns)) < missing] = -2
    return answers


@st.composite
def trees(draw: st.DrawFn) -> IndicatorTree:
    size = draw(st.integers(1, 12))
    parents = [-1] + [draw(st.integers(0, node - 1)) for node in range(1, size)]
    raw = [draw(st.integers(1, 9)) for _ in parents]
    return IndicatorTree(tuple(parents), normalised_weights(parents, raw))


class TestTree:
    def test_knows_its_leaves_in_the_order_of_columns(self):
        assert TREE.leaves == (4, 5, 6, 7, 8, 9, 10)
        assert TREE.root == 0

    @pytest.mark.parametrize(
        ("parents", "weights", "error"),
        [
            ((-1, -1), (1.0, 1.0), InvalidTreeError),
            ((-1, 2, 1), (1.0, 1.0, 1.0), InvalidTreeError),
            ((-1, 5), (1.0, 1.0), InvalidTreeError),
            ((-1, 2), (1.0, 1.0), InvalidTreeError),
            ((-1, -2), (1.0, 1.0), InvalidTreeError),
            ((-1, 1), (1.0, 1.0), InvalidTreeError),
            ((), (), InvalidTreeError),
            ((-1, 0), (1.0,), ShapeMismatchError),
            ((-1, 0, 0), (1.0, 0.6, 0.6), WeightSumError),
            ((-1, 0, 0), (1.0, 0.4, 0.4), WeightSumError),
            ((-1, 0, 0), (1.0, 0.5, 0.5 - 2e-9), WeightSumError),
            ((-1, 0, 0), (1.0, 0.5, 0.5 + 2e-9), WeightSumError),
            ((-1, 0, 0), (1.0, 1.5, -0.5), InvalidWeightError),
            ((-1, 0, 0), (1.0, 0.5, float("nan")), InvalidWeightError),
        ],
    )
    def test_refuses_what_is_no_tree(self, parents, weights, error):
        with pytest.raises(error):
            IndicatorTree(parents, weights)

    def test_takes_weights_whose_sum_is_one_but_for_rounding(self):
        assert IndicatorTree((-1, *[0] * 10), (1.0, *[0.1] * 10)).weights[1] == 0.1
        assert IndicatorTree((-1, 0, 0), (1.0, 0.5, 0.5 + 5e-10)).root == 0

    def test_rolls_up_the_hand_worked_case_with_a_missing_leaf(self):
        items = [score for branch in ROLLUP["tree"].values() for _, score in branch["items"].values()]
        values = roll_up(TREE, items)
        assert values[1:4] == approx(tuple(ROLLUP["dims"].values()))
        assert values[0] == approx(ROLLUP["overall"], rel=CLOSED)
        assert values[10] is None

    def test_rolls_nothing_up_without_a_leaf(self):
        with pytest.raises(NoAnswersError):
            roll_up(TREE, [None] * 7)

    def test_renormalises_inside_each_parent_and_not_over_all_leaves(self):
        answered = [True, False, False, True, True, True, True]
        weights = effective_weights(TREE, answered)[0]
        # performance takes all of product's 0.4, not a share of the lost 0.2.
        assert weights.tolist() == approx([0.4, 0, 0, 0.16, 0.24, 0.1, 0.1])
        assert coverage(TREE, answered)[:2].tolist() == approx([0.8, 0.5])

    def test_equal_weights_are_shares_of_each_family(self):
        assert equal_weights(PARENTS)[4:9] == approx((1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2))


    def test_gives_no_value_to_a_part_whose_only_answer_weighs_nothing(self):
        tree = IndicatorTree((-1, 0, 0), (1.0, 1.0, 0.0))
        assert roll_up(tree, [None, 70.0]) == (None, None, 70.0)
        assert coverage(tree, [False, True]).tolist() == [0.0, 0.0, 1.0]

    @pytest.mark.parametrize("answered", [[True] * 6, [1] * 7, [[True] * 7]])
    def test_takes_one_flag_for_each_leaf(self, answered):
        for method in (effective_weights, coverage):
            with pytest.raises(ShapeMismatchError):
                method(TREE, answered)

    def test_takes_one_weight_for_each_node(self):
        with pytest.raises(ShapeMismatchError):
            normalised_weights((-1, 0, 0), [1, 1])
        with pytest.raises(InvalidWeightError):
            normalised_weights((-1, 0, 0), [1, 2, -1])


class TestIndexValues:
    def test_of_the_hand_worked_case_is_73_8(self):
        scale = tuple(range(101))
        rule = IndexDefinition(TREE, (scale,) * 7, (tuple(float(code) for code in scale),) * 7)
        found = tree_score(rule, [80, 70, 60, 85, 75, 65, -1])
        assert found[:4] == approx((73.8, 73.0, 79.0, 65.0))

    def test_count_a_respondent_from_half_of_the_weight_on(self):
        half = tree_score(RULE, [5, -1, -1, -1, -1, -1, -1])
        assert half[1] == 100.0
        assert half[0] is None

    def test_keep_a_thin_branch_inside_its_parent(self):
        # 0.3 of product is too little for product, yet its answer still speaks in the whole.
        found = tree_score(RULE, [-1, 5, -1, 1, 1, 1, 1])
        assert found[1] is None
        assert found[0] == approx(40.0)

    def test_follow_the_coverage_of_the_definition(self):
        lenient = IndexDefinition(TREE, (FIVE,) * 7, (LINEAR,) * 7, min_coverage=0.0)
        strict = IndexDefinition(TREE, (FIVE,) * 7, (LINEAR,) * 7, min_coverage=1.0)
        answers = [5, -1, -1, -1, -1, -1, -1]
        assert tree_score(lenient, answers)[0] == 100.0
        assert tree_score(strict, answers)[1] is None
        assert tree_score(strict, [5] * 7)[0] == 100.0

    @settings(max_examples=60, deadline=None)
    @given(trees(), st.integers(0, 2**31), st.sampled_from([0.0, 0.3, 0.8]), st.sampled_from([0.0, 0.5, 1.0]))
    def test_equal_exact_fractions_to_a_millionth(self, tree, seed, missing, minimum):
        leaves = len(tree.leaves)
        rule = IndexDefinition(tree, (FIVE,) * leaves, (LINEAR,) * leaves, minimum)
        answers = random_answers(9, leaves, missing, seed)
        found = index_values(answers, rule)
        for row, codes in enumerate(answers):
            scores = [None if code < 0 else LINEAR[code - 1] for code in codes]
            exact = exact_values(tree, scores, Fraction(minimum) - Fraction(1, 10**6))
            for node, value in enumerate(exact):
                got = int(found[node, row])
                assert (got == -1) == (value is None)
                assert value is None or abs(got - value * UNITS) < 2

    def test_take_scales_that_start_at_nought_and_that_have_gaps(self):
        tree = IndicatorTree((-1, 0, 0), (1.0, 0.5, 0.5))
        rule = IndexDefinition(tree, ((0, 1, 2), (1, 3)), ((0.0, 50.0, 100.0), (0.0, 100.0)))
        assert tree_score(rule, [0, 3]) == (50.0, 0.0, 100.0)

    @pytest.mark.parametrize("levels", [2, 3, 4, 7])
    def test_of_one_leaf_are_its_scores_to_the_nearest_millionth(self, levels):
        codes = tuple(range(1, levels + 1))
        rule = IndexDefinition(IndicatorTree((-1,), (1.0,)), (codes,), (tuple(score_vector("linear", codes)),))
        expected = [round(Fraction(100 * (code - 1) * UNITS, levels - 1)) for code in codes]
        answers = np.array([[*codes, -1]], dtype=np.int8).T
        assert index_values(answers, rule)[0].tolist() == [*expected, -1]
        assert index_moments(answers, rule).at(0) == Moments(levels, sum(expected), sum(value**2 for value in expected))

    def test_are_whole_numbers_that_no_blocking_changes(self, monkeypatch):
        answers = random_answers(1000, 7, 0.3, 5)
        whole = index_values(answers, RULE)
        monkeypatch.setattr(composite, "ROWS_PER_PASS", 7)
        assert (index_values(answers, RULE) == whole).all()

    @pytest.mark.parametrize(("codes", "error"), [([6] + [1] * 6, UnknownCodeError), ([0] + [1] * 6, UnknownCodeError)])
    def test_refuse_a_code_that_is_not_on_the_scale(self, codes, error):
        with pytest.raises(error):
            tree_score(RULE, codes)

    @pytest.mark.parametrize("stray", [0, 2, 4, 6])
    def test_refuse_one_code_off_the_scale_among_many_on_it(self, stray):
        rule = IndexDefinition(IndicatorTree((-1,), (1.0,)), ((1, 3, 5),), ((0.0, 50.0, 100.0),))
        for answers in ([1, stray, 5], [5, stray, -1], [stray, 5, 1]):
            column = np.array([answers], dtype=np.int8).T
            for method in (index_values, index_moments):
                with pytest.raises(UnknownCodeError) as refusal:
                    method(column, rule)
                assert refusal.value.details == {"code": stray}

    def test_refuse_a_code_in_a_gap_of_the_scale(self):
        rule = IndexDefinition(IndicatorTree((-1,), (1.0,)), ((1, 3),), ((0.0, 100.0),))
        with pytest.raises(UnknownCodeError):
            tree_score(rule, [2])
        with pytest.raises(UnknownCodeError):
            index_values(np.array([[1], [2], [3]], dtype=np.int8), rule)

    @pytest.mark.parametrize("answers", [np.ones((3, 6), np.int8), np.ones((3, 7), np.int16), np.ones(7, np.int8)])
    def test_refuse_answers_of_another_shape(self, answers):
        with pytest.raises(ShapeMismatchError):
            index_values(answers, RULE)

    @pytest.mark.parametrize(
        ("codes", "scores", "minimum", "error"),
        [
            (FIVE, (0.0, 25.0, 50.0, 75.0, 101.0), 0.5, InvalidScaleError),
            (FIVE, (0.0, 25.0, 50.0, 75.0), 0.5, InvalidScaleError),
            ((-1, 1), (0.0, 100.0), 0.5, InvalidScaleError),
            ((1, 127), (0.0, 100.0), 0.5, InvalidScaleError),
            ((1, 2, 127), (0.0, 50.0, 100.0), 0.5, InvalidScaleError),
            ((2, 1), (0.0, 100.0), 0.5, InvalidScaleError),
            (FIVE, (-1.0, 25.0, 50.0, 75.0, 100.0), 0.5, InvalidScaleError),
            (FIVE, LINEAR, 1.5, InvalidLevelError),
        ],
    )
    def test_refuse_a_definition_that_is_none(self, codes, scores, minimum, error):
        with pytest.raises(error):
            IndexDefinition(IndicatorTree((-1,), (1.0,)), (codes,), (scores,), minimum)

    def test_take_the_highest_code_there_is(self):
        rule = IndexDefinition(IndicatorTree((-1,), (1.0,)), ((0, 126),), ((0.0, 100.0),))
        assert tree_score(rule, [126]) == (100.0,)

    @pytest.mark.parametrize("items", [(6, 7), (7, 6)])
    def test_need_codes_and_scores_for_every_leaf(self, items):
        with pytest.raises(ShapeMismatchError):
            IndexDefinition(TREE, (FIVE,) * items[0], (LINEAR,) * items[1])


def same(one: MomentTable, two: MomentTable) -> bool:
    return all(
        (getattr(one, name) == getattr(two, name)).all() for name in ("n", "total", "squares_high", "squares_low")
    )


class TestIndexMoments:
    @settings(max_examples=40, deadline=None)
    @given(trees(), st.integers(0, 2**31), st.sampled_from([0.0, 0.3, 0.8]))
    def test_are_the_exact_sums_of_the_values(self, tree, seed, missing):
        leaves = len(tree.leaves)
        rule = IndexDefinition(tree, (FIVE,) * leaves, (LINEAR,) * leaves)
        answers = random_answers(50, leaves, missing, seed)
        values, moments = index_values(answers, rule), index_moments(answers, rule)
        for node, row in enumerate(values):
            counted = [int(value) for value in row if value >= 0]
            expected = Moments(len(counted), sum(counted), sum(value**2 for value in counted))
            assert moments.at(node) == expected

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 2**31), st.lists(st.integers(0, 300), max_size=4), st.permutations(range(300)))
    def test_have_the_same_digits_for_any_split_and_order(self, seed, cuts, order):
        answers = random_answers(300, 7, 0.4, seed)
        shuffled = answers[list(order)]
        parts = [index_moments(part, RULE) for part in np.split(shuffled, sorted(cuts))]
        merged = sum(parts[1:], parts[0])
        assert same(merged, index_moments(answers, RULE))

    def test_by_group_are_those_of_the_groups_alone(self):
        answers, groups = random_answers(500, 7, 0.4, 3), np.arange(500) % 3
        table = index_moments(answers, RULE, groups, 3)
        for group in range(3):
            alone = index_moments(answers[groups == group], RULE)
            assert all(table.at(node, group) == alone.at(node) for node in range(11))
        assert same(table.over_groups(), index_moments(answers, RULE))
        assert same(table.over_groups([0, 2]), index_moments(answers[groups != 1], RULE))

    @pytest.mark.parametrize("rows", [1, 7, 8, 13, 14, 100])
    def test_are_the_same_however_many_rows_a_pass_takes(self, monkeypatch, rows):
        answers, groups = random_answers(rows, 7, 0.3, rows), np.arange(rows) % 3
        whole, grouped = index_moments(answers, RULE), index_moments(answers, RULE, groups, 3)
        monkeypatch.setattr(composite, "ROWS_PER_PASS", 7)
        monkeypatch.setattr(composite, "ROWS_PER_GROUPED_PASS", 7)
        assert same(index_moments(answers, RULE), whole)
        assert same(index_moments(answers, RULE, groups, 3), grouped)
        assert same(grouped.over_groups(), whole)

    @pytest.mark.parametrize("answers", [np.ones((3, 6), np.int8), np.ones((3, 7), np.int16), np.ones(7, np.int8)])
    def test_refuse_answers_of_another_shape(self, answers):
        with pytest.raises(ShapeMismatchError):
            index_moments(answers, RULE)

    def test_take_back_exactly_what_was_added(self):
        some, more = (index_moments(random_answers(99, 7, 0.2, seed), RULE) for seed in (1, 2))
        assert same(some + more - more, some)

    def test_refuse_to_take_back_more_than_there_was(self):
        table = index_moments(random_answers(9, 7, 0.0, 1), RULE)
        with pytest.raises(InvalidCountError):
            _ = table - table - table
        one, other = (index_moments(random_answers(9, 7, 0.0, 1), RULE, np.full(9, group), 2) for group in (0, 1))
        with pytest.raises(InvalidCountError):
            _ = one + one - other

    def test_refuse_to_merge_other_nodes(self):
        with pytest.raises(ShapeMismatchError):
            _ = MomentTable.empty(2, 1) + MomentTable.empty(3, 1)

    @pytest.mark.parametrize(
        ("groups", "error"),
        [
            (np.array([0, 1, 2]), InvalidValueError),
            (np.array([0, -1, 1]), InvalidValueError),
            (np.array([0, 1]), ShapeMismatchError),
            (np.array([0, 1, 0, 1]), ShapeMismatchError),
            (None, ShapeMismatchError),
        ],
    )
    def test_refuse_groups_that_are_out_of_range(self, groups, error):
        with pytest.raises(error):
            index_moments(np.ones((3, 7), np.int8), RULE, groups, 2)

    def test_of_no_answers_are_nothing(self):
        moments = index_moments(np.empty((0, 7), np.int8), RULE)
        assert moments.at(0) == Moments(0, 0, 0)
        with pytest.raises(NoAnswersError):
            mean_value(moments.at(0))


    def test_take_groups_from_16_bits_up_to_the_last(self):
        groups, values = np.array([0, 65_535, 65_536]), np.array([[1, 2, 3]])
        for n_groups in (65_537, 70_000):
            table = grouped_moments(values, groups, n_groups)
            assert [table.at(0, group).total for group in groups] == [1, 2, 3]

    @pytest.mark.parametrize("groups", [np.array([0, 2]), np.array([-1, 0]), np.array([0]), np.array([0.0, 1.0])])
    def test_of_values_refuse_groups_that_are_none(self, groups):
        with pytest.raises((InvalidValueError, ShapeMismatchError)):
            grouped_moments(np.array([[1, 2]]), groups, 2)

    def test_of_no_values_are_nothing(self):
        none = np.empty((2, 0), dtype=np.int64)
        assert same(grouped_moments(none, np.empty(0, dtype=np.int64), 3), MomentTable.empty(2, 3))


class TestMoments:
    @pytest.mark.parametrize("n", [1, 2, 9_999_999])
    def test_are_alike_if_every_value_is_the_same(self, n):
        assert Moments(n, n * 7, n * 49).is_alike
        assert not Moments(n + 1, n * 7 + 8, n * 49 + 64).is_alike
        assert not Moments(n + 1, n * 7, n * 49).is_alike


class TestMeanEstimate:
    def test_is_the_plain_mean_and_error_of_the_values(self):
        values = index_values(random_answers(400, 7, 0.3, 9), RULE)[0]
        points = values[values >= 0] / UNITS
        estimate = mean_estimate(index_moments(random_answers(400, 7, 0.3, 9), RULE).at(0))
        expected = points.mean(), points.std(ddof=1) / np.sqrt(points.size)
        assert (estimate.value, estimate.standard_error) == approx(expected, rel=CLOSED)
        assert estimate.n == points.size

    def test_of_one_respondent_is_refused(self):
        with pytest.raises(TooFewAnswersError):
            mean_estimate(Moments(1, 5, 25))

    def test_of_two_stays_on_the_scale(self):
        interval = mean_estimate(Moments(2, 150 * UNITS, (50**2 + 100**2) * UNITS**2)).interval
        assert (interval.low, interval.high) == (0.0, 100.0)

    def test_has_a_variance_from_two_on(self):
        assert variance_of_mean(Moments(2, 4 * UNITS, 10 * UNITS**2)) == 1.0
        with pytest.raises(TooFewAnswersError):
            variance_of_mean(Moments(1, 5, 25))

    def test_under_weights_is_that_of_single_answers_with_their_weights(self):
        points, weights = np.array([0.0, 50.0, 75.0, 100.0, 30.0]), np.array([0.5, 0.5, 3.0, 3.0, 2.0])
        cells = [points[:2], points[2:4], points[4:]]
        moments = [Moments(len(x), int(x.sum() * UNITS), int((x**2).sum()) * UNITS**2) for x in cells]
        found, single = weighted_mean_estimate(moments, [0.5, 3.0, 2.0]), weighted_mean(weighted_sums(points, weights))
        assert (found.value, found.standard_error, found.n_eff) == approx(
            (single.value, single.standard_error, single.n_eff), rel=CLOSED
        )
        assert (found.interval.low, found.interval.high) == approx((max(0, single.interval.low), min(100, single.interval.high)))

    def test_under_weights_stays_on_the_scale(self):
        cells = [Moments(1, 50 * UNITS, 2_500 * UNITS**2), Moments(1, 100 * UNITS, 10_000 * UNITS**2)]
        interval = weighted_mean_estimate(cells, [1.0, 1.0]).interval
        assert (interval.low, interval.high) == (0.0, 100.0)

    @pytest.mark.parametrize(
        ("sizes", "weights", "error"),
        [
            ([1, 1], [1.0], ShapeMismatchError),
            ([1, 1], [1.0, -1.0], InvalidWeightError),
            ([0, 0], [1.0, 1.0], NoAnswersError),
            ([0, 2], [1.0, 0.0], ZeroWeightError),
        ],
    )
    def test_under_weights_refuses_cells_that_are_none(self, sizes, weights, error):
        with pytest.raises(error):
            weighted_mean_estimate([Moments(n, n * UNITS, n * UNITS**2) for n in sizes], weights)

    def test_of_unit_weights_is_the_plain_one(self):
        table = index_moments(random_answers(500, 7, 0.4, 3), RULE, np.arange(500) % 3, 3)
        plain = mean_estimate(table.over_groups().at(0))
        weighted = weighted_mean_estimate([table.at(0, group) for group in range(3)], [1.0] * 3)
        assert (weighted.value, weighted.standard_error, weighted.n_eff) == approx(
            (plain.value, plain.standard_error, plain.n_eff), rel=CLOSED
        )
