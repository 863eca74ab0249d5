"""The staff's pages about expert panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.limits import INVITE_TEAM, TooManyTriesError, note_attempt
from accounts.roles import Permission
from analytics.indicators import access, experts
from analytics.indicators.changing import TreeError
from analytics.indicators.expert_sheet import names_of, pointer
from analytics.indicators.panel_models import Expert, Panel
from analytics.indicators.panel_results import METHODS, SCOPES, PanelResult, SheetResult, panel_result, sheet_result
from analytics.indicators.panel_selectors import list_experts, list_panel_nodes
from analytics.indicators.sentences import sentence
from analytics.indicators.weight_choice import ask_for_comparison, propose_panel_weights
from analytics.indicators.weight_forms import InviteForm, PanelForm


@dataclass(frozen=True)
class ExpertRow:
    """An expert with what the sheet says."""

    expert: Expert
    result: SheetResult
    pointer: dict[str, Any] | None


@require_POST
@team_view(Permission.DESIGN)
def panel_open(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Open a panel on the children of an indicator."""
    tree = access.get_tree(request.actor, tree_id)
    form = PanelForm(request.POST, nodes=list_panel_nodes(tree=tree))
    if not form.is_valid():
        messages.error(request, _("Choose an indicator with two to nine others below it."))
        return redirect("indicators:weights", tree.pk)
    data = form.cleaned_data
    made = experts.open_panel(
        node=data["node"], random_index=data["random_index"], user=request.actor.user, at=timezone.now()
    )
    _record(request, made, "panel.opened")
    return redirect("indicators:panel", made.pk)


@require_safe
@team_view(Permission.DESIGN)
def panel(request: TeamRequest, panel_id: int) -> HttpResponse:
    """Show a panel: who has judged what, and what comes of it."""
    return _page(request, access.get_panel(request.actor, panel_id))


@require_POST
@team_view(Permission.DESIGN)
def panel_invite(request: TeamRequest, panel_id: int) -> HttpResponse:
    """Invite experts by e-mail."""
    found = access.get_panel(request.actor, panel_id)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    at = timezone.now()
    try:
        note_attempt(limit=INVITE_TEAM, subject=str(request.actor.team.pk), at=at)
        made = experts.invite_experts(
            panel=found, emails=form.cleaned_data["emails"], language=form.cleaned_data["language"], at=at
        )
    except TreeError as error:
        form.add_error("emails", sentence(error.code, error.details))
        return _page(request, found, form=form, status=422)
    except TooManyTriesError:
        form.add_error("emails", _("Too many invitations today. Try again tomorrow."))
        return _page(request, found, form=form, status=429)
    _record(request, found, "panel.experts_invited", {"count": len(made)})
    messages.success(request, ngettext(
        "%(count)d expert has been invited.", "%(count)d experts have been invited.", len(made)
    ) % {"count": len(made)})
    return redirect("indicators:panel", found.pk)


@require_POST
@team_view(Permission.DESIGN)
def panel_close(request: TeamRequest, panel_id: int) -> HttpResponse:
    """Close a panel, or open a closed one again."""
    found = access.get_panel(request.actor, panel_id)
    if request.POST.get("open"):
        experts.reopen_panel(panel=found)
        _record(request, found, "panel.reopened")
    else:
        experts.close_panel(panel=found, at=timezone.now())
        _record(request, found, "panel.closed")
    return redirect("indicators:panel", found.pk)


@require_POST
@team_view(Permission.DESIGN)
def panel_weights(request: TeamRequest, panel_id: int) -> HttpResponse:
    """Make a weight set of a panel's outcome; it waits on the Weights page to be compared and chosen."""
    found = access.get_panel(request.actor, panel_id)
    result = panel_result(found, list(list_experts(panel=found)))
    scope, method = request.POST.get("scope", SCOPES[0]), request.POST.get("method", METHODS[0])
    try:
        if result is None:
            raise TreeError("no_panel_result")
        made = propose_panel_weights(
            panel=found, result=result, scope=scope, method=method, user=request.actor.user, at=timezone.now()
        )
    except TreeError as error:
        messages.error(request, sentence(error.code, error.details))
        return redirect("indicators:panel", found.pk)
    _record(request, found, "panel.weights_made", {"number": made.number})
    ask_for_comparison(tree=found.tree, at=timezone.now())
    messages.success(request, _("Weight set %(number)s has been made of this panel. Say why, and it starts a new series.") % {
        "number": made.number})
    return redirect("indicators:weight-set-choose", made.pk)


@require_POST
@team_view(Permission.DESIGN)
def expert_again(request: TeamRequest, expert_id: int) -> HttpResponse:
    """Mail an expert a new link."""
    expert, at = access.get_expert(request.actor, expert_id), timezone.now()
    try:
        note_attempt(limit=INVITE_TEAM, subject=str(request.actor.team.pk), at=at)
        experts.invite_again(expert=expert, at=at)
    except TreeError as error:
        messages.error(request, sentence(error.code, error.details))
    except TooManyTriesError:
        messages.error(request, _("Too many invitations today. Try again tomorrow."))
    else:
        _record(request, expert.panel, "panel.expert_reminded", {"expert": expert.pk})
        messages.success(request, _("A new link is being mailed; the one before stops working."))
    return redirect("indicators:panel", expert.panel_id)


@require_POST
@team_view(Permission.DESIGN)
def expert_withdraw(request: TeamRequest, expert_id: int) -> HttpResponse:
    """Take an expert and the sheet out of a panel."""
    expert = access.get_expert(request.actor, expert_id)
    _record(request, expert.panel, "panel.expert_withdrawn", {"expert": expert.pk})
    experts.withdraw_expert(expert=expert)
    messages.success(request, _("Removed with all judgements."))
    return redirect("indicators:panel", expert.panel_id)


def _record(request: TeamRequest, panel: Panel, action: str, detail: dict[str, Any] | None = None) -> None:
    record_event(actor=request.actor, action=action, target=f"panel {panel.pk}", name=panel.node_names,
                 detail=detail, at=timezone.now())


def _page(
    request: TeamRequest, panel: Panel, *, form: InviteForm | None = None, status: int = 200
) -> HttpResponse:
    language = get_language() or "en"
    people = list(list_experts(panel=panel))
    rows = [_row(panel, one, language) for one in people]
    result = panel_result(panel, people)
    context = {
        "panel": panel, "tree": panel.tree, "nav": "weights", "names": list(names_of(panel, language).values()),
        "rows": rows, "judged": [row for row in rows if row.result.is_linked], "result": result,
        "groups": _groups(panel, result, language), "finding": _finding(result, panel),
        "form": form or InviteForm(initial={"language": language}),
    }
    return render(request, "indicators/panel.html", context, status=status)


def _row(panel: Panel, expert: Expert, language: str) -> ExpertRow:
    expert.panel = panel
    result = sheet_result(panel, expert.judgements)
    return ExpertRow(expert, result, pointer(expert, result, language))


def _groups(panel: Panel, result: PanelResult | None, language: str) -> list[dict[str, Any]]:
    """One row per element: weights over all, over the consistent ones, by both methods, and the spread."""
    if result is None:
        return []
    everybody, kept = result.everybody, result.consistent
    return [
        {
            "name": name, "eigenvector": everybody.eigenvector[place], "geometric": everybody.geometric[place],
            "spread": result.spread[place], "kept": kept.eigenvector[place] if kept else None,
            "effect": kept.eigenvector[place] - everybody.eigenvector[place] if kept else None,
        }
        for place, name in enumerate(names_of(panel, language).values())
    ]


def _finding(result: PanelResult | None, panel: Panel) -> str:
    if result is None:
        return _("No sheet that links everything has been sent yet.")
    words = {"count": len(result.counted), "ratio": f"{result.everybody.ratio:.2f}", "left": len(result.left_out)}
    if len(panel.keys) < 3:
        return _("Sheets counted: %(count)d; two things cannot contradict one another.") % words
    if not result.everybody.is_consistent:
        return _("Sheets counted: %(count)d. The group’s ratio is %(ratio)s, above 0.10: the judgements contradict one "
                 "another; talk about them before you use the weights.") % words
    if result.left_out:
        return _("Sheets counted: %(count)d. The group’s ratio is %(ratio)s, within 0.10; %(left)d experts contradict "
                 "themselves, see what leaving them out changes.") % words
    return _("Sheets counted: %(count)d. The group’s ratio is %(ratio)s, and every expert is within 0.10.") % words
