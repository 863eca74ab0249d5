"""What is installed and vendored is what was reviewed."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("base", "test", "uv")


def packages(lines: list[str]) -> set[str]:
    """Names of packages in lines such as `django==5.2 ; marker` or `celery[redis]>=5`."""
    names = (re.match(r"[A-Za-z0-9._-]+", line.strip()) for line in lines if line.strip() and line[0] not in "#- ")
    return {name[0].lower() for name in names if name}


class TestRequirements:
    @pytest.mark.parametrize("group", GROUPS)
    def test_pin_every_package_by_hash(self, group: str) -> None:
        text = (ROOT / f"requirements/{group}.txt").read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if re.match(r"[a-z]", line)]
        assert lines
        assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []

    @pytest.mark.parametrize("group", GROUPS)
    def test_name_no_host(self, group: str) -> None:
        for suffix in ("in", "txt"):
            assert "://" not in (ROOT / f"requirements/{group}.{suffix}").read_text()

    def test_are_those_that_the_project_declares(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        declared = {"base": project["project"]["dependencies"], "test": project["dependency-groups"]["test"]}
        for group, lines in declared.items():
            assert packages(lines) == packages((ROOT / f"requirements/{group}.in").read_text().splitlines())

    def test_have_a_reason_each(self) -> None:
        text = (ROOT / "pyproject.toml").read_text()
        block = text[text.index("dependencies = [") : text.index("[tool.pytest")]
        assert [line for line in block.splitlines() if line.strip().startswith('"') and "#" not in line] == []


class TestVendoredTestFiles:
    def test_are_the_files_that_were_taken(self) -> None:
        vendor = ROOT / "tests/vendor"
        sums = dict(reversed(line.split()) for line in (vendor / "SHA256SUMS").read_text().splitlines())
        found = {str(p.relative_to(vendor)): hashlib.sha256(p.read_bytes()).hexdigest()
                 for p in vendor.rglob("*") if p.is_file() and p.name != "SHA256SUMS"}
        assert found == sums
