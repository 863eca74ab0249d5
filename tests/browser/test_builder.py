"""The builder in a real browser, with and without script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from surveys.design.editing import find_question
from surveys.design.gallery import TEMPLATES
from surveys.design.models import Questionnaire
from surveys.design.services import create_questionnaire, publish
from tests.analytics.builders import answer_many
from tests.browser.looks import in_every_look, violations
from tests.browser.visits import OpenContext, follow, sign_in
from tests.cast import NOW, Cast
from tests.services.site import WebServer


@pytest.fixture
def survey(cast: Cast) -> Questionnaire:
    return create_questionnaire(team=cast.team, template=TEMPLATES["relationship"], name="Yearly", user=None, at=NOW)


def stored(key: str) -> dict[str, Any]:
    question = find_question(Questionnaire.objects.get(name="Yearly").draft, key)
    assert question is not None
    return question


class TestBuilder:
    def test_does_every_operation_without_script(
        self, new_context: OpenContext, site: WebServer, cast: Cast, survey: Questionnaire
    ) -> None:
        page = sign_in(new_context(java_script_enabled=False), cast.dora, site)
        page.goto(f"/questionnaires/{survey.pk}/?q=service")
        page.get_by_role("button", name="Move up", exact=True).first.click()
        expect(page.locator(".msgs")).to_contain_text("Question 6 moved to position 5.")
        expect(page.get_by_role("button", name="Move up", exact=True).first).to_be_focused()
        follow(page.get_by_role("button", name="Add part"))
        page.locator("#f-row-service_6-text-en, [name^='row.service'][name$='.en']").last.fill("Opening hours")
        follow(page.get_by_role("button", name="Save", exact=True).last)
        assert [row["text"].get("en") for row in stored("service")["rows"]][-1] == "Opening hours"
        page.get_by_role("link", name="Delete", exact=True).click()
        page.get_by_role("button", name="Delete question").click()
        follow(page.get_by_role("button", name="Undo"))
        assert len(stored("service")["rows"]) == 6

    def test_leads_to_a_missing_text_and_publishes(
        self, new_context: OpenContext, site: WebServer, cast: Cast, survey: Questionnaire
    ) -> None:
        page = sign_in(new_context(java_script_enabled=False), cast.dora, site)
        page.goto(f"/questionnaires/{survey.pk}/?q=comment")
        page.locator("#f-text-en").fill("")
        follow(page.get_by_role("button", name="Save", exact=True).last)
        follow(page.get_by_role("link", name="Go to field").first)
        page.locator("#f-text-en").fill("Anything else?")
        follow(page.get_by_role("button", name="Save", exact=True).last)
        follow(page.get_by_role("link", name="Publish version 1"))
        page.get_by_role("button", name="Publish version 1").click()
        expect(page.locator(".msgs")).to_contain_text("Version 1 is live.")
        assert survey.versions.count() == 1

    def test_saves_while_typing(
        self, new_context: OpenContext, site: WebServer, cast: Cast, survey: Questionnaire
    ) -> None:
        page = sign_in(new_context(), cast.dora, site)
        page.goto(f"/questionnaires/{survey.pk}/?q=comment")
        with page.expect_response(lambda reply: reply.url.endswith("/edit/") and reply.request.method == "POST"):
            page.locator("#f-text-en").fill("Typed words")
        expect(page.locator("input[name=revision]").first).to_have_value("2")
        assert stored("comment")["text"]["en"] == "Typed words"
        expect(page.locator(".olist .sel")).to_contain_text("Typed words")
        expect(page.locator("#ed")).to_contain_text("Typed words")
        expect(page.locator("#f-text-en")).to_be_focused()
        page.get_by_role("button", name="Duplicate").click()
        expect(page.locator(".msgs")).to_contain_text("was duplicated")

    def test_never_gives_the_words_of_one_scale_to_the_points_of_another(
        self, new_context: OpenContext, site: WebServer, cast: Cast, survey: Questionnaire
    ) -> None:
        page = sign_in(new_context(), cast.dora, site)
        page.goto(f"/questionnaires/{survey.pk}/?q=overall")
        ends = [stored("overall")["scale"]["labels"][point]["en"] for point in ("1", "5")]
        page.locator("#f-scale").select_option("0-10")
        expect(page.locator("input[name=revision]").first).to_have_value("2")
        page.get_by_text("Labels of the scale").click()
        expect(page.locator(".lrow")).to_have_count(11)
        page.locator("#f-help-en").fill("Think of the whole year")
        expect(page.locator("input[name=revision]").first).to_have_value("3")
        follow(page.get_by_role("button", name="Save", exact=True).last)
        labels = stored("overall")["scale"]["labels"]
        assert {point: text["en"] for point, text in labels.items()} == {"0": ends[0], "10": ends[1]}

    def test_offers_what_a_first_change_makes_possible_without_a_reload(
        self, new_context: OpenContext, site: WebServer, cast: Cast, survey: Questionnaire
    ) -> None:
        publish(questionnaire=survey, user=None, at=NOW)
        page = sign_in(new_context(), cast.dora, site)
        page.goto(f"/questionnaires/{survey.pk}/?q=comment")
        expect(page.get_by_role("button", name="Undo")).to_have_count(0)
        expect(page.locator("h1")).to_contain_text("Version 1 live")
        page.locator("#f-text-en").fill("")
        expect(page.locator("h1")).to_contain_text("Draft of version 2")
        expect(page.locator("[data-part=publishing]")).to_contain_text("Publishing waits for 1 fix")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".msgs")).to_contain_text("The last change was undone.")

    def test_is_listed_with_its_responses_and_the_day_of_the_latest(
        self, new_context: OpenContext, site: WebServer, cast: Cast, survey: Questionnaire
    ) -> None:
        version = publish(questionnaire=survey, user=cast.dora, at=NOW)
        answer_many(version, [{"nps": 9}] * 1200, at=NOW)
        page = sign_in(new_context(), cast.dora, site)
        page.goto("/questionnaires/")
        line = page.get_by_role("row", name="Yearly")
        expect(line.get_by_role("cell", name="1,200", exact=True)).to_be_visible()
        expect(line.get_by_role("cell", name="22 Nov 2026", exact=True)).to_be_visible()

    @in_every_look
    def test_has_no_accessibility_violation(
        self, new_context: OpenContext, site: WebServer, cast: Cast, survey: Questionnaire,
        language: str, theme: str, size: Any, tmp_path: Path,
    ) -> None:
        cast.dora.language, cast.dora.theme = language, theme
        cast.dora.save()
        page = sign_in(new_context(viewport=size), cast.dora, site)
        paths = [f"{survey.pk}/?q=product", f"{survey.pk}/?q=reason", f"{survey.pk}/?q=_texts", f"{survey.pk}/checks/",
                 f"{survey.pk}/translations/", f"{survey.pk}/logic/", f"{survey.pk}/remove/?q=nps", "", "new/", "import/"]
        found = {}
        for path in paths:
            page.goto(f"/questionnaires/{path}")
            found[path] = violations(page, frames=False)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            page.screenshot(path=tmp_path / f"{language}-{theme}-{size['width']}-{paths.index(path)}.png", full_page=True)
        assert found == {path: [] for path in paths}
