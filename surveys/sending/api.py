"""Campaigns and the states of their invitations over the API; read only, without names or addresses."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import actor_of
from accounts.roles import Permission
from surveys.sending import access, selectors
from surveys.sending.models import Campaign, CampaignState, DeliveryState, Invitation


class CampaignOutput(serializers.Serializer[Campaign]):
    """A campaign and how far it is."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    questionnaire_id = serializers.IntegerField()
    version_id = serializers.IntegerField(allow_null=True)
    segment_id = serializers.IntegerField(allow_null=True)
    wave = serializers.CharField()
    state = serializers.ChoiceField(choices=CampaignState.choices)
    pause_reason = serializers.CharField()
    left_out = serializers.DictField(child=serializers.IntegerField())
    launched_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)


class FunnelOutput(serializers.Serializer[selectors.Funnel]):
    """Invitations by step and by delivery state; `opened` is a lower bound."""

    planned = serializers.IntegerField()
    sent = serializers.IntegerField()
    opened = serializers.IntegerField()
    started = serializers.IntegerField()
    completed = serializers.IntegerField()
    waiting = serializers.IntegerField()
    claimed = serializers.IntegerField()
    retry = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    suppressed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class CampaignDetailOutput(CampaignOutput):
    """A campaign with its counts."""

    funnel = FunnelOutput()


class InvitationOutput(serializers.Serializer[Invitation]):
    """One invitation's states; who it is stands with the contact."""

    id = serializers.IntegerField()
    contact_id = serializers.IntegerField(allow_null=True)
    language = serializers.CharField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    reason = serializers.CharField()
    reply_code = serializers.IntegerField(allow_null=True)
    attempts = serializers.IntegerField()
    sent_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)


class CampaignList(ListAPIView[Campaign]):
    """The team's campaigns, the newest first."""

    required_permissions = {"GET": Permission.DESIGN}
    serializer_class = CampaignOutput

    def get_queryset(self) -> QuerySet[Campaign]:
        """Return the team's campaigns."""
        return access.campaigns_for(actor_of(self.request)).order_by("-created_at", "-id")

    @extend_schema(operation_id="campaigns_list", responses=CampaignOutput(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List campaigns."""
        return super().get(request, *args, **kwargs)


class CampaignDetail(APIView):
    """One campaign."""

    required_permissions = {"GET": Permission.DESIGN}

    @extend_schema(operation_id="campaigns_read", responses=CampaignDetailOutput)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return a campaign with its counts."""
        campaign = access.get_campaign(actor_of(request), campaign_id)
        funnel = FunnelOutput(selectors.get_funnel(campaign=campaign)).data
        return Response({**CampaignOutput(campaign).data, "funnel": funnel})


class InvitationList(ListAPIView[Invitation]):
    """The states of a campaign's invitations."""

    required_permissions = {"GET": Permission.DESIGN}
    serializer_class = InvitationOutput

    def get_queryset(self) -> QuerySet[Invitation]:
        """Return the campaign's invitations, filtered by `?state=`."""
        campaign = access.get_campaign(actor_of(self.request), self.kwargs["campaign_id"])
        return selectors.list_recipients(campaign=campaign, state=self.request.query_params.get("state", ""))

    @extend_schema(
        operation_id="campaigns_invitations_list", responses=InvitationOutput(many=True),
        parameters=[OpenApiParameter("state", str, enum=list(selectors.RECIPIENT_FILTERS))],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List invitations in the order they were written."""
        return super().get(request, *args, **kwargs)
