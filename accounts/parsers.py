"""Read JSON strictly: what could mean two things, or what the database cannot hold, is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 32


class StrictJSONParser(BaseParser):
    """JSON without NaN, infinite numbers, repeated names, deep nesting, NUL and half characters."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value; raise ParseError with one sentence."""
        try:
            value = json.loads(
                stream.read().decode("utf-8"), object_pairs_hook=to_object, parse_constant=refuse_constant
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON. Send one JSON value in UTF-8.")) from error
        check(value)
        return value


def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dictionary; raise ValueError where a name comes twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated name")
    return found


def refuse_constant(name: str) -> None:
    """Raise ValueError for NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def check(value: Any) -> None:
    """Walk the value without recursion; raise ParseError on what no field could hold."""
    waiting = [(value, 1)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ParseError(_("The JSON is nested too deeply."))
        if isinstance(part, dict):
            waiting += [(child, depth + 1) for pair in part.items() for child in pair]
        elif isinstance(part, list):
            waiting += [(child, depth + 1) for child in part]
        elif not is_storable(part):
            raise ParseError(_("The JSON holds a character or a number that cannot be stored."))


def is_storable(part: str | float | int | bool | None) -> bool:
    """Tell whether PostgreSQL can hold this text or number."""
    if isinstance(part, str):
        return "\x00" not in part and not any("\ud800" <= letter <= "\udfff" for letter in part)
    return not isinstance(part, float) or math.isfinite(part)
