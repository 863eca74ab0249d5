"""Reads the overview: a fixed number of reads of the last finished run, put side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from analytics.dashboards import comments
from analytics.dashboards.overlap.pairing import NPS, Subject, node_subject
from analytics.dashboards.overlap.read import WHOLE
from analytics.dashboards.overview import attention
from analytics.dashboards.overview.numbers import (
    Alert,
    Headline,
    Heat,
    HeatCell,
    HeatRow,
    Names,
    NodeRow,
    Nps,
    Overview,
    Satisfied,
    Trend,
    TrendPoint,
)
from analytics.dashboards.overview.responding import asked_by, get_funnel
from analytics.dashboards.question_names import item_names
from analytics.dashboards.selection import Selection
from analytics.dashboards.verdicts import (
    ChangesByNode,
    Verdicts,
    judge_nodes,
    with_changes,
)
from analytics.dashboards.weighting.reading import overlap_of, weighting_record
from analytics.indicators.weight_words import weight_set_name
from analytics.scoring import selectors
from analytics.scoring.comparing import compare, judge_family, tested_from_average
from analytics.scoring.grades import grade_of
from analytics.scoring.results import (
    Change,
    Dimension,
    Figure,
    Freshness,
    Grain,
    NodeResult,
    PeriodResult,
    SegmentResult,
    Status,
)
from analytics.scoring.sources import told

COMMENTS_SHOWN: Final = 4
POINTS: Final[Mapping[Grain, int]] = {
    Grain.WAVE: 12, Grain.MONTH: 12, Grain.WEEK: 13, Grain.DAY: 14, Grain.QUARTER: 12, Grain.YEAR: 12,
}
MONTHS_A_YEAR: Final = 12
ENOUGH_POINTS: Final = 3


@dataclass(frozen=True)
class Segments:
    """One dimension, now and before."""

    dimension: Dimension
    current: Sequence[SegmentResult]
    previous: Sequence[SegmentResult]


@dataclass(frozen=True)
class PeriodPair:
    """The two populations of an overview and what is said of their indicators."""

    current: PeriodResult
    previous: PeriodResult | None
    verdicts: Verdicts | None
    changes: ChangesByNode

    def judge(self, look: attention.Look) -> Change:
        """The verdict that every page gives to a change."""
        if not look.dimension:
            return self.changes[look.node.key]
        assert self.verdicts is not None
        return self.verdicts.of_levels(look.dimension)[look.level][look.node.key]


def read_overview(*, selection: Selection) -> Overview:
    """Return every number of the overview under the selection, within its scope."""
    verdicts = verdicts_of(selection)
    page = read_figures(selection=selection, verdicts=verdicts)
    quoted = comments.list_comments(selection=selection, is_withheld=page.is_withheld, size=COMMENTS_SHOWN)
    return replace(
        page, freshness=_freshness(selection), comments=quoted.comments,
        funnel=None if page.is_withheld else get_funnel(asked=asked_by(selection)),
        heat=with_changes(page.heat, verdicts) if page.heat and verdicts else page.heat,
    )


def _freshness(selection: Selection) -> Freshness:
    """How new the results are; a reader of a part is not told how many answers there are in all, nor when they came."""
    found = selectors.freshness(tree=selection.tree)
    return replace(found.limited(), waiting_since_at=None) if selection.scope else found


def verdicts_of(selection: Selection) -> Verdicts | None:
    """What decides about the selection's changes; None where nothing is compared."""
    return Verdicts.between(selection, selection.previous) if selection.previous is not None else None


def read_figures(*, selection: Selection, verdicts: Verdicts | None = None) -> Overview:
    """Return what of the overview the run alone decides: no comments, no funnel, nothing that waits.

    The changes within the table of segments are left out: no card shows them (see `verdicts.with_changes`).
    """
    run, reading = selection.run, selection.reading
    verdicts = verdicts or verdicts_of(selection)
    current = reading.period(selection.period)
    previous = reading.period(selection.previous) if selection.previous is not None else None
    vector = reading.definition.score_vector
    changes = judge_nodes(current, previous, verdicts.overlap, vector=vector) if verdicts and previous else {}
    segments = _read_segments(selection, current)
    alerts, looks = _alerts(selection, PeriodPair(current, previous, verdicts, changes), segments)
    shown = next((one for one in segments if one.dimension.key == selection.by), None)
    return Overview(
        tree_id=selection.tree.pk, names=selection.tree.names, is_example=selection.tree.is_example,
        run_id=run.pk, weight_set=weight_set_name(run.weight_set), weight_set_number=run.weight_set.number,
        freshness=Freshness(
            run_id=run.pk, finished_at=run.finished_at, responses=None, newest_response_at=None, is_pending=False,
            waiting_since_at=None,
        ),
        period=selection.period, previous=selection.previous, uncompared=selection.uncompared,
        filters={key: tuple(levels) for key, levels in told(selection.reading.choice).items()},
        responses=current.responses, is_withheld=current.is_withheld,
        index=Headline(
            current.root.index, previous.root.index if previous else None, changes.get(current.root.key),
            current.root.target,
        ),
        grade=grade_of(current.root.index, vector),
        satisfied=_satisfied(selection, current, previous, verdicts), nps=_nps(current, previous, verdicts),
        funnel=None,
        trend=read_trend(selection=selection),
        nodes=order_nodes(current.nodes, previous.nodes if previous else (), changes),
        alerts=alerts, looks=looks,
        heat=build_heat(shown, current) if shown else None, comments=(),
        weighting=weighting_record(selection), show_from=selection.tree.team.show_from_n, sure_from=selection.tree.team.sure_from_n,
    )


def read_trend(*, selection: Selection) -> Trend:
    """Return the index over the newest periods of the grain that suits the selection."""
    grain = trend_grain(selection)
    shown = POINTS[grain]
    with_last_year = grain == Grain.MONTH
    results = selection.reading.trend(grain, shown + MONTHS_A_YEAR if with_last_year else shown, None)
    earlier = {place + MONTHS_A_YEAR: one.root.index for place, one in enumerate(results)} if with_last_year else {}
    points = [
        TrendPoint(one.period, one.root.index, one.period.is_running(selection.today), _shown(earlier.get(place)))
        for place, one in enumerate(results)
    ]
    points = _with_breaks(selection, points)[-shown:]
    target = results[-1].root.target if results else None
    return Trend(tuple(points), target, _last_change(selection, points))


def _with_breaks(selection: Selection, points: list[TrendPoint]) -> list[TrendPoint]:
    breaks = selection.reading.rescaled([point.period for point in points])
    if not any(breaks):
        return points
    words = item_names(selection.tree)
    return [
        replace(point, rescaled=tuple((key, words.get((of, key), {})) for of, key in names))
        for point, names in zip(points, breaks, strict=True)
    ]


def _last_change(selection: Selection, points: Sequence[TrendPoint]) -> Change | None:
    """From the last but one finished period that may be shown to the last."""
    finished = [point for point in points if point.figure.is_shown and not point.is_running]
    if len(finished) < 2:
        return None
    before, after = finished[-2:]
    overlap = overlap_of(selection=selection, before=before.period, after=after.period)
    subject = node_subject(selection.reading.definition.nodes[0].key)
    return compare(before.figure, after.figure, shared=overlap.shared(subject, before.figure, after.figure))


def trend_grain(selection: Selection) -> Grain:
    """Waves where the selection is in waves; else the coarsest of month, week and day with enough points."""
    known = selection.known.periods
    if known.get(Grain.WAVE) and selection.period.grain in (Grain.WAVE, Grain.ALL, Grain.YEAR):
        return Grain.WAVE
    for grain in (Grain.MONTH, Grain.WEEK):
        if len(known.get(grain, ())) >= ENOUGH_POINTS:
            return grain
    return Grain.DAY


def order_nodes(
    nodes: Sequence[NodeResult], previous: Sequence[NodeResult], changes: ChangesByNode
) -> tuple[NodeRow, ...]:
    """Return the indicators below the index, each after its parent, siblings by weight, heaviest first."""
    before = {node.key: node.index for node in previous}
    children: dict[str, list[NodeResult]] = {}
    for node in nodes:
        if node.parent is not None:
            children.setdefault(node.parent, []).append(node)
    rows: list[NodeRow] = []

    def add(parent: str, branch: str) -> None:
        for node in sorted(children.get(parent, []), key=lambda one: -one.weight):
            rows.append(_row(node, before.get(node.key), changes.get(node.key), branch or node.key))
            add(node.key, branch or node.key)

    if nodes:
        add(nodes[0].key, "")
    return tuple(rows)


def build_heat(segments: Segments, whole: PeriodResult) -> Heat:
    """Return levels by index and top-level indicators; those with few answers come last."""
    nodes = [whole.root, *sorted((n for n in whole.nodes if n.depth == 1), key=lambda one: -one.weight)]
    rows = _with_distances([_heat_row(one.level, one.names, one.result, nodes) for one in segments.current], whole.root.index)
    return Heat(
        dimension=segments.dimension, columns=tuple((node.key, node.names) for node in nodes),
        rows=tuple(sorted((row for row in rows if row.responses or row.is_withheld), key=lambda row: not row.is_sure)),
        reference=_heat_row("", {}, whole, nodes),
    )


def _read_segments(selection: Selection, current: PeriodResult) -> list[Segments]:
    """Read each dimension now and before, for the index and its top-level indicators only."""
    nodes = [node.key for node in current.nodes if node.depth <= 1]
    before = selection.previous
    return [
        Segments(
            dimension,
            selection.reading.segments(selection.period, dimension.key, nodes),
            selection.reading.segments(before, dimension.key, nodes) if before is not None else (),
        )
        for dimension in selection.known.dimensions
    ]


def _alerts(
    selection: Selection, compared: PeriodPair, segments: Sequence[Segments]
) -> tuple[tuple[Alert, ...], int]:
    current, previous, verdicts = compared.current, compared.previous, compared.verdicts
    if previous is None or verdicts is None or current.is_withheld or previous.is_withheld:
        return (), 0
    sure_from = selection.tree.team.sure_from_n
    looks = attention.look_at_nodes(
        current.nodes, previous.nodes, sure_from=sure_from, shared=partial(verdicts.shared, WHOLE)
    )
    for one in segments:
        before = {segment.level: segment for segment in one.previous}
        for segment in one.current:
            if segment.level in before:
                shared = partial(verdicts.shared, (segment.dimension, segment.level))
                looks += attention.look_at_segment(segment, before[segment.level], sure_from=sure_from, shared=shared)
    return attention.choose_alerts(looks, judge=compared.judge), sum(1 for one in looks if one.tested.p is not None)


def _headline(subject: Subject, figure: Figure, previous: Figure | None, verdicts: Verdicts | None) -> Headline:
    change = verdicts.headline(subject, previous, figure) if previous is not None and verdicts is not None else None
    return Headline(figure, previous, change)


def _satisfied(
    selection: Selection, current: PeriodResult, previous: PeriodResult | None, verdicts: Verdicts | None
) -> Satisfied:
    change = verdicts.satisfied(previous, current) if previous is not None and verdicts is not None else None
    headline = Headline(current.satisfied, previous.satisfied if previous else None, change)
    overall = current.overall
    if overall is None:
        return Satisfied(headline, current.root.distribution, None, {})
    names = item_names(selection.tree).get((overall.questionnaire_id, overall.key), {})
    return Satisfied(headline, overall.distribution, overall.missing, names, (overall.low_code, overall.high_code))


def _nps(current: PeriodResult, previous: PeriodResult | None, verdicts: Verdicts | None) -> Nps | None:
    if current.nps is None:
        return None
    before = previous.nps.score if previous and previous.nps else None
    return Nps(_headline(NPS, current.nps.score, before, verdicts), current.nps)


def _row(node: NodeResult, before: Figure | None, change: Change | None, branch: str) -> NodeRow:
    return NodeRow(
        key=node.key, names=node.names, parent=node.parent or "", depth=node.depth, is_leaf=node.is_leaf,
        weight=node.weight, overall_weight=node.overall_weight,
        headline=Headline(node.index, before, change, node.target), satisfied=node.satisfied,
        distribution=node.distribution, branch=branch,
    )


def _with_distances(rows: Sequence[HeatRow], average: Figure) -> list[HeatRow]:
    """Test the index of each group that has enough answers against everybody else; Holm judges them together."""
    tests = {row.level: tested_from_average(row.cells[0].figure, average) for row in rows if row.is_sure and row.cells}
    sizes = [row.cells[0].figure.n for row in rows if row.level in tests]
    # Of two groups that make up the whole one test is the other seen from behind.
    family = list(tests.values())[:1] if len(sizes) == 2 and sum(sizes) == average.n else list(tests.values())
    judged = judge_family(family) * (len(tests) // max(1, len(family)))
    verdicts = {
        level: replace(one.change, verdict=found.change.verdict)
        for (level, one), found in zip(tests.items(), judged, strict=True)
    }
    return [
        replace(row, cells=(replace(row.cells[0], from_average=verdicts[row.level]), *row.cells[1:]))
        if row.level in verdicts else row for row in rows
    ]


def _heat_row(level: str, names: Names, result: PeriodResult, nodes: Sequence[NodeResult]) -> HeatRow:
    found = {node.key: node for node in result.nodes}
    cells = tuple(_heat_cell(node, found[node.key].index) for node in nodes if node.key in found)
    return HeatRow(
        level=level, names=names, responses=result.responses,
        is_sure=result.root.index.status == Status.SHOWN, is_withheld=result.is_withheld, cells=cells,
    )


def _heat_cell(node: NodeResult, figure: Figure) -> HeatCell:
    distance = None
    if figure.value is not None and node.index.value is not None:
        distance = figure.value - node.index.value
    return HeatCell(node.key, figure, distance)


def _shown(figure: Figure | None) -> Figure | None:
    return figure if figure is not None and figure.is_shown else None
