"""The two mails about accounts. Links begin with SITE_URL, whatever host a request named."""

from __future__ import annotations

import logging
from datetime import datetime
from email.utils import formataddr, parseaddr
from smtplib import SMTPException
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from accounts.models import MemberInvitation, User
from accounts.services import renew_token

logger = logging.getLogger(__name__)


class ResetTokens(PasswordResetTokenGenerator):
    """Signed for one purpose; dies with the password it replaces, with the next sign-in, or by age."""

    key_salt = "accounts.mails.password-reset"


reset_tokens = ResetTokens()


def send_password_reset(*, user: User) -> None:
    """Mail a link to choose a new password."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    link = absolute("accounts:reset-confirm", uid=uid, token=reset_tokens.make_token(user))
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    with translation.override(user.language or settings.LANGUAGE_CODE):
        send(
            to=user.email, subject=_("Choose a new password"), template="password_reset",
            context={"link": link, "name": user.name, "minutes": minutes},
        )


def send_member_invitation(*, invitation: MemberInvitation, at: datetime) -> bool:
    """Mail an invitation that waits for it; tell whether it did.

    A mail that the server did not take leaves the invitation waiting; the next one carries a new
    secret, so that the same invitation mailed twice still opens the team once.
    """
    if not MemberInvitation.objects.open(at).filter(pk=invitation.pk, sent_at=None).update(sent_at=at):
        return False
    try:
        # The last day stands in the mail: it is a day of the team's own time zone.
        zone = ZoneInfo(invitation.team.time_zone)
        with translation.override(invitation.team.default_language), timezone.override(zone):
            send(
                to=invitation.email, subject=_("Join %(team)s") % {"team": invitation.team.name},
                template="member_invitation", context=invitation_context(invitation),
            )
    except (SMTPException, OSError):
        MemberInvitation.objects.filter(pk=invitation.pk).update(sent_at=None, queued_at=at)
        logger.warning("An invitation could not be mailed; it will be tried again.")
        return False
    return True


def invitation_context(invitation: MemberInvitation) -> dict[str, Any]:
    """Return what the mail says; makes a new secret."""
    return {
        "link": absolute("accounts:join", token=renew_token(invitation=invitation)),
        "inviter": invitation.invited_by.name if invitation.invited_by else invitation.team.name,
        "team": invitation.team,
        "role": invitation.get_role_display(),
        "expires_at": invitation.expires_at,
    }


def send(*, to: str, subject: str, template: str, context: dict[str, Any]) -> None:
    """Send one multipart mail in the active language."""
    context = {**context, "subject": subject, "lang": "zh-Hans" if translation.get_language() == "zh-hans" else "en"}
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()), to=[to], from_email=sender(),
        body=render_to_string(f"mail/{template}.txt", context),
    )
    mail.attach_alternative(render_to_string(f"mail/{template}.html", context), "text/html")
    mail.send()


def sender() -> str:
    """Return the installation's own address with the product's name."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((name or _("Satisfaction"), address))


def absolute(name: str, **kwargs: Any) -> str:
    """Return an address on the configured site."""
    return f"{settings.SITE_URL.rstrip('/')}{reverse(name, kwargs=kwargs)}"
