"""Two people at one tree: whoever comes second reads what happened, and nothing is half done or lost."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from analytics.indicators.changing import TreeError
from analytics.indicators.experts import close_panel, save_judgements
from analytics.indicators.models import Indicator, IndicatorTree, WeightSet
from analytics.indicators.selectors import get_weight_set_in_force
from analytics.indicators.services import edit_indicator, move_indicator, remove_indicator
from analytics.indicators.weight_choice import choose_weight_set
from analytics.indicators.weights import with_equal_siblings
from analytics.scoring.services import recompute
from tests.analytics.builders import AT, make_team, make_tree, publish, standard_document
from tests.analytics.weight_builders import invite_expert, make_panel_tree, open_on
from tests.cast import Cast, client_of, make_cast, words_of

CHANGED = "Somebody has changed the tree meanwhile, so nothing of yours was stored."


@pytest.fixture
def tree(cast: Cast) -> IndicatorTree:
    return make_tree(publish(cast.team, standard_document()))


def node(tree: IndicatorTree, key: str) -> Indicator:
    return tree.indicators.get(key=key)


def hidden(client: Client, indicator: Indicator) -> dict[str, str]:
    """What the forms of an indicator's page carry along."""
    page = client.get(f"/indicators/nodes/{indicator.pk}/").content.decode()
    return dict(re.findall(r'name="(tree|revision)" value="(\d+)"', page))


def weights_of(tree: IndicatorTree, *nodes: Indicator) -> list[float]:
    """Their weights in force."""
    weight_set = get_weight_set_in_force(tree=tree)
    assert weight_set is not None
    return [weight_set.weights[one.key] for one in nodes]


def address(indicator: Indicator, action: str) -> str:
    return f"/indicators/nodes/{indicator.pk}/{action}"


FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "rename": ("", {"name_en": "Mine", "name_zh": "我的"}),
    "add": ("add/", {"name_en": "Mine", "key": "mine"}),
    "remove": ("remove/", {"reason": "Mine"}),
    "move": ("move/", {"parent": "service", "reason": "Mine"}),
    "shift": ("shift/", {"direction": "down"}),
}


def sent(tree: IndicatorTree, form: str) -> dict[str, Any]:
    data = dict(FORMS[form][1])
    return data | {"parent": node(tree, data["parent"]).pk} if "parent" in data else data


class TestWhoComesSecond:
    @pytest.mark.parametrize("form", FORMS)
    def test_to_a_tree_that_has_changed_reads_so_and_changes_nothing(
        self, cast: Cast, tree: IndicatorTree, form: str
    ) -> None:
        dora, product = client_of(cast.dora), node(tree, "product")
        seen = hidden(dora, product)
        client_of(cast.alice).post(address(node(tree, "speed"), "remove/"), hidden(dora, node(tree, "speed")) | {"reason": "Hers"})
        before = list(tree.indicators.order_by("id").values_list("key", "parent", "position", "names"))
        reply = dora.post(address(product, FORMS[form][0]), sent(tree, form) | seen, follow=True)
        assert CHANGED in words_of(reply)
        assert list(tree.indicators.order_by("id").values_list("key", "parent", "position", "names")) == before

    @pytest.mark.parametrize("form", FORMS)
    def test_to_an_indicator_that_is_gone_is_led_to_its_tree(self, cast: Cast, tree: IndicatorTree, form: str) -> None:
        dora, quality = client_of(cast.dora), node(tree, "quality")
        data = sent(tree, form) | hidden(dora, quality)
        client_of(cast.alice).post(address(quality, "remove/"), hidden(dora, quality) | {"reason": "Hers"})
        reply = dora.post(address(quality, FORMS[form][0]), data, follow=True)
        assert reply.redirect_chain == [(f"/indicators/{tree.pk}/", 302)] and CHANGED in words_of(reply)

    def test_by_script_gets_the_tree_as_it_is_with_a_conflict(self, cast: Cast, tree: IndicatorTree) -> None:
        quality, data = node(tree, "quality"), {"tree": str(tree.pk), "revision": "1", "direction": "down"}
        remove_indicator(indicator=quality, reason="A trial", user=None, at=AT)
        reply = client_of(cast.dora).post(
            address(quality, "shift/") if quality.pk else f"/indicators/nodes/{10**8}/shift/", data,
            headers={"x-requested-with": "fetch"},
        )
        assert reply.status_code == 409 and CHANGED in reply.content.decode() and "data-node" in reply.content.decode()

    def test_keeps_what_was_typed_and_may_store_it_knowing_the_change(self, cast: Cast, tree: IndicatorTree) -> None:
        dora, product = client_of(cast.dora), node(tree, "product")
        data = {"name_en": "My own words", "name_zh": "", **hidden(dora, product)}
        remove_indicator(indicator=node(tree, "speed"), reason="A trial", user=None, at=AT)
        refused = dora.post(address(product, ""), data)
        page = refused.content.decode()
        assert refused.status_code == 409 and 'value="My own words"' in page
        now = dict(re.findall(r'name="(tree|revision)" value="(\d+)"', page))
        assert now["revision"] != data["revision"]
        assert dora.post(address(product, ""), data | now).status_code == 302
        assert node(tree, "product").names["en"] == "My own words"

    def test_to_a_name_that_somebody_else_has_changed_does_not_overwrite_it(self, cast: Cast, tree: IndicatorTree) -> None:
        product = node(tree, "product")
        seen = hidden(client_of(cast.dora), product)
        client_of(cast.alice).post(address(product, ""), {"name_en": "Hers", **seen})
        client_of(cast.dora).post(address(product, ""), {"name_en": "Mine", **seen})
        assert node(tree, "product").names["en"] == "Hers"

    def test_to_weights_keeps_what_was_typed_beside_what_is_in_force(self, cast: Cast, tree: IndicatorTree) -> None:
        dora, product = client_of(cast.dora), node(tree, "product")
        quality, design = node(tree, "quality"), node(tree, "design")
        seen = dict(re.findall(r'name="(tree|revision)" value="(\d+)"', dora.get(address(product, "weights/")).content.decode()))
        hers = {"w_quality": "80", "w_design": "20", "reason": "Hers"}
        assert client_of(cast.alice).post(address(product, "weights/"), hers | seen).status_code == 302
        mine = {"w_quality": "30", "w_design": "70", "reason": "Mine"}
        refused = dora.post(address(product, "weights/"), mine | seen)
        page = refused.content.decode()
        assert refused.status_code == 409 and "Somebody has changed the tree or its weights meanwhile" in page
        assert 'value="30"' in page and "In force: 80.00 %" in page and 'value="Mine"' in page
        assert weights_of(tree, quality, design) == [0.8, 0.2]
        now = dict(re.findall(r'name="(tree|revision)" value="(\d+)"', page))
        assert dora.post(address(product, "weights/"), mine | now).status_code == 302
        assert weights_of(tree, quality, design) == [0.3, 0.7]

    def test_to_weights_of_an_indicator_that_is_gone_is_led_to_the_tree(self, cast: Cast, tree: IndicatorTree) -> None:
        product = node(tree, "product")
        data = {"w_quality": "30", "w_design": "70", "reason": "Mine", "tree": str(tree.pk), "revision": "1"}
        remove_indicator(indicator=Indicator.objects.get(pk=product.pk), reason="A trial", user=None, at=AT)
        assert CHANGED in words_of(client_of(cast.dora).post(address(product, "weights/"), data, follow=True))

    def test_to_a_mapping_that_is_gone_is_led_to_the_tree(self, cast: Cast, tree: IndicatorTree) -> None:
        source = tree.sources.first()
        assert source is not None
        data, path = {"tree": str(tree.pk)}, f"/indicators/questions/{source.pk}/remove/"
        client = client_of(cast.dora)
        assert CHANGED not in words_of(client.post(path, data, follow=True))
        assert CHANGED in words_of(client.post(path, data, follow=True))

    def test_to_the_questions_of_one_that_is_gone_gets_no_error_page(self, cast: Cast, tree: IndicatorTree) -> None:
        quality = node(tree, "quality")
        pk = quality.pk
        remove_indicator(indicator=quality, reason="A trial", user=None, at=AT)
        for action in ("questions/", "weights/"):
            reply = client_of(cast.dora).post(f"/indicators/nodes/{pk}/{action}", {"tree": str(tree.pk)}, follow=True)
            assert CHANGED in words_of(reply)

    @pytest.mark.parametrize("tree_of", ["nobody", "another team"])
    def test_without_a_tree_of_the_team_finds_nothing(self, cast: Cast, tree: IndicatorTree, tree_of: str) -> None:
        other = make_tree(publish(cast.other_team, standard_document(), name="Other"))
        number = {"nobody": "x", "another team": str(other.pk)}[tree_of]
        assert client_of(cast.dora).post(f"/indicators/nodes/{10**8}/remove/", {"tree": number}).status_code == 404


class TestWhoeverComesSecond:
    """The page of each was made before either of them pressed."""

    def test_with_the_same_weights_leaves_one_set_in_force(self, tree: IndicatorTree) -> None:
        WeightSet.objects.create(tree=tree, number=9, origin="manual", created_at=AT, weights=with_equal_siblings(tree, {}))
        first, second = (WeightSet.objects.get(number=9) for _ in "ab")
        choose_weight_set(weight_set=first, user=None, reason="Once", at=AT)
        # A run between both presses: a set that a run knows is retired rather than removed.
        recompute(tree=tree, at=AT)
        choose_weight_set(weight_set=second, user=None, reason="Twice", at=AT + timedelta(minutes=1))
        assert WeightSet.objects.filter(tree=tree, valid_from_at__isnull=False, valid_to_at=None).count() == 1

    def test_with_weights_that_have_gone_is_told(self, tree: IndicatorTree) -> None:
        gone = WeightSet.objects.create(tree=tree, number=9, origin="manual", created_at=AT, weights=with_equal_siblings(tree, {}))
        WeightSet.objects.filter(pk=gone.pk).delete()
        with pytest.raises(TreeError, match="unknown_candidate"):
            choose_weight_set(weight_set=gone, user=None, reason="Late", at=AT)

    def test_removes_an_indicator_from_where_it_hangs_now(self, tree: IndicatorTree) -> None:
        seen = node(tree, "quality")
        move_indicator(indicator=node(tree, "quality"), parent=node(tree, "service"), position=0, user=None, at=AT, reason="Moved")
        remove_indicator(indicator=seen, reason="Removed", user=None, at=AT)
        attitude, speed, design = weights_of(tree, *(node(tree, key) for key in ("attitude", "speed", "design")))
        assert (attitude + speed, design) == pytest.approx((1, 1))


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    def test_a_panel_that_is_being_closed_takes_no_judgement(self) -> None:
        expert = invite_expert(open_on(make_panel_tree(make_team(), "attitude", "speed")))
        told: list[str] = []

        def judge() -> None:
            try:
                save_judgements(expert=expert, given={("attitude", "speed"): 3}, page=0, language="en", at=AT)
            except TreeError as error:
                told.append(error.code)
            finally:
                connection.close()

        thread = threading.Thread(target=judge)
        with transaction.atomic():
            close_panel(panel=expert.panel, at=AT)
            thread.start()
            thread.join(timeout=2)
            assert thread.is_alive(), "it must wait until the panel is closed or not"
        thread.join()
        expert.refresh_from_db()
        assert told == ["panel_closed"] and expert.judgements == {}

    def test_of_many_renames_of_one_revision_exactly_one_is_stored(self) -> None:
        tree = make_tree(publish(make_cast().team, standard_document()))
        start, told = threading.Barrier(4), []

        def rename(name: str) -> None:
            start.wait()
            try:
                edit_indicator(indicator=node(tree, "product"), names={"en": name}, target=None, revision=1)
                told.append(name)
            except TreeError as error:
                told.append(error.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=rename, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told)[1:] == ["tree_changed"] * 3 and node(tree, "product").names["en"] == sorted(told)[0]

    def test_a_removal_and_a_rename_never_end_in_an_error(self) -> None:
        tree = make_tree(publish(make_cast().team, standard_document()))
        product, start = node(tree, "product"), threading.Barrier(2)
        failed: list[BaseException] = []

        def run(change: Any) -> None:
            start.wait()
            try:
                change()
            except TreeError:
                pass
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        changes = (
            lambda: remove_indicator(indicator=product, reason="A trial", user=None, at=timezone.now()),
            lambda: edit_indicator(indicator=node(tree, "product"), names={"en": "x"}, target=None, revision=None),
        )
        threads = [threading.Thread(target=run, args=(change,)) for change in changes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [type(error).__name__ for error in failed if not isinstance(error, Indicator.DoesNotExist)] == []
