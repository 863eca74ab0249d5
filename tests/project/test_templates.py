"""No template lies about that nothing shows."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
# Django takes these by their names.
ERRORS = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html", "503.html"}


def sources() -> list[str]:
    """Read what can name a template."""
    paths = [path for room in ("accounts", "surveys", "analytics", "csat", "templates") for path in (ROOT / room).rglob("*")]
    return [path.read_text(encoding="utf-8") for path in paths if path.suffix in {".py", ".html", ".txt"}]


def idle_templates(names: Collection[str], texts: Collection[str]) -> list[str]:
    """List the templates that no text names: in full, by the last part, or by the word between the parts of an f-string."""
    whole = "\n".join(texts)
    return sorted(name for name in names if name not in ERRORS and name not in whole and not _is_composed(name, whole))


def _is_composed(name: str, whole: str) -> bool:
    path = Path(name)
    if re.search(rf"""["']{re.escape(path.name)}["']""", whole):
        return True
    for start, end in set(re.findall(r"""f["']([\w/]+/\w*)\{\w+\}(\.\w+)["']""", whole)):
        middle = name.removeprefix(start).removesuffix(end)
        if start + middle + end == name and re.search(rf"""["']{re.escape(middle)}["']""", whole):
            return True
    return False


class TestTemplates:
    def test_are_all_named_by_a_view_or_another_template(self) -> None:
        names = [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.*")]
        assert len(names) > 100 and idle_templates(names, sources()) == []

    def test_would_be_caught_without_a_name(self) -> None:
        texts = ['render(request, "room/page.html")', 'reply("_part.html")', 'f"mail/{kind}.txt"', 'send(kind="late")']
        names = ["room/page.html", "answering/_part.html", "mail/late.txt", "mail/never.txt", "room/_old.html", "404.html"]
        assert idle_templates(names, texts) == ["mail/never.txt", "room/_old.html"]
