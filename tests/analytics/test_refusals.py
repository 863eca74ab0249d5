"""A run that could not be made: what pages and the API say of it, and that the run before it goes on standing."""

from __future__ import annotations

import pytest
from django.utils import timezone, translation

from analytics.dashboards.stamp import present_refusal, present_stamp
from analytics.indicators.selectors import get_weight_set_in_force
from analytics.indicators.services import set_rules
from analytics.scoring.definition import DefinitionError
from analytics.scoring.models import Run, TreeState
from analytics.scoring.recompute_requests import request_recompute
from analytics.scoring.refusals import FAILED_TIMES, REASONS, Refusal, get_refusal, refusal_sentence
from analytics.scoring.selectors import freshness
from tests.analytics.builders import answer_many, document, publish_again, rating
from tests.analytics.dashboard_builders import Shop, codes, make_shop
from tests.cast import api_client, client_of, make_key, words_of

pytestmark = pytest.mark.django_db
DETAILS = {"low": 1, "high": 7, "question": "q", "questionnaire": "Q", "attempts": 3}


def spoil(shop: Shop) -> None:
    """Choose scores for five points, and ask one question on seven."""
    set_rules(tree=shop.tree, score_vector="times20", coverage=50, user=None, reason="Agreed", at=timezone.now())
    publish_again(shop.version.questionnaire, document(rating("quality", 7)))
    shop.compute()


class TestARefusedRun:
    def test_leaves_the_run_before_it_standing(self, shop):
        before = Run.objects.get(tree=shop.tree)
        spoil(shop)
        assert Run.objects.get(tree=shop.tree) == before
        assert get_refusal(tree=shop.tree) == Refusal(
            "vector_does_not_fit", {"question": "quality", "questionnaire": "Survey", "low": 1, "high": 7}
        )

    def test_is_forgotten_when_a_run_is_made_again(self, shop):
        spoil(shop)
        set_rules(tree=shop.tree, score_vector="linear", coverage=50, user=None, reason="Agreed", at=timezone.now())
        shop.compute()
        assert get_refusal(tree=shop.tree) is None
        assert Run.objects.filter(tree=shop.tree).count() == 2


@pytest.mark.parametrize("name", ["bob", "dora", "alice"])
class TestTheOverview:
    def test_says_in_the_stamp_and_in_a_notice_what_is_wrong_and_what_to_do(self, cast, shop, name):
        spoil(shop)
        page = words_of(client_of(getattr(cast, name)).get("/overview/", follow=True))
        assert "Not refreshed since" in page
        assert page.count("the score vector does not fit the scale 1–7 of the question “quality” of “Survey”") == 2
        assert "Choose another score vector under “Rules” on the page “Indicators”" in page
        assert "The figures shown are those of the last run." in page and "Satisfaction index" in page

    def test_leads_to_the_place_only_who_may_mend_it(self, cast, shop, name):
        spoil(shop)
        page = client_of(getattr(cast, name)).get("/overview/", follow=True).content.decode()
        notice = page[page.index('data-live-region="refused"'):page.index('data-live-region="results"')]
        assert (f"/indicators/{shop.tree.pk}/" in notice) == (name != "bob")


class TestPages:
    @pytest.mark.parametrize("path", ["/comments/", "/overview/change/", "/weighting/"])
    def test_with_results_all_say_so(self, cast, shop, path):
        spoil(shop)
        assert "does not fit the scale" in words_of(client_of(cast.bob).get(path, follow=True))

    def test_of_indicators_and_weights_say_so(self, cast, shop):
        spoil(shop)
        client = client_of(cast.dora)
        for path in (f"/indicators/{shop.tree.pk}/", "/indicators/?all=1", f"/indicators/{shop.tree.pk}/weights/"):
            page = words_of(client.get(path, follow=True))
            assert "The results are not refreshed: the score vector does not fit" in page, path

    def test_say_nothing_while_all_is_well(self, cast, shop):
        for path in ("/overview/", "/comments/", "/overview/change/", "/indicators/?all=1"):
            assert "not refreshed" not in words_of(client_of(cast.bob).get(path, follow=True))

    def test_before_the_first_run_say_why_there_is_none(self, cast):
        shop = make_shop(cast.team)
        answer_many(shop.version, codes(4, 12))
        shop.tree.weight_sets.all().delete()
        shop.compute()
        page = words_of(client_of(cast.alice).get("/overview/"))
        assert "No results: the tree has no weights in force" in page
        assert "Set or choose weights on the page “Weights”." in page and "The figures shown" not in page

    def test_kept_in_memory_is_written_anew_when_a_run_is_refused(self, cast, shop):
        client = client_of(cast.bob)
        assert "Not refreshed" not in words_of(client.get("/overview/", follow=True))
        spoil(shop)
        assert "Not refreshed" in words_of(client.get("/overview/", follow=True))


class TestTheLiveStamp:
    def test_makes_an_open_page_look_again_though_the_run_is_the_same(self, cast, shop):
        client = client_of(cast.bob)
        before = client.get("/overview/live/").json()["run"]
        spoil(shop)
        now = client.get("/overview/live/").json()
        assert now["run"] == f"{before}-vector_does_not_fit" and now["is_stale"]
        assert f'data-live-run="{now["run"]}"' in client.get("/overview/", follow=True).content.decode()


class TestTheApi:
    def test_of_the_overview_names_it(self, cast, shop):
        client = api_client(make_key(cast.team)[1])
        assert client.get("/api/v1/overview/").json()["freshness"]["refusal"] is None
        spoil(shop)
        said = client.get("/api/v1/overview/", headers={"Accept-Language": "zh-hans"}).json()["freshness"]["refusal"]
        assert said["code"] == "vector_does_not_fit"
        assert said["message"].startswith("结果未更新：计分向量与“Survey”题目“quality”的量表 1–7 不符。请")

    def test_of_the_tree_lists_it_first_with_a_sentence(self, cast, shop):
        spoil(shop)
        problems = api_client(make_key(cast.team)[1]).get(f"/api/v1/indicators/{shop.tree.pk}/").json()["problems"]
        assert (problems[0]["code"], problems[0]["is_blocking"]) == ("vector_does_not_fit", True)
        assert all(problem["message"] for problem in problems)


class TestAComputationThatKeepsBreakingOff:
    def test_is_told_after_a_few_attempts_and_only_while_something_waits(self, shop):
        request_recompute(trees=[shop.tree.pk], at=timezone.now())
        state = TreeState.objects.filter(tree=shop.tree)
        state.update(attempts=FAILED_TIMES - 1)
        assert get_refusal(tree=shop.tree) is None
        state.update(attempts=FAILED_TIMES)
        found = freshness(tree=shop.tree)
        assert found.refusal == Refusal("keeps_failing", {"attempts": FAILED_TIMES})
        assert "broken off 3 times" in present_stamp(found, at=timezone.now()).text
        shop.compute()
        assert get_refusal(tree=shop.tree) is None


class TestTheWords:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("code", REASONS)
    def test_exist_for_every_reason(self, code, language, shop):
        with translation.override(language):
            refusal = Refusal(code, DETAILS)
            said = refusal_sentence(refusal)
            assert code not in said and "%" not in said.replace("100 %", "").replace("100%", "")
            assert present_refusal(refusal, shop.tree).text == said

    def test_exist_for_every_code_a_definition_is_refused_with(self, shop):
        in_force = get_weight_set_in_force(tree=shop.tree)
        for weights in ({}, dict.fromkeys(in_force.weights, -1.0), dict.fromkeys(in_force.weights, 0.0),
                        dict.fromkeys(in_force.weights, 0.4)):
            in_force.weights = weights
            in_force.save(update_fields=["weights"])
            shop.compute()
            assert get_refusal(tree=shop.tree).code in REASONS

    def test_of_a_newer_version_are_its_code(self):
        assert "something_new" in refusal_sentence(Refusal("something_new", {}))
        assert str(DefinitionError("something_new")) == "something_new"
