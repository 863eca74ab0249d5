"""Production refuses to start half-configured: web, worker and beat alike."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.processes import Service, free_port
from tests.services.redis_server import RedisServer

ROOT = Path(__file__).resolve().parents[2]
GOOD_KEY = "t7Jq0vYw3nXz8LkR2mPc5HsD9bFg4TaV6yEuN1oQiWxZjKpM"[:48] + "Gh8"


def example(name: str) -> str:
    found = re.search(rf"^{name}=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def queue() -> Iterator[RedisServer]:
    """A Redis set up as for production, with a password; nobody else's, since tests change its settings."""
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def evicting(queue: RedisServer) -> Iterator[None]:
    """The queue's Redis drops keys when memory is short."""
    queue.client.config_set("maxmemory-policy", "allkeys-lru")
    yield
    queue.client.config_set("maxmemory-policy", "noeviction")


@pytest.fixture
def good(queue: RedisServer, tmp_path: Path) -> dict[str, str]:
    """A production that starts; each test spoils one thing."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "csat.settings.production",
        "CSAT_NO_BOOTSTRAP": "1",
        "SECRET_KEY": GOOD_KEY,
        "SITE_URL": "https://survey.example.com",
        "DATABASE_URL": "postgresql://csat:k3Lw9@127.0.0.1:1/csat",
        "REDIS_URL": queue.url,
        "VAR_DIR": str(tmp_path),
        "EMAIL_URL": "smtp+tls://u:p@127.0.0.1:587",
    }


COMMANDS = {
    "web": ["gunicorn", "csat.wsgi", "--bind", f"127.0.0.1:{free_port()}", "--no-control-socket"],
    "worker": ["celery", "-A", "csat", "worker", "-c", "1"],
    "beat": ["celery", "-A", "csat", "beat", "--pidfile="],
    "command": ["django", "check"],
}

VERBOSE = {"web": [], "worker": ["-l", "INFO"], "beat": ["-l", "INFO"]}


def start(kind: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *COMMANDS[kind]], cwd=ROOT, env=env, capture_output=True, text=True, timeout=240
    )


BAD = [
    ("SECRET_KEY", "", "SECRET_KEY is missing"),
    ("SECRET_KEY", "changeme", "SECRET_KEY is missing"),
    ("SECRET_KEY", "django-insecure-" + GOOD_KEY, "SECRET_KEY is missing"),
    ("SECRET_KEY", "x" * 64, "SECRET_KEY is missing"),
    ("SECRET_KEY", example("SECRET_KEY"), "SECRET_KEY is missing"),
    ("DEBUG", "yes", "DEBUG is on"),
    ("ALLOWED_HOSTS", "*", "wildcard"),
    ("ALLOWED_HOSTS", ".example.com", "wildcard"),
    ("SITE_URL", "http://survey.example.com", "SITE_URL must begin with https"),
    ("DATABASE_URL", "postgresql://csat@127.0.0.1/csat", "DATABASE_URL must name"),
    ("DATABASE_URL", "sqlite:///x.sqlite3", "DATABASE_URL must name"),
    ("DATABASE_URL", example("DATABASE_URL"), "DATABASE_URL must name"),
    ("REDIS_URL", "redis://127.0.0.1:1/0", "REDIS_URL must name"),
    ("REDIS_URL", "", "REDIS_URL must name"),
]


class TestProduction:
    @pytest.mark.parametrize(("name", "value", "reason"), BAD)
    def test_refuses_a_bad_setting(self, good: dict[str, str], name: str, value: str, reason: str) -> None:
        done = start("command", {**good, name: value})
        assert done.returncode != 0
        assert reason in done.stderr, done.stderr

    @pytest.mark.parametrize("kind", ["web", "worker", "beat"])
    def test_refuses_in_every_kind_of_process(self, good: dict[str, str], kind: str) -> None:
        done = start(kind, {**good, "SECRET_KEY": "changeme"})
        assert done.returncode != 0
        assert "SECRET_KEY is missing, short or publicly known" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("kind", ["web", "worker", "beat"])
    def test_refuses_a_redis_that_evicts(self, good: dict[str, str], evicting: None, kind: str) -> None:
        done = start(kind, good)
        assert done.returncode != 0
        assert "maxmemory-policy is allkeys-lru" in done.stderr

    def test_starts_when_all_is_well(self, good: dict[str, str]) -> None:
        assert start("command", good).returncode == 0

    def test_starts_while_redis_is_down(self, good: dict[str, str]) -> None:
        assert start("command", {**good, "REDIS_URL": "redis://:k3Lw9@127.0.0.1:1/0"}).returncode == 0

    def test_has_nothing_left_to_harden(self, good: dict[str, str]) -> None:
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        done = subprocess.run(command, cwd=ROOT, env=good, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(("kind", "sign"), [("web", "Booting worker"), ("worker", " ready."), ("beat", "beat: Starting")])
    def test_runs_every_kind_of_process(self, good: dict[str, str], tmp_path: Path, kind: str, sign: str) -> None:
        service = Service([sys.executable, "-m", *COMMANDS[kind], *VERBOSE[kind]], log=tmp_path / "log", env=good)
        service.wait_until(lambda: sign in service.output, what=f"{kind} runs")
        assert service.is_running()
        service.stop()
