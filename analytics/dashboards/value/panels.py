"""What the page of a value shows beside the value: both estimators, and weighted beside unweighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.dashboards.filterbar import Choice
from analytics.dashboards.question_names import item_names
from analytics.dashboards.weighting.compare import list_weightings
from analytics.dashboards.weighting.present import (
    FigureText,
    PairLine,
    figure_text,
    node_pairs,
    pair_text,
    weighting_name,
)
from analytics.dashboards.weighting.refusals import refusal_text
from analytics.indicators.models import IndicatorTree
from analytics.scoring.effort import effort_of
from analytics.scoring.estimator_words import estimators_sentence
from analytics.scoring.estimators import Estimators, read_estimators, read_weighted_item_means
from analytics.scoring.models import Run
from analytics.scoring.provenance import ValueOrigin
from analytics.scoring.reading import Reading
from analytics.scoring.registry import METRICS
from analytics.scoring.registry.metric import Metric
from analytics.scoring.results import Figure, ItemResult
from analytics.scoring.schemes import OF_THE_RUN, get_named
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import Filter, RunTooOldError, choice_of
from analytics.scoring.standard_weighting import word_of
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import Weighting, WeightingError, report_on
from surveys.design.document import text_in

Questions = Mapping[tuple[int, str], str]
"""What the questions of a tree ask, by questionnaire and key."""


def question_texts(tree: IndicatorTree, language: str) -> Questions:
    """Return the newest published wording of every question of a tree."""
    return {name: text_in(texts, language) or name[1] for name, texts in item_names(tree).items()}


def question_text(item: ItemResult, questions: Questions) -> str:
    """Return what an item asks, its key where no version asks it any more."""
    return questions.get((item.questionnaire_id, item.key), item.key)


@dataclass(frozen=True, slots=True)
class EstimatorLine:
    """An estimator in words, A or B by its `letter`."""

    letter: str
    metric: Metric
    n: str
    value: str
    interval: str
    error: str
    variance: str


@dataclass(frozen=True, slots=True)
class EstimatorsPanel:
    """Both estimators of a value, or the `problem` why there are none."""

    finding: str
    rows: tuple[EstimatorLine, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EffortLine:
    """A customer effort score of a question."""

    name: str
    metric: Metric
    figure: FigureText


def estimators_of(run: Run, origin: ValueOrigin, *, filters: Filter, scope: Filter, at: datetime) -> EstimatorsPanel:
    """Read and write both estimators of a value, or why a run whose answers are packed anew has none."""
    try:
        found = read_estimators(run, node=origin.node.key, period=origin.period, filters=filters, scope=scope, at=at)
    except RunTooOldError:
        return EstimatorsPanel("", (), sentence("parts_too_old"))
    return present_estimators(found)


def present_estimators(found: Estimators) -> EstimatorsPanel:
    """Write both estimators with n and variance, and why they differ."""
    pairs = (("A", found.respondents), ("B", found.item_means))
    return EstimatorsPanel(estimators_sentence(found), tuple(_estimator(letter, figure) for letter, figure in pairs))


def _estimator(letter: str, figure: Figure) -> EstimatorLine:
    error = figure.standard_error
    return EstimatorLine(
        letter=letter, metric=METRICS[figure.metric], n=f"{figure.n:,}",
        value=wording.number(figure.value, 2) if figure.is_shown else wording.status_text(figure),
        interval=wording.interval_text(figure) or (wording.status_text(figure) if figure.is_shown else ""),
        error=wording.number(error, 3) if error is not None else "",
        variance=wording.number(error * error, 4) if error is not None else "",
    )


def present_efforts(items: Sequence[ItemResult], questions: Questions) -> list[EffortLine]:
    """Write every question named as one of customer effort in its three conventions."""
    found = [(question_text(item, questions), effort) for item in items if (effort := effort_of(item)) is not None]
    return [
        EffortLine(name, METRICS[figure.metric], figure_text(figure))
        for name, effort in found for figure in (effort.mean, effort.agreeing, effort.net)
    ]


def _effort_pairs(plain: ItemResult, weighted: ItemResult, questions: Questions) -> list[PairLine]:
    one, other = effort_of(plain), effort_of(weighted)
    if one is None or other is None:
        return []
    pairs = ((one.mean, other.mean), (one.agreeing, other.agreeing), (one.net, other.net))
    text = question_text(plain, questions)
    return [pair_text(f"{METRICS[figure.metric].name}: {text}", figure, of_weights, 1) for figure, of_weights in pairs]


def _by_means(
    run: Run, origin: ValueOrigin, weighting: Weighting, filters: Filter, scope: Filter, at: datetime
) -> tuple[Figure, Figure]:
    """The value by question means, unweighted and weighted."""
    plain = read_estimators(run, node=origin.node.key, period=origin.period, filters=filters, scope=scope, at=at)
    return plain.item_means, read_weighted_item_means(
        run, node=origin.node.key, period=origin.period, weighting=weighting, filters=filters, scope=scope
    )


def present_weighted(
    run: Run, word: str, origin: ValueOrigin, *, filters: Filter, scope: Filter, language: str, questions: Questions,
    at: datetime,
) -> dict[str, Any]:
    """Write the value, its parts and its questions under a weighting beside the unweighted ones.

    `word` names the weighting, "" the one the run has written down; `questions` are their texts.
    """
    own = word_of(run.provenance.get("weighting"))
    known = list_weightings(run.tree)
    choices = [Choice("", weighting_name(run.provenance.get("weighting")), not word)]
    choices += [Choice(one.word, weighting_name(one.record), one.word == word) for one in known if one.word != own]
    base: dict[str, Any] = {"choices": choices, "problem": "", "rows": [], "name": ""}
    if not word and not own:
        return base
    try:
        named = get_named(tree=run.tree, word=word or OF_THE_RUN, run=run)
        result = read_weighted(
            run, period=origin.period, weighting=named.weighting, filters=filters, scope=scope
        )
        by_means = _by_means(run, origin, named.weighting, filters, scope, at)
        report = report_on(
            run, weighting=named.weighting, period=origin.period, choice=choice_of(filters, scope)
        )
    except WeightingError as error:
        return base | {"problem": refusal_text(error, Reading(run, at=at).dimensions)}
    except RunTooOldError:
        return base | {"problem": sentence("parts_too_old")}
    found = result.node(origin.node.key)
    assert found is not None
    rows = node_pairs([origin.node, *origin.children], result.nodes, language)
    rows.insert(1, pair_text(_("The same by question means"), *by_means, origin.node.depth))
    rows += [
        pair_text(f"{_('Mean')}: {question_text(one, questions)}", one.mean, other.mean, 1)
        for one, other in zip(origin.node.items, found.items, strict=True)
    ]
    rows += [row for one, other in zip(origin.node.items, found.items, strict=True) for row in _effort_pairs(one, other, questions)]
    return base | {"name": weighting_name(named.record), "rows": rows, "report": report}
