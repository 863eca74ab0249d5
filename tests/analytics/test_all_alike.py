"""Answers that are all the same: a value, and the reason why it has no interval; shares keep theirs."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime

import pytest
from scipy import stats

from analytics.methods.moments import Moments
from analytics.methods.net_promoter import net_promoter_score
from analytics.methods.proportions import wilson_interval
from analytics.scoring.comparing import ONE_SIDE_ALIKE
from analytics.scoring.effort import effort_of
from analytics.scoring.estimators import read_estimators, read_weighted_item_means
from analytics.scoring.figures import ALL_ALIKE
from analytics.scoring.periods import EVERYTHING, parse_period
from analytics.scoring.results import Figure, ItemResult, Level, Missing, Status
from analytics.scoring.selectors import get_latest_run, read_period
from analytics.scoring.services import recompute
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import Imported
from tests.analytics.builders import AFTERWARDS, ITEMS, answer_many, document, make_tree, publish, rating, text
from tests.analytics.dashboard_builders import Shop, codes, make_shop
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


@pytest.fixture
def one_sided(cast: Cast) -> Shop:
    """Ten answers all alike, and a hundred of which every fourth is a step lower."""
    shop = make_shop(cast.team)
    answer_many(shop.version, [FIVES] * 10, at=datetime(2017, 5, 1, tzinfo=UTC), attributes={"region": "East"},
                respondent_weight=2)
    later = [{**FIVES, **dict.fromkeys(ITEMS, 4 if number % 4 == 0 else 5)} for number in range(100)]
    answer_many(shop.version, later, at=datetime(2018, 5, 1, tzinfo=UTC), attributes={"region": "East"},
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

    def test_of_customer_effort_has_none_in_the_net_score_where_all_agree_though_not_equally(self):
        mean = Figure("mean", 30, 30, 6.5, 6.3, 6.7, Status.SHOWN, "", 10, 0.1)
        levels = tuple(Level(code, 15 * (code >= 6), 0.5 * (code >= 6)) for code in range(1, 8))
        effort = effort_of(ItemResult(1, "easy", 1, 7, mean, mean, mean, levels, Missing(), is_effort=True))
        assert effort.mean.reason == "" and effort.net.reason == ALL_ALIKE and effort.net.low is None

    def test_under_weights_of_any_size_has_none(self, cast):
        """Sums of unequal weights leave a width of rounding; the counts decide."""
        shop, draw = make_shop(cast.team), random.Random(5)
        months = range(1, 13)
        for month in months:
            for _ in range(40):
                answer_many(shop.version, [{**FIVES, **dict.fromkeys((*ITEMS, "overall"), 3 + month % 2)}],
                            at=datetime(2018, month, 5, tzinfo=UTC), respondent_weight=round(draw.uniform(0.3, 3), 4))
        shop.compute()
        read = [read_weighted(run_of(shop), period=parse_period(f"2018-{month:02}"), weighting=Imported()) for month in months]
        means = [one for each in read for one in (each.root.index, each.overall.mean)]
        assert {(one.low, one.standard_error, one.reason) for one in means} == {(None, None, ALL_ALIKE)}

    def test_by_item_means_of_answers_that_no_float_holds_has_none_either(self, cast):
        version = publish(cast.team, document(
            *(rating(key, 4) for key in ("overall", *ITEMS)), {"key": "nps", "type": "nps", "text": text("Recommend?")},
        ))
        tree = make_tree(version)
        answer_many(version, [dict.fromkeys((*ITEMS, "overall"), 3)] * 100, respondent_weight=0.7)
        recompute(tree=tree, at=datetime.now(UTC))
        run = get_latest_run(tree=tree)
        plain = read_estimators(run, node="csi", period=EVERYTHING, at=AFTERWARDS).item_means
        weighted = read_weighted_item_means(run, node="csi", period=EVERYTHING, weighting=Imported())
        assert [(one.low, one.standard_error, one.reason) for one in (plain, weighted)] == [(None, None, ALL_ALIKE)] * 2

    def test_keeps_the_width_that_one_answer_among_ten_million_gives(self):
        total, squares = 9_999_999 * 10**8 + 75 * 10**6, 9_999_999 * 10**16 + (75 * 10**6) ** 2
        assert not Moments(10**7, total, squares).is_alike
        assert Moments(9_999_999, 9_999_999 * 10**8, 9_999_999 * 10**16).is_alike


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

    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_from_such_a_period_is_not_judged_either(self, cast, one_sided, is_weighted):
        query = "period=2018&before=2017" + "&weighting=imported" * is_weighted
        rows = api_client(make_key(cast.team)[1]).get(f"/api/v1/changes/?{query}").json()["rows"]
        means = {row["key"]: row for row in rows if row["after"]["metric"] in ("index", "mean")}
        for key in ("csi", "product", "quality"):
            row = means[key]
            assert (row["low"], row["high"], row["p"], row["verdict"]) == (None, None, None, "unknown")
            assert row["difference"] < 0 and row["reason"] == ONE_SIDE_ALIKE
            assert row["explanation"].startswith("In one of the two periods all answers are the same")

    def test_from_such_a_period_is_called_nothing_on_any_page(self, cast, one_sided):
        client = client_of(cast.bob)
        page = words(client.get("/overview/?period=2018"))
        assert "In one of the two periods all answers are the same" in page
        assert not [said for said in (", beyond chance", "· beyond chance", "No indicator changed") if said in page]
        assert "In one of the two periods" in words(client.get("/overview/change/?period=2018&before=2017"))
        change = client.get("/api/v1/overview/?period=2018").json()["index"]["change"]
        assert (change["verdict"], change["reason"]) == ("unknown", ONE_SIDE_ALIKE)
        assert change["explanation"].startswith("In one of the two periods")

    def test_is_called_nothing_in_chinese(self, cast, one_sided):
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        assert "其中一期的答案全部相同" in words(client_of(cast.bob).get("/overview/?period=2018"))

    def test_of_the_net_promoter_score_is_judged_by_the_adjusted_errors_of_both(self, cast):
        shop = make_shop(cast.team)
        for year, scores in ((2017, [9] * 12), (2018, [7 if number % 5 == 0 else 9 for number in range(60)])):
            answer_many(shop.version, [{**codes(3, 1)[0], "nps": score} for score in scores],
                        at=datetime(year, 5, 1, tzinfo=UTC))
        shop.compute()
        row = api_client(make_key(cast.team)[1]).get("/api/v1/changes/?period=2018&before=2017").json()["rows"][1]
        assert (row["key"], row["difference"], row["verdict"]) == ("nps", -20.0, "within")
        assert row["low"] < -20 < row["high"] and row["p"] > stats.fisher_exact([[12, 0], [48, 12]])[1]

    def test_to_such_a_period_from_one_with_too_few_says_the_latter(self, cast, shop):
        answer_many(shop.version, [FIVES] * 4, at=datetime(2017, 5, 1, tzinfo=UTC))
        shop.compute()
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/changes/?period=2018&before=2017").json()
        assert reply["rows"][0]["reason"] == "too_few"
