"""Servers that somebody else runs, behind a line that fails on demand.

What such a server is told to do it would do to everybody, so nothing here stops, configures or empties it
as a whole. The product is given the address of a proxy instead, and the faults are those of the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

import redis

from tests.services.postgres import PostgresServer
from tests.services.proxy import Address, Proxy
from tests.services.redis_server import RedisServer

OURS = (b"csat:", b"_kombu.", b"unacked", b"default", b"mail", b"scoring")
"""How every key begins that the suite may have left behind when it was killed."""


class NamedServerError(Exception):
    """The suite cannot work with this server; the message says what to change."""


def through(parts: SplitResult, port: int) -> SplitResult:
    """The same address with its line led over a port of this machine; user and password stay as they are spelt."""
    user, at, _host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}127.0.0.1:{port}")


class NamedPostgres(PostgresServer):
    """A database server that the suite was pointed at; `stop` and `crash` cut the lines to it and refuse new ones.

    A statement under way goes on in the server and may still commit: no reply tells. That is harder on the
    product than a real stop, which would have rolled it back.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        folder = options.pop("host", "")
        port = parts.port or 5432
        target: Address = (parts.hostname or "127.0.0.1", port)
        if folder:
            target = str(PurePosixPath(folder) / f".s.PGSQL.{port}")
        self.proxy = Proxy(target)
        self.port = self.proxy.port
        self.address = through(parts, self.port)._replace(query=urlencode(options)).geturl()

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


class NamedRedis(RedisServer):
    """A Redis that the suite was pointed at; it uses the database named and the next one, and empties these two.

    Raises NamedServerError where one of them holds what the suite cannot have put there.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "redis":
            raise NamedServerError("CSAT_TEST_REDIS_URL must begin with redis://; the suite's own line to it has no TLS.")
        self.first = int(parts.path.strip("/") or 0)
        self.proxy = Proxy((parts.hostname or "127.0.0.1", parts.port or 6379))
        self.port = self.proxy.port
        self.password = unquote(parts.password or "")
        self.parts = through(parts, self.port)
        self.spare_others()
        self.heal()

    @property
    def urls(self) -> tuple[str, str]:
        queue, cache = (self.parts._replace(path=f"/{number}").geturl() for number in (self.first, self.first + 1))
        return queue, cache

    def spare_others(self) -> None:
        """Refuse to empty a database that holds other people's keys."""
        for number, url in enumerate(self.urls, self.first):
            for key in self.foreign_keys(url):
                self.close()
                raise NamedServerError(
                    f"Redis database {number} holds {key.decode(errors='replace')!r}, which is not the suite's. The suite "
                    f"empties the database that CSAT_TEST_REDIS_URL names and the next one: name two that nobody uses."
                )

    def foreign_keys(self, url: str) -> Iterator[bytes]:
        try:
            yield from (key for key in redis.Redis.from_url(url).scan_iter(count=1000) if not key.startswith(OURS))
        except redis.RedisError as error:
            self.close()
            raise NamedServerError(f"CSAT_TEST_REDIS_URL names a Redis that cannot be used: {error}") from None

    def start(self) -> None:
        self.proxy.heal()

    def stop(self) -> None:
        self.proxy.refuse()

    def freeze(self) -> None:
        self.proxy.freeze()

    def thaw(self) -> None:
        self.proxy.thaw()

    def close(self) -> None:
        self.proxy.close()
