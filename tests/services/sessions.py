"""What the database is doing for others than the test."""

from __future__ import annotations

from django.db import connection


def busy_sessions() -> int:
    """Sessions of others in which the database still works, or waits for the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return int(cursor.fetchone()[0])
