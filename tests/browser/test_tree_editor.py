"""The tree editor in a real browser: dragged with mouse and finger, by keyboard, and without script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from analytics.indicators.models import IndicatorTree
from analytics.indicators.services import remove_indicator
from tests.analytics.builders import AT, make_tree, publish, standard_document
from tests.browser.looks import fits, violations
from tests.browser.visits import follow, shoot, sign_in
from tests.cast import Cast
from tests.conftest import PHONE
from tests.services.site import WebServer

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., BrowserContext]


@pytest.fixture
def tree(cast: Cast) -> IndicatorTree:
    return make_tree(publish(cast.team, standard_document()))


def row(page: Page, name: str) -> Locator:
    return page.locator("tr[data-node]", has=page.get_by_role("rowheader", name=name, exact=True))


def drag(page: Page, name: str, onto: str, part: float, *, drop: bool = True) -> None:
    """Drag an indicator by its dots to a height (0 top, 1 bottom) of another one's row."""
    grip, target = row(page, name).locator("[data-grip]").bounding_box(), row(page, onto).bounding_box()
    assert grip and target
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(target["x"] + 40, target["y"] + target["height"] * part, steps=6)
    if drop:
        page.mouse.up()


def meant(page: Page, status: int) -> None:
    """Take a refusal that the test is about off the list of console errors, and nothing else."""
    problems: list[str] = page.context.problems  # type: ignore[attr-defined]
    assert [str(status) in problem for problem in problems] == [True]
    problems.clear()


def order(tree: IndicatorTree, parent: str) -> list[str]:
    return list(tree.indicators.filter(parent__key=parent).values_list("key", flat=True))


@pytest.fixture
def page(new_context: Open, site: WebServer, cast: Cast, tree: IndicatorTree) -> Page:
    page = sign_in(new_context(), cast.dora, site)
    page.goto(f"/indicators/{tree.pk}/")
    return page


class TestDragging:
    def test_reorders_among_siblings_and_says_so(self, page: Page, tree: IndicatorTree) -> None:
        drag(page, "Service", "Product", 0.1)
        expect(page.get_by_role("status").filter(has_text="“Service” is number 1 of 2")).to_be_visible()
        assert order(tree, "csi") == ["service", "product"]
        shoot(page, "tree-after-drag")
        assert violations(page) == []

    def test_moves_to_another_parent(self, page: Page, tree: IndicatorTree) -> None:
        sets = page.locator("[data-tree-sets]")
        drag(page, "quality", "Service", 0.5)
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Move “quality” to “Service”?")
        shoot(page, "tree-question")
        assert violations(page) == []
        dialog.get_by_label("Why").fill("It is a service")
        dialog.get_by_role("button", name="Move and recalculate").click()
        expect(page.locator("[data-tree-said]")).to_contain_text("Moved; the weights changed.")
        expect(sets).to_contain_text("Indicator moved")
        expect(sets).to_contain_text("It is a service")
        assert order(tree, "service") == ["attitude", "speed", "quality"]
        shoot(page, "tree-moved")
        assert violations(page) == []
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("[data-tree-said]")).to_contain_text("Undone: “quality” is back below “Product”")
        expect(sets).not_to_contain_text("Indicator moved")
        assert order(tree, "product") == ["quality", "design"]

    def test_to_another_parent_asks_again_for_the_reason_and_can_be_given_up(self, page: Page, tree: IndicatorTree) -> None:
        drag(page, "quality", "Service", 0.5)
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Move and recalculate").click()
        expect(dialog).to_contain_text("Give a reason")
        meant(page, 422)
        dialog.get_by_role("link", name="Cancel").click()
        expect(dialog).to_be_hidden()
        assert order(tree, "product") == ["quality", "design"]

    def test_shows_where_a_drop_would_land_and_escape_gives_up(self, page: Page, tree: IndicatorTree) -> None:
        drag(page, "Product", "speed", 0.9, drop=False)
        expect(page.locator("tr.drop-after")).to_have_count(1)
        expect(page.locator("tr.is-dragged")).to_have_count(3)
        shoot(page, "tree-dragging")
        page.keyboard.press("Escape")
        page.mouse.up()
        expect(page.locator("tr.drop-after, tr.is-dragged")).to_have_count(0)
        assert order(tree, "csi") == ["product", "service"]

    def test_under_itself_is_refused_with_a_sentence(self, page: Page, tree: IndicatorTree) -> None:
        drag(page, "Product", "design", 0.9)
        expect(page.locator("[data-tree-said].is-bad")).to_have_text("An indicator cannot hang below itself.")
        meant(page, 422)
        assert order(tree, "product") == ["quality", "design"]

    def test_on_a_tree_that_somebody_changed_shows_it_as_it_is_now(self, page: Page, tree: IndicatorTree) -> None:
        remove_indicator(indicator=tree.indicators.get(key="design"), reason="A trial", user=None, at=AT)
        drag(page, "Service", "Product", 0.1)
        expect(page.locator("[data-tree-said]")).to_contain_text("Somebody has changed the tree meanwhile")
        expect(row(page, "design")).to_have_count(0)
        meant(page, 409)
        assert order(tree, "csi") == ["product", "service"]
        drag(page, "Service", "Product", 0.1)
        expect(page.locator("[data-tree-said]")).to_contain_text("“Service” is number 1 of 2")

    def test_says_so_when_the_server_cannot_be_reached(self, page: Page, tree: IndicatorTree) -> None:
        page.context.set_offline(True)
        drag(page, "Service", "Product", 0.1)
        expect(page.locator("[data-tree-said].is-bad")).to_contain_text("could not be sent")
        page.context.problems.clear()  # type: ignore[attr-defined]
        assert order(tree, "csi") == ["product", "service"]

    def test_works_with_a_finger(self, new_context: Open, site: WebServer, cast: Cast, tree: IndicatorTree) -> None:
        page = sign_in(new_context(viewport=PHONE, has_touch=True, is_mobile=True), cast.dora, site, language="zh-hans", theme="dark")
        page.goto(f"/indicators/{tree.pk}/")
        grip, target = page.locator("[data-grip]").nth(3).bounding_box(), page.locator("tr[data-node]").nth(1).bounding_box()
        assert grip and target
        touch = page.context.new_cdp_session(page)
        x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for step in range(1, 6):
            to = y + (target["y"] + 3 - y) * step / 5
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": to}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(page.locator("[data-tree-said]")).to_contain_text("2 项中的第 1 项")
        shoot(page, "tree-phone-zh")
        assert order(tree, "csi") == ["service", "product"]
        assert fits(page)


class TestOnAPhone:
    @pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("zh-hans", "light")])
    def test_the_arrows_stand_below_the_name_within_reach(
        self, new_context: Open, site: WebServer, cast: Cast, tree: IndicatorTree, language: str, theme: str
    ) -> None:
        page = sign_in(new_context(viewport=PHONE, has_touch=True, is_mobile=True), cast.dora, site, language=language, theme=theme)
        page.goto(f"/indicators/{tree.pk}/")
        expect(page.locator("[data-grip]").first).to_be_visible()
        shoot(page, f"tree-arrows-{language}-{theme}")
        edge = page.locator("[data-tree-body] .scrollx").bounding_box()
        assert edge
        for number in range(1, page.locator("tr[data-node]").count()):
            line = page.locator("tr[data-node]").nth(number)
            boxes = [line.get_by_role("rowheader").get_by_role("link").bounding_box(), *(one.bounding_box() for one in line.get_by_role("button").all())]
            link, up, down = (box or pytest.fail("not shown") for box in boxes)
            assert all(min(box["width"], box["height"]) >= 24 for box in (up, down))
            assert up["y"] >= link["y"] + link["height"] and down["x"] >= up["x"] + up["width"]
            # The last 40 px of the table fade where there is more behind.
            assert down["x"] + down["width"] <= edge["x"] + edge["width"] - 40
        assert fits(page) and violations(page) == []
        page.locator("tr[data-node]").nth(4).get_by_role("button").first.tap()
        expect(page.locator("[data-tree-said]")).not_to_be_empty()
        assert order(tree, "csi") == ["service", "product"]


class TestTheName:
    def test_is_changed_in_both_languages_below_the_tree(self, page: Page, tree: IndicatorTree) -> None:
        form = page.locator("form", has=page.get_by_role("button", name="Save the name"))
        form.get_by_label("Name in Chinese").fill("门店满意度")
        form.get_by_label("Name in English").fill("Shops")
        follow(form.get_by_role("button", name="Save the name"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Shops")
        tree.refresh_from_db()
        assert tree.names == {"zh-hans": "门店满意度", "en": "Shops"}
        shoot(page, "tree-renamed")


class TestTheArrows:
    def test_move_by_keyboard_and_keep_the_focus(self, page: Page, tree: IndicatorTree) -> None:
        page.get_by_role("button", name="Move Service up").focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-tree-said]")).to_contain_text("“Service” is number 1 of 2")
        expect(page.get_by_role("button", name="Move Service up")).to_be_focused()
        assert order(tree, "csi") == ["service", "product"]

    def test_move_without_script_and_no_dots_are_shown(self, new_context: Open, site: WebServer, cast: Cast, tree: IndicatorTree) -> None:
        page = sign_in(new_context(java_script_enabled=False), cast.dora, site)
        page.goto(f"/indicators/{tree.pk}/")
        expect(page.locator("[data-grip]").first).to_be_hidden()
        page.get_by_role("button", name="Move Service up").click()
        expect(page.get_by_text("“Service” is number 1 of 2 below")).to_be_visible()
        assert order(tree, "csi") == ["service", "product"]
