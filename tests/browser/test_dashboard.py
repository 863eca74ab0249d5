"""The overview in a real browser: drawn under the policy, accessible everywhere, live within seconds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from analytics.indicators.models import Indicator
from analytics.indicators.services import set_weights
from analytics.scoring.wake import wake_questionnaire
from surveys.answering.models import RecomputeNote
from tests.analytics.builders import answer_many
from tests.analytics.dashboard_builders import Shop, codes, fill_waves, invite, make_shop, say
from tests.browser.looks import fits, in_every_look, violations
from tests.browser.visits import follow, sign_in
from tests.cast import Cast
from tests.conftest import DESKTOP, PHONE
from tests.services.site import WebServer, Worker

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ["/overview/", "/overview/?region=North", "/overview/method/", "/comments/", "/overview/?region=West&period=wave:2017"]


@pytest.fixture
def shop(cast: Cast) -> Shop:
    shop = make_shop(cast.team)
    fill_waves(shop)
    for words in ("Fast and friendly.", "送货太慢了。"):
        say(shop, words, wave="2018")
    invite(shop, sent=40, completed=12)
    shop.compute()
    return shop


@pytest.fixture
def months(cast: Cast) -> Shop:
    """Answers of the last five months, the running one included."""
    shop = make_shop(cast.team)
    now = datetime.now(UTC)
    for back in range(5):
        answer_many(shop.version, codes(4 if back < 2 else 3, 50), attributes={"region": "East"},
                    at=(now - timedelta(minutes=5) if back == 0 else now - timedelta(days=31 * back)))
    shop.compute()
    return shop


@pytest.fixture
def slower(cast: Cast) -> Shop:
    """Two waves between which one part of an indicator fell, and nothing else."""
    shop = make_shop(cast.team)
    for wave, fall in (("2017", 0), ("2018", 1)):
        answers = [{**one, "speed": one["speed"] - fall} for one in codes(4, 60)]
        answer_many(shop.version, answers, wave=wave, attributes={"region": "East"}, at=datetime(int(wave), 5, 1, tzinfo=UTC))
    shop.compute()
    return shop


def colour_of(page: Page, token: str) -> str:
    """A colour of the page as the browser computes it."""
    return str(page.evaluate(
        "name => { const one = document.createElement('i'); one.style.color = `var(${name})`; document.body.append(one);"
        " const found = getComputedStyle(one).color; one.remove(); return found; }", token
    ))


def chart(page: Page) -> Any:
    return page.locator("[data-chart] .main-svg").first


@in_every_look
class TestEveryPage:
    def test_is_accessible_and_fits(
        self, cast: Cast, shop: Shop, site: WebServer, new_context: Callable[..., BrowserContext], language: str,
        theme: str, size: Any,
    ) -> None:
        page = sign_in(new_context(viewport=size), cast.bob, site, language=language, theme=theme)
        for path in PAGES:
            page.goto(path)
            if page.locator("[data-chart]").count():
                expect(chart(page)).to_be_visible()
            folder = os.environ.get("SCREENSHOTS")
            if folder:
                name = path.strip("/").replace("/", "-").replace("?", "-").replace(":", "").replace("&", "-")
                page.screenshot(path=f"{folder}/{language}-{theme}-{size['width']}-{name}.png", full_page=True)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"


class TestTheTrend:
    def test_is_drawn_under_the_policy_inside_its_card(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(), cast.bob, site)
        page.goto("/overview/")
        expect(page.locator("[data-chart] .scatterlayer path.js-line").first).to_be_attached()
        layers = page.locator("[data-chart] .main-svg")
        card = page.locator("#h-trend").locator("xpath=ancestor::section").bounding_box()
        for number in range(layers.count()):
            box = layers.nth(number).bounding_box()
            assert box and card and box["y"] >= card["y"] and box["y"] + box["height"] <= card["y"] + card["height"]

    def test_shows_the_running_month_as_an_open_circle_and_says_so(
        self, cast: Cast, months: Shop, site: WebServer, new_context: Any
    ) -> None:
        page = sign_in(new_context(), cast.bob, site)
        page.goto("/overview/")
        expect(page.locator("#h-trend").locator("xpath=ancestor::section").get_by_text("to date")).to_be_visible()
        expect(page.locator("[data-chart] .points path").first).to_be_attached()
        surface = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--surface').trim()")
        fills = page.locator("[data-chart] .points path").evaluate_all("all => all.map(one => one.style.fill)")
        assert fills.count("rgb(255, 255, 255)") >= 1 and surface.upper() in ("#FFFFFF", "#FFF")

    def test_has_the_same_numbers_as_a_table(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(), cast.bob, site)
        page.goto("/overview/")
        figure = page.evaluate("JSON.parse(document.getElementById('trend-figure').textContent)")
        line = next(trace for trace in figure["data"] if trace["mode"] == "lines+markers")
        page.locator("#t-trend summary").click()
        cells = page.locator("#t-trend tbody tr td:nth-child(2)").all_inner_texts()
        assert cells == [f"{value:.1f}" for value in line["y"]]


class TestTheIndicatorTable:
    def test_opens_its_parts_without_script(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(java_script_enabled=False), cast.bob, site)
        page.goto("/overview/")
        speed = page.locator("#n-speed")
        expect(speed).to_be_hidden()
        page.get_by_label("Show the indicators below Service").check(force=True)
        expect(speed).to_be_visible()

    def test_opens_by_keyboard(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(), cast.bob, site)
        page.goto("/overview/")
        page.locator("#open-service").focus()
        page.keyboard.press("Space")
        expect(page.locator("#n-speed")).to_be_visible()


class TestAnAlert:
    @pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
    def test_leads_to_the_row_it_names(self, cast: Cast, slower: Shop, site: WebServer, new_context: Any, size: Any) -> None:
        page = sign_in(new_context(viewport=size), cast.bob, site)
        page.goto("/overview/")
        alert, row = page.locator(".att a[href$='/overview/#n-speed']"), page.locator("#n-speed")
        for _ in range(2):
            page.evaluate("document.querySelectorAll('.twist-box').forEach(box => { box.checked = false })")
            expect(row).to_be_hidden()
            alert.click()
            expect(row).to_be_in_viewport()
            for cell in page.locator("tr", has=row).locator("> *").all():
                expect(cell).to_have_css("background-color", colour_of(page, "--brand-50"))

    def test_stands_beside_the_way_to_all_changes(self, cast: Cast, slower: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(), cast.bob, site)
        page.goto("/overview/")
        follow(page.locator(".att").get_by_role("link", name="All changes"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Change between periods")
        assert "sort=change" in page.url

    def test_is_shown_in_an_open_branch_without_script(self, cast: Cast, slower: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(java_script_enabled=False), cast.bob, site)
        page.goto("/overview/")
        page.locator(".att a[href$='#n-speed']").click()
        expect(page.locator("#n-speed")).to_be_in_viewport()

    def test_address_of_a_part_opens_its_branch(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(), cast.bob, site)
        page.goto("/overview/?compare=none#n-speed")
        expect(page.locator("#n-speed")).to_be_in_viewport()


class TestATableWiderThanItsCard:
    def test_fades_at_the_edge_behind_which_there_is_more(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(viewport=PHONE), cast.bob, site)
        page.goto("/overview/")
        frame = page.locator(".scrollx", has=page.locator("table.heat"))
        expect(frame).to_have_class("scrollx more-after")
        frame.evaluate("one => one.scrollTo(40, 0)")
        expect(frame).to_have_class("scrollx more-after more-before")
        frame.evaluate("one => one.scrollTo(one.scrollWidth, 0)")
        expect(frame).to_have_class("scrollx more-before")

    def test_fades_nowhere_where_it_fits(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(viewport=DESKTOP), cast.bob, site)
        page.goto("/overview/")
        expect(page.locator(".scrollx", has=page.locator("table.heat"))).to_have_class("scrollx")


class TestTheFilters:
    def test_work_without_script_and_stay_in_the_address(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(java_script_enabled=False), cast.bob, site)
        page.goto("/overview/")
        page.locator("summary", has_text="region").click()
        page.get_by_label("East", exact=True).check()
        page.locator(".chip-panel").get_by_role("button", name="Apply").click()
        expect(page).to_have_url(re.compile(r"/overview/\?region=East$"))
        page.get_by_role("link", name="Reset").click()
        expect(page).to_have_url(re.compile(r"/overview/(?!.*region)"))

    @pytest.mark.parametrize("path", ["/overview/", "/overview/change/", "/comments/", "/weighting/"])
    def test_that_are_not_applied_yet_are_marked_counted_and_kept_in_sight(
        self, cast: Cast, shop: Shop, site: WebServer, new_context: Any, path: str
    ) -> None:
        page = sign_in(new_context(viewport=DESKTOP), cast.bob, site)
        page.goto(path)
        address, period, button = page.url, page.locator("select[name=period]"), page.locator(".filter-go [data-apply]")
        period.select_option(label="2017")
        page.locator("summary", has_text="region").click()
        page.get_by_label("East", exact=True).check()
        expect(page.locator(".chip.pending")).to_have_count(2)
        expect(page.locator(".chip-menu > .pending b")).to_have_text("East")
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        expect(button).to_have_text("Apply 2 changes")
        expect(button).to_be_in_viewport()
        assert page.url == address and violations(page) == []
        page.get_by_label("East", exact=True).uncheck()
        expect(button).to_have_text("Apply 1 change")
        follow(button)
        expect(page.locator(".pending")).to_have_count(0)
        expect(page).to_have_url(re.compile("^(?!.*region).*period=wave"))

    def test_taken_back_leave_nothing_to_apply(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(viewport=DESKTOP), cast.bob, site)
        page.goto("/overview/")
        period, button = page.locator("select[name=period]"), page.locator(".filter-go [data-apply]")
        period.select_option(label="2017")
        expect(button).to_have_class(re.compile("btn-primary"))
        period.select_option(label="2018")
        expect(button).to_have_text("Apply")
        expect(button).not_to_have_class(re.compile("btn-primary"))
        expect(page.locator(".pending")).to_have_count(0)

    @pytest.mark.parametrize("path", ["/overview/", "/overview/change/", "/comments/", "/weighting/"])
    def test_are_folded_on_a_phone_with_the_button_in_reach(
        self, cast: Cast, shop: Shop, site: WebServer, new_context: Any, path: str
    ) -> None:
        page = sign_in(new_context(viewport=PHONE), cast.bob, site)
        page.goto(f"{path}?region=East")
        period, button = page.locator("select[name=period]"), page.locator(".filter-go [data-apply]")
        expect(period).to_be_hidden()
        page.get_by_text("Filters (1)").click()
        period.select_option(label="2017")
        for top in (0, 10_000):
            page.evaluate("top => window.scrollTo(0, top)", top)
            expect(button).to_be_in_viewport(ratio=1)
        assert violations(page) == [] and fits(page)
        button.click()
        expect(page.get_by_text("Filters (2)")).to_be_visible()

    def test_work_on_a_phone_without_script(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(viewport=PHONE, java_script_enabled=False), cast.bob, site)
        page.goto("/overview/")
        page.locator(".filter-fold summary").click()
        page.locator("select[name=period]").select_option(label="2017")
        page.locator(".filter-go").get_by_role("button", name="Apply").click()
        expect(page.get_by_text("Filters (1)")).to_be_visible()

    def test_are_written_out_in_print(self, cast: Cast, shop: Shop, site: WebServer, new_context: Any) -> None:
        page = sign_in(new_context(), cast.bob, site)
        page.goto("/overview/?region=East")
        page.emulate_media(media="print")
        expect(page.get_by_text("Filters applied:")).to_have_text(
            "Filters applied: Shop; 2018; compared with 2017; region: East")
        expect(page.locator("form.filters")).to_be_hidden()
        expect(page.locator("nav.side").last).to_be_hidden()


class TestANewAnswer:
    def test_moves_the_open_page_within_seconds(
        self, cast: Cast, shop: Shop, site: WebServer, worker: Worker, new_context: Any
    ) -> None:
        page = sign_in(new_context(), cast.bob, site)
        page.goto("/overview/")
        page.locator("#open-service").check(force=True)
        before = page.locator("#h-index").locator("xpath=ancestor::section").inner_text()
        answer_many(shop.version, codes(1, 40), wave="2018", attributes={"region": "East"}, notes=False,
                    at=datetime(2018, 9, 9, 10, 0, tzinfo=UTC))
        RecomputeNote.objects.create(questionnaire=shop.version.questionnaire, at=datetime.now(UTC))
        wake_questionnaire(shop.version.questionnaire_id)
        expect(page.locator("[data-live-stamp]")).to_contain_text("9 Sep 2018, 10:00 (UTC)")
        expect(page.locator("#h-index").locator("xpath=ancestor::section")).not_to_have_text(before)
        expect(page.locator("#open-service")).to_be_checked()
        expect(chart(page)).to_be_visible()


@in_every_look
class TestAnEarlierSeries:
    def test_is_accessible_and_fits(
        self, new_context: Callable[..., BrowserContext], site: WebServer, cast: Cast, months: Shop, language: str, size: Any,
        theme: str,
    ) -> None:
        root = Indicator.objects.get(tree=months.tree, parent=None)
        set_weights(parent=root, weights={"product": 0.3, "service": 0.7}, user=cast.dora, reason="Agreed by the board",
                    at=datetime.now(UTC) - timedelta(days=50))
        months.compute()
        page = sign_in(new_context(viewport=size), cast.bob, site, language=language, theme=theme)
        for name, path in (("newest", "/overview/?period=all"), ("earlier", "/overview/?period=all&series=1")):
            page.goto(path)
            expect(chart(page)).to_be_visible()
            if folder := os.environ.get("SCREENSHOTS"):
                page.screenshot(path=f"{folder}/series-{name}-{language}-{size['width']}-{theme}.png", full_page=True)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        expect(page.locator("[data-series]")).to_be_visible()
