"""Tell a caller of the API who it is."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import Actor
from accounts.api_permissions import actor_of
from accounts.roles import GRANTS, Permission


class TeamOutput(serializers.Serializer[object]):
    """The team that everything the caller sees belongs to."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    default_language = serializers.CharField()


class MeOutput(serializers.Serializer[object]):
    """Who calls, in which team, with which rights."""

    kind = serializers.ChoiceField(choices=["member", "access_key"])
    name = serializers.CharField()
    team = TeamOutput()
    role = serializers.CharField()
    scope = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    permissions = serializers.ListField(child=serializers.CharField())


class MeView(APIView):
    """The caller itself."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(operation_id="me", responses=MeOutput)
    def get(self, request: Request) -> Response:
        """Return the caller's name, team, role, scope and permissions."""
        return Response(MeOutput(describe(actor_of(request))).data)


def describe(actor: Actor) -> dict[str, object]:
    """Return what MeOutput shows."""
    return {
        "kind": "member" if actor.user else "access_key",
        "name": actor.user.name if actor.user else getattr(actor.access_key, "name", ""),
        "team": actor.team,
        "role": actor.role,
        "scope": actor.scope,
        "permissions": sorted(GRANTS.get(actor.role, frozenset())),
    }
