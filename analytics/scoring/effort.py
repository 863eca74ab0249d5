"""Customer effort of a seven-point question in its three conventions; none is the right one, so all are named."""

from __future__ import annotations

from analytics.methods.customer_effort import CODES, NET_SCORES, customer_effort
from analytics.methods.errors import MethodError
from analytics.methods.intervals import Estimate
from analytics.methods.proportions import Proportion
from analytics.scoring.figures import are_alike, without_certainty
from analytics.scoring.results import Effort, Figure, ItemResult

__all__ = ["Effort", "effort_of"]
METRICS_OF_EFFORT = ("ces_mean", "ces_agreeing", "ces_net")


def effort_of(item: ItemResult) -> Effort | None:
    """Return the customer effort score of a seven-point question that the tree names as one; None for any other.

    It is weighted where the question is. What may not be shown of the question may not be shown of it.
    """
    if not item.is_effort or (item.low_code, item.high_code) != (CODES[0], CODES[-1]):
        return None
    if item.effort is not None:
        return item.effort
    counts = [level.count for level in item.distribution]
    try:
        found = customer_effort(counts) if counts else None
    except MethodError:
        found = None
    if found is None:
        mean, agreeing, net = (_hidden(metric, item.mean) for metric in METRICS_OF_EFFORT)
        return Effort(mean, agreeing, net)
    mean = _estimated("ces_mean", item.mean, found.mean, is_alike=are_alike(counts, CODES))
    net = _estimated("ces_net", item.mean, found.net, is_alike=are_alike(counts, NET_SCORES))
    return Effort(mean, _share("ces_agreeing", item.mean, found.agreeing), net)


def _hidden(metric: str, like: Figure) -> Figure:
    reason = "too_few_answers" if like.is_shown else like.reason
    return Figure(metric, like.n, like.n_eff, None, None, None, like.status, reason, like.needed)


def _estimated(metric: str, like: Figure, found: Estimate, *, is_alike: bool) -> Figure:
    figure = Figure(
        metric, found.n, found.n_eff, found.value, found.interval.low, found.interval.high, like.status, "", like.needed,
        found.standard_error,
    )
    return without_certainty(figure) if is_alike else figure


def _share(metric: str, like: Figure, found: Proportion) -> Figure:
    error = (found.value * (1 - found.value) / found.n) ** 0.5
    return Figure(
        metric, found.n, found.n_eff, found.value, found.interval.low, found.interval.high, like.status, "", like.needed,
        error,
    )
