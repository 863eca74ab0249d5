"""One group's own process: `python -m benchmarks.child GROUP SIZE…`, rows as JSON lines on its output.

`prepare` makes the tables once, a database for each group from them, and the static files.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module

import django
import psycopg2
from django.core.management import call_command
from django.db import connection

from benchmarks.figures import Row
from benchmarks.runner import GROUPS

Measure = Callable[[Sequence[int]], Iterator[Row]]


def prepare(_sizes: Sequence[int]) -> Iterator[Row]:
    """Make what all groups start from."""
    server, _, name = os.environ["DATABASE_URL"].rpartition("/")
    statements(server, [f"CREATE DATABASE {name}"])
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    connection.close()
    statements(server, [f"CREATE DATABASE bench_{group} TEMPLATE {name}" for group in GROUPS])
    yield from ()


def statements(server: str, orders: Sequence[str]) -> None:
    """Execute statements that want no transaction."""
    line = psycopg2.connect(f"{server}/postgres")
    line.autocommit = True
    with line.cursor() as cursor:
        for order in orders:
            cursor.execute(order)
    line.close()


def measure_of(group: str) -> Measure:
    """Return what measures a group."""
    if group == "prepare":
        return prepare
    found: Measure = import_module(f"benchmarks.{group}").measure
    return found


def main(arguments: Sequence[str]) -> None:
    """Measure one group and write its rows as they come."""
    django.setup()
    group, *sizes = arguments
    for row in measure_of(group)([int(size) for size in sizes]):
        sys.stdout.write(json.dumps(row.as_json()) + "\n")
        sys.stdout.flush()


def server_pids(env: Mapping[str, str] = os.environ) -> list[int]:
    """The servers that work along with whatever is measured."""
    return [int(env["BENCH_POSTGRES_PID"]), int(env["BENCH_REDIS_PID"])]


if __name__ == "__main__":
    main(sys.argv[1:])
