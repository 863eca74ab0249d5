"""The servers of the suite do what tests rely on, and those that somebody else runs come to no harm."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.db import connection, transaction
from playwright.sync_api import Page

from accounts.models import Team
from accounts.roles import Role
from tests.cast import make_member, make_team
from tests.services.named import NamedPostgres, NamedRedis, NamedServerError
from tests.services.postgres import PostgresServer
from tests.services.processes import free_port, wait_for
from tests.services.proxy import Proxy
from tests.services.redis_server import RedisServer
from tests.services.site import database_url
from tests.services.smtp import Mailbox
from tests.services.tables import empty_tables, table_names


class TestTheDatabase:
    def test_is_a_postgresql_without_extensions(self, db: None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extname FROM pg_extension")
            assert cursor.fetchall() == [("plpgsql",)]


@pytest.mark.django_db(transaction=True)
class TestTheTables:
    def test_are_empty_once_all_who_write_have_ended(self) -> None:
        """A writer commits while the tables are about to be emptied: its row goes too."""
        make_team("One")
        has_written = threading.Event()

        def write() -> None:
            with transaction.atomic():
                make_team("Two")
                has_written.set()
                time.sleep(0.3)
            connection.close()

        writer = threading.Thread(target=write)
        writer.start()
        assert has_written.wait(60)
        empty_tables()
        writer.join()
        assert not Team.objects.exists()

    def test_are_empty_where_there_were_many_rows(self) -> None:
        Team.objects.bulk_create(Team(name="x" * 100) for _ in range(8000))
        make_member("alice", Team.objects.earliest("id"), Role.OWNER)
        empty_tables()
        names = table_names()
        assert len(names) > 30 and "accounts_membership" in names
        assert [name for name in names if count_rows(name)] == []

    def test_keep_what_migrations_have_put_in(self) -> None:
        before = Permission.objects.count(), ContentType.objects.count()
        empty_tables()
        assert (Permission.objects.count(), ContentType.objects.count()) == before > (30, 30)


def count_rows(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
        return int(cursor.fetchone()[0])


class TestTheMailbox:
    def test_keeps_what_is_sent(self, mailbox: Mailbox) -> None:
        mail.send_mail("Hello", "See https://survey.example.com/a/x", "a@example.com", ["b@example.com"])
        (message,) = mailbox.to("b@example.com")
        assert (message.subject, message.links) == ("Hello", ["https://survey.example.com/a/x"])

    def test_refuses_one_address_as_told(self, mailbox: Mailbox) -> None:
        mailbox.rcpt_reply = lambda address: "550 No such person" if address.startswith("b@") else None
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            mail.send_mail("Hello", "", "a@example.com", ["b@example.com"])
        mail.send_mail("Hello", "", "a@example.com", ["c@example.com"])
        assert mailbox.recipients == ["c@example.com"]

    def test_takes_a_message_and_cuts_the_line(self, mailbox: Mailbox) -> None:
        mailbox.cut_after_data = True
        with pytest.raises(smtplib.SMTPServerDisconnected):
            mail.send_mail("Hello", "", "a@example.com", ["b@example.com"])
        assert len(mailbox.messages) == 1


class TestTheBrowser:
    def test_sees_the_site_and_reports_errors(self, page: Page) -> None:
        page.goto("/healthz")
        assert "ok" in page.content()
        problems = page.context.problems  # type: ignore[attr-defined]
        assert problems == []
        page.goto("/no/such/page")
        assert problems
        problems.clear()


@pytest.fixture(scope="module")
def their_redis() -> Iterator[RedisServer]:
    """A Redis that others use as well: each database but 4 and 5 holds a key of theirs."""
    server = RedisServer()
    for number in (0, 1, 3, 6):
        client_of(server, number).set("theirs", number)
    yield server
    server.close()


@pytest.fixture(scope="module")
def their_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL with two roles that are no superusers: `guest` may make databases, `reader` may not."""
    server = PostgresServer()
    with contextlib.closing(psycopg2.connect(f"{server.url.rpartition('/')[0]}/postgres")) as line, line.cursor() as cursor:
        cursor.execute("CREATE ROLE guest LOGIN CREATEDB; CREATE ROLE reader LOGIN")
        line.commit()
    yield server
    server.close()


@pytest.fixture
def named_redis(their_redis: RedisServer) -> Iterator[NamedRedis]:
    server = NamedRedis(address_of(their_redis))
    yield server
    server.heal()
    server.close()


@pytest.fixture(params=["own", "named"])
def any_redis(request: pytest.FixtureRequest, their_redis: RedisServer) -> RedisServer:
    """One that the suite has started, and one that it was pointed at."""
    if request.param == "named":
        server: RedisServer = request.getfixturevalue("named_redis")
        return server
    request.addfinalizer(their_redis.start)
    request.addfinalizer(their_redis.thaw)
    return their_redis


def address_of(server: RedisServer, number: int = 4) -> str:
    return f"{server.url.rpartition('/')[0]}/{number}"


def client_of(server: RedisServer, number: int) -> redis.Redis:
    return redis.Redis.from_url(address_of(server, number))


class TestARedis:
    def test_that_is_stopped_ends_old_lines_and_takes_no_new_ones_until_it_is_started(self, any_redis: RedisServer) -> None:
        before, after = any_redis.client, any_redis.client
        assert before.ping()
        any_redis.stop()
        for client in (before, after):
            with pytest.raises(redis.ConnectionError):
                client.connection_pool.get_connection().send_command("PING")
        any_redis.start()
        assert before.ping() and after.ping()

    def test_that_is_frozen_takes_what_it_is_told_and_does_it_when_it_thaws(self, any_redis: RedisServer) -> None:
        impatient = redis.Redis.from_url(any_redis.url, socket_timeout=2, retry=None)
        assert impatient.ping()
        any_redis.freeze()
        with pytest.raises(redis.TimeoutError):
            impatient.set("csat:late", 1)
        any_redis.thaw()
        wait_for(lambda: any_redis.client.delete("csat:late") == 1, what="the command is carried out", seconds=5)


class TestANamedRedis:
    def test_is_used_in_the_database_named_and_the_next(self, named_redis: NamedRedis) -> None:
        assert [url.rpartition("/")[2] for url in named_redis.urls] == ["4", "5"]

    def test_keeps_what_others_store_and_its_settings(self, named_redis: NamedRedis, their_redis: RedisServer) -> None:
        settings = their_redis.client.config_get("*")
        for url in named_redis.urls:
            redis.Redis.from_url(url).set("csat:1", 1)
        named_redis.stop()
        named_redis.heal()
        assert [client_of(their_redis, number).dbsize() for number in range(8)] == [1, 1, 0, 1, 0, 0, 1, 0]
        assert their_redis.client.config_get("*") == settings

    @pytest.mark.parametrize(("number", "theirs"), [(3, 3), (2, 3), (0, 0)])
    def test_is_refused_where_others_use_one_of_the_two(self, their_redis: RedisServer, number: int, theirs: int) -> None:
        with pytest.raises(NamedServerError, match=f"Redis database {theirs} holds 'theirs'"):
            NamedRedis(address_of(their_redis, number))
        assert client_of(their_redis, theirs).get("theirs") == str(theirs).encode()

    def test_takes_up_what_a_killed_run_has_left(self, their_redis: RedisServer) -> None:
        for key in ("csat:1:x", "_kombu.binding.mail", "mail", "unacked_index"):
            client_of(their_redis, 4).set(key, 1)
        NamedRedis(address_of(their_redis)).close()
        assert client_of(their_redis, 4).dbsize() == 0

    def test_is_refused_in_one_sentence_where_nobody_answers(self) -> None:
        with pytest.raises(NamedServerError, match="cannot be used"):
            NamedRedis(f"redis://127.0.0.1:{free_port()}/0")


class TestANamedPostgres:
    def test_that_is_stopped_serves_everybody_else(self, their_postgres: PostgresServer) -> None:
        direct = psycopg2.connect(as_role(their_postgres, "guest"))
        named = NamedPostgres(as_role(their_postgres, "guest"))
        line = psycopg2.connect(named.url)
        for stop in (named.stop, named.crash):
            stop()
            with pytest.raises(psycopg2.OperationalError):
                line.cursor().execute("SELECT 1")
            with pytest.raises(psycopg2.OperationalError):
                psycopg2.connect(named.url)
            direct.cursor().execute("SELECT 1")
            named.start()
            line = psycopg2.connect(named.url)
            line.cursor().execute("SELECT 1")
        for one in (direct, line, named):
            one.close()

    def test_is_refused_without_the_right_to_make_a_database(self, their_postgres: PostgresServer) -> None:
        with pytest.raises(NamedServerError, match="ALTER ROLE reader CREATEDB"):
            NamedPostgres(as_role(their_postgres, "reader"))

    def test_is_refused_in_one_sentence_where_nobody_answers(self) -> None:
        with pytest.raises(NamedServerError, match="does not let the suite in"):
            NamedPostgres(f"postgresql://guest@127.0.0.1:{free_port()}/postgres")


def as_role(server: PostgresServer, role: str) -> str:
    return f"postgresql://{role}@127.0.0.1:{server.port}/postgres"


class TestTheAddressOfTheTestDatabase:
    @pytest.mark.parametrize(("given", "head", "tail"), [
        ("postgresql://u:p%2F@h:5/name", "postgresql://u:p%2F@h:5/", ""),
        ("postgresql://u@h/name?sslmode=require", "postgresql://u@h/", "?sslmode=require"),
    ])
    def test_differs_in_the_name_alone(
        self, db: None, monkeypatch: pytest.MonkeyPatch, given: str, head: str, tail: str
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", given)
        assert database_url() == f"{head}{connection.settings_dict['NAME']}{tail}"


class TestALine:
    def test_leads_to_a_unix_socket_too(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "socket"))
            listener.listen()
            threading.Thread(target=lambda: listener.accept()[0].sendall(b"hello"), daemon=True).start()
            proxy = Proxy(str(tmp_path / "socket"))
            with contextlib.closing(proxy), socket.create_connection(("127.0.0.1", proxy.port), 10) as line:
                assert line.recv(5) == b"hello"
