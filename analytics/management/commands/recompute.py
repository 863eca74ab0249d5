"""`manage.py recompute`: bring results up to date, or prove that they are what the answers say."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics.indicators.models import IndicatorTree
from analytics.indicators.selectors import list_trees_fed_by
from analytics.scoring.checking import check
from analytics.scoring.recompute_requests import request_recompute
from analytics.scoring.services import BusyError, rebuild, recompute
from surveys.design.models import Questionnaire

SHOWN = 10
NOT_COMPARED = 2


class Command(BaseCommand):
    """Recompute, rebuild from the rows, or check."""

    help = "Recompute the indicators; with --check compare them with a rebuild from the answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--survey", help="only trees fed by this questionnaire (id or name)")
        parser.add_argument(
            "--check", action="store_true",
            help="compare with a rebuild from the answers; exit 1 on any difference, 2 where nothing could be compared",
        )
        parser.add_argument("--rebuild", action="store_true", help="make all blocks anew from the answers")

    def handle(self, *args: Any, **options: Any) -> None:
        trees, self.not_compared = self.trees(options["survey"]), list[int]()
        try:
            clean = [self.serve(tree, **options) for tree in trees]
        except BusyError as error:
            raise CommandError("Another process is computing these results. Try again in a moment.") from error
        if not all(clean):
            raise CommandError("Stored results differ from the answers; recompute --rebuild makes them anew.")
        if self.not_compared:
            numbers = ", ".join(str(tree) for tree in self.not_compared)
            raise CommandError(f"Nothing was compared for tree {numbers}.", returncode=NOT_COMPARED)

    def trees(self, survey: str | None) -> list[IndicatorTree]:
        """The trees meant, or a sentence that says why there are none."""
        if survey is None:
            return list(IndicatorTree.objects.order_by("id"))
        named = Questionnaire.objects.filter(name=survey)
        found = Questionnaire.objects.filter(pk=survey) if survey.isdigit() else named
        trees = [tree for one in found for tree in list_trees_fed_by(questionnaire_id=one.pk)]
        if not trees:
            raise CommandError(f"No questionnaire {survey!r} feeds an indicator tree.")
        return trees

    def serve(self, tree: IndicatorTree, **options: Any) -> bool:
        """Do what was asked for one tree; False when its check found a difference."""
        at = timezone.now()
        if options["check"]:
            return self.report(tree)
        if options["rebuild"]:
            outcome = rebuild(tree=tree, at=at)
        else:
            request_recompute(trees=[tree.pk], at=at)
            outcome = recompute(tree=tree, at=at)
        if outcome.run is None:
            self.stderr.write(f"tree {tree.pk}: not computed ({outcome.problem})")
        else:
            self.stdout.write(f"tree {tree.pk}: run {outcome.run.pk}, {outcome.run.responses} responses")
        return True

    def report(self, tree: IndicatorTree) -> bool:
        """Say what the check of a tree found."""
        report = check(tree=tree, at=timezone.now())
        if not report.is_compared:
            self.not_compared.append(tree.pk)
            why = f"not computed ({report.problem})" if report.problem else "answers came faster than they could be compared"
            self.stderr.write(f"tree {tree.pk}: {why}")
        elif report.differences:
            self.stderr.write(f"tree {tree.pk}: {len(report.differences)} differences in {report.responses} responses")
            for one in report.differences[:SHOWN]:
                self.stderr.write(f"  {one.slice} {one.cell}: stored {one.stored}, rebuilt {one.rebuilt}")
        else:
            self.stdout.write(f"tree {tree.pk}: {report.responses} responses, every digit equal")
        return not report.differences
