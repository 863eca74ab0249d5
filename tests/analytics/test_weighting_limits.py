"""Weights that cannot be made spoil only what needs them, and what they cost is told of the answers shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analytics.scoring.models import Run
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.schemes import choose_weighting, save_scheme
from analytics.scoring.standard_weighting import get_choice
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import Imported, PopulationPlan, WeightingError, report_on
from tests.analytics.builders import AT, answer_many
from tests.analytics.dashboard_builders import Shop, codes, make_shop
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
PLAN = PopulationPlan("rake", ("region",), ((("East",), 50), (("West",), 50)))


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """January has both regions, February only one; runs are weighted by region."""
    shop = make_shop(cast.team)
    for month, region, count in ((1, "East", 60), (1, "West", 20), (2, "East", 60)):
        answer_many(shop.version, codes(4, count), at=datetime(2026, month, 5, tzinfo=UTC), attributes={"region": region},
                    source="import", respondent_weight=1 if region == "East" else 3)
    scheme = save_scheme(tree=shop.tree, name="Regions", plan=PLAN, user=None, at=AT)
    choose_weighting(tree=shop.tree, word=str(scheme.pk), user=None, at=AT)
    shop.compute()
    return shop


def ask(cast: Cast, shop: Shop, path: str, scope: dict | None = None):
    run = Run.objects.filter(tree=shop.tree).latest("pk")
    return api_client(make_key(cast.team, scope=scope)[1]).get(f"/api/v1/runs/{run.pk}/{path}")


class TestAValueInAPeriodWithoutWeights:
    def test_has_everything_but_the_weighted_part_and_says_why(self, cast, shop):
        reply = ask(cast, shop, "value/?period=2026-02")
        assert reply.status_code == 200 and reply.json()["node"]["index"]["n"] == 60
        assert reply.json()["weighted"] is None and "West" in reply.json()["problems"]["weighted"]
        assert ask(cast, shop, "value/?period=2026-01").json()["problems"] == {}

    def test_can_be_asked_for_without_weights(self, cast, shop):
        told = ask(cast, shop, "value/?period=2026-01&weighting=").json()
        assert told["weighted"] is None and told["problems"] == {}

    def test_still_refuses_a_word_that_names_no_weighting(self, cast, shop):
        assert ask(cast, shop, "value/?weighting=nonsense").status_code == 400


class TestAWeightedTrend:
    def test_names_the_period_that_cannot_be_weighted(self, cast, shop):
        told = ask(cast, shop, "values/?grain=month&weighting=run").json()
        assert [one["period"]["key"] for one in told["results"]] == ["2026-01"]
        assert [one["period"] for one in told["problems"]] == ["2026-02"] and "West" in told["problems"][0]["reason"]

    def test_is_unweighted_where_the_word_is_empty(self, cast, shop):
        told = ask(cast, shop, "values/?grain=month&weighting=").json()
        assert len(told["results"]) == 2 and told["weighting"] is None and told["problems"] == []


class TestAnAnonymousTree:
    def test_cannot_choose_a_weighting(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        with pytest.raises(WeightingError) as raised:
            choose_weighting(tree=shop.tree, word="imported", user=None, at=AT)
        assert raised.value.code == "anonymous_unweighted" and get_choice(tree=shop.tree) is None
        response = client_of(cast.dora).post("/weighting/choose/", {"survey": shop.tree.pk, "weighting": "imported"}, follow=True)
        assert response.status_code == 200 and get_choice(tree=shop.tree) is None
        assert choose_weighting(tree=shop.tree, word="", user=None, at=AT)

    def test_that_has_chosen_one_before_its_promise_can_be_read(self, cast, shop):
        shop.version.questionnaire.is_anonymous = True
        shop.version.questionnaire.save(update_fields=["is_anonymous"])
        reply = ask(cast, shop, "value/?period=2026-01")
        assert reply.status_code == 200 and "promised anonymity" in reply.json()["problems"]["weighted"]


class TestWhatWeightsCost:
    @pytest.mark.parametrize("weighting", [PLAN, Imported()], ids=["raked", "imported"])
    def test_is_told_of_the_answers_of_the_figure(self, shop, weighting):
        run = Run.objects.filter(tree=shop.tree).latest("pk")
        for choice in ({"region": frozenset({"West"})}, {"region": frozenset({"East", "West"})}):
            found = report_on(run, weighting=weighting, period=EVERYTHING, choice=choice)
            levels = {key: sorted(one) for key, one in choice.items()}
            figure = read_weighted(run, period=EVERYTHING, weighting=weighting, filters=levels).root.index
            assert (found.n, found.n_eff) == (figure.n, pytest.approx(figure.n_eff))
            assert found.lowest <= 1 <= found.highest

    def test_of_nobody_is_a_reason(self, shop):
        run = Run.objects.filter(tree=shop.tree).latest("pk")
        with pytest.raises(WeightingError) as raised:
            report_on(run, weighting=PLAN, period=EVERYTHING, choice={"region": frozenset({"North"})})
        assert raised.value.code == "no_respondents"


class TestAReaderWithAScope:
    SCOPE = {"region": ["West"]}

    def test_is_told_the_cost_within_it(self, cast, shop):
        client = api_client(make_key(cast.team, scope=self.SCOPE)[1])
        rows = client.get("/api/v1/weightings/?period=all").json()["weightings"]
        assert {row["report"]["n"] for row in rows} == {20}
        assert all(row["report"]["n_eff"] == pytest.approx(row["figures"]["index"]["n_eff"]) for row in rows)

    def test_is_told_no_total_of_all_answers(self, cast, shop):
        client = api_client(make_key(cast.team, scope=self.SCOPE)[1])
        assert client.get("/api/v1/overview/?period=all").json()["freshness"]["responses"] is None
        run = client.get("/api/v1/runs/").json()["results"][0]
        assert (run["responses"], run["fingerprint"], run["newest_response_at"]) == (None, "", None)
        assert api_client(make_key(cast.team)[1]).get("/api/v1/runs/").json()["results"][0]["responses"] == 140

    def test_reads_the_cost_of_the_part_on_the_page(self, cast, shop):
        cast.team.memberships.filter(user=cast.bob).update(scope=self.SCOPE)
        page = words(client_of(cast.bob).get("/weighting/?period=all"))
        assert "140" not in page and "20 1.00 100.0%" in page
