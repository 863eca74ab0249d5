"""How the numbers are calculated, told by the registry and the run itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from analytics.indicators.forms import VECTOR_NAMES
from analytics.indicators.models import Indicator
from analytics.indicators.weight_words import weight_set_name
from analytics.methods.distributions import score_vector
from analytics.scoring.definition import LEVELS, Definition
from analytics.scoring.models import Run
from analytics.scoring.registry import list_metrics
from analytics.scoring.registry.metric import Metric, MetricGroup
from surveys.design.document import text_in
from surveys.design.models import QuestionnaireVersion


@dataclass(frozen=True, slots=True)
class Weight:
    """An indicator's share among its siblings and of the whole (percent)."""

    name: str
    depth: int
    share: float
    overall: float


@dataclass(frozen=True, slots=True)
class Part:
    """A version of a questionnaire and how many responses it gave to the run."""

    name: str
    number: int
    responses: int


@dataclass(frozen=True, slots=True)
class Explained:
    """Metrics that are explained together."""

    group: MetricGroup
    name: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """Everything that decides the digits of a run."""

    run_id: int
    tells_answers: bool
    responses: int
    fingerprint: str
    definition_hash: str
    finished_at: datetime
    duration_ms: int
    weight_set: str
    weights: tuple[Weight, ...]
    vector: str
    vector_name: str
    scores: tuple[tuple[int, float], ...]
    coverage: int
    time_zone: str
    versions: tuple[Part, ...]
    groups: tuple[Explained, ...]


def describe_method(run: Run, *, language: str, tells_answers: bool) -> Method:
    """Return how the figures of a run came to be; `tells_answers` says whether the reader may know of which answers."""
    definition = Definition.from_json(run.definition)
    scores = score_vector(definition.score_vector, list(LEVELS))
    return Method(
        run_id=run.pk, tells_answers=tells_answers, responses=run.responses, fingerprint=run.fingerprint,
        definition_hash=run.definition_hash,
        finished_at=run.finished_at,
        duration_ms=run.duration_ms, weight_set=weight_set_name(run.weight_set), weights=_weights(run, definition, language),
        vector=definition.score_vector, vector_name=str(VECTOR_NAMES[definition.score_vector]),
        scores=tuple((level, float(score)) for level, score in zip(LEVELS, scores, strict=True)),
        coverage=definition.coverage, time_zone=definition.time_zone, versions=_versions(run.provenance),
        groups=tuple(Explained(group, name, list_metrics(group)) for group, name in _names().items()),
    )


def _names() -> dict[MetricGroup, str]:
    return {
        MetricGroup.FIGURES: _("Figures"), MetricGroup.CHANGES: _("Changes and trends"), MetricGroup.WEIGHTING: _("Respondent weighting"),
        MetricGroup.WEIGHTS: _("Indicator weights"),
    }


def _weights(run: Run, definition: Definition, language: str) -> tuple[Weight, ...]:
    names = dict(Indicator.objects.filter(tree=run.tree_id).values_list("key", "names"))
    depth: dict[str | None, int] = {None: -1}
    overall: dict[str | None, float] = {None: 1.0}
    found = []
    for node in definition.nodes:
        depth[node.key] = depth[node.parent] + 1
        overall[node.key] = overall[node.parent] * node.weight
        name = text_in(names.get(node.key, {}), language) or node.key
        found.append(Weight(name, depth[node.key], 100 * node.weight, 100 * overall[node.key]))
    return tuple(found)


def _versions(provenance: Mapping[str, Any]) -> tuple[Part, ...]:
    counts = {int(version): int(count) for version, count in provenance.get("versions", {}).items()}
    rows = QuestionnaireVersion.objects.filter(pk__in=counts).select_related("questionnaire").order_by("pk")
    return tuple(Part(row.questionnaire.name, row.number, counts[row.pk]) for row in rows)
