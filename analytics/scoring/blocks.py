"""Sealing responses into blocks, merging small blocks, and rebuilding those whose rows have changed.

Everything here runs inside the caller's snapshot and under the caller's lock of the questionnaire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import models

from analytics.scoring import columns as stored
from analytics.scoring.columns import Columns
from analytics.scoring.models import Block, BlockChange
from analytics.scoring.rows import (
    BLOCK_ROWS,
    ROWS_PER_PASS,
    RowLayout,
    columns_of,
    countable_responses,
    in_chunks,
    read_columns_in_blocks,
    read_rows,
)
from surveys.answering.models import Response
from surveys.sending import failpoints

SEAL_ROWS = 512
"""From so many unsealed responses on they are sealed: what a live update has to read stays small."""

OPEN_BLOCKS = 16
"""So many blocks that are not full may stand side by side before they are merged."""


class RowsMovedError(RuntimeError):
    """Rows were changed by somebody else between reading and marking them; try again."""


def settle(questionnaire_id: int, *, layout: RowLayout, at: datetime) -> None:
    """Bring the blocks of a questionnaire up to date: rebuild what changed, seal, merge."""
    changes = list(BlockChange.objects.filter(questionnaire_id=questionnaire_id).values_list("id", "block_id"))
    if changes:
        _rebuild_changed(questionnaire_id, {block for _, block in changes}, layout, at)
        BlockChange.objects.filter(id__in=[change for change, _ in changes]).delete()
    for block in current_blocks(questionnaire_id).defer("columns"):
        if not layout.is_served_by(block.layout):
            _rebuild(block, layout, at)
    _seal(questionnaire_id, layout, at)
    _merge_open(questionnaire_id, layout, at)


def seal_full_block(questionnaire_id: int, *, layout: RowLayout, at: datetime) -> bool:
    """Seal one whole block if so many responses wait: after a large import, each in its own transaction."""
    tail = unsealed_responses(questionnaire_id)
    return tail[BLOCK_ROWS - 1 : BLOCK_ROWS].exists() and _seal_one(questionnaire_id, tail, layout, at) > 0


def count_changed_blocks(questionnaire_id: int) -> int:
    """So many blocks have rows that were edited or erased."""
    changed = BlockChange.objects.filter(questionnaire_id=questionnaire_id).values_list("block_id", flat=True)
    return len(_current_ids(questionnaire_id, set(changed)))


def rebuild_changed_block(questionnaire_id: int, *, layout: RowLayout, at: datetime) -> None:
    """Rebuild one of the blocks whose rows have changed, and forget the changes seen in it."""
    changes = BlockChange.objects.filter(questionnaire_id=questionnaire_id).order_by("id")
    first = changes.first()
    if first is None:
        return
    [current] = _current_ids(questionnaire_id, {first.block_id}) or [first.block_id]
    members = {current, *Block.objects.filter(merged_into=current).values_list("id", flat=True)}
    seen = list(changes.filter(block_id__in=members).values_list("id", flat=True))
    _rebuild_changed(questionnaire_id, {first.block_id}, layout, at)
    BlockChange.objects.filter(id__in=seen).delete()


def current_blocks(questionnaire_id: int) -> models.QuerySet[Block]:
    """The blocks that together hold every sealed response once."""
    return Block.objects.filter(questionnaire_id=questionnaire_id, merged_into__isnull=True).order_by("id")


def unsealed_responses(questionnaire_id: int) -> models.QuerySet[Response]:
    """The responses that count and are in no block yet."""
    return countable_responses(questionnaire_id).filter(block_id__isnull=True).order_by("id")


def load(block: Block) -> Columns:
    """Return a block's columns.

    Raises DamagedBlockError when the stored bytes are not those that were written.
    """
    content = bytes(block.columns)
    if checksum(content) != block.checksum:
        raise stored.DamagedBlockError(f"Block {block.pk} does not match its checksum.")
    return stored.from_bytes(content)


def checksum(content: bytes) -> str:
    """The digest by which stored bytes are known."""
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def rebuild_all(questionnaire_id: int, *, layout: RowLayout, at: datetime) -> None:
    """Replace every block of a questionnaire by new ones read from the rows."""
    for block in current_blocks(questionnaire_id).defer("columns"):
        _rebuild(block, layout, at)


def _rebuild_changed(questionnaire_id: int, ids: set[int], layout: RowLayout, at: datetime) -> None:
    current = _current_ids(questionnaire_id, ids)
    for block in current_blocks(questionnaire_id).filter(id__in=current).defer("columns"):
        _rebuild(block, layout, at)


def _current_ids(questionnaire_id: int, ids: set[int]) -> set[int]:
    """The blocks that now hold what was first sealed into these."""
    first = Block.objects.filter(questionnaire_id=questionnaire_id, id__in=ids)
    return {merged_into or own for own, merged_into in first.values_list("id", "merged_into_id")}


def _rebuild(block: Block, layout: RowLayout, at: datetime) -> None:
    members = [block.pk, *block.members.values_list("id", flat=True)]
    rows = countable_responses(block.questionnaire_id).filter(block_id__in=members).order_by("id")
    parts = list(read_columns_in_blocks(rows, layout)) or [columns_of((), layout)]
    _replace([block], stored.concatenate(parts), layout, at)


def _seal(questionnaire_id: int, layout: RowLayout, at: datetime) -> None:
    tail = unsealed_responses(questionnaire_id)
    if not tail[SEAL_ROWS - 1 : SEAL_ROWS].exists():
        return
    # What has been marked is no longer in the tail, so each round finds the next rows.
    while _seal_one(questionnaire_id, tail, layout, at):
        pass


def _seal_one(questionnaire_id: int, tail: models.QuerySet[Response], layout: RowLayout, at: datetime) -> int:
    parts, first, last = [], 0, 0
    for rows in in_chunks(read_rows(tail[:BLOCK_ROWS]), ROWS_PER_PASS):
        first, last = first or rows[0].id, rows[-1].id
        parts.append(columns_of(rows, layout))
    if not parts:
        return 0
    block = _store(questionnaire_id, stored.concatenate(parts), layout, at)
    failpoints.reach("block_not_marked")
    marked = tail.filter(id__gte=first, id__lte=last).order_by().update(block_id=block.pk)
    if marked != block.rows:
        raise RowsMovedError(f"{marked} of {block.rows} rows could be marked.")
    return marked


def _merge_open(questionnaire_id: int, layout: RowLayout, at: datetime) -> None:
    open_blocks = list(current_blocks(questionnaire_id).filter(rows__lt=BLOCK_ROWS))
    if len(open_blocks) <= OPEN_BLOCKS:
        return
    for group in _groups(open_blocks):
        if len(group) > 1:
            _replace(group, stored.concatenate([load(block) for block in group]), layout, at)


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
