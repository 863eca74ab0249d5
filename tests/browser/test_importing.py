"""The import of answers in a real browser: without scripts, in two languages, on desk and phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from accounts.access import Actor
from accounts.models import Team, User
from accounts.roles import Role
from surveys.answering.models import Response
from surveys.answering.take_back import take_back_import
from surveys.answering.uploads import run_import, start_import
from surveys.contacts.tables import read_table
from tests.browser.looks import in_every_look, violations
from tests.browser.visits import follow, shoot, sign_in
from tests.services.site import WebServer
from tests.surveys.answering_builders import make_version
from tests.surveys.sending_builders import make_member, make_team

CSV = (
    "答卷编号,提交答卷时间,您有多大可能向朋友或同事推荐{company}？,咨询答复,员工服务态度,哪些方面影响最大？,权重,大区,"
    "a_rather_long_name_of_a_column_without_any_blank_in_it\r\n"
    "1,2026/3/5 10:22:33,9,5分,不适用,回复速度┋服务态度,1.5,华东,x\r\n"
    "2,2026/3/6 09:00:00,0,3,4,3,0.5,华北,y\r\n"
    "3,2026/3/7 09:00:00,10,很好,4,,1,华东,z\r\n"
)


@pytest.fixture
def team(site: WebServer) -> Team:
    return make_team()


@pytest.fixture
def dora(team: Team) -> User:
    return make_member(team, role=Role.OWNER)


class TestImport:
    def test_leads_from_the_file_to_the_responses_without_scripts(
        self, new_context: Callable[..., BrowserContext], site: WebServer, team: Team, dora: User
    ) -> None:
        pk = make_version(team).questionnaire.pk
        context = new_context(java_script_enabled=False)
        page = sign_in(context, dora, site)
        page.goto(f"/questionnaires/{pk}/import/")
        page.get_by_label("CSV or Excel file").set_input_files(
            {"name": "answers.csv", "mimeType": "text/csv", "buffer": CSV.encode("gb18030")}
        )
        page.get_by_role("button", name="Upload file").click()
        expect(page.get_by_label("Goes to: 咨询答复")).to_have_value("item:reply")
        expect(page.get_by_label("“5分” in 咨询答复 means")).to_have_value("5")
        page.get_by_label("“很好” in 咨询答复 means").select_option(label="4 – Satisfied")
        page.get_by_label("Goes to: a_rather_long").select_option(label="In your own words")
        page.get_by_role("button", name="Check rows").click()
        page.get_by_role("button", name="Import 3 responses").click()
        expect(page.get_by_role("heading", name="Import finished")).to_be_visible()
        assert [r.answers["reply"] for r in Response.objects.order_by("external_key")] == [5, 3, 4]
        with page.expect_download() as saved:
            page.get_by_role("link", name="Download this mapping as JSON").click()
        assert '"很好": "4"' in saved.value.path().read_text(encoding="utf-8")

    def test_is_taken_back_without_scripts(
        self, new_context: Callable[..., BrowserContext], site: WebServer, team: Team, dora: User
    ) -> None:
        done = prepare(team)["done"]
        page = sign_in(new_context(java_script_enabled=False), dora, site)
        page.goto(done)
        follow(page.get_by_role("link", name="Take this import back"))
        follow(page.get_by_role("button", name="Take back and erase 1 response"))
        expect(page.get_by_role("alert")).to_contain_text("Give a reason")
        page.context.problems.clear()  # type: ignore[attr-defined]
        page.get_by_label("Why").fill("The columns were swapped")
        follow(page.get_by_role("button", name="Take back and erase 1 response"))
        expect(page.get_by_role("status").filter(has_text="This import is taken back: 1 response is erased.")).to_be_visible()
        expect(page.get_by_text("The columns were swapped")).to_be_visible()
        expect(page.get_by_role("link", name="Take this import back")).to_have_count(0)
        assert not Response.objects.exists()

    @in_every_look
    def test_is_accessible_and_fits_the_screen(
        self, new_context: Callable[..., BrowserContext], site: WebServer, team: Team, dora: User,
        language: str, theme: str, size: Any,
    ) -> None:
        dora.language, dora.theme = language, theme
        dora.save()
        context = new_context(viewport=size, color_scheme=theme)
        page = sign_in(context, dora, site)
        problems: dict[str, Any] = {}
        for name, path in prepare(team).items():
            page.goto(path)
            if name == "twice":
                page.locator("#column-3").select_option("item:attitude")
                page.locator("#match-form").evaluate("form => form.submit()")
                page.wait_for_selector(".err-summary")
                context.problems.clear()  # type: ignore[attr-defined]
            shoot(page, f"{name}-{language}-{size['width']}-{theme}")
            found = violations(page)
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                found.append("wider than the screen")
            if found:
                problems[name] = found
        assert not problems


def prepare(team: Team) -> dict[str, str]:
    """Upload one file that waits and one that is imported; return the pages by name."""
    questionnaire, at = make_version(team).questionnaire, timezone.now()
    table = read_table(content=CSV.encode())
    waiting, done, gone = (
        start_import(questionnaire=questionnaire, file_name="answers.csv", table=table, user=None, at=at) for _n in range(3)
    )
    run_import(response_import=gone, at=at)
    take_back_import(actor=Actor(team, Role.OWNER), response_import=gone, reason="The columns were swapped", at=at)
    pages = {
        "upload": f"/questionnaires/{questionnaire.pk}/import/", "match": f"/questionnaires/imports/{waiting.pk}/match/",
        "twice": f"/questionnaires/imports/{waiting.pk}/match/", "check": f"/questionnaires/imports/{waiting.pk}/check/",
        "done": f"/questionnaires/imports/{done.pk}/done/", "before": f"/questionnaires/imports/{done.pk}/take-back/",
        "after": f"/questionnaires/imports/{gone.pk}/done/",
    }
    run_import(response_import=done, at=at)
    Response.objects.filter(external_key="1").delete()
    return pages
