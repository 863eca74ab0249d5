"""/healthz and /readyz tell the truth and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import MemberInvitation
from accounts.services import invite_member
from accounts.tasks import sweep_accounts
from analytics.indicators.experts import close_panel, invite_experts, open_panel
from analytics.indicators.panel_models import Panel
from analytics.indicators.tasks import sweep_experts
from csat.celery import sweeps
from csat.health import list_late_backlogs
from tests.analytics import builders as analytics
from tests.cast import Cast, make_cast
from tests.services.postgres import PostgresServer
from tests.services.proxy import Proxy
from tests.services.site import WebServer, database_url
from tests.services.smtp import Mailbox

WAITING = {"since": None}
EVER = timedelta(hours=1)


def oldest_waiting() -> Any:
    """Stands in for a room's selector."""
    return WAITING["since"]


SWEPT = {
    "accounts.tasks.sweep_accounts": "members",
    "surveys.sending.tasks.sweep_due": "mail",
    "analytics.indicators.tasks.sweep_experts": "experts",
    "analytics.scoring.tasks.sweep_stale": "results",
    "surveys.answering.tasks.sweep_imports": "imports",
}


def late() -> list[str]:
    """The late kinds of mail; the builders' tree has waited for its first run since their day."""
    return [name for name in list_late_backlogs(at=timezone.now()) if name != "results"]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def panel(cast: Cast) -> Panel:
    tree = analytics.make_tree(analytics.publish(cast.team, analytics.standard_document()))
    return open_panel(node=tree.indicators.get(parent=None), random_index="saaty_1980", user=cast.alice, at=timezone.now())


@pytest.mark.django_db
class TestBacklogs:
    def test_are_there_for_every_sweep_that_somebody_waits_for(self) -> None:
        assert set(sweeps(every=1)) == set(SWEPT)
        assert set(settings.BACKLOGS) == set(SWEPT.values())

    def test_see_a_colleague_whom_no_worker_mails(self, cast: Cast) -> None:
        actor, since = cast.actor(cast.alice), timezone.now() - EVER
        invite_member(actor=actor, email="nina@people.example", role="manager", scope={}, at=since)
        assert late() == ["members"]
        MemberInvitation.objects.update(expires_at=timezone.now())
        assert late() == []

    def test_see_an_expert_whom_no_worker_mails(self, panel: Panel) -> None:
        invite_experts(panel=panel, emails=["e@experts.example"], language="en", at=timezone.now() - EVER)
        assert late() == ["experts"]
        close_panel(panel=panel, at=timezone.now())
        assert late() == []

    def test_do_not_count_what_the_mail_server_refuses(self, cast: Cast, panel: Panel, mailbox: Mailbox) -> None:
        actor, since = cast.actor(cast.alice), timezone.now() - EVER
        invite_member(actor=actor, email="nina@people.example", role="manager", scope={}, at=since)
        invite_experts(panel=panel, emails=["e@experts.example"], language="en", at=since)
        mailbox.rcpt_reply = "550 5.1.1 No such user"
        sweep_accounts()
        sweep_experts()
        assert mailbox.messages == [] and late() == []
        mailbox.rcpt_reply = None
        sweep_accounts()
        sweep_experts()
        assert len(mailbox.messages) == 2

    def test_are_all_there_and_empty_at_first(self) -> None:
        assert {name: import_string(path)() for name, path in settings.BACKLOGS.items()} == dict.fromkeys(settings.BACKLOGS)


@pytest.fixture
def backlog(settings: Any) -> None:
    settings.BACKLOGS = {"mail": f"{__name__}.oldest_waiting"}
    WAITING["since"] = None


class TestHealthz:
    def test_answers_any_host_over_plain_http(self, client: Client, settings: Any) -> None:
        settings.SECURE_SSL_REDIRECT = True
        reply = client.get("/healthz", headers={"host": "10.0.0.7"})
        assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
@pytest.mark.usefixtures("backlog")
class TestReadyz:
    def test_is_ready_with_nothing_to_do(self, client: Client) -> None:
        assert client.get("/readyz").json() == {"status": "ok", "database": "ok", "late": []}

    def test_is_ready_while_work_is_young(self, client: Client) -> None:
        WAITING["since"] = timezone.now() - timedelta(seconds=299)
        assert client.get("/readyz").status_code == 200

    def test_names_the_work_that_is_late(self, client: Client) -> None:
        WAITING["since"] = timezone.now() - timedelta(seconds=301)
        reply = client.get("/readyz")
        assert (reply.status_code, reply.json()["late"]) == (503, ["mail"])

    def test_shows_no_version_and_no_host(self, client: Client) -> None:
        reply = client.get("/readyz")
        assert "Server" not in reply.headers
        assert connection.settings_dict["HOST"] not in reply.content.decode()


class TestReadyzWithoutDatabase:
    def test_is_alive_but_not_ready_and_recovers_by_itself(
        self, transactional_db: None, collected_static: None, postgres: PostgresServer,
        make_proxy: Callable[[int], Proxy], service_folder: Any, client: Client,
    ) -> None:
        import urllib.error
        import urllib.request

        proxy = make_proxy(postgres.port)
        address = database_url().replace(f":{postgres.port}/", f":{proxy.port}/")
        server = WebServer(service_folder, DATABASE_URL=address)

        def status(path: str) -> int:
            try:
                return int(urllib.request.urlopen(server.url + path, timeout=60).status)
            except urllib.error.HTTPError as error:
                return int(error.code)

        try:
            assert status("/readyz") == 200
            proxy.refuse()
            assert status("/readyz") == 503
            assert status("/healthz") == 200
            proxy.heal()
            assert status("/readyz") == 200
        finally:
            server.stop()
