"""One computation of a thing at a time, across processes, ended by the death of the one that has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def held(name: str, *, waits: bool = False) -> Iterator[bool]:
    """Hold the lock of a name and tell whether it was got.

    On PostgreSQL a session's advisory lock: it ends with the connection, so a killed worker blocks
    nobody. On SQLite nothing is needed: a writing transaction excludes every other one.
    """
    if connection.vendor != "postgresql":
        yield True
        return
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
    is_got = _ask("SELECT pg_advisory_lock(%s) IS NOT NULL" if waits else "SELECT pg_try_advisory_lock(%s)", key)
    try:
        yield is_got
    finally:
        if is_got:
            _ask("SELECT pg_advisory_unlock(%s)", key)


@contextmanager
def snapshot() -> Iterator[None]:
    """Run in one transaction that sees one state of the database from its first to its last query."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _ask(query: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [key])
        row = cursor.fetchone()
    return bool(row and row[0])
