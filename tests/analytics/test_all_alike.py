"""Answers that are all the same: a value, and the reason why it has no interval; shares keep theirs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from analytics.methods.net_promoter import net_promoter_score
from analytics.methods.proportions import wilson_interval
from analytics.scoring.effort import effort_of
from analytics.scoring.estimators import read_estimators
from analytics.scoring.figures import ALL_ALIKE, without_certainty
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.results import Figure, ItemResult, Level, Missing, Status
from analytics.scoring.selectors import get_latest_run, read_period
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import Imported
from tests.analytics.builders import AFTERWARDS, ITEMS, answer_many
from tests.analytics.dashboard_builders import Shop, make_shop
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
SAID = "All answers are the same, so there is no interval"
FIVES = {**dict.fromkeys((*ITEMS, "overall"), 5), "nps": 10}


@pytest.fixture
def shop(cast: Cast) -> Shop:
    shop = make_shop(cast.team)
    answer_many(shop.version, [FIVES] * 40, at=datetime(2018, 5, 1, tzinfo=UTC), attributes={"region": "East"},
                respondent_weight=2)
    answer_many(shop.version, [FIVES] * 12, at=datetime(2018, 6, 1, tzinfo=UTC), attributes={"region": "West"},
                respondent_weight=1)
    shop.compute()
    return shop


def run_of(shop: Shop):
    run = get_latest_run(tree=shop.tree)
    assert run is not None
    return run


class TestAFigure:
    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_of_answers_that_are_all_the_same_has_a_value_and_no_interval(self, shop, is_weighted):
        read = {"run": run_of(shop), "period": EVERYTHING}
        result = read_weighted(read["run"], period=EVERYTHING, weighting=Imported()) if is_weighted else read_period(
            read["run"], period=EVERYTHING, at=AFTERWARDS)
        means = [result.root.index, result.nodes[-1].index, result.nodes[-1].items[0].mean, result.overall.mean]
        assert [one.value for one in means] == [100.0, 100.0, 5.0, 5.0]
        assert {(one.low, one.high, one.standard_error, one.reason) for one in means} == {(None, None, None, ALL_ALIKE)}
        assert {one.status for one in means} == {Status.SHOWN} and means[0].n == 52

    def test_that_is_a_share_keeps_wilsons_interval_and_the_nps_its_own(self, shop):
        result = read_period(run_of(shop), period=EVERYTHING, at=AFTERWARDS)
        share, score = result.overall.satisfied, result.nps.score
        assert (share.low, share.high, share.reason) == (wilson_interval(52, 52).low, 1.0, "")
        expected = net_promoter_score([0] * 10 + [52]).interval
        assert (score.low, score.high, score.reason) == (expected.low, expected.high, "") and score.low < 95

    def test_by_item_means_has_none_either(self, shop):
        found = read_estimators(run_of(shop), node="csi", period=EVERYTHING, at=AFTERWARDS).item_means
        assert (found.value, found.low, found.reason) == (100.0, None, ALL_ALIKE)

    def test_of_customer_effort_has_none_in_mean_and_net_score(self):
        mean = Figure("mean", 30, 30, 7.0, None, None, Status.SHOWN, ALL_ALIKE, 10)
        levels = tuple(Level(code, 30 * (code == 7), float(code == 7)) for code in range(1, 8))
        effort = effort_of(ItemResult(1, "easy", 1, 7, mean, mean, mean, levels, Missing(), is_effort=True))
        assert effort.mean.reason == effort.net.reason == ALL_ALIKE and effort.net.value == 100.0
        assert effort.agreeing.low < 1.0 == effort.agreeing.high

    @pytest.mark.parametrize(("width", "is_kept"), [(0.0, False), (1e-9, False), (1e-6, True), (3.0, True)])
    def test_loses_what_only_rounding_leaves_of_a_width(self, width, is_kept):
        figure = Figure("index", 40, 40, 50.0, 50.0, 50.0 + width, Status.SHOWN, "", 10, width / 4)
        assert (without_certainty(figure).low is not None) == is_kept


class TestThePages:
    def test_say_why_there_is_no_interval(self, cast, shop):
        client = client_of(cast.bob)
        for path in ("/overview/?period=2018", f"/runs/{run_of(shop).pk}/value/?period=2018"):
            page = words(client.get(path))
            assert SAID in page and "100.0 – 100.0" not in page

    def test_say_with_few_answers_both(self, cast, shop):
        page = words(client_of(cast.bob).get("/overview/?period=2018&region=West"))
        assert f"{SAID}" in page and "Few answers (n = 12)" in page

    def test_of_a_weighting_say_so_too(self, cast, shop):
        assert SAID in words(client_of(cast.bob).get(f"/runs/{run_of(shop).pk}/value/?weighting=imported"))

    def test_say_it_in_chinese(self, cast, shop):
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        assert "答案全部相同" in words(client_of(cast.bob).get("/overview/?period=2018"))


class TestTheInterfaces:
    def test_give_the_reason_in_the_place_of_the_interval(self, cast, shop):
        figure = api_client(make_key(cast.team)[1]).get("/api/v1/overview/?period=2018").json()["index"]["figure"]
        assert (figure["value"], figure["low"], figure["high"], figure["standard_error"]) == (100.0, None, None, None)
        assert figure["reason"] == ALL_ALIKE and figure["explanation"].startswith(SAID)

    def test_give_it_in_the_file(self, cast, shop):
        reply = client_of(cast.bob).get("/overview/export/?period=2018")
        rows = list(csv.DictReader(io.StringIO(b"".join(reply).decode("utf-8-sig"))))
        index = next(row for row in rows if row["section"] == "index")
        assert (index["value"], index["low"], index["reason"]) == ("100.0", "", ALL_ALIKE)


class TestAChange:
    def test_between_two_such_periods_is_not_judged(self, cast, shop):
        answer_many(shop.version, [FIVES] * 40, at=datetime(2017, 5, 1, tzinfo=UTC))
        shop.compute()
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/changes/?period=2018&before=2017").json()
        row = reply["rows"][0]
        assert (row["difference"], row["p"], row["verdict"], row["reason"]) == (0.0, None, "unknown", "no_variation")

    def test_to_such_a_period_from_one_with_too_few_says_the_latter(self, cast, shop):
        answer_many(shop.version, [FIVES] * 4, at=datetime(2017, 5, 1, tzinfo=UTC))
        shop.compute()
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/changes/?period=2018&before=2017").json()
        assert reply["rows"][0]["reason"] == "too_few"
