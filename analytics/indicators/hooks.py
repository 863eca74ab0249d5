"""Where others hear that a tree's definition has changed; indicators know nothing of who listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True)
class NodeFigure:
    """An indicator's index in words, with its change and the address where its value comes from."""

    value: str
    is_shown: bool
    note: str
    interval: str
    n: str
    change: Any
    change_text: str
    versus: str
    address: str


@dataclass(frozen=True)
class TreeFigures:
    """What the overview shows first of a tree: the index of its newest period, and of each indicator by its key.

    `periods` names the first and the last period that hold answers.
    """

    period: str
    periods: str
    value: str
    nodes: Mapping[str, NodeFigure]


tree_figures: list[Callable[[Actor, IndicatorTree, datetime], TreeFigures | None]] = []
"""What rooms above have computed for a tree, as far as this reader may see it; None before the first results."""


def get_figures(actor: Actor, tree: IndicatorTree, at: datetime) -> TreeFigures | None:
    """Return a tree's figures for this reader; None where there are none yet."""
    return next((found for ask in tree_figures if (found := ask(actor, tree, at)) is not None), None)


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
