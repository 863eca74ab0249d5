"""What a run is computed under: the tree, its weights, its questions, its rules, as one frozen value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from analytics.methods.customer_effort import CODES as EFFORT_CODES
from analytics.methods.distributions import score_vector
from analytics.scoring.codes import HISTOGRAM_WIDTH, INVALID, ItemKey, histogram_position
from analytics.scoring.columns import IntArray

METHODS: Final[Mapping[str, str]] = {
    "index": "A:nested-renormalised:2",
    "distribution": "nearest-level:1",
    "nps": "adjusted-wald:1",
    "share": "wilson:1",
    "mean": "student:1",
    "index_items": "B:item-means:1",
    "ces": "three-conventions:1",
    "change": "welch-newcombe-overlap:3",
    "weighting": "raking-cells-kish:1",
    "grade": "nearest-level:1",
}
"""Versions of the methods a run used; a change here makes new results, never changes old ones."""

LEVELS: Final = (1, 2, 3, 4, 5)
EFFORT_SCALE: Final = (EFFORT_CODES[0], EFFORT_CODES[-1])
NODE_WIDTH: Final = 4 + len(LEVELS)


class DefinitionError(ValueError):
    """The tree cannot be computed as it stands; `code` names why for a translated sentence."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(frozen=True)
class NodeRule:
    """A node with its share among its siblings (0-1)."""

    key: str
    parent: str | None
    weight: float


@dataclass(frozen=True)
class SourceRule:
    """A question on one scale and what it does for the tree: `leaf`, `nps`, `overall`, `comment` or `effort`."""

    questionnaire: int
    key: str
    low: int
    high: int
    role: str
    node: str | None

    @property
    def item(self) -> ItemKey:
        """The column it is read from."""
        return ItemKey(self.key, self.low, self.high)


@dataclass(frozen=True)
class Layout:
    """Where each statistic stands in a vector: responses, then nodes, then items."""

    nodes: Mapping[str, int]
    items: Mapping[tuple[int, ItemKey], int]
    width: int
    squares: IntArray

    def node(self, vector: IntArray, key: str) -> IntArray:
        """n, total, squares high and low, and the five levels of a node."""
        return vector[self.nodes[key] : self.nodes[key] + NODE_WIDTH]

    def item(self, vector: IntArray, questionnaire: int, item: ItemKey) -> IntArray:
        """The histogram of an item, valid codes first (see `codes.histogram_position`)."""
        start = self.items[questionnaire, item]
        return vector[start : start + HISTOGRAM_WIDTH]


@dataclass(frozen=True)
class Definition:
    """All that decides the digits of a run beside the responses; nodes in tree order, root first."""

    nodes: tuple[NodeRule, ...]
    sources: tuple[SourceRule, ...]
    dimensions: tuple[str, ...]
    score_vector: str
    coverage: int
    time_zone: str

    @cached_property
    def hash(self) -> str:
        """A name for this definition: equal definitions, equal hash."""
        text = json.dumps([asdict(self), METHODS], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def questionnaires(self) -> tuple[int, ...]:
        """Ids of the questionnaires whose questions feed the tree."""
        return tuple(sorted({source.questionnaire for source in self.sources}))

    @cached_property
    def layout(self) -> Layout:
        """The places of all statistics."""
        nodes = {node.key: 1 + NODE_WIDTH * number for number, node in enumerate(self.nodes)}
        start = 1 + NODE_WIDTH * len(nodes)
        named = dict.fromkeys((source.questionnaire, source.item) for source in self.sources)
        items = {name: start + HISTOGRAM_WIDTH * number for number, name in enumerate(named)}
        squares = np.array([place + 2 for place in nodes.values()], dtype=np.int64)
        return Layout(nodes, items, start + HISTOGRAM_WIDTH * len(items), squares)

    @cached_property
    def children(self) -> Mapping[str, tuple[NodeRule, ...]]:
        """Children by key, in order."""
        families: dict[str, list[NodeRule]] = {node.key: [] for node in self.nodes}
        for node in self.nodes:
            if node.parent is not None:
                families[node.parent].append(node)
        return {key: tuple(family) for key, family in families.items()}

    @cached_property
    def off_scale_places(self) -> Mapping[str, IntArray]:
        """Where the answers with codes that are not on the scale are counted, of every question at or below a node."""
        return {node.key: self._places_off_scale(node.key) for node in self.nodes}

    def _places_off_scale(self, node: str) -> IntArray:
        inside = nodes_under(self, node)
        items = dict.fromkeys((s.questionnaire, s.item) for s in self.sources if s.role == "leaf" and s.node in inside)
        place = histogram_position(INVALID)
        return np.array([self.layout.items[item] + place for item in items], dtype=np.int64)

    @cached_property
    def unasked(self) -> frozenset[str]:
        """The nodes that no question of any questionnaire feeds, neither themselves nor below."""
        found: set[str] = set()
        for node in reversed(self.nodes):
            below = self.children[node.key]
            if all(child.key in found for child in below) if below else not self.leaf_sources(node.key):
                found.add(node.key)
        return frozenset(found)

    @cached_property
    def asked_weights(self) -> Mapping[str, float]:
        """Each node's share (0-1) among those siblings that questions feed, 0 for one that none feeds.

        What nobody was ever asked nobody has left out: it does not count against an answer's coverage.
        """
        return self.among_asked({node.key: node.weight for node in self.nodes})

    def among_asked(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Share out the weights (0-1) of nodes among those siblings that questions feed."""
        found = dict(weights)
        for family in self.children.values():
            known = [child.key for child in family if child.key in weights]
            asked = [key for key in known if key not in self.unasked]
            total = sum(weights[key] for key in asked)
            if len(asked) < len(known) and total > 0:
                found |= dict.fromkeys(known, 0.0) | {key: weights[key] / total for key in asked}
        return found

    def leaf_sources(self, node: str) -> tuple[SourceRule, ...]:
        """The questions that feed a leaf."""
        return tuple(s for s in self.sources if s.role == "leaf" and s.node == node)

    def role_sources(self, role: str) -> tuple[SourceRule, ...]:
        """The questions of a role that no leaf has."""
        return tuple(s for s in self.sources if s.role == role)

    def is_effort(self, questionnaire: int, item: ItemKey) -> bool:
        """Whether staff named a question as one of customer effort, and it was asked on seven points."""
        return (questionnaire, item) in self._efforts

    @cached_property
    def _efforts(self) -> frozenset[tuple[int, ItemKey]]:
        return frozenset((s.questionnaire, s.item) for s in self.role_sources("effort") if (s.low, s.high) == EFFORT_SCALE)

    @cached_property
    def asked_anew(self) -> Mapping[tuple[int, str], tuple[ItemKey, ...]]:
        """The scales of every question that was asked on several, by questionnaire and key."""
        found: dict[tuple[int, str], dict[ItemKey, None]] = {}
        for source in self.sources:
            found.setdefault((source.questionnaire, source.key), {})[source.item] = None
        return {name: tuple(items) for name, items in found.items() if len(items) > 1}

    def items_of(self, questionnaire: int) -> tuple[ItemKey, ...]:
        """The items of a questionnaire that the tree reads."""
        return tuple(item for of, item in self.layout.items if of == questionnaire)

    def as_json(self) -> dict[str, Any]:
        """The stored form."""
        return asdict(self) | {"methods": dict(METHODS)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Definition:
        """Read the stored form."""
        return cls(
            nodes=tuple(NodeRule(**node) for node in stored["nodes"]),
            sources=tuple(SourceRule(**source) for source in stored["sources"]),
            dimensions=tuple(stored["dimensions"]),
            score_vector=stored["score_vector"],
            coverage=stored["coverage"],
            time_zone=stored["time_zone"],
        )


def nodes_under(definition: Definition, node: str) -> frozenset[str]:
    """Return a node and all below it."""
    inside = {node}
    for rule in definition.nodes:
        if rule.parent in inside:
            inside.add(rule.key)
    return frozenset(inside)


def scores_of(name: str, low: int, high: int) -> tuple[float, ...]:
    """The 0-100 score of each code of a scale under a named vector, at most 100 points long.

    Raises InvalidScaleError (of `analytics.methods`) where the vector does not fit the scale.
    """
    return tuple(float(score) for score in score_vector(name, range(low, high + 1)))


def level_bounds(name: str) -> tuple[float, ...]:
    """The four values halfway between the five levels of a score vector, in points."""
    scores: Sequence[float] = scores_of(name, LEVELS[0], LEVELS[-1])
    return tuple((a + b) / 2 for a, b in zip(scores, scores[1:], strict=False))
