"""Changing trees leaves them computable, and history as it was."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal

import pytest

from analytics.indicators import services
from analytics.indicators.changing import TreeError
from analytics.indicators.models import SourceRole, WeightOrigin
from analytics.indicators.planning import plan_for_document, plan_from_template
from analytics.indicators.selectors import get_weight_set_in_force, list_branches, weights_problem
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.recompute_requests import is_requested
from analytics.scoring.selectors import get_run_of_weight_set, read_period
from analytics.scoring.services import recompute
from surveys.design.checks import check_for_publishing
from surveys.design.document import parse_document
from surveys.design.gallery import TEMPLATES
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    answer_many,
    make_team,
    publish,
    rating,
    sheet,
    standard_document,
    text,
)

pytestmark = pytest.mark.django_db


def node(tree, key):
    return tree.indicators.get(key=key)


def weights(tree):
    return get_weight_set_in_force(tree=tree).weights


def is_whole(tree):
    return weights_problem(nodes=list(tree.indicators.all()), weights=weights(tree)) == ""


class TestAnAddedIndicator:
    def test_shares_equally_among_equals(self, tree):
        services.add_indicator(parent=node(tree, "csi"), key="price", names=text("Price"), user=None, at=AT)
        assert weights(tree)["price"] == pytest.approx(1 / 3) and is_whole(tree)

    def test_leaves_the_others_their_proportions(self, tree):
        services.set_weights(
            parent=node(tree, "csi"), weights={"product": 0.8, "service": 0.2}, user=None, reason="A trial", at=AT
        )
        services.add_indicator(parent=node(tree, "csi"), key="price", names=text("Price"), user=None, at=AT)
        assert weights(tree)["product"] / weights(tree)["service"] == pytest.approx(4) and is_whole(tree)

    @pytest.mark.parametrize(("key", "code"), [("Bad Key", "bad_key"), ("product", "key_taken"), ("1st", "bad_key")])
    def test_needs_a_key_of_its_own(self, tree, key, code):
        with pytest.raises(TreeError) as error:
            services.add_indicator(parent=node(tree, "csi"), key=key, names=text("X"), user=None, at=AT)
        assert error.value.code == code

    def test_cannot_hang_below_a_measured_one(self, tree):
        with pytest.raises(TreeError, match="parent_is_measured"):
            services.add_indicator(parent=node(tree, "quality"), key="x", names=text("X"), user=None, at=AT)


class TestARemovedIndicator:
    def test_leaves_its_weight_to_its_siblings(self, tree):
        services.remove_indicator(indicator=node(tree, "product"), reason="A trial", user=None, at=AT)
        assert weights(tree)["service"] == 1.0 and is_whole(tree)
        assert set(weights(tree)) == {"service", "attitude", "speed"}

    def test_cannot_be_the_top(self, tree):
        with pytest.raises(TreeError, match="root_stays"):
            services.remove_indicator(indicator=node(tree, "csi"), reason="A trial", user=None, at=AT)


class TestAMovedIndicator:
    def test_changes_its_place_among_its_siblings(self, tree):
        services.move_indicator(
            indicator=node(tree, "service"), parent=node(tree, "csi"), position=0, user=None, at=AT
        )
        assert [b.indicator.key for b in list_branches(tree=tree)][:2] == ["csi", "service"]

    def test_brings_the_weights_of_both_families_in_order(self, tree):
        services.move_indicator(
            indicator=node(tree, "speed"), parent=node(tree, "product"), position=9, user=None, at=AT, reason="A trial"
        )
        assert is_whole(tree) and weights(tree)["attitude"] == 1.0

    def test_cannot_hang_below_itself(self, tree):
        services.unmap_question(source=node(tree, "quality").sources.get(), at=AT)
        with pytest.raises(TreeError, match="below_itself"):
            services.move_indicator(
                indicator=node(tree, "product"), parent=node(tree, "quality"), position=0, user=None, at=AT
            )


class TestAMappedQuestion:
    def test_of_overall_satisfaction_stays_outside_the_index(self, tree, version):
        with pytest.raises(TreeError, match="overall_inside_index"):
            services.map_question(
                tree=tree, indicator=node(tree, "quality"), role=SourceRole.LEAF,
                questionnaire=version.questionnaire, question_key="overall", at=AT,
            )

    def test_moves_to_another_leaf(self, tree, version):
        services.map_question(
            tree=tree, indicator=node(tree, "design"), role=SourceRole.LEAF,
            questionnaire=version.questionnaire, question_key="quality", at=AT,
        )
        assert [one.question_key for one in node(tree, "design").sources.order_by("question_key")] == ["design", "quality"]
        assert not node(tree, "quality").sources.exists()

    def test_of_another_team_does_not_exist(self, tree):
        other = publish(make_team("Other"), standard_document())
        with pytest.raises(TreeError, match="unknown_questionnaire"):
            services.map_question(
                tree=tree, indicator=None, role=SourceRole.NPS, questionnaire=other.questionnaire,
                question_key="nps", at=AT,
            )

    def test_beside_another_of_the_same_leaf_counts_alike(self, tree, version):
        services.map_question(
            tree=tree, indicator=node(tree, "design"), role=SourceRole.LEAF,
            questionnaire=version.questionnaire, question_key="quality", at=AT,
        )
        answer_many(version, [sheet(5, 1, 3, 3)] * 10)
        result = read_period(recompute(tree=tree, at=AT).run, period=EVERYTHING, at=AFTERWARDS)
        assert result.node("design").index.value == 50.0 and len(result.node("design").items) == 2


class TestSetWeights:
    @pytest.mark.parametrize(("given", "code"), [
        ({"product": 0.5, "service": 0.6}, "weight_sum"),
        ({"product": 1.0}, "weight_missing"),
        ({"product": -0.5, "service": 1.5}, "weight_negative"),
        ({"product": float("nan"), "service": 1.0}, "weight_not_finite"),
        ({"product": 0.0, "service": 0.0}, "weights_all_zero"),
        ({"product": 0.5, "service": 0.5, "alien": 0.0}, "weight_of_nobody"),
    ])
    def test_refuses_what_is_no_division_of_the_whole(self, tree, given, code):
        with pytest.raises(TreeError) as error:
            services.set_weights(parent=node(tree, "csi"), weights=given, user=None, reason="A trial", at=AT)
        assert error.value.code == code

    def test_starts_a_new_series_and_leaves_the_published_one(self, tree, version):
        answer_many(version, [sheet(5, 5, 1, 1)] * 12)
        before = recompute(tree=tree, at=AT).run
        made = services.set_weights(
            parent=node(tree, "csi"), weights={"product": 0.9, "service": 0.1}, user=None, reason="Board", at=AT
        )
        assert is_requested(tree=tree) and made.origin == WeightOrigin.MANUAL
        after = recompute(tree=tree, at=AT).run
        assert read_period(after, period=EVERYTHING, at=AFTERWARDS).root.index.value == 90.0
        old = get_run_of_weight_set(weight_set=before.weight_set)
        assert read_period(old, period=EVERYTHING, at=AFTERWARDS).root.index.value == 50.0
        assert before.weight_set.number == 1 and made.number == 2

    def test_forgets_weights_under_which_nothing_was_published(self, tree):
        for share in (0.6, 0.7):
            services.set_weights(
                parent=node(tree, "csi"), weights={"product": share, "service": 1 - share}, user=None, reason="A trial", at=AT
            )
        assert tree.weight_sets.count() == 1


class TestATarget:
    @pytest.mark.parametrize("target", ["-1", "100.01", "NaN", "Infinity"])
    def test_lies_on_the_scale(self, tree, target):
        with pytest.raises(TreeError, match="target_out_of_range"):
            services.set_target(indicator=node(tree, "csi"), target=Decimal(target))


def every_node(node):
    return [node, *(below for child in node.children for below in every_node(child))]


TOP = TEMPLATES["relationship"].tree.root.key


class TestThePlan:
    @pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda one: one.key)
    def test_of_every_template_can_be_computed(self, template):
        version = publish(make_team(), template.document)
        for root, roles in (plan_from_template(template.tree), plan_for_document(parse_document(template.document))):
            tree = services.create_tree(
                team=version.questionnaire.team, names=text("T"), root=root, roles=roles,
                questionnaire=version.questionnaire, at=AT,
            )
            assert recompute(tree=tree, at=AT).run is not None

    def test_of_a_template_takes_up_what_was_added_to_it(self):
        raw = deepcopy(TEMPLATES["relationship"].document)
        matrix = next(one for page in raw["pages"] for one in page["questions"] if one["key"] == "service")
        matrix["rows"].append({"key": "service_hours", "text": text("Opening hours")})
        raw["pages"][0]["questions"] += [rating("price"), rating(TOP), {"key": "idea", "type": "text", "text": text("Ideas?")}]
        root, roles = plan_for_document(parse_document(raw))
        before, _roles = plan_from_template(TEMPLATES["relationship"].tree)
        family = next(one for one in every_node(root) if any(child.questions == ("service_hours",) for child in one.children))
        assert family.children[0].questions == (matrix["rows"][0]["key"],)
        assert [child.questions for child in root.children[len(before.children):]] == [("price",), (TOP,)]
        assert "idea" in roles.comment and list(roles.nps) == ["nps"]
        tree = services.create_tree(
            team=(version := publish(make_team(), raw)).questionnaire.team, names=text("T"), root=root, roles=roles,
            questionnaire=version.questionnaire, at=AT,
        )
        assert recompute(tree=tree, at=AT).run is not None

    def test_of_the_template_after_a_service_case_measures_effort(self):
        document = parse_document(TEMPLATES["after_service"].document)
        ease = next(question for question in document.questions() if question.key == "case_ease")
        assert (ease.scale.low, ease.scale.high) == (1, 7)
        assert not [one for one in check_for_publishing(document) if one.code == "scales_differ"]

    def test_of_a_questionnaire_of_our_own_has_a_leaf_per_question(self):
        root, roles = plan_for_document(parse_document(standard_document()))
        assert [child.key for child in root.children] == ["quality", "design", "attitude", "speed"]
        assert list(roles.nps) == ["nps"] and list(roles.overall) == ["overall"]
