"""Tell the audit trail which objects of this app are still there, by what name and where."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from accounts.access import Actor
from accounts.trail_objects import Place, finders
from surveys.contacts.models import Contact, ContactImport
from surveys.design.access import questionnaires_for
from surveys.sending.access import campaigns_for
from surveys.sending.models import CampaignState


def find_questionnaires(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """Questionnaires that are not archived."""
    rows = questionnaires_for(actor).filter(pk__in=ids).values_list("id", "name")
    return {row: Place({"": name}, reverse("design:builder", args=[row])) for row, name in rows}


def find_campaigns(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """Campaigns; one that is still being prepared opens at its first step."""
    rows = campaigns_for(actor).filter(pk__in=ids).values_list("id", "name", "state")
    return {
        row: Place({"": name}, reverse("sending:what" if state == CampaignState.DRAFT else "sending:detail", args=[row]))
        for row, name, state in rows
    }


def find_imports(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """Imports of contacts, by the name of the file."""
    rows = ContactImport.objects.filter(team=actor.team, pk__in=ids).values_list("id", "file_name")
    return {row: Place({"": name}, reverse("contacts:import-done", args=[row])) for row, name in rows}


def find_contacts(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """Contacts without a name: the trail must not keep what an erasure takes away."""
    rows = Contact.objects.filter(team=actor.team, pk__in=ids).values_list("id", flat=True)
    return {row: Place({}, reverse("contacts:edit", args=[row])) for row in rows}


def register() -> None:
    """Make this app's objects known."""
    finders.update({
        "questionnaire": find_questionnaires, "campaign": find_campaigns, "import": find_imports,
        "contact": find_contacts,
    })
