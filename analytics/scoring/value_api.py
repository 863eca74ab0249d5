"""One value opened over the API: parts, both estimators, weighted beside unweighted, and what it was made from."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import actor_of
from accounts.asked import refuse_unknown
from accounts.roles import Permission
from analytics.scoring.access import get_run
from analytics.scoring.api import (
    PERIODS,
    NodeValueOutput,
    WeightingOutput,
    asked_filters,
    asked_period,
)
from analytics.scoring.estimator_words import estimators_sentence
from analytics.scoring.estimators import Estimators, read_estimators, read_weighted_item_means
from analytics.scoring.models import Run
from analytics.scoring.outputs import FigureOutput, FiltersField, PeriodOutput
from analytics.scoring.provenance import UnknownNodeError, ValueOrigin, describe_value
from analytics.scoring.results import Figure, Period
from analytics.scoring.schemes import OF_THE_RUN, get_named
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import Filter, RunTooOldError, choice_of, told
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import WeightingError


class EstimatorOutput(serializers.Serializer[Any]):
    """The index by one estimator: A respondent level, B item means. The variance is that of the value."""

    estimator = serializers.CharField()
    figure = FigureOutput()
    variance = serializers.FloatField(allow_null=True)


class EstimatorsOutput(serializers.Serializer[Any]):
    """Both estimators; `incomplete` counts respondents who left a part out, null where it may not be told."""

    estimators = EstimatorOutput(many=True)
    difference = serializers.FloatField(allow_null=True, help_text="A minus B in points")
    incomplete = serializers.IntegerField(allow_null=True)
    agreement = serializers.CharField(help_text="complete, close, apart or unknown")
    sentence = serializers.CharField()


class WeightedValueOutput(serializers.Serializer[Any]):
    """The same value under respondent weights, with their version."""

    weighting = WeightingOutput()
    node = NodeValueOutput()
    children = NodeValueOutput(many=True)
    item_means = FigureOutput(help_text="the node by estimator B")


class ValueOutput(serializers.Serializer[Any]):
    """A value with its parts and where it comes from; `left_out` is null where it may not be told."""

    run = serializers.IntegerField()
    weight_set = serializers.IntegerField(help_text="its id")
    weight_set_number = serializers.IntegerField(help_text="its number within the tree, as pages and files name it")
    period = PeriodOutput()
    filters = FiltersField()
    node = NodeValueOutput()
    children = NodeValueOutput(many=True)
    estimators = EstimatorsOutput(allow_null=True)
    weighted = WeightedValueOutput(allow_null=True)
    problems = serializers.DictField(
        child=serializers.CharField(), help_text="why `estimators` or `weighted` cannot be had, by its name"
    )
    responses = serializers.IntegerField()
    left_out = serializers.IntegerField(allow_null=True)
    coverage = serializers.IntegerField(help_text="percent of a node's weight that must be answered")
    score_vector = serializers.CharField()
    is_withheld = serializers.BooleanField()


class ValueView(APIView):
    """Where a value comes from."""

    required_permissions: ClassVar[dict[str, str]] = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(
        operation_id="runs_value",
        parameters=[
            OpenApiParameter("node", str, description="key of the indicator; the whole index without it"),
            OpenApiParameter("period", str, description=PERIODS),
            OpenApiParameter("filter", str, many=True, description="dimension:level, repeatable"),
            OpenApiParameter(
                "weighting", str,
                description="imported, a saved weighting's id, or run; without it that of the run, if it has one;"
                " empty for none",
            ),
        ],
        responses=ValueOutput,
    )
    def get(self, request: Request, run_id: int) -> Response:
        """Return a value, its parts and its origin; 404 for an indicator the run does not have."""
        refuse_unknown(request.query_params, known=("node", "period", "weighting"), repeatable=("filter",))
        actor, at = actor_of(request), timezone.now()
        run, query = get_run(actor, run_id), request.query_params
        period, filters = asked_period(query.get("period", "all")), asked_filters(request, run, actor.scope, at)
        node = query.get("node") or run.definition["nodes"][0]["key"]
        try:
            origin = describe_value(run, node=node, period=period, filters=filters, scope=actor.scope, at=at)
        except UnknownNodeError as error:
            raise Http404 from error
        except RunTooOldError as error:
            raise ValidationError({"run": [sentence("run_too_old")]}) from error
        problems: dict[str, str] = {}
        try:
            found = _estimators(
                read_estimators(run, node=node, period=period, filters=filters, scope=actor.scope, at=at)
            )
        except RunTooOldError:
            found, problems["estimators"] = None, sentence("parts_too_old")
        try:
            weighted = _weighted(run, query.get("weighting"), node, period, filters, actor.scope)
        except RunTooOldError:
            weighted, problems["weighted"] = None, sentence("parts_too_old")
        except WeightingError as error:
            if query.get("weighting"):
                raise ValidationError({"weighting": [sentence(error.code, error.details)]}) from error
            # The run's own weighting, which nobody asked for here: the value stands without it.
            weighted, problems["weighted"] = None, sentence(error.code, error.details)
        about = {"filters": told(choice_of(filters, actor.scope)), "estimators": found, "weighted": weighted, "problems": problems}
        return Response(ValueOutput(_described(run, origin) | about).data)


def _weighted(
    run: Run, word: str | None, node: str, period: Period, filters: Filter, scope: Filter
) -> dict[str, Any] | None:
    if word == "" or (word is None and not run.provenance.get("weighting")):
        return None
    named = get_named(tree=run.tree, word=OF_THE_RUN if word is None else word, run=run)
    result = read_weighted(run, period=period, weighting=named.weighting, filters=filters, scope=scope)
    children = [one for one in result.nodes if one.parent == node]
    by_means = read_weighted_item_means(
        run, node=node, period=period, weighting=named.weighting, filters=filters, scope=scope
    )
    return {"weighting": named.record, "node": result.node(node), "children": children, "item_means": by_means}


def _described(run: Run, origin: ValueOrigin) -> dict[str, Any]:
    return {
        "run": run.pk, "weight_set": run.weight_set_id, "weight_set_number": run.weight_set.number,
        "period": origin.period, "node": origin.node,
        "children": origin.children, "responses": origin.result.responses, "left_out": origin.left_out,
        "coverage": origin.coverage, "score_vector": origin.score_vector, "is_withheld": origin.result.is_withheld,
    }


def _estimators(found: Estimators) -> dict[str, Any]:
    return {
        "estimators": [_estimator("A", found.respondents), _estimator("B", found.item_means)],
        "difference": found.difference, "incomplete": found.incomplete, "agreement": found.agreement.value,
        "sentence": estimators_sentence(found),
    }


def _estimator(name: str, figure: Figure) -> dict[str, Any]:
    error = figure.standard_error
    return {"estimator": name, "figure": figure, "variance": None if error is None else error * error}
