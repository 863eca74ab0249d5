"""What a metric is, and the sentences that several have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class MetricGroup(StrEnum):
    """What metrics are explained together."""

    FIGURES = "figures"
    CHANGES = "changes"
    WEIGHTING = "weighting"
    WEIGHTS = "weights"


@dataclass(frozen=True)
class Metric:
    """What a figure is: texts are translated when printed.

    `low`, `high` bound its values; `unit` is `points`, `share` (0-1, printed as percent), `count`, `level`,
    `p` (a p value, 0-1) or `factor`;
    `decimals` is how many digits are printed; `version` changes when the digits would. A mean's bounds are those of
    its question's scale. `group` says with which others it is explained, `fields` under which names beside its id the
    API gives it.
    """

    id: str
    name: _StrPromise
    formula: _StrPromise
    denominator: _StrPromise
    missing: _StrPromise
    interval: _StrPromise
    source: _StrPromise
    low: float | None
    high: float | None
    unit: str
    decimals: int
    version: int = 1
    group: MetricGroup = MetricGroup.FIGURES
    fields: tuple[str, ...] = ()


LEFT_OUT = _(
    "Answers that are blank, “does not apply” or were not asked are in neither numerator nor denominator."
)
NO_INTERVAL = _("None is given.")
