"""The builder by keyboard and by dragging: what was touched keeps the focus."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from surveys.design.gallery import TEMPLATES
from surveys.design.models import Questionnaire
from surveys.design.services import create_questionnaire
from tests.browser.test_builder import stored
from tests.browser.visits import OpenContext, sign_in
from tests.cast import NOW, Cast
from tests.services.site import WebServer


@pytest.fixture
def survey(cast: Cast) -> Questionnaire:
    return create_questionnaire(team=cast.team, template=TEMPLATES["relationship"], name="Yearly", user=None, at=NOW)


@pytest.fixture
def page(new_context: OpenContext, site: WebServer, cast: Cast, survey: Questionnaire) -> Page:
    return sign_in(new_context(viewport={"width": 1440, "height": 900}), cast.dora, site)


def order() -> list[str]:
    return [q["key"] for one in Questionnaire.objects.get(name="Yearly").draft["pages"] for q in one["questions"]]


def press(page: Page, op: str) -> None:
    """Press a button of the builder by the keyboard alone, and wait for the page that follows."""
    page.locator(f'button[name=op][value="{op}"]').focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


class TestFocus:
    def test_stays_on_the_button_while_a_question_moves(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=overall")
        for place in (3, 4):
            press(page, "up:overall" if place == 3 else "down:overall")
            name = "Move up" if place == 3 else "Move down"
            expect(page.locator(".qtools").get_by_role("button", name=name)).to_be_focused()
        assert order()[3] == "overall"

    def test_goes_to_the_other_button_where_a_question_cannot_move_on(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=reasons")
        press(page, "up:reasons")
        expect(page.locator(".qtools").get_by_role("button", name="Move down")).to_be_focused()
        assert order()[0] == "reasons"

    def test_goes_to_the_new_questions_text(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=overall")
        press(page, "add")
        expect(page.locator("#f-text-zh-hans")).to_be_focused()
        assert order().index("rating") == order().index("overall") + 1

    def test_goes_to_the_neighbour_of_a_removed_question(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/remove/?q=overall")
        page.get_by_role("button", name="Delete question").click()
        expect(page.locator("li.qi.sel a[aria-current]")).to_be_focused()
        expect(page.locator("li.qi.sel")).to_have_attribute("data-key", "product")

    def test_follows_a_line_that_moves_up_to_the_top(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=product")
        press(page, "move_part:rows.2")
        expect(page.get_by_role("button", name="Move line 2 up")).to_be_focused()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator(".prow").first.locator("textarea, input").first).to_be_focused()
        assert stored("product")["rows"][0]["key"] == "product_design"

    def test_stays_in_the_list_while_lines_are_removed(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=product")
        press(page, "remove_part:rows.4")
        expect(page.get_by_role("button", name="Delete line 4")).to_be_focused()
        for number in (4, 3, 2, 1):
            press(page, f"remove_part:rows.{number - 1}")
        expect(page.get_by_role("button", name="Add part")).to_be_focused()

    def test_goes_to_an_added_line(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=product")
        press(page, "add_part:rows")
        expect(page.locator(".prow").last.locator("textarea, input").first).to_be_focused()

    def test_stays_on_save_undo_and_page_breaks(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=product")
        press(page, "break:product")
        expect(page.locator("li.qi.sel a[aria-current]")).to_be_focused()
        press(page, "join:p4")
        expect(page.locator('li.qi[data-key="product"] a').first).to_be_focused()
        page.get_by_role("button", name="Undo").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Undo")).to_be_focused()
        page.get_by_role("button", name="Save", exact=True).last.focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Save", exact=True).last).to_be_focused()


def drag(page: Page, grip: Locator, below: Locator, let_go: bool = True) -> None:
    """Lift a grip and hold it just below the middle of another row."""
    grip.scroll_into_view_if_needed()
    start, target = grip.bounding_box(), below.bounding_box()
    assert start and target
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + 4, target["y"] + target["height"] - 3, steps=4)
    if let_go:
        page.mouse.up()


class TestDragging:
    def test_puts_a_question_below_another_and_says_so(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=nps")
        drag(page, page.locator('[data-grip="overall"]'), page.locator('li.qi[data-key="nps"]'))
        expect(page.locator(".msgs")).to_contain_text("Question 4 moved to position 2.")
        expect(page.locator("li.qi.sel a[aria-current]")).to_be_focused()
        assert order()[:3] == ["nps", "overall", "reasons"]

    def test_puts_a_question_first_on_a_page(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=nps")
        drag(page, page.locator('[data-grip="reason"]'), page.locator('[data-drop="first.p2"]'))
        expect(page.locator(".msgs")).to_contain_text("Question 3 moved to page 2.")
        draft = Questionnaire.objects.get(name="Yearly").draft
        assert draft["pages"][1]["questions"][0]["key"] == "reason"

    def test_is_given_up_by_escape(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=nps")
        before = order()
        drag(page, page.locator('[data-grip="overall"]'), page.locator('li.qi[data-key="nps"]'), let_go=False)
        expect(page.locator(".drop-here")).to_have_count(1)
        page.keyboard.press("Escape")
        page.mouse.up()
        expect(page.locator(".drop-here, .is-lifted")).to_have_count(0)
        page.reload()
        assert order() == before

    def test_keeps_what_was_typed_when_a_line_moves(self, page: Page, survey: Questionnaire) -> None:
        page.goto(f"/questionnaires/{survey.pk}/?q=product")
        page.locator("#f-text-en").fill("Typed just now")
        drag(page, page.locator('[data-grip="rows.3"]'), page.locator('.prow[data-drop="0"]'))
        expect(page.locator(".msgs")).to_contain_text("Line 4 moved to position 2.")
        assert [row["key"] for row in stored("product")["rows"]][:2] == ["product_function", "product_innovation"]
        assert stored("product")["text"]["en"] == "Typed just now"


class TestTranslations:
    def test_are_saved_while_typing_and_counted_down(self, page: Page, survey: Questionnaire) -> None:
        survey.draft["pages"][2]["questions"][0]["text"].pop("en")
        Questionnaire.objects.filter(pk=survey.pk).update(draft=survey.draft)
        page.goto(f"/questionnaires/{survey.pk}/translations/?show=missing")
        expect(page.locator("textarea")).to_have_count(2)
        expect(page.locator("[data-missing]")).to_contain_text("1")
        with page.expect_response(lambda reply: "/translations/" in reply.url and reply.request.method == "POST"):
            page.locator("textarea").last.fill("Anything else?")
        expect(page.locator("[data-missing]")).to_be_hidden()
        assert stored("comment")["text"]["en"] == "Anything else?"
