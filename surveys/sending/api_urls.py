"""Addresses of the sending API routes, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from surveys.sending import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/", api.CampaignList.as_view(), name="campaigns"),
    path("campaigns/<int:campaign_id>/", api.CampaignDetail.as_view(), name="campaign"),
    path("campaigns/<int:campaign_id>/invitations/", api.InvitationList.as_view(), name="campaign-invitations"),
]
