"""Sealed blocks of responses, the runs made from them, and what the runs hold.

Nothing here is a record of its own: all of it can be rebuilt from the responses, and
`manage.py recompute --check` proves that it would come out digit for digit the same.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from analytics.indicators.models import IndicatorTree, WeightSet
from surveys.design.models import Questionnaire


class Block(models.Model):
    """Completed responses of one questionnaire as a compact column store (see `columns`).

    A block never changes. `Response.block_id` names the one a row was first sealed into; when blocks are
    merged, or rebuilt after an edit, a new one takes their place and `merged_into` of all of them points
    at it. A block is current while `merged_into` is empty; the columns of the others are dropped when no
    reader can want them any more, at once after the readers' hour where `has_changed_rows`: what was edited or
    erased is kept for nobody. `fingerprint` is the sum of its rows' fingerprints, `checksum` the
    digest of the stored bytes.
    """

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="blocks")
    merged_into = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="members")
    merged_at = models.DateTimeField(null=True)
    has_changed_rows = models.BooleanField(default=False)
    rows = models.PositiveIntegerField()
    columns = models.BinaryField(default=bytes)
    fingerprint = models.CharField(max_length=16)
    checksum = models.CharField(max_length=64)
    layout = models.JSONField(help_text="time zone, segment dimensions and versions it was sealed with")
    newest_response_at = models.DateTimeField(null=True)
    sealed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["questionnaire", "id"], name="current_blocks", condition=Q(merged_into__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"block {self.pk} of {self.questionnaire_id}: {self.rows} rows"


class BlockSummary(models.Model):
    """What one block says under one definition; made once, found again by both checksums."""

    block = models.ForeignKey(Block, on_delete=models.CASCADE, related_name="summaries")
    definition_hash = models.CharField(max_length=64)
    checksum = models.CharField(max_length=64, help_text="of the block it was made from")
    payload = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["block", "definition_hash"], name="one_summary_per_block_and_definition")
        ]

    def __str__(self) -> str:
        return f"summary of block {self.block_id}"


class Base(models.Model):
    """The merged summaries of a set of blocks under one definition: all of a run but its tail."""

    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="bases")
    definition_hash = models.CharField(max_length=64)
    blocks_hash = models.CharField(max_length=64)
    blocks = models.JSONField(help_text="checksum by block id")
    responses = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=16)
    versions = models.JSONField(help_text="responses by questionnaire version")
    waves = models.JSONField(default=dict, help_text="the middle day of each wave's responses")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tree", "definition_hash", "blocks_hash"], name="one_base_per_set_of_blocks"
            )
        ]

    def __str__(self) -> str:
        return f"base {self.pk} of tree {self.tree_id}"


class Run(models.Model):
    """One computation of a tree, whole or not there at all: readers never see half of one.

    `definition` is the snapshot it was computed under (nodes, weights, questions, score vector,
    coverage, time zone, method versions); `provenance` says which data: questionnaire versions with their
    counts, in which order waves stand, and what was left out. `tail` holds the columns of the responses not in blocks yet, by
    questionnaire, so that the run can be looked into after they have been sealed.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="runs")
    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="runs")
    weight_set = models.ForeignKey(WeightSet, on_delete=models.PROTECT, related_name="runs")
    base = models.ForeignKey(Base, on_delete=models.PROTECT, related_name="runs")
    definition = models.JSONField()
    definition_hash = models.CharField(max_length=64)
    provenance = models.JSONField(default=dict)
    tail = models.BinaryField(default=bytes)
    responses = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=16)
    data_hash = models.CharField(max_length=64, help_text="of definition and responses: equal means same digits")
    newest_response_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["tree", "-id"], name="runs_newest_first")]

    def __str__(self) -> str:
        return f"run {self.pk} of tree {self.tree_id}"


class Slice(models.Model):
    """A part of a base or a run that is read as one row: packed integer statistics (see `cubes`).

    A run keeps only the slices its tail has touched; every other one is its base's.
    """

    base = models.ForeignKey(Base, on_delete=models.CASCADE, null=True, related_name="slices")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="slices")
    key = models.CharField(max_length=120)
    payload = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(base__isnull=True, run__isnull=False) | Q(base__isnull=False, run__isnull=True),
                name="slice_of_a_base_or_of_a_run",
            ),
            models.UniqueConstraint(fields=["base", "key"], name="one_slice_per_base_and_key"),
            models.UniqueConstraint(fields=["run", "key"], name="one_slice_per_run_and_key"),
        ]

    def __str__(self) -> str:
        return self.key


class BlockChange(models.Model):
    """Says that a sealed row was edited or erased; written in the transaction that did it."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="block_changes")
    block_id = models.BigIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"block {self.block_id}"


class TreeState(models.Model):
    """What has been asked for and done for a tree: it is out of date while `requested` exceeds `served`.

    `attempts` counts begun and not finished computations, so that one that always fails, or takes its
    worker with it, is tried less and less often. `last_error` is the code for which the last one was refused,
    with what it is about in `last_error_details`; empty after one that made a run.
    """

    tree = models.OneToOneField(IndicatorTree, on_delete=models.CASCADE, related_name="state", primary_key=True)
    requested = models.PositiveBigIntegerField(default=0)
    requested_at = models.DateTimeField(null=True)
    served = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=240, blank=True)
    last_error_details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"tree {self.tree_id}: {self.served} of {self.requested}"


class WeightingMethod(models.TextChoices):
    """How respondent weights are made from what is known of the population."""

    RAKE = "rake", _("Raking to margins")
    CELLS = "cells", _("Post-stratification on cells")


class WeightingScheme(models.Model):
    """What is known of a tree's population, from which respondent weights are made; a version never changes.

    `population` is a list of [levels, people]: with `rake` one row per level of a dimension, with ""
    for the other dimensions; with `cells` one row per combination of levels, in the order of `dimensions`.
    Weights are made anew for each period, so that every period stands for the same population.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="weighting_schemes")
    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="weighting_schemes")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    method = models.CharField(max_length=8, choices=WeightingMethod)
    dimensions = models.JSONField()
    population = models.JSONField()
    trim_low = models.FloatField(null=True, blank=True)
    trim_high = models.FloatField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["tree", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["tree", "number"], name="one_weighting_scheme_per_number"),
            models.CheckConstraint(condition=Q(method__in=WeightingMethod.values), name="weighting_method_is_known"),
            models.CheckConstraint(
                condition=Q(trim_low__isnull=True, trim_high__isnull=True)
                | Q(trim_low__gte=0, trim_low__lt=1, trim_high__gt=1),
                name="trim_around_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"


class WeightingChoice(models.Model):
    """Which respondent weighting a tree's runs name as their own, since when and by whom; the newest stands.

    Neither a scheme nor the imported weights: unweighted. Rows are only ever added.
    """

    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="weighting_choices")
    scheme = models.ForeignKey(WeightingScheme, on_delete=models.PROTECT, null=True, related_name="choices")
    is_imported = models.BooleanField(default=False)
    chosen_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    chosen_at = models.DateTimeField()

    class Meta:
        ordering = ["tree", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scheme__isnull=True) | Q(is_imported=False), name="one_kind_of_weighting_chosen"
            ),
        ]

    def __str__(self) -> str:
        return f"weighting of tree {self.tree_id} since {self.chosen_at:%Y-%m-%d}"
