"""How the API writes the stored comparison of weight sets; it is made by `analytics.scoring.weight_lab`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from analytics.indicators.weight_words import refusal


class ComparedNodeOutput(serializers.Serializer[Any]):
    """An indicator of the tree, parents before children."""

    key = serializers.CharField()
    parent = serializers.CharField(allow_null=True, help_text="null for the topmost indicator")  # type: ignore[assignment]
    depth = serializers.IntegerField(help_text="0 for the topmost indicator")
    is_leaf = serializers.BooleanField()


class CandidateNodeOutput(serializers.Serializer[Any]):
    """An indicator under one candidate; ranks are among its siblings, 1 for the highest, changes against the weights in force."""

    weight = serializers.FloatField(help_text="among its siblings")
    weight_low = serializers.FloatField(allow_null=True, help_text="lower end of the 95 % interval; null where there is none")
    weight_high = serializers.FloatField(allow_null=True, help_text="upper end of the 95 % interval; null where there is none")
    share = serializers.FloatField(help_text="its weight in the whole index")
    value = serializers.FloatField(allow_null=True, help_text="its index under these weights; null where it may not be shown")
    low = serializers.FloatField(allow_null=True, help_text="lower end of the 95 % interval")
    high = serializers.FloatField(allow_null=True, help_text="upper end of the 95 % interval")
    n = serializers.IntegerField(help_text="valid answers; 0 where they may not be told")
    status = serializers.CharField(help_text="shown, few, too_few, none or withheld")
    rank = serializers.IntegerField(required=False, help_text="by weight; not of the topmost indicator")
    rank_change = serializers.IntegerField(required=False, help_text="places won; absent where siblings weigh alike")
    index_rank = serializers.IntegerField(required=False, help_text="by index; absent where one of the siblings has none")
    index_rank_change = serializers.IntegerField(required=False, help_text="places won by index")


class RefusalDetailsOutput(serializers.Serializer[Any]):
    """What belongs to a reason, each where it applies."""

    n = serializers.IntegerField(required=False, help_text="answers there are")
    needed = serializers.IntegerField(required=False, help_text="answers needed")
    items = serializers.IntegerField(required=False, help_text="indicators there are")
    limit = serializers.IntegerField(required=False, help_text="indicators the method takes")
    key = serializers.CharField(required=False, help_text="the indicator in question")
    weight = serializers.FloatField(required=False, help_text="what it would weigh")
    iterations = serializers.IntegerField(required=False, help_text="rounds after which the computation was given up")


class CandidateFactsOutput(serializers.Serializer[Any]):
    """What else is known of a candidate, by its method: `number` of a weight set, the others of weights from the answers."""

    number = serializers.IntegerField(required=False, help_text="of the weight set")
    n = serializers.IntegerField(required=False, help_text="the fewest answers behind any correlation")
    r_squared = serializers.FloatField(required=False)
    inflation = serializers.FloatField(required=False)
    explained = serializers.FloatField(required=False)
    kmo = serializers.FloatField(required=False)
    factors = serializers.IntegerField(required=False, help_text="dimensions that stand out of chance")


class CandidateOutput(serializers.Serializer[Any]):
    """Weights to compare, those in force first; one that was refused has null `weights`, a `reason` and no `nodes`."""

    code = serializers.CharField(
        help_text="in_force, equal, ahp, johnson, lmg, first_component, factor_scores, entropy, or set: and the id of a weight set"
    )
    origin = serializers.CharField(allow_blank=True, help_text="how such weights are made; empty of those in force")
    reason = serializers.CharField(allow_blank=True, help_text="code of why there are no weights; empty where there are")
    details = RefusalDetailsOutput()
    facts = CandidateFactsOutput()
    weights = serializers.DictField(child=serializers.FloatField(), allow_null=True, help_text="among siblings, by indicator")
    nodes = serializers.DictField(child=CandidateNodeOutput(), required=False, help_text="by indicator")
    spearman = serializers.FloatField(required=False, help_text="rank correlation with the weights in force, within siblings")
    kendall = serializers.FloatField(required=False, help_text="rank correlation with the weights in force, within siblings")
    order_reason = serializers.CharField(required=False, help_text="code of why there is no rank correlation")
    explanation = serializers.SerializerMethodField(help_text="the reason as a sentence in the caller's language")

    def get_explanation(self, candidate: Mapping[str, Any]) -> str:
        """Say why the candidate has no weights."""
        return refusal(candidate, self.context["names"]) if candidate["reason"] else ""


class DimensionsOutput(serializers.Serializer[Any]):
    """How many components of the answers stand out of chance, by parallel analysis."""

    factors = serializers.IntegerField(help_text="dimensions that stand out of chance")
    above_one = serializers.IntegerField(help_text="eigenvalues over 1")
    n = serializers.IntegerField(help_text="the fewest answers behind any correlation")
    eigenvalues = serializers.ListField(child=serializers.FloatField(), help_text="largest first")
    chance = serializers.ListField(child=serializers.FloatField(), help_text="what unrelated answers would give, place by place")


class ComparedOutput(serializers.Serializer[Any]):
    """A comparison that was made; `dimensions` is null where the answers do not tell them."""

    nodes = ComparedNodeOutput(many=True)
    candidates = CandidateOutput(many=True)
    dimensions = DimensionsOutput(allow_null=True)


class UncomparedOutput(serializers.Serializer[Any]):
    """No comparison; without a `problem` the first one has yet to be made."""

    problem = serializers.CharField(required=False, help_text="no_run, no_answers or limited_view")


def result_output(result: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Write a stored result; `names` are those of the indicators in the reader's language."""
    if "candidates" not in result:
        return dict(UncomparedOutput(result).data)
    return dict(ComparedOutput(result, context={"names": names}).data)
