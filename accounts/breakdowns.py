"""Where others hear that a team's results are to be broken down otherwise; accounts know nothing of who listens.

By other days since the time zone has changed, under other rules for small numbers, by another attribute, or for people who
may see only a part of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

on_breakdown_changed: list[Callable[[int, datetime], None]] = []
"""Called with the team's id and the moment, inside the transaction of the change."""


def announce_breakdown(team_id: int, at: datetime) -> None:
    """Tell everybody who listens."""
    for listener in on_breakdown_changed:
        listener(team_id, at)
