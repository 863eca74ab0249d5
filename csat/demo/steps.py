"""The five steps that lead a newcomer through the demo."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Step:
    """One step: what to do, why, and where."""

    title: str
    text: str
    link_text: str
    url: str


def list_steps() -> list[Step]:
    """Return the steps in order, in the active language."""
    overview = reverse("dashboards:overview")
    return [
        Step(_("Look at the overview"),
             _("Sign in as the manager. Five yearly waves of 14,503 real answers: the index with its "
               "interval, its indicators, the trend."),
             _("Open the overview"), overview),
        Step(_("Open a sent mail"),
             _("The small example has just been sent to demo addresses. A local mail sink on this "
               "machine received the messages; nothing left it."),
             _("Open the mails"), reverse("demo:mail-list")),
        Step(_("Answer as the customer"),
             _("Click a number in the mail. The page opens with your choice marked; nothing counts "
               "until you press Next."),
             _("Choose a mail"), reverse("demo:mail-list")),
        Step(_("Watch the index move"),
             _("Keep the example's overview open in a second window: a few seconds after your answer "
               "the figures change by themselves."),
             _("Open the example's overview"), f"{overview}?survey=example"),
        Step(_("Change a question and publish"),
             _("Sign in as staff, edit a text in both languages and publish. Answers already given "
               "keep the version they were given in."),
             _("Open the questionnaires"), reverse("design:list")),
    ]
