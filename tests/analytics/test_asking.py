"""What an address asks for is given, or refused with the reason: never other numbers than were asked for."""

from __future__ import annotations

import pytest

from analytics.scoring.schemes import save_scheme
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.weighting import PopulationPlan
from tests.analytics.builders import AT, answer_many
from tests.analytics.dashboard_builders import Shop, codes, fill_waves, make_shop
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
WRONG = [
    ("period=2026-13", "period"), ("region=Mars", "region"), ("region=East&region=Mars", "region"), ("series=99", "series"),
    ("by=x", "by"), ("compare=never", "compare"), ("weighting=987654", "weighting"), ("reigon=East", "reigon"),
    ("period=2017&period=2018", "period"),
]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    shop = make_shop(cast.team)
    fill_waves(shop)
    shop.compute()
    return shop


class TestTheOverviewForPrograms:
    @pytest.mark.parametrize(("query", "field"), WRONG)
    def test_refuses_what_means_nothing(self, cast: Cast, shop: Shop, query: str, field: str) -> None:
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/overview/?{query}")
        assert (reply.status_code, list(reply.json()["fields"])) == (400, [field])

    def test_names_all_that_means_nothing_at_once(self, cast: Cast, shop: Shop) -> None:
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/overview/?region=Mars&region=Venus&series=99&by=x")
        found = reply.json()["fields"]
        assert set(found) == {"region", "series", "by"}
        assert found["region"] == ["“Mars” means nothing here.", "“Venus” means nothing here."]

    def test_refuses_in_the_language_asked_for(self, cast: Cast, shop: Shop) -> None:
        client = api_client(make_key(cast.team)[1])
        reply = client.get("/api/v1/overview/?reigon=East", headers={"accept-language": "zh-CN"})
        assert "此处没有" in str(reply.json()["fields"])

    def test_gives_a_manager_nothing_outside_the_scope(self, cast: Cast, shop: Shop) -> None:
        client = api_client(make_key(cast.team, scope={"region": ["East"]})[1])
        assert client.get("/api/v1/overview/?region=West").status_code == 400
        assert client.get("/api/v1/overview/?region=East").status_code == 200

    @pytest.mark.parametrize("query", [
        "", "period=wave:2017&compare=none&by=region&region=East&region=West", "period=2018&compare=year", "format=json",
        "period=wave:Nobody",
    ])
    def test_answers_what_it_understands(self, cast: Cast, shop: Shop, query: str) -> None:
        assert api_client(make_key(cast.team)[1]).get(f"/api/v1/overview/?{query}").status_code == 200


class TestTheFiles:
    @pytest.mark.parametrize("path", ["/overview/export/", "/overview/change/export/"])
    @pytest.mark.parametrize(("query", "field"), WRONG)
    def test_are_not_made_of_what_means_nothing(self, cast: Cast, shop: Shop, path: str, query: str, field: str) -> None:
        if (path, field) == ("/overview/change/export/", "weighting"):
            return_to = client_of(cast.bob).get(f"{path}?{query}")
            assert return_to["Location"] == f"/overview/change/?{query}"
            return
        reply = client_of(cast.bob).get(f"{path}?{query}")
        assert reply.status_code == 400 and "Content-Disposition" not in reply
        assert f"<b>{field}: </b>" in reply.content.decode() and "no file was made" in words(reply)

    @pytest.mark.parametrize(("page", "path"), [("/overview/", "/overview/export/"), ("/overview/change/", "/overview/change/export/")])
    def test_are_made_from_every_link_of_their_page(self, cast: Cast, shop: Shop, page: str, path: str) -> None:
        client = client_of(cast.bob)
        for query in ("", "?period=wave:2017&region=East", "?compare=none&period=2018-05", "?period=2026-13&by=x"):
            body = client.get(page + query, follow=True).content.decode()
            if path not in body:
                assert "There is nothing to compare with yet" in body
                continue
            link = body.split(f'href="{path}')[1].split('"')[0].replace("&amp;", "&")
            assert client.get(path + link)["Content-Type"].startswith("text/csv")


class TestTheValuesForPrograms:
    def get(self, cast: Cast, shop: Shop, path: str) -> tuple[int, dict]:
        run = get_latest_run(tree=shop.tree)
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/{path}")
        return reply.status_code, reply.json()

    @pytest.mark.parametrize(("query", "field"), [
        ("grain=wave&period=wave:2017", "period"), ("grain=wave&dimension=region", "dimension"), ("last=3", "last"),
        ("filters=region:East", "filters"), ("period=2017&period=2018", "period"), ("node=csi", "node"),
    ])
    def test_refuse_what_would_be_dropped(self, cast: Cast, shop: Shop, query: str, field: str) -> None:
        status, found = self.get(cast, shop, f"values/?{query}")
        assert (status, list(found["fields"])) == (400, [field])

    @pytest.mark.parametrize("query", ["last=3", "dimension=region", "periods=2017"])
    def test_of_one_indicator_refuse_it_too(self, cast: Cast, shop: Shop, query: str) -> None:
        assert self.get(cast, shop, f"value/?{query}")[0] == 400

    def test_of_the_list_of_runs_refuse_it_too(self, cast: Cast, shop: Shop) -> None:
        client = api_client(make_key(cast.team)[1])
        assert client.get(f"/api/v1/runs/?survey={shop.tree.pk}").status_code == 400
        assert client.get(f"/api/v1/runs/?tree={shop.tree.pk}&page=1&page_size=5").status_code == 200

    def test_of_a_weighted_trend_are_of_the_same_periods(self, cast: Cast) -> None:
        shop = make_shop(cast.team)
        for month, region in ((1, "East"), (1, "West"), (4, "East"), (4, "West"), (6, "East")):
            answer_many(shop.version, codes(3, 20), at=AT.replace(month=month), attributes={"region": region})
        shop.compute()
        plan = PopulationPlan("rake", ("region",), ((("East",), 1), (("West",), 1)))
        scheme = save_scheme(tree=shop.tree, name="Half", plan=plan, user=None, at=AT)
        _, plain = self.get(cast, shop, "values/?grain=month&filter=region:West")
        _, weighted = self.get(cast, shop, f"values/?grain=month&filter=region:West&weighting={scheme.pk}")
        months = [one["period"]["key"] for one in plain["results"]]
        assert len(months) == 4
        told = [one["period"]["key"] for one in weighted["results"]] + [one["period"] for one in weighted["problems"]]
        assert sorted(told) == months
