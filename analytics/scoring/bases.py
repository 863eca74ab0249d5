"""The sealed part of a run: summaries of its blocks, merged once and shared by all runs over them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from analytics.indicators.models import IndicatorTree
from analytics.scoring import cubes
from analytics.scoring.blocks import load
from analytics.scoring.columns import MASK
from analytics.scoring.definition import Definition
from analytics.scoring.models import Base, Block, BlockSummary, Slice
from analytics.scoring.summaries import summarise
from analytics.scoring.wave_order import middles_of


def base_for(*, tree: IndicatorTree, definition: Definition, current: Sequence[Block], at: datetime) -> Base:
    """Return the base over the current blocks of the tree's questionnaires, made if it is new."""
    wanted = {str(block.pk): block.checksum for block in current}
    blocks_hash = hashlib.sha256(repr(sorted(wanted.items())).encode()).hexdigest()
    bases = Base.objects.filter(tree=tree, definition_hash=definition.hash)
    return bases.filter(blocks_hash=blocks_hash).first() or _make(
        tree, definition, current, wanted, blocks_hash, at
    )


def summary_of(block: Block, definition: Definition) -> cubes.Summary:
    """Return what a block says under a definition, made once and kept."""
    kept = BlockSummary.objects.filter(block=block, definition_hash=definition.hash, checksum=block.checksum)
    found = kept.values_list("payload", flat=True).first()
    if found is not None:
        return cubes.summary_from_bytes(found)
    summary = summarise(load(block), definition, block.questionnaire_id)
    BlockSummary.objects.update_or_create(
        block=block,
        definition_hash=definition.hash,
        defaults={"checksum": block.checksum, "payload": cubes.summary_to_bytes(summary)},
    )
    return summary


def summaries_of_slices(slices: Iterable[Slice]) -> dict[str, cubes.Cube]:
    """Read slices into a summary."""
    return {one.key: cubes.from_bytes(one.payload) for one in slices}


def _make(
    tree: IndicatorTree, definition: Definition, current: Sequence[Block], wanted: dict[str, str],
    blocks_hash: str, at: datetime,
) -> Base:
    merged = _merged(tree, definition, current, wanted)
    base = Base.objects.create(
        tree=tree, definition_hash=definition.hash, blocks_hash=blocks_hash, blocks=wanted, made_at=at,
        responses=sum(block.rows for block in current),
        fingerprint=f"{sum(int(block.fingerprint, 16) for block in current) & MASK:016x}",
        versions=_versions(current), waves=middles_of(merged),
    )
    Slice.objects.bulk_create(
        [Slice(base=base, key=key, payload=cubes.to_bytes(cube)) for key, cube in merged.items()]
    )
    return base


def _merged(
    tree: IndicatorTree, definition: Definition, current: Sequence[Block], wanted: dict[str, str]
) -> cubes.Summary:
    """Start from the last base where only blocks have been added since; otherwise from all blocks."""
    last = Base.objects.filter(tree=tree, definition_hash=definition.hash).order_by("-id").first()
    parts: list[cubes.Summary] = []
    fresh: Sequence[Block] = current
    if last is not None and last.blocks.items() <= wanted.items():
        parts.append(summaries_of_slices(last.slices.all()))
        fresh = [block for block in current if str(block.pk) not in last.blocks]
    squares = definition.layout.squares
    merged: cubes.Summary = cubes.merge(parts, squares)
    for block in fresh:
        merged = cubes.merge([merged, summary_of(block, definition)], squares)
    return merged


def _versions(current: Sequence[Block]) -> dict[str, int]:
    total: dict[str, int] = {}
    for block in current:
        for version, count in block.layout["versions"].items():
            total[version] = total.get(version, 0) + count
    return total
