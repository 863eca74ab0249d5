"""The people of every test: alice owns a team, dora designs, bob reads, charlie belongs elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from types import SimpleNamespace

from django.http import HttpResponse
from django.test import Client
from rest_framework.test import APIClient

from accounts.access import Actor, Scope, actor_for_key, actor_for_membership
from accounts.keys import hash_key, new_key
from accounts.models import AccessKey, Membership, Team, User
from accounts.roles import Role

PASSWORD = "a long test password"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Cast:
    """Two teams. `bob` is a manager who sees everything, `eve` one who sees the East only."""

    team: Team
    other_team: Team
    alice: User
    dora: User
    bob: User
    eve: User
    charlie: User

    def membership(self, user: User) -> Membership:
        """Return the only membership of one of the cast."""
        return Membership.objects.select_related("team", "user").get(user=user)

    def actor(self, user: User) -> Actor:
        """Return the actor that `user` is when signed in."""
        return actor_for_membership(self.membership(user))


def make_team(name: str = "Blue", *, language: str = "en", time_zone: str = "UTC") -> Team:
    """Make a team with a sender, so that it can mail."""
    return Team.objects.create(
        name=name, company_names={"en": f"{name} Company", "zh-hans": f"{name} 公司"}, time_zone=time_zone,
        default_language=language, sender_name=f"{name} Surveys", reply_to=f"care@{name.lower()}.example",
        postal_address="1 Test Street",
    )


def make_user(name: str, *, email: str | None = None, language: str = "en") -> User:
    """Make a person who can sign in with PASSWORD."""
    return User.objects.create_user(
        email or f"{name.lower()}@people.example", PASSWORD, name=name, language=language
    )


def make_member(name: str, team: Team, role: str = Role.MANAGER, scope: Scope | None = None) -> User:
    """Make a person who belongs to `team`."""
    user = make_user(name)
    Membership.objects.create(user=user, team=team, role=role, scope=dict(scope or {}))
    return user


def make_cast() -> Cast:
    """Make both teams and all five people."""
    team, other_team = make_team("Blue"), make_team("Red")
    return Cast(
        team=team, other_team=other_team,
        alice=make_member("Alice", team, Role.OWNER),
        dora=make_member("Dora", team, Role.DESIGNER),
        bob=make_member("Bob", team, Role.MANAGER),
        eve=make_member("Eve", team, Role.MANAGER, {"region": ["East"]}),
        charlie=make_member("Charlie", other_team, Role.OWNER),
    )


def make_key(team: Team, role: str = Role.OWNER, scope: Scope | None = None, *, by: User | None = None) -> tuple[AccessKey, str]:
    """Make an access key; return its row and the key itself. Its use has been noted just now."""
    prefix, key = new_key()
    row = AccessKey.objects.create(
        team=team, name=f"{role} key", role=role, scope=dict(scope or {}), prefix=prefix, key_hash=hash_key(key),
        created_by=by, created_at=NOW, last_used_at=datetime.now(UTC),
    )
    return row, key


def key_actor(team: Team, role: str = Role.OWNER, scope: Scope | None = None) -> Actor:
    """Return the actor of a new key."""
    return actor_for_key(make_key(team, role, scope)[0])


def client_of(user: User | None) -> Client:
    """Return a test client signed in as `user` (None: nobody)."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def api_client(key: str | None = None) -> APIClient:
    """Return an API client that sends `key`."""
    client = APIClient()
    if key is not None:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def words_of(response: HttpResponse) -> str:
    """Return what a reader of a page reads: no tags, no scripts, single spaces."""
    page = re.sub(r"<script.*?</script>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def shows_nan(response: HttpResponse) -> bool:
    """Return whether a page, a drawing in it or an answer of the API shows NaN where nobody typed it.

    What fields hold does not count: it is what was typed, or a form's random token, which may hold the three letters.
    """
    shown = re.sub(r'value="[^"]*"', "", response.content.decode())
    return re.search(r"(?<![\w-])nan(?![\w-])", shown, re.IGNORECASE) is not None


def namespace(**objects: object) -> SimpleNamespace:
    """Bundle the objects a builder made."""
    return SimpleNamespace(**objects)
