"""Read the routes out of the URLconf, and count what a request writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

WRITE = re.compile(r"^\s*(INSERT|UPDATE|DELETE|TRUNCATE|ALTER|CREATE|DROP)", re.IGNORECASE)


def walk(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (full name, view) for each route of the site; a route without a name yields its pattern."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = ":".join(part for part in (namespace, entry.namespace) if part)
            yield from walk(entry, inner)
        elif isinstance(entry, URLPattern):
            name = entry.name or f"<{entry.pattern}>"
            yield (f"{namespace}:{name}" if namespace else name), entry.callback


def is_api(name: str) -> bool:
    """Tell whether a route belongs to the API."""
    return name.startswith("api:")


@contextmanager
def counting_writes() -> Iterator[list[str]]:
    """Collect the writing statements that run inside."""
    written: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # The limiter counts guesses at links, which are made by reading; nothing else may write then.
        if WRITE.match(sql) and "accounts_attemptcounter" not in sql:
            written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield written
