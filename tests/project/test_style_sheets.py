"""Pages keep to the content security policy, and both ways into the dark theme are the same."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Mail programs know nothing else than style attributes.
TEMPLATES = [path for path in (ROOT / "templates").rglob("*.html") if "mail" not in path.relative_to(ROOT).parts[:2]]
FORBIDDEN = re.compile(r"""\sstyle=|<style\b|\son[a-z]+=["']|javascript:|<script(?![^>]*\bsrc=)[^>]*>""")

# What writes names of classes: pages, their scripts, the views behind them.
WRITERS = [
    path for folder in ("templates", "static/js", "accounts", "surveys", "analytics", "csat")
    for path in (ROOT / folder).rglob("*") if path.suffix in {".html", ".js", ".py"}
]
# The ends of these are figures: tones, steps of a scale, depths.
COUNTED = re.compile(r"[ft]-(0|[np][12])|h[12][np]|(depth|level)-\d|[pv]\d{1,2}")
PLOTLY = {"js-plotly-plot", "svg-container", "main-svg", "draglayer", "hoverlayer", "modebar", "crisp"}


def classes_of(sheet: str) -> set[str]:
    """Give the classes that the selectors of a sheet name."""
    bare = re.sub(r"\{[^{}]*\}", "{}", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    return set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", bare))


def unnamed_in(sheet: str, written: set[str]) -> set[str]:
    """Give the classes that nothing writes into a page."""
    return {one for one in classes_of(sheet) - written - PLOTLY if not COUNTED.fullmatch(one)}


def dark_blocks(sheet: str) -> list[list[str]]:
    """Give the declarations of each block that switches to dark colours."""
    blocks = re.findall(r"\{\s*(color-scheme: dark;[^}]*)\}", sheet)
    return [[line.strip() for line in block.splitlines() if line.strip()] for block in blocks]


def names(sheet: str, selector: str) -> set[str]:
    block = re.search(re.escape(selector) + r"\s*\{([^}]*)\}", sheet)
    return set(re.findall(r"(--[\w-]+):", block.group(1))) if block else set()


class TestTemplates:
    def test_carry_no_inline_style_or_script(self) -> None:
        found = {path.name: FORBIDDEN.findall(path.read_text()) for path in TEMPLATES}
        assert {name: hits for name, hits in found.items() if hits} == {}

    def test_would_be_caught_with_one(self) -> None:
        for text in ('<p style="x">', "<style>", '<a onclick="x">', "<script>x</script>", '<a href="javascript:x">'):
            assert FORBIDDEN.search(text), text
        assert not FORBIDDEN.search('<script type="module" src="x"></script>')


class TestSheets:
    def test_name_only_classes_that_something_writes(self) -> None:
        written = {word for path in WRITERS for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))}
        found = {path.name: unnamed_in(path.read_text(), written) for path in (ROOT / "static/css").glob("*.css")}
        assert {name: classes for name, classes in found.items() if classes} == {}

    def test_would_be_caught_with_another(self) -> None:
        sheet = "/* .not */ .here:not(.gone), .f-p2 { color: red } @media print { .lost { top: .5em } }"
        assert unnamed_in(sheet, {"here"}) == {"gone", "lost"}


class TestTokens:
    def test_are_dark_alike_by_choice_and_by_device(self) -> None:
        chosen, device = dark_blocks((ROOT / "static/css/tokens.css").read_text())
        assert chosen == device

    def test_are_all_known_where_they_are_used(self) -> None:
        known = names((ROOT / "static/css/tokens.css").read_text(), ":root")
        used = set(re.findall(r"var\((--[\w-]+)\)", (ROOT / "static/css/app.css").read_text()))
        assert known and used <= known

    def test_would_be_told_apart(self) -> None:
        one, other = dark_blocks("a { color-scheme: dark; --x: 1; } b { color-scheme: dark; --x: 2; }")
        assert one != other
