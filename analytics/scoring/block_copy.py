"""The bytes of blocks as COPY sends them in its binary form: not as a text of digits twice as long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from django.db import connection

from analytics.scoring.models import Block

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_HEADER_SIZE: Final = len(_SIGNATURE) + 8
_NO_MORE_ROWS: Final = b"\xff\xff"


class _Sent(list[bytes]):
    """What the server sends, row by row, as it came: a buffer of bytes would copy all of it once more."""

    def write(self, row: bytes) -> None:
        """Take one row."""
        self.append(row)


def contents_of(blocks: Sequence[Block]) -> dict[int, bytes | memoryview]:
    """Return the stored bytes of some blocks by id, fetched at once; empty where they have been dropped."""
    if connection.vendor != "postgresql":
        return {block.pk: bytes(block.columns) for block in blocks}
    held = Block.objects.filter(id__in=[block.pk for block in blocks]).values_list("id", "columns")
    query, values = held.query.sql_with_params()
    sent = _Sent()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY ({cursor.mogrify(query, values).decode()}) TO STDOUT BINARY", sent)
    return {int.from_bytes(number, "big"): content for number, content in _rows(sent)}


def _rows(sent: Iterable[bytes]) -> Iterator[tuple[memoryview, ...]]:
    """Yield the fields of each row (see the documentation of COPY, binary format)."""
    for row in sent:
        view = memoryview(row)
        if row.startswith(_SIGNATURE):
            # Before the first row: flags, and an extension of the length given here.
            view = view[_HEADER_SIZE + int.from_bytes(view[_HEADER_SIZE - 4 : _HEADER_SIZE], "big") :]
        if bytes(view[:2]) not in (b"", _NO_MORE_ROWS):
            yield tuple(_fields(view))


def _fields(row: memoryview) -> Iterator[memoryview]:
    """The number of fields, then each with its size before it; none is NULL."""
    place = 2
    for _ in range(int.from_bytes(row[:2], "big")):
        size = int.from_bytes(row[place : place + 4], "big")
        yield row[place + 4 : place + 4 + size]
        place += 4 + size
