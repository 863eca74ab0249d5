"""Respondent weighting: what is known of the population, what weights cost, and what they change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.dashboards import wording
from analytics.dashboards.access import get_tree
from analytics.dashboards.opening import not_yet, results_page
from analytics.dashboards.page_context import emptiness, language_of, shared_context, with_query
from analytics.dashboards.selection import Selection, read_selection
from analytics.dashboards.weighting.compare import WeightingEffect, compare_weighting, list_weightings, standard_word
from analytics.dashboards.weighting.form import TABLE, WeightingForm, field_name, write_table
from analytics.dashboards.weighting.margins import count_sample, kept_margins, margin_fields, odd_sums
from analytics.dashboards.weighting.present import figures_of, present_detail, weighting_choices
from analytics.scoring.models import WeightingMethod, WeightingScheme
from analytics.scoring.schemes import Named, choose_weighting, list_schemes, save_scheme
from analytics.scoring.sentences import sentence
from analytics.scoring.sources import RunTooOldError
from analytics.scoring.standard_weighting import get_choice
from analytics.scoring.weighting import PopulationPlan, Report, WeightingError, report_on
from surveys.design.document import text_in


@results_page("weighting")
def weighting(request: TeamRequest, selection: Selection) -> HttpResponse:
    """Show unweighted figures beside those of the imported weights and of every saved weighting."""
    known, standing = list_weightings(selection.tree), standard_word(selection.tree)
    language = language_of(request)
    whole = selection.reading.period(selection.period)
    context = shared_context(request, selection, "weighting") | {
        "rows": [
            _row(named, compare_weighting(selection, named.weighting)) | {"query": selection.query(weighting=named.word)}
            for named in known
        ],
        "plain": figures_of(whole), "is_empty": not whole.responses and not whole.is_withheld,
        "schemes": [
            (one, _dimensions_of(one, selection, language), _margins_of(one, selection, language))
            for one in list_schemes(tree=selection.tree)
        ],
        "choice": get_choice(tree=selection.tree),
        "choices": weighting_choices(selection.tree, standing),
        "detail": present_detail(selection, request.GET.get("weighting", ""), known, language),
        "period_text": wording.period_text(selection.period),
    }
    if context["is_empty"]:
        context |= emptiness(request, selection)
    return render(request, "scoring/weighting.html", context)


@require_POST
@team_view(Permission.DESIGN)
def weighting_choose(request: TeamRequest) -> HttpResponse:
    """Choose the weighting that new runs write down as their own; runs made before keep theirs."""
    at = timezone.now()
    tree = get_tree(request.actor, request.POST.get("survey", ""))
    word = request.POST.get("weighting", "")
    if tree is None:
        return redirect("dashboards:overview")
    try:
        choose_weighting(tree=tree, word=word, user=request.actor.user, at=at)
    except WeightingError as error:
        messages.error(request, sentence(error.code, error.details))
    else:
        record_event(actor=request.actor, action="weighting.chosen", target=f"tree {tree.pk}",
                     name=tree.names, detail={"weighting": word or "none"}, at=at)
        messages.success(request, _("New runs write this weighting down. Runs made before keep theirs."))
    return HttpResponseRedirect(with_query(reverse("dashboards:weighting"), urlencode({"survey": tree.pk})))


@require_http_methods(["GET", "POST"])
@team_view(Permission.DESIGN)
def weighting_new(request: TeamRequest) -> HttpResponse:
    """Enter a population, see what its weights cost and change, then keep it as the next version."""
    at = timezone.now()
    tree = get_tree(request.actor, request.GET.get("survey", ""))
    selection = read_selection(actor=request.actor, tree=tree, query=request.GET, at=at)
    if selection is None:
        return not_yet(request, "weighting", tree)
    form = WeightingForm(request.POST or None, request.FILES or None)
    language, known = language_of(request), selection.known.dimensions
    context: dict[str, Any] = {}
    typed: Mapping[str, str] = request.POST.dict()
    counts = count_sample(selection)
    form.check_levels(known, counts)
    if request.method == "POST" and form.is_valid() and not form.level_errors:
        try:
            plan = form.plan(known)
            _check(selection, plan)
            if "save" in request.POST:
                return _save(request, selection, form.cleaned_data["name"], plan, at)
            context = _preview(selection, form.cleaned_data["name"], plan, language)
            typed = {**_as_fields(plan), TABLE: write_table(plan)}
        except WeightingError as error:
            form.show(error, known)
    form.ask_for_file_again()
    inputs = margin_fields(selection, typed, counts=counts, problems=form.level_errors, language=language)
    context |= shared_context(request, selection, "weighting") | {
        "form": form, "inputs": inputs, "table": typed.get(TABLE, ""),
        "period_text": wording.period_text(selection.period),
        "survey": text_in(selection.tree.names, language) or selection.tree.pk,
    }
    status = 422 if form.errors or form.level_errors else 200
    return render(request, "scoring/weighting_new.html", context, status=status)


def _check(selection: Selection, plan: PopulationPlan) -> None:
    """Raise WeightingError where a plan gives no weights in the selection's period."""
    if selection.reading.rules.k:
        raise WeightingError("anonymous_unweighted")
    try:
        report_on(selection.run, weighting=plan, period=selection.period)
    except RunTooOldError as error:
        raise WeightingError("run_too_old") from error


def _preview(selection: Selection, name: str, plan: PopulationPlan, language: str) -> dict[str, Any]:
    found = compare_weighting(selection, plan)
    preview = {"name": name, "report": found.report, "problem": found.problem,
               "figures": figures_of(found.result) if found.result is not None else ()}
    return {
        "preview": preview, "preview_rows": [preview], "plain": figures_of(selection.reading.period(selection.period)),
        "cells": _cells(found.report, plan, selection, language),
        "odd": odd_sums(plan, selection.known.dimensions, language),
    }


def _save(request: TeamRequest, selection: Selection, name: str, plan: PopulationPlan, at: datetime) -> HttpResponseRedirect:
    scheme = save_scheme(tree=selection.tree, name=name, plan=plan, user=request.actor.user, at=at)
    record_event(
        actor=request.actor, action="weighting.saved", target=f"tree {selection.tree.pk}", name=selection.tree.names,
        detail={"number": scheme.number, "name": scheme.name, "method": scheme.method}, at=at,
    )
    messages.success(request, _("Weighting %(number)s is saved.") % {"number": scheme.number})
    for odd in odd_sums(plan, selection.known.dimensions, language_of(request)):
        messages.warning(request, odd)
    return HttpResponseRedirect(with_query(reverse("dashboards:weighting"), selection.query()))


def _row(named: Named, found: WeightingEffect) -> dict[str, Any]:
    record = named.record
    is_scheme = record["kind"] == "scheme"
    return {
        "name": record["name"] if is_scheme else _("Imported weights"), "number": record["number"], "word": named.word,
        "method": WeightingMethod(record["method"]).label if is_scheme else "", "report": found.report,
        "problem": found.problem, "figures": figures_of(found.result) if found.result is not None else (),
    }


def _dimensions_of(scheme: WeightingScheme, selection: Selection, language: str) -> str:
    known = {one.key: text_in(one.names, language) for one in selection.known.dimensions}
    return wording.listed([known.get(key) or key for key in scheme.dimensions])


def _margins_of(scheme: WeightingScheme, selection: Selection, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The population of a scheme, for those who see all of it."""
    return [] if selection.scope else kept_margins(scheme, selection.known.dimensions, language)


def _cells(report: Report | None, plan: PopulationPlan, selection: Selection, language: str) -> list[dict[str, Any]]:
    """Every cell with its respondents and its weight, heaviest first; small anonymous cells are left out."""
    if report is None or selection.reading.rules.k or selection.scope:
        return []
    known = {one.key: one for one in selection.known.dimensions}
    cells = sorted(report.by_cell, key=lambda cell: -report.by_cell[cell])[:40]
    return [
        {"name": " · ".join(
            wording.level_name(known.get(key), level, language) if level else _("unknown")
            for key, level in zip(plan.dimensions, cell, strict=True)),
         "n": report.counts[cell], "weight": wording.number(report.by_cell[cell], 3)}
        for cell in cells
    ]


def _as_fields(plan: PopulationPlan) -> dict[str, str]:
    """A plan of single levels as the inputs that would have made it, so that a previewed file can be saved."""
    found = {}
    for cell, people in plan.population:
        filled = [(key, level) for key, level in zip(plan.dimensions, cell, strict=True) if level]
        if len(filled) == 1:
            found[field_name(*filled[0])] = f"{people:.12g}"
    return found
