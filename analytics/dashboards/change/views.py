"""The page of what changed between two periods, and its tables as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from analytics.dashboards import wording
from analytics.dashboards.access import get_tree
from analytics.dashboards.change.control_chart import missing_charts, present_control
from analytics.dashboards.change.controls import ChartKind, read_control, read_trend_test
from analytics.dashboards.change.present import (
    FOLDED,
    SORTS,
    overlap_sentence,
    present_parts,
    present_tables,
    present_trend_test,
)
from analytics.dashboards.change.read import Changes
from analytics.dashboards.change.request import ChangeRequest, parse_change_request, read_requested
from analytics.dashboards.change.rows import change_rows, contribution_rows
from analytics.dashboards.filterbar import Choice
from analytics.dashboards.opening import not_exported, not_yet
from analytics.dashboards.origins import file_reply, origin_of
from analytics.dashboards.page_context import language_of, shared_context, with_query
from analytics.dashboards.selection import find_problems, read_selection, sentences_of
from analytics.dashboards.weighting.present import chosen_name, weighting_choices
from analytics.indicators.models import WeightSet
from analytics.indicators.weight_words import weight_set_name
from analytics.scoring.results import Grain


@require_safe
@team_view(Permission.VIEW_RESULTS)
def change(request: TeamRequest) -> HttpResponse:
    """Show what changed between two periods."""
    asked = _asked(request)
    if asked is None:
        return not_yet(request, "change", get_tree(request.actor, request.GET.get("survey", "")))
    changes, problem = read_requested(asked)
    selection = asked.selection
    menus = _menus(asked)
    controls = [read_control(selection=asked.charted, kind=kind) for kind in ChartKind]
    context = shared_context(request, selection, "change") | {
        "asked": asked, "changes": changes, "problem": problem, "change_query": asked.query(),
        "weighting_name": chosen_name(menus["weightings"]),
        "ignored_more": asked.ignored[len(selection.ignored):], "menus": menus,
        "filters_text": wording.filters_text(selection, language_of(request)),
        "trend_test": present_trend_test(read_trend_test(selection=asked.charted)),
        "controls": [present_control(one) for one in controls if not one.reason], "missing_charts": missing_charts(controls),
    }
    if changes is not None:
        context |= _presented(request, asked, changes)
    return render(request, "dashboards/change.html", context)


@require_safe
@team_view(Permission.VIEW_RESULTS)
def change_export(request: TeamRequest) -> HttpResponse | StreamingHttpResponse:
    """Send the figures of both periods as CSV."""
    return _exported(request, "change", lambda _asked, changes: change_rows(changes, language_of(request)))


@require_safe
@team_view(Permission.VIEW_RESULTS)
def contributions_export(request: TeamRequest) -> HttpResponse | StreamingHttpResponse:
    """Send what moved the index as CSV."""
    return _exported(request, "contributions", lambda asked, changes: contribution_rows(
        changes, earlier_weight_set=asked.weights_before.number, language=language_of(request)))


def _exported(
    request: TeamRequest, kind: str, rows: Callable[[ChangeRequest, Changes], Iterator[Sequence[Any]]]
) -> HttpResponse | StreamingHttpResponse:
    asked = _asked(request)
    if asked is None:
        return redirect("dashboards:change")
    problems = find_problems(asked.selection, request.GET, "before", "weighting", "weights") | sentences_of(asked.ignored)
    if problems:
        return not_exported(request, problems)
    changes, _problem = read_requested(asked)
    if changes is None:  # The page says why.
        return redirect(with_query(reverse("dashboards:change"), request.GET.urlencode()))
    return file_reply(
        rows(asked, changes), origin_of(asked.selection, weighting=asked.weighting_word),
        kind=kind, tree=asked.selection.tree.pk, periods=[changes.before, changes.after],
    )


def _asked(request: TeamRequest) -> ChangeRequest | None:
    tree = get_tree(request.actor, request.GET.get("survey", ""))
    selection = read_selection(actor=request.actor, tree=tree, query=request.GET, at=timezone.now())
    return parse_change_request(selection=selection, query=request.GET) if selection is not None else None


def _presented(request: TeamRequest, asked: ChangeRequest, changes: Changes) -> dict[str, Any]:
    language = language_of(request)
    sort = request.GET.get("sort", SORTS[0])
    names = {"tree": _("In order of the tree"), "change": _("Change"), "p": "p", "name": _("By name")}
    return {
        "tables": present_tables(changes, sort=sort, language=language), "parts": present_parts(changes, language),
        "overlap_text": overlap_sentence(changes),
        "folded": FOLDED, "sort": sort, "sorts": [(key, names[key], asked.query(sort=key if key != SORTS[0] else "")) for key in SORTS],
        "before_text": wording.period_text(changes.before), "after_text": wording.period_text(changes.after),
    }


def _menus(asked: ChangeRequest) -> dict[str, list[Choice]]:
    """The earlier period, the weighting and the earlier weights that can be chosen."""
    selection = asked.selection
    listed = [one for group in selection.known.periods.values() for one in reversed(group[-24:]) if one.grain != Grain.WEEK]
    if asked.before is not None and asked.before not in listed:
        listed.insert(0, asked.before)
    before = [
        Choice("" if one == selection.previous else one.key, wording.period_text(one), one == asked.before)
        for one in listed
    ]
    weightings = weighting_choices(selection.tree, asked.weighting_word)
    chosen = asked.earlier_weights.pk if asked.earlier_weights else None
    sets = WeightSet.objects.filter(tree=selection.tree).order_by("-number")
    weights = [Choice("", _("the same"), chosen is None)]
    weights += [Choice(str(one.number), weight_set_name(one), one.pk == chosen) for one in sets]
    return {"before": before, "weightings": weightings, "weights": weights}
