"""The few words in braces that are filled in for each reader, such as {company}."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

PLACEHOLDERS: Final = ("company",)
PATTERN: Final = re.compile(r"\{([a-z_]{1,40})\}")


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Replace each known {name} by its value; anything else in braces stays as it was written."""
    return PATTERN.sub(lambda found: values.get(found[1], found[0]), text)


def find_unknown_placeholders(text: str) -> list[str]:
    """Return the names in braces that nothing would fill."""
    return [name for name in PATTERN.findall(text) if name not in PLACEHOLDERS]
