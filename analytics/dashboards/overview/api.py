"""The overview for programs."""

from __future__ import annotations

from typing import ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import actor_of
from accounts.roles import Permission
from analytics.dashboards.access import get_tree
from analytics.dashboards.overview.read import read_overview
from analytics.dashboards.overview.serializers import OverviewOutput
from analytics.dashboards.selection import Selection, read_selection
from analytics.dashboards.weighting.reading import weighting_problem, with_weighting
from analytics.scoring.sentences import sentence

PARAMETERS = [
    OpenApiParameter("survey", str, description="Id of the indicator tree; the team's first without it."),
    OpenApiParameter("period", str, description="all, 2026, 2026-Q3, 2026-11, 2026-W47, 2026-11-22 or wave:2018."),
    OpenApiParameter("compare", str, description="previous, year or none."),
    OpenApiParameter("series", int, description="Number of an earlier weight set: its series as last published."),
    OpenApiParameter("by", str, description="Segment dimension of the table; others filter, under their own keys."),
]

WEIGHTING = OpenApiParameter(
    "weighting", str, description="Respondent weights: imported, or the id of a saved weighting; unweighted without it."
)


class OverviewView(APIView):
    """Everything on the overview page, from the last finished run."""

    required_permissions: ClassVar[dict[str, str]] = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(parameters=[*PARAMETERS, WEIGHTING], responses=OverviewOutput)
    def get(self, request: Request) -> Response:
        """Return the overview; 404 before the first run."""
        word = request.query_params.get("weighting", "")
        selection = with_weighting(selection_or_404(request), word)
        problem = weighting_problem(selection)
        if problem or selection.weighting != word:
            raise ValidationError({"weighting": [problem or sentence("unknown_weighting")]})
        return Response(OverviewOutput(read_overview(selection=selection)).data)


def selection_or_404(request: Request) -> Selection:
    """What the address selects of the last finished run; raises Http404 before the first."""
    actor = actor_of(request)
    tree = get_tree(actor, request.query_params.get("survey", ""))
    selection = read_selection(actor=actor, tree=tree, query=request.query_params, at=timezone.now())
    if selection is None:
        raise Http404
    return selection
