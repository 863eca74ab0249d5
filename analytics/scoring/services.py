"""Making runs: whole, repeatable, and the same digits however often and in whatever order.

The way of a recompute: notes become requests (`take_notes`); under the tree's lock one snapshot of the
database settles the blocks, merges their summaries with that of the unsealed tail and writes one run.
Killed anywhere in between, nothing of it is there, the request still stands, and the sweep finds it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError

from analytics.indicators.models import IndicatorTree, WeightSet
from analytics.scoring import blocks, cubes
from analytics.scoring import columns as stored
from analytics.scoring.bases import base_for, summaries_of_slices
from analytics.scoring.columns import Columns
from analytics.scoring.definition import Definition, DefinitionError
from analytics.scoring.locks import held, snapshot
from analytics.scoring.models import Base, Block, Run, Slice
from analytics.scoring.recompute_requests import (
    begin_attempt,
    end_attempt,
    questionnaires_of,
    request_recompute,
    take_notes,
    trees_fed_by,
)
from analytics.scoring.rows import row_layout, show_planner_responses
from analytics.scoring.snapshots import definition_of
from analytics.scoring.standard_weighting import weighting_record
from analytics.scoring.tails import pack_tails, read_tails, summarise_all
from analytics.scoring.wave_order import middles_of
from surveys.sending import failpoints

ATTEMPTS = 4
"""How often a snapshot is tried again when somebody else changed a row under it."""


class BusyError(RuntimeError):
    """Another process is computing this tree."""


@dataclass(frozen=True)
class Outcome:
    """What a recompute came to: the run that now stands, and whether it is a new one; or the code of what was missing."""

    run: Run | None
    is_new: bool
    problem: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def recompute(*, tree: IndicatorTree, at: datetime) -> Outcome:
    """Serve every request made for a tree so far and return the run that answers it.

    Doing it again, three times at once, or after being killed in the middle changes nothing.
    Raises BusyError when another process has the tree; what it does not see stays requested.
    """
    with held(f"tree:{tree.pk}") as is_ours:
        if not is_ours:
            raise BusyError(f"tree {tree.pk}")
        take_notes(tree=tree, at=at)
        request = begin_attempt(tree=tree, at=at)
        outcome = _computed(tree, at)
        end_attempt(tree=tree, request=request, problem=outcome.problem, details=outcome.details)
    return outcome


def rebuild(*, tree: IndicatorTree, at: datetime) -> Outcome:
    """Replace all blocks of the tree's questionnaires by new ones read from the rows, and recompute.

    Other trees that the questionnaires feed are asked for as well.
    """
    with ExitStack() as locks:
        if not locks.enter_context(held(f"tree:{tree.pk}")):
            raise BusyError(f"tree {tree.pk}")
        questionnaires = questionnaires_of(tree)
        for questionnaire in questionnaires:
            locks.enter_context(held(f"questionnaire:{questionnaire}", waits=True))
        layout = row_layout(tree.team)
        with snapshot():
            for questionnaire in questionnaires:
                blocks.rebuild_all(questionnaire, layout=layout, at=at)
    request_recompute(trees=sorted({tree.pk, *trees_fed_by(questionnaires)}), at=at)
    return recompute(tree=tree, at=at)


def _computed(tree: IndicatorTree, at: datetime) -> Outcome:
    for attempt in range(ATTEMPTS):
        try:
            return _compute(tree, at)
        except DefinitionError as error:
            return Outcome(None, False, error.code, error.details)
        except (OperationalError, blocks.RowsMovedError, blocks.ManyWaitingError):
            # Somebody edited a row that was being sealed, or many came: a new snapshot sees them as they are now.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _compute(tree: IndicatorTree, at: datetime) -> Outcome:
    with ExitStack() as locks:
        questionnaires = questionnaires_of(tree)
        for questionnaire in questionnaires:
            locks.enter_context(held(f"questionnaire:{questionnaire}", waits=True))
        try:
            return _compute_in_one_snapshot(tree, at)
        except (blocks.ManyWaitingError, blocks.ManyChangedError):
            for questionnaire in questionnaires:
                _rebuild_changed_blocks(tree, questionnaire, at)
                _seal_full_blocks(tree, questionnaire, at)
            return _compute_in_one_snapshot(tree, at, rebuilds_any=True)


def _compute_in_one_snapshot(tree: IndicatorTree, at: datetime, *, rebuilds_any: bool = False) -> Outcome:
    begun = time.perf_counter()
    with snapshot():
        tree = IndicatorTree.objects.select_related("team").get(pk=tree.pk)
        definition, weight_set = definition_of(tree)
        layout = row_layout(tree.team, definition.dimensions)
        settled = {
            of: blocks.settle(of, layout=layout, at=at, rebuilds_any=rebuilds_any) for of in definition.questionnaires
        }
        tails = read_tails({of: one.first_waiting for of, one in settled.items()}, layout)
        current = [block for one in settled.values() for block in one.blocks]
        base = base_for(tree=tree, definition=definition, current=current, at=at)
        packed = pack_tails(tails)
        data_hash = _data_hash(definition, base, packed)
        weighting = weighting_record(tree)
        # Its tail may be large, and is the one thing not needed here.
        latest = Run.objects.filter(tree=tree).defer("tail").first()
        if latest is not None and _is_same(latest, data_hash, weight_set, weighting):
            return Outcome(latest, False)
        run = Run(
            team_id=tree.team_id, tree=tree, weight_set=weight_set, base=base, data_hash=data_hash,
            definition=definition.as_json(), definition_hash=definition.hash, started_at=at, tail=packed,
        )
        _cover(run, base, current, tails, weighting)
        touched = _touched(definition, base, tails)
        # What the tail does not touch has its middle where the base has it.
        run.provenance["waves"] = base.waves | middles_of(touched)
        run.finished_at = at + timedelta(seconds=time.perf_counter() - begun)
        run.duration_ms = round((time.perf_counter() - begun) * 1000)
        run.save(force_insert=True)
        _write_touched(run, touched)
        failpoints.reach("run_not_committed")
        return Outcome(run, True)


def _is_same(
    latest: Run, data_hash: str, weight_set: WeightSet, weighting: Mapping[str, object] | None
) -> bool:
    """Tell whether a new run would say nothing that the latest does not."""
    is_same_weighting = latest.provenance.get("weighting") == weighting
    return latest.data_hash == data_hash and latest.weight_set_id == weight_set.pk and is_same_weighting


def _rebuild_changed_blocks(tree: IndicatorTree, questionnaire: int, at: datetime) -> None:
    """Keep what has been rebuilt where the run itself is killed or takes too long: a block in each transaction.

    Edits scattered over a million answers touch every block, and rebuilding all takes a minute or more.
    What changes meanwhile is left to the run, so that a stream of edits cannot hold it up for ever.
    """
    layout = row_layout(tree.team)
    for _ in range(blocks.count_changed_blocks(questionnaire)):
        with snapshot():
            blocks.rebuild_changed_block(questionnaire, layout=layout, at=at)


def _seal_full_blocks(tree: IndicatorTree, questionnaire: int, at: datetime) -> None:
    """Keep the run's own transaction short after a large import; a whole block is sealed in each of these."""
    layout, last, sealed = row_layout(tree.team), 0, 0
    while True:
        with snapshot():
            last = blocks.seal_full_block(questionnaire, layout=layout, at=at, after=last)
        if not last:
            break
        sealed += 1
    if sealed:
        show_planner_responses()


def _cover(
    run: Run, base: Base, current: Sequence[Block], tails: Mapping[int, Columns],
    weighting: Mapping[str, object] | None,
) -> None:
    """Write down which responses the run covers."""
    newest = [*(block.newest_response_at for block in current), *(tail.newest for tail in tails.values())]
    run.responses = base.responses + sum(tail.rows for tail in tails.values())
    prints = int(base.fingerprint, 16) + sum(tail.fingerprint for tail in tails.values())
    run.fingerprint = f"{prints & stored.MASK:016x}"
    run.newest_response_at = max((moment for moment in newest if moment), default=None)
    in_blocks = {int(version): count for version, count in base.versions.items()}
    versions = stored.sum_counts([in_blocks, *(tail.versions for tail in tails.values())])
    run.provenance = {
        "versions": {str(version): count for version, count in sorted(versions.items())},
        "in_blocks": base.responses,
        "missing_rule": "left_out_and_renormalised",
        "weighting": weighting,
    }


def _touched(definition: Definition, base: Base, tails: Mapping[int, Columns]) -> cubes.Summary:
    """The slices that the tails touch, with what the base has in them."""
    touched = summarise_all(tails, definition)
    before = summaries_of_slices(Slice.objects.filter(base=base, key__in=list(touched)))
    return cubes.merge([{key: before[key] for key in before}, touched], definition.layout.squares)


def _write_touched(run: Run, touched: cubes.Summary) -> None:
    Slice.objects.bulk_create(
        [Slice(run=run, key=key, payload=cubes.to_bytes(cube)) for key, cube in touched.items()]
    )


def _data_hash(definition: Definition, base: Base, packed: bytes) -> str:
    digest = hashlib.sha256(f"{definition.hash}:{base.blocks_hash}:".encode())
    digest.update(packed)
    return digest.hexdigest()
