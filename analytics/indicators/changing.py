"""What every change of a tree begins and ends with, and how one is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import F

from analytics.indicators import hooks
from analytics.indicators.models import Indicator, IndicatorTree

CHANGED: Final = "tree_changed"
"""Somebody else has changed the tree since the page was made."""


NO_REASON: Final = "reason_missing"
"""Weights would change and nobody has said why."""


class TreeError(ValueError):
    """A change that would leave the tree wrong; `code` names why for a translated sentence."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def locked(tree_id: int) -> IndicatorTree:
    """Let one change of a tree go on at a time; to be called in a transaction."""
    return IndicatorTree.objects.select_for_update().get(pk=tree_id)


def locked_as_seen(indicator: Indicator, revision: int | None) -> IndicatorTree:
    """Lock the tree of an indicator and refuse when it is not the one that was looked at; in a transaction.

    `revision` is the tree's definition revision that the person saw; None asks only that the indicator is
    still there. Raises TreeError `tree_changed`.
    """
    tree = IndicatorTree.objects.select_for_update().filter(pk=indicator.tree_id).first()
    is_seen = tree is not None and revision in (None, tree.definition_revision)
    if tree is None or not is_seen or not tree.indicators.filter(pk=indicator.pk).exists():
        raise TreeError(CHANGED)
    return tree


def reworded(tree: IndicatorTree) -> None:
    """Say that names or targets have changed: nothing to compute anew, but a page that is open is not the newest."""
    IndicatorTree.objects.filter(pk=tree.pk).update(definition_revision=F("definition_revision") + 1)


def touched(tree: IndicatorTree, at: datetime) -> None:
    """Say that the definition has changed."""
    reworded(tree)
    hooks.announce(tree.pk, at)


def check_reason(reason: str) -> None:
    """Refuse weights that somebody chooses without saying why."""
    if not reason.strip():
        raise TreeError(NO_REASON)
