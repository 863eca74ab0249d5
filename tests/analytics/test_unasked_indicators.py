"""Indicators that no question measures leave the index as it is, and say so."""

from __future__ import annotations

import pytest

from analytics.indicators.models import Indicator
from analytics.indicators.services import add_indicator
from analytics.scoring.definition import Definition, NodeRule, SourceRule
from analytics.scoring.estimators import read_estimators
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.results import PeriodResult
from analytics.scoring.selectors import get_latest_run, read_period
from tests.analytics.builders import AFTERWARDS, AT, publish_again, rating, text
from tests.analytics.dashboard_builders import Shop, fill_waves, make_shop, shop_document
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
NEW = ("price", "brand", "image")
NO_QUESTION = "No question measures this indicator yet, so the index is made of the others."
BELOW = "There are answers, but none covers as much of this indicator’s parts as its tree requires."


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    shop = make_shop(cast.team)
    fill_waves(shop)
    shop.compute()
    return shop


def read(shop: Shop) -> PeriodResult:
    return read_period(get_latest_run(tree=shop.tree), period=EVERYTHING, at=AFTERWARDS)


def add_new(shop: Shop) -> None:
    root = Indicator.objects.get(tree=shop.tree, parent=None)
    for key in NEW:
        add_indicator(parent=root, key=key, names=text(key), user=None, at=AT)


class TestAnIndicatorWithoutQuestions:
    def test_leaves_the_index_as_it_is(self, shop: Shop) -> None:
        before = read(shop)
        add_new(shop)
        shop.compute()
        after = read(shop)
        assert after.root.index.n == before.root.index.n > 300
        assert after.root.index.value == pytest.approx(before.root.index.value, abs=1e-6)
        assert after.root.index.standard_error == pytest.approx(before.root.index.standard_error, abs=1e-6)

    def test_says_itself_why_it_has_no_value(self, cast: Cast, shop: Shop) -> None:
        add_new(shop)
        shop.compute()
        assert {read(shop).node(key).index.reason for key in NEW} == {"no_question"}
        assert NO_QUESTION in words(client_of(cast.bob).get("/overview/"))
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/overview/").json()
        assert {one["headline"]["figure"]["reason"] for one in reply["nodes"] if one["key"] in NEW} == {"no_question"}
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        assert "尚无题目测量该指标，指数由其余指标构成。" in words(client_of(cast.bob).get("/overview/"))

    def test_makes_nobody_incomplete_for_the_other_estimator(self, shop: Shop) -> None:
        add_new(shop)
        shop.compute()
        found = read_estimators(get_latest_run(tree=shop.tree), node="csi", period=EVERYTHING, at=AFTERWARDS)
        assert found.incomplete == 0
        assert found.item_means.value == pytest.approx(found.respondents.value, abs=1e-6)

    def test_keeps_what_moved_the_index(self, cast: Cast, shop: Shop) -> None:
        client, path = api_client(make_key(cast.team)[1]), "/api/v1/changes/?period=wave:2018&before=wave:2017"
        before = client.get(path).json()["decomposed"]
        add_new(shop)
        shop.compute()
        after = client.get(path).json()["decomposed"]
        assert [one["key"] for one in after["parts"]] == [one["key"] for one in before["parts"]]
        assert after["total"] == pytest.approx(before["total"], abs=1e-6)

    def test_counts_once_a_question_asks_for_it(self, cast: Cast, shop: Shop) -> None:
        """What only later answers can have, earlier ones lack: then the required share decides, and says so."""
        root = Indicator.objects.get(tree=shop.tree, parent=None)
        content = shop_document()
        content["pages"][0]["questions"].append(rating("price"))
        version = publish_again(shop.version.questionnaire, content)
        add_new(shop)
        for key in NEW:
            Indicator.objects.get(tree=shop.tree, key=key).sources.create(
                tree=shop.tree, questionnaire=version.questionnaire, question_key="price" if key == "price" else key, role="leaf")
        for key in NEW[1:]:
            content["pages"][0]["questions"].append(rating(key))
        publish_again(version.questionnaire, content)
        shop.compute()
        figure = read(shop).root.index
        assert (figure.n, figure.reason) == (0, "below_coverage")
        assert BELOW in words(client_of(cast.bob).get("/overview/"))
        assert root.key == "csi"


class TestSharesAmongWhatIsAsked:
    def make(self, *, fed: tuple[str, ...]) -> Definition:
        nodes = (
            NodeRule("top", None, 1.0), NodeRule("a", "top", 0.5), NodeRule("b", "top", 0.3), NodeRule("c", "top", 0.2),
            NodeRule("b1", "b", 0.25), NodeRule("b2", "b", 0.75),
        )
        sources = tuple(SourceRule(1, key, 1, 5, "leaf", key) for key in fed)
        return Definition(nodes, sources, (), "linear", 50, "UTC")

    @pytest.mark.parametrize(("fed", "expected", "unasked"), [
        (("a", "b1", "b2", "c"), (1.0, 0.5, 0.3, 0.2, 0.25, 0.75), set()),
        (("a", "b1", "b2"), (1.0, 0.625, 0.375, 0.0, 0.25, 0.75), {"c"}),
        (("a", "b2"), (1.0, 0.625, 0.375, 0.0, 0.0, 1.0), {"c", "b1"}),
        (("a",), (1.0, 1.0, 0.0, 0.0, 0.25, 0.75), {"b", "b1", "b2", "c"}),
        ((), (1.0, 0.5, 0.3, 0.2, 0.25, 0.75), {"top", "a", "b", "b1", "b2", "c"}),
    ])
    def test_add_up_inside_each_parent(self, fed: tuple[str, ...], expected: tuple[float, ...], unasked: set[str]) -> None:
        found = self.make(fed=fed)
        assert [found.asked_weights[node.key] for node in found.nodes] == pytest.approx(list(expected))
        assert found.unasked == unasked

    def test_are_the_given_ones_where_only_what_weighs_nothing_is_asked(self) -> None:
        nodes = (NodeRule("top", None, 1.0), NodeRule("a", "top", 1.0), NodeRule("b", "top", 0.0))
        found = Definition(nodes, (SourceRule(1, "b", 1, 5, "leaf", "b"),), (), "linear", 50, "UTC")
        assert found.asked_weights == {"top": 1.0, "a": 1.0, "b": 0.0}
