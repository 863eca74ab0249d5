"""Naming a question as a comment in the indicator tree, as the page of comments tells staff to."""

from __future__ import annotations

import pytest
from django.urls import reverse

from analytics.scoring.services import recompute
from tests.analytics.builders import AT, answer_many, document, make_tree, publish, rating, text
from tests.cast import Cast, client_of
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
ITEMS = ("quality", "design", "attitude", "speed", "overall")


def test_makes_its_words_appear(cast: Cast) -> None:
    why = {"key": "why", "type": "text", "text": text("Why?")}
    nps = {"key": "nps", "type": "nps", "text": text("Recommend?")}
    version = publish(cast.team, document(*(rating(key) for key in ITEMS), nps, why))
    tree = make_tree(version)
    answer_many(version, [{**dict.fromkeys(ITEMS, 4), "why": "Quick and friendly"}] * 12, at=AT)
    client, page = client_of(cast.dora), reverse("indicators:tree", args=[tree.pk])
    recompute(tree=tree, at=AT)
    assert "This survey asks for no comment" in words(client.get("/comments/"))
    assert "Why?" in words(client.get(page))
    reply = client.post(reverse("indicators:role-map", args=[tree.pk]), {"role": "comment", "question": f"{version.questionnaire_id}:why"}, follow=True)
    assert "Saved." in words(reply) and tree.sources.get(role="comment").question_key == "why"
    assert "Quick and friendly" in words(client.get("/comments/")) and "Quick and friendly" in words(client.get("/overview/"))


@pytest.mark.parametrize(("role", "key"), [("comment", "quality"), ("leaf", "why"), ("overall", "why"), ("nps", "why"), ("effort", "why")])
def test_is_only_for_questions_that_are_answered_in_words(cast: Cast, role: str, key: str) -> None:
    why = {"key": "why", "type": "text", "text": text("Why?")}
    version = publish(cast.team, document(*(rating(key) for key in ITEMS), {"key": "nps", "type": "nps", "text": text("Recommend?")}, why))
    tree = make_tree(version)
    before = tree.sources.count()
    reply = client_of(cast.dora).post(
        reverse("indicators:role-map", args=[tree.pk]), {"role": role, "question": f"{version.questionnaire_id}:{key}"}, follow=True
    )
    assert tree.sources.count() == before and "Saved." not in words(reply)
