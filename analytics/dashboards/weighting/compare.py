"""Weighted beside unweighted: the same figures of a selection, indicator by indicator and level by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.dashboards.selection import Selection
from analytics.dashboards.weighting.refusals import refusal_text
from analytics.indicators.models import IndicatorTree
from analytics.scoring.results import Figure, PeriodResult, SegmentResult
from analytics.scoring.schemes import IMPORTED, Named, get_named, list_schemes
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import RunTooOldError
from analytics.scoring.standard_weighting import get_choice
from analytics.scoring.weighted import read_weighted, read_weighted_segments
from analytics.scoring.weighting import Report, Weighting, WeightingError, report_on


@dataclass(frozen=True)
class WeightingEffect:
    """A weighting in the chosen period: what it costs and what it makes of the figures, or why it cannot be made."""

    report: Report | None
    result: PeriodResult | None
    problem: str = ""


@dataclass(frozen=True)
class LevelPair:
    """A level of a segment dimension, unweighted and weighted."""

    plain: SegmentResult
    weighted: SegmentResult


def compare_weighting(selection: Selection, chosen: Weighting) -> WeightingEffect:
    """Return the selection's figures under a weighting, or the sentence that says why there are none."""
    if selection.reading.rules.k:
        return WeightingEffect(None, None, sentence("anonymous_unweighted"))
    try:
        report = report_on(
            selection.run, weighting=chosen, period=selection.period, choice=selection.reading.choice,
            scope=selection.scope,
        )
        result = read_weighted(
            selection.run, period=selection.period, weighting=chosen, filters=selection.filters, scope=selection.scope
        )
    except WeightingError as error:
        return WeightingEffect(None, None, refusal_text(error, selection.known.dimensions))
    except RunTooOldError:
        return WeightingEffect(None, None, sentence("run_too_old"))
    return WeightingEffect(report, result)


def compare_levels(selection: Selection, chosen: Weighting) -> tuple[LevelPair, ...]:
    """Return the index of every level of the selection's dimension, unweighted and weighted.

    Raises WeightingError and RunTooOldError as `read_weighted_segments` does.
    """
    if not selection.by:
        return ()
    root = (selection.run.definition["nodes"][0]["key"],)
    plain = selection.reading.segments(selection.period, selection.by, root)
    weighted = read_weighted_segments(
        selection.run, period=selection.period, dimension=selection.by, weighting=chosen,
        filters=selection.filters, scope=selection.scope, nodes=root,
    )
    by_level = {one.level: one for one in weighted}
    return tuple(LevelPair(one, by_level[one.level]) for one in plain if one.level in by_level)


def list_weightings(tree: IndicatorTree) -> list[Named]:
    """Return what can be chosen: the imported weights, then the saved weightings, newest first."""
    words = [IMPORTED, *(str(one.pk) for one in list_schemes(tree=tree))]
    return [get_named(tree=tree, word=word) for word in words]


def standard_word(tree: IndicatorTree) -> str:
    """Return the word of the weighting that new runs write down, "" for none."""
    choice = get_choice(tree=tree)
    if choice is None:
        return ""
    return str(choice.scheme_id) if choice.scheme_id else IMPORTED * choice.is_imported


def detailed(selection: Selection, word: str, known: Sequence[Named]) -> Named:
    """Return the weighting to show in detail: the one asked for, else the standing one, else the newest saved.

    Raises WeightingError for a word that names none.
    """
    if word:
        return get_named(tree=selection.tree, word=word, run=selection.run)
    standing = standard_word(selection.tree)
    by_word = {one.word: one for one in known}
    saved = [one for one in known if one.word != IMPORTED]
    return by_word.get(standing) or next(iter(saved), None) or by_word[IMPORTED]


def gap(plain: Figure, weighted: Figure) -> float | None:
    """Return weighted minus unweighted, None where either is not shown."""
    if plain.value is None or weighted.value is None:
        return None
    return weighted.value - plain.value
