"""Insert many rows fast: COPY where the database is PostgreSQL, bulk_create elsewhere.

A hundred thousand rows through model instances take about eight seconds, most of them spent on
Python objects; through COPY about one. No statement takes more than some thousands of rows, foreign
keys included, so that a limit on the time of one statement is never a limit on the length of a file.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import IntegrityError, connection, models, transaction
from django.db.backends.utils import CursorWrapper

ROWS_AT_ONCE: Final = 5000
SPECIAL: Final = re.compile(r"[\\\t\n\r]")
ESCAPES: Final = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
JSON: Final = json.JSONEncoder(ensure_ascii=False)


class JsonText(str):
    """A value of a JSON column that is written already, as the database gives it: `Cast(…, TextField())`."""

    __slots__ = ()


def insert_rows(
    *, model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]],
    same: Mapping[str, Any] | None = None, skip_known: bool = False,
) -> int:
    """Insert rows given as values of `fields`. Returns how many were given.

    `same` holds the fields that all rows share; other fields get their defaults. With `skip_known` a row
    that breaks a unique constraint is left out. Runs inside the caller's transaction.
    """
    shared = same or {}
    if connection.vendor == "postgresql":
        return _copy(model, fields, rows, shared, skip_known)
    given = 0
    todo = (dict(zip(fields, map(_decoded, row), strict=True)) for row in rows)
    while chunk := [model(**shared, **values) for values in islice(todo, ROWS_AT_ONCE)]:
        model._default_manager.bulk_create(chunk, batch_size=500, ignore_conflicts=skip_known)
        given += len(chunk)
    return given


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, JsonText) else value


def _copy(
    model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]], shared: Mapping[str, Any],
    skip_known: bool,
) -> int:
    columns, end = _columns(model, fields, shared)
    lines, given = _lines(model, fields, rows, end), 0
    with connection.cursor() as cursor:
        # Else all rows' foreign keys are looked up in the one statement that commits.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        write = _copy_new if skip_known else _copy_all
        while chunk := list(islice(lines, ROWS_AT_ONCE)):
            write(cursor, connection.ops.quote_name(model._meta.db_table), columns, "".join(chunk))
            given += len(chunk)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return given


def _copy_all(cursor: CursorWrapper, table: str, columns: str, lines: str) -> None:
    with connection.wrap_database_errors:  # Django does not do it for this method
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(lines))


def _copy_new(cursor: CursorWrapper, table: str, columns: str, lines: str) -> None:
    """Copy as if all rows were new, which they nearly always are; else leave out those that are known."""
    try:
        with transaction.atomic():
            _copy_all(cursor, table, columns, lines)
    except IntegrityError:
        _copy_unknown(cursor, table, columns, lines)


def _copy_unknown(cursor: CursorWrapper, table: str, columns: str, lines: str) -> None:
    cursor.execute(  # names come from the model only
        f"CREATE TEMPORARY TABLE rows_to_insert ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"  # noqa: S608
    )
    _copy_all(cursor, "rows_to_insert", columns, lines)
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM rows_to_insert ON CONFLICT DO NOTHING"  # noqa: S608
    )
    cursor.execute("DROP TABLE rows_to_insert")


def _columns(model: type[models.Model], fields: Sequence[str], shared: Mapping[str, Any]) -> tuple[str, str]:
    """Return the columns in order, and the line end with what all rows share."""
    by_name = _by_name(model)
    others = [f for name, f in by_name.items() if name not in fields and not f.primary_key]
    ends = [_cell(shared[f.attname] if f.attname in shared else f.get_default()) for f in others]
    names = [connection.ops.quote_name(str(f.column)) for f in [*(by_name[name] for name in fields), *others]]
    return ", ".join(names), "".join(f"\t{end}" for end in ends) + "\n"


def _by_name(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    return {field.attname: field for field in model._meta.concrete_fields}


def _lines(
    model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]], end: str
) -> Iterator[str]:
    by_name = _by_name(model)
    writers = [_writer(by_name[name]) for name in fields]
    return ("\t".join([write(value) for write, value in zip(writers, row, strict=True)]) + end for row in rows)


def _writer(field: models.Field[Any, Any]) -> Callable[[Any], str]:
    """Return what writes this field's values: to look at each value's type takes as long as to write it."""
    for kinds, write in WRITERS:
        if isinstance(field, kinds) and not (field.null and write is not _number):
            return write
    return _cell


def _number(value: int | None) -> str:
    return r"\N" if value is None else str(value)


def _binary(value: bytes) -> str:
    return rf"\\x{value.hex()}"


def _text(value: str) -> str:
    return SPECIAL.sub(_escaped, value)


def _escaped(found: re.Match[str]) -> str:
    return ESCAPES[found.group()]


def _json(value: Any) -> str:
    return _text(value if isinstance(value, JsonText) else JSON.encode(value))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (dict, list)):
        return _json(value)
    if isinstance(value, bytes):
        return _binary(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


WRITERS: Final[tuple[tuple[tuple[type[models.Field[Any, Any]], ...], Callable[[Any], str]], ...]] = (
    ((models.JSONField,), _json),
    ((models.CharField, models.TextField), _text),
    ((models.ForeignKey, models.IntegerField), _number),
    ((models.BinaryField,), _binary),
)
