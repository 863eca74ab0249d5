"""Types and lint, by the tools that everybody runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True)


class TestTheCode:
    def test_is_fully_typed(self) -> None:
        done = run("mypy", "accounts", "surveys", "analytics", "csat", "manage.py")
        assert done.returncode == 0, done.stdout + done.stderr

    def test_is_free_of_lint(self) -> None:
        done = run("ruff", "check", ".", "--output-format", "concise")
        assert done.returncode == 0, done.stdout

    def test_is_looked_at_with_strict_eyes(self, tmp_path: Path) -> None:
        (tmp_path / "loose.py").write_text("import os\ndef f(x): return x\n")
        config = str(ROOT / "pyproject.toml")
        assert run("ruff", "check", "--config", config, "loose.py", cwd=tmp_path).returncode != 0
        assert run("mypy", "--strict", "loose.py", cwd=tmp_path).returncode != 0
