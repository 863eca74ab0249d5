"""What the API says of the overview: the same values as the page, field by field."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.scoring.results import Status, Verdict


class Names(serializers.DictField):
    """A text by language."""

    child = serializers.CharField()


class FigureOut(serializers.Serializer[Any]):
    """A number with its interval; null where it may not be shown."""

    metric = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    n_eff = serializers.FloatField()
    status = serializers.ChoiceField(choices=[one.value for one in Status])
    reason = serializers.CharField()
    needed = serializers.IntegerField()


class ChangeOut(serializers.Serializer[Any]):
    """Current minus previous."""

    metric = serializers.CharField()
    difference = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    verdict = serializers.ChoiceField(choices=[one.value for one in Verdict])
    detectable = serializers.FloatField(allow_null=True)


class HeadlineOut(serializers.Serializer[Any]):
    """A figure, what it is compared with, and its target."""

    figure = FigureOut()
    previous = FigureOut(allow_null=True)
    change = ChangeOut(allow_null=True)
    target = serializers.FloatField(allow_null=True)
    gap = serializers.FloatField(allow_null=True)


class LevelOut(serializers.Serializer[Any]):
    """One level of a distribution."""

    code = serializers.IntegerField()
    count = serializers.IntegerField()
    share = serializers.FloatField()


class MissingOut(serializers.Serializer[Any]):
    """Answers that are in no denominator."""

    not_applicable = serializers.IntegerField()
    blank = serializers.IntegerField()
    not_asked = serializers.IntegerField()
    invalid = serializers.IntegerField()


class SatisfiedOut(serializers.Serializer[Any]):
    """The satisfied share."""

    headline = HeadlineOut()
    distribution = LevelOut(many=True)
    missing = MissingOut(allow_null=True)
    names = Names()


class NpsResultOut(serializers.Serializer[Any]):
    """The shares behind the score."""

    key = serializers.CharField()
    promoters = FigureOut()
    passives = FigureOut()
    detractors = FigureOut()
    distribution = LevelOut(many=True)
    missing = MissingOut()


class NpsOut(serializers.Serializer[Any]):
    """The Net Promoter Score."""

    headline = HeadlineOut()
    result = NpsResultOut()


class FunnelOut(serializers.Serializer[Any]):
    """Invitations by step."""

    invited = serializers.IntegerField()
    delivered = serializers.IntegerField()
    started = serializers.IntegerField()
    completed = serializers.IntegerField()
    headline = HeadlineOut(allow_null=True)


class PeriodOut(serializers.Serializer[Any]):
    """A period; `end` is the day after its last."""

    grain = serializers.CharField()
    key = serializers.CharField()
    start = serializers.DateField(allow_null=True)
    end = serializers.DateField(allow_null=True)


class TrendPointOut(serializers.Serializer[Any]):
    """One period of the trend."""

    period = PeriodOut()
    figure = FigureOut()
    is_running = serializers.BooleanField()
    last_year = FigureOut(allow_null=True)


class TrendOut(serializers.Serializer[Any]):
    """The index over time."""

    points = TrendPointOut(many=True)
    target = serializers.FloatField(allow_null=True)
    last_change = ChangeOut(allow_null=True)


class NodeOut(serializers.Serializer[Any]):
    """An indicator."""

    key = serializers.CharField()
    names = Names()
    parent_key = serializers.CharField(source="parent")
    depth = serializers.IntegerField()
    is_leaf = serializers.BooleanField()
    weight = serializers.FloatField()
    overall_weight = serializers.FloatField()
    headline = HeadlineOut()
    satisfied = FigureOut()
    distribution = LevelOut(many=True)


class AlertOut(serializers.Serializer[Any]):
    """A change that deserves attention."""

    node = serializers.CharField()
    names = Names()
    dimension = serializers.CharField()
    level = serializers.CharField()
    level_names = Names()
    previous = FigureOut()
    current = FigureOut()
    change = ChangeOut()
    adjusted_p = serializers.FloatField()


class HeatCellOut(serializers.Serializer[Any]):
    """An indicator in a segment."""

    node = serializers.CharField()
    figure = FigureOut()
    distance = serializers.FloatField(allow_null=True)
    change = ChangeOut(allow_null=True)


class HeatRowOut(serializers.Serializer[Any]):
    """A segment."""

    level = serializers.CharField()
    names = Names()
    responses = serializers.IntegerField()
    is_sure = serializers.BooleanField()
    is_withheld = serializers.BooleanField()
    cells = HeatCellOut(many=True)


class HeatOut(serializers.Serializer[Any]):
    """Segments by indicators."""

    dimension = serializers.CharField(source="dimension.key")
    rows = HeatRowOut(many=True)
    reference = HeatRowOut()


class CommentOut(serializers.Serializer[Any]):
    """A comment; an anonymous one comes without score and segments."""

    text = serializers.CharField()
    language = serializers.CharField()
    score = serializers.IntegerField(allow_null=True)
    is_anonymous = serializers.BooleanField()


class FreshnessOut(serializers.Serializer[Any]):
    """How new the results are."""

    run_id = serializers.IntegerField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    responses = serializers.IntegerField()
    newest_response_at = serializers.DateTimeField(allow_null=True)
    is_pending = serializers.BooleanField()
    waiting_since_at = serializers.DateTimeField(allow_null=True)


class OverviewOut(serializers.Serializer[Any]):
    """Everything on the overview."""

    tree_id = serializers.IntegerField()
    names = Names()
    is_example = serializers.BooleanField()
    run_id = serializers.IntegerField()
    weight_set = serializers.CharField()
    weight_set_number = serializers.IntegerField()
    freshness = FreshnessOut()
    period = PeriodOut()
    previous = PeriodOut(allow_null=True)
    filters = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    responses = serializers.IntegerField()
    is_withheld = serializers.BooleanField()
    index = HeadlineOut()
    satisfied = SatisfiedOut()
    nps = NpsOut(allow_null=True)
    funnel = FunnelOut(allow_null=True)
    trend = TrendOut()
    nodes = NodeOut(many=True)
    alerts = AlertOut(many=True)
    looks = serializers.IntegerField()
    heat = HeatOut(allow_null=True)
    comments = CommentOut(many=True)
    show_from = serializers.IntegerField()
    sure_from = serializers.IntegerField()
