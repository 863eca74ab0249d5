"""What the pages of results have in common: bars, addresses, the language, and what a reader may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import pgettext

from accounts.access import TeamRequest
from analytics.dashboards import first_use, wording
from analytics.dashboards.access import trees_for
from analytics.dashboards.filterbar import build_filter_bar
from analytics.dashboards.selection import Selection
from analytics.dashboards.series import build_series_bar
from analytics.dashboards.stamp import present_refusal
from analytics.scoring.coverage import anonymous_questionnaires, tells_its_answers
from analytics.scoring.models import Run
from analytics.scoring.refusals import get_refusal


def shared_context(request: TeamRequest, selection: Selection, nav: str) -> dict[str, Any]:
    """What the pages with filters have in common."""
    language = language_of(request)
    return {
        "nav": nav, "waiting": selection.reading.waiting, "selection": selection,
        "query": selection.query(), "filters_query": selection.filters_query(), "series": build_series_bar(selection),
        "bar": build_filter_bar(selection, trees_for(request.actor), language=language),
        "live_url": with_query(reverse("dashboards:live"), selection.query(period="", compare="", by="", weighting="")),
        "refused": present_refusal(get_refusal(tree=selection.tree), selection.tree),
    }


@dataclass(frozen=True, slots=True)
class Emptying:
    """A filter that takes part in emptying a page; `helps` when without it alone there are answers."""

    levels: str
    query: str
    helps: bool


def emptiness(request: TeamRequest, selection: Selection) -> dict[str, Any]:
    """Say which filters nothing answers together, each with the way to take it away."""
    language, found = language_of(request), first_use.list_emptying(selection=selection)
    emptied_by = [
        Emptying(_levels(selection, key, language), selection.without(key), helps)
        for key, helps in sorted(found.items(), key=lambda pair: not pair[1])
    ]
    named = [_levels(selection, key, language) for key in found]
    return {
        "emptied_by": emptied_by, "emptied_together": wording.listed(named), "everything_query": selection.query(period=""),
    }


def _levels(selection: Selection, key: str, language: str) -> str:
    names = [wording.level_name(selection.known.dimension(key), level, language) for level in selection.filters[key]]
    return pgettext("between levels of which one must match", " or ").join(names)


def may_know_answers(request: TeamRequest, run: Run) -> bool:
    """Whether the reader may know how many answers a run covers, and which."""
    actor = request.actor
    return tells_its_answers(run, scope=actor.scope, anonymous=anonymous_questionnaires(team=actor.team))


def language_of(request: HttpRequest) -> str:
    """The language the page is written in."""
    return str(request.LANGUAGE_CODE)


def with_query(path: str, query: str) -> str:
    """Join a path and a query."""
    return f"{path}?{query}" if query else path
