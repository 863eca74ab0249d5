"""Who a session belongs to: the person, and in the same query the teams the person is in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from accounts.models import Membership, User


class MemberBackend(ModelBackend):
    """Reads person and memberships at once: every page of the staff asks for both."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the active person, `loaded_memberships` filled as of this request; None for anybody else."""
        memberships = list(Membership.objects.filter(user=user_id).select_related("user", "team"))
        if not memberships:
            lonely: User | None = super().get_user(user_id)
            return lonely
        user = memberships[0].user
        for membership in memberships:
            membership.user = user
        user.loaded_memberships = memberships
        return user if self.user_can_authenticate(user) else None
