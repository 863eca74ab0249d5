"""Responses over the API: read only, within team and scope, without anything that names a person."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from accounts.api_permissions import HasPermission, actor_of
from accounts.authentication import AccessKeyAuthentication, SessionActorAuthentication
from accounts.roles import Permission
from surveys.answering.access import listed_responses_for
from surveys.answering.models import Response
from surveys.answering.reference import reference_of


class ResponseOutput(serializers.ModelSerializer[Response]):
    """One response; the contact and the link stay out."""

    reference = serializers.SerializerMethodField()
    version = serializers.IntegerField(source="version.number")

    class Meta:
        model = Response
        fields = [
            "id", "reference", "questionnaire", "version", "campaign", "wave", "source", "language", "answers",
            "attributes", "respondent_weight", "revision", "completed_at", "updated_at",
        ]
        read_only_fields = fields

    def get_reference(self, response: Response) -> str:
        """Return the reference that the customer was shown."""
        return reference_of(response.pk)


class ResponseFilterInput(serializers.Serializer[Any]):
    """Filters; `completed_before` is exclusive."""

    questionnaire = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    campaign = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    wave = serializers.CharField(required=False, max_length=40)
    completed_from = serializers.DateTimeField(required=False)
    completed_before = serializers.DateTimeField(required=False)


LOOKUPS = {
    "questionnaire": "questionnaire", "campaign": "campaign", "wave": "wave",
    "completed_from": "completed_at__gte", "completed_before": "completed_at__lt",
}


class ResponseListView(ListAPIView[Response]):
    """The completed responses, the newest first; those of anonymous questionnaires are never listed."""

    authentication_classes = [AccessKeyAuthentication, SessionActorAuthentication]
    permission_classes = [HasPermission]
    required_permissions = {"GET": Permission.VIEW_RESULTS}
    serializer_class = ResponseOutput

    def get_queryset(self) -> QuerySet[Response]:
        """Return the actor's responses under the given filters."""
        if getattr(self, "swagger_fake_view", False):
            return Response.objects.none()
        given = ResponseFilterInput(data=self.request.query_params)
        given.is_valid(raise_exception=True)
        filters = {LOOKUPS[name]: value for name, value in given.validated_data.items()}
        rows = listed_responses_for(actor_of(self.request)).filter(**filters)
        return rows.select_related("version").defer("version__document").order_by("-completed_at", "-id")
