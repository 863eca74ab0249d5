"""The overview as numbers: what page, API and export all print, without a word of any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analytics.scoring.grades import Grade
from analytics.scoring.results import Change, Dimension, Figure, Freshness, Level, Missing, NpsResult, Period

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure beside the one it is compared with; `change` is None where nothing is compared."""

    figure: Figure
    previous: Figure | None = None
    change: Change | None = None
    target: float | None = None

    @property
    def gap(self) -> float | None:
        """Value minus target."""
        if self.figure.value is None or self.target is None:
            return None
        return self.figure.value - self.target


@dataclass(frozen=True, slots=True)
class Satisfied:
    """The satisfied share with the levels of the question (or index) it is about."""

    headline: Headline
    distribution: tuple[Level, ...]
    missing: Missing | None
    names: Names
    """The wording of the question; empty when the share is that of the index itself."""
    scale: tuple[int, int] | None = None
    """The lowest and the highest code of the question; None when the share is that of the index itself."""


@dataclass(frozen=True, slots=True)
class Nps:
    """The Net Promoter Score; `result` holds the shares and the answers 0-10."""

    headline: Headline
    result: NpsResult


@dataclass(frozen=True, slots=True)
class Funnel:
    """Invitations of the tree's campaigns in the period; each later step counts no more than an earlier one.

    `delivered` were taken by the recipient's mail server as far as is known (sent and not returned).
    """

    invited: int
    delivered: int
    started: int
    completed: int
    headline: Headline | None
    """The response rate (0-1), which has no interval; None while nothing was delivered."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One period of the trend; `last_year` is the same figure a year earlier where there is one."""

    period: Period
    figure: Figure
    is_running: bool
    last_year: Figure | None = None
    rescaled: tuple[tuple[str, Names], ...] = ()
    """The questions, by key and wording, that from here on are asked on another scale: the line breaks before it."""


@dataclass(frozen=True, slots=True)
class Trend:
    """The index over time, oldest first, gaps included."""

    points: tuple[TrendPoint, ...]
    target: float | None
    last_change: Change | None
    """From the last but one finished period that may be shown to the last."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One indicator below the index."""

    key: str
    names: Names
    parent: str
    depth: int
    is_leaf: bool
    weight: float
    overall_weight: float
    headline: Headline
    satisfied: Figure
    distribution: tuple[Level, ...]
    branch: str
    """The key of the top-level indicator it belongs to (its own for that one)."""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """An indicator in a segment. `distance` is from the company value, None where either is not shown.

    `from_average` is that of the index with its interval and verdict, in groups that have enough answers.
    """

    node: str
    figure: Figure
    distance: float | None
    change: Change | None = None
    from_average: Change | None = None


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A level of the dimension; `is_sure` when it has enough answers to be coloured and ranked."""

    level: str
    names: Names
    responses: int
    is_sure: bool
    is_withheld: bool
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """Segments by indicators; `reference` is the whole selection."""

    dimension: Dimension
    columns: tuple[tuple[str, Names], ...]
    rows: tuple[HeatRow, ...]
    reference: HeatRow


@dataclass(frozen=True, slots=True)
class Alert:
    """A change that is beyond chance after the correction for many looks, and large enough to matter."""

    node: str
    names: Names
    dimension: str
    level: str
    level_names: Names
    previous: Figure
    current: Figure
    change: Change
    adjusted_p: float

    @property
    def is_good(self) -> bool:
        """Whether it went up."""
        return (self.change.difference or 0.0) > 0


@dataclass(frozen=True, slots=True)
class Comment:
    """What a customer wrote; an anonymous one has neither score nor segments.

    `scale` bounds the score as it was asked; `mood` is low, middle or high, and empty without a score.
    """

    text: str
    language: str
    at: datetime
    score: int | None
    scale: tuple[int, int] | None
    mood: str
    segments: tuple[tuple[str, str], ...]
    is_anonymous: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the overview."""

    tree_id: int
    names: Names
    is_example: bool
    run_id: int
    weight_set: str
    weight_set_number: int
    weighting: Mapping[str, Any] | None
    """The respondent weights the figures are under, as runs record them; None for unweighted."""
    freshness: Freshness
    period: Period
    previous: Period | None
    uncompared: str
    """Why there is no earlier period although one was asked for, as a sentence; empty otherwise."""
    filters: Mapping[str, tuple[str, ...]]
    responses: int
    is_withheld: bool
    index: Headline
    grade: Grade | None
    satisfied: Satisfied
    nps: Nps | None
    funnel: Funnel | None
    trend: Trend
    nodes: tuple[NodeRow, ...]
    alerts: tuple[Alert, ...]
    looks: int
    """How many changes were tested for the alerts."""
    heat: Heat | None
    comments: tuple[Comment, ...]
    show_from: int
    sure_from: int
