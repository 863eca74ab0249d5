"""`manage.py reference_checks`: every reference figure beside ours, recomputed now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from tests.methods.checks import page, service
from tests.methods.checks.check import Check
from tests.methods.checks.every import pure_checks


class Command(BaseCommand):
    """Recompute, print the table, exit 1 when a figure lies outside its tolerance."""

    help = "Print every reference figure (R packages, papers) beside ours, with difference and tolerance."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--core", action="store_true", help="the numeric core alone: needs no database")
        parser.add_argument("--write", action="store_true", help="write the pages in docs/methods as well")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["core"] and options["write"]:
            raise CommandError("The pages hold all checks; leave out --core to write them.")
        checks = list(pure_checks())
        if not options["core"]:
            with database_of_its_own():
                checks += service.every_check()
        self.stdout.write("\n".join(page.plain(checks)))
        if options["write"]:
            write_pages(checks)
        if not all(check.is_ok for check in checks):
            raise SystemExit(1)


def write_pages(checks: list[Check]) -> None:
    """Write the page in both languages."""
    for language, path in page.PAGES.items():
        try:
            path.write_text(page.page(checks, language), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}. Use a source tree of your own.") from error


@contextmanager
def database_of_its_own() -> Iterator[None]:
    """Work in a database made beside the configured one and dropped afterwards; nothing of it stays."""
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
