"""What the page of a value shows beside the value: both estimators, weighted beside unweighted, and other headline figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.dashboards.filterbar import Choice
from analytics.dashboards.question_names import item_names
from analytics.dashboards.value.formulas import effort_formulas, promoter_formula, satisfied_formula
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
from analytics.scoring.results import Figure, ItemResult, NodeResult, PeriodResult
from analytics.scoring.schemes import OF_THE_RUN, Named, get_named
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import Filter, RunTooOldError, choice_of
from analytics.scoring.standard_weighting import word_of
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import Report, Weighting, WeightingError, report_on
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
    name: str
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
class FigureLine:
    """A figure of a question, with the sum it is; "" where that may not be shown."""

    name: str
    metric: Metric
    figure: FigureText
    sum: str


@dataclass(frozen=True, slots=True)
class WeightedSide:
    """A value under respondent weights, or the `problem` why there is none; neither where no weighting is meant."""

    named: Named | None = None
    origin: ValueOrigin | None = None
    by_means: tuple[Figure, Figure] | None = None
    report: Report | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """What the weighting is called."""
        return weighting_name(self.named.record) if self.named else ""


def estimators_of(
    run: Run, origin: ValueOrigin, *, name: str, filters: Filter, scope: Filter, at: datetime
) -> EstimatorsPanel | None:
    """Read and write both estimators of a value, or why a run whose answers are packed anew has none.

    An indicator of one question has but one: there is nothing to renormalise.
    """
    if _is_of_one_question(origin.node):
        return None
    try:
        found = read_estimators(run, node=origin.node.key, period=origin.period, filters=filters, scope=scope, at=at)
    except RunTooOldError:
        return EstimatorsPanel("", (), sentence("parts_too_old"))
    return present_estimators(found, name)


def _is_of_one_question(node: NodeResult) -> bool:
    return node.is_leaf and len({one.key for one in node.items}) < 2


def present_estimators(found: Estimators, name: str) -> EstimatorsPanel:
    """Write both estimators of an indicator with n and variance, and why they differ."""
    names = {"A": _("%(name)s, averaged per respondent"), "B": _("%(name)s, by question means")}
    pairs = (("A", found.respondents), ("B", found.item_means))
    return EstimatorsPanel(estimators_sentence(found), tuple(
        _estimator(letter, names[letter] % {"name": name}, figure) for letter, figure in pairs))


def _estimator(letter: str, name: str, figure: Figure) -> EstimatorLine:
    error = figure.standard_error
    return EstimatorLine(
        letter=letter, name=name, metric=METRICS[figure.metric], n=f"{figure.n:,}",
        value=wording.number(figure.value, 2) if figure.is_shown else wording.status_text(figure),
        interval=wording.range_text(figure) or (wording.status_text(figure) if figure.is_shown else ""),
        error=wording.number(error, 3) if error is not None else "",
        variance=wording.number(error * error, 4) if error is not None else "",
    )


def present_efforts(items: Sequence[ItemResult], questions: Questions) -> list[FigureLine]:
    """Write every question named as one of customer effort in its three conventions."""
    found = [(item, effort) for item in items if (effort := effort_of(item)) is not None]
    return [
        FigureLine(question_text(item, questions), METRICS[figure.metric], figure_text(figure), text)
        for item, effort in found
        for figure, text in zip((effort.mean, effort.agreeing, effort.net), effort_formulas(item, effort), strict=True)
    ]


def present_headlines(result: PeriodResult, questions: Questions) -> list[FigureLine]:
    """Write the figures that stand beside the index in the overview and are made of questions of their own."""
    lines = []
    if result.nps is not None:
        name = questions.get((result.nps.questionnaire_id, result.nps.key), result.nps.key)
        lines.append(FigureLine(name, METRICS["nps"], figure_text(result.nps.score), promoter_formula(result.nps)))
    if result.overall is not None:
        share = result.overall.satisfied
        lines.append(FigureLine(
            question_text(result.overall, questions), METRICS[share.metric], figure_text(share), satisfied_formula(result.overall)))
    return lines


def _effort_pairs(plain: ItemResult, weighted: ItemResult, questions: Questions) -> list[PairLine]:
    one, other = effort_of(plain), effort_of(weighted)
    if one is None or other is None:
        return []
    pairs = ((one.mean, other.mean), (one.agreeing, other.agreeing), (one.net, other.net))
    text = question_text(plain, questions)
    return [pair_text(_of_question(METRICS[figure.metric].name, text), figure, of_weights, 1) for figure, of_weights in pairs]


def _of_question(figure: object, question: str) -> str:
    return _("%(figure)s: %(question)s") % {"figure": figure, "question": question}


def _by_means(
    run: Run, origin: ValueOrigin, weighting: Weighting, filters: Filter, scope: Filter, at: datetime
) -> tuple[Figure, Figure]:
    """The value by question means, unweighted and weighted."""
    plain = read_estimators(run, node=origin.node.key, period=origin.period, filters=filters, scope=scope, at=at)
    return plain.item_means, read_weighted_item_means(
        run, node=origin.node.key, period=origin.period, weighting=weighting, filters=filters, scope=scope
    )


def read_weighted_side(
    run: Run, word: str, origin: ValueOrigin, *, filters: Filter, scope: Filter, at: datetime
) -> WeightedSide:
    """Read a value under the weighting of a word, "" for the one the run has written down."""
    if not word and not word_of(run.provenance.get("weighting")):
        return WeightedSide()
    try:
        named = get_named(tree=run.tree, word=word or OF_THE_RUN, run=run)
        result = read_weighted(run, period=origin.period, weighting=named.weighting, filters=filters, scope=scope)
        by_means = _by_means(run, origin, named.weighting, filters, scope, at)
        report = report_on(
            run, weighting=named.weighting, period=origin.period, choice=choice_of(filters, scope), scope=scope
        )
    except WeightingError as error:
        return WeightedSide(problem=refusal_text(error, Reading(run, at=at).dimensions))
    except RunTooOldError:
        return WeightedSide(problem=sentence("parts_too_old"))
    return WeightedSide(named, _under_weights(origin, result), by_means, report)


def _under_weights(origin: ValueOrigin, result: PeriodResult) -> ValueOrigin:
    found = result.node(origin.node.key)
    assert found is not None
    children = tuple(one for one in result.nodes if one.parent == found.key)
    return replace(origin, node=found, children=children, result=result)


def present_weighted(
    run: Run, word: str, origin: ValueOrigin, side: WeightedSide, *, language: str, questions: Questions
) -> dict[str, Any]:
    """Write the value, its parts and its questions under a weighting beside the unweighted ones.

    `word` names the weighting asked for, "" for none; `questions` are the texts of the questions.
    """
    chosen = word_of(run.provenance.get("weighting")) if word == OF_THE_RUN else word
    choices = [Choice("", _("Unweighted"), not word)]
    choices += [Choice(one.word, weighting_name(one.record), one.word == chosen) for one in list_weightings(run.tree)]
    base: dict[str, Any] = {"choices": choices, "problem": side.problem, "rows": [], "name": side.name}
    if side.origin is None or side.by_means is None:
        return base
    plain, found = origin.node, side.origin.node
    rows = node_pairs([plain, *origin.children], [found, *side.origin.children], language)
    if not _is_of_one_question(plain):
        rows.insert(1, pair_text(_("The same by question means"), *side.by_means, plain.depth))
    rows += [
        pair_text(_of_question(_("Mean"), question_text(one, questions)), one.mean, other.mean, 1)
        for one, other in zip(plain.items, found.items, strict=True)
    ]
    rows += [row for one, other in zip(plain.items, found.items, strict=True) for row in _effort_pairs(one, other, questions)]
    return base | {"rows": rows, "report": side.report}
