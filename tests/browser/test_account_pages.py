"""The account pages in a real browser: in both languages, both themes and both widths, judged by axe."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from playwright.sync_api import BrowserContext, Page

from accounts.audit import record_event
from accounts.mails import invitation_context, reset_tokens
from accounts.models import MemberInvitation, Membership
from accounts.services import invite_member
from tests.browser.looks import in_every_look, violations
from tests.cast import PASSWORD, Cast, make_cast, make_key, make_user
from tests.services.site import WebServer

pytestmark = pytest.mark.django_db(transaction=True)
OPEN = ["/account/sign-in/", "/account/reset/", "/account/reset/sent/", "/account/join/unknown/"]
CLOSED = [
    "/account/", "/account/password/", "/account/settings/", "/account/settings/members/", "/account/settings/keys/",
    "/account/settings/audit/",
]


@pytest.fixture
def cast(site: WebServer) -> Cast:
    cast = make_cast()
    actor, at = cast.actor(cast.alice), timezone.now()
    make_key(cast.team, by=cast.alice)
    invite_member(actor=actor, email="nina@people.example", role="manager", scope={"region": ["East"]}, at=at)
    record_event(actor=actor, action="team.changed", target="team 1", at=at)
    return cast


def path_of(link: str) -> str:
    return urlsplit(link).path


def sign_in(page: Page, email: str) -> None:
    page.goto("/account/sign-in/?next=/account/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account/")


def switch(page: Page, language: str, theme: str) -> None:
    """Choose by the same addresses that the switches post to."""
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    for path, name, value in (("language", "language", language), ("theme", "theme", theme)):
        page.request.post(f"/account/{path}/", form={name: value, "csrfmiddlewaretoken": token, "next": "/account/sign-in/"},
                          headers={"referer": page.url})


def look(page: Page, path: str, name: str) -> None:
    page.goto(path)
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}{path.strip('/').replace('/', '-')}.png", full_page=True)
    assert violations(page) == [], path
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"


@in_every_look
class TestEveryAccountPage:
    def test_is_accessible_and_fits(
        self, cast: Cast, new_context: Callable[..., BrowserContext], language: str, theme: str, size: Any
    ) -> None:
        context = new_context(viewport=size)
        page, name = context.new_page(), f"{language}-{theme}-{size['width']}-"
        sign_in(page, cast.alice.email)
        switch(page, language, theme)
        for path in [*CLOSED, f"/account/settings/members/{cast.membership(cast.bob).pk}/"]:
            look(page, path, name)
        stranger = new_context(viewport=size)
        page = stranger.new_page()
        page.goto("/account/sign-in/")
        switch(page, language, theme)
        for path in OPEN:
            look(page, path, name)
        stranger.problems.clear()  # type: ignore[attr-defined]  # the dead link answers 404

    def test_is_so_for_a_person_without_a_team(
        self, site: WebServer, new_context: Callable[..., BrowserContext], language: str, theme: str, size: Any
    ) -> None:
        make_user("Olive", language=language)
        context = new_context(viewport=size)
        page = context.new_page()
        sign_in(page, "olive@people.example")
        switch(page, language, theme)
        for path in ("/overview/", "/account/"):
            look(page, path, f"{language}-{theme}-{size['width']}-no-team-")
        context.problems.clear()  # type: ignore[attr-defined]  # the page that says so answers 403


class TestAPersonAtTheKeyboard:
    def test_is_led_to_the_error_and_keeps_what_was_typed(self, cast: Cast, page: Page) -> None:
        page.goto("/account/sign-in/")
        page.get_by_label("E-mail address").fill("alice@people.example")
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        summary = page.get_by_role("alert")
        summary.wait_for()
        assert "The e-mail address or the password is wrong." in summary.inner_text()
        assert page.get_by_label("E-mail address").input_value() == "alice@people.example"
        page.context.problems.clear()  # type: ignore[attr-defined]  # the reply is a 400


class TestALinkFromAMail:
    def test_lets_a_colleague_join_in_a_browser_that_was_never_here(
        self, cast: Cast, new_context: Callable[..., BrowserContext]
    ) -> None:
        link = invitation_context(MemberInvitation.objects.get())["link"]
        page = new_context().new_page()
        page.goto(path_of(link))
        page.get_by_label("Your name").fill("Nina")
        page.get_by_label("New password", exact=True).fill("a sentence of nina")
        page.get_by_label("New password once more").fill("a sentence of nina")
        page.get_by_role("button", name="Join the team").click()
        page.get_by_text("You have joined").wait_for()
        assert Membership.objects.get(user__email="nina@people.example").scope == {"region": ["East"]}

    def test_gives_a_new_password(self, cast: Cast, new_context: Callable[..., BrowserContext]) -> None:
        page = new_context().new_page()
        page.goto("/account/reset/")
        page.get_by_label("E-mail address").fill(cast.bob.email)
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url("**/account/reset/sent/")
        uid = urlsafe_base64_encode(force_bytes(cast.bob.pk))
        page.goto(f"/account/reset/{reset_tokens.make_token(cast.bob)}/{uid}/")
        page.get_by_label("New password", exact=True).fill("another sentence of bob")
        page.get_by_label("New password once more").fill("another sentence of bob")
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url("**/account/sign-in/**")
        cast.bob.refresh_from_db()
        assert cast.bob.check_password("another sentence of bob")


class TestAnOwner:
    def test_makes_a_key_and_sees_it_once(self, cast: Cast, page: Page) -> None:
        sign_in(page, cast.alice.email)
        page.goto("/account/settings/keys/")
        page.get_by_label("What the key is for").fill("CRM")
        page.get_by_role("button", name="Create the key").click()
        key = page.locator("code.secret").inner_text()
        assert key.startswith("csat_")
        page.goto("/account/settings/keys/")
        assert page.locator("code.secret").count() == 0
        page.get_by_role("button", name="Revoke CRM").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke CRM").click()
        page.get_by_text("The key “CRM” is revoked.").wait_for()

    def test_switches_language_and_theme_from_any_page(self, cast: Cast, page: Page) -> None:
        sign_in(page, cast.alice.email)
        page.get_by_role("navigation").get_by_role("button", name="中文").click()
        page.get_by_role("heading", name="个人资料").wait_for()
        page.get_by_role("navigation").get_by_role("button", name="深色").click()
        page.locator("html[data-theme=dark]").wait_for()
        assert page.url.endswith("/account/")
