"""Intervals and estimates: what every method hands back."""

import math
from dataclasses import dataclass
from typing import Self

from scipy import special

from analytics.methods.errors import InvalidValueError
from analytics.methods.inputs import checked_level

DEFAULT_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval in the unit of its number.

    Parameters
    ----------
    low, high : float
        Finite, `low <= high`.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    InvalidValueError
        If an end is not finite or the ends are swapped.
    InvalidLevelError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> Interval(-1.5, 2.5, 0.95).half_width
    2.0
    """

    low: float
    high: float
    level: float

    def __post_init__(self) -> None:
        checked_level(self.level)
        if not (math.isfinite(self.low) and math.isfinite(self.high)) or self.low > self.high:
            raise InvalidValueError(f"[{self.low}, {self.high}] is not an interval.")

    @property
    def half_width(self) -> float:
        """Half of the distance between the ends."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Say whether `value` lies inside, ends included."""
        return self.low <= value <= self.high

    def clipped(self, low: float, high: float) -> Self:
        """Return the part that lies on a scale from `low` to `high`."""
        return type(self)(min(max(self.low, low), high), max(min(self.high, high), low), self.level)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with how sure it is.

    Attributes
    ----------
    value : float
        The point estimate, in the unit of the method.
    standard_error : float
        In the same unit, >= 0.
    n : int
        Valid answers behind it.
    n_eff : float
        Kish's effective number of answers; `n` without respondent weights.
    interval : Interval
        Around the value, in the same unit.
    """

    value: float
    standard_error: float
    n: int
    n_eff: float
    interval: Interval


def normal_quantile(level: float) -> float:
    """Return z such that a standard normal lies within +-z with probability `level`.

    Raises
    ------
    InvalidLevelError
        If the level does not lie between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    # The special function itself: a page asks for hundreds, and the distribution object costs 50 times as much.
    return -float(special.ndtri((1 - checked_level(level)) / 2))


def student_quantile(level: float, df: float) -> float:
    """Return t such that Student's t with `df` > 0 degrees lies within +-t with probability `level`.

    Raises
    ------
    InvalidLevelError
        If the level does not lie between 0 and 1.

    Examples
    --------
    >>> round(student_quantile(0.95, 9), 6)
    2.262157
    """
    return -float(special.stdtrit(df, (1 - checked_level(level)) / 2))


def normal_interval(value: float, standard_error: float, level: float = DEFAULT_LEVEL) -> Interval:
    """Return value +- z * standard error.

    Raises
    ------
    InvalidLevelError
        If the level does not lie between 0 and 1.
    InvalidValueError
        If the value is not finite, or the standard error negative or not finite.

    Examples
    --------
    >>> normal_interval(45.0, 5.689903338371).low.__round__(4)
    33.848
    """
    margin = normal_quantile(level) * standard_error
    return Interval(value - margin, value + margin, level)


def student_interval(value: float, standard_error: float, df: float, level: float = DEFAULT_LEVEL) -> Interval:
    """Return value +- t * standard error with `df` > 0 degrees of freedom.

    Raises
    ------
    InvalidLevelError
        If the level does not lie between 0 and 1.
    InvalidValueError
        If the value is not finite, or the standard error negative or not finite.

    Examples
    --------
    >>> student_interval(70.0, 0.0, 1).half_width
    0.0
    """
    margin = student_quantile(level, df) * standard_error
    return Interval(value - margin, value + margin, level)
