"""The stored comparison as the page and the API show it: named, in tree order, with its finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.indicators.models import IndicatorTree
from analytics.indicators.panel_models import WeightComparison
from analytics.indicators.selectors import get_weight_set_in_force
from analytics.indicators.weight_words import about, candidate_name, method_name, order_note, problem, refusal
from analytics.indicators.worth import SMALLEST
from surveys.design.document import text_in

MARGIN = 2.0
"""Points of white beside the lowest and the highest interval of the chart."""

NOW_WIDTH, THEN_WIDTH = 0.6, 1.2
"""How wide the marks of the weight now and then are drawn, in percent of the chart."""


@dataclass(frozen=True)
class CandidateView:
    """A candidate with its words; `root` is its index, `bar` where interval and value lie in percent."""

    code: str
    name: str
    about: str
    refusal: str
    spearman: float | None
    kendall: float | None
    order_note: str
    root: Mapping[str, Any] | None
    difference: float | None
    facts: Mapping[str, Any]
    bar: Mapping[str, float] | None = None

    @property
    def is_in_force(self) -> bool:
        """Whether these are the weights in force."""
        return self.code == "in_force"


@dataclass(frozen=True)
class CellView:
    """One node under one candidate."""

    candidate: str
    weight: float
    weight_low: float | None
    weight_high: float | None
    rank: int | None
    rank_change: int
    value: float | None
    low: float | None
    high: float | None
    n: int
    status: str
    index_rank_change: int


@dataclass(frozen=True)
class RowView:
    """One node under all candidates that have weights."""

    key: str
    name: str
    depth: int
    is_leaf: bool
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class DimensionRow:
    """One component: how much it holds against chance; `width` and `bound` lie in percent of the widest."""

    number: int
    eigenvalue: float
    chance: float
    is_kept: bool
    width: float
    bound: float


@dataclass(frozen=True)
class DimensionsView:
    """How many components stand out of chance."""

    rows: tuple[DimensionRow, ...]
    finding: str
    n: int


@dataclass(frozen=True)
class ComparisonView:
    """The whole page's matter; `row` is None before the first comparison.

    `is_stale` says that the tree has other indicators since, `is_outdated` that other weights are in force.
    """

    row: WeightComparison | None
    problem: str = ""
    finding: str = ""
    candidates: tuple[CandidateView, ...] = ()
    rows: tuple[RowView, ...] = ()
    axis: tuple[float, float] = (0.0, 100.0)
    is_stale: bool = False
    is_outdated: bool = False
    choices: list[tuple[str, str]] = field(default_factory=list)
    dimensions: DimensionsView | None = None

    def weights_of(self, code: str) -> Mapping[str, float] | None:
        """The weights of a candidate by indicator; None of one that there is not."""
        candidates = self.row.result.get("candidates", []) if self.row is not None else []
        return next((one["weights"] for one in candidates if one["code"] == code), None)

    @property
    def is_coming(self) -> bool:
        """Whether a new comparison is being made."""
        return self.is_outdated or (self.row is not None and self.row.wanted_at is not None)

    @property
    def accepted(self) -> list[CandidateView]:
        """Candidates that have weights."""
        return [one for one in self.candidates if not one.refusal]

    @property
    def refused(self) -> list[CandidateView]:
        """Candidates that have none."""
        return [one for one in self.candidates if one.refusal]

    @property
    def branches(self) -> list[RowView]:
        """The nodes that are no leaf: their index depends on the weights."""
        return [row for row in self.rows if not row.is_leaf]

    @property
    def weighted(self) -> list[RowView]:
        """The nodes that have a weight: all but the root."""
        return [row for row in self.rows if row.depth]


def comparison_of(tree: IndicatorTree, language: str) -> ComparisonView:
    """Return the stored comparison of a tree in a language."""
    row = WeightComparison.objects.filter(tree=tree).first()
    if row is None or row.made_at is None:
        return ComparisonView(row)
    if "problem" in row.result:
        return ComparisonView(row, problem=problem(row.result["problem"]))
    names = {node.key: text_in(node.names, language) or node.key for node in tree.indicators.all()}
    raw = row.result["candidates"]
    root = row.result["nodes"][0]["key"]
    standing = raw[0]["nodes"][root]
    axis = _axis([one["nodes"][root] for one in raw if one["weights"]])
    is_outdated = _is_outdated(tree, raw[0]["weights"])
    candidates = tuple(_candidate(one, names, root, standing["value"], axis) for one in raw)
    if is_outdated:
        then = replace(candidates[0], name=method_name("once_in_force"), about="")
        candidates = (then, *candidates[1:])
    return ComparisonView(
        row=row, candidates=candidates, rows=_rows(row.result, names), axis=axis,
        finding=_finding([one for one in candidates if not one.refusal]),
        is_stale=set(names) != {node["key"] for node in row.result["nodes"]}, is_outdated=is_outdated,
        dimensions=dimensions_of(row.result["dimensions"]) if row.result.get("dimensions") else None,
        choices=[(one.code, one.name) for one in candidates if not one.refusal and not one.is_in_force],
    )


def mark(share: float, width: float) -> float:
    """Where a mark begins, in percent of the chart, so that its middle is at `share` and all of it can be seen."""
    return min(max(share * 100 - width / 2, 0.0), 100 - width)


def _is_outdated(tree: IndicatorTree, compared: Mapping[str, float]) -> bool:
    """Tell whether other weights are in force than those that were compared as such."""
    in_force = get_weight_set_in_force(tree=tree)
    return in_force is not None and dict(in_force.weights) != dict(compared)


def dimensions_of(facts: Mapping[str, Any]) -> DimensionsView:
    """Return the components that matter for the decision, with its sentence."""
    values, chance, kept = facts["eigenvalues"], facts["chance"], facts["factors"]
    shown = min(len(values), max(kept + 2, facts["above_one"] + 1, 5))
    widest = max(values[0], chance[0])
    rows = tuple(
        DimensionRow(
            place + 1, values[place], chance[place], place < kept, values[place] / widest * 100,
            mark(chance[place] / widest, NOW_WIDTH),
        )
        for place in range(shown)
    )
    return DimensionsView(rows, _dimensions_finding(kept, facts["above_one"]), facts["n"])


def _dimensions_finding(kept: int, above_one: int) -> str:
    words = {"kept": kept, "above": above_one}
    if kept == 0:
        said = _("No dimension stands out of chance, so factor weights would describe noise.")
    elif kept == 1:
        said = _("One dimension stands out of chance: the answers move together as one general impression, and factor "
                 "weights say how closely each indicator follows it.")
    else:
        said = ngettext("%(kept)d dimension stands out of chance.", "%(kept)d dimensions stand out of chance.", kept) % words
    if above_one == kept:
        return said
    return said + " " + _("The rule of thumb “eigenvalue over 1” would keep %(above)d.") % words


def _candidate(
    one: Mapping[str, Any], names: Mapping[str, str], root: str, standing: float | None, axis: tuple[float, float]
) -> CandidateView:
    node = one["nodes"][root] if one["weights"] else None
    value = node["value"] if node else None
    return CandidateView(
        code=one["code"], name=candidate_name(one), about=about(one["code"]),
        refusal="" if one["weights"] else refusal(one, names),
        spearman=one.get("spearman"), kendall=one.get("kendall"), order_note=order_note(one), root=node,
        difference=None if value is None or standing is None else value - standing, facts=one["facts"],
        bar=_bar(node, axis) if node and node["low"] is not None else None,
    )


def _axis(nodes: list[Mapping[str, Any]]) -> tuple[float, float]:
    lows = [node["low"] for node in nodes if node["low"] is not None]
    highs = [node["high"] for node in nodes if node["high"] is not None]
    if not lows:
        return 0.0, 100.0
    return max(0.0, float(int(min(lows) - MARGIN))), min(100.0, float(int(max(highs) + MARGIN) + 1))


def _bar(node: Mapping[str, Any], axis: tuple[float, float]) -> dict[str, float]:
    low, high = axis
    place = {name: (node[name] - low) / (high - low) * 100 for name in ("value", "low", "high")}
    return place | {"width": place["high"] - place["low"]}


def _rows(result: Mapping[str, Any], names: Mapping[str, str]) -> tuple[RowView, ...]:
    accepted = [one for one in result["candidates"] if one["weights"]]
    return tuple(
        RowView(
            key=node["key"], name=names.get(node["key"], node["key"]), depth=node["depth"], is_leaf=node["is_leaf"],
            cells=tuple(_cell(one["code"], one["nodes"][node["key"]]) for one in accepted),
        )
        for node in result["nodes"]
    )


def _cell(code: str, node: Mapping[str, Any]) -> CellView:
    return CellView(
        candidate=code, weight=node["weight"], weight_low=node.get("weight_low"), weight_high=node.get("weight_high"),
        rank=node.get("rank"), rank_change=node.get("rank_change", 0),
        value=node["value"], low=node["low"], high=node["high"], n=node["n"], status=node["status"],
        index_rank_change=node.get("index_rank_change", 0),
    )


def _finding(accepted: list[CandidateView]) -> str:
    """One sentence from the numbers: how far apart the indices are, and whether so much matters.

    The answers are the same under every set, so their sampling interval is no yardstick.
    """
    values = [one.root["value"] for one in accepted if one.root and one.root["value"] is not None]
    if len(values) < 2:
        return _("There are too few answers to compare indices; the weights themselves can be compared.")
    # As it is printed, so that the sentence never contradicts its own number.
    spread = round(max(values) - min(values), 1)
    words = {"spread": f"{spread:.1f}", "smallest": f"{SMALLEST:g}"}
    if spread >= SMALLEST:
        return _("Up to %(spread)s points apart on the same answers: reaching the %(smallest)s points that matter here.") % words
    return _("Up to %(spread)s points apart on the same answers: below the %(smallest)s points that matter here, so the "
             "choice hardly changes the result.") % words
