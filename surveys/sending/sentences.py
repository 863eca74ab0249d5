"""The sentences behind the codes of sending: what happened, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from surveys.sending.models import DeliveryState, Invitation

Sentence = str | Promise

TEXT_PROBLEMS: Final[Mapping[str, Sentence]] = {
    "too_long": _("Use at most %(detail)s characters."),
    "line_break": _("Use one line only."),
    "control_character": _("The text holds a character that cannot be sent. Type it again instead of pasting it."),
    "unknown_placeholder": _("There is no placeholder %(detail)s. Use one from the list, or write it without braces."),
    "no_fallback": _("Say what to write where it is missing, such as {region|your region} instead of %(detail)s."),
}
REASONS: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "no_such_mailbox": (_("Address does not exist"), _("Stopped for this address; correct the contact")),
    "mailbox_full": (_("Mailbox full"), _("Tried again for one day")),
    "refused_as_spam": (_("Refused as spam"), _("Ask the mail administrator to check SPF, DKIM and DMARC")),
    "refused": (_("Refused by the mail server"), _("Check the address")),
    "server_busy": (_("Mail server busy"), _("Tried again for one day")),
    "server_unreachable": (_("Our mail server could not be reached"), _("Tried again for one day")),
    "encryption_failed": (_("No encrypted line to our mail server"), _("Ask the administrator")),
    "line_dropped": (_("Line dropped before the message was sent"), _("Tried again for one day")),
    "no_reply": (_("No reply after the message was sent"), _("May have arrived: you decide whether to send again")),
    "worker_lost": (_("Sender stopped in mid-sending"), _("May have arrived: you decide whether to send again")),
    "cannot_be_written": (_("The message could not be written"), _("Check name and address of the contact")),
    "contact_removed": (_("Contact removed"), _("Nothing is sent")),
}
PAUSE_REASONS: Final[Mapping[str, Sentence]] = {
    "login_refused": _("The mail server refused our user name or password. Correct the mail settings, then resume."),
    "encryption_not_offered": _("The mail server offers no encryption. Correct the mail settings, then resume."),
    "archived": _("The questionnaire is archived, so its links are shut. Restore it, then resume."),
}
LAUNCH_ERRORS: Final[Mapping[str, Sentence]] = {
    "NotPublishedError": _("The questionnaire is not published. Publish it, then send."),
    "ArchivedError": _("The questionnaire is archived, so its links are shut. Restore it, then send."),
    "EmptyAudienceError": _("Nobody in this audience can be written to. Choose another segment or add contacts."),
    "TextsMissingError": _("The mail has no subject or message in a language of your contacts. Add it in step 1."),
}
TEST_ERRORS: Final[Mapping[str, Sentence]] = {
    "halt": _("The mail server refused our user name or password. Correct the mail settings and try again."),
    "retry": _("The mail server could not take the test mail now. Try again in some minutes."),
    "failed": _("The mail server refused the test mail. Check your own address."),
    "unknown": _("The mail server did not answer in the end; the test mail may have arrived."),
}
STATES: Final[Mapping[str, tuple[Sentence, str]]] = {
    "completed": (_("Completed"), "ok"),
    "started": (_("Started, not sent"), "info"),
    "opened": (_("Opened"), "info"),
    DeliveryState.PENDING: (_("Waiting"), "plain"),
    DeliveryState.CLAIMED: (_("Being sent"), "plain"),
    DeliveryState.RETRY: (_("Trying again"), "warn"),
    DeliveryState.SENT: (_("Sent"), "plain"),
    DeliveryState.FAILED: (_("Not delivered"), "bad"),
    DeliveryState.UNKNOWN: (_("Unknown"), "warn"),
    DeliveryState.SUPPRESSED: (_("Stopped"), "warn"),
    DeliveryState.CANCELLED: (_("Cancelled"), "plain"),
}
FILTERS: Final[Mapping[str, Sentence]] = {
    "waiting": _("Waiting"), "sent": _("Sent"), "opened": _("Opened (at least)"), "started": _("Started, not sent"),
    "completed": _("Completed"), "failed": _("Not delivered"), "unknown": _("Unknown"), "stopped": _("Stopped"),
    "cancelled": _("Cancelled"),
}


def shown_state(invitation: Invitation) -> tuple[Sentence, str]:
    """Return the furthest thing known about an invitation, and the colour of its mark."""
    if invitation.completed_at:
        return STATES["completed"]
    if invitation.started_at:
        return STATES["started"]
    if invitation.opened_at and invitation.state == DeliveryState.SENT:
        return STATES["opened"]
    return STATES[invitation.state]
