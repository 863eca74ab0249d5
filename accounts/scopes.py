"""The written form of a scope: one line an attribute, `region = East, West`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

MAX_ATTRIBUTES = 10
MAX_LEVELS = 100

level_sources: list[Callable[[int, datetime], Mapping[str, Iterable[str]]]] = []
"""Called with a team's id and the moment; each says which attributes its customers have, with their levels. Filled at
start-up by those who know customers; accounts knows none."""


class ScopeError(ValueError):
    """The text is not a scope; `line` is the number of the first line that is wrong, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def parse_scope(text: str) -> dict[str, list[str]]:
    """Read a scope; an empty text is an empty scope, which means everything.

    Raises ScopeError rather than guess: a line misread could show more than was meant.
    """
    scope: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        key, levels = parse_line(line)
        if not key or not levels or key in scope or len(scope) >= MAX_ATTRIBUTES or len(levels) > MAX_LEVELS:
            raise ScopeError(number)
        scope[key] = levels
    return scope


def parse_line(line: str) -> tuple[str, list[str]]:
    """Split `region = East, West`; full-width signs mean the same."""
    key, _sign, rest = line.replace("＝", "=").partition("=")
    parts = rest.replace("，", ",").replace("、", ",").split(",")
    return key.strip(), list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def write_scope(scope: Mapping[str, Sequence[str]]) -> str:
    """Write a scope as `parse_scope` reads it."""
    return "\n".join(f"{key} = {', '.join(levels)}" for key, levels in scope.items())


def list_known_levels(team_id: int, at: datetime) -> dict[str, set[str]]:
    """Gather what the sources know of the attributes of the team's customers."""
    known: dict[str, set[str]] = {}
    for source in level_sources:
        for key, levels in source(team_id, at).items():
            known.setdefault(key, set()).update(level for level in levels if level)
    return known


def find_unknown(scope: Mapping[str, Sequence[str]], known: Mapping[str, Iterable[str]]) -> list[str]:
    """List the parts of a scope that no customer matches, each as `region = Nowhere`."""
    return [f"{key} = {level}" for key, levels in scope.items() for level in levels if level not in known.get(key, ())]
