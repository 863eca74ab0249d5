"""`manage.py demo`: the whole product on one machine, with data, in one command."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from csat.demo.mail_sink import start_mail_sink
from csat.demo.supervisor import Children, is_port_free

WEB_OPTIONS = "--workers 1 --threads 8 --graceful-timeout 2 --no-control-socket --log-level error"
WORKER_OPTIONS = (
    "-B -P threads -c 2 -Q default,mail,scoring -l WARNING --without-gossip --without-mingle --without-heartbeat"
)


def module(command: str) -> list[str]:
    """The command line that runs an installed program in this very environment."""
    return [sys.executable, "-m", *command.split()]


class Command(BaseCommand):
    """Prepare what is missing, start every part, wait for Ctrl-C, stop every part."""

    help = "Start the product with demonstration data on this machine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web site (8000)")
        parser.add_argument("--reset", action="store_true", help="throw the demonstration data away and load it anew")

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        if not 0 < port < 65536:
            raise CommandError(f"{port} is no port. Choose one from 1 to 65535.")
        if not is_port_free(port):
            raise CommandError(
                f"Port {port} is taken by another program. Choose another one: manage.py demo --port {port + 1}"
            )
        if options["reset"]:
            self.reset()
        self.prepare()
        self.serve(port)

    def reset(self) -> None:
        """Remove the demo's database, queue and mail, and nothing else."""
        self.say("Throwing the old data away")
        database = Path(settings.DATABASES["default"]["NAME"])
        for path in (database, *database.parent.glob(f"{database.name}-*")):
            path.unlink(missing_ok=True)
        for folder in (settings.VAR_DIR / "queue", settings.MAIL_DIR):
            shutil.rmtree(folder, ignore_errors=True)

    def prepare(self) -> None:
        """Bring database, data and static files up to date."""
        self.say("Preparing the database")
        call_command("migrate", interactive=False, verbosity=0)
        self.say("Loading the demonstration data")
        call_command("seed_demo", verbosity=0)
        self.say("Collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0)

    def serve(self, port: int) -> None:
        """Run all parts until one ends or the user stops them."""
        children = Children()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        mailbox, mail_port = start_mail_sink(settings.MAIL_DIR)
        try:
            self.say("Starting web and worker")
            self.start_parts(children, port, mail_port)
            self.wait_until_ready(children, port)
            self.announce(port)
            name = children.wait_for_an_end()
            raise CommandError(f"The {name} has ended unexpectedly. Its last lines are above.")
        except (KeyboardInterrupt, SystemExit):
            self.say("Stopping")
        finally:
            children.stop()
            mailbox.stop()

    def start_parts(self, children: Children, port: int, mail_port: int) -> None:
        """The same programs as in production."""
        env = {
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "SITE_URL": f"http://127.0.0.1:{port}",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
            "CSAT_NO_BOOTSTRAP": "1",
            # The worker's remark on running as root would push the address off the screen.
            "PYTHONWARNINGS": "ignore:You",
        }
        web = f"gunicorn csat.wsgi --bind 127.0.0.1:{port} {WEB_OPTIONS}"
        children.start("web server", module(web), {**env, "PROCESS_KIND": "web"}, settings.BASE_DIR)
        worker = f"celery -A csat -q worker {WORKER_OPTIONS}"
        children.start("worker", module(worker), {**env, "PROCESS_KIND": "worker"}, settings.BASE_DIR)

    def wait_until_ready(self, children: Children, port: int) -> None:
        """Ready is what /readyz says: the database answers and no work is late."""
        end = time.monotonic() + 60
        while not is_ready(port):
            if ended := children.ended():
                raise CommandError(f"The {ended} did not start. Its last lines are above.")
            if time.monotonic() > end:
                raise CommandError("The site did not get ready within a minute.")
            time.sleep(0.1)

    def announce(self, port: int) -> None:
        """Say where to go and who to be."""
        self.stdout.write(f"\nReady: http://127.0.0.1:{port}/\n")
        for login in settings.DEMO_LOGINS:
            self.stdout.write(f"{login['role'].title()} login: {login['email']} / {login['password']}")
        self.stdout.write(f"Mail sent by the demo lands in {settings.MAIL_DIR}. Stop with Ctrl-C.\n")
        self.stdout.flush()

    def say(self, line: str) -> None:
        self.stdout.write(f"· {line} …")
        self.stdout.flush()


def is_ready(port: int) -> bool:
    """Whether /readyz answers 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
