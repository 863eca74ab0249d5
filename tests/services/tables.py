"""Empties the tables after a test that commits.

Django would TRUNCATE them all, and each table, index and overflow table then gets a new file: that takes
longer than most of the tests do. A few rows are deleted in a thousandth of the time.
"""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

KEPT = {ContentType._meta.db_table, Permission._meta.db_table}
"""What migrations fill and no test changes."""
MANY_BYTES = 1_000_000
"""From this size on a new file is quicker than deleting row by row."""


def empty_tables() -> None:
    """Wait for everybody who still writes, then leave no row in any table of the product."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {listed(table_names())} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(
            "SELECT relname, pg_table_size(oid) FROM pg_class WHERE oid = ANY(%s::regclass[]) AND pg_relation_size(oid) > 0",
            [[quoted(name) for name in table_names()]],
        )
        sizes = dict(cursor.fetchall())
        if big := [name for name, size in sizes.items() if size > MANY_BYTES]:
            cursor.execute(f"TRUNCATE {listed(big)} CASCADE")
        # References are looked at when the transaction ends, so any order will do.
        cursor.execute(";".join(f"DELETE FROM {quoted(name)}" for name in sizes) or "SELECT 1")


def table_names() -> list[str]:
    models = apps.get_models(include_auto_created=True)
    return sorted({model._meta.db_table for model in models if model._meta.managed} - KEPT)


def listed(names: list[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)
