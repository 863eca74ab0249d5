"""What may be shown of small numbers: two rules, applied before anything leaves the query layer.

*Too few to say*: under `show_from` valid answers there is no value, under `sure_from` it is marked.
*Anonymity*: where a questionnaire promises it, nothing about a group under `k`, and nothing from which
such a group could be had by subtraction: of groups that make up a shown whole, either none is hidden or
at least two with together `k` answers; a population under two filters at once, or over freely chosen
days, is not shown at all, because the difference of two such populations can be one person.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from analytics.scoring.results import Grain, Status

Group = TypeVar("Group", bound=Hashable)

FIXED_GRAINS = (Grain.ALL, Grain.YEAR, Grain.QUARTER, Grain.MONTH, Grain.WAVE)
"""The only periods that anonymous results know."""


@dataclass(frozen=True)
class Rules:
    """A team's thresholds; `k` is 0 where nobody was promised anonymity."""

    show_from: int = 10
    sure_from: int = 30
    k: int = 0

    def status(self, n: int) -> Status:
        """How a figure with `n` valid answers may be shown."""
        if self.k and 0 < n < self.k:
            return Status.WITHHELD
        if n == 0:
            return Status.NONE
        if n < self.show_from:
            return Status.TOO_FEW
        return Status.FEW if n < self.sure_from else Status.SHOWN


def hidden_groups(counts: Mapping[Group, int], k: int) -> frozenset[Group]:
    """Return which of the groups that make up a shown whole must be hidden.

    First those with 1 to k-1 answers; then the smallest of the others, until the hidden ones are at least
    two and have k answers together, so that subtracting the shown ones from the whole tells nothing.
    """
    hidden = {group for group, n in counts.items() if 0 < n < k}
    if not k or not hidden:
        return frozenset()
    others = sorted((n, str(group), group) for group, n in counts.items() if n >= k)
    for _, _, group in others:
        if len(hidden) >= 2 and sum(counts[one] for one in hidden) >= k:
            break
        hidden.add(group)
    return frozenset(hidden)
