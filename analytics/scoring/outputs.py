"""How the API writes results, wherever it serves them: a figure, a level, what is missing, a period."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.scoring.results import Figure, Status
from analytics.scoring.sentences import figure_sentence


class FigureOutput(serializers.Serializer[Any]):
    """A number with what it rests on; `value` is null unless `status` is `shown` or `few`."""

    metric = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="lower end of the 95 % interval")
    high = serializers.FloatField(allow_null=True, help_text="upper end of the 95 % interval")
    n = serializers.IntegerField(help_text="valid answers")
    n_eff = serializers.FloatField(help_text="effective answers: n without respondent weights")
    standard_error = serializers.FloatField(allow_null=True)
    status = serializers.ChoiceField(choices=[one.value for one in Status])
    reason = serializers.CharField(help_text="code of why there is no value or interval, or `unknown_codes`; empty for an ordinary one")
    explanation = serializers.SerializerMethodField(help_text="the reason as a sentence in the caller's language")
    off_scale = serializers.IntegerField(help_text="answers that are not on the scale of their question; they count nowhere")
    needed = serializers.IntegerField(help_text="answers from which the value is shown")

    def get_explanation(self, figure: Figure) -> str:
        """Say why there is no value, or that it rests on few answers."""
        return figure_sentence(figure)


class FiltersField(serializers.DictField):
    """Which levels of which segment dimensions the figures are of: what was asked for and the caller's scope together."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            child=serializers.ListField(child=serializers.CharField()),
            help_text="levels by segment dimension, filters and the caller's scope together; empty for everybody", **options,
        )


class LevelOutput(serializers.Serializer[Any]):
    """One level of a distribution."""

    code = serializers.IntegerField()
    count = serializers.IntegerField()
    share = serializers.FloatField()


class MissingOutput(serializers.Serializer[Any]):
    """Answers in no numerator and no denominator."""

    not_applicable = serializers.IntegerField()
    blank = serializers.IntegerField()
    not_asked = serializers.IntegerField()
    invalid = serializers.IntegerField()
    other_scale = serializers.IntegerField(help_text="asked the same question on another scale, whatever they answered")


class PeriodOutput(serializers.Serializer[Any]):
    """A period: `key` is how it is spelled in requests; `end` is the day after the last."""

    key = serializers.CharField()
    grain = serializers.CharField()
    start = serializers.DateField(allow_null=True)
    end = serializers.DateField(allow_null=True)
