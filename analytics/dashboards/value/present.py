"""How the page of a value is written: the figure, its parts, its questions and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analytics.dashboards import geometry, wording
from analytics.dashboards.selection import PageReading
from analytics.dashboards.value.formulas import Parts, add_parts, is_of_one_question, value_formulas
from analytics.dashboards.value.panels import (
    Questions,
    WeightedSide,
    estimators_of,
    present_efforts,
    present_headlines,
    present_weighted,
    question_text,
    question_texts,
    read_weighted_side,
)
from analytics.dashboards.value.request import ValueRequest
from analytics.scoring.definition import Definition
from analytics.scoring.grades import grade_of
from analytics.scoring.models import Run
from analytics.scoring.provenance import ValueOrigin
from analytics.scoring.registry import METRICS
from analytics.scoring.results import Figure, ItemResult, NodeResult
from surveys.design.document import text_in


def present_value(plain: ValueOrigin, asked: ValueRequest, *, language: str) -> dict[str, Any]:
    """Return the template's context for a value: what it is made of, and both estimators and weightings beside it.

    Under a weighting that was asked for everything is weighted but the estimators and the counts of answers.
    """
    run, filters, scope, at = asked.run, asked.filters, asked.scope, asked.at
    side = read_weighted_side(run, asked.weighting, plain, filters=filters, scope=scope, at=at)
    origin = (side.origin if asked.weighting else None) or plain
    questions, name = question_texts(run.tree, language), text_in(plain.node.names, language) or plain.node.key
    return {
        "estimators": estimators_of(run, plain, name=name, filters=filters, scope=scope, at=at), "hidden": asked.fields(),
        "weighted": present_weighted(run, asked.weighting, plain, side, language=language, questions=questions),
        "weights": _weights(plain, asked, side), "origin": origin, "name": name, "left_out": _left_out(plain),
        "efforts": present_efforts(origin.node.items, questions),
        "headlines": present_headlines(origin.result, questions) if origin.node.parent is None else [],
        "filters_text": _filters_text(run, filters, language, at),
        **_about_node(origin, asked, language),
        "items": [_item(one, questions) for one in origin.node.items],
    }


def _about_node(origin: ValueOrigin, asked: ValueRequest, language: str) -> dict[str, Any]:
    """The value itself and what it is made of, weighted or not."""
    definition = Definition.from_json(asked.run.definition)
    parts, pieces = add_parts(origin.children, definition), geometry.stacked(origin.node.distribution)
    return {
        "figure": _figure(origin.node.index), "metric": METRICS["index"], "rule": _rule(origin.node),
        "grade": wording.grade_text(grade_of(origin.node.index, origin.score_vector)),
        "formulas": value_formulas(origin.node, origin.children, definition),
        "pieces": pieces, "levels": wording.levels_text(pieces),
        "children": [_child(one, parts, asked, language) for one in origin.children],
        "total": _total(parts, origin.node.index),
    }


def _weights(plain: ValueOrigin, asked: ValueRequest, side: WeightedSide) -> dict[str, str]:
    """Which weighting the page is under, and the value without it; why it is not, where it was asked for in vain."""
    if not asked.weighting:
        return {}
    if side.problem:
        return {"problem": side.problem}
    return {"name": side.name, "unweighted": wording.value_with_unit(plain.node.index) if plain.node.index.is_shown else ""}


def _rule(node: NodeResult) -> dict[str, str]:
    """What is reckoned, out of whom and without whom; of one question that is simpler said than of a tree."""
    metric = METRICS["index"]
    if not is_of_one_question(node):
        return {"formula": str(metric.formula), "denominator": str(metric.denominator), "missing": str(metric.missing)}
    return {
        "formula": _("Each answer becomes a score from 0 to 100 by the score vector; the value is the mean of the scores."),
        "denominator": str(METRICS["mean"].denominator), "missing": str(METRICS["mean"].missing),
    }


def _left_out(origin: ValueOrigin) -> dict[str, Any] | None:
    """How many do not count, and the reasons where they are those of a single question."""
    if origin.left_out is None:
        return None
    reasons = _reasons(origin.node.items[0]) if len(origin.node.items) == 1 else []
    is_told = bool(reasons) and sum(count for _name, count in reasons) == origin.left_out
    written = [_("%(reason)s %(n)s") % {"reason": name, "n": f"{count:,}"} for name, count in reasons if count]
    return {"n": origin.left_out, "reasons": pgettext("between reasons with their counts", ", ").join(written) if is_told else ""}


def _reasons(item: ItemResult) -> list[tuple[str, int]]:
    missing = item.missing
    return [
        (_("does not apply"), missing.not_applicable), (_("blank"), missing.blank), (_("not asked"), missing.not_asked),
        (_("not on the scale"), missing.invalid), (_("asked on another scale"), missing.other_scale),
    ]


def _filters_text(run: Run, filters: Mapping[str, list[str]], language: str, at: datetime) -> str:
    known = {one.key: one for one in PageReading(run, at=at).dimensions} if filters else {}
    return _("; ").join(
        _("%(name)s: %(levels)s") % {
            "name": text_in(known[key].names, language) or key,
            "levels": wording.listed([wording.level_name(known[key], level, language) for level in levels]),
        }
        for key, levels in filters.items()
    )


def _figure(figure: Figure) -> dict[str, str]:
    return {
        "value": wording.value_with_unit(figure) if figure.is_shown else "", "interval": wording.interval_text(figure),
        "range": wording.range_text(figure),
        "n": f"{figure.n:,}", "n_eff": wording.number(figure.n_eff, 0), "note": wording.status_text(figure),
        "error": wording.number(figure.standard_error, 3) if figure.standard_error is not None else "",
    }


def _child(node: NodeResult, parts: Parts, asked: ValueRequest, language: str) -> dict[str, Any]:
    return _figure(node.index) | {
        "query": asked.address(node=node.key), "name": text_in(node.names, language) or node.key,
        "weight": wording.number(100 * parts.weights[node.key], 1), "part": wording.number(parts.of(node), parts.digits),
    }


def _total(parts: Parts, index: Figure) -> dict[str, Any] | None:
    """What the parts add up to beside the value; None where one of them may not be shown."""
    if parts.value is None or index.value is None:
        return None
    written = wording.number(parts.value, 2)
    return {"sum": written, "value": wording.value_with_unit(index), "is_same": written == wording.number(index.value, 2)}


def _item(item: ItemResult, questions: Questions) -> dict[str, Any]:
    return _figure(item.mean) | {
        "key": item.key, "name": question_text(item, questions), "scale": f"{item.low_code}–{item.high_code}", "missing": item.missing,
        "levels": " · ".join(f"{level.code}: {level.count:,}" for level in item.distribution),
    }
