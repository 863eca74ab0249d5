"""Start the servers, run each group in a process of its own, and gather the rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.figures import Row, from_json
from tests.services.postgres import PostgresServer, find_home
from tests.services.processes import ROOT, NotInstalledError
from tests.services.redis_server import RedisServer, find_server

GROUPS: Final = ("page", "contacts", "export", "sending", "answering", "scoring", "endurance")
SIZES: Final = (10_000, 100_000, 1_000_000)
HUGE: Final = 10_000_000
# What production would set on a machine of some gigabytes; fsync and synchronous commits stay on.
POSTGRES: Final = ("shared_buffers=512MB", "max_wal_size=4GB", "jit=off")


class GroupFailedError(RuntimeError):
    """A group could not be measured; the message holds what it said."""


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Run PostgreSQL (fsync on) and Redis; yield the environment that leads to them."""
    with ExitStack() as open_ones:
        folder = open_ones.enter_context(tempfile.TemporaryDirectory(prefix="csat-bench-"))
        postgres = PostgresServer(is_safe=True, settings=POSTGRES)
        open_ones.callback(postgres.close)
        redis = RedisServer()
        open_ones.callback(redis.close)
        assert postgres.service and redis.service
        yield {
            "DATABASE_URL": postgres.url, "REDIS_URL": redis.url, "CACHE_URL": redis.url[:-1] + "1",
            "VAR_DIR": folder, "TEST_STATIC_ROOT": str(Path(folder) / "static"), "TEST_SERVER": "yes",
            "DJANGO_SETTINGS_MODULE": "csat.settings.test", "CSAT_NO_BOOTSTRAP": "1", "LOG_LEVEL": "WARNING",
            "BENCH_POSTGRES_PID": str(postgres.service.pid), "BENCH_REDIS_PID": str(redis.service.pid),
            "PROCESS_KIND": "command", "SITE_URL": "http://127.0.0.1",
        }


def run(*, groups: Sequence[str], sizes: Sequence[int], say: Callable[[str], object]) -> list[Row]:
    """Measure groups and return their rows in order.

    Raises GroupFailedError when one cannot be measured, or where there is no server to start.
    """
    try:
        find_home()
        find_server()
    except NotInstalledError as error:
        raise GroupFailedError(f"The benchmarks start servers of their own. {error}") from error
    rows: list[Row] = []
    with services() as env:
        say("preparing the database and the static files")
        _child(env, "prepare", sizes)
        for group in groups:
            say(f"measuring {group}")
            rows += _child({**env, "DATABASE_URL": _own_database(env["DATABASE_URL"], group)}, group, sizes)
    return rows


def _own_database(url: str, group: str) -> str:
    return f"{url.rpartition('/')[0]}/bench_{group}"


def _child(env: dict[str, str], group: str, sizes: Sequence[int]) -> list[Row]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", group, *map(str, sizes)],
        cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True,
    )
    if done.returncode:
        raise GroupFailedError(f"{group} could not be measured:\n{done.stdout[-2000:]}")
    return [from_json(json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]
