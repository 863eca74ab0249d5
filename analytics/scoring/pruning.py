"""Clearing away what no reader can want any more: old runs' slices, replaced blocks, orphaned notes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from analytics.indicators.models import IndicatorTree, QuestionSource
from analytics.scoring.models import Base, Block, BlockSummary, Run
from surveys.answering.models import RecomputeNote

RUNS_KEPT = 10
"""The newest runs of a tree stay; so does the last one of each weight set, for ever."""

READERS = timedelta(hours=1)
"""How long a reader may still hold on to a run or a block that has been replaced."""


def prune(*, at: datetime) -> None:
    """Delete what has been replaced; a run that is the last of its weight set is history and stays."""
    for tree in IndicatorTree.objects.all():
        _prune_tree(tree, at)
    merged = Block.objects.filter(merged_into__isnull=False, merged_at__lt=at - READERS)
    BlockSummary.objects.filter(block__in=merged).delete()
    merged.exclude(columns=b"").update(columns=b"")
    fed = QuestionSource.objects.values("questionnaire_id")
    RecomputeNote.objects.filter(at__lt=at - READERS).exclude(questionnaire_id__in=fed).delete()


@transaction.atomic
def _prune_tree(tree: IndicatorTree, at: datetime) -> None:
    runs = Run.objects.filter(tree=tree)
    last = runs.order_by().values("weight_set_id").annotate(last=Max("id")).values_list("last", flat=True)
    newest = runs.order_by("-id").values_list("id", flat=True)[:RUNS_KEPT]
    runs.filter(finished_at__lt=at - READERS).exclude(id__in=[*last, *newest]).delete()
    Base.objects.filter(tree=tree, made_at__lt=at - READERS, runs__isnull=True).delete()
    kept = Base.objects.filter(tree=tree).values_list("definition_hash", flat=True).distinct()
    if kept:
        old = BlockSummary.objects.filter(block__questionnaire__sources__tree=tree)
        used = Base.objects.values_list("definition_hash", flat=True).distinct()
        BlockSummary.objects.filter(id__in=old.exclude(definition_hash__in=list(used)).values("id")).delete()
