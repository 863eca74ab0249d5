"""Reading panels."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from analytics.indicators.models import Indicator, IndicatorTree
from analytics.indicators.panel_models import Expert, Panel
from analytics.methods.ahp import MAX_ELEMENTS


def list_panels(*, tree: IndicatorTree) -> QuerySet[Panel]:
    """A tree's panels, newest first, with how many were invited and have sent their sheet."""
    return Panel.objects.filter(tree=tree).annotate(
        invited=Count("experts"), sent=Count("experts", filter=Q(experts__submitted_at__isnull=False))
    ).order_by("-id")


def list_panel_nodes(*, tree: IndicatorTree) -> QuerySet[Indicator]:
    """The indicators whose children a panel can compare: two to nine of them."""
    counted = tree.indicators.annotate(size=Count("children"))
    return counted.filter(size__gte=2, size__lte=MAX_ELEMENTS).order_by("id")


def list_experts(*, panel: Panel) -> QuerySet[Expert]:
    """A panel's experts in the order of their invitation."""
    return Expert.objects.filter(panel=panel).order_by("id")
