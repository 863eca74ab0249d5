"""The web server and the workers as they run in production, on the test database."""

from __future__ import annotations

import contextlib
import os
import sys
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection

from tests.services.processes import Service, free_port


def database_url() -> str:
    """The address of the test database, for child processes."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(connection.settings_dict['NAME'])}").geturl()


def child_environment(**extra: str) -> dict[str, str]:
    """What a child needs to work on the same database, queue and mailbox."""
    return {
        "DJANGO_SETTINGS_MODULE": "csat.settings.test",
        "DATABASE_URL": database_url(),
        "CSAT_NO_BOOTSTRAP": "1",
        "TEST_SERVER": "yes",
        **extra,
    }


class WebServer:
    """gunicorn with two processes' worth of threads; `url` has no slash at its end."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.env = env
        self.port = free_port()
        self.service: Service | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, workers: int = 1) -> None:
        """Start, or start again on the same port."""
        self.service = Service(
            [sys.executable, "-m", "gunicorn", "csat.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", str(workers),
             "--threads", "8", "--graceful-timeout", "2", "--no-control-socket", "--config", "gunicorn.conf.py"],
            log=self.folder / f"web-{self.port}.log",
            env=child_environment(PROCESS_KIND="web", SITE_URL=self.url, **self.env),
        )
        self.service.wait_until(self.answers, what="the web server answers")

    def answers(self) -> bool:
        """Whether this server serves; what is left of a killed one may still take and reset a connection."""
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=30) as reply:
            return bool(reply.status == 200)
        return False

    @property
    def output(self) -> str:
        assert self.service
        return self.service.output

    def kill(self) -> None:
        if self.service:
            self.service.kill()
            self.service = None

    def stop(self) -> None:
        if self.service:
            self.service.stop()
            self.service = None


class Worker(Service):
    """A real `celery worker`; `kill()` is kill -9 for it and its children."""

    def __init__(self, folder: Path, number: int, *, queues: str = "default,mail,scoring", processes: int = 1,
                 beat: bool = False, wait: bool = True, **env: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "csat", "worker", "-l", "INFO", "-Q", queues, "-c", str(processes),
                   "-n", f"w{number}@suite", "--without-gossip", "--without-mingle"]
        if beat:
            command += ["-B", "-s", str(folder / f"beat-{number}")]
        env = {"PROCESS_KIND": "worker", "SITE_URL": settings.SITE_URL, **env}
        super().__init__(command, log=folder / f"worker-{number}.log", env=child_environment(**env))
        if wait:
            self.wait_until(lambda: "ready" in self.output, what="the worker is ready")
