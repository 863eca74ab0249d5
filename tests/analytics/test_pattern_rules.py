"""Where parts give somebody away: the rules of patterns, each on the smallest numbers that show it."""

from __future__ import annotations

import pytest

from analytics.scoring.composites import Composite, added, hidden_parts, is_safe, left_of

K = 5
HALVES = Composite("whole", (0.5, 0.5), (frozenset({"a"}), frozenset({"b"})))
THREE = Composite("whole", (0.5, 0.3, 0.2), (frozenset({"a"}), frozenset({"b"}), frozenset({"c"})))


def pattern(*, whole: bool = True, **parts: bool) -> int:
    """The code of respondents: `a=True` has part a and counts there, `a=False` has it and does not count."""
    return int(whole) + sum(1 << (1 + 2 * place) | counts << (2 + 2 * place) for place, key in enumerate("abc")
                            for name, counts in parts.items() if name == key)


BOTH, ONLY_A, ONLY_B = pattern(a=True, b=True), pattern(a=True), pattern(b=True)
A_AND_SOME_OF_B, OUTSIDE = pattern(a=True, b=False), pattern(whole=False, a=True)

A, AB, AC, BC = pattern(a=True), pattern(a=True, b=True), pattern(a=True, c=True), pattern(b=True, c=True)
EVERY = pattern(a=True, b=True, c=True)


class TestAPattern:
    def test_says_what_counts_what_is_there_and_what_counts_of_that(self) -> None:
        assert HALVES.read(BOTH) == (True, {0, 1}, {0, 1})
        assert HALVES.read(A_AND_SOME_OF_B) == (True, {0, 1}, {0})
        assert HALVES.read(OUTSIDE) == (False, {0}, {0})
        assert HALVES.read(pattern(b=True)) == (True, {1}, {1})

    def test_fixes_what_each_part_is_divided_by(self) -> None:
        assert HALVES.must_be(BOTH) == {0: 1.0, 1: 1.0} and HALVES.must_be(ONLY_A) == {0: 0.5}
        assert HALVES.must_be(OUTSIDE) == {0: 0.0}
        assert THREE.must_be(pattern(b=True, c=True)) == {1: 0.5, 2: 0.5}
        assert HALVES.must_be(A_AND_SOME_OF_B) is None
        assert HALVES.must_be(pattern(whole=False, a=True, b=False)) == {0: 0.0}

    def test_says_nothing_of_parts_that_weigh_nothing(self) -> None:
        light = Composite("whole", (1.0, 0.0), (frozenset({"a"}), frozenset({"b"})))
        assert light.must_be(BOTH) == {0: 1.0} and light.must_be(A_AND_SOME_OF_B) == {0: 1.0}

    def test_is_counted_at_the_whole_and_at_each_part(self) -> None:
        assert HALVES.answers({BOTH: 7, ONLY_B: 3, OUTSIDE: 2, A_AND_SOME_OF_B: 1}) == (11, 10, 10)


class TestSafety:
    @pytest.mark.parametrize(("patterns", "safe"), [
        ({BOTH: 5}, True), ({BOTH: 4}, False), ({}, True),
        ({BOTH: 50, ONLY_A: 1}, False), ({BOTH: 50, ONLY_A: 4}, False), ({BOTH: 50, ONLY_A: 5}, True),
        ({BOTH: 50, ONLY_A: 3, ONLY_B: 1}, False), ({BOTH: 50, ONLY_A: 3, ONLY_B: 2}, True),
        ({BOTH: 50, A_AND_SOME_OF_B: 4}, False), ({BOTH: 50, A_AND_SOME_OF_B: 5}, True),
        ({BOTH: 50, OUTSIDE: 1}, False),
        # Nobody with both: each part is divided by its own half, and nobody stays.
        ({ONLY_A: 9, ONLY_B: 9}, True), ({ONLY_A: 9, ONLY_B: 9, BOTH: 1}, False),
        # Exactly k with one pattern fix the parts; frequent ones that cannot both vanish leave nothing to be had.
        ({BOTH: 5, ONLY_A: 3, ONLY_B: 2}, True), ({ONLY_A: 9, BOTH: 9, ONLY_B: 1}, True), ({BOTH: 50, ONLY_A: 0}, True),
        ({ONLY_A: 9, ONLY_B: 3, pattern(whole=False, b=True): 3}, False),
        # A part of one person is never shown, whoever else cannot vanish.
        ({ONLY_A: 50, OUTSIDE: 50, BOTH: 1}, False),
        # What the frequent ones leave open is open to the rare ones too.
        ({ONLY_A: 9, ONLY_B: 9, A_AND_SOME_OF_B: 4}, False),
    ])
    def test_is_that_whoever_stays_is_nobody_or_k(self, patterns: dict[int, int], safe: bool) -> None:
        assert is_safe(HALVES, patterns, K) is safe

    @pytest.mark.parametrize(("parts", "safe"), [(31, True), (32, False)])
    def test_is_not_looked_for_among_more_parts_than_a_pattern_holds(self, parts: int, safe: bool) -> None:
        many = Composite("whole", (1 / parts,) * parts, (frozenset({"x"}),) * parts)
        assert is_safe(many, {1: 9}, K) is safe


class TestWhatIsHidden:
    def test_are_both_parts_of_two_and_the_two_lightest_of_more(self) -> None:
        assert hidden_parts(HALVES, {"all": {BOTH: 50, ONLY_A: 1}}, K) == {"all": {"a", "b"}}
        every = pattern(a=True, b=True, c=True)
        assert hidden_parts(THREE, {"all": {every: 50, pattern(a=True, b=True): 1}}, K) == {"all": {"b", "c"}}

    def test_is_everything_where_another_part_is_too_small_or_nobody_stands_behind_the_lightest(self) -> None:
        only_a, b_and_c = pattern(a=True), pattern(b=True, c=True)
        assert hidden_parts(THREE, {"all": {b_and_c: 50, pattern(a=True, b=True, c=True): 4}}, K) == {"all": {"a", "b", "c"}}
        assert hidden_parts(THREE, {"all": {only_a: 50, pattern(a=True, b=True, c=True): 4}}, K) == {"all": {"a", "b", "c"}}

    @pytest.mark.parametrize(("patterns", "names"), [
        ({A: 50, AB: 3, AC: 3}, "bc"), ({A: 50, AB: 3, AC: 2}, "bc"), ({A: 50, AB: 2, AC: 2}, "abc"),
        ({BC: 50, pattern(b=True): 1}, "bc"), ({BC: 50, EVERY: 4, A: 1}, "bc"), ({EVERY: 1, BC: 50}, "abc"),
        ({A: 50, AB: 4, pattern(whole=False, b=True): 5}, "abc"),
    ], ids=["both small", "k behind", "fewer than k behind", "nobody at the heavy one", "k at the heavy one", "one at the heavy one",
            "outside the whole"])
    def test_are_the_two_lightest_only_with_k_behind_them_and_no_other_too_small(
        self, patterns: dict[int, int], names: str
    ) -> None:
        assert hidden_parts(THREE, {"all": patterns}, K) == {"all": set(names)}

    def test_counts_nobody_behind_a_part_that_weighs_nothing(self) -> None:
        light = Composite("whole", (0.6, 0.4, 0.0), THREE.hides)
        assert hidden_parts(light, {"all": {AC: 50, EVERY: 4}}, K) == {"all": {"a", "b", "c"}}

    def test_is_the_same_in_every_group_that_is_closed(self) -> None:
        groups = {"one": {EVERY: 50, AB: 1}, "other": {A: 50, EVERY: 4}}
        assert hidden_parts(THREE, groups, K) == {key: {"a", "b", "c"} for key in groups}

    def test_are_two_of_as_many_parts_as_a_pattern_holds(self) -> None:
        parts = 31
        many = Composite("whole", (1 / parts,) * parts, tuple(frozenset({str(place)}) for place in range(parts)))
        every = (1 << 2 * parts + 1) - 1
        assert hidden_parts(many, {"all": {every: 50, every & ~0b110: 1}}, K) == {"all": {"0", "1"}}

    def test_is_in_the_smallest_other_group_too_until_the_rest_is_safe(self) -> None:
        groups = {"giving": {BOTH: 40, ONLY_A: 1}, "small": {BOTH: 20, ONLY_A: 6}, "large": {BOTH: 60}, "none": {}}
        assert set(hidden_parts(HALVES, groups, K)) == {"giving", "small"}
        assert set(hidden_parts(HALVES, groups | {"small": {BOTH: 20}}, K)) == {"giving", "small", "large"}

    def test_is_nothing_where_all_groups_and_the_rest_are_safe(self) -> None:
        groups = {"one": {BOTH: 40}, "other": {BOTH: 20}}
        assert hidden_parts(HALVES, groups, K) == hidden_parts(HALVES, groups, K, rest={BOTH: 9}) == {}
        assert set(hidden_parts(HALVES, groups, K, rest={BOTH: 1})) == {"other"}

    def test_is_reckoned_from_sums_and_differences_of_patterns(self) -> None:
        assert added([{BOTH: 2}, {BOTH: 3, ONLY_A: 1}]) == {BOTH: 5, ONLY_A: 1}
        assert left_of({BOTH: 5, ONLY_A: 1}, [{BOTH: 2}, {ONLY_A: 1}]) == {BOTH: 3}
