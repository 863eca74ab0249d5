"""Which methods the product uses: found by following names from the rooms into the numeric core."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "analytics" / "methods"
PACKAGE = "analytics.methods"
ROOMS = ("accounts", "surveys", "analytics", "csat")
Name = tuple[str, str]


def imported(tree: ast.Module) -> dict[str, Name]:
    """What a file calls the names it takes from the core: module and name there; a whole module has the name ""."""
    found: dict[str, Name] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGE):
            module = node.module.removeprefix(PACKAGE).strip(".")
            for one in node.names:
                found[one.asname or one.name] = (module, one.name) if module else (one.name, "")
    return found


def uses(tree: ast.AST, known: dict[str, Name]) -> Iterator[Name]:
    """Give the names of the core that stand in a piece of code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and known.get(node.id, ("", ""))[1]:
            yield known[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and known.get(node.value.id, ("", "x"))[1] == "":
            yield known[node.value.id][0], node.attr


def definitions(path: Path) -> Iterator[tuple[Name, set[Name]]]:
    """Give what a module of the core defines, each with the names it uses."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = imported(tree) | {name: (path.stem, name) for node in tree.body for name in names_of(node)}
    for node in tree.body:
        for name in names_of(node):
            yield (path.stem, name), set(uses(node, known))


def names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [one.id for one in targets if isinstance(one, ast.Name)]


@cache
def used_by_the_product() -> frozenset[Name]:
    """Module and name of everything in the core that the rooms reach."""
    known = dict(pair for path in CORE.glob("*.py") for pair in definitions(path))
    waiting: list[Name] = []
    for path in (file for room in ROOMS for file in (ROOT / room).rglob("*.py") if CORE not in file.parents):
        text = path.read_text(encoding="utf-8")
        if PACKAGE not in text:
            continue
        tree = ast.parse(text)
        waiting += uses(tree, imported(tree))
    found: set[Name] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += known.get(name, ())
    return frozenset(found)
