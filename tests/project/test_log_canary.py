"""Nothing personal and no secret reaches a log, a queue message or a Redis key."""

from __future__ import annotations

import base64
import contextlib
import http.cookiejar
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from accounts.models import Membership, Team
from accounts.roles import Role
from surveys.answering.models import Response
from surveys.contacts.models import Contact
from surveys.design.models import Questionnaire
from surveys.sending.models import Campaign, Invitation
from tests.cast import PASSWORD, make_key, make_member, make_team
from tests.services.processes import wait_for
from tests.services.redis_server import RedisServer
from tests.services.site import WebServer, Worker
from tests.services.smtp import Mailbox
from tests.surveys.answering_builders import ONE_PAGE, make_version, one_page

EMAIL = "zq7canary.person@canary-customer.example"
BOUNCING = "zq7bounce.person@canary-customer.example"
STAFF = "zq7staff.person@canary-staff.example"
NAME = "Zq7canaryname"
COMMENT = "Zq7comment of the canary"
WRONG_PASSWORD = "zq7password never right"
WRONG_KEY = "zq7accesskey0123456789abcdefghij"
WRONG_LINK = "zq7wronglink0123456789abcdefghij"
PLAIN = (EMAIL, BOUNCING, STAFF, NAME, COMMENT, WRONG_PASSWORD, PASSWORD, WRONG_KEY, WRONG_LINK)
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")


def forms_of(secret: str) -> set[str]:
    """A secret as it may be spelt: plain, in an address, in a form."""
    return {secret.lower(), urllib.parse.quote(secret).lower(), urllib.parse.quote_plus(secret).lower()}


def opened(text: str) -> str:
    """The text, and after it what its base64 parts hold: queue messages pack their body so."""
    inside = []
    for part in BASE64.findall(text):
        packed = part.rstrip("=").replace("-", "+").replace("_", "/")
        packed = packed[: len(packed) - (len(packed) % 4 == 1)]
        inside.append(base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-8", "ignore"))
    return "\n".join([text, *inside]).lower()


def leaks(text: str, secrets: tuple[str, ...]) -> set[str]:
    """Which of the secrets stand in the text."""
    seen = opened(text)
    return {secret for secret in secrets if any(form in seen for form in forms_of(secret))}


class Wiretap:
    """Every command that any process sends to Redis, cache and queue alike, word for word."""

    def __init__(self, server: RedisServer) -> None:
        self.heard: list[bytes] = []
        # Whoever listens waits however long nothing is said; five seconds of silence would end it otherwise.
        self.line = redis.Redis.from_url(server.url, socket_timeout=None).connection_pool.get_connection()
        self.line.send_command("MONITOR")
        assert self.line.read_response() == b"OK"
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        with contextlib.suppress(redis.RedisError, OSError, ValueError):
            while True:
                self.heard.append(self.line.read_response(disable_decoding=True))

    def close(self) -> None:
        self.line.disconnect()

    @property
    def text(self) -> str:
        return b"\n".join(self.heard).decode("utf-8", "replace").replace('\\"', '"')


class Person:
    """A browser without a screen: cookies, forms and files."""

    def __init__(self, site: WebServer) -> None:
        self.site = site
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.page, self.path = "", ""

    def get(self, path: str, **headers: str) -> int:
        return self.ask(urllib.request.Request(f"{self.site.url}{path}", headers=headers))

    def post(self, path: str, fields: dict[str, object], file: tuple[str, bytes] | None = None) -> int:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)
        fields = {**fields, **({"csrfmiddlewaretoken": token[1]} if token else {})}
        if file is None:
            return self.ask(urllib.request.Request(f"{self.site.url}{path}", urllib.parse.urlencode(fields, doseq=True).encode()))
        edge = uuid.uuid4().hex
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
                 for key, value in fields.items()]
        parts += [f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{file[0]}"\r\n'
                  "Content-Type: text/csv\r\n\r\n".encode() + file[1] + f"\r\n--{edge}--\r\n".encode()]
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        return self.ask(urllib.request.Request(f"{self.site.url}{path}", b"".join(parts), kind))

    def ask(self, request: urllib.request.Request) -> int:
        try:
            with self.opener.open(request, timeout=60) as reply:
                self.page, self.path = reply.read().decode(), urllib.parse.urlsplit(reply.url).path
                return int(reply.status)
        except urllib.error.HTTPError as error:
            self.page = error.read().decode()
            return error.code


@pytest.fixture
def wiretap(redis_server: RedisServer) -> Iterator[Wiretap]:
    tap = Wiretap(redis_server)
    yield tap
    tap.close()


def sign_in(staff: Person) -> None:
    staff.get("/account/sign-in/")
    path = staff.path
    assert staff.post(path, {"email": STAFF, "password": WRONG_PASSWORD}) == 400
    assert staff.post(path, {"email": STAFF, "password": PASSWORD}) == 200


def import_contacts(staff: Person) -> None:
    table = f"email,name,language\n{EMAIL},{NAME},en\n{BOUNCING},{NAME},en\nno address {NAME},{NAME},en\n".encode()
    staff.get("/contacts/import/")
    assert staff.post("/contacts/import/", {"encoding": ""}, ("people.csv", table)) == 200
    guesses = {name: re.search(r'<option value="([^"]*)" selected', options) for name, options in
               re.findall(r'<select[^>]*name="(column-\d+)"[^>]*>(.*?)</select>', staff.page, re.DOTALL)}
    targets = {name: guess[1] if guess else "" for name, guess in guesses.items()}
    assert staff.post(staff.path, {**targets, "rule": "fill", "source": "canary"}) == 200
    assert staff.post(staff.path, {}) == 200
    assert set(Contact.objects.values_list("email", flat=True)) == {EMAIL, BOUNCING}


def launch(staff: Person, questionnaire: Questionnaire) -> None:
    texts = {"subject_zh": "您满意吗？", "message_zh": "请谈谈您的感受。", "subject_en": "How are we doing?",
             "message_en": "Please tell us how we did."}
    staff.get("/sendings/new/")
    assert staff.post("/sendings/new/", {"name": "Autumn", "questionnaire": questionnaire.pk, "sender_name": "Li", **texts}) == 200
    campaign = Campaign.objects.get()
    assert staff.post(f"/sendings/{campaign.pk}/launch/", {}) == 200


def all_logs(folder: Path) -> str:
    return "\n".join(log.read_text(errors="replace") for log in sorted(folder.glob("*.log")))


def all_of(redis_server: RedisServer) -> str:
    """Every key and value that Redis holds, in both databases, as text."""
    found = []
    for url in redis_server.urls:
        client = redis.Redis.from_url(url)
        for key in client.scan_iter():
            found += [key.decode("utf-8", "replace"), (client.dump(key) or b"").decode("latin-1")]
        client.close()
    return "\n".join(found)


class TestTheSearch:
    """What the great test below looks with, so that a leak would be seen."""

    @pytest.mark.parametrize("text", [
        f"mail to {EMAIL} refused", EMAIL.upper(), f"?q={urllib.parse.quote(EMAIL)}", f"comment={urllib.parse.quote_plus(COMMENT)}",
        f'{{"body": "{base64.b64encode(f"[{EMAIL}, {COMMENT}]".encode()).decode()}"}}'])
    def test_finds_a_canary_in_any_spelling(self, text: str) -> None:
        assert leaks(text, PLAIN)

    def test_finds_none_where_none_is(self) -> None:
        assert not leaks("mail to <e-mail> refused " + base64.b64encode(b'{"invitation": 17, "task": "send"}').decode(), PLAIN)


@pytest.mark.django_db(transaction=True)
class TestPersonalData:
    def test_is_in_no_log_no_message_and_no_key(
        self, site: WebServer, wiretap: Wiretap, redis_server: RedisServer, start_worker: Callable[..., Worker],
        mailbox: Mailbox, service_folder: Path,
    ) -> None:
        team: Team = make_team()
        dora = make_member("dora", team, Role.OWNER)
        dora.email = STAFF
        dora.save(update_fields=["email"])
        assert Membership.objects.filter(user__email=STAFF).exists()
        key = make_key(team)[1]
        questionnaire = make_version(team, one_page()).questionnaire
        mailbox.rcpt_reply = lambda address: f"550 5.1.1 <{address}> {NAME} unknown" if address == BOUNCING else None

        staff, customer, machine = Person(site), Person(site), Person(site)
        sign_in(staff)
        import_contacts(staff)
        assert staff.get(f"/contacts/?q={urllib.parse.quote(EMAIL)}") == 200
        launch(staff, questionnaire)
        waiting = all_of(redis_server)
        start_worker(beat=True)
        wait_for(lambda: mailbox.to(EMAIL), what="the canary has mail", seconds=90)
        wait_for(lambda: Invitation.objects.filter(state="failed").exists(), what="the other address is refused", seconds=90)

        [door] = set(re.findall(r"/a/([\w-]+)/", mailbox.to(EMAIL)[0].body("plain")))
        stop = re.findall(r"/u/([\w-]+)/", mailbox.to(EMAIL)[0].body("plain"))[0]
        assert customer.get(f"/a/{door}/?s=3") == customer.get(f"/u/{stop}/") == 200
        assert customer.post(f"/a/{door}/", {**ONE_PAGE, "why": COMMENT, "nps": "99"}) == 400
        assert customer.post(f"/a/{door}/", {**ONE_PAGE, "why": COMMENT}) == 200
        assert Response.objects.get().answers["why"] == COMMENT
        assert customer.get(f"/a/{WRONG_LINK}/") == 404
        assert machine.get("/api/v1/responses/", Authorization=f"Bearer {key}") == 200 and COMMENT in machine.page
        assert machine.get("/api/v1/responses/", Authorization=f"Bearer {WRONG_KEY}") == 401
        forgetful = Person(site)
        forgetful.get("/account/reset/")
        assert forgetful.post(forgetful.path, {"email": STAFF}) == 200
        wait_for(lambda: mailbox.to(STAFF), what="the mail to set a new password", seconds=60)
        [reset] = set(re.findall(r"/reset/([\w-]{20,})/", mailbox.to(STAFF)[0].body("plain")))
        assert forgetful.get(re.findall(r"https?://[^/\s]+(/\S*reset/\S+)", mailbox.to(STAFF)[0].body("plain"))[0]) == 200

        secrets = (*PLAIN, door, stop, key, reset)
        logs, heard, kept = all_logs(service_folder), wiretap.text, all_of(redis_server)
        assert '"path": "/a/***/"' in logs and '"path": "/u/***/"' in logs and "ready" in logs
        assert "surveys.sending.tasks" in heard and "mail_password_reset" in heard and waiting
        assert {"logs": leaks(logs, secrets), "commands": leaks(heard, secrets), "keys": leaks(waiting + kept, secrets)} == {
            "logs": set(), "commands": set(), "keys": set()}
