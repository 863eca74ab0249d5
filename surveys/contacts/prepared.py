"""Statements that PostgreSQL plans once for each connection instead of once for each request.

To plan a join of five tables takes five times as long as to execute it, and the same statement is planned
for every view of an answer page. A plan lives as long as its connection does; wherever it is missing (a
new connection, a pooler that gives each transaction another server) the statement is simply planned anew.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

EXISTS: Final = "42P05"
GONE: Final = frozenset({"26000", "0A000"})
"""The plan is not there, or a migration has changed what it returns."""


class Prepared:
    """A statement with parameters: `{name}` in `sql`, whose types `types` tells by name, in order."""

    def __init__(self, sql: str, types: Mapping[str, str]) -> None:
        self.names = tuple(types)
        self.direct = sql.format(**{name: f"%({name})s::{kind}" for name, kind in types.items()})
        planned = sql.format(**{name: f"${place}" for place, name in enumerate(self.names, start=1)})
        # Of its text: the plan of an older release that a pooler has kept must not answer for this one.
        plan = f"csat_{sha256(planned.encode()).hexdigest()[:24]}"
        self.order = f"PREPARE {plan} ({', '.join(types.values())}) AS {planned}"
        self.call = f"EXECUTE {plan} ({', '.join(f'%({name})s' for name in self.names)})"
        self.here = threading.local()

    def execute(self, cursor: CursorWrapper, values: Mapping[str, Any]) -> None:
        """Execute on a cursor of the default connection, by its plan where it can be had."""
        try:
            self._prepare(cursor)
            cursor.execute(self.call, values)
        except DatabaseError as error:
            self.here.line = None
            if connection.in_atomic_block or _code(error) not in GONE:
                raise
            cursor.execute(self.direct, values)

    def _prepare(self, cursor: CursorWrapper) -> None:
        if getattr(self.here, "line", None) is connection.connection:
            return
        try:
            with connection.wrap_database_errors:
                cursor.cursor.execute(self.order)
        except DatabaseError as error:
            if connection.in_atomic_block or _code(error) != EXISTS:
                raise
        self.here.line = connection.connection


def _code(error: DatabaseError) -> str:
    """Return the SQLSTATE that the server gave, "" for none."""
    return getattr(error.__cause__, "pgcode", None) or ""
