"""How far a group is from the average, and whether that is more than chance."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy import stats

from analytics.scoring import comparing
from analytics.scoring.figures import ALL_ALIKE
from analytics.scoring.results import Figure, Status, Verdict
from tests.analytics.builders import ITEMS, answer_many, make_dimension
from tests.analytics.dashboard_builders import Shop, make_shop
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
REGIONS = tuple(f"R{number}" for number in range(1, 13))
NOBODY = "No group differs from the average beyond chance."


def draw(seed: int, groups: int = 12, each: int = 40) -> np.ndarray:
    """Answers 1-5 of equal groups, all from one distribution."""
    return np.random.default_rng(seed).choice([2, 3, 4, 5], size=(groups, each), p=[0.1, 0.25, 0.4, 0.25])


def shop_of(cast: Cast, answers: np.ndarray, **fields: object) -> Shop:
    make_dimension(cast.team, "region", *REGIONS)
    shop = make_shop(cast.team)
    for region, codes in zip(REGIONS, answers, strict=False):
        rows = [{**dict.fromkeys((*ITEMS, "overall"), int(code)), "nps": 7} for code in codes]
        answer_many(shop.version, rows, at=datetime(2018, 5, 1, tzinfo=UTC), attributes={"region": region}, **fields)
    shop.compute()
    return shop


def cells_of(cast: Cast, query: str = "") -> dict[str, dict]:
    reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/overview/?period=2018{query}").json()
    return {row["level"]: row["cells"][0] for row in reply["heat"]["rows"]}


class TestGroupsOfOneDistribution:
    def test_are_not_told_apart(self, cast):
        """One of them is more than 4 points off, by chance."""
        shop_of(cast, draw(9))
        assert max(abs(cell["distance"]) for cell in cells_of(cast).values()) > 4
        page = words(client_of(cast.bob).get("/overview/?period=2018"))
        assert NOBODY in page and "urthest from the average" not in page

    def test_are_not_told_apart_in_chinese(self, cast):
        shop_of(cast, draw(9))
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        assert "没有任何一组与平均水平的差异超出随机波动" in words(client_of(cast.bob).get("/overview/?period=2018"))

    def test_are_called_different_in_one_table_of_twenty(self):
        """Holm over twelve groups, each against all others."""
        called = 0
        for seed in range(400):
            answers = 25.0 * (draw(seed) - 1)
            p = [stats.ttest_ind(one, np.delete(answers, place, 0).ravel(), equal_var=False).pvalue
                 for place, one in enumerate(answers)]
            called += min(p) * len(p) < 0.05
        assert 5 < called < 32

    def test_have_the_interval_of_welch_against_the_rest(self, cast):
        answers = draw(4)
        shop_of(cast, answers)
        cells, points = cells_of(cast), 25.0 * (answers - 1)
        for place, region in enumerate(REGIONS):
            found, apart = cells[region], cells[region]["from_average"]
            rest = np.delete(points, place, 0).ravel()
            test = stats.ttest_ind(points[place], rest, equal_var=False)
            expected = [end * 11 / 12 for end in test.confidence_interval(0.95)]
            assert [apart["low"], apart["high"]] == pytest.approx(expected, rel=1e-6)
            assert apart["difference"] == found["distance"] == pytest.approx(points[place].mean() - points.mean(), abs=1e-6)
            assert apart["low"] < apart["difference"] < apart["high"]

    def test_have_under_equal_weights_the_normal_one(self, cast):
        answers = draw(4)
        shop_of(cast, answers, respondent_weight=3)
        points = 25.0 * (answers - 1)
        apart = cells_of(cast, "&weighting=imported")["R1"]["from_average"]
        rest = points[1:].ravel()
        error = np.hypot(points[0].std(ddof=1) / np.sqrt(40), rest.std(ddof=1) / np.sqrt(440))
        assert apart["high"] - apart["low"] == pytest.approx(2 * 1.959964 * error * 11 / 12, rel=1e-6)


class TestAGroupThatDiffers:
    def test_is_named_with_its_interval(self, cast):
        answers = draw(4)
        answers[4] = np.maximum(1, answers[4] - 1)
        shop_of(cast, answers)
        page = words(client_of(cast.bob).get("/overview/?period=2018"))
        apart = cells_of(cast)["R5"]["from_average"]
        assert apart["verdict"] == "beyond"
        told = f"Furthest from the average, beyond chance: R5, {abs(apart['difference']):.1f} below (95% interval"
        assert told in page and f"{apart['low']:.1f} – {apart['high']:.1f}".replace("-", "−") in page

    def test_has_the_verdict_that_holds_for_all_groups_together(self, cast):
        answers = draw(4)
        answers[4] = np.maximum(1, answers[4] - 1)
        shop_of(cast, answers)
        verdicts = {region: cell["from_average"]["verdict"] for region, cell in cells_of(cast).items()}
        assert verdicts.pop("R5") == "beyond" and set(verdicts.values()) == {"within"}

    def test_is_tested_once_where_there_is_only_one_other(self, cast):
        """The two distances are one difference seen from both sides, so Holm has nothing to correct."""
        answers = np.array([[3] * 40 + [4] * 40, [3] * 27 + [4] * 53])
        test = stats.ttest_ind(*answers, equal_var=False)
        assert 0.025 < test.pvalue < 0.05
        shop_of(cast, answers)
        assert {cell["from_average"]["verdict"] for cell in cells_of(cast).values()} == {"beyond"}


class TestAGroupAlone:
    def test_is_compared_with_nobody(self, cast):
        shop_of(cast, draw(4))
        page = words(client_of(cast.bob).get("/overview/?period=2018&region=R3"))
        assert "Only one group has answers here, so there is nobody to compare it with." in page
        assert "nobody to weight" not in page and "All answers are the same" not in page
        change = cells_of(cast, "&region=R3")["R3"]["from_average"]
        assert (change["verdict"], change["reason"]) == ("unknown", comparing.NOBODY_ELSE)

    def test_gives_its_table_to_the_next_grouping(self, cast):
        shop = shop_of(cast, draw(4, each=30))
        make_dimension(cast.team, "tier", "Gold", "Basic")
        answers = [{**dict.fromkeys((*ITEMS, "overall"), 3 + number % 3), "nps": 7} for number in range(40)]
        for tier in ("Gold", "Basic"):
            answer_many(shop.version, answers, at=datetime(2018, 5, 2, tzinfo=UTC), attributes={"region": "R1", "tier": tier})
        shop.compute()
        client = client_of(cast.bob)
        assert "Where it differs · tier" in words(client.get("/overview/?period=2018&region=R1"))
        assert "Where it differs · region" in words(client.get("/overview/?period=2018&region=R1&region=R2"))
        assert "Where it differs · region" in words(client.get("/overview/?period=2018&region=R1&by=region"))
        assert client.get("/overview/?period=2018&region=R1&by=tier").url == "/overview/?period=2018&region=R1"


class TestADistance:
    def figure(self, value: float, n: int, error: float | None, reason: str = "") -> Figure:
        ends = (None, None) if error is None else (value - 2 * error, value + 2 * error)
        return Figure("index", n, float(n), value, *ends, Status.SHOWN, reason, 10, error)

    def test_of_answers_all_alike_has_no_verdict(self):
        found = comparing.tested_from_average(self.figure(100.0, 40, None, ALL_ALIKE), self.figure(80.0, 400, 1.0))
        assert (found.change.verdict, found.change.reason, found.p) == (Verdict.UNKNOWN, ALL_ALIKE, None)

    def test_from_a_rest_all_alike_has_none_either(self):
        whole = np.array([50.0] * 60 + [25.0, 75.0] * 20)
        part = whole[60:]
        sides = [self.figure(x.mean(), len(x), x.std(ddof=1) / np.sqrt(len(x))) for x in (part, whole)]
        found = comparing.tested_from_average(*sides)
        assert (found.change.verdict, found.change.reason) == (Verdict.UNKNOWN, "no_variation")

    def test_of_the_whole_from_itself_has_none(self):
        whole = self.figure(80.0, 400, 1.0)
        change = comparing.tested_from_average(whole, whole).change
        assert (change.verdict, change.reason) == (Verdict.UNKNOWN, comparing.NOBODY_ELSE)
