"""A value written as the sum it is, with the numbers put in, so that anybody can reckon it again.

What is printed comes out as printed: where the parts have to be rounded they get as many digits as that takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.methods.customer_effort import AGREEING, CODES
from analytics.methods.distributions import box_size
from analytics.methods.net_promoter import DETRACTORS, PROMOTERS
from analytics.scoring.definition import Definition, scores_of
from analytics.scoring.results import Effort, Figure, ItemResult, Level, NodeResult, NpsResult

PLACES: Final = 2
"""Digits of the result of a sum of scores: one more than a value is printed with, to be rounded from."""
MOST_DIGITS: Final = 6
"""A respondent's value is rounded to a millionth, so that more digits say nothing."""
DISAGREEING: Final = slice(0, 3)


@dataclass(frozen=True, slots=True)
class Formula:
    """A sum with its result, and a sentence on what is added up."""

    text: str
    says: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What the indicators below one add up to by weight; `value` is None where one of them may not be shown.

    With so many `digits` the products, added up as they are printed, give the printed sum.
    """

    value: float | None
    weights: Mapping[str, float]
    digits: int = PLACES

    def of(self, child: NodeResult) -> float | None:
        """Weight (0-1) times value of one of them."""
        return None if child.index.value is None else self.weights[child.key] * child.index.value


def add_parts(children: Sequence[NodeResult], definition: Definition) -> Parts:
    """Add up weight times value of the indicators below one, with the weights shared out among those that are asked."""
    weights = {one.key: definition.asked_weights[one.key] for one in children}
    values = [weights[one.key] * one.index.value for one in children if weights[one.key] and one.index.value is not None]
    is_whole = bool(values) and len(values) == sum(1 for weight in weights.values() if weight)
    return Parts(sum(values), weights, _digits_that_add_up(values)) if is_whole else Parts(None, weights)


def _digits_that_add_up(values: Sequence[float]) -> int:
    wanted = wording.number(sum(values), PLACES)
    enough = (digits for digits in range(PLACES, MOST_DIGITS)
              if wording.number(sum(round(value, digits) for value in values), PLACES) == wanted)
    return next(enough, MOST_DIGITS)


def value_formulas(node: NodeResult, children: Sequence[NodeResult], definition: Definition) -> list[Formula]:
    """Write how a value is reckoned: from its answers, or from its parts and the respondents' own values."""
    if not node.index.is_shown:
        return []
    if children:
        return [*_of_parts(children, add_parts(children, definition)), _of_respondents(node.index)]
    return [_of_answers(node, definition.score_vector) or _of_respondents(node.index)]


def is_of_one_question(node: NodeResult) -> bool:
    """Whether everybody who counts gave one answer, so that the value is made of those answers alone."""
    return bool(node.items) and all(one.distribution for one in node.items if one.mean.n) and (
        sum(one.mean.n for one in node.items) == node.index.n)


def _of_answers(node: NodeResult, vector: str) -> Formula | None:
    if not is_of_one_question(node):
        return None
    if node.index.weight is None:
        return _counted(node, vector)
    answered = [one for one in node.items if one.mean.n]
    return _by_share(answered[0], vector, node.index.value or 0.0) if len(answered) == 1 else None


def _counted(node: NodeResult, vector: str) -> Formula:
    counts: dict[float, int] = {}
    for item in node.items:
        scores = scores_of(vector, item.low_code, item.high_code)
        for level, score in zip(item.distribution, scores, strict=bool(item.distribution)):
            counts[score] = counts.get(score, 0) + level.count
    terms = " + ".join(f"{count:,}×{_score(score)}" for score, count in sorted(counts.items()))
    return Formula(
        f"({terms}) ÷ {node.index.n:,} = {wording.number(node.index.value, PLACES)}",
        _("How many gave each answer, times its score; divided by the number of those who answered."),
    )


def _by_share(item: ItemResult, vector: str, value: float) -> Formula:
    scores = scores_of(vector, item.low_code, item.high_code)
    pairs = [(level.share, score) for level, score in zip(item.distribution, scores, strict=True)]

    def write(digits: int) -> tuple[str, float]:
        shares = [round(100 * share, digits) for share, _score_of in pairs]
        text = " + ".join(f"{share:.{digits}f}%×{_score(score)}" for share, (_share, score) in zip(shares, pairs, strict=True))
        return text, sum(share / 100 * score for share, (_share, score) in zip(shares, pairs, strict=True))

    return Formula(_settled(value, PLACES, write), _("The share of the respondent weights at each answer, times its score."))


def _of_parts(children: Sequence[NodeResult], parts: Parts) -> list[Formula]:
    if parts.value is None:
        return []
    pairs = [(parts.weights[one.key], one.index.value or 0.0) for one in children if parts.weights[one.key]]

    def write(digits: int) -> tuple[str, float]:
        rounded = [(round(100 * weight, digits), round(value, digits)) for weight, value in pairs]
        text = " + ".join(f"{weight:.{digits}f}%×{value:.{digits}f}" for weight, value in rounded)
        return text, sum(weight / 100 * value for weight, value in rounded)

    return [Formula(_settled(parts.value, PLACES, write), _(
        "The weights of the indicators below it, times their values. Where answers are missing, this is not yet the value."))]


def _of_respondents(figure: Figure) -> Formula:
    value, size = figure.value or 0.0, float(figure.n) if figure.weight is None else figure.weight

    def write(digits: int) -> tuple[str, float]:
        total = round(value * size, digits)
        if figure.weight is None:
            return f"{total:,.{digits}f} ÷ {figure.n:,}", total / figure.n
        return f"{total:,.{digits}f} ÷ {size:,.{digits}f}", total / round(size, digits)

    if figure.weight is None:
        says = _("The values of the respondents added up, divided by their number. Where a respondent left a part out, the weights"
                 " of the answered parts are renormalised to 100% for that respondent (estimator A).")
    else:
        says = _("The values of the respondents times their respondent weights, divided by the sum of those weights. Where a"
                 " respondent left a part out, the weights of the answered parts are renormalised to 100% for that respondent"
                 " (estimator A).")
    return Formula(_settled(value, PLACES, write), says)


def share_formula(figure: Figure, levels: Sequence[Level], part: slice) -> str:
    """Write a share of the answers, "" where there is none: (505 + 483) ÷ 1,309 = 75.5%."""
    if not figure.is_shown or not levels:
        return ""
    share, inside = figure.value or 0.0, levels[part]
    if figure.weight is None:
        return f"({_sum(inside)}) ÷ {_all(levels):,} = {wording.value_with_unit(figure)}"

    def write(digits: int) -> tuple[str, float]:
        shares = [round(100 * level.share, digits) for level in inside]
        return " + ".join(f"{one:.{digits}f}%" for one in shares), sum(shares)

    return f"{_settled(100 * share, wording.decimals_of(figure.metric), write)}%"


def satisfied_formula(item: ItemResult) -> str:
    """Write the satisfied share of a question."""
    return share_formula(item.satisfied, item.distribution, slice(-box_size(item.high_code - item.low_code + 1), None))


def promoter_formula(found: NpsResult) -> str:
    """Write the Net Promoter Score: (612 − 204) ÷ 1,300 × 100 = +31."""
    return _net_formula(found.score, found.distribution, PROMOTERS, DETRACTORS)


def effort_formulas(item: ItemResult, effort: Effort) -> tuple[str, str, str]:
    """Write a customer effort score in its three conventions, in the order mean, agreeing, net."""
    return (
        _mean_formula(effort.mean, item.distribution), share_formula(effort.agreeing, item.distribution, AGREEING),
        _net_formula(effort.net, item.distribution, AGREEING, DISAGREEING),
    )


def _mean_formula(figure: Figure, levels: Sequence[Level]) -> str:
    if not figure.is_shown or len(levels) != len(CODES):
        return ""
    places = wording.decimals_of(figure.metric)
    if figure.weight is None:
        terms = " + ".join(f"{level.count:,}×{level.code}" for level in levels)
        return f"({terms}) ÷ {_all(levels):,} = {wording.number(figure.value, places)}"

    def write(digits: int) -> tuple[str, float]:
        shares = [(round(100 * level.share, digits), level.code) for level in levels]
        return (" + ".join(f"{share:.{digits}f}%×{code}" for share, code in shares),
                sum(share / 100 * code for share, code in shares))

    return _settled(figure.value or 0.0, places, write)


def _net_formula(figure: Figure, levels: Sequence[Level], above: slice, below: slice) -> str:
    if not figure.is_shown or not levels:
        return ""
    if figure.weight is None:
        ends = [sum(level.count for level in levels[part]) for part in (above, below)]
        return f"({ends[0]:,} {wording.MINUS} {ends[1]:,}) ÷ {_all(levels):,} × 100 = {wording.value_text(figure)}"

    def write(digits: int) -> tuple[str, float]:
        one, other = (round(100 * sum(level.share for level in levels[part]), digits) for part in (above, below))
        return f"({one:.{digits}f}% {wording.MINUS} {other:.{digits}f}%) × 100", one - other

    return _settled(figure.value or 0.0, wording.decimals_of(figure.metric), write, sign=True)


def _settled(value: float, places: int, write: Callable[[int], tuple[str, float]], *, sign: bool = False) -> str:
    """Write a sum with the fewest digits with which it comes out as its result is printed."""
    wanted, text = wording.number(value, places, sign=sign), ""
    for digits in range(1, MOST_DIGITS + 1):
        text, worth = write(digits)
        if wording.number(worth, places, sign=sign) == wanted:
            break
    return f"{text} = {wanted}"


def _score(score: float) -> str:
    """A score as the runs use it: to a millionth, without idle zeros."""
    return f"{score:.{MOST_DIGITS}f}".rstrip("0").rstrip(".")


def _sum(levels: Sequence[Level]) -> str:
    return " + ".join(f"{level.count:,}" for level in levels)


def _all(levels: Sequence[Level]) -> int:
    return sum(level.count for level in levels)
