"""The workbook for programs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.asked import refuse
from accounts.roles import Permission
from analytics.dashboards.api_selection import PARAMETERS, WEIGHTING, asked_selection
from analytics.dashboards.change.request import parse_change_request
from analytics.dashboards.selection import sentences_of
from analytics.dashboards.weighting.reading import weighting_problem, with_weighting
from analytics.dashboards.workbook.views import workbook_reply
from analytics.dashboards.workbook.write import CONTENT_TYPE
from analytics.scoring.sentences import sentence


class WorkbookView(APIView):
    """The overview, its changes and what each indicator added to that of the index, as an Excel file in the caller's language."""

    required_permissions: ClassVar[dict[str, str]] = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(
        operation_id="overview_workbook",
        parameters=[*PARAMETERS, WEIGHTING, OpenApiParameter("before", str, description="The earlier period of the changes."),
                    OpenApiParameter("weights", str, description="Number of the weight set of the earlier period, for the contributions.")],
        responses={(200, CONTENT_TYPE): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the file; 404 before the first run, 400 with the reason where it cannot be weighted as asked for."""
        word = request.query_params.get("weighting", "")
        selection = asked_selection(request, "before", "weighting", "weights")
        refuse(sentences_of(parse_change_request(selection=selection, query=request.query_params).ignored))
        weighted = with_weighting(selection, word)
        problem = weighting_problem(weighted)
        if problem or weighted.weighting != word:
            raise ValidationError({"weighting": [problem or sentence("unknown_weighting")]})
        return workbook_reply(selection, request.query_params, get_language() or "")

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, Any]:
        """Whatever a caller accepts: the file is no rendering, and what is wrong is told as JSON."""
        return JSONRenderer(), JSONRenderer.media_type
