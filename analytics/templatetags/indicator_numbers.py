"""Presentation of trees only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django import template

from analytics.indicators.forms import VECTOR_NAMES
from analytics.indicators.hooks import NodeFigure, TreeFigures
from analytics.indicators.models import Indicator, QuestionSource
from analytics.indicators.panel_models import RandomIndexTable
from analytics.indicators.selectors import Branch

register = template.Library()


@register.filter
def with_shares(branches: Sequence[Branch]) -> Iterator[tuple[Branch, float]]:
    """Pair each branch with its share of the whole index: the product of the weights above it."""
    shares: dict[int | None, float] = {None: 1.0}
    for branch in branches:
        share = shares[branch.indicator.parent_id] * branch.weight
        shares[branch.indicator.pk] = share
        yield branch, share


@register.filter
def is_group(label: object) -> bool:
    """Tell a group of choices from a single one."""
    return isinstance(label, list)


@register.filter
def wording_of(texts: Mapping[int, Mapping[str, str]], source: QuestionSource) -> Mapping[str, str]:
    """Give a question's texts by language; empty where it is no longer asked."""
    return texts.get(source.pk, {})


@register.filter
def random_index_name(code: str) -> str:
    """Name the table of random indices a ratio was divided by."""
    return str(RandomIndexTable(code).label)


@register.filter
def figure_of(figures: TreeFigures | None, indicator: Indicator) -> NodeFigure | None:
    """Give an indicator's index; None before the first results, or of one that they do not know yet."""
    return figures.nodes.get(indicator.key) if figures is not None else None


@register.filter
def vector_name(code: str) -> str:
    """Name a score vector; one that is no longer offered keeps its code."""
    return str(VECTOR_NAMES.get(code, code))


@register.filter
def points(share: float) -> str:
    """Write a difference of shares in percentage points: 0.0234 as +2.3."""
    text = format(round(100 * share, 1), "+.1f")
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


@register.filter
def two_decimals(value: float) -> str:
    """Write -0.204 as −0.20 with a true minus sign."""
    text = format(value, ".2f")
    return "0.00" if text == "-0.00" else text.replace("-", "−")


@register.filter
def size(number: int) -> int:
    """Give a number without its sign."""
    return abs(number)
