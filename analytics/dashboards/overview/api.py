"""The overview for programs."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import Permission
from analytics.dashboards.api_selection import PARAMETERS, WEIGHTING, asked_selection
from analytics.dashboards.overview.read import read_overview
from analytics.dashboards.overview.serializers import OverviewOutput
from analytics.dashboards.weighting.reading import weighting_problem, with_weighting
from analytics.scoring.sentences import sentence


class OverviewView(APIView):
    """Everything on the overview page, from the last finished run."""

    required_permissions: ClassVar[dict[str, str]] = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(parameters=[*PARAMETERS, WEIGHTING], responses=OverviewOutput)
    def get(self, request: Request) -> Response:
        """Return the overview; 404 before the first run, 400 for what means nothing here."""
        word = request.query_params.get("weighting", "")
        selection = with_weighting(asked_selection(request, "weighting"), word)
        problem = weighting_problem(selection)
        if problem or selection.weighting != word:
            raise ValidationError({"weighting": [problem or sentence("unknown_weighting")]})
        return Response(OverviewOutput(read_overview(selection=selection)).data)
