"""Sealed blocks of responses, the runs made from them, and what the runs hold.

Nothing here is a record of its own: all of it can be rebuilt from the responses, and
`manage.py recompute --check` proves that it would come out digit for digit the same.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Team
from analytics.indicators.models import IndicatorTree, WeightSet
from surveys.design.models import Questionnaire


class Block(models.Model):
    """Completed responses of one questionnaire as a compact column store (see `columns`).

    `Response.block_id` names the block a row was first sealed into. When small blocks are merged, each
    keeps its row without columns and points to the one that took it; a block is current while
    `merged_into` is empty. `fingerprint` is the sum of its rows' fingerprints, `checksum` that of the
    stored bytes. `is_stale` asks for a rebuild from the rows.
    """

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="blocks")
    merged_into = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="merged")
    rows = models.PositiveIntegerField()
    columns = models.BinaryField(default=bytes)
    fingerprint = models.CharField(max_length=16)
    checksum = models.CharField(max_length=64)
    is_stale = models.BooleanField(default=False)
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
    coverage, method versions); `provenance` says which data: questionnaire versions with their counts,
    time zone, missing rule.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="runs")
    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="runs")
    weight_set = models.ForeignKey(WeightSet, on_delete=models.PROTECT, related_name="runs")
    base = models.ForeignKey(Base, on_delete=models.PROTECT, related_name="runs")
    definition = models.JSONField()
    definition_hash = models.CharField(max_length=64)
    provenance = models.JSONField(default=dict)
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


class RunView(models.Model):
    """The cube of a run under a filter or a scope, counted once from the columns."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="views")
    filter_hash = models.CharField(max_length=64)
    payload = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "filter_hash"], name="one_view_per_run_and_filter")]

    def __str__(self) -> str:
        return f"view of run {self.run_id}"


class BlockChange(models.Model):
    """Says that a sealed row was edited or erased; written in the transaction that did it."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="block_changes")
    block_id = models.BigIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"block {self.block_id}"


class TreeWork(models.Model):
    """The claim on a tree's computation, and what became of the last attempts.

    On PostgreSQL the claim is an advisory lock and this row only keeps the record; on SQLite the row is
    the claim, and `claimed_until_at` ends it when the process that took it has died.
    """

    tree = models.OneToOneField(IndicatorTree, on_delete=models.CASCADE, related_name="work", primary_key=True)
    claim = models.CharField(max_length=32, blank=True)
    claimed_until_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True, help_text="a recompute has been sent to the queue and not begun")
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=240, blank=True)

    def __str__(self) -> str:
        return f"work on tree {self.tree_id}"
