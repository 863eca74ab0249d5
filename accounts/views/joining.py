"""Accept a colleague's invitation."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import JoinForm
from accounts.limits import JOIN_ADDRESS, TooManyTriesError, note_attempt, take_back_attempt
from accounts.middleware import SESSION_TEAM
from accounts.models import MemberInvitation, User
from accounts.selectors import get_open_invitation
from accounts.services import JOIN_PURPOSE, InvitationUsedError, accept_invitation
from accounts.tokens import hash_secret
from accounts.views.passwords import status_of
from accounts.views.refusals import address_of, too_many_tries
from accounts.views.sessions import start_session


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites; a POST makes the account or, for a member elsewhere, the membership."""
    invitation = get_open_invitation(token_hash=hash_secret(token, purpose=JOIN_PURPOSE), at=timezone.now())
    if invitation is None:
        return render(request, "accounts/link_dead.html", status=404)
    if request.method == "POST":
        try:
            note_attempt(limit=JOIN_ADDRESS, subject=address_of(request), at=timezone.now())
        except TooManyTriesError as error:
            return too_many_tries(request, error)
    known = User.objects.filter(email__iexact=invitation.email).first()
    return join_known(request, invitation, known) if known else join_new(request, invitation)


def join_known(request: HttpRequest, invitation: MemberInvitation, known: User) -> HttpResponse:
    """Let a person who has an account join after signing in as that person."""
    is_me = request.user.is_authenticated and request.user.pk == known.pk
    if request.method == "POST" and is_me:
        return finish(request, invitation, known, "", "")
    context = {"invitation": invitation, "is_me": is_me, "next": request.get_full_path()}
    return render(request, "accounts/join_known.html", context, status=403 if request.method == "POST" else 200)


def join_new(request: HttpRequest, invitation: MemberInvitation) -> HttpResponse:
    """Let a new person choose a name and a password."""
    form = JoinForm(request.POST or None, user=User(email=invitation.email))
    if form.is_valid():
        data = form.cleaned_data
        return finish(request, invitation, None, data["name"], data["new_password"])
    return render(request, "accounts/join.html", {"invitation": invitation, "form": form}, status=status_of(request))


def finish(
    request: HttpRequest, invitation: MemberInvitation, user: User | None, name: str, password: str
) -> HttpResponse:
    """Use the invitation up, and work in the team at once."""
    at = timezone.now()
    try:
        member = accept_invitation(
            invitation=invitation, user=user, name=name, password=password, language=get_language() or "", at=at
        )
    except InvitationUsedError:
        return render(request, "accounts/link_dead.html", status=404)
    take_back_attempt(limit=JOIN_ADDRESS, subject=address_of(request), at=at)
    if user is None:
        start_session(request, with_backend(member))
    request.session[SESSION_TEAM] = invitation.team_id
    messages.success(request, _("You have joined %(team)s.") % {"team": invitation.team.name})
    return redirect("home")


def with_backend(user: User) -> User:
    """Name the way in which a person just made has proved who it is."""
    user.backend = "accounts.backends.MemberBackend"
    return user
