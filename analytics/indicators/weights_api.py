"""Weight sets, their comparison and expert panels over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import actor_of
from accounts.asked import PAGES, refuse_unknown, refuse_unread
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.indicators import access
from analytics.indicators.api import WeightSetOutput
from analytics.indicators.changing import TreeError
from analytics.indicators.comparison_output import ComparedOutput, UncomparedOutput, result_output
from analytics.indicators.models import WeightSet
from analytics.indicators.panel_models import Panel, WeightComparison
from analytics.indicators.panel_results import panel_result
from analytics.indicators.panel_selectors import list_experts, list_panels
from analytics.indicators.sentences import sentence
from analytics.indicators.weight_choice import choose_weight_set
from analytics.indicators.weight_words import problem
from analytics.indicators.weights import told_of
from surveys.design.document import text_in


class WeightSetDetailOutput(WeightSetOutput):
    """A weight set with what it rests on."""

    name = serializers.CharField()
    evidence = serializers.SerializerMethodField(help_text="without what was counted from all answers for a reader with a scope")

    @extend_schema_field(serializers.DictField())
    def get_evidence(self, weight_set: WeightSet) -> dict[str, Any]:
        """Tell what the set rests on."""
        return told_of(weight_set.evidence, is_scoped=bool(self.context["scope"]))


class ReasonInput(serializers.Serializer[Any]):
    """Why weights are chosen; it is kept beside them."""

    reason = serializers.CharField(max_length=240)


class ComparisonOutput(serializers.Serializer[Any]):
    """Candidate weights on the answers of one run, or why there is no comparison."""

    run = serializers.IntegerField(source="run_number", allow_null=True)
    responses = serializers.IntegerField()
    made_at = serializers.DateTimeField(allow_null=True)
    wanted_at = serializers.DateTimeField(allow_null=True)
    result = serializers.SerializerMethodField()
    explanation = serializers.SerializerMethodField(help_text="the problem as a sentence in the caller's language")

    @extend_schema_field(PolymorphicProxySerializer(
        component_name="ComparisonResultOutput", serializers=[ComparedOutput, UncomparedOutput], resource_type_field_name=None,
    ))
    def get_result(self, row: WeightComparison) -> dict[str, Any]:
        """Return what is stored, with a sentence for every candidate that has no weights."""
        language = get_language() or ""
        names = {node.key: text_in(node.names, language) or node.key for node in row.tree.indicators.all()}
        return result_output(row.result, names)

    def get_explanation(self, row: WeightComparison) -> str:
        """Say why there is no comparison."""
        return problem(row.result.get("problem", ""))


class ElementOutput(serializers.Serializer[Any]):
    """One of the things compared."""

    key = serializers.CharField()
    names = serializers.DictField(child=serializers.CharField())


class PanelOutput(serializers.Serializer[Any]):
    """An expert panel; who the experts are is not told."""

    id = serializers.IntegerField()
    node = serializers.CharField(source="node_key")
    elements = ElementOutput(many=True)
    random_index = serializers.CharField()
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class GroupOutput(serializers.Serializer[Any]):
    """Weights in the order of the elements, by both methods."""

    experts = serializers.IntegerField()
    eigenvector = serializers.ListField(child=serializers.FloatField())
    geometric = serializers.ListField(child=serializers.FloatField())
    consistency_ratio = serializers.FloatField(source="ratio")


class PanelResultOutput(serializers.Serializer[Any]):
    """What the panel says; null while no sent sheet links everything."""

    everybody = GroupOutput()
    consistent = GroupOutput(allow_null=True)
    spread = serializers.ListField(child=serializers.FloatField())
    left_out = serializers.IntegerField()


class PanelDetailOutput(PanelOutput):
    """A panel with its outcome."""

    result = PanelResultOutput(allow_null=True)


class WeightSetView(APIView):
    """One weight set."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(operation_id="weight_set_retrieve", responses=WeightSetDetailOutput)
    def get(self, request: Request, weight_set_id: int) -> Response:
        """Return a weight set with what it rests on."""
        refuse_unknown(request.query_params, known=())
        actor = actor_of(request)
        found = access.get_weight_set(actor, weight_set_id)
        return Response(WeightSetDetailOutput(found, context={"scope": actor.scope}).data)


class WeightSetChooseView(APIView):
    """Puts a weight set in force."""

    # GET is named so that it is refused as a method, not as a right.
    required_permissions = {"GET": Permission.DESIGN, "POST": Permission.DESIGN}

    @extend_schema(operation_id="weight_set_choose", request=ReasonInput, responses={201: WeightSetDetailOutput})
    def post(self, request: Request, weight_set_id: int) -> Response:
        """Start a new series with these weights; published results stay as they are."""
        actor = actor_of(request)
        found = access.get_weight_set(actor, weight_set_id)
        given = ReasonInput(data=request.data)
        refuse_unread(request.data, known=given.fields)
        given.is_valid(raise_exception=True)
        at, reason = timezone.now(), given.validated_data["reason"]
        try:
            made = choose_weight_set(weight_set=found, user=actor.user, reason=reason, at=at)
        except TreeError as error:
            raise ValidationError({"weights": [sentence(error.code, error.details)]}) from error
        record_event(
            actor=actor, action="weights.chosen", target=f"tree {found.tree_id}", name=found.tree.names, at=at,
            detail={"number": made.number, "origin": made.origin, "reason": reason},
        )
        return Response(WeightSetDetailOutput(made, context={"scope": actor.scope}).data, status=201)


class ComparisonView(APIView):
    """The comparison of a tree's candidate weights."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(operation_id="weight_comparison_retrieve", responses=ComparisonOutput)
    def get(self, request: Request, tree_id: int) -> Response:
        """Return the stored comparison; it covers all answers, so a limited view gets none."""
        refuse_unknown(request.query_params, known=())
        actor = actor_of(request)
        tree = access.get_tree(actor, tree_id)
        row = WeightComparison.objects.filter(tree=tree).first() or WeightComparison(tree=tree)
        if actor.scope:
            row = WeightComparison(tree=tree, result={"problem": "limited_view"})
        return Response(ComparisonOutput(row).data)


class PanelListView(generics.ListAPIView[Panel]):
    """A tree's expert panels, newest first."""

    required_permissions = {"GET": Permission.DESIGN}
    serializer_class = PanelOutput
    queryset = Panel.objects.none()

    def get_queryset(self) -> QuerySet[Panel]:
        """Those of the tree."""
        refuse_unknown(self.request.query_params, known=PAGES)
        return list_panels(tree=access.get_tree(actor_of(self.request), self.kwargs["tree_id"]))


class PanelView(APIView):
    """One expert panel."""

    required_permissions = {"GET": Permission.DESIGN}

    @extend_schema(operation_id="panel_retrieve", responses=PanelDetailOutput)
    def get(self, request: Request, panel_id: int) -> Response:
        """Return a panel with its outcome."""
        refuse_unknown(request.query_params, known=())
        panel = access.get_panel(actor_of(request), panel_id)
        found = panel_result(panel, list(list_experts(panel=panel)))
        result = None if found is None else {
            "everybody": found.everybody, "consistent": found.consistent, "spread": found.spread,
            "left_out": len(found.left_out),
        }
        output = PanelOutput(panel).data | {"result": PanelResultOutput(result).data if result else None}
        return Response(output)
