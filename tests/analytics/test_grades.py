"""The grade method: bounds halfway between the points of a score vector, each in the grade above it."""

from __future__ import annotations

import pytest

from analytics.scoring.definition import level_bounds
from analytics.scoring.grades import Grade, grade_of
from analytics.scoring.results import Figure, Status


def index(value: float | None) -> Figure:
    return Figure("index", 50, 50.0, value, None, None, Status.SHOWN if value is not None else Status.NONE)


class TestGrades:
    @pytest.mark.parametrize(("vector", "bounds"), [
        ("linear", (12.5, 37.5, 62.5, 87.5)), ("cn_practice", (15.0, 45.0, 70.0, 90.0)), ("cn_practice_40", (20.0, 50.0, 70.0, 90.0)),
        ("times20", (30.0, 50.0, 70.0, 90.0)),
    ])
    def test_lie_halfway_between_the_points_of_the_vector(self, vector, bounds):
        assert level_bounds(vector) == bounds
        ends = (0.0, *bounds, 100.0)
        for level in range(1, 6):
            low, high = ends[level - 1], ends[level]
            grade = Grade(level, low, high)
            assert grade_of(index(low), vector) == grade_of(index((low + high) / 2), vector) == grade

    def test_are_five_from_end_to_end(self):
        assert [grade_of(index(value), "linear").level for value in (0.0, 12.4, 12.5, 87.4, 87.5, 100.0)] == [1, 1, 2, 4, 5, 5]

    def test_are_none_without_a_value(self):
        assert grade_of(index(None), "linear") is None
