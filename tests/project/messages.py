"""Find every text of the interface in sources and templates, without needing gettext on the machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "surveys", "analytics", "csat")
SINGULAR = {"gettext", "gettext_lazy", "gettext_noop", "_"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
Message = tuple[str | None, str]


def messages_of_python(source: str) -> Iterator[Message]:
    """Yield (context, msgid) for each call that marks a constant text."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name in SINGULAR | PLURAL and texts:
            yield None, texts[0]
        elif name in CONTEXT and len(texts) > 1:
            yield texts[0], texts[1]


def messages_of_template(source: str) -> Iterator[Message]:
    """Yield (context, msgid) for each translated tag."""
    # Each call stands on its own once what templatize leaves of the markup is cut away.
    calls = re.findall(r"""\b(gettext|ngettext|pgettext|_)\(((?:u?r?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*,?\s*)+)""",
                       templatize(source))
    for name, rest in calls:
        texts = list(ast.literal_eval(f"({rest.rstrip(', ')},)"))
        if texts and name == "pgettext":
            yield texts[0], texts[1]
        elif texts:
            yield None, texts[0]


def messages_of_project() -> set[Message]:
    """Return every text of the interface."""
    found: set[Message] = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" not in path.parts:
                found.update(messages_of_python(path.read_text(encoding="utf-8")))
    for path in (ROOT / "templates").rglob("*.*"):
        if path.suffix in {".html", ".txt"}:
            found.update(messages_of_template(path.read_text(encoding="utf-8")))
    return {message for message in found if message[1].strip()}
