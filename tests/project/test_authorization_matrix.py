"""Every route with every role and with another team's ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.access import Actor
from accounts.roles import Role, role_grants
from tests.cast import Cast, api_client, client_of, make_cast, make_key, make_member
from tests.project.route_samples import PUBLIC, RULES, SIGNED_IN, Rule
from tests.project.routes import counting_writes, is_api, walk

pytestmark = pytest.mark.django_db
MISSING = 2**31 - 7
NAMES = sorted(RULES)
PROTECTED = [name for name in NAMES if RULES[name].access not in {PUBLIC, SIGNED_IN}]


@dataclass(frozen=True)
class Caller:
    """One way to come to a route."""

    name: str
    role: str
    client: Client | APIClient
    by_key: bool = False


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def callers(cast: Cast) -> list[Caller]:
    inactive = make_member("Ivan", cast.team, Role.OWNER)
    ivan = client_of(inactive)
    type(inactive).objects.filter(pk=inactive.pk).update(is_active=False)
    keys = [Caller(f"{role} key", role, api_client(make_key(cast.team, role, by=cast.alice)[1]), by_key=True)
            for role in Role.values]
    return [
        Caller("anonymous", "", Client()), Caller("inactive owner", "", ivan),
        Caller("owner", Role.OWNER, client_of(cast.alice)), Caller("designer", Role.DESIGNER, client_of(cast.dora)),
        Caller("manager", Role.MANAGER, client_of(cast.bob)), Caller("scoped manager", Role.MANAGER, client_of(cast.eve)),
        *keys,
    ]


def address(name: str, kwargs: dict[str, Any]) -> str:
    return reverse(name, kwargs=kwargs)


def arguments(rule: Rule, cast: Cast, *, foreign: bool = False) -> dict[str, Any]:
    team, owner = (cast.other_team, cast.charlie) if foreign else (cast.team, cast.alice)
    return rule.build(team, owner) if rule.build else {}


def call(caller: Client | APIClient, method: str, path: str) -> Any:
    """Call with an empty body, over the wire's own rules: forms for pages, JSON for the API."""
    return getattr(caller, method.lower())(path)


def refusal(name: str, rule: Rule, caller: Caller) -> set[int] | None:
    """Return the statuses a caller must get; None where the route is open to the caller."""
    if rule.access == PUBLIC:
        return None
    known = bool(caller.role) and (is_api(name) or not caller.by_key)
    if not known:
        return {401} if is_api(name) else {302}
    if rule.access == SIGNED_IN or role_grants(caller.role, rule.access):
        return None
    return {403}


class TestTheTable:
    def test_names_every_route_and_no_other(self) -> None:
        assert {name for name, _view in walk()} == set(RULES)

    def test_agrees_with_what_the_views_declare(self) -> None:
        for name, view in walk():
            rule = RULES[name]
            declared = getattr(view, "required_permission", None)
            if declared is not None:
                assert declared == rule.access, name
            if is_api(name):
                needed = view.cls.required_permissions
                assert set(needed) >= set(rule.methods), name
                assert needed[rule.methods[0]] == rule.access, name

    def test_would_notice_a_route_without_a_rule(self) -> None:
        assert {name for name, _view in walk()} - (set(RULES) - {"accounts:keys"}) == {"accounts:keys"}


@pytest.mark.parametrize("name", NAMES)
class TestARoute:
    def test_opens_to_the_roles_of_the_table_and_to_nobody_else(self, name: str, cast: Cast, callers: list[Caller]) -> None:
        rule = RULES[name]
        path = ""
        for caller in callers:
            for method in rule.methods:
                # What nobody has written to is as it was.
                path = path or address(name, arguments(rule, cast))
                with counting_writes() as written:
                    reply = call(caller.client, method, path)
                expected = refusal(name, rule, caller)
                seen = f"{caller.name} {method} {path}: {reply.status_code}"
                if expected is None:
                    assert reply.status_code < 500, seen
                    assert reply.status_code not in {401, 403} or rule.access == PUBLIC, seen
                    if method == "GET":
                        assert reply.status_code in rule.statuses, seen
                else:
                    assert reply.status_code in expected, seen
                    assert not written, (seen, written)
                if reply.status_code == 302 and expected == {302}:
                    assert reply["Location"].startswith(reverse("accounts:sign-in")), seen
                path = "" if written else path

    def test_writes_nothing_when_read(self, name: str, cast: Cast, callers: list[Caller]) -> None:
        rule = RULES[name]
        if "GET" not in rule.methods:
            return self.refuses_reading(name, cast)
        path = address(name, arguments(rule, cast))
        for caller in callers:
            for method in ("GET", "HEAD"):
                with counting_writes() as written:
                    call(caller.client, method, path)
                assert written == [], f"{caller.name} {method} {path}"
        return None

    def refuses_reading(self, name: str, cast: Cast) -> None:
        with counting_writes() as written:
            reply = call(client_of(cast.alice), "GET", address(name, arguments(RULES[name], cast)))
        assert (reply.status_code, written[:0]) == (405, []), name


@pytest.mark.parametrize("name", [name for name in PROTECTED if RULES[name].ids])
class TestAnotherTeamsObject:
    def test_looks_as_if_it_were_not_there(self, name: str, cast: Cast) -> None:
        rule = RULES[name]
        callers = [client_of(cast.alice), client_of(cast.dora), client_of(cast.bob)]
        if is_api(name):
            callers += [api_client(make_key(cast.team, role, by=cast.alice)[1]) for role in Role.values]
        roles = [Role.OWNER, Role.DESIGNER, Role.MANAGER] * 2
        theirs = arguments(rule, cast, foreign=True)
        missing = {**theirs, **dict.fromkeys(rule.ids, MISSING)}
        for caller, role in zip(callers, roles, strict=False):
            if not role_grants(role, rule.access):
                continue
            for method in rule.methods:
                with counting_writes() as written:
                    foreign = call(caller, method, address(name, theirs))
                    absent = call(caller, method, address(name, missing))
                assert (foreign.status_code, absent.status_code) == (404, 404), f"{role} {method} {name}"
                assert masked(foreign, address(name, theirs)) == masked(absent, address(name, missing))
                assert written == []

    def test_is_there_for_its_own_team(self, name: str, cast: Cast) -> None:
        rule = RULES[name]
        if rule.methods[0] == "GET":
            path = address(name, arguments(rule, cast, foreign=True))
            assert call(client_of(cast.charlie), "GET", path).status_code in rule.statuses


def masked(reply: Any, path: str) -> str:
    """The body without what differs between any two requests: form tokens, the request's number, the address itself."""
    body = reply.content.decode().replace(path, "").replace(reply["X-Request-Id"], "")
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", body)


@pytest.mark.parametrize("name", [n for n in PROTECTED if "POST" in RULES[n].methods and not is_api(n)])
class TestAForgedForm:
    def test_is_refused_without_its_token(self, name: str, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.alice)
        with counting_writes() as written:
            reply = client.post(address(name, arguments(RULES[name], cast)), headers={"origin": "https://elsewhere.example"})
        assert reply.status_code == 403
        assert [sql for sql in written if "accounts_" in sql and "INSERT" not in sql] == []


class TestAnActor:
    def test_with_an_unknown_role_may_nothing(self, cast: Cast) -> None:
        assert not any(Actor(team=cast.team, role="king").may(rule.access) for rule in RULES.values())
