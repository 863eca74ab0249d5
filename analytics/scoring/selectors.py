"""What pages, the API, exports and reports read: results of the last finished run.

A page view reads one or a few indexed rows and never computes over responses, except under a
filter or a manager's scope, which are counted from the sealed columns by the same functions and
cached by (base of the run, filter). Periods and their arithmetic (`parse_period`, `previous_period`, …)
are in `analytics.scoring.periods`; `compare` is in `analytics.scoring.comparing` and also here.

`filters` and `scope` map a dimension's key to the levels wanted (`{"region": ["East"]}`); within a
dimension levels are alternatives, between dimensions all must hold. The key `questionnaire` takes
ids as text. A scope (from the actor) narrows every number; pass `actor.scope` always. `at` is the moment of
looking: where anonymity was promised it decides which answers count yet.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from analytics.indicators.models import IndicatorTree, QuestionSource, WeightSet
from analytics.scoring.comparing import compare
from analytics.scoring.models import Run, TreeState
from analytics.scoring.reading import NOTHING, Reading, UnknownDimensionError
from analytics.scoring.recompute_requests import is_requested
from analytics.scoring.refusals import refusal_in
from analytics.scoring.results import (
    Dimension,
    Freshness,
    Grain,
    Period,
    PeriodResult,
    SegmentResult,
)
from analytics.scoring.sources import Filter
from surveys.answering.models import RecomputeNote

__all__ = [
    "Filter",
    "UnknownDimensionError",
    "compare",
    "count_waiting",
    "freshness",
    "get_latest_run",
    "get_oldest_waiting_at",
    "get_run_of_weight_set",
    "get_state",
    "list_dimensions",
    "list_periods",
    "list_published_weight_sets",
    "list_runs",
    "list_trees_due",
    "read_period",
    "read_segments",
    "read_trend",
]

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=6)


def get_latest_run(*, tree: IndicatorTree) -> Run | None:
    """Return the newest finished run of the tree, or None before the first."""
    runs = Run.objects.filter(tree=tree).select_related("base", "weight_set", "tree__team").defer("tail")
    return runs.order_by("-id").first()


def get_run_of_weight_set(*, weight_set: WeightSet) -> Run | None:
    """Return the last run made under a weight set: its series as it ended."""
    runs = Run.objects.filter(weight_set=weight_set).select_related("base", "weight_set", "tree__team")
    return runs.defer("tail").order_by("-id").first()


def list_published_weight_sets(*, tree: IndicatorTree) -> QuerySet[WeightSet]:
    """Return the weight sets of a tree under which there is a run, newest first: each is a series."""
    with_runs = Exists(Run.objects.filter(weight_set=OuterRef("pk")))
    return WeightSet.objects.filter(with_runs, tree=tree).order_by("-number")


def list_runs(*, tree: IndicatorTree) -> QuerySet[Run]:
    """Return a tree's runs, newest first."""
    return Run.objects.filter(tree=tree).select_related("weight_set").defer("tail").order_by("-id")


def list_periods(run: Run, *, grain: Grain, scope: Filter = NOTHING, at: datetime) -> tuple[Period, ...]:
    """Return the periods of one grain that hold responses, oldest first (waves by the middle day of their answers)."""
    return Reading(run, scope=scope, at=at).periods(grain)


def list_dimensions(run: Run, *, at: datetime) -> tuple[Dimension, ...]:
    """Return the segment dimensions of the run with their levels, in the team's order."""
    return Reading(run, at=at).dimensions


def count_waiting(run: Run, *, scope: Filter = NOTHING, at: datetime) -> int:
    """Return how many answers of an anonymous run wait for others; 0 under a scope, or without the promise."""
    return Reading(run, scope=scope, at=at).waiting


def read_period(
    run: Run, *, period: Period, filters: Filter = NOTHING, scope: Filter = NOTHING, at: datetime
) -> PeriodResult:
    """Return every figure of one period."""
    return Reading(run, filters=filters, scope=scope, at=at).period(period)


def read_trend(
    run: Run, *, grain: Grain, last: int | None = None, filters: Filter = NOTHING, scope: Filter = NOTHING,
    nodes: Collection[str] | None = None, at: datetime,
) -> tuple[PeriodResult, ...]:
    """Return one result per period of the grain, oldest first, empty periods in between included.

    `last` keeps only that many of the newest. `nodes` are the keys of the indicators wanted; without it
    only the root is read, with the overall question and the Net Promoter Score as in every result.
    """
    return Reading(run, filters=filters, scope=scope, at=at).trend(grain, last, nodes)


def read_segments(
    run: Run, *, period: Period, dimension: str, filters: Filter = NOTHING, scope: Filter = NOTHING,
    nodes: Collection[str] | None = None, at: datetime,
) -> tuple[SegmentResult, ...]:
    """Return one result per level of the dimension; a level outside the scope does not appear.

    Raises UnknownDimensionError for a dimension that the run does not know.
    """
    return Reading(run, filters=filters, scope=scope, at=at).segments(period, dimension, nodes)


def freshness(*, tree: IndicatorTree) -> Freshness:
    """Return what the freshness stamp shows: the last run, its size, and whether newer answers wait."""
    run = get_latest_run(tree=tree)
    notes = RecomputeNote.objects.filter(questionnaire__sources__tree=tree).aggregate(since=Min("at"))["since"]
    state = TreeState.objects.filter(tree=tree).first()
    asked = state.requested_at if state is not None and state.requested > state.served else None
    since = min((moment for moment in (notes, asked) if moment), default=None)
    found = Freshness(
        run_id=run.pk if run else None,
        finished_at=run.finished_at if run else None,
        responses=run.responses if run else 0,
        newest_response_at=run.newest_response_at if run else None,
        is_pending=is_requested(tree=tree),
        waiting_since_at=since,
        refusal=refusal_in(state) if state is not None else None,
    )
    fed = QuestionSource.objects.filter(tree=tree, questionnaire__is_anonymous=True)
    return found.untold() if run and fed.exists() else found


def get_state(*, tree: IndicatorTree) -> TreeState | None:
    """Return the record of a tree's requests and attempts."""
    return TreeState.objects.filter(tree=tree).first()


def list_trees_due(*, at: datetime) -> list[IndicatorTree]:
    """Return the trees for which something is asked and that may be tried now.

    A tree whose computation keeps failing is tried after a quarter of a minute, then after 1, 4, 16, 64
    and 256 minutes, then every six hours. The first waits are short since two workers killed one after
    the other, as a deploy may do, look just like a computation that fails.
    """
    noted = QuestionSource.objects.filter(questionnaire__recompute_notes__isnull=False).values("tree_id")
    changed = QuestionSource.objects.filter(questionnaire__block_changes__isnull=False).values("tree_id")
    asked = TreeState.objects.filter(_unserved()).values("tree_id")
    trees = IndicatorTree.objects.filter(Q(pk__in=noted) | Q(pk__in=changed) | Q(pk__in=asked))
    return [tree for tree in trees.select_related("state").order_by("id") if _may_be_tried(tree, at)]


def get_oldest_waiting_at() -> datetime | None:
    """Return since when the longest waiting request has been there: what readiness is judged by."""
    fed = QuestionSource.objects.values("questionnaire_id")
    notes = RecomputeNote.objects.filter(questionnaire_id__in=fed).aggregate(since=Min("at"))["since"]
    asked = TreeState.objects.filter(_unserved()).aggregate(since=Min("requested_at"))["since"]
    return min((moment for moment in (notes, asked) if moment), default=None)


def _unserved() -> Q:
    return Q(requested__gt=F("served"))


def _may_be_tried(tree: IndicatorTree, at: datetime) -> bool:
    state: TreeState | None = getattr(tree, "state", None)
    if state is None or state.attempted_at is None or state.attempts < 2:
        return True
    wait: timedelta = FIRST_WAIT * (1 << 2 * min(state.attempts - 2, 9))
    return at >= state.attempted_at + min(wait, LONGEST_WAIT)
