"""What tests may ask for. Every server is a real one; it starts when the first test needs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.services import plugin
from tests.services.chromium import find_chromium
from tests.services.postgres import PostgresServer
from tests.services.proxy import Proxy
from tests.services.redis_server import RedisServer
from tests.services.site import WebServer, Worker
from tests.services.smtp import Mailbox, MailServer
from tests.services.tables import empty_tables

# A slow machine makes no law untrue. Where a change is judged the same examples are drawn each time; new ones, elsewhere.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("suite")

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# What a page does within a second here may take many on a machine that does other work as well.
BROWSER_PATIENCE = 90_000


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """No test sees what another left in the cache."""
    cache.clear()
    yield


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> Iterator[None]:
    """What committed tests leave behind is removed by `empty_tables`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: empty_tables())
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Ends what still holds a session when the suite is over, so that the test database can be dropped."""
    yield
    with django_db_blocker.unblock():
        # A test may have stopped the server under this very connection.
        connection.close()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def default_language() -> None:
    """A request leaves its language behind in the thread; no test begins in that of another."""
    translation.deactivate()


@pytest.fixture
def postgres() -> PostgresServer:
    """The server, to stop, crash and start. Running again when the test ends is the test's duty."""
    assert plugin.postgres
    return plugin.postgres


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """The Redis server, empty before and healed after the test."""
    assert plugin.redis
    plugin.redis.heal()
    yield plugin.redis
    plugin.redis.heal()


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    server = MailServer(urlsplit(os.environ["EMAIL_URL"]).port or 0)
    yield server
    server.stop()


@pytest.fixture
def mailbox(mail_server: MailServer, settings: Any) -> Iterator[Mailbox]:
    """Everything mailed during the test, by this process, the web server and the workers alike."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    mail_server.start()
    mail_server.mailbox.reset()
    yield mail_server.mailbox
    mail_server.mailbox.reset()


@pytest.fixture(scope="session")
def service_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where child processes write their logs."""
    return tmp_path_factory.mktemp("services")


@pytest.fixture(scope="session")
def collected_static() -> None:
    """Hashed and compressed static files, once for the whole run."""
    manifest = {"staticfiles": {"BACKEND": "csat.staticfiles.CompressedHashedStorage"},
                "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    from django.test import override_settings

    with override_settings(STORAGES=manifest):
        call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(scope="session")
def web_server(django_db_setup: None, collected_static: None, service_folder: Path) -> Iterator[WebServer]:
    server = WebServer(service_folder)
    yield server
    server.stop()


@pytest.fixture
def site(transactional_db: None, web_server: WebServer, settings: Any) -> WebServer:
    """A real web server on the test database; links made by this process point to it."""
    if web_server.service is None or not web_server.service.is_running():
        web_server.start()
    settings.SITE_URL = web_server.url
    return web_server


@pytest.fixture
def start_worker(
    transactional_db: None, redis_server: RedisServer, mailbox: Mailbox, service_folder: Path
) -> Iterator[Callable[..., Worker]]:
    """Start real workers: `start_worker(queues=…, processes=…, beat=…, **env)`. They end with the test."""
    workers: list[Worker] = []

    def start(**options: Any) -> Worker:
        number = len(list(service_folder.glob("worker-*.log")))
        workers.append(Worker(service_folder, number, **options))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.is_running():
            worker.kill()


@pytest.fixture
def worker(start_worker: Callable[..., Worker]) -> Worker:
    """One real worker for all queues."""
    return start_worker()


@pytest.fixture
def make_proxy() -> Iterator[Callable[[int], Proxy]]:
    """Put a failing line in front of a port: `make_proxy(port)`."""
    proxies: list[Proxy] = []

    def make(target: int) -> Proxy:
        proxies.append(Proxy(target))
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    program = find_chromium()
    use_own_node_if_needed()
    expect.set_options(timeout=BROWSER_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


def use_own_node_if_needed() -> None:
    """Playwright's own node lacks a library on a bare system; any installed node does as well."""
    import playwright as package

    own = Path(package.__file__).parent / "driver" / "node"
    if subprocess.run([own, "--version"], capture_output=True).returncode and shutil.which("node"):
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(shutil.which("node"))


def is_problem(message: ConsoleMessage) -> bool:
    """Every error but the icon that a browser asks for on replies without a head."""
    return message.type == "error" and not message.location["url"].endswith("/favicon.ico")


@pytest.fixture
def new_context(browser: Browser, site: WebServer) -> Iterator[Callable[..., BrowserContext]]:
    """Open a browser profile of one's own; console errors in any of its pages fail the test.

    A test that means to see errors empties `context.problems` (a list of texts) before it ends.
    """
    contexts: list[BrowserContext] = []

    def open_context(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"base_url": site.url, "viewport": DESKTOP, "locale": "en-US", **options})
        context.set_default_timeout(BROWSER_PATIENCE)
        problems: list[str] = []
        context.problems = problems  # type: ignore[attr-defined]
        context.on("console", lambda m: problems.append(f"{m.type}: {m.text} {m.location['url']}") if is_problem(m) else None)
        context.on("weberror", lambda e: problems.append(str(e.error)))
        contexts.append(context)
        return context

    yield open_context
    found = [problem for context in contexts for problem in context.problems]  # type: ignore[attr-defined]
    for context in contexts:
        context.close()
    assert not found, found


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page of 1440 px."""
    return new_context().new_page()


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext]) -> Page:
    """A page of 390 px with touch."""
    return new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2).new_page()
