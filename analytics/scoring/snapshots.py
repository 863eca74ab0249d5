"""From the tree as it stands in the database to the frozen definition a run is computed under."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource, SourceRole, WeightSet
from analytics.indicators.scales import MISFIT, AskedScale, describe_misfit, first_misfit, list_scales
from analytics.indicators.selectors import get_weight_set_in_force, weights_problem
from analytics.scoring.definition import Definition, DefinitionError, NodeRule, SourceRule
from surveys.contacts.models import ContactAttribute


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
    scales = list_scales(questionnaires={source.questionnaire_id for source in mapped})
    return tuple(
        SourceRule(*scale, source.role, _node_key(source))
        for source in mapped
        for scale in scales.get((source.questionnaire_id, source.question_key), ())
    )


def _parent_key(node: Indicator, key_of: dict[int, str]) -> str | None:
    return None if node.parent_id is None else key_of[node.parent_id]


def _node_key(source: QuestionSource) -> str | None:
    return source.indicator.key if source.indicator else None


def _check_vector(name: str, sources: Iterable[SourceRule]) -> None:
    feeding = [AskedScale(one.questionnaire, one.key, one.low, one.high) for one in sources if one.role == SourceRole.LEAF]
    misfit = first_misfit(vector=name, scales=feeding)
    if misfit is not None:
        raise DefinitionError(MISFIT, **describe_misfit(misfit))
