"""What the readers of a run get: figures with their uncertainty, already cleared for showing.

Everything here is a frozen value. The rules for small numbers have been applied before a value of
these types exists (see `analytics.scoring.disclosure`), so page, API, export and report agree by
printing what they are given: a figure that must not be shown has no value to print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class Grain(StrEnum):
    """How long a period is."""

    ALL = "all"
    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    WAVE = "wave"
    RANGE = "range"


class Status(StrEnum):
    """Whether a figure may be shown, and how."""

    SHOWN = "shown"
    FEW = "few"
    """10-29 answers: show it, marked "few answers"; no alert, hatched in tables, listed last."""
    TOO_FEW = "too_few"
    """1-9 answers: "7 answers, shown from 10"; no value."""
    NONE = "none"
    """No valid answer at all."""
    WITHHELD = "withheld"
    """The anonymity promised forbids it; not even `n` may be printed (it is 0 here)."""


class Verdict(StrEnum):
    """What may be said of a change."""

    BEYOND = "beyond"
    """The 95 % interval of the difference leaves out 0: beyond chance."""
    WITHIN = "within"
    """It does not: within chance."""
    UNKNOWN = "unknown"
    """One of the two figures may not be shown, so nothing may be said."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of days in the team's time zone, or a wave.

    `key` is the one spelling used in addresses and by the API: `all`, `2026`, `2026-Q3`, `2026-11`,
    `2026-W47`, `2026-11-22`, `wave:2018`, `2026-01-01..2026-02-15` (both ends included).
    `start` is the first day and `end` the day after the last; both are None for `all` and waves.
    """

    grain: Grain
    key: str
    start: date | None = None
    end: date | None = None

    @property
    def label(self) -> str:
        """The key without its prefix: what is printed where no translated form is at hand."""
        return self.key.removeprefix("wave:")

    def is_running(self, today: date) -> bool:
        """Tell whether the period is not over yet on `today` (a day in the team's time zone)."""
        return self.start is not None and self.end is not None and self.start <= today < self.end


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what it rests on.

    `metric` is an id of the registry (`analytics.scoring.registry`), which knows its scale: shares
    are 0-1, the index 0-100, the Net Promoter Score -100..100, means in points of their scale.
    `low` and `high` bound the 95 % interval. `value`, `low`, `high` and `standard_error` are None
    unless the status is `shown` or `few`; the interval alone may be None when n is 1.
    `reason` is an id for the sentence to print instead (`too_few`, `none`, `withheld`, …);
    `needed` is the number of answers from which the figure is shown; `off_scale` counts answers to its questions that are
    not on their scale and count nowhere. `weight` is the sum of the respondent
    weights behind a weighted figure, relative to their mean over the period; None for an unweighted one.
    """

    metric: str
    n: int
    n_eff: float
    value: float | None
    low: float | None
    high: float | None
    status: Status
    reason: str = ""
    needed: int = 0
    standard_error: float | None = None
    weight: float | None = None
    off_scale: int = 0

    @property
    def is_shown(self) -> bool:
        """Whether there is a value to print."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a distribution: its code, how many answers, their share (0-1)."""

    code: int
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Answers that are in no numerator and no denominator, by kind.

    `other_scale` counts those who were asked the question on another scale, whatever they answered.
    """

    not_applicable: int = 0
    blank: int = 0
    not_asked: int = 0
    invalid: int = 0
    other_scale: int = 0


@dataclass(frozen=True, slots=True)
class Effort:
    """Customer effort in three conventions: mean 1-7, share of 5-7 (0-1), percentage of 5-7 minus that of 1-3."""

    mean: Figure
    agreeing: Figure
    net: Figure


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One question over one group of responses, on its own scale.

    `questionnaire_id`, `key` name the question; `low_code`, `high_code` its scale. `satisfied` is
    the share in the top two codes, `dissatisfied` in the bottom two (for scales under five codes:
    top and bottom one). `distribution` is empty when it may not be shown. `is_effort` says that the tree names it as
    a question of customer effort; `effort` is given where that is weighted; ask `analytics.scoring.effort.effort_of`.
    """

    questionnaire_id: int
    key: str
    low_code: int
    high_code: int
    mean: Figure
    satisfied: Figure
    dissatisfied: Figure
    distribution: tuple[Level, ...]
    missing: Missing
    effort: Effort | None = None
    is_effort: bool = False


@dataclass(frozen=True, slots=True)
class NpsResult:
    """The Net Promoter Score with its three shares and the answers 0-10."""

    questionnaire_id: int
    key: str
    score: Figure
    promoters: Figure
    passives: Figure
    detractors: Figure
    distribution: tuple[Level, ...]
    missing: Missing


@dataclass(frozen=True, slots=True)
class NodeResult:
    """One indicator over one group of responses.

    `weight` is its share among its siblings, `overall_weight` its share of the whole index (both 0-1).
    `index` is the 0-100 index by estimator A (respondent level). The `distribution` has five levels
    (1 lowest): every respondent's index at this node put at the nearest point of the score vector, so
    that on a leaf with one five-point question it is the distribution of the answers.
    `satisfied` is the share in levels 4-5, `dissatisfied` in levels 1-2: other metrics than those of a question, whose
    boxes are points of its own scale.
    `items` are the questions that feed a leaf, empty on inner nodes.
    """

    key: str
    names: Mapping[str, str]
    parent: str | None
    depth: int
    is_leaf: bool
    weight: float
    overall_weight: float
    target: float | None
    index: Figure
    satisfied: Figure
    dissatisfied: Figure
    distribution: tuple[Level, ...]
    items: tuple[ItemResult, ...] = ()


@dataclass(frozen=True, slots=True)
class PeriodResult:
    """Everything about one group of responses: a period, under filters and a scope.

    `nodes` are in tree order, parents before children, the root first. `overall` is the overall
    satisfaction question(s); `nps` the recommendation question; both None when the tree has none.
    `responses` counts completed responses in the group (0 and `is_withheld` where even that may not be told).
    """

    period: Period
    responses: int
    nodes: tuple[NodeResult, ...]
    overall: ItemResult | None
    nps: NpsResult | None
    is_withheld: bool = False

    @property
    def root(self) -> NodeResult:
        """The satisfaction index itself."""
        return self.nodes[0]

    @property
    def satisfied(self) -> Figure:
        """The satisfied share of the whole: of the overall question, of the index where none is asked."""
        return self.overall.satisfied if self.overall else self.root.satisfied

    def is_on_scale_of(self, other: PeriodResult) -> bool:
        """Whether the satisfied share of the whole counts the same codes of the same scale in both, where both have one."""
        return not (self.satisfied.n and other.satisfied.n) or self._satisfied_scale == other._satisfied_scale

    @property
    def _satisfied_scale(self) -> tuple[int, int] | None:
        return (self.overall.low_code, self.overall.high_code) if self.overall else None

    def node(self, key: str) -> NodeResult | None:
        """Return the node with this key."""
        return next((node for node in self.nodes if node.key == key), None)


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """One level of a segment dimension; `level` is "" for responses without a value."""

    dimension: str
    level: str
    names: Mapping[str, str]
    result: PeriodResult


@dataclass(frozen=True, slots=True)
class Dimension:
    """A segment dimension that the run knows, with its levels in order."""

    key: str
    names: Mapping[str, str]
    levels: tuple[str, ...]
    level_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """Current minus previous, in the metric's own unit, with the 95 % interval of the difference.

    `detectable` is the smallest change that samples of these sizes would show four times in five.
    """

    metric: str
    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    detectable: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why the last run asked for was not made: a code (see `analytics.scoring.refusals`) and what it is about."""

    code: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Freshness:
    """How new the results are: the last finished run and what still waits.

    `responses` are covered by the run; `is_pending` says that something newer waits for the next one,
    since `waiting_since_at`. `refusal` tells why the tree could not be computed; the run before it still stands.
    Where anonymity was promised (`is_anonymous`) neither `responses` nor `newest_response_at` is told: a run follows
    every answer, and each of them would tell of a single one. Neither is told to a reader with a scope (`is_limited`).
    """

    run_id: int | None
    finished_at: datetime | None
    responses: int | None
    newest_response_at: datetime | None
    is_pending: bool
    waiting_since_at: datetime | None
    refusal: Refusal | None = None
    is_anonymous: bool = False
    is_limited: bool = False

    def limited(self) -> Freshness:
        """The same for a reader with a scope, who is not to know when answers came from elsewhere, nor how many."""
        return replace(self, responses=None, newest_response_at=None, is_limited=True)

    def untold(self) -> Freshness:
        """The same of answers that were promised anonymity."""
        return replace(self, responses=None, newest_response_at=None, is_anonymous=True)
