"""The endurance run of the benchmarks, over so few answers that the suite can afford it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.indicators.models import IndicatorTree
from analytics.scoring.models import Slice
from benchmarks import endurance
from benchmarks.endurance import endure, rows_of
from benchmarks.endurance.plan import Record, plan_for
from benchmarks.endurance.verdict import judge
from surveys.answering.models import Response
from surveys.design.models import QuestionnaireVersion
from tests.services.redis_server import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)
NONE_ALLOWED = {
    "runs read half", "acknowledged and not stored so", "differences of recompute --check", "last run unlike the rows",
    "last run unlike SQL's counts",
}


def judged(record: Record) -> dict[str, str]:
    return {row.figure: row.verdict for row in rows_of(record)}


class TestTheEnduranceRun:
    def test_ends_at_the_digits_of_the_rows_and_would_tell_if_not(
        self, redis_server: RedisServer, collected_static: None, tmp_path: Path
    ) -> None:
        plan = plan_for(3000)
        record = endure(plan, tmp_path, print)
        verdicts = judged(record)
        assert "short" not in verdicts.values(), list(rows_of(record))
        assert verdicts.keys() >= NONE_ALLOWED and record.readings and record.cells == 12 * 5 + 11
        deeds = record.ledger.counts
        assert deeds["arrived"] == plan.visits and deeds["edited sealed"] and deeds["erased sealed"]
        assert deeds["erased unsealed"] and deeds["amended by link"]
        assert record.strikes["run killed"] == record.strikes["sealing killed"] - 1 == 1
        self.tell_what_was_tampered_with(record)

    def tell_what_was_tampered_with(self, record: Record) -> None:
        """One answer changed, one response gone and one slice's digits changed behind the product's back."""
        tree, version = IndicatorTree.objects.get(), QuestionnaireVersion.objects.get()
        imported = record.responses - record.plan.answers - record.ledger.arrived
        kept = next(pk for pk, answers in record.ledger.by_response.items() if answers)
        row = Response.objects.get(pk=kept)
        row.answers["quality"] = 1 + row.answers["quality"] % 5
        row.save()
        Response.objects.exclude(pk=kept).filter(invitation=None).earliest("id").delete()
        judge(record, version, tree, imported)
        assert record.lost >= 2 and record.unlike_rows == 2 and record.unlike_counts and record.unlike_rebuild
        assert {figure for figure, verdict in judged(record).items() if verdict == "short"} == NONE_ALLOWED - {"runs read half"}
        assert Slice.objects.exists()


class TestThePlan:
    def test_is_of_some_minutes_over_a_million_answers_and_short_over_few(self) -> None:
        long, short = plan_for(1_000_000), plan_for(3000)
        assert long.events * long.pause / long.threads > 90 > 60 > short.events * short.pause
        assert long.kills >= 5 and long.answers == endurance.DEFAULT_SIZE
