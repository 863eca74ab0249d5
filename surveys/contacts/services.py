"""Keep contacts, attributes, segments and the list of addresses that are never written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.breakdowns import announce_breakdown
from accounts.models import Team
from surveys.contacts.addresses import address_key, hash_address, normalise_address
from surveys.contacts.models import Contact, ContactAttribute, Segment, Suppression, SuppressionReason


class ContactExistsError(ValueError):
    """The team already has a contact with this address."""


class AttributeExistsError(ValueError):
    """The team already has an attribute with this key."""


class SegmentExistsError(ValueError):
    """The team already has a segment with this name."""


class SegmentInUseError(ValueError):
    """A campaign uses the segment, so that it cannot be removed."""


def create_contact(
    *, team: Team, email: str, at: datetime, name: str = "", salutation: str = "", language: str = "",
    attributes: Mapping[str, str] | None = None, is_test: bool = False,
) -> Contact:
    """Add one contact. Raises AddressError for a bad address, ContactExistsError for a known one."""
    address = normalise_address(email)
    try:
        with transaction.atomic():
            return Contact.objects.create(
                team=team, email=address.email, email_key=address.key, name=name, salutation=salutation,
                language=language, attributes=without_blanks(attributes or {}), is_test=is_test,
                created_at=at, updated_at=at,
            )
    except IntegrityError as error:
        raise ContactExistsError(address.email) from error


def update_contact(
    *, contact: Contact, email: str, name: str, salutation: str, language: str,
    attributes: Mapping[str, str], at: datetime,
) -> Contact:
    """Change one contact. Raises AddressError or ContactExistsError and then changes nothing."""
    address = normalise_address(email)
    contact.email, contact.email_key = address.email, address.key
    contact.name, contact.salutation, contact.language = name, salutation, language
    contact.attributes, contact.updated_at = without_blanks(attributes), at
    try:
        with transaction.atomic():
            contact.save(update_fields=[
                "email", "email_key", "name", "salutation", "language", "attributes", "updated_at",
            ])
    except IntegrityError as error:
        raise ContactExistsError(address.email) from error
    return contact


def delete_contact(*, contact: Contact) -> None:
    """Remove a contact; mail still waiting for it is cancelled when its turn comes."""
    contact.delete()


def without_blanks(attributes: Mapping[str, str]) -> dict[str, str]:
    """Drop attributes without a value, so that a missing level is absent and not an empty word."""
    return {key: value for key, value in attributes.items() if value}


def create_attribute(
    *, team: Team, key: str, names: Mapping[str, str], is_dimension: bool, at: datetime
) -> ContactAttribute:
    """Add an attribute at the end of the list. Raises AttributeExistsError."""
    position = ContactAttribute.objects.filter(team=team).count()
    try:
        with transaction.atomic():
            attribute = ContactAttribute.objects.create(
                team=team, key=key, names=dict(names), is_dimension=is_dimension, position=position
            )
            if is_dimension:
                announce_breakdown(team.pk, at)
    except IntegrityError as error:
        raise AttributeExistsError(key) from error
    return attribute


@transaction.atomic
def update_attribute(
    *, attribute: ContactAttribute, names: Mapping[str, str], is_dimension: bool, at: datetime
) -> ContactAttribute:
    """Rename an attribute or make it a segment dimension, which has results counted by it; its key stays."""
    is_other = attribute.is_dimension != is_dimension
    attribute.names, attribute.is_dimension = dict(names), is_dimension
    attribute.save(update_fields=["names", "is_dimension"])
    if is_other:
        announce_breakdown(attribute.team_id, at)
    return attribute


def save_segment(
    *, team: Team, name: str, rules: Sequence[Mapping[str, Any]], at: datetime, segment: Segment | None = None
) -> Segment:
    """Add or change a segment. Raises SegmentExistsError when another one has the name."""
    segment = segment or Segment(team=team, created_at=at)
    segment.name = name
    segment.rules = [{"attribute": r["attribute"], "levels": list(r["levels"])} for r in rules]
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError as error:
        raise SegmentExistsError(name) from error
    return segment


def delete_segment(*, segment: Segment) -> None:
    """Remove a segment. Raises SegmentInUseError while a campaign points to it."""
    if segment.campaign_set.exists():
        raise SegmentInUseError(segment.name)
    segment.delete()


def suppress(*, team: Team, email: str, reason: str, at: datetime) -> Suppression:
    """Never write to this address again; the first reason and moment are kept.

    An address that cannot be normalised is kept as it is, so that stopping never fails.
    """
    key = address_key(email)
    contact = Contact.objects.filter(team=team, email_key=key).first()
    suppression, _ = Suppression.objects.get_or_create(
        team=team, email_hash=hash_address(key),
        defaults={"reason": SuppressionReason(reason), "at": at, "contact": contact},
    )
    return suppression


def lift_suppression(*, team: Team, email: str, reason: str = "") -> bool:
    """Allow mail to the address again; with `reason`, only what was stopped for that reason."""
    rows = Suppression.objects.filter(team=team, email_hash=hash_address(address_key(email)))
    if reason:
        rows = rows.filter(reason=reason)
    return rows.delete()[0] > 0
