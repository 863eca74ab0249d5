"""Putting an indicator elsewhere in its tree: dropped beside or into another, or one place up or down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import User
from analytics.indicators.changing import TreeError, locked_as_seen
from analytics.indicators.models import Indicator
from analytics.indicators.services import move_indicator

BEFORE, INSIDE, AFTER = "before", "inside", "after"
WHERE: Final = (BEFORE, INSIDE, AFTER)
UP, DOWN = -1, 1


@dataclass(frozen=True)
class Placed:
    """Where an indicator stands now: number `place` (from 1) of `count` below `parent`.

    `is_elsewhere` says whether that is another parent than before, so that weights have changed.
    """

    indicator: Indicator
    parent: Indicator
    place: int
    count: int
    is_moved: bool
    is_elsewhere: bool = False


@transaction.atomic
def place_indicator(
    *, indicator: Indicator, target_id: int, where: str, revision: int | None, user: User | None, at: datetime,
    reason: str = "",
) -> Placed:
    """Put an indicator before, after or (as the last child) inside another one of its tree.

    `revision` is the tree's definition revision that the mover saw. Raises TreeError `tree_changed` when
    somebody has changed the tree since, `place_gone` for an unknown target, and as `move_indicator` does: under
    another parent it needs a reason.
    """
    tree = locked_as_seen(indicator, revision)
    node = tree.indicators.select_related("parent").get(pk=indicator.pk)
    target = tree.indicators.select_related("parent").filter(pk=target_id).first()
    if target is None or where not in WHERE:
        raise TreeError("place_gone")
    if target.pk == node.pk and where != INSIDE:
        return _standing(node, is_moved=False)
    parent = target if where == INSIDE else target.parent
    if parent is None:
        raise TreeError("beside_root")
    siblings = [one.pk for one in parent.children.all() if one.pk != node.pk]
    position = len(siblings) if where == INSIDE else siblings.index(target.pk) + (where == AFTER)
    return _moved(node, parent, position, user, at, reason)


@transaction.atomic
def shift_indicator(
    *, indicator: Indicator, step: int, revision: int | None, user: User | None, at: datetime
) -> Placed:
    """Move an indicator one place up (-1) or down (1) among its siblings; at the end of them it stays.

    Raises TreeError for the root, and `tree_changed` when a revision is given that is not the tree's.
    """
    tree = locked_as_seen(indicator, revision)
    node = tree.indicators.select_related("parent").get(pk=indicator.pk)
    if node.parent is None:
        raise TreeError("root_stays")
    place = [one.pk for one in node.parent.children.all()].index(node.pk)
    return _moved(node, node.parent, max(0, place + step), user, at, "")


def _moved(
    node: Indicator, parent: Indicator, position: int, user: User | None, at: datetime, reason: str
) -> Placed:
    """Move unless nothing would change: a drop on the old place must not start a recompute."""
    siblings = [one.pk for one in parent.children.all()]
    others = [pk for pk in siblings if pk != node.pk]
    others.insert(min(position, len(others)), node.pk)
    if others == siblings:
        return _standing(node, is_moved=False)
    before = node.parent_id
    moved = move_indicator(indicator=node, parent=parent, position=position, user=user, at=at, reason=reason)
    return _standing(moved, is_moved=True, is_elsewhere=before != parent.pk)


def _standing(node: Indicator, *, is_moved: bool, is_elsewhere: bool = False) -> Placed:
    parent = node.parent
    if parent is None:
        raise TreeError("root_stays")
    siblings = list(parent.children.values_list("pk", flat=True))
    return Placed(node, parent, siblings.index(node.pk) + 1, len(siblings), is_moved, is_elsewhere)
