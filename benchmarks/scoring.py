"""What reading and recomputing results costs, and how little of it depends on the number of answers."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import User
from analytics.indicators.models import IndicatorTree
from analytics.scoring import cubes
from analytics.scoring.definition import Definition
from analytics.scoring.models import Run
from analytics.scoring.periods import days
from analytics.scoring.selectors import get_latest_run, read_period
from analytics.scoring.services import recompute
from analytics.scoring.sources import blocks_behind
from analytics.scoring.summaries import totals
from benchmarks.answers import LATEST, MONTHS_BACK, answer_once, insert_answers, make_sheets, make_tree, make_version
from benchmarks.child import server_pids
from benchmarks.clocks import Spent, in_pairs, middle_pair, run_child, timed
from benchmarks.figures import Row
from benchmarks.numpy_scores import scores, scores_of_some
from benchmarks.one_row import one_row_page
from surveys.design.models import QuestionnaireVersion

GROUP: Final = "scoring"
SMALLEST: Final = 10_000
LIMIT: Final = 1_000_000
"""The size that the targets of a pass over all answers are meant for; a fixed cost shows below it."""
LIVE_ROUNDS: Final = 5
MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True)
class World:
    """One questionnaire with this many answers, its tree and its finished run."""

    size: int
    version: QuestionnaireVersion
    tree: IndicatorTree
    client: Client

    @property
    def run(self) -> Run:
        """The newest run."""
        run = get_latest_run(tree=self.tree)
        assert run is not None
        return run

    @property
    def label(self) -> str:
        """How the size is written in the table."""
        return f"{self.size:,}"


def measure(sizes: Sequence[int]) -> Iterator[Row]:
    """Measure every row at every size, the smallest first: others are compared with it."""
    smallest = make_world(min([SMALLEST, *sizes]))
    rebuilt: dict[int, float] = {}
    for size in sizes:
        # Each is measured before a larger one is made, which would drive its rows out of the machine's memory.
        world = smallest if size == smallest.size else make_world(size)
        yield from page_rows(world, smallest)
        yield from live_rows(world, smallest)
        yield from pass_rows(world)
        yield from filter_rows(world)
        yield from rebuild_rows(world, rebuilt)


def make_world(size: int) -> World:
    """Insert answers and let the real service seal and compute them."""
    version = make_version(f"bench-{size}")
    tree = make_tree(version)
    insert_answers(version, size)
    begun = time.perf_counter()
    recompute(tree=tree, at=LATEST)
    sys.stderr.write(f"  {size:,} answers sealed and computed in {time.perf_counter() - begun:.1f} s\n")
    with connection.cursor() as cursor:
        # What autovacuum has long done where answers came one by one, and does within minutes of an import.
        cursor.execute("VACUUM (ANALYZE)")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(email=f"bench-{size}@bench.example"))
    return World(size, version, tree, client)


def page_rows(world: World, smallest: World) -> Iterator[Row]:
    """The overview of a finished run: beside the same page at the smallest size, and beside a plain page."""
    if world is not smallest:
        yield beside_smallest("overview page", page_cost(world), page_cost(smallest), world, smallest)
    plain = one_row_page()
    ours, floor = in_pairs(page_cost(world), lambda: timed(plain, servers=server_pids(), times=40), pairs=5)
    pair = middle_pair([s.processor * 1000 for s in ours], [s.processor * 1000 for s in floor])
    yield Row(GROUP, f"overview page, {world.label} answers", *pair, "ms CPU", "page of one row", 2)
    if world is not smallest:
        costs = page_cost(world, is_new=True), page_cost(smallest, is_new=True)
        yield beside_smallest("overview page of a new run", *costs, world, smallest)


def beside_smallest(
    figure: str, cost: Callable[[], Spent], cost_of_smallest: Callable[[], Spent], world: World, smallest: World
) -> Row:
    """How much more a view of the overview takes than with the fewest answers."""
    ours, small = in_pairs(cost, cost_of_smallest, pairs=5)
    pair = middle_pair([s.processor * 1000 for s in ours], [s.processor * 1000 for s in small])
    return Row(GROUP, f"{figure}, {world.label} answers", *pair, "ms CPU", f"at {smallest.label}", 1.2)


def page_cost(world: World, *, is_new: bool = False) -> Callable[[], Spent]:
    """Return what measures one view of the overview; `is_new` makes each the first one of its run."""
    address, runs = overview_address(world), Run.objects.filter(pk=world.run.pk)

    def view() -> None:
        if is_new:
            runs.update(finished_at=F("finished_at") + timedelta(microseconds=1))
        reply = world.client.get(address)
        assert reply.status_code == 200, reply

    view()
    # The kernel counts a server's time in hundredths of a second: short views are measured by many.
    return lambda: timed(view, servers=server_pids(), times=6 if is_new else 60)


def overview_address(world: World) -> str:
    """The overview's own address, after its redirect to the one that names everything."""
    reply = world.client.get("/overview/", {"survey": world.tree.pk}, follow=True)
    return str(reply.redirect_chain[-1][0]) if reply.redirect_chain else f"/overview/?survey={world.tree.pk}"


def live_rows(world: World, smallest: World) -> Iterator[Row]:
    """One new answer until the new run stands."""
    whole = make_sheets(LIMIT)
    if world is not smallest:
        ours, small = in_pairs(live_cost(world), live_cost(smallest))
        pair = middle_pair([s.processor * 1000 for s in ours], [s.processor * 1000 for s in small])
        yield Row(GROUP, f"live update, {world.label} answers", *pair, "ms CPU", f"at {smallest.label}", 1.5)
    ours, floor = in_pairs(live_cost(world), lambda: timed(lambda: scores(whole), times=4))
    pair = middle_pair([s.processor * 1000 for s in ours], [s.processor * 1000 for s in floor])
    yield Row(GROUP, f"live update, {world.label} answers", *pair, "ms CPU", "numpy over 1,000,000 x 12", 3)


def live_cost(world: World) -> Callable[[], Spent]:
    """Return what measures a new answer and its run."""
    counter = iter(range(10**9))

    def update() -> None:
        number = next(counter)
        answer_once(world.version, number)
        outcome = recompute(tree=world.tree, at=LATEST + timedelta(seconds=number))
        assert outcome.is_new

    update()
    return lambda: timed(update, servers=server_pids(), times=LIVE_ROUNDS)


def pass_rows(world: World) -> Iterator[Row]:
    """Every score from the sealed blocks, decoding included, beside numpy on answers in memory."""
    sheets, run = make_sheets(world.size), world.run
    definition = Definition.from_json(run.definition)
    all_scores(run, definition)
    ours, floor = in_pairs(lambda: timed(lambda: all_scores(run, definition)), lambda: timed(lambda: scores(sheets)), pairs=7)
    pair = middle_pair([s.wall * 1000 for s in ours], [s.wall * 1000 for s in floor])
    target = 5 if world.size >= LIMIT else None
    yield Row(GROUP, f"all scores from blocks, {world.label} answers", *pair, "ms", "numpy in memory", target)
    yield Row(
        GROUP, f"memory of that pass, {world.label} answers", added_memory(lambda: all_scores(run, definition)),
        64, "MB", "a block, not N: 64 MB", 1,
    )


def all_scores(run: Run, definition: Definition) -> int:
    """Decode every block and total its statistics; return the number of answers."""
    count = 0
    total = np.zeros(definition.layout.width, dtype=np.int64)
    for questionnaire, columns in blocks_behind(run):
        total += totals(columns, definition, questionnaire)
        cubes.carry(total, definition.layout.squares)
        count += columns.rows
    return count


def added_memory(work: Callable[[], object]) -> float:
    """Megabytes that Python and numpy hold at most for the work (what the database's driver buffers is not seen)."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MEGABYTE
    finally:
        tracemalloc.stop()


def filter_rows(world: World) -> Iterator[Row]:
    """Two segments and a period that no run holds, counted from the columns; nothing cached."""
    sheets, run = make_sheets(world.size), world.run
    chosen = np.isin(sheets.region, [1, 2]) & (sheets.tier == 1)
    chosen[: world.size // 2] = False
    period = days((LATEST - timedelta(days=15 * MONTHS_BACK)).date(), LATEST.date())

    def ours() -> None:
        cache.clear()
        result = read_period(run, period=period, filters={"region": ["East", "South"], "tier": ["gold"]}, at=timezone.now())
        assert result.root.index.n, result

    ours()
    mine, floor = in_pairs(lambda: timed(ours), lambda: timed(lambda: scores_of_some(sheets, chosen)), pairs=7)
    pair = middle_pair([s.wall * 1000 for s in mine], [s.wall * 1000 for s in floor])
    target = 10 if world.size >= LIMIT else None
    yield Row(GROUP, f"cross-filter, {world.label} answers", *pair, "ms", "numpy in memory", target)


def rebuild_rows(world: World, rebuilt: dict[int, float]) -> Iterator[Row]:
    """`recompute --check` beside the rows read into a pandas table, both as programs of their own.

    Above the limit pandas would want 2 GB for every million answers: there the check is held against itself at
    the limit, in proportion. `rebuilt` keeps its seconds by size.
    """
    ours = run_child([sys.executable, "manage.py", "recompute", "--check", "--survey", str(world.version.questionnaire_id)])
    rebuilt[world.size] = ours.wall
    figure, note = f"rebuild and check, {world.label} answers", ""
    if world.size <= LIMIT:
        usual = run_child([sys.executable, "-m", "benchmarks.pandas_rows", str(world.version.questionnaire_id)])
        target = 0.5 if world.size == LIMIT else None
        note = f"pandas: {usual.peak:.0f} MB"
        yield Row(GROUP, figure, ours.wall, usual.wall, "s", "JSON rows to pandas", target)
    elif LIMIT in rebuilt:
        in_proportion = rebuilt[LIMIT] * world.size / LIMIT
        yield Row(GROUP, figure, ours.wall, in_proportion, "s", f"in proportion to {LIMIT:,}", 1.2)
    yield Row(GROUP, f"memory of that, {world.label} answers", ours.peak, 300, "MB", "300 MB", 1, note=note)
