"""What is to be computed: asked for durably, noted by lower rooms, and served by a run.

A request is a number that grows; a run serves the number it began with. What is asked for while it
computes stays asked for, and one that is killed has served nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from analytics.indicators.models import IndicatorTree, QuestionSource
from analytics.scoring.models import BlockChange, TreeState
from surveys.answering.models import RecomputeNote


def request_recompute(*, trees: Sequence[int], at: datetime) -> None:
    """Say durably that these trees are out of date."""
    states = TreeState.objects.filter(tree__in=trees)
    asked = {"requested": F("requested") + 1, "requested_at": _earliest_request(at)}
    if states.update(**asked) < len(trees):
        TreeState.objects.bulk_create([TreeState(tree_id=tree) for tree in trees], ignore_conflicts=True)
        # Those that had a record are asked for twice, which is as good as once.
        states.update(**asked)


def take_notes(*, tree: IndicatorTree, at: datetime) -> int:
    """Turn the notes on a tree's questionnaires into requests for every tree they feed.

    Deletes exactly the notes it has seen, in the transaction that writes the requests. Returns how many.
    """
    with transaction.atomic():
        feeding = QuestionSource.objects.filter(tree=tree).values("questionnaire")
        notes = RecomputeNote.objects.filter(questionnaire__in=feeding)
        seen = list(notes.values_list("id", "questionnaire_id"))
        if seen:
            request_recompute(trees=trees_fed_by({of for _, of in seen}), at=at)
            RecomputeNote.objects.filter(id__in=[note for note, _ in seen]).delete()
        return len(seen)


def note_changed_rows(*, questionnaire_id: int, block_ids: Sequence[int | None], at: datetime) -> None:
    """Ask for the blocks of edited or erased rows to be rebuilt; to be called in their transaction."""
    BlockChange.objects.bulk_create(
        BlockChange(questionnaire_id=questionnaire_id, block_id=block, at=at)
        for block in sorted({block for block in block_ids if block is not None})
    )


def is_requested(*, tree: IndicatorTree) -> bool:
    """Tell whether something has been asked for that no run has served."""
    if RecomputeNote.objects.filter(questionnaire__in=questionnaires_of(tree)).exists():
        return True
    return TreeState.objects.filter(tree=tree, requested__gt=F("served")).exists()


def begin_attempt(*, tree: IndicatorTree, at: datetime) -> int:
    """Write down that the tree is being computed; return the request that a run from here on serves."""
    # What is asked for from here on may or may not be seen by the snapshot; it stays asked for.
    state, _is_new = TreeState.objects.get_or_create(tree_id=tree.pk)
    TreeState.objects.filter(tree=tree).update(attempts=F("attempts") + 1, attempted_at=at)
    return state.requested


def end_attempt(*, tree: IndicatorTree, request: int, problem: str, details: Mapping[str, Any]) -> None:
    """Write down that everything up to `request` is served, or with which `problem` it cannot be."""
    served = Greatest(F("served"), models.Value(request, models.PositiveBigIntegerField()))
    nothing = models.Value(None, models.DateTimeField(null=True))
    TreeState.objects.filter(tree=tree).update(
        attempts=0, last_error=problem, last_error_details=dict(details), served=served,
        requested_at=models.Case(models.When(requested=served, then=nothing), default=F("requested_at")),
    )


def questionnaires_of(tree: IndicatorTree) -> list[int]:
    """Return the questionnaires whose questions feed a tree, smallest key first."""
    return sorted(set(QuestionSource.objects.filter(tree=tree).values_list("questionnaire_id", flat=True)))


def trees_fed_by(questionnaires: Collection[int]) -> list[int]:
    """Return the trees that questions of `questionnaires` feed, smallest key first."""
    fed = QuestionSource.objects.filter(questionnaire__in=questionnaires)
    return sorted(set(fed.values_list("tree_id", flat=True)))


def _earliest_request(at: datetime) -> Coalesce:
    return Coalesce(F("requested_at"), models.Value(at, models.DateTimeField()))
