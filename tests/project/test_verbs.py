"""A page answers the verbs it declares and no other, whatever a request claims."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.cast import Cast, client_of, make_cast
from tests.project.route_samples import RULES, Rule
from tests.project.routes import counting_writes, is_api

pytestmark = pytest.mark.django_db
OTHERS = ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND")
# Links of the public carry no session: a wrong one is not there, whatever is done with it.
REFUSED = {403, 404, 405}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def path_of(name: str, rule: Rule, cast: Cast) -> str:
    return reverse(name, kwargs=rule.build(cast.team, cast.alice) if rule.build else {})


class TestAPage:
    def test_refuses_verbs_that_it_does_not_declare(self, cast: Cast) -> None:
        owner = client_of(cast.alice)
        for name, rule in RULES.items():
            if is_api(name) or name == "home":
                continue
            path = path_of(name, rule, cast)
            with counting_writes() as written:
                found = {verb: owner.generic(verb, path).status_code for verb in OTHERS}
            assert set(found.values()) <= REFUSED and written == [], (name, found, written)

    def test_believes_no_other_verb_than_its_own(self, cast: Cast) -> None:
        """A form or a header that names another verb changes nothing of what happens."""
        owner = client_of(cast.alice)
        for name, rule in RULES.items():
            if is_api(name) or "POST" in rule.methods or name == "home":
                continue
            path = path_of(name, rule, cast)
            reply = owner.post(path, {"_method": "DELETE"}, headers={"X-HTTP-Method-Override": "GET"})
            assert reply.status_code in REFUSED, (name, reply.status_code)

    def test_that_takes_posts_alone_shows_no_head(self, cast: Cast) -> None:
        owner = client_of(cast.alice)
        for name, rule in RULES.items():
            if is_api(name) or rule.methods != ("POST",):
                continue
            path = path_of(name, rule, cast)
            with counting_writes() as written:
                reply = owner.head(path)
            assert reply.status_code in REFUSED, (name, reply.status_code)
            assert written == [], name
