"""Sealing responses into blocks, merging small blocks, and rebuilding those whose rows have changed.

Everything here runs inside the caller's snapshot and under the caller's lock of the questionnaire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from analytics.scoring import columns as stored
from analytics.scoring.block_copy import contents_of
from analytics.scoring.columns import Columns
from analytics.scoring.models import Block, BlockChange
from analytics.scoring.rows import (
    BLOCK_ROWS,
    RowLayout,
    columns_of,
    countable_responses,
    read_columns,
    read_tables,
    waiting_responses,
)
from surveys.answering.models import Response
from surveys.sending import failpoints

SEAL_ROWS = 512
"""Unsealed responses are sealed once there are this many: what a live update has to read stays small."""

OPEN_BLOCKS = 16
"""At most this many blocks that are not full stand side by side; then they are merged."""

FETCHED_AT_ONCE = 8
"""Blocks that come with one statement, some megabytes at the most: half the time of one by one."""


class ClearedBlockError(LookupError):
    """The block has been replaced and its columns are gone."""


class ManyWaitingError(RuntimeError):
    """More responses wait than one transaction should seal: `seal_full_block` comes first."""


class ManyChangedError(RuntimeError):
    """More than one block is to be rebuilt: `rebuild_changed_block` comes first, each in its own transaction."""


class RowsMovedError(RuntimeError):
    """Rows were changed by somebody else between reading and marking them; try again."""


@dataclass(frozen=True)
class Settled:
    """The blocks of a questionnaire, without their columns, and the first response that waits outside them."""

    blocks: tuple[Block, ...]
    first_waiting: int | None


def settle(
    questionnaire_id: int, *, layout: RowLayout, at: datetime, rebuilds_any: bool = False
) -> Settled:
    """Bring the blocks of a questionnaire up to date: rebuild what changed, seal, merge.

    Raises ManyWaitingError when a whole block of responses waits, ManyChangedError unless `rebuilds_any` when
    several blocks have changed.
    """
    _rebuild_changed(questionnaire_id, layout, at, rebuilds_any=rebuilds_any)
    current = _list_current(questionnaire_id)
    outdated = [block for block in current if not layout.is_served_by(block.layout)]
    for block in outdated:
        _rebuild(block, layout, at)
    first_waiting, is_sealed = _seal(questionnaire_id, layout, at)
    if outdated or is_sealed:
        current = _list_current(questionnaire_id)
    if _merge_open(current, layout, at):
        current = _list_current(questionnaire_id)
    return Settled(tuple(current), first_waiting)


def _rebuild_changed(questionnaire_id: int, layout: RowLayout, at: datetime, *, rebuilds_any: bool) -> None:
    changes = list(BlockChange.objects.filter(questionnaire_id=questionnaire_id).values_list("id", "block_id"))
    if not changes:
        return
    current = _current_ids(questionnaire_id, {block for _, block in changes})
    if len(current) > 1 and not rebuilds_any:
        raise ManyChangedError(f"questionnaire {questionnaire_id}: {len(current)} blocks")
    _rebuild_all_of(questionnaire_id, current, layout, at)
    BlockChange.objects.filter(id__in=[change for change, _ in changes]).delete()


def seal_full_block(questionnaire_id: int, *, layout: RowLayout, at: datetime, after: int = 0) -> int:
    """Seal one whole block if enough responses wait: after a large import, each in its own transaction.

    Returns the id of its last row, 0 when too few wait. With `after` only rows behind that one are looked
    for: what has just been sealed need not be stepped over again.
    """
    tail = waiting_responses(questionnaire_id).filter(id__gt=after)
    return _seal_one(questionnaire_id, tail, layout, at) if tail[BLOCK_ROWS - 1 : BLOCK_ROWS].exists() else 0


def count_changed_blocks(questionnaire_id: int) -> int:
    """Count the blocks with rows that were edited or erased."""
    changed = BlockChange.objects.filter(questionnaire_id=questionnaire_id).values_list("block_id", flat=True)
    return len(_current_ids(questionnaire_id, set(changed)))


def rebuild_changed_block(questionnaire_id: int, *, layout: RowLayout, at: datetime) -> None:
    """Rebuild one of the blocks whose rows have changed, and forget the changes seen in it."""
    changes = BlockChange.objects.filter(questionnaire_id=questionnaire_id).order_by("id")
    first = changes.first()
    if first is None:
        return
    current = _current_ids(questionnaire_id, {first.block_id})
    members = {first.block_id, *current, *Block.objects.filter(merged_into__in=current).values_list("id", flat=True)}
    seen = list(changes.filter(block_id__in=members).values_list("id", flat=True))
    _rebuild_all_of(questionnaire_id, current, layout, at)
    BlockChange.objects.filter(id__in=seen).delete()


def current_blocks(questionnaire_id: int) -> models.QuerySet[Block]:
    """The blocks that together hold every sealed response once."""
    return Block.objects.filter(questionnaire_id=questionnaire_id, merged_into__isnull=True).order_by("id")


def _list_current(questionnaire_id: int) -> list[Block]:
    return list(current_blocks(questionnaire_id).defer("columns"))


def rows_of(block: Block) -> models.QuerySet[Response]:
    """The responses that count and were sealed into a block, or into one that it has taken the place of."""
    members = [block.pk, *block.members.values_list("id", flat=True)]
    return countable_responses(block.questionnaire_id).filter(block_id__in=members)


def load(block: Block) -> Columns:
    """Return a block's columns.

    Raises ClearedBlockError when they have been dropped, DamagedBlockError when the stored bytes are not
    those that were written.
    """
    return next(load_each([block]))


def load_each(blocks: Sequence[Block]) -> Iterator[Columns]:
    """Return the columns of blocks in their order; raises what `load` does."""
    for first in range(0, len(blocks), FETCHED_AT_ONCE):
        part = blocks[first : first + FETCHED_AT_ONCE]
        contents = contents_of(part)
        for block in part:
            # Nothing holds on to the bytes while the columns are worked on.
            yield _columns_in(block, contents.pop(block.pk, b""))


def _columns_in(block: Block, content: bytes | memoryview) -> Columns:
    if not content:
        raise ClearedBlockError(f"block {block.pk}")
    return stored.from_bytes(content)


def checksum(content: bytes) -> str:
    """The digest by which stored bytes are known."""
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def rebuild_all(questionnaire_id: int, *, layout: RowLayout, at: datetime) -> None:
    """Replace every block of a questionnaire by new ones read from the rows."""
    for block in current_blocks(questionnaire_id).defer("columns"):
        _rebuild(block, layout, at)


def _rebuild_all_of(questionnaire_id: int, ids: set[int], layout: RowLayout, at: datetime) -> None:
    """Rebuild blocks whose rows have changed; neither they nor what they were made of are kept for anybody."""
    Block.objects.filter(models.Q(id__in=ids) | models.Q(merged_into__in=ids)).update(has_changed_rows=True)
    for block in current_blocks(questionnaire_id).filter(id__in=ids).defer("columns"):
        _rebuild(block, layout, at)


def _current_ids(questionnaire_id: int, ids: set[int]) -> set[int]:
    """The blocks that now hold what was first sealed into these."""
    first = Block.objects.filter(questionnaire_id=questionnaire_id, id__in=ids)
    return {merged_into or own for own, merged_into in first.values_list("id", "merged_into_id")}


def _rebuild(block: Block, layout: RowLayout, at: datetime) -> None:
    rows = rows_of(block)
    _replace([block], read_columns(block.questionnaire_id, rows, layout), layout, at)


def _seal(questionnaire_id: int, layout: RowLayout, at: datetime) -> tuple[int | None, bool]:
    """Return the first response that is left waiting, None when none is, and whether any were sealed."""
    tail = waiting_responses(questionnaire_id)
    ids = tail.values_list("id", flat=True)[:SEAL_ROWS]
    if len(ids) < SEAL_ROWS:
        return (ids[0] if ids else None), False
    if tail[BLOCK_ROWS - 1 : BLOCK_ROWS].exists():
        raise ManyWaitingError(f"questionnaire {questionnaire_id}")
    _seal_one(questionnaire_id, tail, layout, at)
    return None, True


def _seal_one(questionnaire_id: int, tail: models.QuerySet[Response], layout: RowLayout, at: datetime) -> int:
    """Seal the first rows of the tail and return the last one's id, 0 when there are none."""
    parts, last = [], 0
    for table in read_tables(questionnaire_id, tail[:BLOCK_ROWS], layout):
        parts.append(columns_of(table, layout))
        last = int(table.ids[-1])
    if not parts:
        return 0
    block = _store(questionnaire_id, stored.concatenate(parts), layout, at)
    failpoints.reach("block_not_marked")
    marked = tail.filter(id__lte=last).order_by().update(block_id=block.pk)
    if marked != block.rows:
        raise RowsMovedError(f"{marked} of {block.rows} rows could be marked.")
    return last


def _merge_open(current: Sequence[Block], layout: RowLayout, at: datetime) -> bool:
    """Merge the blocks that are not full when there are many; return whether there were."""
    open_blocks = [block for block in current if block.rows < BLOCK_ROWS]
    if len(open_blocks) <= OPEN_BLOCKS:
        return False
    for group in _groups(open_blocks):
        if len(group) > 1:
            _replace(group, stored.concatenate(list(load_each(group))), layout, at)
    return True


def _groups(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Cut neighbours into groups that fit into a block."""
    group: list[Block] = []
    for block in blocks:
        if group and sum(member.rows for member in group) + block.rows > BLOCK_ROWS:
            yield group
            group = []
        group.append(block)
    yield group


def _replace(blocks: Sequence[Block], columns: Columns, layout: RowLayout, at: datetime) -> Block:
    """Put one new block in the place of some; every earlier block points straight at it."""
    successor = _store(blocks[0].questionnaire_id, columns, layout, at)
    ids = [block.pk for block in blocks]
    Block.objects.filter(merged_into__in=ids).update(merged_into=successor)
    Block.objects.filter(id__in=ids).update(merged_into=successor, merged_at=at)
    return successor


def _store(questionnaire_id: int, columns: Columns, layout: RowLayout, at: datetime) -> Block:
    content = stored.to_bytes(columns)
    return Block.objects.create(
        questionnaire_id=questionnaire_id,
        rows=columns.rows,
        columns=content,
        fingerprint=f"{columns.fingerprint:016x}",
        checksum=checksum(content),
        layout={
            "time_zone": layout.time_zone,
            "dimensions": list(columns.cells.dimensions),
            "versions": {str(version): count for version, count in columns.versions.items()},
        },
        newest_response_at=columns.newest,
        sealed_at=at,
    )
