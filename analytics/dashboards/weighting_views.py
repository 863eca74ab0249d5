"""Respondent weighting: what is known of the population, what weights cost, and what they change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.dashboards import wording
from analytics.dashboards.access import get_tree
from analytics.dashboards.presentation import level_name
from analytics.dashboards.selection import Selection, read_selection
from analytics.dashboards.views import language_of, results_view, shared_context, with_query
from analytics.dashboards.weighting_input import WeightingForm, field_name
from analytics.scoring.results import Dimension, PeriodResult
from analytics.scoring.schemes import list_schemes, plan_of, save_scheme
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import RunTooOldError
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import Imported, Plan, Report, Weighting, WeightingError, report_on
from surveys.design.document import text_in


@dataclass(frozen=True)
class Compared:
    """A weighting in the chosen period: what it costs and what it makes of the figures, or why it cannot be made."""

    name: str
    number: int | None
    method: str
    report: Report | None
    figures: tuple[dict[str, str], ...]
    problem: str = ""


@results_view
def weighting(request: TeamRequest, selection: Selection) -> HttpResponse:
    """Show unweighted figures beside those of the imported weights and of every saved weighting."""
    schemes = list(list_schemes(tree=selection.tree))
    rows = [_compared(selection, _("Imported weights"), Imported())]
    rows += [
        _compared(selection, one.name, plan_of(one), number=one.number, method=str(one.get_method_display()))
        for one in schemes
    ]
    context = shared_context(request, selection, "weighting") | {
        "rows": rows, "plain": _figures(selection.reading.period(selection.period)), "schemes": schemes,
        "period_text": wording.period_text(selection.period),
    }
    return render(request, "scoring/weighting.html", context)


@require_http_methods(["GET", "POST"])
@team_view(Permission.DESIGN)
def weighting_new(request: TeamRequest) -> HttpResponse:
    """Enter a population, see what its weights cost and change, then keep it as the next version."""
    at = timezone.now()
    tree = get_tree(request.actor, request.GET.get("survey", ""))
    selection = read_selection(actor=request.actor, tree=tree, query=request.GET, at=at)
    if selection is None:
        return redirect("dashboards:overview")
    form = WeightingForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {}
    typed: Mapping[str, str] = request.POST.dict()
    if request.method == "POST" and form.is_valid():
        try:
            plan = form.plan(selection.known.dimensions)
            if "save" in request.POST:
                return _save(request, selection, form.cleaned_data["name"], plan, at)
            preview = _compared(selection, form.cleaned_data["name"], plan)
            context = {"preview": preview, "preview_rows": [preview], "plain": _figures(selection.reading.period(selection.period)),
                       "cells": _cells(preview.report, plan, selection, language_of(request))}
            typed = dict(_as_fields(plan))
        except WeightingError as error:
            form.show(error)
    context |= shared_context(request, selection, "weighting") | {
        "form": form, "inputs": _inputs(selection, typed, language_of(request)),
        "period_text": wording.period_text(selection.period),
    }
    status = 422 if form.errors else 200
    return render(request, "scoring/weighting_new.html", context, status=status)


def _save(request: TeamRequest, selection: Selection, name: str, plan: Plan, at: datetime) -> HttpResponseRedirect:
    report_on(selection.run, weighting=plan, period=selection.period)
    scheme = save_scheme(tree=selection.tree, name=name, plan=plan, user=request.actor.user, at=at)
    record_event(
        actor=request.actor, action="weighting.saved", target=f"tree {selection.tree.pk}",
        detail={"number": scheme.number, "name": scheme.name, "method": scheme.method}, at=at,
    )
    messages.success(request, _("Weighting %(number)s is saved.") % {"number": scheme.number})
    return HttpResponseRedirect(with_query(reverse("dashboards:weighting"), selection.query()))


def _compared(
    selection: Selection, name: str, chosen: Weighting, *, number: int | None = None, method: str = ""
) -> Compared:
    if selection.reading.rules.k and selection.reading.is_hidden(selection.period):
        return Compared(name, number, method, None, (), sentence("withheld"))
    try:
        report = report_on(selection.run, weighting=chosen, period=selection.period)
        result = read_weighted(
            selection.run, period=selection.period, weighting=chosen, filters=selection.filters, scope=selection.scope
        )
    except WeightingError as error:
        return Compared(name, number, method, None, (), sentence(error.code, error.details))
    except RunTooOldError:
        return Compared(name, number, method, None, (), sentence("run_too_old"))
    return Compared(name, number, method, report, _figures(result))


def _figures(result: PeriodResult) -> tuple[dict[str, str], ...]:
    """The index, the satisfied share and the Net Promoter Score as they are printed."""
    found = [(_("Index"), result.root.index), (_("Satisfied share"), result.root.satisfied)]
    if result.nps is not None:
        found.append((_("Net Promoter Score"), result.nps.score))
    return tuple(
        {"name": name, "value": wording.value_with_unit(one) if one.is_shown else wording.status_text(one),
         "interval": wording.interval_text(one), "n_eff": wording.number(one.n_eff, 0) if one.is_shown else ""}
        for name, one in found
    )


def _cells(report: Report | None, plan: Plan, selection: Selection, language: str) -> list[dict[str, Any]]:
    """Every cell with its respondents and its weight, heaviest first; small anonymous cells are left out."""
    if report is None or selection.reading.rules.k or selection.scope:
        return []
    known = {one.key: one for one in selection.known.dimensions}
    cells = sorted(report.by_cell, key=lambda cell: -report.by_cell[cell])[:40]
    return [
        {"name": " · ".join(
            level_name(known.get(key), level, language) if level else _("unknown")
            for key, level in zip(plan.dimensions, cell, strict=True)),
         "n": report.counts[cell], "weight": wording.number(report.by_cell[cell], 3)}
        for cell in cells
    ]


def _inputs(selection: Selection, data: Mapping[str, str], language: str) -> list[dict[str, Any]]:
    return [
        {"name": text_in(one.names, language) or one.key, "key": one.key, "levels": [
            {"field": field_name(one.key, level), "name": level_name(one, level, language),
             "value": data.get(field_name(one.key, level), ""), "id": f"id-{one.key}-{place}"}
            for place, level in enumerate(one.levels) if level
        ]}
        for one in selection.known.dimensions if _is_open(one)
    ]


def _is_open(dimension: Dimension) -> bool:
    return any(dimension.levels)


def _as_fields(plan: Plan) -> list[tuple[str, str]]:
    """A raking plan as the inputs that would have made it, so that a previewed file can be saved."""
    found = []
    for cell, people in plan.population:
        filled = [(key, level) for key, level in zip(plan.dimensions, cell, strict=True) if level]
        if len(filled) == 1:
            found.append((field_name(*filled[0]), f"{people:.12g}"))
    return found
