"""The overview under respondent weights in a real browser: chosen, named, readable in every look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from analytics.scoring.schemes import save_scheme
from analytics.scoring.weighting import PopulationPlan
from tests.analytics.builders import answer_many
from tests.analytics.dashboard_builders import Shop, codes, fill_waves, make_shop
from tests.browser.looks import in_every_look, violations
from tests.browser.visits import shoot, sign_in
from tests.cast import Cast
from tests.services.site import WebServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def word(cast: Cast) -> str:
    """The word of a weighting of a shop with two waves that have weights and one that has none."""
    shop: Shop = make_shop(cast.team)
    fill_waves(shop)
    answer_many(shop.version, codes(4, 40), wave="2016", at=datetime(2016, 5, 1, tzinfo=UTC), attributes={"region": "East"})
    shop.compute()
    plan = PopulationPlan("rake", ("region",), ((("East",), 7), (("West",), 2), (("North",), 1)))
    return str(save_scheme(tree=shop.tree, name="Regions", plan=plan, user=None, at=datetime(2026, 1, 1, tzinfo=UTC)).pk)


@in_every_look
def test_is_accessible_and_fits(
    cast: Cast, word: str, site: WebServer, new_context: Callable[..., BrowserContext], language: str, theme: str, size: Any
) -> None:
    page = sign_in(new_context(viewport=size), cast.bob, site, language=language, theme=theme)
    for name, path in (("shown", f"/overview/?weighting={word}"), ("refused", f"/overview/?period=wave:2016&weighting={word}"),
                       ("change", f"/overview/change/?weighting={word}")):
        page.goto(path)
        shoot(page, f"weighted-{name}-{language}-{theme}-{size['width']}")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"


def test_is_chosen_from_the_filters_and_named_beside_the_freshness(
    cast: Cast, word: str, site: WebServer, new_context: Any
) -> None:
    page = sign_in(new_context(), cast.bob, site)
    page.goto("/overview/?region=West")
    page.locator("select[name=weighting]").select_option(word)
    page.locator("form.filters").get_by_role("button", name="Apply").last.click()
    expect(page).to_have_url(f"{site.url}/overview/?region=West&weighting={word}")
    expect(page.locator(".stamp")).to_contain_text("Respondent weights: Regions, version 1")
    page.locator("select[name=weighting]").select_option("")
    page.locator("form.filters").get_by_role("button", name="Apply").last.click()
    expect(page).to_have_url(f"{site.url}/overview/?region=West")
    expect(page.locator(".stamp")).not_to_contain_text("Respondent weights")
