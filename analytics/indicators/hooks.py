"""Where others hear that a tree's definition has changed; indicators know nothing of who listens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from accounts.access import Actor
from analytics.indicators.models import IndicatorTree

on_definition_changed: list[Callable[[int, datetime], None]] = []
"""Called with the tree's id and the moment, inside the transaction that changed it."""

tree_panels: list[Callable[[Actor, IndicatorTree, datetime], str]] = []
"""What rooms above show on a tree's card: safe HTML for this reader at this moment."""


def announce(tree_id: int, at: datetime) -> None:
    """Tell everybody who listens."""
    for listener in on_definition_changed:
        listener(tree_id, at)


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
