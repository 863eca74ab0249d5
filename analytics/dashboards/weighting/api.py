"""Respondent weightings for programs: what each costs and what it makes of the figures, or why it cannot be made."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import actor_of
from accounts.roles import Permission
from analytics.dashboards.api_selection import PARAMETERS, OriginOutput, asked_selection, described_origin
from analytics.dashboards.selection import Selection
from analytics.dashboards.weighting.compare import WeightingEffect, compare_weighting, list_weightings, standard_word
from analytics.scoring.api import WeightingOutput
from analytics.scoring.outputs import FigureOutput, PeriodOutput
from analytics.scoring.results import PeriodResult
from analytics.scoring.schemes import Named
from analytics.scoring.weighting import Imported, Weighting


class CostOutput(serializers.Serializer[Any]):
    """What the weights cost; `lowest` and `highest` are relative to their mean."""

    n = serializers.IntegerField()
    n_eff = serializers.FloatField()
    design_effect = serializers.FloatField()
    efficiency = serializers.FloatField()
    lowest = serializers.FloatField()
    highest = serializers.FloatField()
    unknown = serializers.IntegerField(help_text="respondents with an unknown level, whose share is kept")


class KeyFiguresOutput(serializers.Serializer[Any]):
    """The index, the satisfied share and the Net Promoter Score."""

    index = FigureOutput()
    satisfied = FigureOutput()
    nps = FigureOutput(allow_null=True)


class CellOutput(serializers.Serializer[Any]):
    """How many people a combination of levels has; of a margin all levels but one are empty."""

    levels = serializers.ListField(child=serializers.CharField(allow_blank=True))
    people = serializers.FloatField()


class WeightingRowOutput(serializers.Serializer[Any]):
    """A weighting in the period; without `report` and `figures` where `problem` says why."""

    weighting = WeightingOutput()
    population = CellOutput(
        many=True, allow_null=True, help_text="levels in the order of `dimensions`; null for imported weights and for readers"
        " who may not make weightings"
    )
    is_of_new_runs = serializers.BooleanField()
    report = CostOutput(allow_null=True)
    figures = KeyFiguresOutput(allow_null=True)
    problem = serializers.CharField()


class WeightingsOutput(OriginOutput):
    """Unweighted figures and those of every weighting, with where they come from."""

    period = PeriodOutput()
    unweighted = KeyFiguresOutput()
    weightings = WeightingRowOutput(many=True)


class WeightingsView(APIView):
    """The respondent weightings of a tree."""

    required_permissions: ClassVar[dict[str, str]] = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(operation_id="weightings", parameters=PARAMETERS, responses=WeightingsOutput)
    def get(self, request: Request) -> Response:
        """Return them in one period; 404 before the first run, 400 for what means nothing here."""
        is_told = actor_of(request).may(Permission.DESIGN)
        return Response(WeightingsOutput(_described(asked_selection(request), tells_population=is_told)).data)


def _described(selection: Selection, *, tells_population: bool) -> dict[str, Any]:
    standing = standard_word(selection.tree)
    return {
        **described_origin(selection), "period": selection.period, "unweighted": _headlines(selection.reading.period(selection.period)),
        "weightings": [
            _row(one, compare_weighting(selection, one.weighting)) | {
                "is_of_new_runs": one.word == standing,
                "population": _population(one.weighting) if tells_population else None,
            }
            for one in list_weightings(selection.tree)
        ],
    }


def _row(named: Named, found: WeightingEffect) -> dict[str, Any]:
    return {
        "weighting": named.record, "report": found.report, "problem": found.problem,
        "figures": _headlines(found.result) if found.result is not None else None,
    }


def _population(weighting: Weighting) -> list[dict[str, Any]] | None:
    if isinstance(weighting, Imported):
        return None
    return [{"levels": list(levels), "people": people} for levels, people in weighting.population]


def _headlines(result: PeriodResult) -> dict[str, Any]:
    nps = result.nps.score if result.nps is not None else None
    return {"index": result.root.index, "satisfied": result.satisfied, "nps": nps}
