"""Putting indicators elsewhere: dropped, or one place up or down, by a page with script or without."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from accounts.models import AuditEvent
from analytics.indicators.changing import TreeError
from analytics.indicators.models import Indicator, IndicatorTree
from analytics.indicators.placing import place_indicator, shift_indicator
from analytics.indicators.selectors import get_weight_set_in_force
from analytics.indicators.services import remove_indicator
from tests.analytics.builders import AT, make_tree, publish, standard_document
from tests.cast import Cast, client_of

pytestmark = pytest.mark.django_db
FETCH = {"x-requested-with": "fetch"}


@pytest.fixture
def tree(cast: Cast) -> IndicatorTree:
    return make_tree(publish(cast.team, standard_document()))


def node(tree: IndicatorTree, key: str) -> Indicator:
    return tree.indicators.select_related("tree", "parent").get(key=key)


def place(tree: IndicatorTree, key: str, where: str, target: str, revision: int | None = None) -> Any:
    tree.refresh_from_db()
    return place_indicator(
        indicator=node(tree, key), target_id=node(tree, target).pk, where=where, user=None, at=AT,
        revision=tree.definition_revision if revision is None else revision,
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
        remove_indicator(indicator=node(tree, "design"), user=None, at=AT)
        with pytest.raises(TreeError) as refused:
            place(tree, "service", "before", "product", revision=seen)
        assert refused.value.code == "tree_changed"
        assert order(tree, "csi") == ["product", "service"]


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
        remove_indicator(indicator=node(tree, "design"), user=None, at=AT)
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

    def test_is_closed_to_managers_and_unknown_to_other_teams(self, cast: Cast, tree: IndicatorTree) -> None:
        address = reverse("indicators:indicator-place", args=[node(tree, "service").pk])
        assert client_of(cast.bob).post(address).status_code == 403
        assert client_of(cast.charlie).post(address).status_code == 404
