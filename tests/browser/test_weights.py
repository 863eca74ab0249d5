"""The Weights page, a panel and an expert's sheet in a real browser, wide and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, expect

from analytics.indicators import experts
from analytics.indicators.models import IndicatorTree
from analytics.indicators.panel_models import Expert, Panel, WeightComparison
from analytics.scoring.services import recompute
from analytics.scoring.weight_lab import compare_weights
from tests.analytics.builders import AT, make_tree, publish, standard_document
from tests.analytics.weight_builders import (
    answer_from,
    drawn_codes,
    fill_sheet,
    invite_expert,
    make_panel_tree,
    open_on,
)
from tests.browser.looks import fits, in_every_look, violations
from tests.browser.visits import follow, shoot, sign_in
from tests.cast import Cast
from tests.conftest import PHONE
from tests.services.processes import wait_for
from tests.services.site import WebServer, Worker
from tests.services.smtp import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = ("attitude", "efficiency", "skill", "reliability")
Open = Callable[..., BrowserContext]


@pytest.fixture
def tree(cast: Cast) -> IndicatorTree:
    version = publish(cast.team, standard_document())
    tree = make_tree(version)
    tree.weight_sets.update(weights={
        "product": 0.4, "service": 0.6, "quality": 0.3, "design": 0.7, "attitude": 0.55, "speed": 0.45,
    })
    answer_from(version, drawn_codes(1200))
    recompute(tree=tree, at=AT)
    return tree


@pytest.fixture
def panel(cast: Cast) -> Panel:
    panel = open_on(make_panel_tree(cast.team, *KEYS))
    steady = {"attitude|efficiency": 2, "efficiency|skill": 2, "attitude|skill": 4, "skill|reliability": -3}
    wild = {"attitude|efficiency": 5, "efficiency|skill": 5, "attitude|skill": -5, "skill|reliability": 1, "attitude|reliability": 3}
    fill_sheet(invite_expert(panel, "ann@experts.example"), {**steady, "attitude|reliability": 2, "efficiency|reliability": -2})
    fill_sheet(invite_expert(panel, "ben@experts.example"), wild)
    invite_expert(panel, "cai@experts.example")
    return panel


@in_every_look
class TestTheStaffPages:
    def test_are_accessible_and_fit(
        self, new_context: Open, site: WebServer, cast: Cast, tree: IndicatorTree, panel: Panel, language: str, size: Any, theme: str,
    ) -> None:
        compare_weights(tree=tree, at=AT)
        page = sign_in(new_context(viewport=size), cast.dora, site, language=language, theme=theme)
        for name, path in (("lab", f"/indicators/{tree.pk}/weights/?candidate=johnson"), ("panel", f"/indicators/panels/{panel.pk}/"), ("home", "/indicators/weights/"), ("equal", f"/indicators/{tree.pk}/equal/")):
            page.goto(path)
            shoot(page, f"{name}-{language}-{size['width']}")
            assert violations(page) == [], path
            assert fits(page), path


@pytest.mark.parametrize("language", ["en", "zh-hans"])
class TestTheExpertsSheet:
    def test_is_accessible_and_fits_a_phone(self, new_context: Open, panel: Panel, language: str) -> None:
        path = reverse("experts:sheet", args=[experts.renew_link(expert=Expert.objects.get(email="ben@experts.example"))])
        page = new_context(viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=True).new_page()
        for number in (1, 2, 3):
            page.goto(f"{path}?p={number}&lang={language}")
            shoot(page, f"sheet{number}-{language}")
            assert violations(page) == []
            assert fits(page)


class TestAPanel:
    def test_goes_from_the_mail_to_a_weight_set_in_force(
        self, new_context: Open, site: WebServer, cast: Cast, worker: Worker, mailbox: Mailbox
    ) -> None:
        tree = make_panel_tree(cast.team, *KEYS)
        staff = sign_in(new_context(), cast.dora, site)
        staff.goto(f"/indicators/{tree.pk}/weights/")
        staff.get_by_label("Compare what is below").select_option(label="Service")
        staff.get_by_role("button", name="Open a panel").click()
        staff.get_by_label("E-mail addresses").fill("ann@experts.example")
        staff.get_by_label("Language").select_option("en")
        staff.get_by_role("button", name="Send invitations").click()
        expect(staff.get_by_text("1 expert has been invited.")).to_be_visible()
        link = wait_for_link(mailbox)

        phone = new_context(viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=False).new_page()
        phone.goto(link)
        for _page in range(2):
            for pair in phone.locator("fieldset.pair").all():
                pair.locator("label", has=phone.locator("[value=first]")).click()
                pair.locator(".more label").nth(1).click()
            follow(phone.get_by_role("button", name="Save and"))
        expect(phone.get_by_text("Consistency ratio")).to_be_visible()
        phone.get_by_role("button", name="Send the sheet").click()
        expect(phone.get_by_role("heading", name="Your sheet has been sent. Thank you.")).to_be_visible()

        staff.reload()
        staff.get_by_role("button", name="Make a weight set of this").click()
        expect(staff.get_by_text("waits to be chosen")).to_be_visible()
        assert tree.weight_sets.get(origin="ahp").weights["attitude"] > 0.4

    def test_link_of_a_mail_works_by_keyboard_alone(self, new_context: Open, panel: Panel) -> None:
        path = reverse("experts:sheet", args=[experts.renew_link(expert=Expert.objects.get(email="cai@experts.example"))])
        page = new_context().new_page()
        page.goto(path)
        page.locator("[name=side-0][value=first]").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(page.locator("[name=strength-0][value='2']")).to_be_checked()


class TestTheSheetWithScript:
    def test_says_after_each_judgement_how_they_fit_and_saves_nothing(self, new_context: Open, panel: Panel) -> None:
        cai = Expert.objects.get(email="cai@experts.example")
        page = new_context(viewport=PHONE).new_page()
        page.goto(reverse("experts:sheet", args=[experts.renew_link(expert=cai)]) + "?lang=en")
        for number, (side, strength) in enumerate([("first", 5), ("first", 5), ("first", 5), ("second", 9)]):
            pair = page.locator(f"#pair-{number}")
            pair.locator(f"label:has([value={side}])").click()
            pair.locator(f"label:has([value='{strength}'])").click()
            expect(page.locator("[data-ratio]")).to_contain_text(f"{number + 1} of 6 pairs judged")
        expect(page.locator("[data-ratio]")).to_contain_text("they contradict one another")
        expect(page.locator("[data-ratio]")).to_contain_text("This judgement disturbs most")
        shoot(page, "sheet-live")
        assert violations(page) == []
        cai.refresh_from_db()
        assert (cai.judgements, cai.saved_at) == ({}, None)
        follow(page.get_by_role("button", name="Look at it again"))
        expect(page.locator("#pair-0")).to_be_visible()
        cai.refresh_from_db()
        assert len(cai.judgements) == 4


class TestWeightsByHand:
    def test_are_shared_scaled_and_set(self, new_context: Open, site: WebServer, cast: Cast, tree: IndicatorTree) -> None:
        page = sign_in(new_context(viewport=PHONE), cast.dora, site)
        page.goto(f"/indicators/{tree.pk}/weights/")
        page.get_by_role("link", name="Set Index").click()
        page.get_by_role("textbox", name="Product").fill("3")
        page.get_by_role("textbox", name="Service").fill("1")
        expect(page.get_by_text("Together 4 %: make it 100 %")).to_be_visible()
        page.get_by_role("button", name="Scale to 100 %").click()
        expect(page.get_by_role("textbox", name="Product")).to_have_value("75.00")
        expect(page.get_by_text("Together 100 %", exact=True)).to_be_visible()
        shoot(page, "hand-phone")
        assert violations(page) == [] and fits(page)
        page.get_by_label("Why (kept in the history)").fill("The board’s view")
        page.get_by_role("button", name="Start a new series").click()
        expect(page.get_by_text("A new series begins with these weights.")).to_be_visible()
        assert tree.weight_sets.get(valid_to_at=None).weights["product"] == 0.75


class TestTheComparison:
    def test_is_made_by_a_worker_when_asked(self, new_context: Open, site: WebServer, cast: Cast, tree: IndicatorTree, worker: Worker) -> None:
        page = sign_in(new_context(), cast.dora, site)
        page.goto(f"/indicators/{tree.pk}/weights/")
        page.get_by_role("button", name="Compare again").click()
        wait_for(WeightComparison.objects.filter(tree=tree, made_at__isnull=False).exists, what="a worker has compared")
        page.reload()
        page.get_by_label("Look at").select_option("johnson")
        page.get_by_role("button", name="Show", exact=True).click()
        use = page.get_by_role("button", name="Use “Derived importance (Johnson)”")
        use.click()
        page.locator("#confirm [data-yes]").click()
        expect(page.locator(".fld .err")).to_contain_text("Give a reason")
        problems: list[str] = page.context.problems  # type: ignore[attr-defined]
        assert ["422" in problem for problem in problems] == [True]
        problems.clear()
        page.get_by_label("Why (kept in the history)").fill("What customers weigh")
        use.click()
        expect(page.get_by_role("dialog")).to_contain_text("from now on; published results stay.")
        page.locator("#confirm [data-yes]").click()
        expect(page.get_by_text("What customers weigh").first).to_be_visible()
        assert tree.weight_sets.get(valid_to_at=None).origin == "derived"


def wait_for_link(mailbox: Mailbox) -> str:
    wait_for(lambda: mailbox.to("ann@experts.example"), what="the mail has come")
    return next(link for link in mailbox.to("ann@experts.example")[0].links if "/e/" in link)
