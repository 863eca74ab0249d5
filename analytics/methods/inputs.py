"""The one gate through which every input passes.

Bad input is refused with a named reason; nothing is coerced, dropped or
repaired on the way. What comes out is a contiguous numpy array of a known type.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import (
    InvalidCountError,
    InvalidLevelError,
    InvalidScaleError,
    InvalidValueError,
    InvalidWeightError,
    MethodError,
    NoAnswersError,
    ShapeMismatchError,
    TooFewAnswersError,
    UnknownCodeError,
    WeightSumError,
    ZeroWeightError,
)

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

WEIGHT_SUM_TOLERANCE = 1e-9
# Between these the square of a weight, and any sum of squares, is a number of full precision.
LEAST_WEIGHT, LARGEST_WEIGHT = 1e-100, 1e100
# What a difference of two sums leaves below this part of them is rounding, not a difference.
ROUNDING = 1e-12


def checked_level(level: float) -> float:
    """Return a confidence level strictly between 0 and 1."""
    if not (isinstance(level, int | float) and 0.0 < level < 1.0):
        raise InvalidLevelError(f"A level must lie between 0 and 1, not {level!r}.")
    return float(level)


def checked_fraction(value: float, name: str) -> float:
    """Return a setting that must lie in 0-1, ends included."""
    if not (isinstance(value, int | float) and 0.0 <= value <= 1.0):
        raise InvalidLevelError(f"{name} must lie in 0-1, not {value!r}.")
    return float(value)


def checked_codes(codes: Sequence[int]) -> tuple[int, ...]:
    """Return the codes of a scale: at least one, integers, strictly rising."""
    if any(not isinstance(code, int | np.integer) for code in codes):
        raise InvalidScaleError("Scale codes must be integers.")
    found = tuple(int(code) for code in codes)
    if not found or any(a >= b for a, b in itertools.pairwise(found)):
        raise InvalidScaleError("Scale codes must be given in rising order, each once.")
    return found


def checked_counts(counts: npt.ArrayLike, size: int | None = None) -> IntArray:
    """Return a histogram of non-negative integer counts, shape (codes,)."""
    raw = np.asarray(counts)
    if raw.ndim != 1 or raw.size == 0 or raw.dtype.kind not in "iu":
        raise InvalidCountError("A histogram is a list of whole counts, one per code.")
    if size is not None and raw.size != size:
        raise ShapeMismatchError(f"Expected {size} counts, got {raw.size}.")
    if (raw < 0).any():
        raise InvalidCountError("A count cannot be negative.")
    return raw.astype(np.int64)


def checked_histogram(counts: npt.ArrayLike, size: int | None = None, needed: int = 1) -> IntArray:
    """Return a histogram holding at least `needed` answers."""
    checked = checked_counts(counts, size)
    checked_size(int(checked.sum()), needed)
    return checked


def checked_size(n: int, needed: int = 1) -> int:
    """Return `n` if it is a whole number of answers, at least `needed`."""
    if not isinstance(n, int | np.integer) or n < 0:
        raise InvalidCountError(f"A number of answers must be a whole number, not {n!r}.")
    if n == 0:
        raise NoAnswersError("There are no valid answers.")
    if n < needed:
        raise TooFewAnswersError(f"{n} answers, {needed} needed.", n=int(n), needed=needed)
    return int(n)


def checked_part(part: float, whole: float) -> float:
    """Return a finite part of a whole, 0 <= part <= whole."""
    if not (math.isfinite(part) and math.isfinite(whole)) or part < 0 or part > whole:
        raise InvalidCountError(f"{part!r} is not a part of {whole!r}.")
    return float(part)


def checked_values(values: npt.ArrayLike, size: int | None = None) -> FloatArray:
    """Return finite float values, shape (n,)."""
    array = _float_array(values, InvalidValueError)
    if size is not None and array.size != size:
        raise ShapeMismatchError(f"Expected {size} values, got {array.size}.")
    if not np.isfinite(array).all():
        raise InvalidValueError("Every value must be finite.")
    return array


def checked_scores(scores: npt.ArrayLike, size: int | None = None) -> FloatArray:
    """Return the finite score of each code, shape (codes,)."""
    array = _float_array(scores, InvalidScaleError)
    if array.size == 0 or not np.isfinite(array).all():
        raise InvalidScaleError("Every code needs a finite score.")
    if size is not None and array.size != size:
        raise InvalidScaleError(f"Expected {size} scores, got {array.size}.")
    return array


def checked_respondent_weights(weights: npt.ArrayLike, size: int | None = None) -> FloatArray:
    """Return respondent weights: 0 or within 1e-100..1e100, not all zero, shape (n,)."""
    array = _float_array(weights, InvalidWeightError)
    if size is not None and array.size != size:
        raise ShapeMismatchError(f"Expected {size} weights, got {array.size}.")
    if array.size == 0:
        raise NoAnswersError("There are no valid answers.")
    checked = _positive_sum(array)
    if is_extreme(checked):
        raise InvalidWeightError("A weight is too small or too large to be squared.")
    return checked


def is_extreme(weights: FloatArray) -> bool:
    """Say whether a weight that is not 0 lies beyond 1e-100..1e100, where its square is lost."""
    return bool(((weights != 0) & ((weights < LEAST_WEIGHT) | (weights > LARGEST_WEIGHT))).any())


def without_rounding(differences: FloatArray, sums: FloatArray) -> FloatArray:
    """Return differences of sums of that size, 0 where only rounding is left of them."""
    return np.where(np.abs(differences) > ROUNDING * np.abs(sums), differences, 0.0)


def checked_indicator_weights(weights: npt.ArrayLike) -> FloatArray:
    """Return the weights of siblings: finite, not negative, summing to 1, shape (k,)."""
    array = _positive_sum(_float_array(weights, InvalidWeightError))
    total = math.fsum(array)
    if abs(total - 1.0) > WEIGHT_SUM_TOLERANCE:
        raise WeightSumError(f"Weights of siblings sum to {total}, not to 1.", total=total)
    return array


def position_of(code: int, codes: Sequence[int]) -> int:
    """Return where `code` stands in the scale, or refuse it."""
    if code not in codes:
        raise UnknownCodeError(f"The scale has no code {code}.", code=int(code))
    return list(codes).index(code)


def _float_array(values: npt.ArrayLike, error: type[MethodError]) -> FloatArray:
    raw = np.asarray(values)
    if raw.ndim != 1 or raw.dtype.kind not in "iuf":
        raise error("Expected a list of numbers.")
    return raw.astype(np.float64)


def _positive_sum(weights: FloatArray) -> FloatArray:
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise InvalidWeightError("A weight must be finite and not negative.")
    if not weights.any():
        raise ZeroWeightError("The weights sum to nothing.")
    return weights
