"""Contacts over the API: list, add, change."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import actor_of
from accounts.roles import Permission
from surveys.contacts import access, selectors, services
from surveys.contacts.addresses import AddressError
from surveys.contacts.forms import ADDRESS_ERRORS
from surveys.contacts.models import Contact

LANGUAGE_CODES = ["", "zh-hans", "en"]
CAN_DESIGN = {"GET": Permission.DESIGN, "POST": Permission.DESIGN, "PATCH": Permission.DESIGN}


class ContactOutput(serializers.Serializer[Contact]):
    """A contact; `attributes` by attribute key."""

    id = serializers.IntegerField()
    email = serializers.CharField()
    name = serializers.CharField()
    salutation = serializers.CharField()
    language = serializers.CharField()
    attributes = serializers.DictField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ContactInput(serializers.Serializer[Contact]):
    """What may be said about a contact; unknown attribute keys are refused."""

    email = serializers.CharField(max_length=320)
    name = serializers.CharField(max_length=160, required=False, allow_blank=True)
    salutation = serializers.CharField(max_length=40, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=LANGUAGE_CODES, required=False, allow_blank=True)
    attributes = serializers.DictField(
        child=serializers.CharField(max_length=120, allow_blank=True), required=False
    )

    def validate_attributes(self, value: dict[str, str]) -> dict[str, str]:
        """Refuse keys that the team does not have."""
        unknown = sorted(set(value) - set(self.context["keys"]))
        if unknown:
            raise serializers.ValidationError(_("Unknown attribute: %(keys)s") % {"keys": ", ".join(unknown)})
        return value


class ContactList(ListAPIView[Contact]):
    """The team's contacts."""

    required_permissions = CAN_DESIGN
    serializer_class = ContactOutput

    def get_queryset(self) -> QuerySet[Contact]:
        """Return the team's contacts, searched by `?q=`."""
        search = self.request.query_params.get("q", "").replace("\x00", "")[:100]
        return selectors.list_contacts(team=actor_of(self.request).team, search=search)

    @extend_schema(
        operation_id="contacts_list", responses=ContactOutput(many=True),
        parameters=[OpenApiParameter("q", str, description="Part of name, address or company")],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List contacts by name."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="contacts_create", request=ContactInput, responses={201: ContactOutput})
    def post(self, request: Request) -> Response:
        """Add a contact; 400 where the address is wrong or known."""
        actor = actor_of(request)
        data = _checked(request, partial=False)
        contact = _or_400(lambda: services.create_contact(team=actor.team, at=timezone.now(), **data))
        return Response(ContactOutput(contact).data, status=201)


class ContactDetail(APIView):
    """One contact."""

    required_permissions = CAN_DESIGN

    @extend_schema(operation_id="contacts_read", responses=ContactOutput)
    def get(self, request: Request, contact_id: int) -> Response:
        """Return one contact."""
        return Response(ContactOutput(access.get_contact(actor_of(request), contact_id)).data)

    @extend_schema(operation_id="contacts_update", request=ContactInput, responses=ContactOutput)
    def patch(self, request: Request, contact_id: int) -> Response:
        """Change what is sent; the rest stays. An empty attribute value removes it."""
        contact = access.get_contact(actor_of(request), contact_id)
        data = _checked(request, partial=True)
        merged = {
            "email": contact.email, "name": contact.name, "salutation": contact.salutation,
            "language": contact.language, **data,
            "attributes": {**contact.attributes, **data.get("attributes", {})},
        }
        changed = _or_400(lambda: services.update_contact(contact=contact, at=timezone.now(), **merged))
        return Response(ContactOutput(changed).data)


def _checked(request: Request, *, partial: bool) -> dict[str, Any]:
    keys = selectors.list_attributes(team=actor_of(request).team).values_list("key", flat=True)
    form = ContactInput(data=request.data, partial=partial, context={"keys": list(keys)})
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _or_400(act: Any) -> Contact:
    try:
        found = act()
    except AddressError as error:
        raise serializers.ValidationError({"email": [str(ADDRESS_ERRORS[error.code])]}) from error
    except services.ContactExistsError as error:
        raise serializers.ValidationError({"email": [_("There is already a contact with this address.")]}) from error
    assert isinstance(found, Contact)
    return found
