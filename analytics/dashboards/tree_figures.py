"""The indices that the overview shows first, for the pages of a tree and of its weights."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from accounts.access import Actor
from analytics.dashboards import wording
from analytics.dashboards.overview.numbers import Headline
from analytics.dashboards.overview.present import present_kpi
from analytics.dashboards.overview.read import verdicts_of
from analytics.dashboards.selection import Selection, read_selection
from analytics.dashboards.verdicts import judge_nodes
from analytics.indicators.hooks import NodeFigure, TreeFigures
from analytics.indicators.models import IndicatorTree


def read(actor: Actor, tree: IndicatorTree, at: datetime) -> TreeFigures | None:
    """Return every indicator's index of the newest period within the actor's scope; None before the first run."""
    selection = read_selection(actor=actor, tree=tree, query=QueryDict(), at=at)
    if selection is None:
        return None
    current, previous = selection.reading.period(selection.period), None
    if selection.previous is not None:
        previous = selection.reading.period(selection.previous)
    verdicts = verdicts_of(selection)
    vector = selection.reading.definition.score_vector
    changes = judge_nodes(current, previous, verdicts.overlap, vector=vector) if verdicts and previous else {}
    before = wording.period_text(selection.previous) if selection.previous is not None else ""
    earlier = {node.key: node.index for node in previous.nodes} if previous else {}
    return TreeFigures(
        period=wording.period_text(selection.period), periods=_span(selection), value=wording.value_text(current.root.index),
        nodes={
            node.key: _figure(selection, Headline(node.index, earlier.get(node.key), changes.get(node.key), node.target), node.key, before)
            for node in current.nodes
        },
    )


def _figure(selection: Selection, headline: Headline, key: str, before: str) -> NodeFigure:
    kpi = present_kpi(headline, before)
    query = urlencode({"node": key, "period": selection.period.key})
    return NodeFigure(
        value=kpi.value, is_shown=kpi.is_shown, note=kpi.note, interval=kpi.interval, n=kpi.n, change=kpi.change,
        change_text=kpi.change_text, versus=kpi.versus,
        address=f"{reverse('dashboards:value', args=[selection.run.pk])}?{query}",
    )


def _span(selection: Selection) -> str:
    """Name the first and the last of the periods that hold answers: all that a figure of everything is made of."""
    found = selection.known.periods.get(selection.period.grain, ())
    names = list(dict.fromkeys(wording.period_text(one) for one in (*found[:1], *found[-1:])))
    return "–".join(names)
