"""Runs and their values over the API: every number of the dashboards, under the same rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import actor_of
from accounts.asked import PAGES, refuse_beside, refuse_unknown
from accounts.roles import Permission
from analytics.indicators.access import get_tree
from analytics.scoring import selectors
from analytics.scoring.access import get_run
from analytics.scoring.coverage import anonymous_questionnaires, tells_its_answers
from analytics.scoring.effort import effort_of
from analytics.scoring.models import Run
from analytics.scoring.outputs import FigureOutput, FiltersField, LevelOutput, MissingOutput, PeriodOutput
from analytics.scoring.periods import UnknownPeriodError, parse_period
from analytics.scoring.reading import Reading
from analytics.scoring.registry import METRICS
from analytics.scoring.results import Grain, ItemResult, Period
from analytics.scoring.schemes import get_named
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import RunTooOldError, choice_of, told
from analytics.scoring.weighted import read_weighted, read_weighted_each, read_weighted_segments
from analytics.scoring.weighting import Weighting, WeightingError

MAX_PERIODS = 120
OF_ANSWERS = ("versions", "in_blocks", "waves")
"""What a run's provenance says of its answers."""
PERIODS = "all, 2026, 2026-Q3, 2026-11, 2026-W47, 2026-11-22, wave:NAME or 2026-01-01..2026-02-15"


class EffortOutput(serializers.Serializer[Any]):
    """Customer effort in its three conventions, for an item that asks whether the company made it easy."""

    mean = FigureOutput()
    agreeing = FigureOutput()
    net = FigureOutput()


class ItemOutput(serializers.Serializer[Any]):
    """One question on its own scale; `effort` only for one that the tree names as such, on 1-7."""

    questionnaire = serializers.IntegerField(source="questionnaire_id")
    key = serializers.CharField()
    low_code = serializers.IntegerField()
    high_code = serializers.IntegerField()
    mean = FigureOutput()
    satisfied = FigureOutput()
    dissatisfied = FigureOutput()
    effort = serializers.SerializerMethodField()
    distribution = LevelOutput(many=True)
    missing = MissingOutput()

    @extend_schema_field(EffortOutput(allow_null=True))
    def get_effort(self, item: ItemResult) -> dict[str, Any] | None:
        """Read the question as a customer effort score."""
        found = effort_of(item)
        return None if found is None else dict(EffortOutput(found).data)


class NpsOutput(serializers.Serializer[Any]):
    """The Net Promoter Score."""

    questionnaire = serializers.IntegerField(source="questionnaire_id")
    key = serializers.CharField()
    score = FigureOutput()
    promoters = FigureOutput()
    passives = FigureOutput()
    detractors = FigureOutput()
    distribution = LevelOutput(many=True)
    missing = MissingOutput()


class NodeValueOutput(serializers.Serializer[Any]):
    """One indicator; `weight` is its share among its siblings, `overall_weight` of the whole index."""

    key = serializers.CharField()
    names = serializers.DictField(child=serializers.CharField())
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    depth = serializers.IntegerField()
    weight = serializers.FloatField()
    overall_weight = serializers.FloatField()
    target = serializers.FloatField(allow_null=True)
    index = FigureOutput()
    satisfied = FigureOutput()
    dissatisfied = FigureOutput()
    distribution = LevelOutput(many=True)
    items = ItemOutput(many=True)


class ResultOutput(serializers.Serializer[Any]):
    """Everything about one group of responses."""

    period = PeriodOutput()
    dimension = serializers.CharField(allow_null=True)
    level = serializers.CharField(allow_null=True)
    responses = serializers.IntegerField()
    is_withheld = serializers.BooleanField()
    nodes = NodeValueOutput(many=True)
    overall = ItemOutput(allow_null=True)
    nps = NpsOutput(allow_null=True)


class RunOutput(serializers.Serializer[Any]):
    """A run: what was computed, from which responses, under which definition.

    Which responses, how many and how new is not told where anonymity was promised, nor to a reader with a scope.
    """

    id = serializers.IntegerField()
    tree = serializers.IntegerField(source="tree_id")
    weight_set = serializers.IntegerField(source="weight_set_id")
    weight_set_number = serializers.IntegerField(source="weight_set.number")
    responses = serializers.IntegerField(allow_null=True)
    fingerprint = serializers.CharField(allow_blank=True)
    definition_hash = serializers.CharField()
    definition = serializers.DictField()
    provenance = serializers.DictField()
    newest_response_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()

    def to_representation(self, instance: Run) -> dict[str, Any]:
        """Leave out what the reader may not know."""
        written: dict[str, Any] = super().to_representation(instance)
        if not tells_its_answers(instance, scope=self.context["scope"], anonymous=self.context["anonymous"]):
            kept = {key: value for key, value in written["provenance"].items() if key not in OF_ANSWERS}
            written |= {"responses": None, "fingerprint": "", "newest_response_at": None, "provenance": kept}
        return written


class WeightingOutput(serializers.Serializer[Any]):
    """A respondent weighting and its version; `hash` is of all that decides its weights."""

    kind = serializers.CharField(help_text="scheme or imported")
    id = serializers.IntegerField(allow_null=True)
    number = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    method = serializers.CharField()
    dimensions = serializers.ListField(child=serializers.CharField())
    trim = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    hash = serializers.CharField()


class PeriodProblemOutput(serializers.Serializer[Any]):
    """A period of a weighted trend in which no weights can be made, and why."""

    period = serializers.CharField()
    reason = serializers.CharField()


class ValuesOutput(serializers.Serializer[Any]):
    """Values of a run; `weight_set` names the indicator weights used, `weighting` the respondent weights."""

    run = serializers.IntegerField()
    weight_set = serializers.IntegerField(help_text="its id")
    weight_set_number = serializers.IntegerField(help_text="its number within the tree, as pages and files name it")
    weighting = WeightingOutput(allow_null=True)
    filters = FiltersField()
    waiting = serializers.IntegerField(help_text="anonymous answers that wait to be counted with others")
    results = ResultOutput(many=True)
    problems = PeriodProblemOutput(many=True)


class MetricOutput(serializers.Serializer[Any]):
    """How a figure is calculated."""

    id = serializers.CharField()
    name = serializers.CharField()
    formula = serializers.CharField()
    denominator = serializers.CharField()
    missing = serializers.CharField()
    interval = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.CharField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    version = serializers.IntegerField()
    group = serializers.CharField()
    api_fields = serializers.ListField(
        child=serializers.CharField(), source="fields", help_text="names under which the API gives it, beside its id"
    )


class RunListView(generics.ListAPIView[Run]):
    """The team's runs, newest first; `?tree=` keeps those of one tree."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}
    serializer_class = RunOutput
    queryset = Run.objects.none()

    def get_serializer_context(self) -> dict[str, Any]:
        """What decides how much is told."""
        if getattr(self, "swagger_fake_view", False):
            return dict(super().get_serializer_context())
        return {**super().get_serializer_context(), **_telling(self.request)}

    def get_queryset(self) -> QuerySet[Run]:
        """The team's, of one tree when asked for."""
        refuse_unknown(self.request.query_params, known=("tree", *PAGES))
        actor = actor_of(self.request)
        runs = Run.objects.filter(team=actor.team).select_related("weight_set").defer("tail").order_by("-id")
        tree = self.request.query_params.get("tree")
        if tree is None:
            return runs
        if not tree.isdecimal() or len(tree) > 18:
            raise ValidationError({"tree": [_("Give the number of a tree.")]})
        return runs.filter(tree=get_tree(actor, int(tree)))


class RunView(APIView):
    """One run."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(operation_id="runs_retrieve", responses=RunOutput)
    def get(self, request: Request, run_id: int) -> Response:
        """Return what a run was computed from and how."""
        refuse_unknown(request.query_params, known=())
        return Response(RunOutput(get_run(actor_of(request), run_id), context=_telling(request)).data)


class ValuesView(APIView):
    """Values of a run: one period, a trend, or the levels of a dimension."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(
        operation_id="runs_values",
        parameters=[
            OpenApiParameter("period", str, description=PERIODS),
            OpenApiParameter("grain", str, description="a trend: year, quarter, month, week, day or wave"),
            OpenApiParameter("last", int, description="how many periods of the trend, at most 120"),
            OpenApiParameter("dimension", str, description="one result per level of this segment dimension"),
            OpenApiParameter("filter", str, many=True, description="dimension:level, repeatable"),
            OpenApiParameter("weighting", str, description="respondent weights: imported, run, or a saved weighting's id"),
        ],
        responses=ValuesOutput,
    )
    def get(self, request: Request, run_id: int) -> Response:
        """Return values with n, interval, metric and weights, narrowed to the caller's scope."""
        _check_keys(request.query_params)
        actor, at = actor_of(request), timezone.now()
        run = get_run(actor, run_id)
        filters = asked_filters(request, run, actor.scope, at)
        record, problems = None, list[dict[str, str]]()
        try:
            if word := request.query_params.get("weighting"):
                named = get_named(tree=run.tree, word=word, run=run)
                results, problems = _weighted(request, run, named.weighting, filters, actor.scope, at)
                record = named.record
            else:
                results = _results(request, run, filters, actor.scope, at)
            waiting = selectors.count_waiting(run, scope=actor.scope, at=at)
        except WeightingError as error:
            raise ValidationError({"weighting": [sentence(error.code, error.details)]}) from error
        except RunTooOldError as error:
            raise ValidationError({"run": [sentence("run_too_old")]}) from error
        except selectors.UnknownDimensionError as error:
            raise ValidationError({"dimension": [_("There is no such segment dimension.")]}) from error
        found = {"run": run.pk, "weight_set": run.weight_set_id,
                 "weight_set_number": run.weight_set.number, "weighting": record, "results": results,
                 "filters": told(choice_of(filters, actor.scope)),
                 "waiting": waiting, "problems": problems}
        return Response(ValuesOutput(found).data)


class MetricListView(APIView):
    """How every figure is calculated."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}
    pagination_class = None

    @extend_schema(operation_id="metrics_list", responses=MetricOutput(many=True))
    def get(self, request: Request) -> Response:
        """Return the metric registry in the caller's language."""
        refuse_unknown(request.query_params, known=())
        return Response(MetricOutput(list(METRICS.values()), many=True).data)


def _check_keys(query: QueryDict) -> None:
    refuse_unknown(query, known=("period", "grain", "last", "dimension", "weighting"), repeatable=("filter",))
    refuse_beside(query, "grain", "period", "dimension")
    if "last" in query and "grain" not in query:
        raise ValidationError({"last": [_("This counts the periods of a trend: give “grain” too.")]})


def _telling(request: Request) -> dict[str, Any]:
    actor = actor_of(request)
    return {"scope": actor.scope, "anonymous": anonymous_questionnaires(team=actor.team)}


def _results(
    request: Request, run: Run, filters: selectors.Filter, scope: selectors.Filter, at: datetime
) -> list[dict[str, Any]]:
    dimension, grain = request.query_params.get("dimension"), request.query_params.get("grain")
    if grain is not None:
        trend = selectors.read_trend(
            run, grain=_grain(grain), last=_last(request), filters=filters, scope=scope, at=at,
            nodes=[node["key"] for node in run.definition["nodes"]],
        )
        return [_describe(result) for result in trend]
    period = asked_period(request.query_params.get("period", "all"))
    if dimension is None:
        return [_describe(selectors.read_period(run, period=period, filters=filters, scope=scope, at=at))]
    segments = selectors.read_segments(
        run, period=period, dimension=dimension, filters=filters, scope=scope, at=at
    )
    return [_describe(one.result, one.dimension, one.level) for one in segments]


def _weighted(
    request: Request, run: Run, weighting: Weighting, filters: selectors.Filter, scope: selectors.Filter, at: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Results, and the periods of a trend that have none."""
    query = request.query_params
    if "dimension" in query and "grain" not in query:
        segments = read_weighted_segments(
            run, period=asked_period(query.get("period", "all")), dimension=query["dimension"], weighting=weighting,
            filters=filters, scope=scope,
        )
        return [_describe(one.result, one.dimension, one.level) for one in segments], []
    if "grain" not in query:
        period = asked_period(query.get("period", "all"))
        return [_describe(read_weighted(run, period=period, weighting=weighting, filters=filters, scope=scope))], []
    reading = Reading(run, filters=filters, scope=scope, at=at)
    periods = reading.periods_of_trend(_grain(query["grain"]), _last(request))
    found = read_weighted_each(run, periods=periods, weighting=weighting, filters=filters, scope=scope)
    problems = [
        {"period": period.key, "reason": sentence(one.code, one.details)}
        for period, one in zip(periods, found, strict=True) if isinstance(one, WeightingError)
    ]
    return [_describe(one) for one in found if not isinstance(one, WeightingError)], problems


def _describe(result: Any, dimension: str | None = None, level: str | None = None) -> dict[str, Any]:
    names = ("period", "responses", "is_withheld", "nodes", "overall", "nps")
    return {name: getattr(result, name) for name in names} | {"dimension": dimension, "level": level}


def asked_period(key: str) -> Period:
    """Read a period; ValidationError for what is none."""
    try:
        return parse_period(key)
    except UnknownPeriodError as error:
        raise ValidationError({"period": [_("This is no period. Write for example 2026-Q3.")]}) from error


def _grain(name: str) -> Grain:
    try:
        grain = Grain(name)
    except ValueError:
        grain = Grain.RANGE
    if grain == Grain.RANGE:
        raise ValidationError({"grain": [_("Choose year, quarter, month, week, day or wave.")]})
    return grain


def _last(request: Request) -> int:
    given = request.query_params.get("last", str(MAX_PERIODS))
    if not given.isdecimal() or len(given) > 6 or not 0 < int(given) <= MAX_PERIODS:
        raise ValidationError({"last": [_("Give a number from 1 to 120.")]})
    return int(given)


def asked_filters(request: Request, run: Run, scope: selectors.Filter, at: datetime) -> dict[str, list[str]]:
    """Read the filters; ValidationError for what is none, or names what the run does not know."""
    found: dict[str, list[str]] = {}
    for given in request.query_params.getlist("filter"):
        key, colon, level = given.partition(":")
        if not colon or not key:
            raise ValidationError({"filter": [_("Write a filter as dimension:level.")]})
        found.setdefault(key, []).append(level)
    if found:
        _check_known(found, run, scope, at)
    return found


def _check_known(filters: selectors.Filter, run: Run, scope: selectors.Filter, at: datetime) -> None:
    try:
        known = {one.key: one for one in Reading(run, scope=scope, at=at).dimensions}
    except RunTooOldError as error:
        raise ValidationError({"filter": [sentence("run_too_old")]}) from error
    for key, levels in filters.items():
        if key not in known:
            raise ValidationError({"filter": [sentence("unknown_dimension", {"dimension": key})]})
        for level in levels:
            # A level the team has named may be one nobody answered from; "" stands for those without any.
            if level and level not in known[key].levels and level not in known[key].level_names:
                raise ValidationError({"filter": [sentence("unknown_level", {"dimension": key, "level": level})]})
