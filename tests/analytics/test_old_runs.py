"""A run whose blocks have been packed anew is still read: only what needs single answers is missing, and says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analytics.indicators.models import Indicator
from analytics.indicators.services import set_weights
from analytics.scoring import blocks
from analytics.scoring.models import Block, Run
from analytics.scoring.pruning import prune
from analytics.scoring.schemes import choose_weighting
from analytics.scoring.services import rebuild
from tests.analytics.builders import AT, answer_many
from tests.analytics.dashboard_builders import Shop, codes, fill_waves, make_shop
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
    shop = make_shop(cast.team)
    fill_waves(shop)
    answer_many(shop.version, codes(4, 20), wave="2018", source="import", respondent_weight=2,
                at=datetime(2018, 5, 2, tzinfo=UTC), attributes={"region": "East"})
    choose_weighting(tree=shop.tree, word="imported", user=None, at=AT)
    shop.compute()
    set_weights(parent=Indicator.objects.get(tree=shop.tree, parent=None), weights={"product": 0.2, "service": 0.8},
                user=None, reason="Agreed", at=AT)
    shop.compute()
    rebuild(tree=shop.tree, at=datetime.now(UTC))
    prune(at=datetime.now(UTC) + timedelta(hours=2))
    return shop


@pytest.fixture
def old(shop: Shop) -> Run:
    run = Run.objects.filter(tree=shop.tree).earliest("pk")
    assert run.base.blocks and not Block.objects.filter(pk__in=list(run.base.blocks)).exclude(columns=b"").exists()
    return run


@pytest.fixture
def new(shop: Shop) -> Run:
    return Run.objects.filter(tree=shop.tree).latest("pk")


class TestItsValuePage:
    def test_shows_the_value_with_its_parts_and_what_it_cannot_tell(self, cast, old):
        page = words(client_of(cast.bob).get(f"/runs/{old.pk}/value/?period=wave:2018"))
        assert "Indicators below it" in page and "Distribution" in page
        assert page.count("This part is counted from single answers") == 2

    def test_says_why_where_it_was_filtered(self, cast, old):
        response = client_of(cast.bob).get(f"/runs/{old.pk}/value/?period=wave:2018&region=East")
        assert response.status_code == 200 and "no longer kept together" in words(response)

    def test_says_why_to_a_reader_with_a_scope(self, cast, old):
        response = client_of(cast.eve).get(f"/runs/{old.pk}/value/")
        assert response.status_code == 200 and "no longer kept together" in words(response)


class TestItsComparison:
    def test_has_the_values_of_both(self, cast, old, new):
        page = words(client_of(cast.bob).get(f"/runs/{old.pk}/compare/{new.pk}/?period=wave:2018"))
        assert "Values in both" in page and "Product" in page
        assert f"Run {old.pk}, its own respondent weights: This part is counted from single answers" in page

    def test_says_why_there_are_none_under_a_scope(self, cast, old, new):
        page = words(client_of(cast.eve).get(f"/runs/{old.pk}/compare/{new.pk}/"))
        assert "Values in both" in page and "no longer kept together" in page


class TestItsValueInTheApi:
    def test_comes_with_the_reason_for_what_is_missing(self, cast, old):
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{old.pk}/value/?period=wave:2018")
        told = reply.json()
        assert reply.status_code == 200 and told["node"]["index"]["value"] is not None and len(told["children"]) == 2
        assert told["estimators"] is None and told["weighted"] is None
        assert set(told["problems"]) == {"estimators", "weighted"}

    def test_is_refused_by_the_run_and_not_by_a_filter_nobody_sent(self, cast, old):
        client = api_client(make_key(cast.team, scope={"region": ["East"]})[1])
        for path in ("value/", "values/"):
            reply = client.get(f"/api/v1/runs/{old.pk}/{path}")
            assert reply.status_code == 400 and set(reply.json()["fields"]) == {"run"}
