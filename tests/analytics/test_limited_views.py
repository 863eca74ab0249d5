"""A manager who sees the East only: what was counted elsewhere shows nowhere, neither said nor to be reckoned."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.access import Scope
from analytics.indicators.models import WeightSet
from analytics.scoring.periods import parse_period
from analytics.scoring.schemes import save_scheme
from analytics.scoring.selectors import list_runs
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import PopulationPlan
from tests.analytics.builders import AT, answer_many
from tests.analytics.dashboard_builders import Shop, codes, make_shop
from tests.cast import Cast, api_client, client_of, make_cast, make_key, words_of

pytestmark = pytest.mark.django_db
EAST: Scope = {"region": ["East"]}
BOTH = PopulationPlan("rake", ("region",), ((("East",), 5), (("West",), 3)))
PAGES = ("/overview/?{query}", "/overview/change/?{query}", "/weighting/?{query}", "/runs/{run}/value/?{query}")
APIS = (
    "/api/v1/runs/{run}/values/?{query}", "/api/v1/runs/{run}/value/?{query}", "/api/v1/overview/?{query}",
    "/api/v1/changes/?before=2017&{query}", "/api/v1/weightings/?period=2018",
)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def shop_with(cast: Cast, others: int, *, region: str = "West", day: int = 1, weight: int | None = None) -> Shop:
    """Sixty answers from the East in each of two years, and some from elsewhere."""
    shop = make_shop(cast.team)
    fields = {} if weight is None else {"respondent_weight": weight}
    for year in (2017, 2018):
        answer_many(shop.version, codes(4, 60), at=datetime(year, 5, 1, tzinfo=UTC), attributes={"region": "East"})
        answer_many(shop.version, codes(2, others), at=datetime(year, 8, day, tzinfo=UTC), attributes={"region": region}, **fields)
    shop.compute()
    return shop


def read_all(cast: Cast, shop: Shop, query: str) -> list[str]:
    program = api_client(make_key(cast.team, "manager", EAST)[1])
    run = list_runs(tree=shop.tree)[0].pk
    return [
        *(words_of(client_of(cast.eve).get(page.format(run=run, query=query))) for page in PAGES),
        *(program.get(page.format(run=run, query=query)).content.decode() for page in APIS),
    ]


class TestAWeightingThatCannotBeMade:
    @pytest.mark.parametrize("region", ["North", "West"])
    def test_names_no_level_of_others_and_none_of_their_numbers(self, cast, region):
        shop = shop_with(cast, 37, region="North")
        plan = BOTH if region == "North" else PopulationPlan("rake", ("region",), ((("East",), 5), (("North",), 2), (("West",), 3)))
        scheme = save_scheme(tree=shop.tree, name="Population", plan=plan, user=None, at=AT)
        for text in read_all(cast, shop, f"period=2018&weighting={scheme.pk}"):
            assert "“North” (" not in text and "“West” (" not in text and "37 respondents" not in text
            assert not ("North" in text or "West" in text), text

    def test_says_so_all_the_same(self, cast):
        shop = shop_with(cast, 37, region="North")
        scheme = save_scheme(tree=shop.tree, name="Population", plan=BOTH, user=None, at=AT)
        overview, change, weighting, value, values, *_ = read_all(cast, shop, f"period=2018&weighting={scheme.pk}")
        for text in (overview, change, weighting, value, values):
            assert "The weights cannot be made in this period." in text

    def test_still_names_the_level_to_who_sees_everybody(self, cast):
        shop = shop_with(cast, 37, region="North")
        scheme = save_scheme(tree=shop.tree, name="Population", plan=BOTH, user=None, at=AT)
        assert "“North” (region) has 37 respondents" in words_of(client_of(cast.bob).get(f"/weighting/?period=2018&weighting={scheme.pk}"))

    def test_is_not_told_by_weights_that_came_with_answers_of_others(self, cast):
        shop = shop_with(cast, 37, weight=2)
        for text in read_all(cast, shop, "period=2018&weighting=imported")[:5]:
            assert "No weights were imported with the answers of this period." in text


class TestAWeightedFigure:
    @pytest.mark.parametrize("others", [20, 90])
    def test_does_not_tell_how_many_others_answered(self, cast, others):
        shop = shop_with(cast, others)
        run = list_runs(tree=shop.tree)[0]
        found = read_weighted(run, period=parse_period("2018"), weighting=BOTH, scope=EAST).root.index
        assert found.weight == pytest.approx(60)

    def test_is_what_it_was(self, cast):
        run = list_runs(tree=shop_with(cast, 20).tree)[0]
        limited = read_weighted(run, period=parse_period("2018"), weighting=BOTH, scope=EAST).root.index
        filtered = read_weighted(run, period=parse_period("2018"), weighting=BOTH, filters=EAST).root.index
        assert (limited.value, limited.low, limited.n_eff) == pytest.approx((filtered.value, filtered.low, filtered.n_eff))


class TestTheStamp:
    def test_does_not_tell_when_others_answered(self, cast):
        shop_with(cast, 20, day=9)
        for page in ("/overview/", "/overview/live/"):
            said = client_of(cast.eve).get(page, follow=True).content.decode()
            assert "9 Aug" not in said and "Results counted at" in said, page
            assert "9 Aug" in client_of(cast.bob).get(page, follow=True).content.decode(), page

    def test_of_the_interface_does_not_tell_it_either(self, cast):
        shop_with(cast, 20, day=9)
        fresh = api_client(make_key(cast.team, "manager", EAST)[1]).get("/api/v1/overview/").json()["freshness"]
        assert (fresh["responses"], fresh["newest_response_at"], fresh["waiting_since_at"]) == (None, None, None)


class TestTheHistoryOfWeights:
    @pytest.fixture
    def derived(self, cast) -> WeightSet:
        shop = shop_with(cast, 20)
        found = WeightSet.objects.get(tree=shop.tree)
        found.evidence = {"method": "johnson", "run": 1, "responses": 4321, "r_squared": 0.5, "rules": {}}
        found.save(update_fields=["evidence"])
        return found

    def test_does_not_tell_how_many_answers_weights_were_made_from(self, cast, derived):
        page = f"/indicators/{derived.tree_id}/weights/"
        assert "4,321" in words_of(client_of(cast.bob).get(page)) and "4,321" not in words_of(client_of(cast.eve).get(page))

    def test_of_the_interface_does_not_tell_it_either(self, cast, derived):
        address = f"/api/v1/weight-sets/{derived.pk}/"
        assert api_client(make_key(cast.team)[1]).get(address).json()["evidence"]["responses"] == 4321
        limited = api_client(make_key(cast.team, "manager", EAST)[1]).get(address).json()["evidence"]
        assert limited == {"method": "johnson", "run": 1, "rules": {}}
