"""The team's access keys."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, get_or_404, team_view
from accounts.forms import KeyForm
from accounts.roles import Permission
from accounts.selectors import list_access_keys
from accounts.services import create_access_key, revoke_access_key
from accounts.views.passwords import status_of
from accounts.views.scope_words import list_examples, warn_of_nobody


@team_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: TeamRequest) -> HttpResponse:
    """List the keys; a POST makes one and shows it this once."""
    form = KeyForm(request.POST or None)
    made, status = "", status_of(request)
    if form.is_valid():
        _row, made = create_access_key(actor=request.actor, at=timezone.now(), **form.cleaned_data)
        warn_of_nobody(request, form.cleaned_data["scope"])
        form, status = KeyForm(), 201
    context = {
        "nav": "settings", "form": form, "made": made, "keys": list_access_keys(team=request.actor.team),
        "examples": list_examples(request.actor),
    }
    return render(request, "accounts/keys.html", context, status=status)


@team_view(Permission.MANAGE_TEAM)
@require_POST
def key_revoke(request: TeamRequest, pk: int) -> HttpResponse:
    """Make a key useless."""
    key = get_or_404(list_access_keys(team=request.actor.team), pk=pk)
    revoke_access_key(actor=request.actor, key=key, at=timezone.now())
    messages.success(request, _("The key “%(name)s” is revoked.") % {"name": key.name})
    return redirect("accounts:keys")
