"""Two trees on one questionnaire: whatever happens in whatever order, runs are those of a rebuild from the rows.

Arrivals, edits, erasures, sealing, merging, rebuilding, pruning, deaths in the middle, a tree that is refused and
another time zone, drawn by Hypothesis; blocks are a dozen rows, so that all of it happens in a few steps.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.models import Team
from analytics.indicators.models import IndicatorTree
from analytics.scoring import blocks, rows
from analytics.scoring.checking import check
from analytics.scoring.models import Block, Run
from analytics.scoring.pruning import READERS, prune
from analytics.scoring.recompute_requests import is_requested
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.services import rebuild, recompute
from analytics.scoring.sources import columns_behind, has_columns
from analytics.scoring.wake import breakdown_changed
from surveys.answering.models import RecomputeNote, Response
from surveys.answering.wake import rows_changed
from surveys.sending import failpoints
from tests.analytics.builders import AT, answer_many, make_dimension, make_tree, publish, sheet, standard_document
from tests.cast import make_cast

pytestmark = pytest.mark.django_db

CODES = st.integers(1, 5)
WHICH = st.integers(0, 1)
REGIONS = ("East", "West")
DEATHS = ("block_not_marked", "run_not_committed")
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")


class KilledError(BaseException):
    """The process is gone: everything not committed is."""


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block holds twelve rows, five that wait are sealed, and two open blocks stand side by side."""
    monkeypatch.setattr(blocks, "SEAL_ROWS", 5)
    monkeypatch.setattr(blocks, "OPEN_BLOCKS", 2)
    for module in (blocks, rows):
        monkeypatch.setattr(module, "BLOCK_ROWS", 12)


@pytest.fixture
def die_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Name the place at which the next computation dies; nothing for nowhere."""
    place = [""]

    def reach(name: str) -> None:
        if name == place[0]:
            raise KilledError

    monkeypatch.setattr(failpoints, "reach", reach)
    return lambda name: place.__setitem__(0, name)


class Machine(RuleBasedStateMachine):
    """A team's answers and what becomes of them; every example is rolled back."""

    die_at: Callable[[str], None]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.at, self.number = AT, 0
        team = make_cast().team
        make_dimension(team, "region", *REGIONS)
        self.team, self.version = team, publish(team, standard_document())
        self.trees = [make_tree(self.version).pk, make_tree(self.version).pk]

    def teardown(self) -> None:
        """In the end both trees can be computed, and are what the rows say."""
        try:
            self.heal()
            for tree in self.each_tree():
                report = check(tree=tree, at=self.at)
                assert not report.is_behind and report.differences == ()
                self.columns_are_the_rows(get_latest_run(tree=tree))
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    # What happens.

    @rule(first=CODES, count=st.integers(1, 9))
    def some_answer(self, first: int, count: int) -> None:
        for _ in range(count):
            self.number += 1
            code = 1 + (first + self.number) % 5
            answer_many(self.version, [sheet(code)], at=self.later(3), attributes={"region": REGIONS[self.number % 2]})

    @precondition(lambda self: Response.objects.exists())
    @rule(place=st.integers(0, 10**6), code=CODES)
    def one_is_edited(self, place: int, code: int) -> None:
        response = self.chosen(place)
        response.answers, response.revision = sheet(code), response.revision + 1
        response.save()
        self.say_changed(response)

    @precondition(lambda self: Response.objects.exists())
    @rule(place=st.integers(0, 10**6))
    def one_is_erased(self, place: int) -> None:
        response = self.chosen(place)
        self.say_changed(response)
        response.delete()

    @rule(which=WHICH)
    def a_tree_is_computed(self, which: int) -> None:
        recompute(tree=self.tree(which), at=self.later(1))

    @rule(which=WHICH, place=st.sampled_from(DEATHS))
    def a_worker_dies(self, which: int, place: str) -> None:
        self.die_at(place)
        try:
            recompute(tree=self.tree(which), at=self.later(1))
        except KilledError:
            pass
        finally:
            self.die_at("")

    @rule(which=WHICH)
    def all_blocks_are_rebuilt(self, which: int) -> None:
        rebuild(tree=self.tree(which), at=self.later(1))

    @rule(hours=st.integers(1, 3))
    def old_things_are_cleared_away(self, hours: int) -> None:
        prune(at=self.later(60 * hours))
        kept = Block.objects.filter(has_changed_rows=True, merged_at__lt=self.at - READERS).exclude(columns=b"")
        assert not kept.exists(), "what was edited or erased is kept for nobody"

    @rule(which=WHICH)
    def a_tree_is_refused_from_now_on(self, which: int) -> None:
        IndicatorTree.objects.filter(pk=self.trees[which]).update(score_vector="none_there_is")

    @rule()
    def heal(self) -> None:
        IndicatorTree.objects.filter(pk__in=self.trees).update(score_vector="linear")

    @rule(zone=st.sampled_from(ZONES))
    def the_team_moves(self, zone: str) -> None:
        Team.objects.filter(pk=self.team.pk).update(time_zone=zone)
        breakdown_changed(self.team.pk, self.at)

    # What always holds.

    @invariant()
    def no_run_has_lost_its_columns_without_a_new_one_being_asked_for(self) -> None:
        for tree in self.each_tree():
            run = get_latest_run(tree=tree)
            assert run is None or has_columns(run) or is_requested(tree=tree)

    # Parts.

    def later(self, minutes: int) -> Any:
        self.at += timedelta(minutes=minutes)
        return self.at

    def tree(self, which: int) -> IndicatorTree:
        return IndicatorTree.objects.get(pk=self.trees[which])

    def each_tree(self) -> list[IndicatorTree]:
        return [self.tree(0), self.tree(1)]

    def chosen(self, place: int) -> Response:
        return Response.objects.order_by("id")[place % Response.objects.count()]

    def say_changed(self, response: Response) -> None:
        """As answering does in the same transaction."""
        rows_changed(response.questionnaire_id, [response.block_id], self.at)
        RecomputeNote.objects.create(questionnaire_id=response.questionnaire_id, at=self.at)

    def columns_are_the_rows(self, run: Run | None) -> None:
        assert run is not None
        assert sum(columns.rows for _, columns in columns_behind(run)) == Response.objects.count() == run.responses


def test_any_order_of_events_on_two_trees_ends_in_the_digits_of_a_rebuild(die_at: Callable[[str], None]) -> None:
    Machine.die_at = staticmethod(die_at)  # type: ignore[assignment]
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
