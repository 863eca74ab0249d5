"""Where others hear that a tree's definition has changed; indicators know nothing of who listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts.access import Actor
from analytics.indicators.models import IndicatorTree

on_definition_changed: list[Callable[[int, datetime], None]] = []
"""Called with the tree's id and the moment, inside the transaction that changed it."""

@dataclass(frozen=True)
class RunProblem:
    """Why a tree was not computed: the code, and the sentence in the reader's language."""

    code: str
    text: str


run_problems: list[Callable[[IndicatorTree], RunProblem | None]] = []
"""What rooms above know of a tree that cannot be computed; None where nothing is amiss."""

tree_panels: list[Callable[[Actor, IndicatorTree, datetime], str]] = []
"""What rooms above show on a tree's card: safe HTML for this reader at this moment."""


def announce(tree_id: int, at: datetime) -> None:
    """Tell everybody who listens."""
    for listener in on_definition_changed:
        listener(tree_id, at)


def list_run_problems(tree: IndicatorTree) -> list[RunProblem]:
    """Return why the tree was not computed, empty where it was."""
    return [found for ask in run_problems if (found := ask(tree)) is not None]


on_comparison_wanted: list[Callable[[int], None]] = []
"""Called with the tree's id after the commit that asked for a new comparison of weights."""


def announce_comparison(tree_id: int) -> None:
    """Tell everybody who can make one."""
    for listener in on_comparison_wanted:
        listener(tree_id)


on_expert_invited: list[Callable[[int], None]] = []
"""Called with the expert's id after the commit that invited."""


def announce_expert(expert_id: int) -> None:
    """Tell everybody who can mail."""
    for listener in on_expert_invited:
        listener(expert_id)
