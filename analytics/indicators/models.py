"""The indicator tree, what feeds its leaves, and the weight sets."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from surveys.design.models import Questionnaire


class IndicatorTree(models.Model):
    """What a team measures over one or several questionnaires; runs are made per tree."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="indicator_trees")
    names = models.JSONField(default=dict, help_text="name by language")
    is_example = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    definition_revision = models.PositiveIntegerField(default=1)
    score_vector = models.CharField(max_length=32, default="linear")
    coverage = models.PositiveSmallIntegerField(
        default=50, help_text="percent of a node's weight that must be answered for a respondent to count"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(coverage__lte=100), name="coverage_is_a_percentage")
        ]

    def __str__(self) -> str:
        return f"tree {self.pk}"


class Indicator(models.Model):
    """A node; the one without a parent is the satisfaction index itself."""

    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="indicators")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    key = models.SlugField(max_length=40)
    names = models.JSONField(default=dict)
    target = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tree", "key"], name="one_indicator_per_key"),
            models.UniqueConstraint(
                fields=["tree"], condition=Q(parent__isnull=True), name="one_root_per_tree"
            ),
            models.CheckConstraint(
                condition=Q(target__isnull=True) | Q(target__gte=0, target__lte=100),
                name="target_between_0_and_100",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class SourceRole(models.TextChoices):
    """What a question does for a tree."""

    LEAF = "leaf", _("Feeds an indicator")
    NPS = "nps", _("Net Promoter Score")
    OVERALL = "overall", _("Overall satisfaction")
    COMMENT = "comment", _("Comment")
    EFFORT = "effort", _("Customer effort")


class QuestionSource(models.Model):
    """A question of a questionnaire that feeds a leaf, the NPS, the overall item or the comments.

    The role `effort` says of a seven-point question that feeds something else too: it asks whether the company made
    it easy, 7 meaning yes. No scale tells that by itself.
    """

    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="sources")
    role = models.CharField(max_length=8, choices=SourceRole)
    indicator = models.ForeignKey(
        Indicator, on_delete=models.CASCADE, null=True, blank=True, related_name="sources"
    )
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="sources")
    question_key = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tree", "role", "questionnaire", "question_key"], name="one_source_per_question_and_role"
            ),
            models.CheckConstraint(
                condition=Q(role="leaf", indicator__isnull=False) | (~Q(role="leaf") & Q(indicator__isnull=True)),
                name="leaf_source_has_an_indicator",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_key} → {self.role}"


class WeightOrigin(models.TextChoices):
    """Where a weight set comes from."""

    EQUAL = "equal", _("Equal")
    MANUAL = "manual", _("Set by hand")
    AHP = "ahp", _("AHP expert panel")
    ENTROPY = "entropy", _("Entropy")
    FACTOR = "factor", _("Factor analysis")
    DERIVED = "derived", _("Derived importance")
    MOVED = "moved", _("Indicator moved")
    ADDED = "added", _("Indicator added")
    REMOVED = "removed", _("Indicator removed")


class WeightSet(models.Model):
    """Indicator weights of one origin: `weights` maps an indicator key to its share among its siblings.

    A weight set never changes once it has been in force; choosing another starts a new series.
    """

    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="weight_sets")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    origin = models.CharField(max_length=16, choices=WeightOrigin)
    weights = models.JSONField()
    is_provisional = models.BooleanField(default=False)
    evidence = models.JSONField(default=dict, blank=True)
    valid_from_at = models.DateTimeField(null=True, blank=True)
    valid_to_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=240, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["tree", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["tree", "number"], name="one_weight_set_per_number"),
            models.UniqueConstraint(
                fields=["tree"], name="one_weight_set_in_force",
                condition=Q(valid_from_at__isnull=False, valid_to_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.origin})"
