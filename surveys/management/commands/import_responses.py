"""Read answers collected elsewhere from a CSV or XLSX file."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from surveys.answering.importing import ImportReport, NotPublishedError, TakingBackError, import_responses
from surveys.answering.mapping import MappingError, parse_map
from surveys.answering.report import map_sentence, report_lines, table_sentence
from surveys.contacts.tables import TableError, read_table
from surveys.design.models import Questionnaire


class Command(BaseCommand):
    """The same file twice changes nothing."""

    help = "Import responses from FILE into a questionnaire, as the mapping says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--questionnaire", type=int, required=True, help="the questionnaire's number")
        parser.add_argument("--map", type=Path, required=True, help="a JSON file; see docs/importing-responses.md")
        parser.add_argument("--dry-run", action="store_true", help="read and check everything, store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and print the report; the exit code is 1 where rows were left out."""
        report = self.report(options)
        for line in report_lines(report):
            self.stdout.write(line)
        if report.wrong:
            raise CommandError(f"{report.wrong} rows were left out.", returncode=1)

    def report(self, options: dict[str, Any]) -> ImportReport:
        """Run the import; every way it can fail is a sentence."""
        questionnaire = Questionnaire.objects.select_related("team").filter(pk=options["questionnaire"]).first()
        if questionnaire is None:
            raise CommandError("There is no questionnaire with this number.")
        try:
            mapping = parse_map(json.loads(options["map"].read_text("utf-8")))
            table = read_table(content=options["file"].read_bytes())
            return import_responses(
                questionnaire=questionnaire, table=table, mapping=mapping, at=timezone.now(),
                is_trial=options["dry_run"],
            )
        except (OSError, UnicodeError, json.JSONDecodeError) as error:
            raise CommandError(str(error)) from error
        except TableError as error:
            raise CommandError(table_sentence(error)) from error
        except MappingError as error:
            raise CommandError(map_sentence(error)) from error
        except NotPublishedError as error:
            raise CommandError("Publish the questionnaire first: answers belong to a published version.") from error
        except TakingBackError as error:
            raise CommandError("An earlier import into this questionnaire is being taken back. Try again in a few minutes.") from error
