"""From a machine with only Python to a running product."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import polib
import pytest

from csat import bootstrap
from csat.catalogues import compile_catalogues
from tests.services.processes import Service, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]


class TestAnOldPython:
    def test_is_refused_in_one_sentence(self) -> None:
        with pytest.raises(SystemExit) as stop:
            bootstrap.check_python((3, 9))
        assert str(stop.value).startswith("Python 3.11 or newer is needed; this is Python 3.9.")

    def test_is_refused_by_manage_before_newer_syntax_is_met(self) -> None:
        source = (ROOT / "manage.py").read_text()
        assert source.index("version_info < (3, 11)") < source.index("from csat.bootstrap")
        assert not re.search(r'\bf"', source)


class TestTheEnvironment:
    def test_is_current_until_the_requirements_change(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "base.txt").write_text("one")
        (tmp_path / "test.txt").write_text("two")
        monkeypatch.setattr(bootstrap, "REQUIREMENTS", tmp_path)
        venv = tmp_path / "venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").touch()
        assert not bootstrap.is_current(venv, "base")
        bootstrap.stamp_path(venv, "test").write_text(bootstrap.stamp_for("test"))
        assert bootstrap.is_current(venv, "base")
        (tmp_path / "test.txt").write_text("three")
        assert not bootstrap.is_current(venv, "base")

    def test_needs_only_the_standard_library(self) -> None:
        done = subprocess.run([sys.executable, "-S", "-c", "import csat.bootstrap"], cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr

    def test_lets_python_keep_its_bytecode(self) -> None:
        code = ("import os, sys, csat.bootstrap as b; b.enter_environment(['manage.py']);"
                "print('PYTHONDONTWRITEBYTECODE' in os.environ, sys.dont_write_bytecode)")
        env = {"CSAT_NO_BOOTSTRAP": "1", "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""}
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.stdout.split() == ["False", "False"]


class TestCatalogues:
    def test_are_compiled_when_newer_and_only_then(self, tmp_path: Path) -> None:
        folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "django.po").write_text(
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Run"\nmsgstr "计算批次"\n'
        )
        assert len(compile_catalogues(tmp_path)) == 1
        assert polib.mofile(str(folder / "django.mo")).find("Run").msgstr == "计算批次"
        assert compile_catalogues(tmp_path) == []


@pytest.fixture
def demo_environment(tmp_path: Path) -> dict[str, str]:
    names = ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE")
    for name in names:
        assert name in os.environ or name == "DJANGO_SETTINGS_MODULE"
    return {**dict.fromkeys(names, ""), "DJANGO_SETTINGS_MODULE": "csat.settings.demo", "VAR_DIR": str(tmp_path / "var"),
            "CSAT_NO_BOOTSTRAP": "1"}


class TestTheDemo:
    def test_starts_serves_and_stops_cleanly(self, tmp_path: Path, demo_environment: dict[str, str]) -> None:
        port = free_port()
        demo = Service([sys.executable, "manage.py", "demo", "--port", str(port)], log=tmp_path / "log", env=demo_environment)
        try:
            demo.wait_until(lambda: "Manager login: " in demo.output, what="the demo is ready", seconds=120)
            assert f"Ready: http://127.0.0.1:{port}/\n" in demo.output
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as reply:
                assert reply.status == 200
            login = re.search(r"^Staff login: (\S+) / (\S+)$", demo.output, re.MULTILINE)
            assert login is not None
            staff = signed_in(f"http://127.0.0.1:{port}", *login.groups())
            for page in ("/overview/", "/overview/change/", "/weighting/", "/comments/"):
                with staff.open(f"http://127.0.0.1:{port}{page}") as reply:
                    assert reply.status == 200 and reply.geturl().endswith(page)
            assert count_of_women(demo_environment) == (4226, 0)
            children = children_of(demo.pid)
            assert len(children) >= 2
            assert demo.stop(signal.SIGINT, seconds=90) == 0
            wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), what="all parts have ended")
        finally:
            if demo.is_running():
                demo.stop()

    def test_ends_with_an_error_when_a_part_dies(self, tmp_path: Path, demo_environment: dict[str, str]) -> None:
        demo = Service(
            [sys.executable, "manage.py", "demo", "--port", str(free_port())], log=tmp_path / "log", env=demo_environment
        )
        try:
            demo.wait_until(lambda: "Manager login: " in demo.output, what="the demo is ready", seconds=120)
            worker = next(pid for pid in children_of(demo.pid) if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes())
            os.kill(worker, signal.SIGKILL)
            assert demo.process.wait(120) != 0
            assert "The worker has ended unexpectedly." in demo.output
        finally:
            demo.kill()

    def test_says_which_port_is_taken(self, demo_environment: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = subprocess.run(
                [sys.executable, "manage.py", "demo", "--port", str(port)], cwd=ROOT, capture_output=True, text=True,
                env={**os.environ, **demo_environment},
            )
        assert done.returncode != 0
        assert f"Port {port} is taken by another program." in done.stderr
        assert "Traceback" not in done.stderr


def count_of_women(environment: dict[str, str]) -> tuple[int, int]:
    """Count the answers that a key may read which is limited to one group, and to one that nobody is of."""
    code = """
from accounts.access import Actor
from surveys.answering.access import responses_for
from surveys.answering.models import Response
team = Response.objects.first().team
for level in ("female", "nobody"):
    print(responses_for(Actor(team=team, role="manager", scope={"gender": [level]})).count())
"""
    done = subprocess.run([sys.executable, "manage.py", "shell", "-v", "0", "-c", code], cwd=ROOT, check=True,
                          env={**os.environ, **environment}, capture_output=True, text=True)
    some, none = map(int, done.stdout.split())
    return some, none


def signed_in(site: str, email: str, password: str) -> urllib.request.OpenerDirector:
    """A visitor who has signed in by the form, with cookies of their own."""
    visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    address = f"{site}/account/sign-in/"
    with visitor.open(address) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    assert token is not None
    fields = {"csrfmiddlewaretoken": token[1], "email": email, "password": password}
    visitor.open(urllib.request.Request(address, urlencode(fields).encode(), {"Referer": address})).close()
    return visitor


def children_of(pid: int) -> list[int]:
    """Process ids of the direct children."""
    return [int(part) for part in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
