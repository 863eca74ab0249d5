"""What the overview's cards print: every number as text, every place in percent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics.dashboards.geometry import Axis, Piece, RangeBar
from analytics.dashboards.overview.numbers import NodeRow
from analytics.scoring.results import Change, Figure, Level


@dataclass(frozen=True, slots=True)
class Kpi:
    """A headline in words. `versus` says with what it is compared and what may be said of the change."""

    value: str
    unit: str
    is_shown: bool
    interval: str
    n: str
    note: str
    change: Change | None
    change_text: str
    versus: str
    verdict: str
    bar: RangeBar | None = None
    axis: Axis | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A row of the indicator table."""

    row: NodeRow
    name: str
    weight: str
    kpi: Kpi
    pieces: tuple[Piece, ...]
    levels: str
    has_parts: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """A top-level indicator with everything below it."""

    node: Node
    parts: tuple[Node, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class SatisfiedCard:
    """The satisfied share; `low` and `high` are the ends of the question's scale."""

    kpi: Kpi
    pieces: tuple[Piece, ...]
    levels: str
    question: str
    low: int
    high: int
    not_applicable: int
    title: str
    other_scale: int


@dataclass(frozen=True, slots=True)
class NpsGroup:
    """Detractors, passives or promoters, with the `scores` that make them."""

    piece: Piece
    name: str
    scores: str
    percent: str
    figure: Figure
    interval: str


@dataclass(frozen=True, slots=True)
class NpsCard:
    """The Net Promoter Score; without `groups` where it is not shown."""

    kpi: Kpi
    groups: tuple[NpsGroup, ...]
    columns: tuple[Piece, ...]
    distribution: tuple[Level, ...]
    label: str


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step from invitation to response; `width` is in percent of the first."""

    name: str
    count: int
    width: float
    tone: str


@dataclass(frozen=True, slots=True)
class FunnelCard:
    """The response rate and the steps to it."""

    kpi: Kpi | None
    steps: tuple[FunnelStep, ...]


@dataclass(frozen=True, slots=True)
class TrendLine:
    """A period of the trend's table; `n` is None where not even that is told."""

    period: str
    is_running: bool
    is_shown: bool
    value: str
    low: str
    high: str
    n: int | None
    note: str
    last_year: str
    weights: str
    is_new_scale: bool


@dataclass(frozen=True, slots=True)
class TrendCard:
    """The trend as a figure for the browser and as a table; `begin` says where its weights began."""

    finding: str
    begin: Mapping[str, Any] | None
    points: tuple[TrendLine, ...]
    has_figure: bool
    has_last_year: bool
    running: str
    has_gaps: bool
    has_no_weights: bool
    breaks: tuple[str, ...]
    figure: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class AlertLine:
    """A change that deserves attention, with the query of the view it is about and the place on it."""

    title: str
    detail: str
    is_good: bool
    query: str
    anchor: str


@dataclass(frozen=True, slots=True)
class HeatText:
    """A cell of the table of segments."""

    value: str
    tone: str
    is_sure: bool
    interval: str
    n: int
    distance: str


@dataclass(frozen=True, slots=True)
class HeatLine:
    """A row of the table of segments."""

    name: str
    n: int
    note: str
    is_withheld: bool
    from_average: Mapping[str, str]
    cells: tuple[HeatText, ...]


@dataclass(frozen=True, slots=True)
class OtherTable:
    """A dimension that the table of segments could show instead."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class HeatCard:
    """The table of segments."""

    finding: str
    columns: tuple[str, ...]
    rows: tuple[HeatLine, ...]
    reference: HeatLine
    dimension: str
    others: tuple[OtherTable, ...]
    has_small: bool


@dataclass(frozen=True, slots=True)
class CommentCard:
    """A comment; `tone` colours its score, `highest` is the best on its scale, `language` is as HTML writes it."""

    text: str
    score: int | None
    tone: str
    highest: int | None
    language: str
    about: str
