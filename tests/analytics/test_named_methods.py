"""Every method of the index is a named metric on a page and in the API; the trend and the charts are in the API."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from django.db import transaction

from analytics.indicators.planning import plan_from_template
from analytics.indicators.services import PlannedNode, create_tree, map_question
from analytics.scoring.effort import effort_of
from analytics.scoring.periods import EVERYTHING, wave
from analytics.scoring.registry import METRICS
from analytics.scoring.selectors import get_latest_run, read_period
from analytics.scoring.services import recompute
from surveys.design.gallery import TEMPLATES
from tests.analytics.airport_builders import make_airport
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    ITEMS,
    answer_many,
    document,
    make_team,
    make_tree,
    publish,
    rating,
    text,
)
from tests.analytics.dashboard_builders import codes, make_shop
from tests.cast import api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

ANSWERS = [4, 6, 10, 20, 45, 70, 45]


def name_effort(tree, version):
    map_question(tree=tree, role="effort", questionnaire=version.questionnaire, question_key="easy", at=AT)


@pytest.fixture
def easy(db):
    """A leaf with one question of seven points."""
    cast = make_cast()
    version = publish(cast.team, document(rating("easy", 7), {"key": "nps", "type": "nps", "text": text("Recommend?")}))
    plan = PlannedNode("csi", text("Index"), children=(PlannedNode("effort", text("Effort"), questions=("easy",)),))
    tree = make_tree(version, plan)
    name_effort(tree, version)
    given = [{"easy": code} for code, count in enumerate(ANSWERS, 1) for _ in range(count)]
    answer_many(version, given, at=datetime(2026, 5, 1, tzinfo=UTC))
    return cast, recompute(tree=tree, at=AT).run


class TestCustomerEffort:
    def test_is_the_reference_in_all_three_conventions(self, easy):
        _, run = easy
        (item,) = read_period(run, period=EVERYTHING, at=AFTERWARDS).node("effort").items
        found = effort_of(item)
        assert (found.mean.value, found.agreeing.value, found.net.value) == pytest.approx((5.43, 0.8, 70.0))
        assert found.mean.standard_error == pytest.approx(0.099, abs=5e-4)
        assert (found.agreeing.low, found.agreeing.high) == pytest.approx((0.739, 0.850), abs=5e-4)
        assert [found.mean.metric, found.agreeing.metric, found.net.metric] == ["ces_mean", "ces_agreeing", "ces_net"]

    def test_is_named_on_the_page_in_both_languages(self, easy):
        cast, run = easy
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=effort"))
        for said in ("Customer effort score, mean 5.43", "Customer effort score, share who agree 80.0%",
                     "Customer effort score, net +70"):
            assert said in page
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        assert "客户费力度得分（净值）" in words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=effort"))

    def test_is_in_the_api_by_metric(self, easy):
        cast, run = easy
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/value/?node=effort").json()
        effort = reply["node"]["items"][0]["effort"]
        assert effort["net"]["metric"] == "ces_net" and effort["net"]["value"] == pytest.approx(70)

    def test_is_of_no_other_scale(self, db):
        shop = make_shop(make_cast().team)
        answer_many(shop.version, codes(4, 40), at=datetime(2018, 5, 1, tzinfo=UTC))
        shop.compute()
        result = read_period(get_latest_run(tree=shop.tree), period=EVERYTHING, at=AFTERWARDS)
        assert [effort_of(item) for node in result.nodes for item in node.items] == [None] * 4

    def test_is_of_no_question_that_nobody_named_as_one(self, easy):
        cast, run = easy
        run.tree.sources.filter(role="effort").delete()
        later = recompute(tree=run.tree, at=AFTERWARDS).run
        assert later.pk != run.pk
        page = words(client_of(cast.bob).get(f"/runs/{later.pk}/value/?node=effort"))
        assert "ustomer effort score" not in page and "5.43" in page
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{later.pk}/value/?node=effort").json()
        assert reply["node"]["items"][0]["effort"] is None
        (item,) = read_period(later, period=EVERYTHING, at=AFTERWARDS).node("effort").items
        assert effort_of(item) is None

    def test_is_named_on_the_page_of_the_tree(self, easy):
        cast, run = easy
        run.tree.sources.filter(role="effort").delete()
        client, path = client_of(cast.dora), f"/indicators/{run.tree_id}/"
        questionnaire = run.tree.sources.get(role="leaf").questionnaire_id
        page = client.get(path).content.decode().split('id="question-effort"')[1].split("</select>")[0]
        assert f'value="{questionnaire}:easy"' in page and ":nps" not in page
        client.post(f"{path}questions/", {"role": "effort", "question": f"{questionnaire}:easy"})
        assert run.tree.sources.filter(role="effort", question_key="easy").exists()

    def test_comes_with_the_template_that_asks_for_it(self):
        _, roles = plan_from_template(TEMPLATES["after_service"].tree)
        assert roles.effort == ["case_ease"]
        assert all(not plan_from_template(one.tree)[1].effort for key, one in TEMPLATES.items() if key != "after_service")

    def test_is_not_shown_where_the_question_is_not(self, db):
        cast = make_cast()
        version = publish(cast.team, document(rating("easy", 7)))
        plan = PlannedNode("csi", text("Index"), questions=("easy",))
        tree = create_tree(team=cast.team, names=text("Tree"), root=plan, at=AT, questionnaire=version.questionnaire)
        name_effort(tree, version)
        answer_many(version, [{"easy": 5}] * 4, at=datetime(2026, 5, 1, tzinfo=UTC))
        (item,) = read_period(recompute(tree=tree, at=AT).run, period=EVERYTHING, at=AFTERWARDS).root.items
        assert effort_of(item).net.value is None and effort_of(item).net.n == 4


@pytest.mark.django_db
def test_every_method_of_the_index_is_a_metric_of_the_api():
    reply = api_client(make_key(make_cast().team)[1]).get("/api/v1/metrics/").json()
    named = {one["id"] for one in reply}
    assert named == set(METRICS)
    assert {"index", "index_items", "satisfied_share", "dissatisfied_share", "level_share", "mean", "nps", "ces_mean",
            "ces_agreeing", "ces_net", "change", "response_rate"} <= named


@pytest.mark.django_db
def test_the_share_of_an_indicator_has_another_name_than_that_of_its_only_question():
    """On seven points the two best levels and the two best answers are not the same people."""
    cast = make_cast()
    version = publish(cast.team, document(
        *(rating(key, 7) for key in ("overall", *ITEMS)), {"key": "nps", "type": "nps", "text": text("Recommend?")},
    ))
    tree = make_tree(version)
    answer_many(version, [dict.fromkeys((*ITEMS, "overall"), 4 + number % 3) for number in range(60)])
    recompute(tree=tree, at=AT)
    leaf = read_period(get_latest_run(tree=tree), period=EVERYTHING, at=AFTERWARDS).node("quality")
    (item,) = leaf.items
    assert [(one.satisfied.metric, round(one.satisfied.value, 3)) for one in (leaf, item)] == [
        ("satisfied_levels", 0.667), ("satisfied_share", 0.333)]
    assert METRICS["satisfied_levels"].name != METRICS["satisfied_share"].name


@pytest.fixture(scope="module")
def airport(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        team = make_team("Airport")
        recompute(tree=make_airport(team, ("2014", "2015", "2016", "2017", "2018")), at=AT)
        yield team
        transaction.set_rollback(True)


@pytest.mark.django_db
class TestTheApiOfAChange:
    def test_has_the_trend_over_five_waves(self, airport):
        reply = api_client(make_key(airport)[1]).get("/api/v1/changes/").json()
        run = airport.runs.first()
        index = [read_period(run, period=wave(str(year)), at=AFTERWARDS).root.index for year in range(2014, 2019)]
        t, y = np.arange(5.0), np.array([one.value for one in index])
        precision = np.array([one.standard_error for one in index]) ** -2
        centred = t - precision @ t / precision.sum()
        slope = (precision * centred) @ y / (precision @ centred**2)
        assert reply["trend"]["periods"] == 5 and reply["trend"]["slope"] == pytest.approx(slope, rel=1e-9)
        assert reply["trend"]["slope_error"] == pytest.approx((precision @ centred**2) ** -0.5, rel=1e-9)
        assert "Over 5 periods the index moved" in reply["trend"]["explanation"]

    def test_says_why_there_are_no_limits(self, airport):
        reply = api_client(make_key(airport)[1]).get("/api/v1/changes/").json()
        assert {one["kind"] for one in reply["controls"]} == {"xmr", "score", "p", "laney"}
        assert {one["explanation"] for one in reply["controls"]} == {"5 periods can be shown; 12 are needed."}

    def test_has_the_limits_over_twelve_months(self, db):
        cast = make_cast()
        shop = make_shop(cast.team)
        for month in range(1, 13):
            answer_many(shop.version, codes(4 if month != 7 else 2, 40 + month), at=datetime(2019, month, 3, tzinfo=UTC))
        shop.compute()
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/changes/?period=2019-12").json()
        for one in reply["controls"]:
            assert len(one["points"]) == 12 and one["reason"] == ""
        p, laney = (next(c for c in reply["controls"] if c["kind"] == kind) for kind in ("p", "laney"))
        assert laney["sigma_z"] > 1 and any(point["is_beyond"] for point in p["points"])
