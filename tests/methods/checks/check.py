"""One reference figure, or one vector of them, beside ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.methods.figures import CLOSED


@dataclass(frozen=True, eq=False)
class Check:
    """Figures of one method from one source, and how far ours may lie from them.

    `method` is `module.function` of the numeric core, or `service: …` for figures on their whole way.
    A relative tolerance is a share of the expected figure.
    """

    method: str
    figure: str
    source: str
    expected: np.ndarray
    ours: np.ndarray
    tolerance: float
    is_relative: bool

    @property
    def differences(self) -> np.ndarray:
        """How far each figure lies from its reference, in the kind of the tolerance."""
        distance: np.ndarray = np.abs(self.ours - self.expected)
        if self.is_relative:
            distance = distance / np.where(self.expected == 0, 1.0, np.abs(self.expected))
        return distance

    @property
    def worst(self) -> int:
        """The place of the figure that differs most; one that is no number differs most of all."""
        return int(np.nan_to_num(self.differences, nan=np.inf).argmax())

    @property
    def difference(self) -> float:
        """The largest difference."""
        return float(self.differences[self.worst])

    @property
    def is_ok(self) -> bool:
        """Whether every figure lies within the tolerance; what is no number never does."""
        return bool((self.differences <= self.tolerance).all())

    def __str__(self) -> str:
        return (
            f"{self.method}, {self.figure}: {self.ours[self.worst]!r} instead of {self.expected[self.worst]!r}"
            f" ({self.source}), {self.difference:.2g} > {self.tolerance:g}"
        )


def check(
    method: str, figure: str, expected: Any, ours: Any, *, source: str, within: float = CLOSED, relative: bool = False
) -> Check:
    """Return a check of numbers, vectors or matrices; raises ValueError where their shapes differ or are empty."""
    one, other = (np.asarray(numbers, dtype=float) for numbers in (expected, ours))
    if one.shape != other.shape or not one.size:
        raise ValueError(f"{method}, {figure}: {one.shape} expected, {other.shape} found")
    return Check(method, figure, source, one.ravel(), other.ravel(), within, relative)


def ends(interval: Any) -> tuple[float, float]:
    """Return both ends of an interval."""
    return interval.low, interval.high


def values(table: dict[str, float]) -> Sequence[float]:
    """Return the figures of a table by name, in its order."""
    return list(table.values())


def failing(checks: Iterable[Check]) -> list[str]:
    """Say which checks fail."""
    return [str(one) for one in checks if not one.is_ok]
