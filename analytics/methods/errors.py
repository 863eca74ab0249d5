"""The reasons for which a method gives no number.

Each condition is one exception with a stable `reason` code, so that a page and
an API can say the same thing in the reader's language. `details` carries the
figures a sentence needs (how many answers there were, how many are needed).
"""

from typing import ClassVar

Detail = int | float | str


class MethodError(ValueError):
    """The input does not determine the number that was asked for."""

    reason: ClassVar[str] = "no_number"

    def __init__(self, message: str, **details: Detail) -> None:
        super().__init__(message)
        self.details = details


class NoAnswersError(MethodError):
    """No valid answer, so nothing can be said."""

    reason = "no_answers"


class TooFewAnswersError(MethodError):
    """Fewer valid answers than the method needs (`n`, `needed`)."""

    reason = "too_few_answers"


class NoVariationError(MethodError):
    """Every answer is the same where the method divides by their spread."""

    reason = "no_variation"


class UnknownCodeError(MethodError):
    """A code that the scale does not have (`code`)."""

    reason = "unknown_code"


class InvalidScaleError(MethodError):
    """The codes of a scale or the scores given to them are unusable."""

    reason = "invalid_scale"


class InvalidCountError(MethodError):
    """A count that is negative, fractional, not finite, or out of its total."""

    reason = "invalid_count"


class InvalidValueError(MethodError):
    """A measured value that is not finite or outside its range."""

    reason = "invalid_value"


class InvalidWeightError(MethodError):
    """A weight that is negative, not finite, or too small or large to be squared."""

    reason = "invalid_weight"


class ZeroWeightError(MethodError):
    """Weights that sum to nothing."""

    reason = "zero_weight"


class WeightSumError(MethodError):
    """Indicator weights of siblings that do not sum to 1 (`total`)."""

    reason = "weight_sum"


class NegativeWeightError(MethodError):
    """A method derived a negative importance, which no index may carry."""

    reason = "negative_weight"


class InvalidTreeError(MethodError):
    """An indicator tree that is not one tree."""

    reason = "invalid_tree"


class InvalidLevelError(MethodError):
    """A confidence level outside 0-1, or another setting outside its range."""

    reason = "invalid_level"


class ShapeMismatchError(MethodError):
    """Arrays that belong together but differ in shape."""

    reason = "shape_mismatch"


class InvalidJudgementError(MethodError):
    """Pairwise judgements that are not positive and reciprocal."""

    reason = "invalid_judgement"


class DisconnectedJudgementsError(MethodError):
    """Judgements that leave some elements without any link to the others."""

    reason = "disconnected_judgements"


class TooManyItemsError(MethodError):
    """More items than the method can take (`items`, `limit`)."""

    reason = "too_many_items"


class SingularCorrelationError(MethodError):
    """Items that repeat one another, so that the equations have no answer."""

    reason = "singular_correlation"


class InvalidCorrelationError(MethodError):
    """A matrix that cannot be a correlation matrix."""

    reason = "invalid_correlation"


class EmptyMarginError(MethodError):
    """A population margin without any respondent to stand for it."""

    reason = "empty_margin"


class MarginTotalsError(MethodError):
    """Population margins whose totals contradict one another."""

    reason = "margin_totals"


class NoCommonDimensionError(MethodError):
    """No component stands out of chance (`n`), so nothing holds the items together."""

    reason = "no_common_dimension"


class NotConvergedError(MethodError):
    """An iteration that did not settle (`iterations`)."""

    reason = "not_converged"


class TooFewPeriodsError(MethodError):
    """Fewer periods with data than the method needs (`periods`, `needed`)."""

    reason = "too_few_periods"
