"""How weighted figures are written beside unweighted ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.dashboards.filterbar import Choice
from analytics.dashboards.selection import Selection
from analytics.dashboards.weighting.compare import (
    compare_levels,
    compare_weighting,
    detailed,
    gap,
    list_weightings,
)
from analytics.indicators.models import IndicatorTree
from analytics.scoring.registry import METRICS
from analytics.scoring.results import Figure, NodeResult, PeriodResult
from analytics.scoring.schemes import Named
from analytics.scoring.sentences import sentence
from analytics.scoring.weighting import WeightingError
from surveys.design.document import text_in


@dataclass(frozen=True, slots=True)
class FigureText:
    """A figure as it is printed; `value` and `interval` may be the reason why there is none."""

    name: str
    value: str
    interval: str
    range: str
    n: str
    n_eff: str


@dataclass(frozen=True, slots=True)
class PairLine:
    """A row of unweighted beside weighted; `gap` is empty where either is not shown."""

    name: str
    depth: int
    plain: FigureText
    weighted: FigureText
    gap: str


def weighting_name(record: Mapping[str, Any] | None) -> str:
    """Name a recorded weighting with its version."""
    if not record:
        return _("Unweighted")
    if record["kind"] == "imported":
        return _("Imported weights")
    return _("%(name)s, version %(number)s") % {"name": record["name"], "number": record["number"]}


def weighting_choices(tree: IndicatorTree, chosen: str) -> list[Choice]:
    """What figures can be weighted by: nothing, the imported weights, the saved weightings; `chosen` is a word."""
    return [
        Choice("", _("Unweighted"), not chosen),
        *(Choice(one.word, weighting_name(one.record), one.word == chosen) for one in list_weightings(tree)),
    ]


def chosen_name(choices: Sequence[Choice]) -> str:
    """Return what the chosen weighting is called, "" for unweighted figures."""
    return next((one.label for one in choices if one.is_chosen and one.value), "")


def figures_of(result: PeriodResult) -> tuple[FigureText, ...]:
    """The index, the satisfied share and the Net Promoter Score as they are printed."""
    found = [(_("Index"), result.root.index), (str(METRICS[result.satisfied.metric].name), result.satisfied)]
    if result.nps is not None:
        found.append((_("Net Promoter Score"), result.nps.score))
    return tuple(figure_text(one, name) for name, one in found)


def figure_text(figure: Figure, name: str = "") -> FigureText:
    """Write a figure with its interval, or the reason why there is none."""
    without = wording.status_text(figure) if figure.is_shown else ""
    return FigureText(
        name=name, value=wording.value_with_unit(figure) if figure.is_shown else wording.status_text(figure),
        interval=wording.interval_text(figure) or without, range=wording.range_text(figure) or without,
        n=f"{figure.n:,}", n_eff=wording.number(figure.n_eff, 0) if figure.is_shown else "",
    )


def pair_text(name: str, plain: Figure, weighted: Figure, depth: int = 0) -> PairLine:
    """Write a row: unweighted, weighted, and by how much they differ."""
    moved = gap(plain, weighted)
    return PairLine(
        name=name, depth=depth, plain=figure_text(plain), weighted=figure_text(weighted),
        gap=wording.number(moved, max(1, wording.decimals_of(plain.metric)), sign=True) if moved is not None else "",
    )


def node_pairs(
    plain: Sequence[NodeResult], weighted: Sequence[NodeResult], language: str
) -> list[PairLine]:
    """Write the index of every indicator, unweighted and weighted."""
    by_key = {one.key: one for one in weighted}
    return [
        pair_text(text_in(one.names, language) or one.key, one.index, by_key[one.key].index, one.depth)
        for one in plain if one.key in by_key
    ]


def present_detail(selection: Selection, word: str, known: Sequence[Named], language: str) -> dict[str, Any]:
    """Write one weighting indicator by indicator and level by level, or why it cannot be had."""
    try:
        named = detailed(selection, word, known)
    except WeightingError as error:
        return {"name": "", "word": "", "problem": sentence(error.code, error.details)}
    found = compare_weighting(selection, named.weighting)
    about = {"name": weighting_name(named.record), "word": named.word, "problem": found.problem}
    if found.result is None:
        return about
    plain = selection.reading.period(selection.period)
    dimension = selection.known.dimension(selection.by)
    return about | {
        "nodes": node_pairs(plain.nodes, found.result.nodes, language),
        "dimension": (text_in(dimension.names, language) or dimension.key) if dimension else "",
        "others": [
            (text_in(one.names, language) or one.key, selection.query(by=one.key, weighting=word))
            for one in selection.known.dimensions if one.key != selection.by
        ],
        "levels": [
            pair_text(wording.level_name(dimension, one.plain.level, language), one.plain.result.root.index,
                      one.weighted.result.root.index)
            for one in compare_levels(selection, named.weighting)
        ],
    }
