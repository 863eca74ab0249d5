"""How many API requests a key, a member or a stranger's address may make."""

from __future__ import annotations

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.api_permissions import get_actor

logger = logging.getLogger(__name__)


class ActorThrottle(SimpleRateThrottle):
    """Count by access key, else by member, else by the address that our own proxy saw.

    This is fairness between callers and lives in the cache: with the cache gone it lets requests
    pass. Sign-in is limited in the database instead, see `accounts.limits`.
    """

    scope = "actor"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Return whose bucket this request falls into."""
        actor = get_actor(request)
        if actor is not None and actor.access_key is not None:
            return f"throttle:key:{actor.access_key.pk}"
        if request.user and request.user.is_authenticated:
            return f"throttle:user:{request.user.pk}"
        return f"throttle:address:{request.META.get('REMOTE_ADDR', '')}"

    def allow_request(self, request: Request, view: Any) -> bool:
        """Tell whether the request may go on."""
        try:
            return super().allow_request(request, view)
        except RedisError:
            logger.warning("The cache does not answer: API requests are not being counted.")
            return True
