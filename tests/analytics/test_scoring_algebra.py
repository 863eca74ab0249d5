"""Laws of the summaries: no cutting, order or history of the answers can be seen in the digits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.methods.errors import UnknownCodeError
from analytics.methods.moments import SQUARE_BITS, Moments
from analytics.scoring import columns as stored
from analytics.scoring import cubes
from analytics.scoring.codes import INVALID, NOT_APPLICABLE, NOT_ASKED, ItemKey, encode, pack, unpack
from analytics.scoring.columns import Columns, Facts, Labels, concatenate, from_bytes, from_facts, to_bytes
from analytics.scoring.definition import Definition, NodeRule, SourceRule
from analytics.scoring.summaries import node_moments, summarise, totals

ITEMS = (ItemKey("a", 1, 5), ItemKey("b", 1, 5), ItemKey("c", 1, 7), ItemKey("nps", 0, 10))
DEFINITION = Definition(
    nodes=(
        NodeRule("root", None, 1.0), NodeRule("x", "root", 0.3), NodeRule("y", "root", 0.7),
        NodeRule("a", "x", 0.6), NodeRule("b", "x", 0.4),
    ),
    sources=(
        SourceRule(1, "a", 1, 5, "leaf", "a"), SourceRule(1, "b", 1, 5, "leaf", "b"),
        SourceRule(1, "c", 1, 7, "leaf", "y"), SourceRule(1, "nps", 0, 10, "nps", None),
    ),
    dimensions=("region",), score_vector="linear", coverage=50, time_zone="UTC",
)
SQUARES = DEFINITION.layout.squares

codes = st.tuples(*(
    st.one_of(st.integers(item.low, item.high), st.sampled_from([-1, -2, -3, -4])) for item in ITEMS
))
rows = st.lists(
    st.tuples(codes, st.integers(738_000, 738_070), st.sampled_from(["", "w1", "w2"]), st.sampled_from(["", "E", "W"])),
    max_size=30,
)


def columns(given_rows) -> Columns:
    table = np.array([row[0] for row in given_rows], dtype=np.int8).reshape(len(given_rows), len(ITEMS)).T
    return from_facts(ITEMS, table, Facts(
        day=np.array([row[1] for row in given_rows], dtype=np.int64),
        wave=Labels.of([row[2] for row in given_rows]),
        levels={"region": Labels.of([row[3] for row in given_rows])},
        weights=None, versions={1: len(given_rows)}, fingerprint=len(given_rows),
        newest=datetime(2026, 1, 1, tzinfo=UTC),
    ))


def digits(summary):
    return {
        key: {cell: row.tolist() for cell, row in zip(cube.keys, cube.values, strict=True)}
        for key, cube in summary.items()
    }


def summary_of(given_rows):
    return summarise(columns(given_rows), DEFINITION, 1)


class TestMerge:
    @given(rows, st.data())
    def test_any_cut_into_blocks_gives_the_same_digits(self, given_rows, data):
        shuffled = data.draw(st.permutations(given_rows))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
        ends = [0, *cuts, len(shuffled)]
        parts = [summary_of(shuffled[a:b]) for a, b in zip(ends, ends[1:], strict=False)]
        order = data.draw(st.permutations(parts))
        assert digits(cubes.merge(order, SQUARES)) == digits(summary_of(given_rows))

    @given(rows, rows, rows)
    def test_is_associative(self, one, two, three):
        a, b, c = (summary_of(part) for part in (one, two, three))
        left = cubes.merge([cubes.merge([a, b], SQUARES), c], SQUARES)
        right = cubes.merge([a, cubes.merge([b, c], SQUARES)], SQUARES)
        assert digits(left) == digits(right)

    @given(rows, rows)
    def test_subtracting_what_was_merged_leaves_what_was_there(self, one, two):
        both = cubes.merge([summary_of(one), summary_of(two)], SQUARES)
        assert digits(cubes.subtract(both, summary_of(two), SQUARES)) == digits(summary_of(one))

    @given(rows)
    def test_totals_are_the_sum_over_months(self, given_rows):
        whole = summary_of(given_rows).get("month", cubes.Cube((), np.zeros((0, DEFINITION.layout.width), np.int64)))
        summed = cubes.total(whole, None, SQUARES, DEFINITION.layout.width)
        assert cubes.carry(totals(columns(given_rows), DEFINITION, 1), SQUARES).tolist() == summed.tolist()

    @given(rows)
    def test_days_and_levels_add_up_to_the_months(self, given_rows):
        summary = summary_of(given_rows)
        width = DEFINITION.layout.width

        def total_of(prefix):
            parts = [cubes.total(cube, None, SQUARES, width) for key, cube in summary.items() if key.startswith(prefix)]
            return cubes.carry(np.sum(parts, axis=0, dtype=np.int64), SQUARES).tolist() if parts else [0] * width

        assert total_of("month") == total_of("day:") == total_of("level:region:2")

    @given(rows, rows)
    def test_a_machine_of_arrivals_edits_and_erasures_ends_at_the_rebuild(self, before, after):
        """Each step adds or takes away exactly its own rows."""
        state = reduce(lambda s, r: cubes.merge([s, summary_of([r])], SQUARES), before, {})
        kept, gone = before[::2], before[1::2]
        for row in gone:
            state = cubes.subtract(state, summary_of([row]), SQUARES)
        for row in after:
            state = cubes.merge([state, summary_of([row])], SQUARES)
        assert digits(state) == digits(summary_of([*kept, *after]))


class TestTallies:
    @given(rows)
    def test_counting_combinations_and_adding_rows_up_give_the_same_digits(self, given_rows):
        from analytics.scoring import tallies

        by_combination = digits(summary_of(given_rows))
        kept, tallies.ROOM = tallies.ROOM, 0
        try:
            by_row = digits(summary_of(given_rows))
        finally:
            tallies.ROOM = kept
        assert by_row == by_combination

    @given(rows)
    def test_every_node_has_the_moments_of_the_numeric_core(self, given_rows):
        block = columns(given_rows)
        vector, table = totals(block, DEFINITION, 1), node_moments(block, DEFINITION, 1)
        for place, node in enumerate(DEFINITION.nodes):
            n, total, high, low = DEFINITION.layout.node(vector, node.key)[:4].tolist()
            assert Moments(n, total, (high << SQUARE_BITS) + low) == table.at(place)

    def test_a_code_off_its_scale_is_refused(self):
        block = columns([((1, 2, 3, 4), 738_000, "", "E")])
        block.codes[ITEMS.index(ItemKey("a", 1, 5))] = 6
        with pytest.raises(UnknownCodeError):
            totals(block, DEFINITION, 1)


class TestLabels:
    @given(st.lists(st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=5), min_size=1, max_size=4))
    def test_joined_are_those_of_all_values(self, parts):
        joined, whole = Labels.joined([Labels.of(part) for part in parts]), Labels.of([v for part in parts for v in part])
        assert joined.names == whole.names and joined.numbers.tolist() == whole.numbers.tolist()


class TestStoredForms:
    @given(rows)
    def test_a_block_comes_back_as_it_was(self, given_rows):
        block = columns(given_rows)
        assert to_bytes(from_bytes(to_bytes(block))) == to_bytes(block)

    @given(rows, rows)
    def test_joined_columns_are_the_columns_of_all_rows(self, one, two):
        joined = concatenate([columns(one), columns(two)])
        assert digits(summarise(joined, DEFINITION, 1)) == digits(summary_of([*one, *two]))

    @given(rows)
    def test_a_summary_comes_back_as_it_was(self, given_rows):
        summary = summary_of(given_rows)
        assert digits(cubes.summary_from_bytes(cubes.summary_to_bytes(summary))) == digits(summary)

    @given(st.integers(0, 9), st.integers(0, 40), st.randoms(use_true_random=False))
    def test_four_bits_hold_every_code(self, items, count, random):
        table = np.array([[random.randint(-4, 10) for _ in range(count)] for _ in range(items)], dtype=np.int8)
        table = table.reshape(items, count)
        assert unpack(memoryview(pack(table)), items, count).tolist() == table.tolist()

    def test_damaged_bytes_are_refused(self):
        block = to_bytes(columns([((1, 2, 3, 4), 738_000, "", "E")]))
        for damaged in (b"", block[:9], block[:4] + b"[]" + block[6:]):
            with pytest.raises(stored.DamagedBlockError):
                from_bytes(damaged)


class TestEncode:
    def test_tells_the_ways_of_not_answering_apart(self):
        answers = [{"a": 3, "b": "NA", "c": 8, "nps": 0}, {"a": True, "b": 4.0, "c": "3", "nps": [1]}, {"a": None}]
        assert encode(answers, ITEMS).T.tolist() == [
            [3, NOT_APPLICABLE, INVALID, 0], [INVALID, INVALID, INVALID, INVALID], [-1, -1, -1, -1]
        ]

    def test_an_item_of_another_version_was_not_asked(self):
        one = columns([((1, 2, 3, 4), 738_000, "", "E")])
        other = replace(one, items=ITEMS[:1], codes=one.codes[:1])
        assert concatenate([one, other]).by_item[ITEMS[1]].tolist() == [2, NOT_ASKED]


class TestSummarise:
    def test_rolls_up_inside_each_parent(self):
        # a missing, b 5 (100): x covers only 0.4, so it does not count; the root covers 0.3*0.4+0.7 = 0.82.
        vector = totals(columns([((-1, 5, 1, 10), 738_000, "", "")]), DEFINITION, 1)
        layout = DEFINITION.layout
        assert layout.node(vector, "x")[0] == 0
        assert layout.node(vector, "root")[:2].tolist() == [1, 30_000_000]

    def test_puts_each_respondent_at_the_nearest_level(self):
        vector = totals(columns([((code, code, -1, -1), 738_000, "", "") for code in (1, 2, 3, 4, 5, 5)]), DEFINITION, 1)
        assert DEFINITION.layout.node(vector, "a")[4:].tolist() == [1, 1, 1, 1, 2]
        assert DEFINITION.layout.node(vector, "x")[4:].tolist() == [1, 1, 1, 1, 2]

    @settings(max_examples=10, deadline=None)
    @given(rows)
    def test_large_blocks_are_summarised_in_passes(self, given_rows):
        from analytics.scoring import summaries

        kept, summaries.CELLS_PER_PASS = summaries.CELLS_PER_PASS, 2
        try:
            in_passes = digits(summary_of(given_rows))
        finally:
            summaries.CELLS_PER_PASS = kept
        assert in_passes == digits(summary_of(given_rows))
