"""The main job from a file of addresses to a figure on the dashboard, with faults on the way."""

from __future__ import annotations

import http.client
import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics.indicators.models import IndicatorTree
from surveys.answering.models import Response
from surveys.contacts.models import Contact
from surveys.design.gallery import TEMPLATES
from surveys.design.models import Questionnaire
from surveys.design.services import create_questionnaire, publish
from surveys.sending import ledger
from surveys.sending.models import Campaign, DeliveryState, Invitation
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.services.processes import wait_for
from tests.services.sessions import busy_sessions
from tests.services.site import WebServer, Worker
from tests.services.smtp import Mail, Mailbox

PEOPLE = 200
ANSWERS = 120
DOOR = re.compile(r"/a/([A-Za-z0-9_-]+)/")
PARTS = [row["key"] for page in TEMPLATES["relationship"].document["pages"] for question in page["questions"]
         for row in question.get("rows", [])]


def address(number: int) -> str:
    return f"person{number:03}@customer.example"


def contact_file() -> bytes:
    lines = ["邮箱,姓名,语言,大区", *(
        f"{address(n)},客户 {n},{'zh-hans' if n % 2 else 'en'},{('East', 'North')[n % 2]}" for n in range(PEOPLE)
    )]
    return "\r\n".join(lines).encode("gb18030")


def import_contacts(staff: Client) -> None:
    file = io.BytesIO(contact_file())
    file.name = "customers.csv"
    step = staff.post(reverse("contacts:import-upload"), {"file": file, "encoding": ""})
    page = staff.get(step.url)
    targets = {f"column-{column.index}": guess for column, guess in page.context["columns"]}
    step = staff.post(step.url, {**targets, "rule": "fill", "source": "customer list"})
    assert step.status_code == 302, step.content.decode()
    done = staff.post(step.url)
    assert done.status_code == 302


def launch(staff: Client, questionnaire: Questionnaire) -> Campaign:
    texts = {"subject_zh": "您满意吗？", "message_zh": "请谈谈您的感受。", "subject_en": "How are we doing?",
             "message_en": "Please tell us how we did."}
    step = staff.post(reverse("sending:new"), {
        "name": "Autumn", "questionnaire": questionnaire.pk, "sender_name": "Alice", **texts})
    assert step.status_code == 302, step.content.decode()
    campaign = Campaign.objects.get()
    sent = staff.post(reverse("sending:launch", args=[campaign.pk]))
    assert sent.status_code == 302
    return campaign


class Visitor:
    """Anybody who follows links: a scanner or a customer, without cookies."""

    def __init__(self, site: WebServer) -> None:
        self.host = urlsplit(site.url).netloc

    def ask(self, verb: str, path: str, body: dict[str, object] | None = None) -> tuple[int, str]:
        line = http.client.HTTPConnection(self.host, timeout=240)
        form = urlencode(body or {}, doseq=True)
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        line.request(verb, path, body=form if body else None, headers=headers)
        reply = line.getresponse()
        reply.read()
        line.close()
        return reply.status, reply.headers.get("Location") or ""

    def answer(self, token: str, number: int) -> tuple[int, str]:
        door = f"/a/{token}/"
        rating = 1 + number % 5
        self.ask("POST", door, {"_page": 1, "_to": "next", "nps": number % 11, "reason": "Because."})
        self.ask("POST", door, {"_page": 2, "_to": "next", "overall": rating, **dict.fromkeys(PARTS, rating)})
        return self.ask("POST", door, {"_page": 3, "_to": "next", "comment": f"Comment {number}"})


def token_of(mail: Mail) -> str:
    found = DOOR.search(mail.body("plain"))
    assert found
    return found.group(1)


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")


@pytest.mark.django_db(transaction=True)
class TestTheMainJob:
    def test_holds_from_the_contact_file_to_the_dashboard(
        self, site: WebServer, start_worker: Callable[..., Worker], mailbox: Mailbox
    ) -> None:
        cast = make_cast()
        staff = client_of(cast.alice)
        template = TEMPLATES["relationship"]
        questionnaire = create_questionnaire(
            team=cast.team, template=template, name="Relationship", user=cast.alice, at=timezone.now())
        publish(questionnaire=questionnaire, user=cast.alice, at=timezone.now())
        import_contacts(staff)
        assert Contact.objects.filter(team=cast.team).count() == PEOPLE

        mailbox.delay = 0.01
        first = start_worker(beat=True)
        campaign = launch(staff, questionnaire)
        wait_for(lambda: len(mailbox.messages) >= 60, what="a third of the mail is out")
        first.kill()
        in_doubt = self.claimed_by_the_dead(campaign)
        self.let_its_reservation_end(campaign)
        start_worker(beat=True)
        self.settle_the_ledger(campaign, mailbox, in_doubt)

        mails = {mail.recipients[0]: mail for mail in mailbox.messages}
        self.scan_every_link(site, list(mails.values()))
        assert not Response.objects.exists()

        self.answer_some_twice(site, [token_of(mail) for mail in mails.values()])
        assert Response.objects.filter(state="complete").count() == ANSWERS
        self.figures_follow(cast, IndicatorTree.objects.get(team=cast.team))
        call_command("recompute", check=True)

    def claimed_by_the_dead(self, campaign: Campaign) -> set[int]:
        """The rows of which nobody can tell whether their mail went out."""
        wait_for(lambda: busy_sessions() == 0, what="the database has seen that the worker is gone")
        in_doubt = set(Invitation.objects.filter(campaign=campaign, state=DeliveryState.CLAIMED).values_list("pk", flat=True))
        assert len(in_doubt) <= 1
        return in_doubt

    def let_its_reservation_end(self, campaign: Campaign) -> None:
        """The two minutes pass for which the rows of a dead worker are kept from the others."""
        reserved = Invitation.objects.filter(campaign=campaign, state__in=ledger.TO_SEND).exclude(claimed_by="")
        assert reserved.update(due_at=timezone.now())

    def settle_the_ledger(self, campaign: Campaign, mailbox: Mailbox, in_doubt: set[int]) -> None:
        """Everybody is accounted for, and nobody has two mails."""
        def waiting() -> int:
            states = [DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.CLAIMED]
            return Invitation.objects.filter(campaign=campaign, state__in=states).exclude(pk__in=in_doubt).count()

        wait_for(lambda: waiting() == 0, what="every mail has been tried", seconds=200)
        later = timezone.now() + timedelta(minutes=16)
        ledger.mark_lost_claims(at=later)
        ledger.finish_done(at=later)
        campaign.refresh_from_db()
        assert campaign.state == "finished"
        states = list(Invitation.objects.filter(campaign=campaign).values_list("state", flat=True))
        sent, unknown = states.count("sent"), states.count("unknown")
        assert (sent, unknown) == (PEOPLE - len(in_doubt), len(in_doubt))
        assert len(mailbox.recipients) == len(set(mailbox.recipients))
        assert sent <= len(mailbox.messages) <= sent + unknown

    def scan_every_link(self, site: WebServer, mails: list[Mail]) -> None:
        visitor = Visitor(site)
        links = sorted({path_of(link) for mail in mails for link in mail.links})
        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(lambda path: visitor.ask("GET", path)[0], links))
            codes += pool.map(lambda path: visitor.ask("HEAD", path)[0], links[::10])
        assert not [code for code in codes if code >= 400]
        assert not Invitation.objects.exclude(started_at=None).exists()

    def answer_some_twice(self, site: WebServer, tokens: list[str]) -> None:
        """Every third answers twice, every fifth at the same time as itself; the thank-you is the same."""
        visitor = Visitor(site)
        jobs = [(token, n) for n, token in enumerate(tokens[:ANSWERS]) for _ in range(1 + (n % 3 == 0) + (n % 5 == 0))]
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda job: visitor.answer(*job), jobs))
        # Where a machine does much else, a page asks to send again, and the customer does.
        replies = [visitor.answer(*job) if reply[0] == 503 else reply for job, reply in zip(jobs, replies, strict=True)]
        assert {status for status, _ in replies} == {302}
        assert all("/thanks/" in location for _, location in replies)

    def figures_follow(self, cast: Cast, tree: IndicatorTree) -> None:
        """A worker makes a new run by itself; page and API show all answers."""
        reader = api_client(make_key(cast.team)[1])

        def counted() -> int:
            reply = reader.get(f"/api/v1/overview/?survey={tree.pk}&period=all")
            return int(reply.json()["responses"]) if reply.status_code == 200 else 0

        wait_for(lambda: counted() == ANSWERS, what="the API shows every answer", seconds=60)
        page = client_of(cast.bob).get(reverse("dashboards:overview"), {"survey": tree.pk, "period": "all"})
        assert f"n = {ANSWERS}" in page.content.decode()
