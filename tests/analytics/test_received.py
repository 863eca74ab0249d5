"""The list of questionnaires: how many responses each has and when the latest came, cheaply and to whom it may be told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership
from analytics.scoring import received
from analytics.scoring.received import list_received
from analytics.scoring.services import recompute
from surveys.answering.models import Response, ResponseState
from surveys.answering.wake import rows_changed
from surveys.design.hooks import Received
from surveys.design.models import QuestionnaireVersion
from tests.analytics.builders import AT, answer, answer_many, make_tree, publish, sheets, standard_document
from tests.cast import Cast, client_of, words_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(cast: Cast) -> QuestionnaireVersion:
    return publish(cast.team, standard_document())


def told(cast: Cast, version: QuestionnaireVersion) -> Received | None:
    return list_received(cast.actor(cast.dora), [version.questionnaire_id]).get(version.questionnaire_id)


def the_list(cast: Cast, user: Any = None) -> str:
    return words_of(client_of(user or cast.dora).get(reverse("design:list")))


class TestTheNumber:
    def test_is_that_of_the_responses_that_count(self, cast: Cast, version: QuestionnaireVersion) -> None:
        assert told(cast, version) == Received(0, False, None)
        answer_many(version, sheets(7), at=AT)
        Response.objects.create(team=cast.team, questionnaire=version.questionnaire, version=version, language="en")
        Response.objects.create(
            team=cast.team, questionnaire=version.questionnaire, version=version, language="en", is_test=True,
            state=ResponseState.COMPLETE, completed_at=AT + timedelta(days=3),
        )
        found = told(cast, version)
        assert found is not None and (found.responses, found.is_more) == (7, False)
        assert found.latest_at == Response.objects.filter(is_test=False, state="complete").latest("completed_at").completed_at

    def test_is_the_same_once_they_are_sealed_and_after_an_erasure(
        self, cast: Cast, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("analytics.scoring.blocks.SEAL_ROWS", 5)
        tree = make_tree(version)
        answer_many(version, sheets(12), at=AT)
        recompute(tree=tree, at=AT)
        last = answer(version, sheets(1)[0], at=AT + timedelta(days=1))
        assert not Response.objects.filter(block_id=None).exclude(pk=last.pk).exists()
        found = told(cast, version)
        assert found is not None and (found.responses, found.latest_at) == (13, last.completed_at)
        gone = Response.objects.filter(block_id__isnull=False).earliest("id")
        rows_changed(gone.questionnaire_id, [gone.block_id], AT)
        gone.delete()
        recompute(tree=tree, at=AT)
        found = told(cast, version)
        assert found is not None and found.responses == 12 == Response.objects.count()

    def test_ends_where_many_wait_that_nobody_has_sealed(
        self, cast: Cast, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(received, "MOST_WAITING", 5)
        answer_many(version, sheets(5), at=AT)
        found = told(cast, version)
        assert found is not None and (found.responses, found.is_more) == (5, False)
        answer_many(version, sheets(4), at=AT)
        found = told(cast, version)
        assert found is not None and (found.responses, found.is_more) == (5, True)
        assert " 5+ " in the_list(cast)

    def test_is_of_each_questionnaire_alone(
        self, cast: Cast, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("analytics.scoring.blocks.SEAL_ROWS", 4)
        other, third = (publish(cast.team, standard_document(), name=name) for name in ("Other", "Third"))
        for one, sealed, waiting in ((version, 8, 1), (other, 4, 2), (third, 0, 3)):
            answer_many(one, sheets(sealed), at=AT)
            recompute(tree=make_tree(one), at=AT)
            answer_many(one, sheets(waiting), at=AT + timedelta(days=waiting))
        assert Response.objects.filter(block_id__isnull=False).count() == 12
        found = list_received(cast.actor(cast.dora), [version.questionnaire_id, third.questionnaire_id])
        assert found == {
            version.questionnaire_id: Received(9, False, AT + timedelta(days=1)),
            third.questionnaire_id: Received(3, False, AT + timedelta(days=3)),
        }

    def test_costs_one_query_for_all(self, cast: Cast, version: QuestionnaireVersion) -> None:
        others = [publish(cast.team, standard_document(), name=f"Other {n}").questionnaire_id for n in range(3)]
        actor = cast.actor(cast.dora)
        with CaptureQueriesContext(connection) as queries:
            assert len(list_received(actor, [version.questionnaire_id, *others])) == 4
        assert len(queries) == 1


class TestTheList:
    def test_shows_number_and_day(self, cast: Cast, version: QuestionnaireVersion) -> None:
        answer_many(version, sheets(1234), at=AT)
        latest = Response.objects.latest("completed_at").completed_at
        assert latest is not None
        assert f"1,234 {latest.day} {latest:%b %Y}" in the_list(cast)
        cast.dora.language = "zh-hans"
        cast.dora.save()
        with translation.override("zh-hans"):
            page = the_list(cast)
        assert "最近一份答卷" in page and f"1,234 {latest:%Y-%m-%d}" in page

    def test_tells_a_reader_of_a_part_nothing(self, cast: Cast, version: QuestionnaireVersion) -> None:
        answer_many(version, sheets(1234), at=AT)
        Membership.objects.filter(user=cast.dora).update(scope={"region": ["East"]})
        assert "1,234" not in the_list(cast) and told(cast, version) is None

    def test_tells_nobody_of_an_anonymous_one_or_of_another_team(self, cast: Cast, version: QuestionnaireVersion) -> None:
        hidden = publish(cast.team, standard_document(), name="Hidden", is_anonymous=True)
        foreign = publish(cast.other_team, standard_document(), name="Foreign")
        for one in (hidden, foreign):
            answer_many(one, sheets(321), at=AT)
            assert told(cast, one) is None
        page = the_list(cast)
        assert "anonymous: not told" in page and " 321 " not in page
