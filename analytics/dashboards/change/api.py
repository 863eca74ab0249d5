"""What changed between two periods, for programs."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.asked import refuse
from accounts.roles import Permission
from analytics.dashboards.api_selection import PARAMETERS, OriginOutput, asked_selection, described_origin
from analytics.dashboards.change.control_chart import control_reason
from analytics.dashboards.change.controls import ChartKind, Control, TrendTest, read_control, read_trend_test
from analytics.dashboards.change.present import parts_sentence, present_trend_test
from analytics.dashboards.change.read import ChangeRow, Decomposed
from analytics.dashboards.change.request import parse_change_request, read_requested
from analytics.dashboards.selection import sentences_of
from analytics.dashboards.weighting.reading import weighting_record
from analytics.scoring.api import WeightingOutput
from analytics.scoring.outputs import FigureOutput, PeriodOutput
from analytics.scoring.sentences import change_sentence


class ChangeRowOutput(serializers.Serializer[Any]):
    """One figure before and after; p values are adjusted within `judged_in`, those of the headline are not."""

    family = serializers.CharField()
    key = serializers.CharField()
    names = serializers.DictField(child=serializers.CharField())
    before = FigureOutput()
    after = FigureOutput()
    difference = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True)
    p_holm = serializers.FloatField(allow_null=True)
    p_bh = serializers.FloatField(allow_null=True)
    detectable = serializers.FloatField(allow_null=True)
    n_both = serializers.IntegerField(help_text="people behind the covariance in the interval; 0: independent periods")
    verdict = serializers.CharField(help_text="beyond, within or unknown")
    is_small = serializers.BooleanField(help_text="of an index: its whole interval lies within 2 points around 0")
    judged_in = serializers.CharField(
        help_text="the family its p values are adjusted in: items for an indicator of one question, else its own"
    )
    reason = serializers.CharField()
    explanation = serializers.SerializerMethodField(help_text="the reason as a sentence in the caller's language")

    def get_explanation(self, row: ChangeRow) -> str:
        """Say why nothing can be said of the change."""
        return change_sentence(row.before, row.after, row.reason) if row.p is None else ""


class ContributionOutput(serializers.Serializer[Any]):
    """What a leaf added to the change of the index, in points."""

    key = serializers.CharField()
    from_scores = serializers.FloatField()
    from_weights = serializers.FloatField()


class DecomposedOutput(serializers.Serializer[Any]):
    """The change of the index by question means, in parts that add up; null sums where `reason` says why there are none."""

    parts = ContributionOutput(many=True)
    from_scores = serializers.FloatField(allow_null=True)
    from_weights = serializers.FloatField(allow_null=True)
    total = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    explanation = serializers.SerializerMethodField(help_text="the reason as a sentence in the caller's language")

    def get_explanation(self, parts: Decomposed) -> str:
        """Say why the change cannot be put in parts."""
        return parts_sentence(parts)


class ChangesOutput(OriginOutput):
    """Everything on the page of a change, with where it comes from."""

    weighting = WeightingOutput(allow_null=True)
    earlier_weight_set_number = serializers.IntegerField(
        help_text="of the weights of the earlier period, by which the parts of the change are told apart"
    )
    before = PeriodOutput()
    after = PeriodOutput()
    rows = ChangeRowOutput(many=True)
    decomposed = DecomposedOutput()
    overlap = serializers.IntegerField(allow_null=True, help_text="people who answered in both periods")
    is_overlap_used = serializers.BooleanField(help_text="whether their covariance is in the intervals")
    responses_before = serializers.IntegerField()
    responses_after = serializers.IntegerField()
    is_withheld = serializers.BooleanField()


class TrendTestOutput(serializers.Serializer[Any]):
    """The straight line through the index over three periods or more; null figures where `explanation` says why."""

    grain = serializers.CharField()
    periods = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="periods in between with no or too few answers; their time is counted")
    alike = serializers.IntegerField(help_text="periods left out because all their answers are the same")
    is_rescaled = serializers.BooleanField(help_text="whether a question of the index changed its scale in between")
    slope = serializers.FloatField(source="found.slope", default=None, allow_null=True, help_text="points per period of the calendar")
    slope_error = serializers.FloatField(source="found.slope_error", default=None, allow_null=True)
    p_slope = serializers.FloatField(source="found.p_slope", default=None, allow_null=True)
    heterogeneity = serializers.FloatField(source="found.heterogeneity", default=None, allow_null=True, help_text="Q of no change at all")
    p_any_change = serializers.FloatField(source="found.p_any_change", default=None, allow_null=True)
    explanation = serializers.SerializerMethodField()

    def get_explanation(self, test: TrendTest) -> str:
        """Say whether there is a trend, or why that cannot be told."""
        return present_trend_test(test)


class ControlPointOutput(serializers.Serializer[Any]):
    """A period with its value and limits, in points or as a share 0-1."""

    period = PeriodOutput()
    value = serializers.FloatField()
    lower = serializers.FloatField()
    upper = serializers.FloatField()
    n = serializers.IntegerField()
    is_beyond = serializers.BooleanField()
    is_in_run = serializers.BooleanField(help_text="nine or more in a row on one side of the centre")


class ControlOutput(serializers.Serializer[Any]):
    """A control chart: xmr and score of the index, p and laney of the satisfied share; empty where `reason` says why."""

    kind = serializers.CharField()
    grain = serializers.CharField()
    centre = serializers.FloatField(allow_null=True)
    sigma_z = serializers.FloatField(allow_null=True)
    points = ControlPointOutput(many=True)
    other_scale = serializers.IntegerField(help_text="periods left out because the question was asked on another scale")
    reason = serializers.CharField()
    explanation = serializers.SerializerMethodField()

    def get_explanation(self, control: Control) -> str:
        """Say why there is no chart."""
        return control_reason(control)


class ChangePageOutput(ChangesOutput):
    """A change with the trend and the control charts beside it."""

    trend = TrendTestOutput()
    controls = ControlOutput(many=True)


class ChangesView(APIView):
    """The change between two periods of a tree."""

    required_permissions: ClassVar[dict[str, str]] = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(
        operation_id="changes",
        parameters=[
            *PARAMETERS, OpenApiParameter("before", str, description="The earlier period."),
            OpenApiParameter("weighting", str, description="imported, or the id of a saved weighting."),
            OpenApiParameter("weights", str, description="Number of the weight set of the earlier period."),
        ],
        responses=ChangePageOutput,
    )
    def get(self, request: Request) -> Response:
        """Return the change; 404 before the first run, 400 with the reason where there is none."""
        selection = asked_selection(request, "before", "weighting", "weights")
        asked = parse_change_request(selection=selection, query=request.query_params)
        refuse(sentences_of(asked.ignored))
        changes, problem = read_requested(asked)
        if changes is None:
            field = "weighting" if problem else "before"
            raise ValidationError({field: [problem or selection.uncompared or _("There is no earlier period. Choose one.")]})
        page = {one.name: getattr(changes, one.name) for one in fields(changes)} | {
            **described_origin(selection), "weighting": weighting_record(asked.charted),
            "earlier_weight_set_number": asked.weights_before.number,
            "trend": read_trend_test(selection=asked.charted),
            "controls": [read_control(selection=asked.charted, kind=kind) for kind in ChartKind],
        }
        return Response(ChangePageOutput(page).data)
