"""What stands on an indicator tree's card: the index of its newest period, and the way to its overview."""

from __future__ import annotations

from datetime import datetime

from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.translation import get_language

from accounts.access import Actor
from analytics.dashboards import wording
from analytics.dashboards.overview.numbers import Headline
from analytics.dashboards.overview.present import present_kpi
from analytics.dashboards.selection import read_selection
from analytics.dashboards.stamp import present_refusal
from analytics.indicators.models import IndicatorTree
from analytics.scoring.refusals import get_refusal
from surveys.design.document import text_in


def render(actor: Actor, tree: IndicatorTree, at: datetime) -> str:
    """Return safe HTML: index, interval, n and target as the overview shows them first, within the actor's scope."""
    refused = present_refusal(get_refusal(tree=tree), tree)
    selection = read_selection(actor=actor, tree=tree, query=QueryDict(), at=at)
    if selection is None:
        return render_to_string("dashboards/_tree_card.html", {"tree": tree, "refused": refused})
    root_key = selection.reading.definition.nodes[0].key
    root = selection.reading.period(selection.period, nodes=(root_key,)).root
    headline = Headline(root.index, None, None, root.target)
    return render_to_string("dashboards/_tree_card.html", {
        "tree": tree, "refused": refused, "name": text_in(tree.names, get_language() or "en"), "kpi": present_kpi(headline, ""),
        "period_text": wording.period_text(selection.period),
    })
