"""Change, respondent weighting and provenance in a real browser: accessible and fitting everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from analytics.scoring.selectors import get_latest_run
from tests.analytics.builders import answer_many
from tests.analytics.dashboard_builders import Shop, codes, make_shop
from tests.browser.looks import in_every_look, violations
from tests.browser.visits import sign_in
from tests.cast import Cast
from tests.services.site import WebServer

CUT_OFF = """[...document.querySelectorAll("#main .change, main .change")].filter(table => table.offsetParent)
    .map(table => table.closest(".scrollx")).filter(box => box && box.scrollWidth > box.clientWidth + 1)
    .map(box => box.getAttribute("aria-labelledby"))"""
"""Tables of changes that are wider than the place they have."""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Twelve months of two regions with weights, the seventh low."""
    shop = make_shop(cast.team)
    for month in range(1, 13):
        for region, weight in (("East", 1), ("West", 2)):
            answer_many(shop.version, codes(2 if month == 7 else 4, 30 + month), attributes={"region": region},
                        respondent_weight=weight, at=datetime(2019, month, 3, tzinfo=UTC))
    shop.compute()
    return shop


@in_every_look
class TestEveryPage:
    def test_is_accessible_and_fits(
        self, cast: Cast, shop: Shop, site: WebServer, new_context: Callable[..., BrowserContext], language: str,
        theme: str, size: Any,
    ) -> None:
        run = get_latest_run(tree=shop.tree)
        assert run is not None
        page = sign_in(new_context(viewport=size), cast.dora, site, language=language, theme=theme)
        for name, path in {
            "change": "/overview/change/?period=2019-12", "weighted": "/overview/change/?period=2019-12&weighting=imported",
            "weighting": "/weighting/", "weighting-new": "/weighting/new/", "value": f"/runs/{run.pk}/value/",
            "leaf": f"/runs/{run.pk}/value/?node=quality", "runs": f"/runs/{run.pk}/compare/{run.pk}/",
        }.items():
            page.goto(path)
            folder = os.environ.get("SCREENSHOTS")
            if folder:
                page.screenshot(path=f"{folder}/{language}-{theme}-{size['width']}-{name}.png", full_page=True)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"
            assert page.evaluate(CUT_OFF) == [], f"{path}: part of a table of changes lies outside"


class TestStatisticalDetail:
    def test_is_shown_when_asked_for_without_a_script(
        self, cast: Cast, shop: Shop, site: WebServer, new_context: Callable[..., BrowserContext],
    ) -> None:
        page = sign_in(new_context(), cast.dora, site, language="en", theme="light")
        page.goto("/overview/change/?period=2019-12")
        holm = page.locator("section:has(#h-indicators) th", has_text="Holm")
        expect(holm).to_be_hidden()
        page.locator("#detail-indicators").check()
        expect(holm).to_be_visible()
        expect(page.locator("section:has(#h-headline) th.detail").first).to_be_hidden()
