"""Where others hear that a tree's definition has changed; indicators know nothing of who listens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

on_definition_changed: list[Callable[[int, datetime], None]] = []
"""Called with the tree's id and the moment, inside the transaction that changed it."""


def announce(tree_id: int, at: datetime) -> None:
    """Tell everybody who listens."""
    for listener in on_definition_changed:
        listener(tree_id, at)
