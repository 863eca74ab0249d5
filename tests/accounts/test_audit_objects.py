"""The audit trail names what it is about, leads to it while it is there, and remembers it when it is gone."""

from __future__ import annotations

import ast
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import record_event
from accounts.models import AuditEvent
from accounts.trail_objects import Touched, find_touched, finders
from accounts.trail_words import KINDS
from analytics.indicators.models import IndicatorTree
from surveys.design.models import Questionnaire
from surveys.sending.models import Campaign
from tests.analytics.dashboard_builders import make_shop
from tests.cast import NOW, Cast, client_of, make_cast, words_of
from tests.project.audit_actions import modules

pytestmark = pytest.mark.django_db
NAMELESS = {"contact", "suppression"}
"""Kinds that stand for a customer: the trail keeps no name of them."""


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def questionnaire(cast: Cast, name: str = "Winter") -> Questionnaire:
    return Questionnaire.objects.create(team=cast.team, name=name, draft={})


def touched(cast: Cast, target: str, name: str | dict[str, str] = "", *, language: str = "en") -> Touched:
    event = record_event(actor=cast.actor(cast.alice), action="x.y", target=target, name=name, at=NOW)
    return find_touched(actor=cast.actor(cast.alice), events=[event], language=language)[event.pk]


class TestAnObject:
    def test_is_named_as_it_was_called_then_and_leads_to_where_it_is_now(self, cast: Cast) -> None:
        made = questionnaire(cast, "Renamed")
        assert touched(cast, f"questionnaire {made.pk}", "Winter") == Touched(
            "Questionnaire “Winter”", f"/questionnaires/{made.pk}/"
        )

    def test_noted_without_a_name_has_the_one_it_has_now(self, cast: Cast) -> None:
        assert touched(cast, f"questionnaire {questionnaire(cast).pk}").text == "Questionnaire “Winter”"

    def test_that_is_gone_keeps_its_name_without_a_link(self, cast: Cast) -> None:
        assert touched(cast, "questionnaire 987654", "Winter") == Touched("Questionnaire “Winter”", is_gone=True)

    def test_of_another_team_has_no_link_and_no_name(self, cast: Cast) -> None:
        foreign = Questionnaire.objects.create(team=cast.other_team, name="Secret", draft={})
        found = touched(cast, f"questionnaire {foreign.pk}")
        assert found.url == "" and "Secret" not in found.text

    def test_with_names_by_language_is_read_in_one_s_own(self, cast: Cast) -> None:
        tree = IndicatorTree.objects.create(team=cast.team, names={"en": "Shop", "zh-hans": "商店"})
        assert touched(cast, f"tree {tree.pk}", tree.names, language="zh-hans").text == "Indicator tree “商店”"
        assert touched(cast, f"tree {tree.pk}", tree.names).url == f"/indicators/{tree.pk}/"

    def test_of_an_unknown_kind_stays_as_it_is(self, cast: Cast) -> None:
        assert touched(cast, "thing 3", "x") == Touched("thing 3")
        assert touched(cast, "") == Touched("")


class TestEveryKind:
    def test_that_the_code_writes_can_be_found_and_said(self) -> None:
        assert kinds_written() <= set(KINDS) and kinds_written() - set(finders) <= {"suppression"}

    def test_is_written_with_a_name_except_for_customers(self) -> None:
        nameless = {kind for kind, names in targets_written() if "name" not in names}
        assert nameless <= NAMELESS


class TestThePages:
    def test_name_a_campaign_and_lead_to_it(self, cast: Cast) -> None:
        shop = make_shop(cast.team)
        campaign = Campaign.objects.create(
            team=cast.team, name="Autumn", questionnaire=shop.version.questionnaire, sender_name="S"
        )
        client_of(cast.dora).post(f"/sendings/{campaign.pk}/cancel/")
        client = client_of(cast.alice)
        for path in ("/account/settings/audit/", "/account/settings/"):
            page = client.get(path).content.decode()
            assert f'<a href="/sendings/{campaign.pk}/">Campaign “Autumn”</a>' in page, path
        campaign.delete()
        assert "Campaign “Autumn” · removed since" in words_of(client.get("/account/settings/audit/"))

    def test_name_the_indicator_that_was_removed(self, cast: Cast) -> None:
        shop = make_shop(cast.team)
        leaf = shop.tree.indicators.get(key="speed")
        leaf.names = {"en": "Speed of service", "zh-hans": "服务速度"}
        leaf.save()
        page_before = client_of(cast.dora).get(f"/indicators/nodes/{leaf.pk}/").content.decode()
        revision = re.search(r'name="revision" value="([^"]*)"', page_before)
        client_of(cast.dora).post(
            f"/indicators/nodes/{leaf.pk}/remove/", {"revision": revision.group(1) if revision else "", "reason": "Not asked any more"}
        )
        assert "Removed an indicator · Speed of service" in words_of(client_of(cast.alice).get("/account/settings/audit/"))

    def test_never_name_a_contact(self, cast: Cast) -> None:
        contact = cast.team.contacts.create(email="zhou@example.com", email_key="zhou@example.com", name="Zhou Min")
        client_of(cast.dora).post(f"/contacts/{contact.pk}/delete/")
        page = words_of(client_of(cast.alice).get("/account/settings/audit/"))
        assert f"Contact {contact.pk} · removed since" in page and "Zhou" not in page and "zhou@" not in page

    def test_ask_once_for_each_kind_however_many_events(self, cast: Cast) -> None:
        client, counts = client_of(cast.alice), []
        for number in range(3):
            made = questionnaire(cast, f"Q{number}")
            record_event(
                actor=cast.actor(cast.alice), action="questionnaire.created", target=f"questionnaire {made.pk}",
                name=made.name, at=timezone.now(),
            )
            with CaptureQueriesContext(connection) as asked:
                client.get("/account/settings/audit/")
            counts.append(len(asked))
        assert len(set(counts)) == 1
        assert AuditEvent.objects.count() >= 3


def targets_written() -> list[tuple[str, set[str]]]:
    """Return the kind of object and the arguments given, of every event the code writes with a plain target."""
    found = []
    for tree in modules():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            given = {keyword.arg or "": keyword.value for keyword in call.keywords}
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            target = given.get("target")
            if name == "record_event" and isinstance(target, ast.JoinedStr) and isinstance(target.values[0], ast.Constant):
                found.append((str(target.values[0].value).strip(), set(given)))
    assert len(found) > 15
    return found


def kinds_written() -> set[str]:
    return {kind for kind, _names in targets_written()}
