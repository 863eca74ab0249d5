"""Who belongs to a team: invite, change, remove."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, get_or_404, team_view
from accounts.forms import InviteForm, RightsForm
from accounts.limits import INVITE_TEAM, TooManyTriesError, note_attempt
from accounts.models import MemberInvitation
from accounts.roles import Permission
from accounts.scopes import write_scope
from accounts.selectors import list_open_invitations, list_team_members
from accounts.services import (
    AlreadyMemberError,
    LastOwnerError,
    change_member,
    invite_member,
    remove_member,
    withdraw_invitation,
)
from accounts.views.passwords import status_of
from accounts.views.refusals import too_many_tries
from accounts.views.scope_words import list_examples, warn_of_nobody
from accounts.wake import ring


@team_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: TeamRequest) -> HttpResponse:
    """List members and invitations; a POST invites."""
    form = InviteForm(request.POST or None)
    try:
        if form.is_valid() and invite(request, form):
            return redirect("accounts:members")
    except TooManyTriesError as error:
        return too_many_tries(request, error)
    team, at = request.actor.team, timezone.now()
    context = {
        "nav": "settings", "form": form, "members": list_team_members(team=team),
        "invitations": list_open_invitations(team=team, at=at), "examples": list_examples(request.actor),
    }
    return render(request, "accounts/members.html", context, status=status_of(request))


def invite(request: TeamRequest, form: InviteForm) -> bool:
    """Note the invitation and ring for its mail; tell whether it was possible."""
    at = timezone.now()
    note_attempt(limit=INVITE_TEAM, subject=str(request.actor.team.pk), at=at)
    try:
        invitation = invite_member(actor=request.actor, at=at, **form.cleaned_data)
    except AlreadyMemberError:
        form.add_error("email", _("This person is already a member of the team."))
        return False
    ring("accounts.tasks.sweep_accounts")
    messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": invitation.email})
    warn_of_nobody(request, invitation.scope)
    return True


@team_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: TeamRequest, pk: int) -> HttpResponse:
    """Show and change one member's rights."""
    membership = get_or_404(list_team_members(team=request.actor.team), pk=pk)
    initial = {"role": membership.role, "scope": write_scope(membership.scope)}
    form = RightsForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            change_member(actor=request.actor, membership=membership, at=timezone.now(), **form.cleaned_data)
        except LastOwnerError:
            form.add_error("role", _("A team needs an owner. Make somebody else an owner first."))
        else:
            messages.success(request, _("The rights of %(name)s are changed.") % {"name": membership.user})
            warn_of_nobody(request, form.cleaned_data["scope"])
            return redirect("home" if membership.user == request.user else "accounts:members")
    context = {"nav": "settings", "form": form, "member": membership, "examples": list_examples(request.actor)}
    return render(request, "accounts/member.html", context, status=status_of(request))


@team_view(Permission.MANAGE_TEAM)
@require_POST
def member_remove(request: TeamRequest, pk: int) -> HttpResponse:
    """Take a member out of the team."""
    membership = get_or_404(list_team_members(team=request.actor.team), pk=pk)
    try:
        remove_member(actor=request.actor, membership=membership, at=timezone.now())
    except LastOwnerError:
        messages.error(request, _("A team needs an owner. Make somebody else an owner first."))
    else:
        messages.success(request, _("%(name)s is no longer a member.") % {"name": membership.user})
    return redirect("accounts:members" if membership.user != request.user else "home")


@team_view(Permission.MANAGE_TEAM)
@require_POST
def invitation_withdraw(request: TeamRequest, pk: int) -> HttpResponse:
    """Withdraw an open invitation."""
    invitation = open_invitation(request, pk)
    withdraw_invitation(actor=request.actor, invitation=invitation, at=timezone.now())
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("accounts:members")


@team_view(Permission.MANAGE_TEAM)
@require_POST
def invitation_resend(request: TeamRequest, pk: int) -> HttpResponse:
    """Invite the same person again: a new link, and a new week."""
    earlier = open_invitation(request, pk)
    try:
        note_attempt(limit=INVITE_TEAM, subject=str(request.actor.team.pk), at=timezone.now())
    except TooManyTriesError as error:
        return too_many_tries(request, error)
    invite_member(
        actor=request.actor, email=earlier.email, role=earlier.role, scope=earlier.scope, at=timezone.now()
    )
    ring("accounts.tasks.sweep_accounts")
    messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": earlier.email})
    return redirect("accounts:members")


def open_invitation(request: TeamRequest, pk: int) -> MemberInvitation:
    """Return one of the team's open invitations, or 404."""
    return get_or_404(list_open_invitations(team=request.actor.team, at=timezone.now()), pk=pk)
