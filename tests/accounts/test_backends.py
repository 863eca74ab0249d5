"""The person of a session and the person's teams, in one query."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.backends import MemberBackend
from accounts.models import Membership, User
from accounts.roles import Role
from accounts.selectors import get_current_membership
from tests.cast import Cast, client_of, make_cast, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


class TestTheBackend:
    def test_reads_person_and_team_in_one_query(self, cast: Cast, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            user = MemberBackend().get_user(cast.bob.pk)
            assert user is not None
            membership = get_current_membership(user=user, team_id=None)
            assert membership is not None and membership.team.name == "Blue" and membership.user is user

    def test_knows_a_person_without_a_team(self) -> None:
        loner = make_user("Loner")
        found = MemberBackend().get_user(loner.pk)
        assert found == loner and get_current_membership(user=found, team_id=None) is None
        assert client_of(loner).get("/account/").status_code == 200

    def test_knows_nobody_who_is_shut_out_or_unknown(self, cast: Cast) -> None:
        User.objects.filter(pk=cast.bob.pk).update(is_active=False)
        assert MemberBackend().get_user(cast.bob.pk) is None is MemberBackend().get_user(10**9)

    def test_gives_the_chosen_team_and_else_the_first(self, cast: Cast) -> None:
        Membership.objects.create(user=cast.bob, team=cast.other_team, role=Role.OWNER)
        user = MemberBackend().get_user(cast.bob.pk)
        assert user is not None
        teams = [get_current_membership(user=user, team_id=team) for team in (None, cast.other_team.pk, 10**9)]
        assert [one and one.team.name for one in teams] == ["Blue", "Red", "Blue"]

    def test_reads_anew_for_each_request(self, cast: Cast) -> None:
        client = client_of(cast.bob)
        assert client.get("/overview/").status_code == 200
        Membership.objects.filter(user=cast.bob).delete()
        assert client.get("/overview/").status_code == 403
