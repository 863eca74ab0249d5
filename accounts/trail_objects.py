"""What the audit trail's events are about: each object by its name, with the way to it while it is there.

An event keeps the name its object had. Rooms above tell, through `finders`, which objects still exist and
where the reader opens them; an object that none of them knows any more stays readable by the kept name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import Actor
from accounts.models import AccessKey, AuditEvent, MemberInvitation, Membership, User
from accounts.trail_words import say_object

Names = Mapping[str, str]
"""A name by language; one that is the same in every language stands under the empty text."""


@dataclass(frozen=True)
class Place:
    """An object that is there: its name now, and its address, empty where it has no page of its own."""

    names: Names
    url: str = ""


@dataclass(frozen=True)
class Touched:
    """The object of an event in words. `is_gone`: it existed and does not any more."""

    text: str
    url: str = ""
    is_gone: bool = False


Finder = Callable[[Actor, Collection[int]], Mapping[int, Place]]
finders: dict[str, Finder] = {}
"""By kind of object: which of these ids the actor's team still has. One query whatever their number."""


def find_touched(*, actor: Actor, events: Iterable[AuditEvent], language: str) -> dict[int, Touched]:
    """Return the object of each event by the event's id, in one query for each kind of object."""
    listed = list(events)
    wanted: dict[str, set[int]] = {}
    for event in listed:
        kind, number = kind_and_number(event.target)
        if kind in finders:
            wanted.setdefault(kind, set()).add(number)
    found = {kind: finders[kind](actor, numbers) for kind, numbers in wanted.items()}
    return {event.pk: _touched(event, found, language) for event in listed}


def say_who(event: AuditEvent) -> str:
    """Name who did it: a person, an access key, or the system."""
    if event.user is not None:
        return str(event.user)
    return _("Key %(name)s") % {"name": event.access_key.name} if event.access_key is not None else _("The system")


def kind_and_number(target: str) -> tuple[str, int]:
    """Take "campaign 12" apart; a target without a number is of no kind."""
    kind, _space, number = target.rpartition(" ")
    return (kind, int(number)) if number.isdecimal() else ("", 0)


def _touched(event: AuditEvent, found: Mapping[str, Mapping[int, Place]], language: str) -> Touched:
    kind, number = kind_and_number(event.target)
    place = found.get(kind, {}).get(number)
    name = _in_language(event.target_names or (place.names if place else {}), language)
    return Touched(
        text=say_object(event.target, name), url=place.url if place else "", is_gone=kind in found and place is None,
    )


def _in_language(names: Names, language: str) -> str:
    return names.get(language) or names.get("") or next((name for name in names.values() if name), "")


# -- what this room has itself ---------------------------------------------------------------


def find_people(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """People by their names; those who are members lead to their rights."""
    members = dict(Membership.objects.filter(team=actor.team, user__in=ids).values_list("user_id", "id"))
    return {
        user.pk: Place({"": str(user)}, reverse("accounts:member", args=[members[user.pk]]) if user.pk in members else "")
        for user in User.objects.filter(pk__in=ids)
    }


def find_keys(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """Access keys; a revoked one is listed as well."""
    keys = AccessKey.objects.filter(team=actor.team, pk__in=ids).values_list("id", "name")
    return {key: Place({"": name}, reverse("accounts:keys")) for key, name in keys}


def find_invitations(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """Invitations of colleagues, by the address they went to."""
    rows = MemberInvitation.objects.filter(team=actor.team, pk__in=ids).values_list("id", "email")
    return {row: Place({"": email}, reverse("accounts:members")) for row, email in rows}


def find_team(actor: Actor, ids: Collection[int]) -> dict[int, Place]:
    """The reader's own team."""
    return {actor.team.pk: Place({"": actor.team.name}, reverse("accounts:settings"))} if actor.team.pk in ids else {}


finders |= {"user": find_people, "key": find_keys, "invitation": find_invitations, "team": find_team}
