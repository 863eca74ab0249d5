"""The table of measurements judges each row by its own target."""

from __future__ import annotations

import pytest

from benchmarks.clocks import middle_pair
from benchmarks.figures import Row, from_json, table


def row(ours: float, target: float | None, *, is_more_better: bool = False) -> Row:
    return Row("group", "figure", ours, 10, "ms", "yardstick", target, is_more_better)


class TestRow:
    @pytest.mark.parametrize(("ours", "more", "verdict"), [
        (15, False, "ok"), (15.1, False, "short"), (15, True, "ok"), (14.9, True, "short")])
    def test_is_short_beyond_its_target(self, ours: float, more: bool, verdict: str) -> None:
        assert row(ours, 1.5, is_more_better=more).verdict == verdict

    def test_without_a_target_is_judged_by_nobody(self) -> None:
        assert row(1000, None).verdict == ""

    def test_comes_back_from_json(self) -> None:
        assert from_json(row(15, 2).as_json()) == row(15, 2)

    def test_is_a_line_of_the_table(self) -> None:
        assert table([row(25, 1.5)])[-1].split() == ["figure", "25", "ms", "10", "ms", "(yardstick)", "2.5", "<=", "1.5", "short"]


class TestMiddlePair:
    def test_is_the_one_with_the_median_ratio(self) -> None:
        assert middle_pair([10, 90, 20], [10, 10, 10]) == (20, 10)
