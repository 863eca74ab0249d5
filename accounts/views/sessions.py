"""Sign in, sign out, switch team, language and theme."""

from __future__ import annotations

import logging
from typing import cast

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import actor_for_membership
from accounts.audit import record_event
from accounts.forms import LanguageForm, SignInForm, ThemeForm
from accounts.limits import (
    SIGN_IN_ACCOUNT,
    SIGN_IN_ADDRESS,
    TooManyTriesError,
    forget_attempts,
    note_attempt,
    take_back_attempt,
)
from accounts.middleware import SESSION_TEAM
from accounts.models import User
from accounts.redirects import go_on, next_address
from accounts.selectors import get_current_membership, list_memberships
from accounts.services import set_language, set_theme
from accounts.views.refusals import address_of, too_many_tries

logger = logging.getLogger(__name__)
YEAR = 365 * 24 * 60 * 60


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form; check what was typed, within limits, and start a session."""
    if request.user.is_authenticated:
        return go_on(request)
    form = SignInForm(request.POST or None)
    try:
        user = check_sign_in(request, form) if form.is_valid() else None
    except TooManyTriesError as error:
        return too_many_tries(request, error)
    if user is not None:
        start_session(request, user)
        return go_on(request)
    status = 400 if request.method == "POST" else 200
    return render(request, "accounts/sign_in.html", {"form": form, "next": next_address(request, "/")}, status=status)


def check_sign_in(request: HttpRequest, form: SignInForm) -> User | None:
    """Return the person; else put one sentence on the form that says the same for every reason."""
    email, at = form.cleaned_data["email"], timezone.now()
    note_attempt(limit=SIGN_IN_ADDRESS, subject=address_of(request), at=at)
    note_attempt(limit=SIGN_IN_ACCOUNT, subject=email, at=at)
    user = authenticate(request, username=email, password=form.cleaned_data["password"])
    if user is None:
        logger.info("sign-in refused")
        form.add_error(None, _("The e-mail address or the password is wrong. Check both, or choose a new password."))
        return None
    forget_attempts(limit=SIGN_IN_ACCOUNT, subject=email, at=at)
    take_back_attempt(limit=SIGN_IN_ADDRESS, subject=address_of(request), at=at)
    return user


def start_session(request: HttpRequest, user: User) -> None:
    """Begin a session under a new id and note it on the trail of the person's team."""
    login(request, user)
    membership = get_current_membership(user=user, team_id=None)
    if membership is not None:
        actor = actor_for_membership(membership)
        record_event(actor=actor, action="session.started", target=f"user {user.pk}", name=user.name, at=timezone.now())


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session for good."""
    logout(request)
    return go_on(request, settings.LOGOUT_REDIRECT_URL)


@login_required
@require_POST
def switch_team(request: HttpRequest) -> HttpResponse:
    """Work in another of one's teams."""
    teams = {str(membership.team_id): membership for membership in list_memberships(user=cast(User, request.user))}
    chosen = teams.get(request.POST.get("team", ""))
    if chosen is None:
        raise Http404
    request.session[SESSION_TEAM] = chosen.team_id
    return go_on(request)


@require_POST
def switch_language(request: HttpRequest) -> HttpResponse:
    """Show pages in another language from now on, for members and for visitors."""
    form = LanguageForm(request.POST)
    response = go_on(request)
    if form.is_valid():
        language = form.cleaned_data["language"]
        if request.user.is_authenticated:
            set_language(user=request.user, language=language)
        remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@require_POST
def switch_theme(request: HttpRequest) -> HttpResponse:
    """Show pages light or dark from now on, for members and for visitors."""
    form = ThemeForm(request.POST)
    response = go_on(request)
    if form.is_valid():
        if request.user.is_authenticated:
            set_theme(user=request.user, theme=form.cleaned_data["theme"])
        remember(response, "theme", form.cleaned_data["theme"])
    return response


def remember(response: HttpResponse, name: str, value: str) -> None:
    """Keep a choice in the browser."""
    response.set_cookie(
        name, value, max_age=YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
    )
