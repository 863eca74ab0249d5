"""Servers that somebody else runs, behind a line that fails on demand.

What such a server is told to do it would do to everybody, so nothing here stops, configures or empties it
as a whole. The product is given the address of a proxy instead, and the faults are those of the line.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import psycopg2
import redis

from tests.services.postgres import PostgresServer
from tests.services.proxy import Proxy
from tests.services.redis_server import RedisServer

OLDEST_POSTGRES = 15
OURS = re.compile(rb"csat:|_kombu\.|(unacked|unacked_index|unacked_mutex|default|mail|scoring)$")
"""The keys that the suite may have left behind when it was killed."""


class NamedServerError(Exception):
    """The suite cannot work with this server; the message says what to change."""


def led_to(parts: SplitResult, host: str, port: int) -> str:
    """The same address with another host and port; user and password stay as they are spelt."""
    user, at, _host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{f'[{host}]' if ':' in host else host}:{port}").geturl()


class NamedPostgres(PostgresServer):
    """A database server that the suite was pointed at; `stop` and `crash` cut the lines to it and refuse new ones.

    A statement under way goes on in the server and may still commit: no reply tells. That is harder on the
    product than a real stop, which would have rolled it back.
    """

    def __init__(self, url: str) -> None:
        check_rights(url)
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        folder, host, port = options.pop("host", ""), parts.hostname or "127.0.0.1", parts.port or 5432
        self.proxy = Proxy(str(PurePosixPath(folder) / f".s.PGSQL.{port}") if folder else (host, port))
        self.port = self.proxy.port
        # Certificates are still compared with the host's own name.
        query = urlencode({**options, "hostaddr": "127.0.0.1"})
        self.address = led_to(parts._replace(query=query), host, self.port)

    @property
    def url(self) -> str:
        return self.address

    def start(self) -> None:
        self.proxy.heal()

    def stop(self) -> None:
        self.proxy.refuse()

    def crash(self) -> None:
        self.proxy.refuse()

    def close(self) -> None:
        self.proxy.close()


def check_rights(url: str) -> None:
    """Raise NamedServerError where the suite could not make its database there."""
    parts, line = urlsplit(url), None
    for name in ("/postgres", parts.path):
        try:
            line = psycopg2.connect(parts._replace(path=name).geturl(), connect_timeout=5)
            break
        except psycopg2.OperationalError as error:
            said = error
    if line is None:
        raise NamedServerError(f"CSAT_TEST_DATABASE_URL names a PostgreSQL that does not let the suite in: {said}".strip())
    with contextlib.closing(line), line.cursor() as cursor:
        cursor.execute("SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        role, may_create = cursor.fetchone()
    if line.server_version < OLDEST_POSTGRES * 10_000:
        raise NamedServerError(f"CSAT_TEST_DATABASE_URL names a PostgreSQL older than {OLDEST_POSTGRES}.")
    if not may_create:
        raise NamedServerError(f"The suite makes a database of its own: let it, by ALTER ROLE {role} CREATEDB.")


class NamedRedis(RedisServer):
    """A Redis that the suite was pointed at; it uses the database named and the next one, and empties these two.

    Raises NamedServerError where one of them holds what the suite cannot have put there.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "redis":
            raise NamedServerError("CSAT_TEST_REDIS_URL must begin with redis://; the suite's own line to it has no TLS.")
        for one in two_databases(parts):
            check_is_free(one)
        self.proxy = Proxy((parts.hostname or "127.0.0.1", parts.port or 6379))
        self.port = self.proxy.port
        self.parts = urlsplit(led_to(parts, "127.0.0.1", self.port))
        self.heal()

    @property
    def urls(self) -> tuple[str, str]:
        return two_databases(self.parts)

    def start(self) -> None:
        self.proxy.heal()

    def stop(self) -> None:
        self.proxy.refuse()

    def freeze(self) -> None:
        self.proxy.freeze()

    def thaw(self) -> None:
        self.proxy.thaw()

    def close(self) -> None:
        self.heal()
        self.proxy.close()


def two_databases(parts: SplitResult) -> tuple[str, str]:
    """The database that an address names, and the next one."""
    first = int(parts.path.strip("/") or 0)
    return parts._replace(path=f"/{first}").geturl(), parts._replace(path=f"/{first + 1}").geturl()


def check_is_free(url: str) -> None:
    """Raise NamedServerError where somebody else has put a key into a database, or nobody can be asked."""
    try:
        keys = redis.Redis.from_url(url, socket_timeout=5).scan_iter(count=1000)
        theirs = next((key.decode(errors="replace") for key in keys if not OURS.match(key)), None)
    except redis.RedisError as error:
        raise NamedServerError(f"CSAT_TEST_REDIS_URL names a Redis that cannot be used: {error}") from None
    if theirs is not None:
        raise NamedServerError(
            f"Redis database {urlsplit(url).path.strip('/')} holds {theirs!r}, which is not the suite's. The suite empties "
            "the database that CSAT_TEST_REDIS_URL names and the next one: name two that nobody uses."
        )
