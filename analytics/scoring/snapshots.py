"""From the tree as it stands in the database to the frozen definition a run is computed under."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource, WeightSet
from analytics.indicators.selectors import get_weight_set_in_force, weights_problem
from analytics.methods.errors import MethodError
from analytics.scoring.definition import Definition, DefinitionError, NodeRule, SourceRule, scores_of
from analytics.scoring.rows import items_of_version
from surveys.contacts.models import ContactAttribute
from surveys.design.models import Questionnaire, QuestionnaireVersion


def definition_of(tree: IndicatorTree, weight_set: WeightSet | None = None) -> tuple[Definition, WeightSet]:
    """Return the definition of a tree and its weight set, the one in force unless another is given.

    Raises DefinitionError when the tree has no root, no weights or weights that do not fit it, or a
    score vector that does not fit the scale of a question.
    """
    weight_set = weight_set or get_weight_set_in_force(tree=tree)
    if weight_set is None:
        raise DefinitionError("no_weights")
    nodes = _in_tree_order(list(tree.indicators.all()))
    problem = weights_problem(nodes=nodes, weights=weight_set.weights)
    if problem:
        raise DefinitionError(problem)
    sources = _sources(tree)
    _check_vector(tree.score_vector, sources)
    key_of = {node.pk: node.key for node in nodes}
    return Definition(
        nodes=tuple(
            NodeRule(node.key, _parent_key(node, key_of), float(weight_set.weights.get(node.key, 1.0)))
            for node in nodes
        ),
        sources=sources,
        dimensions=tuple(
            ContactAttribute.objects.filter(team=tree.team_id, is_dimension=True).values_list("key", flat=True)
        ),
        score_vector=tree.score_vector,
        coverage=tree.coverage,
        time_zone=tree.team.time_zone,
    ), weight_set


def _in_tree_order(nodes: Sequence[Indicator]) -> list[Indicator]:
    """Parents before children, siblings by position; a node that hangs on nothing is left out."""
    families: dict[int | None, list[Indicator]] = {}
    for node in nodes:
        families.setdefault(node.parent_id, []).append(node)
    if not families.get(None):
        raise DefinitionError("no_root")
    ordered: list[Indicator] = []
    waiting = list(families[None])
    while waiting:
        node = waiting.pop(0)
        ordered.append(node)
        waiting = families.get(node.pk, []) + waiting
    return ordered


def _sources(tree: IndicatorTree) -> tuple[SourceRule, ...]:
    """Every mapped question on every scale that a published version asked it on."""
    mapped = list(tree.sources.select_related("indicator").order_by("id"))
    scales = _scales({source.questionnaire_id for source in mapped})
    return tuple(
        SourceRule(source.questionnaire_id, source.question_key, low, high, source.role, _node_key(source))
        for source in mapped
        for low, high in scales.get((source.questionnaire_id, source.question_key), ())
    )


def _parent_key(node: Indicator, key_of: dict[int, str]) -> str | None:
    return None if node.parent_id is None else key_of[node.parent_id]


def _node_key(source: QuestionSource) -> str | None:
    return source.indicator.key if source.indicator else None


def _scales(questionnaires: Iterable[int]) -> dict[tuple[int, str], list[tuple[int, int]]]:
    found: dict[tuple[int, str], list[tuple[int, int]]] = {}
    versions = QuestionnaireVersion.objects.filter(questionnaire__in=list(questionnaires)).order_by("id")
    for version, questionnaire in versions.values_list("id", "questionnaire_id"):
        for item in items_of_version(version):
            scales = found.setdefault((questionnaire, item.key), [])
            if (item.low, item.high) not in scales:
                scales.append((item.low, item.high))
    return found


def _check_vector(name: str, sources: Iterable[SourceRule]) -> None:
    for source in sources:
        if source.role != "leaf":
            continue
        try:
            scores_of(name, source.low, source.high)
        except MethodError as error:
            name = Questionnaire.objects.values_list("name", flat=True).get(pk=source.questionnaire)
            raise DefinitionError(
                "vector_does_not_fit", question=source.key, questionnaire=name, low=source.low, high=source.high
            ) from error
