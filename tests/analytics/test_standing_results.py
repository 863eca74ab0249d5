"""The newest results stand whatever becomes of the blocks behind them; where they cannot, pages say so."""

from __future__ import annotations

import pytest

from accounts.breakdowns import announce_breakdown
from accounts.services import create_access_key, update_team
from analytics.indicators.models import IndicatorTree
from analytics.scoring.models import Block, Run
from analytics.scoring.pruning import READERS, prune
from analytics.scoring.recompute_requests import is_requested
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.services import rebuild, recompute
from analytics.scoring.sources import has_columns
from surveys.answering.models import RecomputeNote, Response
from surveys.answering.wake import rows_changed
from surveys.contacts.models import ContactAttribute
from surveys.contacts.services import create_attribute, update_attribute
from tests.analytics.builders import AT, make_tree
from tests.analytics.dashboard_builders import NOW, Shop, fill_waves, make_shop
from tests.cast import Cast, api_client, client_of, key_actor, make_key, words_of

pytestmark = pytest.mark.django_db
LATER = NOW + 2 * READERS
PAGES = ("/overview/?survey={}&region=East", "/comments/?survey={}&region=East", "/overview/change/?survey={}&region=East")


@pytest.fixture
def shop(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """All answers in blocks, two trees over them."""
    monkeypatch.setattr("analytics.scoring.blocks.SEAL_ROWS", 1)
    shop = make_shop(cast.team)
    fill_waves(shop)
    recompute(tree=make_tree(shop.version), at=NOW)
    shop.compute()
    return shop


def newest(tree: IndicatorTree) -> Run:
    run = get_latest_run(tree=tree)
    assert run is not None
    return run


def other_tree(shop: Shop) -> IndicatorTree:
    return IndicatorTree.objects.exclude(pk=shop.tree.pk).get()


def refuse(tree: IndicatorTree) -> None:
    IndicatorTree.objects.filter(pk=tree.pk).update(score_vector="none_there_is")


def erase_one() -> None:
    """As the erasure of a person does."""
    response = Response.objects.order_by("id")[0]
    rows_changed(response.questionnaire_id, [response.block_id], AT)
    RecomputeNote.objects.create(questionnaire_id=response.questionnaire_id, at=AT)
    response.delete()


class TestBlocksReplacedByAnotherTree:
    def test_stay_readable_for_the_newest_run_of_one_that_is_not_computed(self, cast: Cast, shop: Shop) -> None:
        other = other_tree(shop)
        refuse(other)
        rebuild(tree=shop.tree, at=NOW)
        recompute(tree=other, at=NOW)
        prune(at=LATER)
        assert has_columns(newest(other))
        for page in PAGES:
            assert client_of(cast.bob).get(page.format(other.pk), follow=True).status_code == 200

    def test_have_the_other_tree_computed_anew_by_a_rebuild(self, shop: Shop) -> None:
        assert not is_requested(tree=other_tree(shop))
        rebuild(tree=shop.tree, at=NOW)
        assert is_requested(tree=other_tree(shop))

    def test_are_cleared_once_no_newest_run_stands_on_them(self, shop: Shop) -> None:
        rebuild(tree=shop.tree, at=NOW)
        recompute(tree=other_tree(shop), at=NOW)
        prune(at=LATER)
        assert not Block.objects.filter(merged_into__isnull=False).exclude(columns=b"").exists()


class TestBlocksWithErasedAnswers:
    def test_are_kept_for_nobody(self, shop: Shop) -> None:
        refuse(other_tree(shop))
        erase_one()
        shop.compute()
        prune(at=LATER)
        assert not Block.objects.filter(has_changed_rows=True).exclude(columns=b"").exists()

    def test_leave_results_that_say_in_words_that_they_are_being_counted_anew(self, cast: Cast, shop: Shop) -> None:
        other = other_tree(shop)
        refuse(other)
        erase_one()
        shop.compute()
        prune(at=LATER)
        assert client_of(cast.bob).get(f"/overview/?survey={other.pk}", follow=True).status_code == 200
        reply = client_of(cast.bob).get(PAGES[0].format(other.pk), follow=True)
        assert reply.status_code == 503 and reply["Retry-After"]
        assert "These results are being counted anew" in words_of(reply)
        said = api_client(make_key(cast.team)[1]).get(f"/api/v1/overview/?survey={other.pk}&region=East")
        assert said.status_code == 503 and said.json()["code"] == "counted_anew"


class TestABreakdownThatChanges:
    @pytest.fixture(autouse=True)
    def all_is_served(self, shop: Shop) -> None:
        assert not is_requested(tree=shop.tree) and not is_requested(tree=other_tree(shop))

    def asked(self, shop: Shop) -> bool:
        return is_requested(tree=shop.tree) and is_requested(tree=other_tree(shop))

    def test_by_the_time_zone_has_all_trees_computed(self, cast: Cast, shop: Shop) -> None:
        update_team(actor=key_actor(cast.team), changes={"time_zone": "Asia/Tokyo"}, at=AT)
        assert self.asked(shop)

    def test_by_another_dimension_has_all_trees_computed(self, cast: Cast, shop: Shop) -> None:
        create_attribute(team=cast.team, key="tier", names={"en": "Tier"}, is_dimension=True, at=AT)
        assert self.asked(shop)

    def test_by_a_dimension_that_is_none_any_more_has_all_trees_computed(self, cast: Cast, shop: Shop) -> None:
        region = ContactAttribute.objects.get(team=cast.team, key="region")
        update_attribute(attribute=region, names=region.names, is_dimension=False, at=AT)
        assert self.asked(shop)

    def test_by_a_scope_has_all_trees_computed(self, cast: Cast, shop: Shop) -> None:
        create_access_key(actor=key_actor(cast.team), name="Key", role="viewer", scope={"tier": ["gold"]}, at=AT)
        assert self.asked(shop)

    def test_in_name_alone_has_none_computed(self, cast: Cast, shop: Shop) -> None:
        region = ContactAttribute.objects.get(team=cast.team, key="region")
        update_attribute(attribute=region, names={"en": "Other words"}, is_dimension=True, at=AT)
        create_attribute(team=cast.team, key="note", names={"en": "Note"}, is_dimension=False, at=AT)
        assert not is_requested(tree=shop.tree)

    def test_of_another_team_has_none_computed(self, cast: Cast, shop: Shop) -> None:
        announce_breakdown(cast.other_team.pk, AT)
        assert not is_requested(tree=shop.tree)
