"""The direction of imports, proved by the tool, and proof that the tool would object."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("csat", "analytics", "surveys", "accounts")
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

BROKEN = [
    ("accounts/models.py", "import surveys.models", "Rooms look one way"),
    ("surveys/models.py", "import analytics.models", "Rooms look one way"),
    ("surveys/design/models.py", "import surveys.sending.models", "Inside surveys"),
    ("surveys/contacts/models.py", "import surveys.design.models", "Inside surveys"),
    ("analytics/scoring/models.py", "import analytics.dashboards.models", "Inside analytics"),
    ("analytics/methods/__init__.py", "import pandas", "The numeric core"),
    ("analytics/methods/__init__.py", "import django.db", "The numeric core"),
    ("surveys/sending/services.py", "import surveys.sending.tasks", "Services never import tasks"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"], cwd=folder, capture_output=True, text=True,
        env={"PYTHONPATH": str(folder), "PATH": ""},
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the rooms that a test may spoil."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


class TestTheHouse:
    def test_looks_one_way(self) -> None:
        done = lint(ROOT)
        assert done.returncode == 0, done.stdout + done.stderr

    @pytest.mark.parametrize(("file", "line", "contract"), BROKEN)
    def test_is_guarded_against_a_wrong_import(self, copy: Path, file: str, line: str, contract: str) -> None:
        for touched in (copy / "surveys/sending/tasks.py", copy / file):
            touched.touch()
        with (copy / file).open("a") as module:
            module.write(f"\n{line}\n")
        done = lint(copy)
        assert done.returncode != 0
        assert f"{contract}" in done.stdout
        assert "BROKEN" in done.stdout

    def test_has_no_cellar_for_odds_and_ends(self) -> None:
        names = {"utils.py", "helpers.py", "common", "core", "utils", "helpers"}
        found = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.name in names]
        assert found == []
