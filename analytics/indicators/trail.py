"""Tell the audit trail which trees and panels are still there, by what name and where."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from accounts.access import Actor
from accounts.trail_objects import Place, finders
from analytics.indicators.models import IndicatorTree
from analytics.indicators.panel_models import Panel


def find_trees(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """Indicator trees."""
    rows = IndicatorTree.objects.filter(team=actor.team, pk__in=ids).values_list("id", "names")
    return {row: Place(names, reverse("indicators:tree", args=[row])) for row, names in rows}


def find_panels(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """Expert panels, by the indicator they judge."""
    rows = Panel.objects.filter(tree__team=actor.team, pk__in=ids).values_list("id", "node_names")
    return {row: Place(names, reverse("indicators:panel", args=[row])) for row, names in rows}


def register() -> None:
    """Make trees and panels known."""
    finders.update({"tree": find_trees, "panel": find_panels})
