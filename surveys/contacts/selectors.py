"""Read contacts, segments, audiences and suppressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from accounts.models import Team
from surveys.contacts.addresses import address_key, hash_address
from surveys.contacts.models import Contact, ContactAttribute, Segment, Suppression

MOST_LEVELS = 200


def list_contacts(
    *, team: Team, search: str = "", levels: Mapping[str, str] | None = None
) -> QuerySet[Contact]:
    """List a team's contacts by name; `search` looks in name, address and company."""
    rows = Contact.objects.filter(team=team, is_test=False)
    if search:
        rows = rows.filter(
            Q(name__icontains=search) | Q(email__icontains=search) | Q(attributes__company__icontains=search)
        )
    for key, level in (levels or {}).items():
        rows = rows.filter(**{f"attributes__{key}": level})
    return rows.order_by("name", "id")


def list_attributes(*, team: Team) -> QuerySet[ContactAttribute]:
    """List a team's contact attributes in their order."""
    return ContactAttribute.objects.filter(team=team)


def list_levels(*, team: Team, key: str) -> list[str]:
    """List the values that an attribute has among the team's contacts, at most 200."""
    rows = (
        Contact.objects.filter(team=team, is_test=False, attributes__has_key=key)
        .annotate(level=KeyTextTransform(key, "attributes"))
        .order_by("level").values_list("level", flat=True).distinct()
    )
    return [level for level in rows[:MOST_LEVELS] if level]


def list_known_levels(team_id: int, _at: datetime) -> dict[str, list[str]]:
    """Return the attributes of a team's contacts with their levels (at most 200 each), by key."""
    team = Team(pk=team_id)
    return {one.key: list_levels(team=team, key=one.key) for one in list_attributes(team=team)}


def list_segments(*, team: Team) -> QuerySet[Segment]:
    """List a team's segments by name."""
    return Segment.objects.filter(team=team).order_by("name")


def list_audience(*, team: Team, segment: Segment | None) -> QuerySet[Contact]:
    """List the contacts of a segment (all of them without one), suppressed ones included."""
    return list_matching(team=team, rules=segment.rules if segment else [])


def list_matching(*, team: Team, rules: Sequence[Mapping[str, Any]]) -> QuerySet[Contact]:
    """List the contacts for which every rule holds; a rule without levels holds for nobody."""
    rows = Contact.objects.filter(team=team, is_test=False)
    for rule in rules:
        rows = rows.filter(**{f"attributes__{rule['attribute']}__in": list(rule["levels"])})
    return rows.order_by("id")


def is_suppressed(*, team: Team, email: str) -> bool:
    """Tell whether the address must not be written to."""
    return Suppression.objects.filter(team=team, email_hash=hash_address(address_key(email))).exists()


def list_suppressed_hashes(*, team: Team) -> dict[str, str]:
    """Return the reason of each suppressed address by its hash."""
    return dict(Suppression.objects.filter(team=team).values_list("email_hash", "reason"))


def list_suppressions(*, team: Team) -> QuerySet[Suppression]:
    """List the stopped addresses, the newest first, with the contact where there still is one."""
    return Suppression.objects.filter(team=team).select_related("contact").order_by("-at", "-id")


@dataclass(frozen=True)
class AudienceCount:
    """How many contacts a segment has, how many would get mail, and why the others would not."""

    total: int
    invited: int
    left_out: Mapping[str, int]


def count_audience(*, team: Team, segment: Segment | None) -> AudienceCount:
    """Count an audience by what would happen to it now; `left_out` is by suppression reason."""
    keys = list_audience(team=team, segment=segment).order_by().values_list("email_key", flat=True)
    return count_reachable(keys=keys, stopped=list_suppressed_hashes(team=team))


def count_reachable(*, keys: Iterable[str], stopped: Mapping[str, str]) -> AudienceCount:
    """Split addresses into those written to and those left out, by reason."""
    total, left_out = 0, dict[str, int]()
    for key in keys:
        total += 1
        reason = left_out_reason(key, stopped)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
    return AudienceCount(total, total - sum(left_out.values()), left_out)


def left_out_reason(key: str, stopped: Mapping[str, str]) -> str:
    """Return why nothing is sent to an address: "no_address", a suppression reason, or "" for nothing."""
    if not key or "@" not in key:
        return "no_address"
    return stopped.get(hash_address(key), "") if stopped else ""
