"""How a person comes to a page in a real browser, and how its picture is kept for the eye."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Locator, Page

from accounts.models import User
from tests.services.site import WebServer

OpenContext = Callable[..., BrowserContext]
FOLDER = os.environ.get("CSAT_SCREENSHOTS", "")
"""Where pictures go; none are kept while it is empty."""


def sign_in(context: BrowserContext, user: User, site: WebServer, *, language: str = "", theme: str = "") -> Page:
    """Open a page as somebody who is signed in, in a language and theme of their own where these are given."""
    wanted = {name: value for name, value in (("language", language), ("theme", theme)) if value}
    if wanted:
        User.objects.filter(pk=user.pk).update(**wanted)
    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site.url}])
    return context.new_page()


def follow(control: Locator) -> None:
    """Click what leads to another page, and wait until that page stands.

    A click alone may return while the next page is half there: its title is empty, and the old one may still be read.
    """
    with control.page.expect_navigation():
        control.click()


def shoot(page: Page, name: str) -> None:
    """Keep a picture of a page."""
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(FOLDER) / f"{name}.png", full_page=True)
