"""The settings of a team in one place: members, invitations, keys, thresholds, sender, audit trail."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import TeamRequest, team_view
from accounts.forms import TeamForm
from accounts.models import Team
from accounts.roles import Permission
from accounts.selectors import (
    list_access_keys,
    list_audit_events,
    list_open_invitations,
    list_team_members,
)
from accounts.services import update_team
from accounts.trail_objects import find_touched
from accounts.views.passwords import status_of

FIELDS = (
    "name", "time_zone", "default_language", "sender_name", "reply_to", "postal_address", "privacy_url",
    "is_sending_armed", "show_from_n", "sure_from_n", "anonymity_k",
)


@team_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def team_settings(request: TeamRequest) -> HttpResponse:
    """Show everything about the team; store its names, sender and thresholds."""
    team = request.actor.team
    form = TeamForm(request.POST or None, initial=initial_of(team))
    if form.is_valid():
        update_team(actor=request.actor, changes=form.changes(), at=timezone.now())
        messages.success(request, _("The settings are saved."))
        return redirect("accounts:settings")
    events = list_audit_events(team=team)[:6]
    context = {
        "nav": "settings", "form": form, "members": list_team_members(team=team),
        "invitations": list_open_invitations(team=team, at=timezone.now()),
        "keys": list_access_keys(team=team).filter(revoked_at=None),
        "events": events, "touched": find_touched(actor=request.actor, events=events, language=get_language() or "en"),
    }
    return render(request, "accounts/settings.html", context, status=status_of(request))


def initial_of(team: Team) -> dict[str, object]:
    """Return the team's values as the form names them."""
    names = team.company_names
    return {
        **{name: getattr(team, name) for name in FIELDS},
        "company_en": names.get("en", ""), "company_zh": names.get("zh-hans", ""),
    }


@team_view(Permission.MANAGE_TEAM)
@require_safe
def audit_trail(request: TeamRequest) -> HttpResponse:
    """List who did what, newest first."""
    page = Paginator(list_audit_events(team=request.actor.team), 50).get_page(request.GET.get("page"))
    touched = find_touched(actor=request.actor, events=page.object_list, language=get_language() or "en")
    return render(request, "accounts/audit.html", {"nav": "settings", "page_obj": page, "touched": touched})
