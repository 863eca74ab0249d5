"""Putting indicators elsewhere: dropped, or one place up or down, by a page with script or without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from accounts.models import AuditEvent
from analytics.indicators.changing import TreeError
from analytics.indicators.models import Indicator, IndicatorTree, WeightSet
from analytics.indicators.placing import place_indicator, shift_indicator
from analytics.indicators.selectors import get_weight_set_in_force
from analytics.indicators.services import add_indicator, remove_indicator, set_weights
from analytics.indicators.undoing import undo_move
from analytics.indicators.weight_choice import choose_weight_set
from analytics.scoring.services import recompute
from tests.analytics.builders import AT, make_tree, publish, standard_document, text
from tests.cast import Cast, client_of

pytestmark = pytest.mark.django_db
FETCH = {"x-requested-with": "fetch"}


@pytest.fixture
def tree(cast: Cast) -> IndicatorTree:
    return make_tree(publish(cast.team, standard_document()))


def node(tree: IndicatorTree, key: str) -> Indicator:
    return tree.indicators.select_related("tree", "parent").get(key=key)


def place(tree: IndicatorTree, key: str, where: str, target: str, revision: int | None = None, reason: str = "A trial") -> Any:
    tree.refresh_from_db()
    return place_indicator(
        indicator=node(tree, key), target_id=node(tree, target).pk, where=where, user=None, at=AT,
        revision=tree.definition_revision if revision is None else revision, reason=reason,
    )


def order(tree: IndicatorTree, parent: str) -> list[str]:
    return list(tree.indicators.filter(parent__key=parent).values_list("key", flat=True))


class TestADrop:
    @pytest.mark.parametrize(("where", "target", "expected"), [
        ("before", "product", ["service", "product"]),
        ("after", "product", ["product", "service"]),
    ])
    def test_among_siblings_only_reorders(self, tree: IndicatorTree, where: str, target: str, expected: list[str]) -> None:
        before = get_weight_set_in_force(tree=tree)
        place(tree, "service", where, target)
        assert order(tree, "csi") == expected
        assert get_weight_set_in_force(tree=tree) == before

    def test_beside_a_cousin_moves_under_another_parent_with_weights_that_sum_to_one(self, tree: IndicatorTree) -> None:
        placed = place(tree, "quality", "before", "speed")
        assert order(tree, "service") == ["attitude", "quality", "speed"]
        assert (placed.parent.key, placed.place, placed.count) == ("service", 2, 3)
        weights = get_weight_set_in_force(tree=tree).weights  # type: ignore[union-attr]
        assert weights["attitude"] + weights["quality"] + weights["speed"] == pytest.approx(1, abs=1e-12)
        assert weights["design"] == 1

    def test_inside_a_branch_makes_it_the_last_child(self, tree: IndicatorTree) -> None:
        place(tree, "quality", "inside", "service")
        assert order(tree, "service")[-1] == "quality"

    @pytest.mark.parametrize(("where", "target"), [("before", "service"), ("after", "service"), ("inside", "csi")])
    def test_where_it_stood_changes_nothing(self, tree: IndicatorTree, where: str, target: str) -> None:
        revision = IndicatorTree.objects.get(pk=tree.pk).definition_revision
        assert not place(tree, "service", where, target).is_moved
        assert IndicatorTree.objects.get(pk=tree.pk).definition_revision == revision

    @pytest.mark.parametrize(("key", "where", "target", "code"), [
        ("product", "inside", "product", "below_itself"),
        ("product", "before", "quality", "below_itself"),
        ("quality", "inside", "speed", "parent_is_measured"),
        ("product", "before", "csi", "beside_root"),
        ("csi", "inside", "product", "root_stays"),
        ("quality", "beneath", "service", "place_gone"),
    ])
    def test_that_cannot_be_is_refused_and_nothing_moves(
        self, tree: IndicatorTree, key: str, where: str, target: str, code: str
    ) -> None:
        before = list(tree.indicators.values_list("key", "parent__key", "position"))
        with pytest.raises(TreeError) as refused:
            place(tree, key, where, target)
        assert refused.value.code == code
        assert list(tree.indicators.values_list("key", "parent__key", "position")) == before

    def test_beside_something_of_another_tree_is_refused(self, tree: IndicatorTree, cast: Cast) -> None:
        other = make_tree(publish(cast.team, standard_document(), name="Another"))
        with pytest.raises(TreeError) as refused:
            place_indicator(
                indicator=node(tree, "quality"), target_id=node(other, "service").pk, where="inside", user=None, at=AT,
                revision=IndicatorTree.objects.get(pk=tree.pk).definition_revision,
            )
        assert refused.value.code == "place_gone"

    def test_on_a_tree_that_somebody_changed_meanwhile_is_refused(self, tree: IndicatorTree) -> None:
        seen = IndicatorTree.objects.get(pk=tree.pk).definition_revision
        remove_indicator(indicator=node(tree, "design"), reason="A trial", user=None, at=AT)
        with pytest.raises(TreeError) as refused:
            place(tree, "service", "before", "product", revision=seen)
        assert refused.value.code == "tree_changed"
        assert order(tree, "csi") == ["product", "service"]


def in_force(tree: IndicatorTree) -> WeightSet:
    found = get_weight_set_in_force(tree=tree)
    assert found is not None
    return found


@pytest.fixture
def chosen(tree: IndicatorTree) -> WeightSet:
    """Weights somebody has chosen, with results under them."""
    weights = {"product": 0.7, "service": 0.3, "quality": 0.9, "design": 0.1, "attitude": 0.2, "speed": 0.8}
    derived = WeightSet.objects.create(
        tree=tree, number=7, origin="derived", name="johnson", weights=weights, evidence={"run": 5, "responses": 400},
    )
    choose_weight_set(weight_set=derived, user=None, reason="Board of May", at=AT)
    recompute(tree=tree, at=AT)
    return in_force(tree)


class TestAMoveUnderAnotherParent:
    @pytest.mark.parametrize("reason", ["", "   "])
    def test_without_a_reason_moves_nothing(self, tree: IndicatorTree, chosen: WeightSet, reason: str) -> None:
        with pytest.raises(TreeError) as refused:
            place(tree, "quality", "inside", "service", reason=reason)
        assert refused.value.code == "reason_missing" and order(tree, "product") == ["quality", "design"]
        assert in_force(tree) == chosen

    def test_names_itself_and_why_in_the_new_set(self, tree: IndicatorTree, chosen: WeightSet) -> None:
        place(tree, "quality", "inside", "service", reason="It is a service")
        made = in_force(tree)
        assert (made.origin, made.reason, made.is_provisional) == ("moved", "It is a service", True)
        assert made.evidence["indicator"] == {"key": "quality", "names": node(tree, "quality").names}

    def test_that_makes_all_weights_equal_is_still_called_a_move(self, tree: IndicatorTree) -> None:
        place(tree, "quality", "inside", "service")
        assert in_force(tree).origin == "moved"

    def test_is_undone_with_exactly_the_weights_from_before_as_a_new_set(self, tree: IndicatorTree, chosen: WeightSet) -> None:
        place(tree, "design", "before", "speed")
        recompute(tree=tree, at=AT)
        made = in_force(tree)
        undo_move(weight_set=made, revision=IndicatorTree.objects.get(pk=tree.pk).definition_revision, user=None, at=AT)
        again = in_force(tree)
        for kept in ("weights", "origin", "name", "reason", "evidence", "is_provisional"):
            assert getattr(again, kept) == getattr(chosen, kept), kept
        assert order(tree, "product") == ["quality", "design"] and order(tree, "service") == ["attitude", "speed"]
        history = list(tree.weight_sets.order_by("number").values_list("number", "origin", "valid_to_at"))
        assert history == [(7, "derived", AT), (8, "moved", AT), (9, "derived", None)]

    def test_undone_puts_it_back_to_its_place(self, tree: IndicatorTree) -> None:
        place(tree, "quality", "inside", "service")
        undo_move(weight_set=in_force(tree), revision=None, user=None, at=AT)
        assert order(tree, "product") == ["quality", "design"]

    def test_of_which_other_weights_followed_cannot_be_undone(self, tree: IndicatorTree, chosen: WeightSet) -> None:
        place(tree, "quality", "inside", "service")
        recompute(tree=tree, at=AT)
        made = in_force(tree)
        set_weights(parent=node(tree, "csi"), weights={"product": 0.6, "service": 0.4}, user=None, reason="x", at=AT)
        with pytest.raises(TreeError, match="tree_changed"):
            undo_move(weight_set=made, revision=None, user=None, at=AT)
        assert order(tree, "product") == ["design"]

    def test_of_a_tree_that_has_changed_since_is_not_undone(self, tree: IndicatorTree) -> None:
        place(tree, "quality", "inside", "service")
        seen = IndicatorTree.objects.get(pk=tree.pk).definition_revision
        place(tree, "speed", "before", "attitude")
        with pytest.raises(TreeError, match="tree_changed"):
            undo_move(weight_set=in_force(tree), revision=seen, user=None, at=AT)

    def test_is_not_undone_by_a_copy_of_its_weights(self, tree: IndicatorTree) -> None:
        place(tree, "quality", "inside", "service")
        recompute(tree=tree, at=AT)
        moved = in_force(tree)
        set_weights(parent=node(tree, "csi"), weights={"product": 0.6, "service": 0.4}, user=None, reason="x", at=AT)
        copy = choose_weight_set(weight_set=WeightSet.objects.get(pk=moved.pk), user=None, reason="again", at=AT)
        with pytest.raises(TreeError, match="tree_changed"):
            undo_move(weight_set=copy, revision=None, user=None, at=AT)


class TestATreeThatGrowsOrShrinks:
    def test_names_what_was_added(self, tree: IndicatorTree) -> None:
        add_indicator(parent=node(tree, "csi"), key="price", names=text("Price"), user=None, at=AT, reason="Asked since May")
        made = in_force(tree)
        assert (made.origin, made.reason, made.evidence["indicator"]["key"]) == ("added", "Asked since May", "price")

    def test_names_what_was_removed_and_why(self, tree: IndicatorTree) -> None:
        remove_indicator(indicator=node(tree, "design"), reason="Not asked any more", user=None, at=AT)
        made = in_force(tree)
        assert (made.origin, made.reason, made.evidence["indicator"]["key"]) == ("removed", "Not asked any more", "design")

    def test_loses_nothing_without_a_reason(self, cast: Cast, tree: IndicatorTree) -> None:
        address = reverse("indicators:indicator-remove", args=[node(tree, "design").pk])
        reply = client_of(cast.dora).post(address, {"reason": " "})
        assert reply.status_code == 422 and "Give a reason" in reply.content.decode()
        assert tree.indicators.filter(key="design").exists()


class TestAShift:
    def test_at_the_end_changes_nothing(self, tree: IndicatorTree) -> None:
        assert not shift_indicator(indicator=node(tree, "product"), step=-1, revision=None, user=None, at=AT).is_moved

    def test_of_the_top_is_refused(self, tree: IndicatorTree) -> None:
        with pytest.raises(TreeError) as refused:
            shift_indicator(indicator=node(tree, "csi"), step=1, revision=None, user=None, at=AT)
        assert refused.value.code == "root_stays"


class TestTheAddress:
    def post(self, cast: Cast, tree: IndicatorTree, key: str, *, language: str = "en", **data: Any) -> HttpResponse:
        cast.dora.language = language
        cast.dora.save()
        address = reverse("indicators:indicator-place", args=[node(tree, key).pk])
        return client_of(cast.dora).post(address, data, headers=FETCH)

    def revision(self, tree: IndicatorTree) -> int:
        return IndicatorTree.objects.get(pk=tree.pk).definition_revision

    def test_gives_the_tree_as_it_is_after_the_move_and_logs_it(self, cast: Cast, tree: IndicatorTree) -> None:
        reply = self.post(cast, tree, "service", target=node(tree, "product").pk, where="before", revision=self.revision(tree))
        page = reply.content.decode()
        assert reply.status_code == 200 and "<html" not in page
        assert "“Service” is number 1 of 2 below “Index”." in page
        assert page.index(">Service<") < page.index(">Product<")
        assert f'name="revision" value="{self.revision(tree)}"' in page
        assert AuditEvent.objects.get(action="indicator.moved").detail == {
            "key": "service", "indicator": node(tree, "service").names, "below": "csi", "place": 1,
        }

    @pytest.mark.parametrize(("language", "words"), [
        ("en", "An indicator cannot hang below itself."), ("zh-hans", "指标不能移到自己的下级。"),
    ])
    def test_refuses_with_a_sentence_and_the_tree_as_it_is(self, cast: Cast, tree: IndicatorTree, language: str, words: str) -> None:
        reply = self.post(
            cast, tree, "product", language=language, target=node(tree, "quality").pk, where="after", revision=self.revision(tree)
        )
        page = reply.content.decode()
        assert reply.status_code == 422 and words in page and "data-refused" in page and "data-node" in page
        assert not AuditEvent.objects.filter(action="indicator.moved").exists()

    @pytest.mark.parametrize(("language", "words"), [("en", "Somebody has changed the tree meanwhile"), ("zh-hans", "已有人改动")])
    def test_of_a_stale_page_conflicts(self, cast: Cast, tree: IndicatorTree, language: str, words: str) -> None:
        seen = self.revision(tree)
        remove_indicator(indicator=node(tree, "design"), reason="A trial", user=None, at=AT)
        reply = self.post(cast, tree, "service", language=language, target=node(tree, "product").pk, where="before", revision=seen)
        assert reply.status_code == 409 and words in reply.content.decode()

    @pytest.mark.parametrize("data", [
        {}, {"target": "x", "where": "before", "revision": "1"}, {"target": "1", "where": "above", "revision": "1"},
        {"target": "99999999", "where": "inside", "revision": ""}, {"target": "-1", "where": "inside", "revision": "nan"},
        {"target": "9" * 40, "where": "inside", "revision": "1"}, {"target": "1", "where": "inside", "revision": "9" * 40},
    ])
    def test_refuses_what_no_page_sends(self, cast: Cast, tree: IndicatorTree, data: dict[str, str]) -> None:
        assert self.post(cast, tree, "service", **data).status_code in (409, 422)
        assert order(tree, "csi") == ["product", "service"]

    def test_without_script_leads_back_to_the_page(self, cast: Cast, tree: IndicatorTree) -> None:
        client = client_of(cast.dora)
        address = reverse("indicators:indicator-shift", args=[node(tree, "service").pk])
        assert client.post(address, {"direction": "up"}).status_code == 302
        page = client.get(reverse("indicators:tree", args=[tree.pk])).content.decode()
        assert "“Service” is number 1 of 2 below “Index”." in page

    def test_under_another_parent_asks_first(self, cast: Cast, tree: IndicatorTree) -> None:
        data = {"target": node(tree, "service").pk, "where": "inside", "revision": self.revision(tree)}
        for language, question in (
            ("en", "Move “quality” to “Service”? The weights of both branches are recalculated and a new series starts."),
            ("zh-hans", "两个分支的权重将重新计算，指数从现在起开始新序列。"),
        ):
            reply = self.post(cast, tree, "quality", language=language, ask="yes", **data)
            assert reply.status_code == 200 and question in reply.content.decode() and "<html" not in reply.content.decode()
        assert order(tree, "product") == ["quality", "design"]

    @pytest.mark.parametrize(("language", "words"), [("en", "Give a reason"), ("zh-hans", "请填写原因")])
    @pytest.mark.parametrize("reason", ["", " ", "x" * 300])
    def test_under_another_parent_without_a_good_reason_is_refused_in_words(
        self, cast: Cast, tree: IndicatorTree, language: str, words: str, reason: str
    ) -> None:
        reply = self.post(
            cast, tree, "quality", language=language, target=node(tree, "service").pk, where="inside", reason=reason,
            revision=self.revision(tree),
        )
        assert reply.status_code == 422 and order(tree, "product") == ["quality", "design"]
        assert (words if len(reason) < 9 else "240") in reply.content.decode()

    def test_refuses_a_place_beside_the_top_with_too_long_a_reason_too(self, cast: Cast, tree: IndicatorTree) -> None:
        data = {"target": node(tree, "csi").pk, "where": "before", "reason": "x" * 300, "revision": self.revision(tree)}
        assert self.post(cast, tree, "quality", **data).status_code == 422

    def test_gives_the_new_weight_sets_and_the_way_back(self, cast: Cast, tree: IndicatorTree) -> None:
        reply = self.post(
            cast, tree, "quality", target=node(tree, "service").pk, where="inside", reason="It is a service",
            revision=self.revision(tree),
        )
        page, made = reply.content.decode(), in_force(tree)
        assert "Moved; the weights changed." in page and reverse("indicators:weight-set-undo", args=[made.pk]) in page
        assert "Indicator moved" in page and "It is a service" in page
        detail = AuditEvent.objects.get(action="indicator.moved").detail
        assert (detail["reason"], detail["number"]) == ("It is a service", made.number)

    def test_without_script_asks_moves_and_undoes(self, cast: Cast, tree: IndicatorTree) -> None:
        client = client_of(cast.dora)
        address = reverse("indicators:indicator-move", args=[node(tree, "quality").pk])
        asked = client.post(address, {"parent": node(tree, "service").pk, "ask": "yes"})
        page = asked.content.decode()
        assert asked.status_code == 200 and "<html" in page and "Move “quality” to “Service”?" in page
        data = dict(re.findall(r'name="(target|where|revision)" value="(\w+)"', page))
        reply = client.post(reverse("indicators:indicator-place", args=[node(tree, "quality").pk]), data | {"reason": "So"}, follow=True)
        assert "Moved; the weights changed." in reply.content.decode() and order(tree, "product") == ["design"]
        undo = reverse("indicators:weight-set-undo", args=[in_force(tree).pk])
        assert undo in reply.content.decode()
        reply = client.post(undo, {"revision": self.revision(tree)}, follow=True)
        assert "Undone: “quality” is back below “Product”" in reply.content.decode()
        assert order(tree, "product") == ["quality", "design"] and undo not in reply.content.decode()
        assert AuditEvent.objects.filter(action="indicator.move_undone").exists()

    def test_is_closed_to_managers_and_unknown_to_other_teams(self, cast: Cast, tree: IndicatorTree) -> None:
        address = reverse("indicators:indicator-place", args=[node(tree, "service").pk])
        assert client_of(cast.bob).post(address).status_code == 403
        assert client_of(cast.charlie).post(address).status_code == 404
