"""Is a change beyond chance?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from analytics.methods.change import (
    Difference,
    adjusted_net_promoter_difference,
    estimate_of_rest,
    linearised_difference,
    minimum_detectable_change,
    welch_difference,
)
from analytics.methods.errors import MethodError
from analytics.methods.intervals import DEFAULT_LEVEL, Estimate, Interval
from analytics.methods.multiplicity import benjamini_hochberg, holm
from analytics.methods.proportions import Proportion, largest_correlation, newcombe_difference, newcombe_p_value
from analytics.scoring.figures import ALL_ALIKE
from analytics.scoring.registry import METRICS
from analytics.scoring.results import Change, Figure, Verdict

FAMILY_LEVEL: Final = 0.05
"""The chance that a family of comparisons without any change names one as beyond chance."""

ONE_SIDE_ALIKE: Final = "one_side_alike"
"""The answers of one period are all the same, so its spread and with it the chance of a change are unknown."""

NOBODY_ELSE: Final = "nobody_else"
"""All answers are the group's, so that there is no rest to compare it with."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What respondents of both periods do to a change: the covariance of the two figures, from `n` of them."""

    n: int
    covariance: float


INDEPENDENT: Final = Shared(0, 0.0)
"""Nobody is known to have answered in both periods, or too few to tell."""


@dataclass(frozen=True, slots=True)
class TestedChange:
    """A change with its p value, 0-1, of "no change"; None where nothing may be said."""

    change: Change
    p: float | None


def compare(previous: Figure | None, current: Figure, *, shared: Shared = INDEPENDENT) -> Change:
    """Return current minus previous with the interval of the difference and its own verdict."""
    if previous is None:
        reason = "no_previous" if current.is_shown else current.reason
        return Change(current.metric, None, None, None, Verdict.UNKNOWN, reason=reason)
    return tested(previous, current, is_weighted=False, shared=shared).change


def tested(
    previous: Figure, current: Figure, *, is_weighted: bool, shared: Shared = INDEPENDENT
) -> TestedChange:
    """Return the change of a figure with its p value.

    Shares by Newcombe, the Net Promoter Score by the adjusted Wald test. Weighted means (those that say so, or all
    with `is_weighted`) by their linearised errors and the normal; unweighted ones by Welch. `shared` makes
    the interval that of partly the same respondents. Figures that may not be shown give no difference and the verdict
    `unknown`; means of which one rests on answers all alike a difference, and that verdict.
    """
    metric = current.metric
    if previous.value is None or current.value is None:
        reason = (current if current.value is None else previous).reason
        return TestedChange(Change(metric, None, None, None, Verdict.UNKNOWN, reason=reason), None)
    if (previous.reason == ALL_ALIKE) != (current.reason == ALL_ALIKE):
        difference = current.value - previous.value
        return TestedChange(Change(metric, difference, None, None, Verdict.UNKNOWN, reason=ONE_SIDE_ALIKE), None)
    try:
        by_weight = is_weighted or previous.weight is not None or current.weight is not None
        found = _difference(previous, current, is_weighted=by_weight, shared=shared)
    except MethodError as error:
        change = Change(metric, current.value - previous.value, None, None, Verdict.UNKNOWN, reason=error.reason)
        return TestedChange(change, None)
    verdict = Verdict.WITHIN if found.interval.contains(0.0) else Verdict.BEYOND
    low, high = found.interval.low, found.interval.high
    detectable = minimum_detectable_change(found.standard_error, 0.0)
    return TestedChange(Change(metric, found.value, low, high, verdict, detectable), found.p_value)


SCALE_CHANGED: Final = "scale_changed"
"""The two figures are of answers on different scales, and nothing may be said of their difference."""


def incomparable(previous: Figure, current: Figure) -> TestedChange:
    """Return what may be said where a question was asked on another scale before: that, or what is missing anyway."""
    plain = tested(previous, current, is_weighted=False).change
    reason = plain.reason if plain.difference is None and previous.n and current.n else SCALE_CHANGED
    return TestedChange(Change(current.metric, None, None, None, Verdict.UNKNOWN, reason=reason), None)


def tested_from_average(group: Figure, whole: Figure) -> TestedChange:
    """Return how far a group's mean lies from that of the whole it is part of, tested against everybody else.

    A group is part of the average, so it is compared with the rest: its distance from the average is the share of
    the rest times its distance from the rest, and so are the ends of its interval.
    """
    if group.value is None or whole.value is None:
        reason = (group if group.value is None else whole).reason
        return TestedChange(Change(group.metric, None, None, None, Verdict.UNKNOWN, reason=reason), None)
    distance = group.value - whole.value
    if group.n >= whole.n:
        return TestedChange(Change(group.metric, distance, None, None, Verdict.UNKNOWN, reason=NOBODY_ELSE), None)
    if ALL_ALIKE in (group.reason, whole.reason):
        return TestedChange(Change(group.metric, distance, None, None, Verdict.UNKNOWN, reason=ALL_ALIKE), None)
    weights = None if group.weight is None or whole.weight is None else (whole.weight, group.weight)
    try:
        rest = estimate_of_rest(_estimate(whole), _estimate(group), weights)
        differ = welch_difference if weights is None else linearised_difference
        found = differ(_estimate(group), rest)
    except MethodError as error:
        return TestedChange(Change(group.metric, distance, None, None, Verdict.UNKNOWN, reason=error.reason), None)
    share = 1 - (group.n / whole.n if weights is None else weights[1] / weights[0])
    low, high = share * found.interval.low, share * found.interval.high
    verdict = Verdict.WITHIN if found.interval.contains(0.0) else Verdict.BEYOND
    detectable = minimum_detectable_change(share * found.standard_error, 0.0)
    return TestedChange(Change(group.metric, distance, low, high, verdict, detectable), found.p_value)


@dataclass(frozen=True, slots=True)
class JudgedChange:
    """A change judged as one of a family; its verdict is Holm's. `p_bh` serves screening, p values are 0-1."""

    change: Change
    p: float | None
    p_holm: float | None
    p_bh: float | None


def judge_family(tests: Sequence[TestedChange]) -> list[JudgedChange]:
    """Return the changes in the same order with the verdicts that hold for all of them at once.

    Those without a p value take no part and keep their verdict. Every page judges indicators by this, so
    that no change is beyond chance on one page and within it on another.
    """
    p_values = [one.p for one in tests if one.p is not None]
    adjusted = iter(zip(holm(p_values).tolist(), benjamini_hochberg(p_values).tolist(), strict=True) if p_values else ())
    return [_judged(one, *next(adjusted)) if one.p is not None else JudgedChange(one.change, None, None, None)
            for one in tests]


def _judged(one: TestedChange, p_holm: float, p_bh: float) -> JudgedChange:
    verdict = Verdict.BEYOND if p_holm < FAMILY_LEVEL else Verdict.WITHIN
    return JudgedChange(replace(one.change, verdict=verdict), one.p, p_holm, p_bh)


@dataclass(frozen=True, slots=True)
class _Found:
    value: float
    standard_error: float
    p_value: float
    interval: Interval


def _difference(previous: Figure, current: Figure, *, is_weighted: bool, shared: Shared) -> Difference | _Found:
    if METRICS[current.metric].unit == "share":
        return _difference_of_shares(previous, current, shared)
    later, earlier = _estimate(current), _estimate(previous)
    if current.metric == "nps":
        return adjusted_net_promoter_difference(later, earlier, shared.covariance)
    if is_weighted:
        return linearised_difference(later, earlier, shared.covariance)
    return welch_difference(later, earlier, shared.covariance, n_both=shared.n)


def _difference_of_shares(previous: Figure, current: Figure, shared: Shared) -> _Found:
    later, earlier = _proportion(current), _proportion(previous)
    one, two = ((p.value * (1 - p.value) / p.n_eff) ** 0.5 for p in (later, earlier))
    largest = largest_correlation(later, earlier)
    rho = min(largest, max(-1.0, shared.covariance / (one * two))) if one * two else 0.0
    found = newcombe_difference(later, earlier, rho)
    error = max(0.0, one**2 + two**2 - 2 * rho * one * two) ** 0.5
    return _Found(found.value, error, newcombe_p_value(later, earlier, rho), found.interval)


def _interval(figure: Figure) -> Interval:
    value = figure.value or 0.0
    low, high = (value if end is None else end for end in (figure.low, figure.high))
    return Interval(low, high, DEFAULT_LEVEL)


def _proportion(figure: Figure) -> Proportion:
    return Proportion(figure.value or 0.0, figure.n, figure.n_eff, _interval(figure))


def _estimate(figure: Figure) -> Estimate:
    return Estimate(
        figure.value or 0.0, figure.standard_error or 0.0, figure.n, figure.n_eff, _interval(figure)
    )
