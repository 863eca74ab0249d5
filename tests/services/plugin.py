"""Starts the servers before Django reads its settings, and puts the tests in a random order.

With `-n` each lane is a process with a PostgreSQL, a Redis and a folder of its own; the first process only hands out tests.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.services.named import NamedPostgres, NamedRedis, NamedServerError
from tests.services.postgres import PostgresServer
from tests.services.processes import free_port
from tests.services.redis_server import RedisServer

SEED = int(os.environ.get("CSAT_TEST_SEED") or random.SystemRandom().randrange(10**6))
NAMED = {"CSAT_TEST_DATABASE_URL", "CSAT_TEST_REDIS_URL"}
"""Servers that somebody else runs: nothing but one lane may have them."""
LANES = {
    # Read before the conftests; the option of pyproject.toml comes too late in a lane.
    "PYTEST_PLUGINS": __name__,
    "CSAT_TEST_SEED": str(SEED),
    # Django wants to read these where no test runs, too.
    "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "CACHE_URL": "redis://127.0.0.1:1/1",
    "TEST_STATIC_ROOT": os.devnull,
    "VAR_DIR": os.devnull,
    "EMAIL_URL": "smtp://127.0.0.1:1",
}
"""What a process that hands out tests says to its lanes and to itself."""
folder = Path(tempfile.mkdtemp(prefix="csat-suite-"))
static_root = folder / "static"
postgres: PostgresServer | None = None
redis: RedisServer | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start PostgreSQL and Redis, or lead to those that the environment names."""
    global postgres, redis
    if hands_out_tests(early_config):
        if NAMED & set(os.environ):
            raise pytest.UsageError(f"Lanes cannot share servers: leave -n out, or {' and '.join(sorted(NAMED & set(os.environ)))}.")
        os.environ |= LANES
        return
    static_root.mkdir()
    # Playwright's loop runs in the thread of the test, where Django would refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        named = os.environ.get("CSAT_TEST_DATABASE_URL")
        postgres = NamedPostgres(named) if named else PostgresServer()
        named = os.environ.get("CSAT_TEST_REDIS_URL")
        redis = NamedRedis(named) if named else RedisServer()
    except NamedServerError as error:
        pytest_unconfigure()
        raise pytest.UsageError(str(error)) from None
    os.environ["DATABASE_URL"] = postgres.url
    os.environ["REDIS_URL"], os.environ["CACHE_URL"] = redis.urls
    os.environ["TEST_STATIC_ROOT"] = str(static_root)
    os.environ["VAR_DIR"] = str(folder)
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{free_port()}"


def hands_out_tests(config: pytest.Config) -> bool:
    """Tell whether this process runs no test itself, since there are lanes."""
    has_lanes = getattr(config.known_args_namespace, "numprocesses", None)
    return bool(has_lanes) and "PYTEST_XDIST_WORKER" not in os.environ


def pytest_report_header() -> str:
    return f"order: CSAT_TEST_SEED={SEED}"


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, Any, Any]:
    """Shuffle, before pytest-django puts the tests that truncate tables last.

    Files, classes in a file and tests in a class: what a class or a file has built is built once.
    """
    rank = random.Random(SEED).random
    ranks: dict[str, float] = {}

    def place(item: pytest.Item) -> tuple[float, ...]:
        parts = item.nodeid.split("::")
        return tuple(ranks.setdefault("::".join(parts[: n + 1]), rank()) for n in range(len(parts)))

    items.sort(key=place)
    return (yield)


def pytest_unconfigure() -> None:
    for server in (postgres, redis):
        if server:
            server.close()
    shutil.rmtree(folder, ignore_errors=True)
