"""The list of faults names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
LIST = TESTS / "faults" / "README.md"
LINE = re.compile(r"^\| .+ \| `(\S+?)::(\S+)` \|$", re.MULTILINE)


def names_in(path: Path) -> set[str]:
    """Return the tests of a file as `Class::test`, or `test` where they stand alone."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else []
        found |= {f"{node.name}::{one.name}" for one in inner if isinstance(one, ast.FunctionDef)}  # type: ignore[attr-defined]
        found |= {node.name} if isinstance(node, ast.FunctionDef) else set()
    return found


class TestTheListOfFaults:
    def test_names_tests_that_exist(self) -> None:
        listed = LINE.findall(LIST.read_text(encoding="utf-8"))
        assert len(listed) > 55
        assert [f"{file}::{name}" for file, name in listed if name not in names_in(TESTS / file)] == []

    def test_holds_no_line_that_is_not_read(self) -> None:
        lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line]
        assert len(lines) == len(LINE.findall(LIST.read_text(encoding="utf-8")))
