"""What may not stand in any file of the product."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = {".py", ".html", ".txt", ".css", ".js", ".md", ".toml", ".yml", ".yaml", ".po", ".in", ".cfg", ".sh", ".example"}
# Addresses that name a standard or a namespace and are never fetched by a browser.
NAMESPACES = ("http://www.w3.org/", "https://www.w3.org/")
OUTSIDE = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s"'<>)]*""", re.IGNORECASE)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/json)", re.IGNORECASE)
INLINE_STYLE = re.compile(r"<style|\sstyle\s*=", re.IGNORECASE)
INLINE_HANDLER = re.compile(r"\son[a-z]{3,}=|href\s*=\s*[\"']javascript:", re.IGNORECASE)
# The filters `day`, `moment` and `recent` know how each language writes; a page that formats by itself does not.
OWN_DATES = re.compile(r"\|\s*(?:date|time|naturaltime|naturalday)\b")
# A line of a template fits a screen beside another one, so that a change of it can be read.
WIDEST = 160
UNSAFE = re.compile(r"\|\s*safe\b|autoescape off|\bmark_safe\b")
# Written in halves, so that this file does not hold them.
UNFINISHED = re.compile("|".join(rf"\b{a}{b}\b" for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK"))))
MACHINE = re.compile("|".join(a + b for a, b in (("/wo", r"rk/"), ("/ro", r"ot/"), (r"py", r"pi\.org"), (r"npm", r"js\.(?:org|com)"))))


def files() -> Iterator[Path]:
    """Yield every file of ours that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and "vendor" not in path.parts:
            yield path


def texts(*suffixes: str, under: str = "") -> Iterator[tuple[str, str]]:
    """Yield (name, text) of files with one of these endings."""
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in (set(suffixes) or TEXT) and name.startswith(under):
            yield name, path.read_text(encoding="utf-8")


def found(pattern: re.Pattern[str], name: str, text: str) -> list[str]:
    return [f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}" for match in pattern.finditer(text)]


def outside(name: str, text: str) -> list[str]:
    return [line for line in found(OUTSIDE, name, text) if not any(space in line for space in NAMESPACES)]


def pages() -> list[tuple[str, str]]:
    """Templates of pages; mails need inline style, since mail programs drop everything else."""
    return [(name, text) for name, text in texts(".html", under="templates/") if not name.startswith("templates/mail/")]


class TestPages:
    def test_ask_no_other_site_for_anything(self) -> None:
        sources = [*pages(), *texts(".css", ".js", ".svg", under="static/")]
        assert [line for name, text in sources for line in outside(name, text)] == []

    def test_hold_no_inline_script_style_or_handler(self) -> None:
        patterns = (INLINE_SCRIPT, INLINE_STYLE, INLINE_HANDLER)
        assert [line for name, text in pages() for pattern in patterns for line in found(pattern, name, text)] == []

    def test_escape_everything(self) -> None:
        assert [line for name, text in pages() for line in found(UNSAFE, name, text)] == []

    def test_write_days_and_moments_in_one_way(self) -> None:
        mails = texts(".html", ".txt", under="templates/mail/")
        assert [line for name, text in [*pages(), *mails] for line in found(OWN_DATES, name, text)] == []

    def test_are_written_in_lines_that_can_be_read(self) -> None:
        templates = texts(".html", under="templates/")
        lines = ((f"{name}:{at}", line) for name, text in templates for at, line in enumerate(text.splitlines(), 1))
        assert [place for place, line in lines if len(line) > WIDEST] == []

    def test_are_found_at_all(self) -> None:
        assert len(pages()) > 10


class TestTheTree:
    def test_holds_no_mark_of_unfinished_work(self) -> None:
        assert [line for name, text in texts() for line in found(UNFINISHED, name, text)] == []

    def test_names_no_machine_and_no_package_registry(self) -> None:
        assert [line for name, text in texts() for line in found(MACHINE, name, text)] == []

    def test_holds_no_key_of_ours(self) -> None:
        key = re.compile(r"csat_[0-9a-f]{10}_[A-Za-z0-9_-]{43}")
        assert [line for name, text in texts() for line in found(key, name, text)] == []


class TestTheChecks:
    def test_notice_what_they_look_for(self) -> None:
        assert outside("x", '<img src="https://cdn.example.com/a.png">')
        assert outside("x", '<script src="//cdn.example.com/a.js">')
        assert not outside("x", '<svg xmlns="http://www.w3.org/2000/svg">')
        assert INLINE_SCRIPT.search("<script>alert(1)</script>")
        assert not INLINE_SCRIPT.search('<script type="module" src="/a.js">')
        assert not INLINE_SCRIPT.search('<script type="application/json" id="data">')
        assert INLINE_STYLE.search('<p style="color:red">')
        assert INLINE_STYLE.search("<style>")
        assert INLINE_HANDLER.search('<a onclick="x()">')
        assert INLINE_HANDLER.search('<a href="javascript:x()">')
        assert UNSAFE.search("{{ text|safe }}")
        assert OWN_DATES.search('{{ at|date:"Y-m-d" }}') and not OWN_DATES.search("{{ at|moment }}")
        assert UNFINISHED.search("# TO" + "DO later")
        assert MACHINE.search("/wo" + "rk/main")
