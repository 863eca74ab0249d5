"""The audit trail in words: nothing is shown under its name in the code."""

from __future__ import annotations

import ast
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.audit import record_event
from accounts.trail_words import ACTIONS, FACTS, say_action, say_facts, say_object
from tests.cast import NOW, Cast, client_of, make_cast
from tests.project.audit_actions import UnreadableActionError, actions_of, modules

HAN = re.compile(r"[一-鿿]")
WRITTEN = sorted(actions_of(modules()))


class TestTheWords:
    @pytest.mark.parametrize("action", WRITTEN)
    def test_say_each_action_of_the_code_in_both_languages(self, action: str) -> None:
        with translation.override("en"):
            english = say_action(action)
        with translation.override("zh-hans"):
            chinese = say_action(action)
        assert english != action and not HAN.search(english)
        assert HAN.search(chinese), f"{action} is not said in Chinese"

    def test_name_no_action_that_nobody_writes(self) -> None:
        assert sorted(set(ACTIONS) - set(WRITTEN)) == [] and sorted(set(FACTS) - set(WRITTEN)) == []

    def test_say_roles_and_settings_as_the_pages_do(self) -> None:
        with translation.override("zh-hans"):
            assert say_facts("member.changed", {"from": "manager", "to": "designer"}) == "由管理者改为设计者"
        with translation.override("en"):
            assert say_facts("team.changed", {"fields": ["company_names", "reply_to"]}) == (
                "Company name in English, Replies go to")

    def test_leave_out_facts_that_were_not_noted(self) -> None:
        assert say_facts("questionnaire.published", {}) == "" and say_facts("session.started", {"a": 1}) == ""

    def test_name_objects(self) -> None:
        with translation.override("zh-hans"):
            assert say_object("questionnaire 12", "") == "问卷 12"
            assert say_object("questionnaire 12", "冬季") == "问卷“冬季”"
        assert say_object("user 3", "Alice") == "Alice"
        assert say_object("something 3", "x") == "something 3"

    def test_name_an_indicator_in_the_reader_s_language_or_by_its_key(self) -> None:
        names = {"en": "Speed", "zh-hans": "速度"}
        with translation.override("zh-hans"):
            assert say_facts("indicator.removed", {"key": "speed", "indicator": names}) == "速度"
        assert say_facts("indicator.removed", {"key": "speed"}) == "speed"


@pytest.mark.django_db
class TestTheTrail:
    @pytest.mark.parametrize("language, words", [
        ("en", ["Published a questionnaire", "version 4", "Questionnaire 7", "as Manager", "Bob"]),
        ("zh-hans", ["发布问卷", "第 4 版", "问卷 7", "角色：管理者", "Bob"]),
    ])
    def test_reads_as_sentences(self, language: str, words: list[str]) -> None:
        cast = make_cast()
        cast.alice.language = language
        cast.alice.save()
        actor = cast.actor(cast.alice)
        record_event(actor=actor, action="questionnaire.published", target="questionnaire 7", detail={"version": 4}, at=NOW)
        record_event(actor=actor, action="member.joined", target=f"user {cast.bob.pk}", detail={"role": "manager"}, at=NOW)
        text = client_of(cast.alice).get("/account/settings/audit/").content.decode()
        assert [word for word in words if word not in text] == []
        assert "questionnaire.published" not in text and "member.joined" not in text

    def test_asks_the_database_as_often_for_many_events_as_for_one(self, cast: Cast) -> None:
        client, counts = client_of(cast.alice), []
        for _round in range(2):
            for user in (cast.alice, cast.bob, cast.dora) * 4:
                record_event(actor=cast.actor(user), action="session.started", target=f"user {user.pk}", at=NOW)
            with CaptureQueriesContext(connection) as asked:
                client.get("/account/settings/audit/")
            counts.append(len(asked))
        assert counts[0] == counts[1]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


class TestTheSearch:
    def test_finds_constants_choices_and_what_is_handed_on(self) -> None:
        source = '''
def _note(request, action):
    record_event(actor=request, action=action)
def save(request, is_new):
    _note(request, "thing.saved")
    record_event(actor=request, action="thing.made" if is_new else "thing.changed")
'''
        assert actions_of([ast.parse(source)]) == {"thing.saved", "thing.made", "thing.changed"}

    def test_refuses_an_action_that_is_computed(self) -> None:
        with pytest.raises(UnreadableActionError):
            actions_of([ast.parse('def f(name):\n    record_event(action="thing." + name)')])

    def test_looks_into_every_room(self) -> None:
        rooms = {"session.started", "questionnaire.published", "campaign.paused", "contacts.imported", "weights.chosen",
                 "weighting.saved", "responses.imported", "password.reset", "panel.closed"}
        assert rooms <= set(WRITTEN)
