"""The languages that people and questionnaires can use, and texts written in several of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final = ("zh-hans", "en")
"""By Django's codes."""

Text = Mapping[str, str]
"""One text by language code."""


def text_in(text: Text, language: str) -> str:
    """Return the text in `language`, else in any language it has, else an empty string."""
    return text.get(language) or next((t for t in text.values() if t), "")
