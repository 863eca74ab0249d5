"""What the API routes of results have in common: the parameters that select, and the selection they make."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api_permissions import actor_of
from accounts.asked import FORMAT, refuse
from analytics.dashboards.access import get_tree
from analytics.dashboards.selection import Selection, find_problems, read_selection
from analytics.scoring.outputs import FiltersField
from analytics.scoring.sources import told


class OriginOutput(serializers.Serializer[Any]):
    """Where the figures come from: the run, the number of its weight set, and whose answers they are."""

    tree_id = serializers.IntegerField()
    run_id = serializers.IntegerField()
    weight_set_number = serializers.IntegerField()
    filters = FiltersField()


PARAMETERS = [
    OpenApiParameter("survey", str, description="Id of the indicator tree; the team's first without it."),
    OpenApiParameter("period", str, description="all, 2026, 2026-Q3, 2026-11, 2026-W47, 2026-11-22, wave:2018 or 2026-01-01..2026-02-15."),
    OpenApiParameter("compare", str, description="previous, year or none. Waves stand in the order of their "
                     "middle days; year is the wave answered about a year earlier, none where there is no such wave."),
    OpenApiParameter("series", int, description="Number of an earlier weight set: its series as last published."),
    OpenApiParameter("by", str, description="Segment dimension of the table; others filter, under their own keys."),
]

WEIGHTING = OpenApiParameter(
    "weighting", str, description="Respondent weights: imported, or the id of a saved weighting; unweighted without it."
)


def asked_selection(request: Request, *more: str) -> Selection:
    """What the address selects of the last finished run; `more` are the keys it may hold beside those of all.

    Raises Http404 before the first run and ValidationError for anything that means nothing.
    """
    actor = actor_of(request)
    tree = get_tree(actor, request.query_params.get("survey", ""))
    selection = read_selection(actor=actor, tree=tree, query=request.query_params, at=timezone.now())
    if selection is None:
        raise Http404
    refuse(find_problems(selection, request.query_params, FORMAT, *more))
    return selection


def described_origin(selection: Selection) -> dict[str, Any]:
    """What OriginOutput says of a selection."""
    return {
        "tree_id": selection.tree.pk, "run_id": selection.run.pk, "weight_set_number": selection.run.weight_set.number,
        "filters": told(selection.reading.choice),
    }
