"""Contacts and sending in a real browser: from a file to a sent campaign, in two languages, on desk and phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from accounts.models import Team, User
from accounts.roles import Role
from surveys.contacts.importing import set_mapping, start_import
from surveys.contacts.models import Contact, ContactAttribute, Segment
from surveys.contacts.services import suppress
from surveys.contacts.tables import read_table
from surveys.sending.models import Campaign, Invitation
from surveys.sending.services import launch_campaign
from surveys.sending.tokens import stop_token_for
from tests.browser.looks import in_every_look, violations
from tests.browser.visits import shoot, sign_in
from tests.services.processes import wait_for
from tests.services.site import WebServer, Worker
from tests.services.smtp import Mailbox
from tests.surveys.sending_builders import (
    make_campaign,
    make_contacts,
    make_member,
    make_team,
    publish,
    rating_document,
)

CSV = (
    "客户名称,联系人,邮箱,等级,大区,手机,语言\r\n"
    "海云食品,张敏,zhangmin@haiyun.example,A,华东,13800000000,中文\r\n"
    "南湖电子,王磊,wanglei@nanhu.example,B,华北,,EN\r\n"
    "坏行,李,nobody,B,华北,,EN\r\n"
)


@pytest.fixture
def team(site: WebServer) -> Team:
    team = make_team(postal_address="1 Example Road, Shanghai")
    for key, zh, en in (("region", "大区", "Region"), ("tier", "客户等级", "Customer tier")):
        ContactAttribute.objects.create(team=team, key=key, names={"zh-hans": zh, "en": en}, is_dimension=True)
    return team


@pytest.fixture
def dora(team: Team) -> User:
    return make_member(team, role=Role.OWNER)


class TestImport:
    def test_leads_from_the_file_to_the_contacts(
        self, new_context: Callable[..., BrowserContext], site: WebServer, dora: User
    ) -> None:
        context = new_context()
        page = sign_in(context, dora, site)
        page.goto("/contacts/import/")
        page.get_by_label("CSV or Excel file").set_input_files(
            {"name": "customers_q4.csv", "mimeType": "text/csv", "buffer": CSV.encode("gb18030")}
        )
        page.get_by_role("button", name="Upload file").click()
        expect(page.get_by_label("Goes to: 邮箱")).to_have_value("email")
        expect(page.get_by_label("Goes to: 手机")).to_have_value("")
        page.get_by_role("button", name="Check rows").click()
        page.get_by_role("button", name="Import 2 contacts").click()
        expect(page.get_by_role("heading", name="Import finished")).to_be_visible()
        assert Contact.objects.get(name="张敏").attributes == {"company": "海云食品", "tier": "A", "region": "华东"}


class TestSending:
    def test_goes_from_four_steps_to_sent_while_the_page_watches(
        self, new_context: Callable[..., BrowserContext], site: WebServer, team: Team, dora: User,
        start_worker: Callable[..., Worker], mailbox: Mailbox,
    ) -> None:
        make_contacts(team, 5)
        publish(team)
        start_worker(queues="mail,default", beat=True, SITE_URL=site.url)
        context = new_context()
        page = sign_in(context, dora, site)
        page.goto("/sendings/new/")
        page.get_by_label("Name of the campaign").fill("Autumn")
        page.get_by_label("Questionnaire", exact=True).select_option(label="Relationship survey")
        page.get_by_label("Sender", exact=True).fill("Li Wen")
        page.get_by_role("button", name="Choose recipients").click()
        expect(page.get_by_text("5 contacts get the mail")).to_be_visible()
        page.get_by_role("button", name="Choose the time").click()
        page.get_by_role("button", name="Check everything").click()
        page.get_by_role("button", name="Send test mail to me").click()
        expect(page.get_by_text("Test mail sent to dora@team.example")).to_be_visible()
        page.get_by_role("button", name="Send to 5 contacts").dblclick()
        expect(page.get_by_text("5 of 5 sent")).to_be_visible()
        campaign = Campaign.objects.get()
        wait_for(lambda: Campaign.objects.get().state == "finished", what="the campaign is finished")
        expect(page.locator("h1").get_by_text("Finished")).to_be_visible()
        real = [mail for mail in mailbox.messages if not mail.subject.startswith("[Test]")]
        assert len(real) == Invitation.objects.filter(campaign=campaign).count() == 5
        assert all(link.startswith(site.url) for mail in real for link in mail.links)


class TestSegment:
    def test_counts_while_values_are_marked(
        self, new_context: Callable[..., BrowserContext], site: WebServer, team: Team, dora: User
    ) -> None:
        make_contacts(team, 9)
        context = new_context()
        page = sign_in(context, dora, site)
        page.goto("/contacts/segments/new/")
        page.get_by_label("East").check()
        expect(page.locator("[data-count]")).to_have_text("4 contacts")


class TestPages:
    @in_every_look
    def test_are_accessible_and_fit_the_screen(
        self, new_context: Callable[..., BrowserContext], site: WebServer, team: Team, dora: User,
        language: str, theme: str, size: Any,
    ) -> None:
        dora.language = language
        dora.theme = theme
        dora.save()
        paths = prepare(team)
        context = new_context(viewport=size, color_scheme=theme)
        page = sign_in(context, dora, site)
        problems: dict[str, Any] = {}
        for name, path in paths.items():
            page.goto(path)
            if name.startswith("mail"):
                # The mail's own page is sandboxed: no script runs in it, so its HTML is looked at elsewhere.
                html = context.request.get(path).text()
                page.goto("about:blank")
                page.set_content(html)
            shoot(page, f"{name}-{language}-{size['width']}-{theme}")
            found = violations(page, frames=False, is_page=not name.startswith("mail"))
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                found.append("wider than the screen")
            if found:
                problems[path] = found
        assert not problems


def prepare(team: Team) -> dict[str, str]:
    """Fill the team so that every page has something to show; return the pages by name."""
    at = timezone.now()
    contacts = make_contacts(team, 60)
    Segment.objects.create(team=team, name="East", rules=[{"attribute": "region", "levels": ["East"]}], created_at=at)
    suppress(team=team, email=contacts[0].email, reason="unsubscribed", at=at)
    suppress(team=team, email=contacts[1].email, reason="bounced", at=at)
    draft = make_campaign(team, publish(team, rating_document(), name="CSAT"), name="Draft", closes_at=at + timedelta(days=9))
    campaign = make_campaign(team, publish(team), name="Q4 relationship survey, wave 2", closes_at=at + timedelta(days=9))
    launch_campaign(campaign=campaign, at=at)
    rows = list(Invitation.objects.filter(campaign=campaign).order_by("id").values_list("id", flat=True))
    Invitation.objects.filter(id__in=rows[:40]).update(state="sent", sent_at=at)
    Invitation.objects.filter(id__in=rows[:20]).update(opened_at=at)
    Invitation.objects.filter(id__in=rows[:9]).update(started_at=at)
    Invitation.objects.filter(id__in=rows[:7]).update(completed_at=at)
    Invitation.objects.filter(id__in=rows[40:43]).update(state="failed", reason="no_such_mailbox")
    Invitation.objects.filter(id__in=rows[43:44]).update(state="unknown", reason="no_reply")
    Campaign.objects.filter(pk=campaign.pk).update(state="paused", pause_reason="login_refused")
    table = read_table(content=CSV.encode())
    contact_import = start_import(team=team, file_name="customers_q4.csv", table=table, user=None, at=at)
    targets = {str(n): t for n, t in enumerate(
        ["attribute:company", "name", "email", "attribute:tier", "attribute:region", "", "language"])}
    set_mapping(contact_import=contact_import, targets=targets, rule="fill", source="CRM export")
    stop = stop_token_for(bytes(Invitation.objects.get(pk=rows[0]).nonce))
    return {
        "contacts": "/contacts/", "contact": f"/contacts/{contacts[5].pk}/", "attributes": "/contacts/attributes/",
        "segments": "/contacts/segments/", "segment": "/contacts/segments/new/", "stopped": "/contacts/stopped/",
        "upload": "/contacts/import/", "match": f"/contacts/import/{contact_import.pk}/match/",
        "check-rows": f"/contacts/import/{contact_import.pk}/check/", "sendings": "/sendings/",
        "what": f"/sendings/{draft.pk}/what/", "who": f"/sendings/{draft.pk}/who/",
        "when": f"/sendings/{draft.pk}/when/", "check": f"/sendings/{draft.pk}/check/",
        "sending": f"/sendings/{campaign.pk}/", "unsubscribe": f"/u/{stop}/",
        "mail-csat": f"/sendings/{draft.pk}/mail/{team.default_language}/",
        "mail-nps": f"/sendings/{campaign.pk}/mail/zh-hans/",
    }
