"""Find every action that the code writes into the audit trail, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "surveys", "analytics", "csat")
WRITER = "record_event"


class UnreadableActionError(ValueError):
    """An action is computed, so that nobody can tell which words it needs."""


def modules() -> list[ast.Module]:
    """Return the parsed sources of every room, migrations left out."""
    paths = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts)
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths]


def actions_of(trees: Iterable[ast.Module]) -> set[str]:
    """Return the actions of every event written in these modules.

    A function that hands its own parameter on to the writer counts as a writer within its module, or
    everywhere when it is public. Raises UnreadableActionError for an action that is not a constant.
    """
    parsed = list(trees)
    public: dict[str, int | None] = {WRITER: None}
    own: list[dict[str, int | None]] = [_wrappers(tree) for tree in parsed]
    for wrappers in own:
        public |= {name: place for name, place in wrappers.items() if not name.startswith("_")}
    return {action for tree, wrappers in zip(parsed, own, strict=True) for action in _actions(tree, public | wrappers)}


def _wrappers(tree: ast.Module) -> dict[str, int | None]:
    """Return the functions that hand on a parameter, each with the place of that parameter."""
    found: dict[str, int | None] = {}
    known: dict[str, int | None] = {WRITER: None}
    while True:
        more = {name: place for name, place in _handing_on(tree, known | found) if name not in found}
        if not more:
            return found
        found |= more


def _handing_on(tree: ast.Module, writers: dict[str, int | None]) -> Iterator[tuple[str, int | None]]:
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        places = [argument.arg for argument in function.args.args]
        for call in _calls(function, writers):
            given = _given(call, writers)
            if isinstance(given, ast.Name) and given.id in places + [a.arg for a in function.args.kwonlyargs]:
                yield function.name, places.index(given.id) if given.id in places else None


def _calls(tree: ast.AST, writers: dict[str, int | None]) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) in writers)


def _name(call: ast.Call) -> str:
    """Return what is called; of methods only the writer itself counts, since others merely share a name."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    return WRITER if getattr(call.func, "attr", "") == WRITER else ""


def _given(call: ast.Call, writers: dict[str, int | None]) -> ast.expr | None:
    named = next((keyword.value for keyword in call.keywords if keyword.arg == "action"), None)
    place = writers[_name(call)]
    return named or (call.args[place] if place is not None and len(call.args) > place else None)


def _actions(tree: ast.Module, writers: dict[str, int | None]) -> Iterator[str]:
    handed_on = {name for name, _place in _handing_on(tree, writers)}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for call in _calls(function, writers):
            given = _given(call, writers)
            if not (function.name in handed_on and isinstance(given, ast.Name)):
                yield from _constants(given)


def _constants(given: ast.expr | None) -> Iterator[str]:
    if isinstance(given, ast.IfExp):
        yield from _constants(given.body)
        yield from _constants(given.orelse)
    elif isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value
    else:
        raise UnreadableActionError(ast.unparse(given) if given else "no action")
