"""From responses to a run and back to figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from analytics.scoring import blocks
from analytics.scoring.checking import check
from analytics.scoring.models import Block, Run, TreeState
from analytics.scoring.periods import EVERYTHING, parse_period
from analytics.scoring.recompute_requests import is_requested, note_changed_rows
from analytics.scoring.results import Grain, Status, Verdict
from analytics.scoring.selectors import (
    compare,
    freshness,
    get_latest_run,
    list_periods,
    read_period,
    read_segments,
    read_trend,
)
from analytics.scoring.services import rebuild, recompute
from surveys.answering.models import RecomputeNote, Response
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    answer,
    answer_many,
    make_dimension,
    make_tree,
    sheet,
    sheets,
)

pytestmark = pytest.mark.django_db


class TestRecompute:
    def test_makes_the_index_of_the_answers(self, version, tree):
        answer_many(version, [sheet(5, 5, 3, 1, 10, 4)] * 6 + [sheet(1, 1, 5, 5, 0, 2)] * 6)
        run = recompute(tree=tree, at=AT).run
        result = read_period(run, period=EVERYTHING, at=AFTERWARDS)
        assert result.responses == 12
        # product: 100 and 0; service: (50 + 0) / 2 = 25 and 100; index: 62.5 and 50.
        assert result.node("product").index.value == 50.0
        assert result.node("service").index.value == 62.5
        assert result.root.index.value == 56.25
        assert result.nps.score.value == 0.0
        assert result.overall.mean.value == 3.0

    def test_deletes_the_notes_it_has_seen(self, version, tree):
        answer(version, sheet(5))
        recompute(tree=tree, at=AT)
        assert not RecomputeNote.objects.exists()
        assert not is_requested(tree=tree)

    def test_serves_every_tree_a_questionnaire_feeds(self, version, tree):
        other = make_tree(version)
        answer(version, sheet(5))
        recompute(tree=tree, at=AT)
        assert is_requested(tree=other)
        assert recompute(tree=other, at=AT).run.responses == 1

    def test_without_anything_new_makes_no_second_run(self, version, tree):
        answer(version, sheet(5))
        first = recompute(tree=tree, at=AT)
        second = recompute(tree=tree, at=AT)
        assert first.is_new and not second.is_new
        assert second.run == first.run and Run.objects.count() == 1

    def test_leaves_out_partial_and_test_responses(self, version, tree):
        answer_many(version, sheets(12))
        answer(version, sheet(1), state="partial")
        answer(version, sheet(1), is_test=True)
        assert recompute(tree=tree, at=AT).run.responses == 12

    def test_of_a_tree_without_answers_gives_a_run_of_nothing(self, tree):
        run = recompute(tree=tree, at=AT).run
        result = read_period(run, period=EVERYTHING, at=AFTERWARDS)
        assert result.responses == 0
        assert result.root.index.status == Status.NONE and result.root.index.value is None

    def test_says_why_a_tree_without_weights_is_not_computed(self, tree):
        tree.weight_sets.all().delete()
        outcome = recompute(tree=tree, at=AT)
        assert outcome.run is None and outcome.problem == "no_weights"
        assert TreeState.objects.get(tree=tree).last_error == "no_weights"

    def test_a_constant_number_of_queries_whatever_the_answers(self, version, tree, django_assert_num_queries):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        counts = []
        for batch in (40, 400):
            answer_many(version, sheets(batch))
            recompute(tree=tree, at=AT)
            answer(version, sheet(3, 3, 3, 3))
            with CaptureQueriesContext(connection, ) as context:
                recompute(tree=tree, at=AT)
            counts.append(len(context))
        assert counts[0] == counts[1]


class TestBlocks:
    def test_seals_what_has_piled_up_and_says_the_same(self, version, tree, monkeypatch):
        answer_many(version, sheets(60), every=timedelta(hours=5))
        tail_only = recompute(tree=tree, at=AT).run
        before = read_period(tail_only, period=EVERYTHING, at=AFTERWARDS)
        monkeypatch.setattr(blocks, "SEAL_ROWS", 50)
        answer(version, sheet(2, 2, 2, 2))
        sealed = recompute(tree=tree, at=AT).run
        assert Block.objects.get().rows == 61
        assert not Response.objects.filter(block_id__isnull=True).exists()
        assert read_period(sealed, period=EVERYTHING, at=AFTERWARDS).responses == 61
        assert before.responses == 60
        assert check(tree=tree, at=AT).differences == ()

    def test_many_small_blocks_become_one(self, version, tree, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 4)
        monkeypatch.setattr(blocks, "OPEN_BLOCKS", 3)
        for number in range(6):
            answer_many(version, sheets(5 + number), at=AT + timedelta(days=40 * number))
            recompute(tree=tree, at=AT)
        assert blocks.current_blocks(version.questionnaire_id).count() <= 3
        assert Block.objects.count() > 6
        report = check(tree=tree, at=AT)
        assert report.differences == () and report.responses == 45

    def test_an_edit_rebuilds_its_block(self, version, tree, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        rows = answer_many(version, [sheet(5, 5, 5, 5)] * 20)
        recompute(tree=tree, at=AT)
        edited = Response.objects.get(pk=rows[0].pk)
        edited.answers, edited.revision = sheet(1, 1, 1, 1), 2
        edited.save()
        note_changed_rows(questionnaire_id=version.questionnaire_id, block_ids=[edited.block_id], at=AT)
        RecomputeNote.objects.create(questionnaire=version.questionnaire, at=AT)
        run = recompute(tree=tree, at=AT).run
        assert read_period(run, period=EVERYTHING, at=AFTERWARDS).root.index.value == 95.0
        assert check(tree=tree, at=AT).differences == ()

    def test_an_erasure_leaves_no_trace(self, version, tree, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        rows = answer_many(version, [sheet(5, 5, 5, 5)] * 20)
        recompute(tree=tree, at=AT)
        gone = Response.objects.get(pk=rows[0].pk)
        note_changed_rows(questionnaire_id=version.questionnaire_id, block_ids=[gone.block_id], at=AT)
        RecomputeNote.objects.create(questionnaire=version.questionnaire, at=AT)
        gone.delete()
        assert recompute(tree=tree, at=AT).run.responses == 19
        assert check(tree=tree, at=AT).differences == ()

    def test_an_edit_that_nobody_told_is_found_by_the_check(self, version, tree, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        rows = answer_many(version, [sheet(5, 5, 5, 5)] * 20)
        recompute(tree=tree, at=AT)
        Response.objects.filter(pk=rows[0].pk).update(answers=sheet(1, 1, 1, 1))
        assert check(tree=tree, at=AT).differences
        rebuild(tree=tree, at=AT)
        assert check(tree=tree, at=AT).differences == ()

    def test_a_new_dimension_reaches_answers_already_sealed(self, version, tree, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        answer_many(version, sheets(20), attributes={"region": "East"})
        recompute(tree=tree, at=AT)
        make_dimension(version.questionnaire.team, "region", "East", "West")
        run = recompute(tree=tree, at=AT).run
        (segment,) = read_segments(run, period=EVERYTHING, dimension="region", at=AFTERWARDS)
        assert segment.level == "East" and segment.result.responses == 20

    def test_another_time_zone_moves_the_days(self, version, tree, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        answer_many(version, sheets(12), at=AT.replace(hour=20))
        run = recompute(tree=tree, at=AT).run
        assert [one.key for one in list_periods(run, grain=Grain.DAY, at=AFTERWARDS)] == ["2026-11-23"]
        team = version.questionnaire.team
        team.time_zone = "America/New_York"
        team.save()
        run = recompute(tree=tree, at=AT).run
        assert [one.key for one in list_periods(run, grain=Grain.DAY, at=AFTERWARDS)] == ["2026-11-22"]

    def test_a_large_import_is_sealed_block_by_block(self, version, tree, monkeypatch):
        monkeypatch.setattr(blocks, "BLOCK_ROWS", 20)
        monkeypatch.setattr(blocks, "SEAL_ROWS", 20)
        answer_many(version, sheets(45))
        run = recompute(tree=tree, at=AT).run
        assert [block.rows for block in Block.objects.order_by("id")] == [20, 20]
        assert run.responses == 45 and check(tree=tree, at=AT).differences == ()

    def test_after_a_large_import_the_planner_knows_the_responses(self, version, tree, monkeypatch):
        monkeypatch.setattr(blocks, "BLOCK_ROWS", 20)
        monkeypatch.setattr(blocks, "SEAL_ROWS", 20)
        answer_many(version, sheets(45))
        recompute(tree=tree, at=AT)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT most_common_vals FROM pg_stats WHERE tablename = 'surveys_response' AND attname = 'questionnaire_id'"
            )
            assert cursor.fetchall() == [(f"{{{version.questionnaire_id}}}",)]


class TestPeriods:
    def test_a_trend_fills_the_months_without_answers(self, version, tree):
        answer_many(version, sheets(12), at=AT - timedelta(days=70))
        answer_many(version, sheets(12), at=AT)
        run = recompute(tree=tree, at=AT).run
        trend = read_trend(run, grain=Grain.MONTH, at=AFTERWARDS)
        assert [(one.period.key, one.responses) for one in trend] == [
            ("2026-09", 12), ("2026-10", 0), ("2026-11", 12)
        ]

    @pytest.mark.parametrize("key", ["all", "2026", "2026-Q4", "2026-11", "2026-W47", "2026-11-22", "2026-11-20..2026-11-22"])
    def test_every_spelling_finds_the_answers_of_that_day(self, version, tree, key):
        answer_many(version, sheets(12), at=AT)
        answer_many(version, sheets(12), at=AT - timedelta(days=900))
        run = recompute(tree=tree, at=AT).run
        result = read_period(run, period=parse_period(key), at=AFTERWARDS)
        assert result.responses == (24 if key == "all" else 12)

    def test_waves_stand_beside_the_calendar(self, version, tree):
        answer_many(version, sheets(12), wave="2017")
        answer_many(version, sheets(13), wave="2018")
        run = recompute(tree=tree, at=AT).run
        assert [one.responses for one in read_trend(run, grain=Grain.WAVE, at=AFTERWARDS)] == [12, 13]


class TestFilters:
    @pytest.fixture
    def run(self, version, tree):
        make_dimension(version.questionnaire.team, "region", "East", "West")
        make_dimension(version.questionnaire.team, "tier", "gold")
        answer_many(version, [sheet(5, 5, 5, 5)] * 12, attributes={"region": "East", "tier": "gold"})
        answer_many(version, [sheet(1, 1, 1, 1)] * 15, attributes={"region": "West"})
        return recompute(tree=tree, at=AT).run

    def test_segments_are_read_from_the_run(self, run):
        levels = read_segments(run, period=EVERYTHING, dimension="region", at=AFTERWARDS)
        assert [(one.level, one.result.responses, one.result.root.index.value) for one in levels] == [
            ("East", 12, 100.0), ("West", 15, 0.0)
        ]

    def test_a_level_without_value_stands_last(self, run):
        levels = read_segments(run, period=EVERYTHING, dimension="tier", at=AFTERWARDS)
        assert [(one.level, one.result.responses) for one in levels] == [("gold", 12), ("", 15)]

    def test_a_filter_narrows_every_number(self, run):
        result = read_period(run, period=EVERYTHING, filters={"region": ["West"]}, at=AFTERWARDS)
        assert result.responses == 15 and result.root.index.value == 0.0

    def test_a_scope_cannot_be_widened_by_a_filter(self, run):
        result = read_period(run, period=EVERYTHING, filters={"region": ["West"]}, scope={"region": ["East"]}, at=AFTERWARDS)
        assert result.responses == 0
        levels = read_segments(run, period=EVERYTHING, dimension="region", scope={"region": ["East"]}, at=AFTERWARDS)
        assert [one.level for one in levels] == ["East"]

    def test_a_scope_over_an_unknown_attribute_shows_nothing(self, run):
        assert read_period(run, period=EVERYTHING, scope={"planet": ["Mars"]}, at=AFTERWARDS).responses == 0

    def test_a_cross_filter_over_days_is_counted_from_the_columns(self, run):
        levels = read_segments(
            run, period=parse_period("2026-W47"), dimension="region", filters={"tier": ["gold"]}, at=AFTERWARDS
        )
        assert [(one.level, one.result.responses) for one in levels] == [("East", 12)]


class TestFreshness:
    def test_tells_that_an_answer_waits(self, version, tree):
        answer(version, sheet(5))
        recompute(tree=tree, at=AT)
        assert not freshness(tree=tree).is_pending
        answer(version, sheet(4), at=AT + timedelta(minutes=1))
        found = freshness(tree=tree)
        assert found.is_pending and found.waiting_since_at == AT + timedelta(minutes=1)
        assert found.responses == 1 and found.run_id == get_latest_run(tree=tree).pk


class TestCompare:
    def test_calls_a_large_change_beyond_chance(self, version, tree):
        answer_many(version, [sheet(5, 5, 5, 4, 10, 5)] * 20 + [sheet(4, 5, 4, 4, 8, 4)] * 20, wave="2")
        answer_many(version, [sheet(1, 2, 1, 1, 1, 1)] * 20 + [sheet(2, 2, 1, 1, 3, 2)] * 20, wave="1")
        run = recompute(tree=tree, at=AT).run
        first, second = read_trend(run, grain=Grain.WAVE, at=AFTERWARDS)
        for pick in (lambda r: r.root.index, lambda r: r.root.satisfied, lambda r: r.nps.score, lambda r: r.overall.mean):
            change = compare(pick(first), pick(second))
            assert change.verdict == Verdict.BEYOND and change.low > 0

    def test_says_nothing_of_figures_that_may_not_be_shown(self, version, tree):
        answer_many(version, sheets(40), wave="2")
        answer_many(version, sheets(4), wave="1")
        run = recompute(tree=tree, at=AT).run
        first, second = read_trend(run, grain=Grain.WAVE, at=AFTERWARDS)
        change = compare(first.root.index, second.root.index)
        assert change.verdict == Verdict.UNKNOWN and change.difference is None and change.reason == "too_few"


class TestACheckByCommand:
    def run(self, capsys) -> tuple[str, str]:
        call_command("recompute", check=True)
        return capsys.readouterr()

    def test_says_that_every_digit_is_equal(self, version, tree, capsys):
        answer_many(version, sheets(12))
        assert "12 responses, every digit equal" in self.run(capsys).out

    def test_ends_with_1_where_digits_differ(self, version, tree, capsys, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        rows = answer_many(version, sheets(12))
        recompute(tree=tree, at=AT)
        Response.objects.filter(pk=rows[0].pk).update(answers=sheet(1, 1, 1, 1), revision=7)
        with pytest.raises(CommandError, match="differ from the answers") as raised:
            self.run(capsys)
        assert raised.value.returncode == 1

    def test_ends_with_2_where_the_tree_cannot_be_computed(self, version, tree, capsys):
        tree.score_vector = "none_there_is"
        tree.save()
        with pytest.raises(CommandError, match="Nothing was compared") as raised:
            self.run(capsys)
        assert raised.value.returncode == 2 and "vector_does_not_fit" in capsys.readouterr().err

    def test_ends_with_2_where_answers_come_faster_than_they_are_compared(self, version, tree, capsys, monkeypatch):
        self.answers_come_after(version, monkeypatch, runs=10**6)
        with pytest.raises(CommandError, match="Nothing was compared") as raised:
            self.run(capsys)
        assert raised.value.returncode == 2 and "faster" in capsys.readouterr().err

    def test_tries_again_where_an_answer_came_in_between(self, version, tree, capsys, monkeypatch):
        self.answers_come_after(version, monkeypatch, runs=2)
        assert "every digit equal" in self.run(capsys).out

    def answers_come_after(self, version, monkeypatch, *, runs: int) -> None:
        """One more answer right after each of the first so many runs."""
        left = [runs]

        def recompute_then_answer(**given):
            outcome = recompute(**given)
            if left[0]:
                left[0] -= 1
                answer(version, sheet(4))
            return outcome

        monkeypatch.setattr("analytics.scoring.checking.recompute", recompute_then_answer)
