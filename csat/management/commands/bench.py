"""`manage.py bench`: measure the product beside its yardsticks, on servers of its own."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarks import runner
from benchmarks.figures import table


class Command(BaseCommand):
    """Run the groups, print the table, exit 1 when a row is short of its target."""

    help = "Measure speed and memory beside yardsticks, on a PostgreSQL with fsync on that is started for it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", action="append", choices=runner.GROUPS, help="this group alone; may be repeated")
        parser.add_argument("--sizes", help="numbers of answers for scoring, such as 10000,100000")
        parser.add_argument("--huge", action="store_true", help="scoring also at ten million answers")
        parser.add_argument("--json", type=Path, help="write the rows into this file as well")

    def handle(self, *args: Any, **options: Any) -> None:
        if sys.platform != "linux":
            raise CommandError("Processor time is read from /proc, so this needs Linux.")
        sizes = [*self.sizes(options["sizes"]), *([runner.HUGE] if options["huge"] else [])]
        try:
            rows = runner.run(groups=options["only"] or runner.GROUPS, sizes=sizes, say=self.say)
        except runner.GroupFailedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(table(rows)))
        if options["json"]:
            options["json"].write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
        if any(row.verdict == "short" for row in rows):
            raise SystemExit(1)

    def sizes(self, given: str | None) -> list[int]:
        """Read the list of sizes."""
        if given is None:
            return list(runner.SIZES)
        numbers = [part.strip().replace("_", "") for part in given.split(",")]
        if not all(number.isdigit() and int(number) >= 1000 for number in numbers):
            raise CommandError(f"{given} is no list of sizes from 1000. Write for example --sizes 10000,100000")
        return sorted({int(number) for number in numbers})

    def say(self, line: str) -> None:
        """Tell what is being done, beside the table."""
        self.stderr.write(f"· {line} …")
