"""How the page of a value is written: the figure, its parts, its questions and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from analytics.dashboards import geometry, wording
from analytics.dashboards.selection import PageReading
from analytics.dashboards.value.panels import (
    Questions,
    estimators_of,
    present_efforts,
    present_weighted,
    question_text,
    question_texts,
)
from analytics.dashboards.value.request import ValueRequest
from analytics.scoring.grades import grade_of
from analytics.scoring.models import Run
from analytics.scoring.provenance import ValueOrigin
from analytics.scoring.registry import METRICS
from analytics.scoring.results import Figure, ItemResult, NodeResult
from surveys.design.document import text_in


def present_value(origin: ValueOrigin, asked: ValueRequest, *, language: str) -> dict[str, Any]:
    """Return the template's context for a value: what it is made of, and both estimators and weightings beside it."""
    run, filters, scope, at = asked.run, asked.filters, asked.scope, asked.at
    pieces, questions = geometry.stacked(origin.node.distribution), question_texts(run.tree, language)
    return {
        "estimators": estimators_of(run, origin, filters=filters, scope=scope, at=at), "hidden": asked.fields(),
        "weighted": present_weighted(
            run, asked.weighting, origin, filters=filters, scope=scope, language=language, questions=questions,
            at=at,
        ),
        "origin": origin, "name": text_in(origin.node.names, language) or origin.node.key,
        "figure": _figure(origin.node.index), "metric": METRICS["index"],
        "grade": wording.grade_text(grade_of(origin.node.index, origin.score_vector)),
        "pieces": pieces, "levels": wording.levels_text(pieces),
        "children": [_child(one, language) for one in origin.children],
        "items": [_item(one, questions) for one in origin.node.items],
        "efforts": present_efforts(origin.node.items, questions),
        "filters_text": _filters_text(run, filters, language, at),
    }


def _filters_text(run: Run, filters: Mapping[str, list[str]], language: str, at: datetime) -> str:
    known = {one.key: one for one in PageReading(run, at=at).dimensions} if filters else {}
    return ", ".join(
        _("%(name)s: %(levels)s") % {
            "name": text_in(known[key].names, language) or key,
            "levels": wording.listed([wording.level_name(known[key], level, language) for level in levels]),
        }
        for key, levels in filters.items()
    )


def _figure(figure: Figure) -> dict[str, str]:
    return {
        "value": wording.value_with_unit(figure) if figure.is_shown else "", "interval": wording.interval_text(figure),
        "n": f"{figure.n:,}", "n_eff": wording.number(figure.n_eff, 0), "note": wording.status_text(figure),
        "error": wording.number(figure.standard_error, 3) if figure.standard_error is not None else "",
    }


def _child(node: NodeResult, language: str) -> dict[str, Any]:
    part = node.weight * node.index.value if node.index.value is not None else None
    return _figure(node.index) | {
        "key": node.key, "name": text_in(node.names, language) or node.key,
        "weight": wording.number(100 * node.weight, 1), "part": wording.number(part, 2),
    }


def _item(item: ItemResult, questions: Questions) -> dict[str, Any]:
    return _figure(item.mean) | {
        "key": item.key, "name": question_text(item, questions), "scale": f"{item.low_code}–{item.high_code}", "missing": item.missing,
        "levels": " · ".join(f"{level.code}: {level.count:,}" for level in item.distribution),
    }
