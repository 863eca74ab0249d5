"""Clearing away what no reader can want any more: old runs' slices, replaced blocks, orphaned notes."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncDate, TruncMonth

from analytics.indicators.models import IndicatorTree, QuestionSource
from analytics.scoring.models import Base, Block, BlockSummary, Run
from surveys.answering.models import RecomputeNote

RUNS_KEPT = 10
"""The newest runs of a tree stay; so does the last one of each weight set and definition, for ever."""

DAILY = timedelta(days=31)
"""How long the last run of each day is kept; the last run of each month is kept for ever."""

READERS = timedelta(hours=1)
"""How long a reader may still hold on to a run or a block that has been replaced."""


def prune(*, at: datetime) -> None:
    """Delete what has been replaced; a run that is the last of its series or month is history and stays."""
    for tree in IndicatorTree.objects.select_related("team"):
        _prune_tree(tree, at)
    replaced = Block.objects.filter(merged_into__isnull=False, merged_at__lt=at - READERS)
    BlockSummary.objects.filter(block__in=replaced).delete()
    unread = Q(has_changed_rows=True) | ~Q(id__in=_blocks_in_use())
    replaced.filter(unread).exclude(columns=b"").update(columns=b"")
    fed = QuestionSource.objects.values("questionnaire_id")
    RecomputeNote.objects.filter(at__lt=at - READERS).exclude(questionnaire_id__in=fed).delete()


def _blocks_in_use() -> set[int]:
    """The blocks behind the newest run of each tree.

    Blocks are a questionnaire's, runs a tree's: one tree's computation may replace blocks on which the newest run of
    another stands, which is not computed anew for that, or cannot be.
    """
    newest = Run.objects.filter(tree=OuterRef("pk")).order_by("-id").values("id")[:1]
    runs = IndicatorTree.objects.annotate(newest=Subquery(newest)).values("newest")
    bases = Base.objects.filter(runs__in=runs).values_list("blocks", flat=True)
    return {int(block) for blocks in bases for block in blocks}


@transaction.atomic
def _prune_tree(tree: IndicatorTree, at: datetime) -> None:
    runs = Run.objects.filter(tree=tree)
    runs.filter(finished_at__lt=at - READERS).exclude(id__in=_kept(runs, tree, at)).delete()
    Base.objects.filter(tree=tree, made_at__lt=at - READERS, runs__isnull=True).delete()
    # Of an old definition only its runs are read; what its blocks say would only serve to make another.
    newest = Run.objects.filter(tree=OuterRef("pk")).order_by("-id").values("definition_hash")[:1]
    used = IndicatorTree.objects.annotate(used=Subquery(newest)).exclude(used=None).values_list("used", flat=True)
    old = BlockSummary.objects.filter(block__questionnaire__sources__tree=tree)
    if runs.exists():
        BlockSummary.objects.filter(id__in=old.exclude(definition_hash__in=list(used)).values("id")).delete()


def _kept(runs: QuerySet[Run], tree: IndicatorTree, at: datetime) -> set[int]:
    zone = ZoneInfo(tree.team.time_zone)
    by_day = runs.filter(finished_at__gte=at - DAILY).annotate(day=TruncDate("finished_at", tzinfo=zone))
    by_month = runs.annotate(month=TruncMonth("finished_at", tzinfo=zone))
    return {
        *runs.order_by("-id").values_list("id", flat=True)[:RUNS_KEPT],
        *_last_of_each(runs, "weight_set_id", "definition_hash"),
        *_last_of_each(by_day, "day"), *_last_of_each(by_month, "month"),
    }


def _last_of_each(runs: QuerySet[Run], *names: str) -> list[int]:
    return list(runs.order_by().values(*names).annotate(last=Max("id")).values_list("last", flat=True))
