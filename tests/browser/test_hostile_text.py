"""Text that means harm, in every field that people name things with, and every page opened in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page

from tests.analytics.dashboard_builders import Shop, fill_waves, make_shop, say
from tests.browser.visits import sign_in
from tests.cast import Cast, client_of
from tests.project.route_samples import RULES
from tests.services.site import WebServer

pytestmark = pytest.mark.django_db(transaction=True)
PAYLOADS = (
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(2)</script>",
    "<svg/onload=alert(3)>{{constructor.constructor('alert(4)')()}}",
    '<a href="javascript:alert(5)">x</a><b>%{x}</b>',
)
NAMES = {"name", "sender_name", "reason", "file_name", "postal_address"}
INJECTED = """() => document.querySelectorAll(
    'img[src="x"], [onerror], [onload], a[href^="javascript:"], script:not([src]):not([type="application/json"])').length"""


class Poison:
    """Puts the payloads in, one after the other, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def text(self) -> str:
        self.count += 1
        return PAYLOADS[self.count % len(PAYLOADS)]

    def spread(self, value: Any) -> Any:
        """Replace texts by language inside JSON, at any depth."""
        if isinstance(value, list):
            return [self.spread(one) for one in value]
        if not isinstance(value, dict):
            return value
        if value and value.keys() <= {"en", "zh-hans"}:
            return {language: f"{self.text()} {words}" for language, words in value.items()}
        return {key: self.spread(one) for key, one in value.items()}

    def everywhere(self) -> None:
        """Poison every row of every table of ours."""
        for label in ("accounts", "surveys", "analytics"):
            for model in apps.get_app_config(label).get_models():
                for row in model._default_manager.all():
                    self.row(row)

    def row(self, row: models.Model) -> None:
        changed: dict[str, Any] = {}
        for field in row._meta.concrete_fields:
            value = getattr(row, field.attname)
            if isinstance(field, models.JSONField):
                changed[field.attname] = self.spread(value)
            elif field.name in NAMES and isinstance(field, models.CharField | models.TextField) and not field.choices:
                # Names are unique in places, so each begins with another number.
                changed[field.attname] = f"{self.count} {self.text()}"[: field.max_length]
        if changed:
            type(row)._default_manager.filter(pk=row.pk).update(**changed)


@pytest.fixture
def shop(cast: Cast) -> Shop:
    shop = make_shop(cast.team)
    fill_waves(shop)
    for payload in PAYLOADS:
        say(shop, payload, wave="2018")
    shop.compute()
    return shop


@pytest.fixture
def paths(cast: Cast, shop: Shop) -> list[str]:
    """Every page that an owner may read, with objects of its own, all of it poisoned.

    They are asked for in the theme of the device: what this process keeps of them is not what the site serves in another.
    """
    found = [
        reverse(name, kwargs=rule.build(cast.team, cast.alice) if rule.build else {})
        for name, rule in RULES.items() if "GET" in rule.methods and not name.startswith("api")
    ]
    poison = Poison()
    poison.everywhere()
    assert poison.count > 300
    owner = client_of(cast.alice)
    replies = {path: owner.get(path) for path in [*found, "/overview/?period=wave:2018", "/comments/"]}
    return [path for path, reply in replies.items() if reply.status_code == 200 and "text/html" in reply["Content-Type"]]


class TestEveryPage:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_shows_harmful_text_as_text(
        self, paths: list[str], cast: Cast, site: WebServer, new_context: Callable[..., BrowserContext], language: str
    ) -> None:
        dialogs: list[str] = []
        page = sign_in(new_context(), cast.alice, site, language=language, theme="light")
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        assert len(paths) > 40
        shown = 0
        for path in paths:
            page.goto(path)
            assert page.evaluate(INJECTED) == 0, path
            shown += any(payload.split()[0] in page.locator("body").inner_text() for payload in PAYLOADS)
        assert dialogs == [] and shown > 25


class TestAChart:
    def test_takes_no_markup_from_a_name(self, paths: list[str], cast: Cast, site: WebServer, new_context: Any) -> None:
        page: Page = sign_in(new_context(), cast.alice, site, theme="light")
        page.goto("/overview/")
        page.locator("[data-chart] .main-svg").first.wait_for()
        assert page.locator("[data-chart] a").count() == 0
        figure = page.evaluate("document.getElementById('trend-figure').textContent")
        assert "<a " not in figure and "<b>%" not in figure and "<img" not in figure


class TestTheProbe:
    def test_would_see_what_it_looks_for(self, page: Page) -> None:
        page.goto("/healthz")
        for number, harm in enumerate(('<img src="x">', '<a href="javascript:alert(1)">x</a>', "<p onerror='x'>x</p>")):
            page.evaluate("html => { document.body.insertAdjacentHTML('beforeend', html) }", harm)
            assert page.evaluate(INJECTED) == number + 1
        page.context.problems.clear()  # type: ignore[attr-defined]
