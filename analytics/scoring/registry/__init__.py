"""Every figure the product shows, defined once: pages, API, exports and explanations read this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analytics.scoring.registry.figures import FIGURES
from analytics.scoring.registry.judgements import JUDGEMENTS
from analytics.scoring.registry.metric import Metric, MetricGroup

METRICS: Final[Mapping[str, Metric]] = {metric.id: metric for metric in (*FIGURES, *JUDGEMENTS)}


def get_metric(metric_id: str) -> Metric | None:
    """Return the metric of an id."""
    return METRICS.get(metric_id)


def list_metrics(group: MetricGroup) -> tuple[Metric, ...]:
    """Return the metrics that are explained together."""
    return tuple(metric for metric in METRICS.values() if metric.group == group)
