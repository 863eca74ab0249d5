"""The algebra of integer summaries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.methods import summaries
from analytics.methods.errors import (
    InvalidCountError,
    InvalidScaleError,
    InvalidValueError,
    ShapeMismatchError,
    TooManyItemsError,
    UnknownCodeError,
)
from analytics.methods.summaries import (
    BLANK,
    MISSING_CODES,
    NOT_APPLICABLE,
    NOT_SHOWN,
    REFUSED,
    ItemHistograms,
    PairTables,
    item_histograms,
    pair_tables,
)

SCALES = ((1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (1, 3, 5))
DAYS = 4


def respondents(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    columns = [rng.choice((*MISSING_CODES, *scale), size=rows) for scale in SCALES]
    return np.stack(columns, axis=1).astype(np.int8), rng.integers(0, DAYS, size=rows)


def same(one, two) -> bool:
    if isinstance(one, PairTables):
        return bool((one.tables == two.tables).all())
    return all((a == b).all() for a, b in zip(one.counts, two.counts, strict=True))


def summarise(answers: np.ndarray, days: np.ndarray) -> tuple[ItemHistograms, PairTables]:
    return item_histograms(answers, SCALES, days, DAYS), pair_tables(answers, SCALES)


class TestMerge:
    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 2**31), st.lists(st.integers(0, 120), max_size=5), st.permutations(range(120)), st.randoms())
    def test_of_any_split_in_any_order_is_the_whole(self, seed, cuts, order, random):
        answers, days = respondents(120, seed)
        cuts, order = sorted(cuts), list(order)
        blocks = list(zip(np.split(answers[order], cuts), np.split(days[order], cuts), strict=True))
        random.shuffle(blocks)
        histograms, pairs = ItemHistograms.empty(SCALES, DAYS), PairTables.empty(SCALES)
        for block, block_days in blocks:
            more = summarise(block, block_days)
            histograms, pairs = histograms + more[0], pairs + more[1]
        whole = summarise(answers, days)
        assert same(histograms, whole[0])
        assert same(pairs, whole[1])

    @settings(max_examples=40, deadline=None)
    @given(
        st.integers(0, 2**31), st.lists(st.tuples(st.sampled_from(["edit", "erase"]), st.integers(0, 59)), max_size=20)
    )
    def test_after_any_edits_and_erasures_is_that_of_the_rows_left(self, seed, deeds):
        answers, days = respondents(60, seed)
        other, _ = respondents(60, seed + 1)
        histograms, pairs = summarise(answers, days)
        kept = np.ones(60, dtype=bool)
        for deed, row in deeds:
            if not kept[row]:
                continue
            gone = summarise(answers[row : row + 1], days[row : row + 1])
            histograms, pairs = histograms - gone[0], pairs - gone[1]
            kept[row] = deed == "edit"
            if deed == "edit":
                answers[row] = other[row]
                new = summarise(answers[row : row + 1], days[row : row + 1])
                histograms, pairs = histograms + new[0], pairs + new[1]
        rebuilt = summarise(answers[kept], days[kept])
        assert same(histograms, rebuilt[0])
        assert same(pairs, rebuilt[1])

    def test_leaves_its_parts_as_they_were(self):
        one, two = summarise(*respondents(9, 1))[0], summarise(*respondents(9, 2))[0]
        before = [counts.copy() for counts in one.counts]
        _ = one + two
        assert all((a == b).all() for a, b in zip(before, one.counts, strict=True))

    def test_refuses_to_take_away_more_than_there_was(self):
        histograms, pairs = summarise(*respondents(9, 1))
        for summary in (histograms, pairs):
            with pytest.raises(InvalidCountError):
                _ = summary - summary - summary
        few = item_histograms(np.array([[1, 1]], dtype=np.int8), SCALES[:2])
        other = item_histograms(np.array([[1, 2]], dtype=np.int8), SCALES[:2])
        with pytest.raises(InvalidCountError):
            _ = few - other

    def test_refuses_other_items_or_groups(self):
        with pytest.raises(ShapeMismatchError):
            _ = ItemHistograms.empty(SCALES) + ItemHistograms.empty(SCALES[:2])
        with pytest.raises(ShapeMismatchError):
            _ = ItemHistograms.empty(SCALES, 2) + ItemHistograms.empty(SCALES, 3)
        with pytest.raises(ShapeMismatchError):
            _ = PairTables.empty(SCALES) + PairTables.empty(SCALES[:2])

    @pytest.mark.parametrize("kind", [ItemHistograms, PairTables])
    def test_refuses_items_of_other_codes(self, kind):
        one, other = kind.empty([(1, 2)]), kind.empty([(2, 3)])
        for merged in (lambda: one + other, lambda: one - other):
            with pytest.raises(ShapeMismatchError):
                merged()


class TestItemHistograms:
    def test_count_each_reason_for_a_missing_answer_apart(self):
        answers = np.array([[BLANK], [NOT_APPLICABLE], [NOT_APPLICABLE], [REFUSED], [NOT_SHOWN], [5]], dtype=np.int8)
        found = item_histograms(answers, [SCALES[0]])
        assert found.missing(0) == {BLANK: 1, NOT_APPLICABLE: 2, REFUSED: 1, NOT_SHOWN: 1}
        assert found.valid(0).tolist() == [0, 0, 0, 0, 1]

    def test_equal_a_plain_count(self):
        answers, days = respondents(500, 7)
        found = item_histograms(answers, SCALES, days, DAYS)
        for item, scale in enumerate(SCALES):
            for day in range(DAYS):
                plain = [int((answers[days == day, item] == code).sum()) for code in scale]
                assert found.by_group(item)[day].tolist() == plain
                assert found.valid(item, [day]).tolist() == plain
        assert same(
            item_histograms(answers, SCALES),
            ItemHistograms(found.scales, tuple(c.sum(axis=0, keepdims=True) for c in found.counts)),
        )

    def test_do_not_depend_on_the_size_of_a_pass(self, monkeypatch):
        answers, days = respondents(500, 7)
        whole = summarise(answers, days)
        monkeypatch.setattr(summaries, "ROWS_PER_PASS", 13)
        assert all(same(a, b) for a, b in zip(summarise(answers, days), whole, strict=True))

    @pytest.mark.parametrize("rows", [0, 1, 2])
    def test_of_few_answers_are_as_good_as_of_many(self, rows):
        answers, days = respondents(rows, 3)
        assert sum(int(counts.sum()) for counts in summarise(answers, days)[0].counts) == 3 * rows

    @pytest.mark.parametrize("stray", [0, 2, 6, 100, -5, -128])
    @pytest.mark.parametrize("by_day", [False, True])
    def test_refuse_a_code_that_is_not_on_the_scale(self, stray, by_day):
        answers = np.array([[1], [3], [stray]], dtype=np.int8)
        groups = (np.zeros(3, dtype=np.int64), 1) if by_day else (None, 1)
        with pytest.raises(UnknownCodeError) as refusal:
            item_histograms(answers, [(1, 3, 5)], *groups)
        assert refusal.value.details == {"code": stray}

    @pytest.mark.parametrize(
        ("answers", "error"),
        [
            (np.ones((3, 2), np.int8), ShapeMismatchError),
            (np.ones((3, 3), np.int64), ShapeMismatchError),
            (np.ones(3, np.int8), ShapeMismatchError),
        ],
    )
    def test_refuse_answers_of_another_shape(self, answers, error):
        with pytest.raises(error):
            item_histograms(answers, SCALES)

    @pytest.mark.parametrize(
        ("groups", "n_groups", "error"),
        [
            (np.array([0, 1]), 2, ShapeMismatchError),
            (np.array([0, 1, 2]), 2, InvalidValueError),
            (np.array([0, -1, 1]), 2, InvalidValueError),
            (np.array([0.0, 1.0, 1.0]), 2, ShapeMismatchError),
            (None, 2, ShapeMismatchError),
        ],
    )
    def test_refuse_groups_that_are_none(self, groups, n_groups, error):
        with pytest.raises(error):
            item_histograms(np.ones((3, 1), np.int8), [(1, 2)], groups, n_groups)

    @pytest.mark.parametrize("scale", [(), (2, 1), (-1, 1), (1, 127), (1, 2, 127)])
    @pytest.mark.parametrize("kind", [ItemHistograms, PairTables])
    def test_refuse_a_scale_that_is_none(self, kind, scale):
        with pytest.raises(InvalidScaleError):
            kind.empty([scale])

    def test_take_the_highest_code_there_is(self):
        assert item_histograms(np.array([[126], [0]], dtype=np.int8), [(0, 126)]).valid(0).tolist() == [1, 1]


class TestPairTables:
    def test_equal_a_plain_cross_count(self):
        answers, _ = respondents(400, 11)
        found = pair_tables(answers, SCALES)
        for j, rows in enumerate(SCALES):
            for k, columns in enumerate(SCALES):
                plain = [[int(((answers[:, j] == a) & (answers[:, k] == b)).sum()) for b in columns] for a in rows]
                assert found.table(j, k).tolist() == plain

    def test_hold_the_histograms_on_their_diagonal(self):
        answers, _ = respondents(400, 11)
        histograms, pairs = item_histograms(answers, SCALES), pair_tables(answers, SCALES)
        for item in range(3):
            assert (np.diag(pairs.table(item, item)) == histograms.valid(item)).all()

    def test_refuse_a_code_that_is_not_on_the_scale(self):
        with pytest.raises(UnknownCodeError):
            pair_tables(np.array([[1, 2]], dtype=np.int8), [(1, 3), (1, 3)])

    def test_refuse_more_than_sixty_items(self):
        with pytest.raises(TooManyItemsError):
            PairTables.empty([(1, 2)] * 61)
        assert PairTables.empty([(1, 2)] * 60).tables.shape == (120, 120)

    @pytest.mark.parametrize("answers", [np.ones((3, 2), np.int8), np.ones((3, 3), np.int64), np.ones(3, np.int8)])
    def test_refuse_answers_of_another_shape(self, answers):
        with pytest.raises(ShapeMismatchError):
            pair_tables(answers, SCALES)

    def test_name_the_code_that_is_not_on_the_scale(self):
        with pytest.raises(UnknownCodeError) as refusal:
            pair_tables(np.array([[-1], [0], [3], [2]], dtype=np.int8), [(0, 1, 3)])
        assert refusal.value.details == {"code": 2}
