"""Change a password; choose a new one by a mailed link."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlsafe_base64_decode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import ChangePasswordForm, NewPasswordForm, ResetForm
from accounts.limits import PASSWORD_CHANGE, RESET_ACCOUNT, RESET_ADDRESS, TooManyTriesError, note_attempt
from accounts.mails import reset_tokens
from accounts.models import User
from accounts.services import set_password
from accounts.views.refusals import address_of, too_many_tries
from accounts.wake import ring


@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Ask for the old and the new password; every other session ends."""
    user, at = cast(User, request.user), timezone.now()
    if request.method == "POST":
        try:
            note_attempt(limit=PASSWORD_CHANGE, subject=str(user.pk), at=at)
        except TooManyTriesError as error:
            return too_many_tries(request, error)
    form = ChangePasswordForm(request.POST or None, user=user)
    if form.is_valid():
        set_password(user=user, password=form.cleaned_data["new_password"], action="password.changed", at=at)
        update_session_auth_hash(request, user)
        messages.success(request, _("The password is changed. Other devices have been signed out."))
        return redirect("accounts:profile")
    return render(request, "accounts/change_password.html", {"form": form}, status=status_of(request))


@require_http_methods(["GET", "HEAD", "POST"])
def request_reset(request: HttpRequest) -> HttpResponse:
    """Take an address; answer the same whether it belongs to somebody or not."""
    form = ResetForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/reset.html", {"form": form}, status=status_of(request))
    email, at = form.cleaned_data["email"], timezone.now()
    try:
        note_attempt(limit=RESET_ADDRESS, subject=address_of(request), at=at)
        note_attempt(limit=RESET_ACCOUNT, subject=email, at=at)
    except TooManyTriesError as error:
        return too_many_tries(request, error)
    found = User.objects.filter(email__iexact=email, is_active=True).values_list("pk", flat=True).first()
    ring("accounts.tasks.mail_password_reset", user_id=found or 0)
    return redirect("accounts:reset-sent")


@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way, if there is such an account."""
    return render(request, "accounts/reset_sent.html")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Let the holder of a mailed link choose a new password, once."""
    user = user_of_link(uid)
    if user is None or not reset_tokens.check_token(user, token):
        return render(request, "accounts/link_dead.html", status=404)
    form = NewPasswordForm(request.POST or None, user=user)
    if form.is_valid():
        set_password(user=user, password=form.cleaned_data["new_password"], action="password.reset", at=timezone.now())
        messages.success(request, _("The password is changed. Sign in with it."))
        return redirect("accounts:sign-in")
    return render(request, "accounts/reset_confirm.html", {"form": form}, status=status_of(request))


def user_of_link(uid: str) -> User | None:
    """Return the active person a link is for."""
    try:
        number = int(urlsafe_base64_decode(uid).decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return None
    return User.objects.filter(pk=number, is_active=True).first() if 0 < number < 2**63 else None


def status_of(request: HttpRequest) -> int:
    """Return 400 for a form sent back with errors, 200 for one not yet filled in."""
    return 400 if request.method == "POST" else 200
