"""The Indicators pages and the API of indicators, runs and values."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from analytics.indicators.hand_weights import percentages
from analytics.indicators.selectors import get_weight_set_in_force
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.services import recompute
from tests.analytics.builders import AT, answer_many, make_dimension, make_tree, publish, sheet, standard_document
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(cast):
    return publish(cast.team, standard_document())


@pytest.fixture
def tree(version):
    return make_tree(version)


def client_of(user) -> Client:
    client = Client()
    assert client.login(username=user.email, password=PASSWORD)
    return client


class TestTheTreePage:
    def test_shows_nodes_weights_and_questions(self, cast, tree):
        page = client_of(cast.dora).get(reverse("indicators:tree", args=[tree.pk])).content.decode()
        for word in ("Product", "quality", "50.0", "25.0", "Weight sets"):
            assert word in page

    def test_offers_a_manager_nothing_to_change(self, cast, tree):
        page = client_of(cast.bob).get(reverse("indicators:tree", args=[tree.pk])).content.decode()
        assert "Product" in page and reverse("indicators:rules", args=[tree.pk]) not in page

    def test_does_not_exist_for_another_team(self, cast, tree):
        client = client_of(cast.charlie)
        node = tree.indicators.get(key="product")
        assert client.get(reverse("indicators:tree", args=[tree.pk])).status_code == 404
        assert client.get(reverse("indicators:indicator", args=[node.pk])).status_code == 404
        for name in ("indicator-add", "indicator-remove", "indicator-move", "indicator-weights", "indicator-map"):
            assert client.post(reverse(f"indicators:{name}", args=[node.pk])).status_code == 404

    def test_a_manager_may_not_post(self, cast, tree):
        node = tree.indicators.get(key="product")
        reply = client_of(cast.bob).post(reverse("indicators:indicator-remove", args=[node.pk]))
        assert reply.status_code == 403 and tree.indicators.filter(key="product").exists()

    def test_costs_the_same_queries_for_a_large_tree(self, cast, tree, django_assert_max_num_queries):
        with django_assert_max_num_queries(40):
            client_of(cast.dora).get(reverse("indicators:tree", args=[tree.pk]))


class TestRenamingATree:
    def rename(self, user, tree, **names):
        return client_of(user).post(reverse("indicators:rename", args=[tree.pk]), names, follow=True)

    def test_changes_its_name_in_both_languages_and_the_trail_keeps_the_old_one(self, cast, tree):
        before = tree.names["en"]
        page = self.rename(cast.dora, tree, name_zh="门店满意度", name_en="Shops").content.decode()
        tree.refresh_from_db()
        assert tree.names == {"zh-hans": "门店满意度", "en": "Shops"} and "<h1>Shops</h1>" in page
        event = AuditEvent.objects.get(action="indicator_tree.renamed")
        assert event.user == cast.dora and event.target_names == tree.names and event.detail["before"]["en"] == before
        trail = client_of(cast.alice).get(reverse("accounts:audit")).content.decode()
        assert "Renamed an indicator tree" in trail and f"formerly “{before}”" in trail

    def test_to_what_it_is_called_changes_nothing(self, cast, tree):
        names = {"name_zh": tree.names["zh-hans"], "name_en": f" {tree.names['en']} "}
        assert "nothing has changed" in self.rename(cast.dora, tree, **names).content.decode()
        assert not AuditEvent.objects.filter(action="indicator_tree.renamed").exists()

    @pytest.mark.parametrize(("given", "sentence"), [
        ({"name_zh": " ", "name_en": ""}, "Give the indicator tree a name"), ({"name_en": "x" * 161}, "at most 160 characters"),
    ])
    def test_without_a_name_or_with_a_long_one_is_refused_in_the_form(self, cast, tree, given, sentence):
        before = tree.names
        reply = self.rename(cast.dora, tree, **given)
        tree.refresh_from_db()
        assert reply.status_code == 422 and sentence in reply.content.decode() and tree.names == before

    def test_in_one_language_alone_leaves_that_name_for_all(self, cast, tree):
        self.rename(cast.dora, tree, name_zh="门店满意度")
        tree.refresh_from_db()
        assert tree.names == {"zh-hans": "门店满意度"}

    def test_is_offered_to_designers_alone(self, cast, tree):
        assert self.rename(cast.bob, tree, name_en="Shops").status_code == 403
        assert self.rename(cast.charlie, tree, name_en="Shops").status_code == 404
        page = client_of(cast.bob).get(reverse("indicators:tree", args=[tree.pk])).content.decode()
        assert reverse("indicators:rename", args=[tree.pk]) not in page


class TestTheScores:
    def answers(self, version, tree, count=40):
        answer_many(version, [sheet(5, 4, 3, 2), sheet(4, 4, 2, 2)] * (count // 2))
        recompute(tree=tree, at=AT)

    def test_of_every_indicator_lead_to_where_they_come_from(self, cast, version, tree):
        self.answers(version, tree)
        run = get_latest_run(tree=tree)
        for user in (cast.bob, cast.dora):
            page = client_of(user).get(reverse("indicators:tree", args=[tree.pk])).content.decode()
            for key, value in (("csi", "56.2"), ("product", "81.2"), ("quality", "87.5"), ("service", "31.2")):
                address = re.escape(reverse("dashboards:value", args=[run.pk]))
                found = re.search(rf'href="({address}\?node={key}&amp;period=[^"]+)"[^>]*>([\d.]+)<', page)
                assert found is not None and found[2] == value
                assert client_of(user).get(found[1].replace("&amp;", "&")).status_code == 200

    def test_stand_on_top_of_an_indicators_own_page(self, cast, version, tree):
        self.answers(version, tree)
        page = client_of(cast.dora).get(reverse("indicators:indicator", args=[tree.indicators.get(key="quality").pk])).content.decode()
        assert 0 < page.index(">87.5</a>") < page.index("Name and target")

    def test_are_not_told_of_too_few(self, cast, version, tree):
        self.answers(version, tree, count=4)
        page = client_of(cast.bob).get(reverse("indicators:tree", args=[tree.pk])).content.decode()
        assert "4 answers. Scores are shown from 10." in page and "value-link" not in page

    def test_of_a_limited_view_are_those_of_its_part(self, cast, version, tree):
        make_dimension(version.questionnaire.team, "region", "East", "North")
        answer_many(version, [sheet(5, 5, 5, 5)] * 20, attributes={"region": "East"})
        answer_many(version, [sheet(1, 1, 1, 1)] * 20, attributes={"region": "North"})
        recompute(tree=tree, at=AT)
        address = reverse("indicators:tree", args=[tree.pk])
        assert ">50.0</a>" in client_of(cast.bob).get(address).content.decode()
        limited = client_of(cast.eve).get(address).content.decode()
        assert ">50.0</a>" not in limited and ">100.0</a>" in limited

    def test_are_left_out_before_the_first_results(self, cast, tree):
        page = client_of(cast.bob).get(reverse("indicators:tree", args=[tree.pk])).content.decode()
        assert ">Score" not in page and "value-link" not in page


class TestEmptyChoices:
    @pytest.mark.parametrize(("language", "words"), [("en", "Choose a questionnaire."), ("zh-hans", "请选择问卷。")])
    def test_are_asked_for_at_the_field(self, cast, version, language, words):
        cast.dora.language = language
        cast.dora.save()
        client = client_of(cast.dora)
        page = client.get(reverse("indicators:new")).content.decode()
        assert "novalidate" in page and "---------" not in page
        reply = client.post(reverse("indicators:new"), {"questionnaire": ""})
        assert reply.status_code == 422 and f'">{words}</p>' in reply.content.decode()

    def test_are_named(self, cast, tree):
        page = client_of(cast.dora).get(reverse("indicators:indicator", args=[tree.indicators.get(key="quality").pk])).content.decode()
        assert "Choose an indicator" in page and "Choose a question" in page
        assert "---------" not in page and '<option value="">–' not in page

    def test_names_the_score_vector_to_a_manager(self, cast, tree):
        page = client_of(cast.bob).get(reverse("indicators:tree", args=[tree.pk])).content.decode()
        assert "Score vector Linear: lowest 0" in page and "Score vector linear" not in page


class TestEditing:
    def test_a_new_tree_is_proposed_from_the_questionnaire(self, cast, version):
        client = client_of(cast.dora)
        reply = client.post(reverse("indicators:new"), {"questionnaire": version.questionnaire_id})
        tree = version.questionnaire.team.indicator_trees.get()
        assert reply.status_code == 302 and tree.indicators.count() == 5
        assert AuditEvent.objects.filter(action="indicator_tree.created", user=cast.dora).exists()

    def test_weights_that_do_not_add_up_come_back_with_a_sentence(self, cast, tree):
        node = tree.indicators.get(key="csi")
        address = reverse("indicators:indicator-weights", args=[node.pk])
        reply = client_of(cast.dora).post(address, {"w_product": "70", "w_service": "40", "reason": "A trial"})
        assert reply.status_code == 422 and "add up to 110" in reply.content.decode()
        assert get_weight_set_in_force(tree=tree).number == 1

    def test_weights_are_set(self, cast, tree):
        node = tree.indicators.get(key="csi")
        address = reverse("indicators:indicator-weights", args=[node.pk])
        reply = client_of(cast.dora).post(address, {"w_product": "70.5", "w_service": "29.5", "reason": "Panel"})
        assert reply.status_code == 302
        assert get_weight_set_in_force(tree=tree).weights["product"] == 0.705

    def test_a_key_that_is_taken_comes_back_with_a_sentence(self, cast, tree):
        node = tree.indicators.get(key="csi")
        address = reverse("indicators:indicator-add", args=[node.pk])
        reply = client_of(cast.dora).post(address, {"key": "product", "name_en": "Again"})
        assert reply.status_code == 422 and "already has this key" in reply.content.decode()

    def test_names_and_target_are_saved(self, cast, tree):
        node = tree.indicators.get(key="csi")
        address = reverse("indicators:indicator", args=[node.pk])
        client_of(cast.dora).post(address, {"name_zh": "指数", "name_en": "Index", "target": "82.5"})
        node.refresh_from_db()
        assert node.names == {"zh-hans": "指数", "en": "Index"} and str(node.target) == "82.50"

    def test_a_question_is_mapped_and_unmapped(self, cast, tree, version):
        client = client_of(cast.dora)
        leaf = tree.indicators.get(key="quality")
        client.post(reverse("indicators:source-remove", args=[leaf.sources.get().pk]))
        assert not leaf.sources.exists()
        question = f"{version.questionnaire_id}:quality"
        client.post(reverse("indicators:indicator-map", args=[leaf.pk]), {"role": "leaf", "question": question})
        assert leaf.sources.get().question_key == "quality"

    def test_a_shift_moves_one_place(self, cast, tree):
        node = tree.indicators.get(key="service")
        client_of(cast.dora).post(reverse("indicators:indicator-shift", args=[node.pk]), {"direction": "up"})
        assert [one.key for one in tree.indicators.filter(parent__key="csi")] == ["service", "product"]

    @pytest.mark.parametrize("weights", [[1 / 3] * 3, [1 / 7] * 7, [0.1, 0.2, 0.7], [1.0]])
    def test_shares_are_written_so_that_they_add_up(self, weights):
        assert sum(percentages(weights)) == 100


class TestTheApi:
    @pytest.fixture
    def run(self, cast, version, tree):
        make_dimension(cast.team, "region", "East", "West")
        answer_many(version, [sheet(5, 5, 5, 5, 10, 5)] * 12, attributes={"region": "East"})
        answer_many(version, [sheet(1, 1, 1, 1, 0, 1)] * 15, attributes={"region": "West"})
        return recompute(tree=tree, at=AT).run

    def values(self, user, run, **query):
        return client_of(user).get(f"/api/v1/runs/{run.pk}/values/", query)

    def test_serves_every_value_with_n_interval_metric_and_weights(self, cast, run):
        body = self.values(cast.bob, run).json()
        (result,) = body["results"]
        root = result["nodes"][0]
        assert root["index"]["metric"] == "index" and root["index"]["n"] == 27
        assert root["index"]["low"] < root["index"]["value"] < root["index"]["high"]
        assert body["weight_set"] == run.weight_set_id

    def test_narrows_to_the_scope_of_the_caller(self, cast, run):
        (result,) = self.values(cast.eve, run).json()["results"]
        assert result["responses"] == 12 and result["nodes"][0]["index"]["value"] == 100.0
        (only,) = self.values(cast.eve, run, dimension="region").json()["results"]
        assert only["level"] == "East"

    def test_shows_no_value_under_ten_answers(self, cast, run):
        (result,) = self.values(cast.bob, run, period="1999").json()["results"]
        assert result["nodes"][0]["index"]["value"] is None and result["nodes"][0]["index"]["status"] == "none"

    @pytest.mark.parametrize("query", [
        {"period": "2026-13"}, {"period": "x"}, {"grain": "range"}, {"grain": "month", "last": "0"},
        {"dimension": "planet"}, {"filter": "region"},
    ])
    def test_answers_bad_questions_with_a_sentence(self, cast, run, query):
        reply = self.values(cast.bob, run, **query)
        assert reply.status_code == 400 and reply.json()["fields"]

    def test_trees_and_runs_of_another_team_do_not_exist(self, cast, run, tree):
        assert self.values(cast.charlie, run).status_code == 404
        assert client_of(cast.charlie).get(f"/api/v1/indicators/{tree.pk}/").status_code == 404
        assert client_of(cast.charlie).get("/api/v1/runs/").json()["results"] == []

    def test_describes_the_tree(self, cast, tree):
        body = client_of(cast.bob).get(f"/api/v1/indicators/{tree.pk}/").json()
        assert [node["key"] for node in body["indicators"]][:2] == ["csi", "product"]
        assert body["indicators"][1]["weight"] == 0.5 and body["problems"] == []

    def test_sets_weights(self, cast, tree):
        address = f"/api/v1/indicators/{tree.pk}/weight-sets/"
        given = {"parent": "csi", "weights": {"product": 0.25, "service": 0.75}, "reason": "API"}
        dora, bob = client_of(cast.dora), client_of(cast.bob)
        assert bob.post(address, given, content_type="application/json").status_code == 403
        assert dora.post(address, given, content_type="application/json").status_code == 201
        given["weights"]["product"] = 0.5
        assert dora.post(address, given, content_type="application/json").status_code == 400
        assert get_weight_set_in_force(tree=tree).weights["service"] == 0.75

    def test_explains_every_metric(self, cast):
        body = client_of(cast.bob).get("/api/v1/metrics/").json()
        assert {"index", "nps", "satisfied_share"} <= {one["id"] for one in body}
