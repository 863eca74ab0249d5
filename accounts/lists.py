"""How several things are written one after the other, in the active language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import pgettext


def enumerated(words: Iterable[object]) -> str:
    """Write a, b, c."""
    return pgettext("between the parts of a list", ", ").join(str(word) for word in words)
