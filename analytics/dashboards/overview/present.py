"""From numbers to what the overview's template prints: words in the active language, places in percent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from analytics.dashboards import geometry, wording
from analytics.dashboards.charts.trend import Point, trend_figure
from analytics.dashboards.comments import Mood
from analytics.dashboards.geometry import Axis, Piece
from analytics.dashboards.overview import findings
from analytics.dashboards.overview.cards import (
    AlertLine,
    Branch,
    CommentCard,
    FunnelCard,
    FunnelStep,
    HeatCard,
    HeatLine,
    HeatText,
    Kpi,
    Node,
    NpsCard,
    NpsGroup,
    OtherTable,
    SatisfiedCard,
    TrendCard,
    TrendLine,
)
from analytics.dashboards.overview.numbers import (
    Alert,
    Comment,
    Funnel,
    Headline,
    Heat,
    HeatCell,
    HeatRow,
    NodeRow,
    Nps,
    Overview,
    Satisfied,
    Trend,
    TrendPoint,
)
from analytics.dashboards.selection import Selection, parameter_of
from analytics.dashboards.series import present_begin, validity_text
from analytics.indicators.weight_words import weight_set_name
from analytics.methods.distributions import box_size
from analytics.scoring.comparing import NOBODY_ELSE, SCALE_CHANGED
from analytics.scoring.results import Dimension, Figure, Status
from analytics.scoring.weighting import NOT_WEIGHTABLE
from surveys.design.document import text_in

NPS_TONES: Final = ("n2",) * 7 + ("0",) * 2 + ("p2",) * 2
SCORE_TONES: Final = {"low": "d", "middle": "p", "high": "m"}


def present_overview(page: Overview, selection: Selection, *, language: str) -> dict[str, Any]:
    """Return the template's context for those cards of an overview that the run decides."""
    before = wording.period_text(page.previous) if page.previous else ""
    axis = geometry.axis_for(_index_figures(page), page.index.target)
    return {
        "page": page, "before": before, "period_text": wording.period_text(page.period),
        "index": present_kpi(page.index, before, axis=geometry.axis_for(_own(page.index), page.index.target)),
        "grade": wording.grade_text(page.grade),
        "satisfied": present_satisfied(page.satisfied, before, language),
        "nps": present_nps(page.nps, before) if page.nps else None,
        "trend": present_trend(page.trend, _begin(page.trend, selection), language=language),
        "weights": {"name": weight_set_name(selection.run.weight_set), "validity": validity_text(selection.run.weight_set),
                    "tree": selection.tree.pk},
        "branches": present_branches(page, before, axis, language), "nodes_axis": axis,
        "nodes_index": geometry.place(axis, page.index.figure.value),
        "nodes_finding": findings.nodes_finding(page.nodes, language),
        "changes_query": selection.query(sort="change"),
        "alerts": [present_alert(alert, selection, language) for alert in page.alerts],
        "heat": present_heat(page.heat, selection, language) if page.heat else None,
    }


def present_kpi(headline: Headline, before: str, *, axis: Axis | None = None) -> Kpi:
    """Write a headline."""
    figure, change = headline.figure, headline.change
    return Kpi(
        value=wording.value_text(figure), unit=wording.unit_text(figure.metric), is_shown=figure.is_shown,
        interval=wording.interval_text(figure), n=wording.size_text(figure),
        note=wording.status_text(figure),
        change=change if change and change.difference is not None else None,
        change_text=wording.change_text(change) if change else "", versus=_versus(headline, before),
        verdict=wording.verdict_text(change) if change else "",
        bar=geometry.range_bar(headline, axis) if axis and figure.is_shown else None, axis=axis,
        target=wording.number(headline.target, 0 if headline.target == round(headline.target) else 1)
        if headline.target is not None else "",
    )


def present_satisfied(satisfied: Satisfied, before: str, language: str) -> SatisfiedCard:
    """Write the satisfied share with its levels."""
    levels, missing = satisfied.distribution, satisfied.missing
    pieces = geometry.stacked(levels)
    return SatisfiedCard(
        kpi=present_kpi(satisfied.headline, before), pieces=pieces, levels=wording.levels_text(pieces),
        question=text_in(satisfied.names, language), low=levels[0].code if levels else 1,
        high=levels[-1].code if levels else 5, not_applicable=missing.not_applicable if missing else 0,
        title=_satisfied_title(satisfied), other_scale=missing.other_scale if missing else 0,
    )


def _satisfied_title(satisfied: Satisfied) -> str:
    """Name the codes that count as satisfied, and the scale they are the best of."""
    if satisfied.scale is None:
        return _("Satisfied (levels 4–5 of 5)")
    low, high = satisfied.scale
    first = high + 1 - box_size(high + 1 - low)
    words = {"boxes": f"{first}–{high}" if first < high else str(high), "scale": str(high) if low == 1 else f"{low}–{high}"}
    return _("Satisfied (%(boxes)s of %(scale)s)") % words


def present_nps(nps: Nps, before: str) -> NpsCard:
    """Write the score with its three shares and the answers 0-10."""
    result, groups, start = nps.result, [], 0.0
    for figure, tone, name, scores in (
        (result.detractors, "n2", _("Detractors"), "0–6"), (result.passives, "0", _("Passives"), "7–8"),
        (result.promoters, "p2", _("Promoters"), "9–10"),
    ):
        width = 100 * (figure.value or 0.0)
        piece = Piece(round(start, 2), round(width, 2), tone, 0, 0, figure.value or 0.0)
        groups.append(NpsGroup(piece, name, scores, f"{width:.0f}%", figure, wording.interval_text(figure)))
        start += width
    return NpsCard(
        kpi=present_kpi(nps.headline, before), groups=tuple(groups) if result.score.is_shown else (),
        columns=geometry.columns(result.distribution, NPS_TONES), distribution=result.distribution,
        label=", ".join(f"{one.name} {one.percent}" for one in groups),
    )


def present_funnel(funnel: Funnel, before: str) -> FunnelCard:
    """Write the steps from invitation to response; widths are relative to the first."""
    steps = (
        (_("Sent"), funnel.invited, "p1"), (_("Delivered"), funnel.delivered, "p1"),
        (_("Started"), funnel.started, "p1"), (_("Completed"), funnel.completed, "p2"),
    )
    most = max(funnel.invited, 1)
    return FunnelCard(
        kpi=present_kpi(funnel.headline, before) if funnel.headline else None,
        steps=tuple(FunnelStep(name, count, round(100 * count / most, 2), tone) for name, count, tone in steps),
    )


def present_trend(trend: Trend, begin: Mapping[str, Any] | None = None, *, language: str = "en") -> TrendCard:
    """Return the figure, the same numbers as a table, and what the legend needs.

    `begin` says where the weights began, see `series.present_begin`.
    """
    notes = begin["notes"] if begin is not None else [""] * len(trend.points)
    shown = [point for point in trend.points if point.figure.is_shown]
    drawn = [figure for point in trend.points for figure in (point.figure, point.last_year) if figure is not None]
    axis = geometry.axis_for(drawn, trend.target)
    value = wording.value_text(shown[-1].figure) if shown else ""
    target = wording.number(trend.target, 0 if trend.target == round(trend.target) else 1) if trend.target else ""
    running = trend.points[-1] if trend.points and trend.points[-1].is_running else None
    return TrendCard(
        finding=findings.trend_finding(trend), begin=begin,
        points=tuple(_trend_line(point, note) for point, note in zip(trend.points, notes, strict=True)),
        has_figure=bool(shown), has_last_year=any(point.last_year for point in trend.points),
        running=wording.period_text(running.period) if running else "",
        has_gaps=any(not point.figure.is_shown for point in trend.points),
        has_no_weights=any(point.figure.reason == NOT_WEIGHTABLE for point in trend.points),
        breaks=tuple(_break_text(point, language) for point in trend.points if point.rescaled),
        figure=trend_figure(
            [_trend_point(point) for point in trend.points], bounds=(axis.low, axis.high), target=trend.target,
            target_label=_("Target %(value)s") % {"value": target}, value_label=value,
            begin=begin["place"] if begin is not None else None,
            begin_label=_("Weights No. %(number)s") % {"number": begin["number"]} if begin is not None else "",
        ) if shown else None,
    )


def _break_text(point: TrendPoint, language: str) -> str:
    names = wording.listed([text_in(names, language) or key for key, names in point.rescaled])
    return _("%(period)s: the scale of %(questions)s changed, so the line breaks here. Read the change across it with care.") % {
        "period": wording.period_text(point.period), "questions": names,
    }


def _begin(trend: Trend, selection: Selection) -> Mapping[str, Any] | None:
    return present_begin(selection, [(point.period.start, point.period.end) for point in trend.points])


def present_branches(page: Overview, before: str, axis: Axis, language: str) -> list[Branch]:
    """Group the indicator table by top-level indicator."""
    parents = {row.parent for row in page.nodes}
    nodes = [_node(row, before, axis, language, has_parts=row.key in parents) for row in page.nodes]
    opened = _opened(page)
    return [
        Branch(top, tuple(one for one in nodes if one.row.branch == top.row.key and one.row.depth > 1), top.row.key in opened)
        for top in nodes if top.row.depth == 1
    ]


def _opened(page: Overview) -> set[str]:
    """The branches in which an alert points to a part; where there is none, the first, which shows that branches open."""
    named = {alert.node for alert in page.alerts if not alert.dimension}
    held = {row.branch for row in page.nodes if row.depth > 1 and row.key in named}
    return held or {row.branch for row in page.nodes[:1]}


def present_alert(alert: Alert, selection: Selection, language: str) -> AlertLine:
    """Write an alert with the address of the view it is about."""
    changes = {parameter_of(alert.dimension): [alert.level]} if alert.dimension and alert.level else {}
    return AlertLine(
        title=findings.alert_title(alert, language), detail=findings.alert_detail(alert), is_good=alert.is_good,
        query=selection.query(**changes), anchor=_anchor(alert, selection),
    )


def _anchor(alert: Alert, selection: Selection) -> str:
    """The row of the indicator, or for the index, which has none, its card."""
    return "h-index" if alert.node == selection.reading.definition.nodes[0].key else f"n-{alert.node}"


def present_heat(heat: Heat, selection: Selection, language: str) -> HeatCard:
    """Write the table of segments."""
    return HeatCard(
        finding=findings.heat_finding(heat, language), columns=tuple(text_in(names, language) for _key, names in heat.columns),
        rows=tuple(_heat_line(row, language) for row in heat.rows), reference=_heat_line(heat.reference, language),
        dimension=text_in(heat.dimension.names, language) or heat.dimension.key,
        others=tuple(
            OtherTable(text_in(one.names, language) or one.key, selection.query(by=one.key))
            for one in selection.known.dimensions if one.key != heat.dimension.key
        ),
        has_small=any(not row.is_sure for row in heat.rows),
    )


def present_comments(
    comments: Iterable[Comment], dimensions: Sequence[Dimension], language: str
) -> list[CommentCard]:
    """Write comments with the colour of their score and the names of their segments."""
    known = {dimension.key: dimension for dimension in dimensions}
    return [
        CommentCard(
            text=one.text, score=one.score,
            tone=SCORE_TONES[Mood(one.mood)] if one.mood else "", highest=one.scale[1] if one.scale else None,
            language="zh-Hans" if one.language == "zh-hans" else one.language,
            about=" · ".join((
                *(wording.level_name(known.get(key), level, language) for key, level in one.segments), _comment_day(one)
            )),
        )
        for one in comments
    ]


def _versus(headline: Headline, before: str) -> str:
    if headline.previous is None or not before:
        return ""
    if headline.change is not None and headline.change.reason == SCALE_CHANGED:
        return _("not comparable with %(period)s: asked on another scale") % {"period": before}
    if headline.previous.reason == NOT_WEIGHTABLE:
        return _("no comparison: the answers of %(period)s cannot be weighted") % {"period": before}
    if not headline.previous.is_shown:
        return _("no comparison: too few answers in %(period)s") % {"period": before}
    words = {"value": wording.value_with_unit(headline.previous), "period": before}
    versus = _("vs %(value)s in %(period)s") % words
    change = headline.change
    verdict = wording.verdict_text(change) or wording.unjudged_text(change) if change else ""
    return f"{versus} · {verdict}" if verdict else versus


def _node(row: NodeRow, before: str, axis: Axis, language: str, *, has_parts: bool) -> Node:
    pieces = geometry.stacked(row.distribution)
    return Node(
        row=row, name=text_in(row.names, language) or row.key, weight=f"{100 * row.overall_weight:.1f}%",
        kpi=present_kpi(row.headline, before, axis=axis), pieces=pieces, levels=wording.levels_text(pieces), has_parts=has_parts,
    )


def _index_figures(page: Overview) -> list[Figure]:
    rows = [*(row.headline for row in page.nodes), page.index]
    return [figure for one in rows for figure in (one.figure, one.previous) if figure is not None]


def _own(headline: Headline) -> list[Figure]:
    return [figure for figure in (headline.figure, headline.previous) if figure is not None]


def _trend_point(point: TrendPoint) -> Point:
    figure = point.figure
    hover = " · ".join(part for part in (
        f"{wording.period_text(point.period)}: {wording.value_text(figure)}", wording.interval_text(figure),
        wording.size_text(figure) or wording.n_text(0),
    ) if part)
    return Point(
        label=wording.tick_text(point.period), value=figure.value, low=figure.low, high=figure.high,
        is_running=point.is_running, last_year=point.last_year.value if point.last_year else None, hover=hover,
        is_new_scale=bool(point.rescaled),
    )


def _trend_line(point: TrendPoint, weights: str) -> TrendLine:
    figure = point.figure
    return TrendLine(
        period=wording.period_text(point.period), is_running=point.is_running, is_shown=figure.is_shown,
        value=wording.value_text(figure), low=wording.number(figure.low), high=wording.number(figure.high),
        n=figure.n if figure.status != Status.WITHHELD else None, note=wording.status_text(figure),
        last_year=wording.value_text(point.last_year) if point.last_year else "", weights=weights,
        is_new_scale=bool(point.rescaled),
    )


def _heat_line(row: HeatRow, language: str) -> HeatLine:
    note = ""
    if not row.is_sure:
        note = wording.status_text(row.cells[0].figure) if row.cells else wording.NO_VALUE
        if row.cells and row.cells[0].figure.status == Status.FEW:
            note = _("%(n)s answers: too few to rank") % {"n": row.responses}
    return HeatLine(
        name=wording.level_text(row.level, dict(row.names), language), n=row.responses, note=note,
        is_withheld=row.is_withheld, from_average=_from_average(row), cells=tuple(_heat_text(cell) for cell in row.cells),
    )


def _heat_text(cell: HeatCell) -> HeatText:
    return HeatText(
        value=wording.value_text(cell.figure), tone=geometry.heat_tone(cell.distance),
        is_sure=cell.figure.status == Status.SHOWN, interval=wording.interval_text(cell.figure), n=cell.figure.n,
        distance=wording.number(cell.distance, sign=True),
    )


def _from_average(row: HeatRow) -> dict[str, str]:
    """How far a group's index is from the average, with interval and verdict; empty where it is compared with nobody."""
    apart = row.cells[0].from_average if row.cells else None
    if apart is None or apart.reason == NOBODY_ELSE:
        return {}
    return {
        "distance": wording.change_text(apart), "interval": findings.distance_range(apart),
        "verdict": wording.verdict_text(apart) or wording.unjudged_text(apart),
    }


def _comment_day(comment: Comment) -> str:
    return wording.month_text(comment.at) if comment.is_anonymous else wording.local_day_text(comment.at)
