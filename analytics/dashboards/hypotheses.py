"""What of a change is one thing under several names, so that it is tested once.

A leaf fed by one question is that question, and an indicator with one answered part is that part: the numbers are the
same on another scale, and so is the test. The index stands for itself, whatever it consists of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.dashboards.overlap.pairing import ItemName, Subject, item_subject, node_subject
from analytics.methods.distributions import score_vector
from analytics.scoring.results import Figure, ItemResult, NodeResult, PeriodResult, Status


@dataclass(frozen=True, slots=True)
class ComparedItem:
    """A question in two periods; one of another scale (`is_alike` false) is not tested.

    `is_same_scale` is false where it stood on another scale in the earlier period.
    """

    name: ItemName
    before: ItemResult
    after: ItemResult
    is_same_scale: bool

    @property
    def is_alike(self) -> bool:
        """Whether its two means are of the same scale."""
        return self.is_same_scale and not (_is_elsewhere(self.before) or _is_elsewhere(self.after))

    @property
    def subject(self) -> Subject:
        """The name of the change of its mean."""
        return item_subject(self.name)


def compared_items(earlier: PeriodResult, later: PeriodResult) -> list[ComparedItem]:
    """Pair every question of the later period with itself in the earlier one."""
    before = {name_of(item): item for item in _items(earlier)}
    of_key = {(item.questionnaire_id, item.key): item for item in _items(earlier)}
    found = []
    for item in _items(later):
        one = before.get(name_of(item)) or of_key.get((item.questionnaire_id, item.key))
        if one is not None:
            found.append(ComparedItem(name_of(item), one, item, name_of(item) in before))
    return found


def name_of(item: ItemResult) -> ItemName:
    """What a question on one scale is called."""
    return item.questionnaire_id, item.key, item.low_code, item.high_code


def hypotheses(
    earlier: PeriodResult, later: PeriodResult, items: Sequence[ComparedItem], vector: str
) -> Mapping[Subject, Subject]:
    """Return for every indicator what is tested where its change is: itself, its only part, or its only question.

    Both periods are of one run and so have the same indicators. Scores in uneven steps (`vector`) are another measure
    than the mean of the codes, so the leaf is tested itself.
    """
    before, known = {node.key: node for node in earlier.nodes}, {one.name: one for one in items if one.is_alike}
    pairs = {node.key: (before[node.key], node) for node in later.nodes}
    parts: dict[str, list[str]] = {}
    for node in later.nodes:
        if node.parent is not None and _is_answered(*(one.index for one in pairs[node.key])):
            parts.setdefault(node.parent, []).append(node.key)
    found: dict[Subject, Subject] = {}
    for node in reversed(later.nodes):  # Parts stand after what they are part of.
        own = parts.get(node.key, [])
        is_one = len(own) == 1 and _is_of_the_same(pairs[node.key], pairs[own[0]])
        same = found[node_subject(own[0])] if is_one else _question_of(pairs[node.key], known, vector)
        found[node_subject(node.key)] = same or node_subject(node.key)
    return found


def _question_of(pair: tuple[NodeResult, NodeResult], known: Mapping[ItemName, ComparedItem], vector: str) -> Subject:
    """The one question that a leaf consists of in both periods; empty where there is none, or several."""
    answered = {name_of(item): item for node in pair for item in node.items if _is_answered(item.mean)}
    one = known.get(next(iter(answered))) if len(answered) == 1 else None
    # The overall question may be asked in several questionnaires: then it is more than the leaf.
    if one is None or [one.before.mean.n, one.after.mean.n] != [node.index.n for node in pair]:
        return ""
    return one.subject if _is_even(vector, one.after) else ""


def _is_of_the_same(pair: tuple[NodeResult, NodeResult], other: tuple[NodeResult, NodeResult]) -> bool:
    return all(node.index.n == part.index.n for node, part in zip(pair, other, strict=True))


def _is_answered(*figures: Figure) -> bool:
    return any(one.status != Status.NONE for one in figures)


def _is_even(vector: str, item: ItemResult) -> bool:
    """Whether the scores of a scale rise in equal steps, so that the index is the mean in another unit."""
    steps = np.diff(score_vector(vector, range(item.low_code, item.high_code + 1)))
    return bool(np.allclose(steps, steps[0]))


def _is_elsewhere(item: ItemResult) -> bool:
    """Whether everybody was asked it on another scale."""
    return not item.mean.n and item.missing.other_scale > 0


def _items(result: PeriodResult) -> list[ItemResult]:
    """Every question once, however many leaves it feeds."""
    items = [item for node in result.nodes for item in node.items]
    items += [result.overall] if result.overall is not None else []
    return list({name_of(item): item for item in items}.values())
