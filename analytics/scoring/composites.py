"""Where anonymity was promised: may an indicator be shown together with its parts?

The index of an indicator is made of its parts' values, so whoever sees all of them can subtract. What is left
belongs to those who left a part out: with one such respondent it is that person's answer. The same goes for the
questions of an indicator, and for groups that make up a shown whole: levels of a dimension, months of a quarter.

How a respondent counts at an indicator and its parts is a *pattern*. Whatever is added up of shown sums, a
respondent's share in it depends on the pattern alone; so it is enough to look at how many there are of each.
See docs/decisions/parts-that-give-nobody-away.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from analytics.scoring.codes import ItemKey
from analytics.scoring.columns import Columns
from analytics.scoring.definition import Definition
from analytics.scoring.summaries import node_values

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Group = TypeVar("Group", bound=Hashable)
Patterns = Mapping[int, int]
"""Respondents by pattern: bit 0 says that the whole counts, then two bits for each part, see `Composite.read`."""
NOBODY: Final[Patterns] = {}

NPS, OVERALL, QUESTIONS = "/nps", "/overall", "/questions"
"""No key of an indicator holds a slash."""
DIGITS: Final = 9
"""Sums of weights that agree to this many decimals are the same."""
MOST_PARTS: Final = 31
"""At most this many parts fit into a pattern; a figure with more is never shown together with them."""


@dataclass(frozen=True)
class Composite:
    """A figure with the parts it is made of; without parts it is only looked at by itself.

    `hides` are the names that vanish with each part: the part and all below it.
    """

    key: str
    weights: tuple[float, ...] = ()
    hides: tuple[frozenset[str], ...] = ()

    @cached_property
    def lightest(self) -> frozenset[int]:
        """The two parts that carry least: the same in every look, so that no two looks tell them apart."""
        return frozenset(sorted(range(len(self.weights)), key=lambda part: (self.weights[part], part))[:2])

    def read(self, code: int) -> tuple[bool, frozenset[int], frozenset[int]]:
        """Whether the whole counts, which parts have a value, and which of them count themselves."""
        has = frozenset(part for part in range(len(self.weights)) if code >> (1 + 2 * part) & 1)
        return bool(code & 1), has, frozenset(part for part in has if code >> (2 + 2 * part) & 1)

    def must_be(self, code: int) -> Mapping[int, float] | None:
        """What each part would have to be divided by for such respondents to vanish; None where they cannot."""
        counts, has, parts = self.read(code)
        share = round(sum(self.weights[part] for part in has), DIGITS) if counts else 0.0
        if counts and any(self.weights[part] > 0 for part in has - parts):
            return None
        return {part: share for part in parts if self.weights[part] > 0}

    def answers(self, patterns: Patterns) -> tuple[int, ...]:
        """How many count at the whole, then at each part."""
        counted = [0] * (1 + len(self.weights))
        for code, n in patterns.items():
            counts, _, parts = self.read(code)
            for place in (*((0,) if counts else ()), *(part + 1 for part in parts)):
                counted[place] += n
        return tuple(counted)


def composites_of(definition: Definition) -> tuple[Composite, ...]:
    """Return the figures of a tree that are shown with their parts, and those that stand alone."""
    below = _below(definition)
    found = [Composite(definition.nodes[0].key, (1.0,), (below[definition.nodes[0].key],)),
             Composite(NPS, (1.0,), (frozenset({NPS}),)), Composite(OVERALL, (1.0,), (frozenset({OVERALL}),))]
    for rule in definition.nodes:
        children = definition.children[rule.key]
        if children:
            found.append(Composite(rule.key, tuple(one.weight for one in children), tuple(below[c.key] for c in children)))
        elif len(questions := definition.leaf_sources(rule.key)) > 1:
            found.append(Composite(rule.key, (1.0,) * len(questions), (frozenset({rule.key + QUESTIONS}),) * len(questions)))
    return tuple(found)


def patterns_of(columns: Columns, definition: Definition, questionnaire: int) -> list[Codes]:
    """Return each row's pattern in every composite, in the order of `composites_of`."""
    values = node_values(columns, definition, questionnaire)
    counts = {node.key: values[place] >= 0 for place, node in enumerate(definition.nodes)}
    nothing = np.zeros(columns.rows, dtype=np.bool_)
    asked = {(questionnaire, item): codes >= 0 for item, codes in columns.by_item.items()}

    def answered(of: int, item: ItemKey) -> Flags:
        return asked.get((of, item), nothing)

    leaves = {rule.key: [answered(one.questionnaire, one.item) for one in definition.leaf_sources(rule.key)]
              for rule in definition.nodes}
    has: dict[str, Flags] = {}
    for rule in reversed(definition.nodes):
        below = [has[child.key] for child in definition.children[rule.key]] or leaves[rule.key]
        has[rule.key] = np.logical_or.reduce([nothing, *below])
    root = counts[definition.nodes[0].key]
    found = [_codes(root, [(root, root)])]
    for role in ("nps", "overall"):
        one = np.logical_or.reduce([nothing, *(answered(s.questionnaire, s.item) for s in definition.role_sources(role))])
        found.append(_codes(one, [(one, one)]))
    for rule in definition.nodes:
        children = definition.children[rule.key]
        if children:
            found.append(_codes(counts[rule.key], [(has[child.key], counts[child.key]) for child in children]))
        elif len(leaves[rule.key]) > 1:
            found.append(_codes(counts[rule.key], [(one, one) for one in leaves[rule.key]]))
    return found


def is_safe(composite: Composite, patterns: Patterns, k: int) -> bool:
    """Tell whether a figure and all its parts can be shown and no sum over 1 to k-1 respondents be had of them.

    To subtract the parts so that fewer than k are left, everybody with a pattern that k or more have must vanish.
    That fixes what each part is divided by. Of the others those certainly stay who would need another divisor.
    """
    if len(composite.weights) > MOST_PARTS or any(0 < n < k for n in composite.answers(patterns)):
        return False
    fixed: dict[int, float] = {}
    for code in (code for code, n in patterns.items() if n >= k):
        wanted = composite.must_be(code)
        if wanted is None or any(fixed.get(part, share) != share for part, share in wanted.items()):
            return True
        fixed |= wanted
    rare = {code: n for code, n in patterns.items() if 0 < n < k}
    staying = sum(n for code, n in rare.items() if _stays(composite.must_be(code), fixed))
    return not rare or staying >= k


def hidden_parts(
    composite: Composite, groups: Mapping[Group, Patterns], k: int, *, rest: Patterns = NOBODY
) -> dict[Group, frozenset[str]]:
    """Return what must be hidden of a composite in each of the groups that make up a shown whole.

    First where the parts would give somebody away; then in the smallest other groups too, until what the shown
    groups leave of the whole would be safe by itself. `rest` are those of the whole who are in none of the groups.
    """
    held = {group: patterns for group, patterns in groups.items() if patterns}
    closed = {group: patterns for group, patterns in held.items() if not is_safe(composite, patterns, k)}
    if not closed and is_safe(composite, rest, k):
        return {}
    others = sorted(set(held) - set(closed), key=lambda group: (sum(held[group].values()), str(group)))
    for group in others:
        if len(closed) + bool(rest) >= 2 and is_safe(composite, added([*closed.values(), rest]), k):
            break
        closed[group] = held[group]
    names = frozenset[str]().union(*(composite.hides[part] for part in _enough(composite, list(closed.values()), k)))
    return dict.fromkeys(closed, names)


def left_of(whole: Patterns, groups: Iterable[Patterns]) -> Patterns:
    """Return the patterns of those of a whole who are in none of its groups."""
    return +(Counter(whole) - Counter(added(groups)))


def added(parts: Iterable[Patterns]) -> Patterns:
    """Return the patterns of several groups together."""
    total: Counter[int] = Counter()
    for part in parts:
        total.update(part)
    return total


def _enough(composite: Composite, closed: list[Patterns], k: int) -> frozenset[int]:
    """The parts to hide: the two lightest, where a hidden one then stands between k and more respondents and any
    difference of what is shown, and no other part is too small; else all."""
    if 2 < len(composite.weights) <= MOST_PARTS and all(_covers(composite, patterns, k) for patterns in closed):
        return composite.lightest
    return frozenset(range(len(composite.weights)))


def _covers(composite: Composite, patterns: Patterns, k: int) -> bool:
    small = {part for part, n in enumerate(composite.answers(patterns)[1:]) if 0 < n < k}
    heavy = {part for part in composite.lightest if composite.weights[part] > 0}
    behind = sum(n for code, n in patterns.items() if code & 1 and composite.read(code)[1] & heavy)
    return small <= composite.lightest and behind >= k


def _stays(wanted: Mapping[int, float] | None, fixed: Mapping[int, float]) -> bool:
    return wanted is None or any(fixed.get(part, share) != share for part, share in wanted.items())


def _codes(whole: Flags, parts: list[tuple[Flags, Flags]]) -> Codes:
    codes = whole.astype(np.int64)
    for place, (has, counts) in enumerate(parts[:MOST_PARTS]):
        codes |= has.astype(np.int64) << (1 + 2 * place) | (has & counts).astype(np.int64) << (2 + 2 * place)
    return codes


def _below(definition: Definition) -> dict[str, frozenset[str]]:
    """Of each node its own name, that of its questions, and those of all below."""
    found: dict[str, frozenset[str]] = {}
    for rule in reversed(definition.nodes):
        children = (found[child.key] for child in definition.children[rule.key])
        found[rule.key] = frozenset({rule.key, rule.key + QUESTIONS}).union(*children)
    return found
