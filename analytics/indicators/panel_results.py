"""From an expert panel's sheets to weights: each expert's, the group's, and what disturbs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.indicators.models import IndicatorTree
from analytics.indicators.panel_models import Expert, Panel
from analytics.methods.ahp import (
    RANDOM_INDEX,
    Priorities,
    geometric_consistency_index,
    incomplete_consistency,
    incomplete_priorities,
    is_linked,
    judgement_matrix,
    linked_groups,
)
from analytics.methods.ahp_panel import (
    DisturbingJudgement,
    aggregated_judgements,
    group_priorities,
    most_disturbing_judgement,
)
from analytics.methods.errors import MethodError
from analytics.methods.inputs import FloatArray

METHODS = ("eigenvector", "geometric")
SCOPES = ("all", "consistent")


@dataclass(frozen=True)
class SheetResult:
    """What one sheet says so far.

    `judged` of `pairs` are judged; where they do not link all elements yet there are no weights and no ratio.
    `ratio` needs three elements and more judgements than links, else it could not be anything but 0.
    """

    judged: int
    pairs: int
    eigenvector: tuple[float, ...] = ()
    geometric: tuple[float, ...] = ()
    ratio: float | None = None
    is_consistent: bool = True
    geometric_index: float | None = None
    disturbing: DisturbingJudgement | None = None

    @property
    def is_linked(self) -> bool:
        """Whether the judgements link all elements."""
        return bool(self.eigenvector)

    @property
    def is_complete(self) -> bool:
        """Whether every pair is judged."""
        return self.judged == self.pairs


@dataclass(frozen=True)
class GroupWeights:
    """Weights of a group of experts by both methods, with the ratio of the group's matrix."""

    experts: int
    eigenvector: tuple[float, ...]
    geometric: tuple[float, ...]
    ratio: float
    is_consistent: bool


@dataclass(frozen=True)
class PanelResult:
    """A panel's outcome over the sheets that were sent and link all elements.

    `counted` are the experts in it, `left_out` those with a ratio above one tenth; `spread` is the standard
    deviation of the experts' own weights.
    """

    counted: tuple[Expert, ...]
    left_out: tuple[Expert, ...]
    everybody: GroupWeights
    consistent: GroupWeights | None
    spread: tuple[float, ...]
    random_index: str
    random_value: float


def list_pairs(panel: Panel) -> list[tuple[str, str]]:
    """Return the pairs to judge, in an order that spreads each element over the sheet."""
    pairs = list(itertools.combinations(panel.keys, 2))
    place = {key: number for number, key in enumerate(panel.keys)}
    return sorted(pairs, key=lambda pair: (place[pair[1]] - place[pair[0]], place[pair[0]]))


def matrix_of(panel: Panel, judgements: Mapping[str, Any]) -> FloatArray:
    """Return a sheet as a reciprocal matrix, NaN where a pair was left open.

    Raises InvalidJudgementError for a judgement off the scale.
    """
    place = {key: number for number, key in enumerate(panel.keys)}
    known: dict[tuple[int, int], float] = {}
    for name, value in judgements.items():
        first, second = name.split("|")
        if first in place and second in place:
            known[place[first], place[second]] = float(value) if value > 0 else -1 / value
    return judgement_matrix(len(place), known)


def unlinked_groups(panel: Panel, judgements: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the elements of a sheet in groups between which no judgement leads; one group where all are linked."""
    matrix = matrix_of(panel, judgements)
    return tuple(tuple(panel.keys[place] for place in group) for group in linked_groups(matrix == matrix))


def sheet_result(panel: Panel, judgements: Mapping[str, Any]) -> SheetResult:
    """Return what a sheet says, as far as it is filled in."""
    pairs = len(panel.keys) * (len(panel.keys) - 1) // 2
    matrix = matrix_of(panel, judgements)
    known = matrix == matrix
    if not is_linked(known):
        return SheetResult(len(judgements), pairs)
    found = incomplete_consistency(matrix, panel.random_index)
    has_ratio = len(panel.keys) > 2 and len(judgements) >= len(panel.keys)
    is_complete = len(judgements) == pairs
    return SheetResult(
        judged=len(judgements), pairs=pairs,
        eigenvector=_floats(found.weights), geometric=_floats(incomplete_priorities(matrix)),
        ratio=max(0.0, found.consistency_ratio) if has_ratio else None,
        is_consistent=found.is_consistent,
        geometric_index=geometric_consistency_index(matrix) if is_complete and len(panel.keys) > 2 else None,
        disturbing=most_disturbing_judgement(matrix, panel.random_index) if has_ratio else None,
    )


def panel_result(panel: Panel, experts: Sequence[Expert]) -> PanelResult | None:
    """Return the outcome of a panel, or None while no sent sheet links all elements."""
    counted = [one for one in experts if one.submitted_at and sheet_result(panel, one.judgements).is_linked]
    if not counted:
        return None
    matrices = [matrix_of(panel, one.judgements) for one in counted]
    found = group_priorities(matrices, random_index=panel.random_index)
    kept = [matrix for place, matrix in enumerate(matrices) if place not in found.inconsistent]
    return PanelResult(
        counted=tuple(counted), left_out=tuple(counted[place] for place in found.inconsistent),
        everybody=_group(matrices, found.group),
        consistent=_group(kept, found.consistent_only) if found.consistent_only else None,
        spread=_floats(found.spread), random_index=panel.random_index,
        random_value=RANDOM_INDEX[panel.random_index][len(panel.keys) - 1],
    )


def chosen_weights(result: PanelResult, *, scope: str, method: str) -> tuple[float, ...] | None:
    """Return the group's weights over all or only the consistent experts, by one of METHODS."""
    group = result.consistent if scope == "consistent" else result.everybody
    if group is None:
        return None
    return group.geometric if method == "geometric" else group.eigenvector


def panel_overlay(*, tree: IndicatorTree) -> dict[str, float]:
    """Return the weights of all children that a panel has judged, the newest panel of each node, eigenvector."""
    found: dict[str, dict[str, float]] = {}
    children: dict[int, set[str]] = {}
    for parent, key in tree.indicators.filter(parent__isnull=False).values_list("parent_id", "key"):
        children.setdefault(parent, set()).add(key)
    for panel in Panel.objects.filter(tree=tree, node__isnull=False).prefetch_related("experts").order_by("-id"):
        if panel.node_key in found or set(panel.keys) != children.get(panel.node_id or 0):
            continue
        try:
            result = panel_result(panel, list(panel.experts.all()))
        except MethodError:
            continue
        if result is not None:
            found[panel.node_key] = dict(zip(panel.keys, result.everybody.eigenvector, strict=True))
    return {key: weight for weights in found.values() for key, weight in weights.items()}


def _group(matrices: Sequence[FloatArray], found: Priorities) -> GroupWeights:
    together = aggregated_judgements(matrices)
    return GroupWeights(
        experts=len(matrices), eigenvector=_floats(found.weights),
        geometric=_floats(incomplete_priorities(together)),
        ratio=max(0.0, found.consistency_ratio), is_consistent=found.is_consistent,
    )


def _floats(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
