"""Trees, indicators and weight sets over the API."""

from __future__ import annotations

import math
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import actor_of
from accounts.asked import PAGES, refuse_unknown, refuse_unread
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.indicators import access, services
from analytics.indicators.changing import TreeError
from analytics.indicators.models import IndicatorTree, WeightSet
from analytics.indicators.problems import list_problems
from analytics.indicators.selectors import Branch, list_branches, list_trees, list_weight_sets
from analytics.indicators.sentences import sentence


class QuestionOutput(serializers.Serializer[Any]):
    """A question that feeds an indicator."""

    questionnaire = serializers.IntegerField(source="questionnaire_id")
    key = serializers.CharField(source="question_key")


class NodeOutput(serializers.Serializer[Any]):
    """An indicator with its weight among its siblings (0-1); the order is that of the tree."""

    id = serializers.IntegerField(source="indicator.pk")
    key = serializers.CharField(source="indicator.key")
    names = serializers.DictField(source="indicator.names", child=serializers.CharField())
    parent = serializers.IntegerField(source="indicator.parent_id", allow_null=True)  # type: ignore[assignment]
    depth = serializers.IntegerField()
    weight = serializers.FloatField()
    target = serializers.FloatField(source="indicator.target", allow_null=True)
    questions = QuestionOutput(source="sources", many=True)


class TreeProblemOutput(serializers.Serializer[Any]):
    """Something to look at in a tree."""

    code = serializers.CharField()
    key = serializers.CharField()
    is_blocking = serializers.BooleanField()
    message = serializers.CharField(help_text="what is wrong and what to do, in the language asked for")


class TreeSummaryOutput(serializers.Serializer[Any]):
    """A tree in a list."""

    id = serializers.IntegerField()
    names = serializers.DictField(child=serializers.CharField())
    is_example = serializers.BooleanField()
    score_vector = serializers.CharField()
    coverage = serializers.IntegerField(help_text="percent of a node's weight that must be answered")


class TreeOutput(TreeSummaryOutput):
    """A tree with its indicators."""

    indicators = NodeOutput(many=True)
    problems = TreeProblemOutput(many=True)


class WeightSetOutput(serializers.Serializer[Any]):
    """A weight set; `weights` maps an indicator's key to its share among its siblings."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    origin = serializers.CharField()
    is_provisional = serializers.BooleanField()
    weights = serializers.DictField(child=serializers.FloatField())
    reason = serializers.CharField()
    valid_from_at = serializers.DateTimeField(allow_null=True)
    valid_to_at = serializers.DateTimeField(allow_null=True)


class WeightField(serializers.FloatField):
    """A share; what is no finite number has the same sentence as on the page."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number as sent, 0 or more or not: the service says what is wrong with it."""
        if isinstance(data, bool):
            raise serializers.ValidationError(sentence("weight_not_finite"))
        try:
            number = float(data)
        except (TypeError, ValueError, OverflowError):
            return float(super().to_internal_value(data))
        if not math.isfinite(number):
            raise serializers.ValidationError(sentence("weight_not_finite"))
        return number


class WeightsInput(serializers.Serializer[Any]):
    """New weights for all children of one indicator; they sum to 1."""

    parent = serializers.CharField(max_length=40, help_text="key of the one above")  # type: ignore[assignment]
    weights = serializers.DictField(child=WeightField())
    reason = serializers.CharField(max_length=240, help_text="kept beside the weights")


class TreeListView(generics.ListAPIView[IndicatorTree]):
    """The team's indicator trees."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}
    serializer_class = TreeSummaryOutput
    queryset = IndicatorTree.objects.none()

    def get_queryset(self) -> QuerySet[IndicatorTree]:
        """The team's."""
        refuse_unknown(self.request.query_params, known=PAGES)
        return list_trees(team=actor_of(self.request).team)


class TreeView(APIView):
    """One indicator tree."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(operation_id="indicators_retrieve", responses=TreeOutput)
    def get(self, request: Request, tree_id: int) -> Response:
        """Return a tree with its indicators, weights, questions and what is wrong with it."""
        refuse_unknown(request.query_params, known=())
        return Response(TreeOutput(describe(access.get_tree(actor_of(request), tree_id))).data)


class WeightSetListView(generics.ListAPIView[WeightSet]):
    """A tree's weight sets, newest first; a POST puts new weights in force."""

    required_permissions = {"GET": Permission.VIEW_RESULTS, "POST": Permission.DESIGN}
    serializer_class = WeightSetOutput
    queryset = WeightSet.objects.none()

    def get_queryset(self) -> QuerySet[WeightSet]:
        """Those of the tree."""
        refuse_unknown(self.request.query_params, known=PAGES)
        return list_weight_sets(tree=access.get_tree(actor_of(self.request), self.kwargs["tree_id"]))

    @extend_schema(request=WeightsInput, responses={201: WeightSetOutput})
    def post(self, request: Request, tree_id: int) -> Response:
        """Set the weights below one indicator."""
        actor = actor_of(request)
        tree = access.get_tree(actor, tree_id)
        given = WeightsInput(data=request.data)
        refuse_unread(request.data, known=given.fields)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        parent = tree.indicators.filter(key=data["parent"]).first()
        if parent is None:
            raise ValidationError({"parent": [sentence("unknown_indicator")]})
        at = timezone.now()
        try:
            made = services.set_weights(
                parent=parent, weights=data["weights"], user=actor.user, reason=data["reason"], at=at
            )
        except TreeError as error:
            raise ValidationError({"weights": _problem(error)}) from error
        record_event(
            actor=actor, action="weights.set", target=f"tree {tree.pk}", name=tree.names, at=at,
            detail={"key": parent.key, "indicator": parent.names, "number": made.number, "reason": made.reason},
        )
        return Response(WeightSetOutput(made).data, status=201)


def describe(tree: IndicatorTree) -> dict[str, Any]:
    """Return what TreeOutput shows."""
    branches: list[Branch] = list_branches(tree=tree)
    return {
        "id": tree.pk, "names": tree.names, "is_example": tree.is_example, "score_vector": tree.score_vector,
        "coverage": tree.coverage, "indicators": branches, "problems": list_problems(tree=tree),
    }


def _problem(error: TreeError) -> dict[str, list[str]] | list[str]:
    """What went wrong, under the key of the indicator it is about where there is one."""
    key, words = error.details.get("key"), sentence(error.code, error.details)
    return {str(key): [words]} if key else [words]
