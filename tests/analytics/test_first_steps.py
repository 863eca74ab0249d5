"""A team with nothing yet: every page says what it is for and what comes next, to whom may do it and to whom not."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Team
from analytics.dashboards.first_use import get_progress
from analytics.dashboards.next_steps import PURPOSES, next_step
from tests.analytics.builders import answer_many, publish, standard_document
from tests.analytics.dashboard_builders import codes, make_shop
from tests.cast import Cast, client_of, words_of

pytestmark = pytest.mark.django_db
RESULTS = {"comments": "/comments/", "change": "/overview/change/", "weighting": "/weighting/"}
PAGES = ["/overview/", *RESULTS.values(), "/indicators/", "/indicators/weights/"]
STAFF_PAGES = [
    *PAGES, "/indicators/new/", "/questionnaires/", "/contacts/", "/contacts/segments/", "/sendings/", "/sendings/new/",
]


def main_of(client: Client, path: str) -> str:
    reply = client.get(path, follow=True)
    assert reply.status_code == 200
    page = reply.content.decode()
    return page[page.index("<main"):page.index("</main>")]


def named(cast: Cast, name: str, language: str) -> Client:
    user = getattr(cast, name)
    user.language = language
    user.save(update_fields=["language"])
    return client_of(user)


class TestEveryPage:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("name", ["alice", "dora"])
    @pytest.mark.parametrize("path", STAFF_PAGES)
    def test_offers_the_next_step_as_a_button(self, cast: Cast, name: str, language: str, path: str) -> None:
        assert 'class="btn btn-primary" href="/' in main_of(named(cast, name, language), path)

    @pytest.mark.parametrize("path", PAGES)
    def test_tells_a_manager_whom_to_ask_or_where_the_steps_stand(self, cast: Cast, path: str) -> None:
        main = main_of(named(cast, "bob", "en"), path)
        assert "Ask " in main or 'href="/overview/"' in main
        for staff_only in ("/contacts/", "/questionnaires/", "/sendings/", "/indicators/new/"):
            assert f'href="{staff_only}"' not in main

    @pytest.mark.parametrize("page", RESULTS)
    def test_of_results_says_what_it_will_show(self, cast: Cast, page: str) -> None:
        said = words_of(client_of(cast.dora).get(RESULTS[page]))
        assert str(PURPOSES[page].text) in said and "No results yet" in said


class TestTheNextStep:
    def step(self, cast: Cast, name: str = "dora") -> str:
        found = next_step(actor=cast.actor(getattr(cast, name)), progress=get_progress(team=cast.team))
        return found.text if found else ""

    def test_goes_on_as_the_team_does(self, cast: Cast) -> None:
        team: Team = cast.team
        assert self.step(cast) == "Import contacts"
        team.contacts.create(email="a@b.example", email_key="a@b.example")
        assert self.step(cast) == "Publish a questionnaire"
        publish(team, standard_document())
        assert self.step(cast) == "New indicator tree"
        shop = make_shop(team, name="Second survey")
        assert self.step(cast) == "Send it"
        answer_many(shop.version, codes(4, 3))
        assert self.step(cast) == ""

    def test_asks_a_manager_to_ask_owners_and_designers(self, cast: Cast) -> None:
        found = next_step(actor=cast.actor(cast.bob), progress=get_progress(team=cast.team))
        assert found is not None and found.url == ""
        assert {str(cast.alice), str(cast.dora)} <= set(found.ask.split(", "))

    def test_after_answers_from_elsewhere_needs_no_contacts(self, cast: Cast) -> None:
        shop = make_shop(cast.team)
        answer_many(shop.version, codes(4, 3), source="import")
        assert self.step(cast) == ""
