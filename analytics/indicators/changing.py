"""What every change of a tree begins and ends with, and how one is refused."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from analytics.indicators import hooks
from analytics.indicators.models import IndicatorTree


class TreeError(ValueError):
    """A change that would leave the tree wrong; `code` names why for a translated sentence."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def locked(tree_id: int) -> IndicatorTree:
    """Let one change of a tree go on at a time; to be called in a transaction."""
    return IndicatorTree.objects.select_for_update().get(pk=tree_id)


def touched(tree: IndicatorTree, at: datetime) -> None:
    """Say that the definition has changed."""
    IndicatorTree.objects.filter(pk=tree.pk).update(definition_revision=F("definition_revision") + 1)
    hooks.announce(tree.pk, at)


def check_reason(reason: str) -> None:
    """Refuse weights that somebody chooses without saying why."""
    if not reason.strip():
        raise TreeError("reason_missing")
