"""What the API says of the overview: the same values as the page, field by field."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.dashboards.overview.numbers import TrendPoint
from analytics.dashboards.wording import unjudged_text
from analytics.scoring.api import WeightingOutput
from analytics.scoring.comparing import SCALE_CHANGED
from analytics.scoring.outputs import FigureOutput, FiltersField, LevelOutput, MissingOutput, PeriodOutput
from analytics.scoring.refusals import refusal_sentence
from analytics.scoring.results import Change, Refusal, Verdict
from analytics.scoring.sentences import sentence


class NamesField(serializers.DictField):
    """A text by language."""

    child = serializers.CharField()


class ChangeOutput(serializers.Serializer[Any]):
    """Current minus previous."""

    metric = serializers.CharField()
    difference = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    verdict = serializers.ChoiceField(choices=[one.value for one in Verdict])
    detectable = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(help_text="code of why there is no verdict, such as scale_changed; empty where there is one")
    explanation = serializers.SerializerMethodField(help_text="the reason as a sentence in the caller's language")

    def get_explanation(self, change: Change) -> str:
        """Say why there is no verdict; where a figure has no value, that says why."""
        return sentence(change.reason) if change.reason == SCALE_CHANGED else unjudged_text(change)


class HeadlineOutput(serializers.Serializer[Any]):
    """A figure, what it is compared with, and its target."""

    figure = FigureOutput()
    previous = FigureOutput(allow_null=True)
    change = ChangeOutput(allow_null=True)
    target = serializers.FloatField(allow_null=True)
    gap = serializers.FloatField(allow_null=True)


class GradeOutput(serializers.Serializer[Any]):
    """The grade of the index, 1-5, and its cut-offs in points."""

    level = serializers.IntegerField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class SatisfiedOutput(serializers.Serializer[Any]):
    """The satisfied share."""

    headline = HeadlineOutput()
    distribution = LevelOutput(many=True)
    missing = MissingOutput(allow_null=True)
    names = NamesField()
    scale = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="lowest and highest code of the question"
    )


class NpsResultOutput(serializers.Serializer[Any]):
    """The shares behind the score."""

    key = serializers.CharField()
    promoters = FigureOutput()
    passives = FigureOutput()
    detractors = FigureOutput()
    distribution = LevelOutput(many=True)
    missing = MissingOutput()


class OverviewNpsOutput(serializers.Serializer[Any]):
    """The Net Promoter Score."""

    headline = HeadlineOutput()
    result = NpsResultOutput()


class ResponseFunnelOutput(serializers.Serializer[Any]):
    """Invitations by step."""

    invited = serializers.IntegerField()
    delivered = serializers.IntegerField()
    started = serializers.IntegerField()
    completed = serializers.IntegerField()
    headline = HeadlineOutput(allow_null=True)


class TrendPointOutput(serializers.Serializer[Any]):
    """One period of the trend."""

    period = PeriodOutput()
    figure = FigureOutput()
    is_running = serializers.BooleanField()
    last_year = FigureOutput(allow_null=True)
    rescaled = serializers.SerializerMethodField(
        help_text="keys of the questions that from here on are asked on another scale: the line breaks before this period"
    )

    def get_rescaled(self, point: TrendPoint) -> list[str]:
        """The keys alone."""
        return [key for key, _names in point.rescaled]


class TrendOutput(serializers.Serializer[Any]):
    """The index over time."""

    points = TrendPointOutput(many=True)
    target = serializers.FloatField(allow_null=True)
    last_change = ChangeOutput(allow_null=True)


class OverviewNodeOutput(serializers.Serializer[Any]):
    """An indicator."""

    key = serializers.CharField()
    names = NamesField()
    parent_key = serializers.CharField(source="parent")
    depth = serializers.IntegerField()
    is_leaf = serializers.BooleanField()
    weight = serializers.FloatField()
    overall_weight = serializers.FloatField()
    headline = HeadlineOutput()
    satisfied = FigureOutput()
    distribution = LevelOutput(many=True)


class AlertOutput(serializers.Serializer[Any]):
    """A change that deserves attention."""

    node = serializers.CharField()
    names = NamesField()
    dimension = serializers.CharField()
    level = serializers.CharField()
    level_names = NamesField()
    previous = FigureOutput()
    current = FigureOutput()
    change = ChangeOutput()
    adjusted_p = serializers.FloatField()


class HeatCellOutput(serializers.Serializer[Any]):
    """An indicator in a segment."""

    node = serializers.CharField()
    figure = FigureOutput()
    distance = serializers.FloatField(allow_null=True)
    change = ChangeOutput(allow_null=True)
    from_average = ChangeOutput(
        allow_null=True,
        help_text="of the index: how far the group is from all, tested against the rest; Holm over the groups decides",
    )


class HeatRowOutput(serializers.Serializer[Any]):
    """A segment."""

    level = serializers.CharField()
    names = NamesField()
    responses = serializers.IntegerField()
    is_sure = serializers.BooleanField()
    is_withheld = serializers.BooleanField()
    cells = HeatCellOutput(many=True)


class HeatOutput(serializers.Serializer[Any]):
    """Segments by indicators."""

    dimension = serializers.CharField(source="dimension.key")
    rows = HeatRowOutput(many=True)
    reference = HeatRowOutput()


class CommentOutput(serializers.Serializer[Any]):
    """A comment; an anonymous one comes without score and segments. `scale` holds the score's lowest and highest code."""

    text = serializers.CharField()
    language = serializers.CharField()
    score = serializers.IntegerField(allow_null=True)
    scale = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    mood = serializers.CharField(help_text="low, middle or high on the scale asked; empty without a score")
    is_anonymous = serializers.BooleanField()


class RefusalOutput(serializers.Serializer[Any]):
    """Why there is no newer run: a code, and in the reader's language what happened and what to do."""

    code = serializers.CharField()
    message = serializers.SerializerMethodField()

    def get_message(self, refusal: Refusal) -> str:
        """Say it."""
        return refusal_sentence(refusal)


class FreshnessOutput(serializers.Serializer[Any]):
    """How new the results are."""

    run_id = serializers.IntegerField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    responses = serializers.IntegerField(
        allow_null=True, help_text="null where anonymity was promised, and for a reader with a scope"
    )
    newest_response_at = serializers.DateTimeField(allow_null=True, help_text="null where `responses` is")
    is_pending = serializers.BooleanField()
    waiting_since_at = serializers.DateTimeField(allow_null=True, help_text="null for a reader with a scope")
    refusal = RefusalOutput(allow_null=True)


class OverviewOutput(serializers.Serializer[Any]):
    """Everything on the overview."""

    tree_id = serializers.IntegerField()
    names = NamesField()
    is_example = serializers.BooleanField()
    run_id = serializers.IntegerField()
    weight_set = serializers.CharField(help_text="its number and how it was found, in words")
    weight_set_number = serializers.IntegerField()
    weighting = WeightingOutput(allow_null=True)
    freshness = FreshnessOutput()
    period = PeriodOutput()
    previous = PeriodOutput(allow_null=True)
    uncompared = serializers.CharField(
        allow_blank=True, help_text="why there is no earlier period although one was asked for, in words"
    )
    filters = FiltersField()
    responses = serializers.IntegerField()
    is_withheld = serializers.BooleanField()
    index = HeadlineOutput()
    grade = GradeOutput(allow_null=True)
    satisfied = SatisfiedOutput()
    nps = OverviewNpsOutput(allow_null=True)
    funnel = ResponseFunnelOutput(allow_null=True)
    trend = TrendOutput()
    nodes = OverviewNodeOutput(many=True)
    alerts = AlertOutput(many=True)
    looks = serializers.IntegerField()
    heat = HeatOutput(allow_null=True)
    comments = CommentOutput(many=True)
    show_from = serializers.IntegerField()
    sure_from = serializers.IntegerField()
