"""How pages are looked at: languages, themes and widths, and by axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.conftest import DESKTOP, PHONE

AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe-core-4.14.1" / "axe.min.js"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

in_every_look = pytest.mark.parametrize(
    ("language", "theme", "size"),
    [("en", "light", DESKTOP), ("en", "dark", PHONE), ("zh-hans", "dark", DESKTOP), ("zh-hans", "light", PHONE)],
    ids=["en-light-desktop", "en-dark-phone", "zh-dark-desktop", "zh-light-phone"],
)
"""Every two of language, theme and width together; what only all three would break does not exist in a style sheet."""


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def violations(page: Page, *, frames: bool = True, is_page: bool = True) -> list[str]:
    """What axe finds by WCAG 2.2 A and AA and, unless it is a mail and no page, by best practice.

    Without `frames` the pages inside are left to their own tests.
    """
    page.wait_for_load_state()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    rules = [*WCAG, "best-practice"] if is_page else list(WCAG)
    context = "document" if frames else "{exclude: [['iframe']]}"
    found = page.evaluate(f"rules => axe.run({context}, {{runOnly: rules, iframes: {str(frames).lower()}}})", rules)
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found["violations"]]
