"""The tail of a run: the responses that no block holds yet, read, kept with the run and read back."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.scoring import columns as stored
from analytics.scoring import cubes
from analytics.scoring.columns import Columns
from analytics.scoring.definition import Definition
from analytics.scoring.rows import RowLayout, read_columns, waiting_responses
from analytics.scoring.summaries import summarise


def read_tails(waiting: Mapping[int, int | None], layout: RowLayout) -> dict[int, Columns]:
    """Read the responses that are in no block, by questionnaire, each from the first that waits there."""
    return {
        of: read_columns(of, waiting_responses(of).filter(id__gte=first), layout)
        for of, first in waiting.items()
        if first is not None
    }


def summarise_all(parts: Mapping[int, Columns], definition: Definition) -> cubes.Summary:
    """Summarise columns by questionnaire and merge them."""
    squares = definition.layout.squares
    return cubes.merge([summarise(part, definition, of) for of, part in parts.items()], squares)


def pack_tails(tails: Mapping[int, Columns]) -> bytes:
    """Return the tails of a run as one value."""
    parts = []
    for questionnaire, tail in sorted(tails.items()):
        body = stored.to_bytes(tail)
        parts.append(questionnaire.to_bytes(8, "little") + len(body).to_bytes(8, "little") + body)
    return b"".join(parts)


def unpack_tails(packed: bytes | memoryview) -> dict[int, Columns]:
    """Return the tails that `pack_tails` was given."""
    view, place, tails = memoryview(packed), 0, {}
    while place < len(view):
        questionnaire, size = (int.from_bytes(view[place + at : place + at + 8], "little") for at in (0, 8))
        tails[questionnaire] = stored.from_bytes(view[place + 16 : place + 16 + size])
        place += 16 + size
    return tails
