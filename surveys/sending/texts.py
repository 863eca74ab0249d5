"""Fill `{name}` and other placeholders into texts that staff wrote.

Nothing is evaluated: a placeholder is a name between single braces, with an optional fallback after
a bar (`{region|your region}`). Everything else, such as `{{7*7}}` or `%(a)s`, stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

PLACEHOLDER: Final = re.compile(r"(?<!\{)\{([a-z][a-z0-9_]{0,39})(?:\|([^{}|\r\n]{0,80}))?\}(?!\})")
CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|[\ud800-\udfff]")
LINE_BREAK: Final = re.compile("[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
LONGEST_SUBJECT: Final = 150
LONGEST_MESSAGE: Final = 4000

NEVER_MISSING: Final = frozenset({"company"})
FALLBACKS: Final[Mapping[str, Mapping[str, str]]] = {
    "name": {"en": "customer", "zh-hans": "客户"},
}
"""Used where a text gives no fallback of its own."""


@dataclass(frozen=True)
class TextProblem:
    """What is wrong with a text: `code` and the piece of text it is about."""

    code: str
    detail: str = ""


def find_problems(text: str, *, known: Collection[str], is_line: bool, longest: int) -> list[TextProblem]:
    """Check a text when it is saved, so that no mail fails on it later.

    `known` are the placeholder names there are. Codes: "too_long", "line_break" (in a single line),
    "control_character", "unknown_placeholder", "no_fallback".
    """
    problems = []
    if len(text) > longest:
        problems.append(TextProblem("too_long", str(longest)))
    if is_line and LINE_BREAK.search(text):
        problems.append(TextProblem("line_break"))
    elif CONTROL.search(text.replace("\r\n", "\n")):
        problems.append(TextProblem("control_character"))
    for match in PLACEHOLDER.finditer(text):
        problems += _placeholder_problems(match, known)
    return problems


def _placeholder_problems(match: re.Match[str], known: Collection[str]) -> list[TextProblem]:
    name, fallback = match.group(1), match.group(2)
    if name not in known:
        return [TextProblem("unknown_placeholder", match.group(0))]
    if not fallback and name not in NEVER_MISSING and name not in FALLBACKS:
        return [TextProblem("no_fallback", match.group(0))]
    return []


def fill(text: str, values: Mapping[str, str], *, language: str) -> str:
    """Replace known placeholders in one pass; a value's own braces are never looked at again."""

    def value(match: re.Match[str]) -> str:
        name, fallback = match.group(1), match.group(2) or ""
        if name not in values and name not in FALLBACKS and not fallback:
            return match.group(0)
        return one_line(values.get(name, "")) or fallback or FALLBACKS.get(name, {}).get(language, "")

    return PLACEHOLDER.sub(value, text)


def one_line(text: str) -> str:
    """Make a value fit for a header: control characters and line breaks become single spaces."""
    return " ".join(CONTROL.sub(" ", text).split())
