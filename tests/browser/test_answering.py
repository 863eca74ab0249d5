"""The customer's pages in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from surveys.answering.models import Response, ResponseState
from tests.browser.looks import violations
from tests.browser.visits import follow
from tests.conftest import DESKTOP, PHONE
from tests.services.site import WebServer
from tests.surveys.answering_builders import WHOLE, make_invitation, one_page

Contexts = Callable[..., BrowserContext]


def choose(page: Page, key: str, value: str) -> None:
    page.locator(f'[name="{key}"][value="{value}"]').check(force=True)


def fill_first(page: Page) -> None:
    choose(page, "nps", "3")
    choose(page, "reasons", "staff")
    choose(page, "reasons", "punctual")
    page.locator("[name=why]").fill("Two hours late.")


def press_on(page: Page) -> None:
    follow(page.locator("button.go"))


def fill_second(page: Page) -> None:
    for key, value in {"reply": "4", "attitude": "5", "on_time": "2", "price": "3", "information": "NA"}.items():
        choose(page, key, value)


class TestTheWayThrough:
    def test_works_on_a_phone_without_script(self, new_context: Contexts) -> None:
        _invitation, token = make_invitation()
        page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
        page.goto(f"/a/{token}/")
        fill_first(page)
        press_on(page)
        fill_second(page)
        press_on(page)
        page.locator("[name=more]").fill("Call ahead.")
        choose(page, "contact_me", "yes")
        press_on(page)
        expect(page.locator("h1")).to_contain_text("Thank you")
        assert Response.objects.get().answers == WHOLE

    def test_survives_double_click_reload_and_back(self, new_context: Contexts) -> None:
        _invitation, token = make_invitation(raw=one_page())
        page = new_context().new_page()
        page.goto(f"/a/{token}/")
        fill_first(page)
        fill_second(page)
        page.locator("button.go").dblclick()
        page.wait_for_url("**/thanks/**")
        first = page.locator("main").inner_text()
        page.reload()
        assert page.locator("main").inner_text() == first
        page.go_back()
        page.goto(f"/a/{token}/?edit=1")
        press_on(page)
        page.wait_for_url("**/thanks/**")
        assert Response.objects.get().revision == 1 and page.locator("main").inner_text() == first

    def test_asks_nothing_of_anyone_else(self, new_context: Contexts, site: WebServer) -> None:
        _invitation, token = make_invitation()
        page = new_context().new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"/a/{token}/")
        assert len(asked) <= 3 and all(url.startswith(site.url) for url in asked)
        assert not [url for url in asked if url.endswith(".js")]

    def test_offers_one_tab_stop_for_a_scale_and_enter_goes_on(self, new_context: Contexts) -> None:
        _invitation, token = make_invitation()
        page = new_context().new_page()
        page.goto(f"/a/{token}/?s=7")
        names = []
        for _time in range(9):
            page.keyboard.press("Tab")
            names.append(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
        assert names[:7] == ["_to", "nps", "reasons", "reasons", "reasons", "why", "_to"], names
        page.locator('[name="nps"][value="7"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**p=2**")
        assert page.locator("html").get_attribute("lang") == "en"


class TestTheFollowUp:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_has_the_wording_of_each_score(self, new_context: Contexts, language: str) -> None:
        low, mid, high = {"en": ("What should we put right first?", "What would have made it a 9 or 10?", "What did we do best?"),
                          "zh-hans": ("您希望我们首先改进什么？", "怎样做才能让您打 9 分或 10 分？", "我们哪一点做得最好？")}[language]
        _invitation, token = make_invitation(language=language)
        page = new_context(viewport=PHONE).new_page()
        page.goto(f"/a/{token}/")
        label = page.locator("label[for=i-why]")
        assert {"en": "main reason", "zh-hans": "主要原因"}[language] in label.inner_text()
        for score in range(11):
            choose(page, "nps", str(score))
            wanted = low if score < 7 else mid if score < 9 else high
            assert label.inner_text().startswith(wanted) and label.inner_text().count("？") + label.inner_text().count("?") == 1


class TestSmallScreens:
    @pytest.mark.parametrize("width", [320, 360, 390])
    def test_show_every_score_without_scrolling_sideways(self, new_context: Contexts, width: int) -> None:
        _invitation, token = make_invitation()
        page = new_context(viewport={"width": width, "height": 700}).new_page()
        page.goto(f"/a/{token}/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = [box.bounding_box() for box in page.locator(".score .n").all()]
        assert all(box and box["width"] >= 24 and box["height"] >= 24 for box in boxes)
        assert len({box["y"] for box in boxes if box}) == 1


class TestEveryPage:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_is_accessible(self, new_context: Contexts, language: str, scheme: str) -> None:
        _invitation, token = make_invitation(language=language)
        page = new_context(viewport=PHONE, color_scheme=scheme, bypass_csp=True).new_page()
        page.goto(f"/a/{token}/?s=3")
        found = violations(page)
        press_on(page)
        press_on(page)
        found += violations(page)
        fill_second(page)
        press_on(page)
        found += violations(page)
        press_on(page)
        page.goto(f"/a/{token}/?s=9")
        found += violations(page)
        assert not found, found
        assert Response.objects.get().state == ResponseState.COMPLETE


class TestErrors:
    def test_put_the_focus_on_the_summary_whose_links_lead_to_the_fields(self, new_context: Contexts) -> None:
        _invitation, token = make_invitation()
        page = new_context(viewport=DESKTOP).new_page()
        page.goto(f"/a/{token}/?s=3")
        press_on(page)
        choose(page, "reply", "4")
        press_on(page)
        expect(page).to_have_title(re.compile("^Error: Page 2 of 3"))
        expect(page.locator("#errors")).to_be_focused()
        page.locator(".err a").nth(1).click()
        expect(page.locator("#i-on_time-1")).to_be_focused()
        expect(page.locator('[name="reply"][value="4"]')).to_be_checked()
