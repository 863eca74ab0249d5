"""The cache as a convenience: what it has lost, or cannot give just now, is made again."""

from __future__ import annotations

import logging
import time
from typing import Final

from django.core.cache import cache

log = logging.getLogger(__name__)
REST_SECONDS: Final = 5.0
"""How long a cache that did not answer is left alone: every try may cost seconds of waiting."""

_rests_until = 0.0


def fetch(key: str) -> bytes | None:
    """Return what is kept under a key; None where there is nothing, or no cache to ask."""
    if time.monotonic() < _rests_until:
        return None
    try:
        found: bytes | None = cache.get(key)
        return found
    except Exception as error:  # any cache, any fault
        _rest(error)
        return None


def keep(key: str, value: bytes, *, seconds: int) -> None:
    """Keep a value for a while; without a cache nothing happens."""
    if time.monotonic() < _rests_until:
        return
    try:
        cache.set(key, value, seconds)
    except Exception as error:  # any cache, any fault
        _rest(error)


def try_again() -> None:
    """Ask the cache again at once, whatever fault it had."""
    global _rests_until
    _rests_until = 0.0


def _rest(error: Exception) -> None:
    global _rests_until
    _rests_until = time.monotonic() + REST_SECONDS
    log.warning("cache not reached", extra={"kind": type(error).__name__})
