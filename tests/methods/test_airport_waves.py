"""The airport survey's raw rows, carried through to the published-style figures."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from pytest import approx

from analytics.methods.change import linearised_difference, welch_difference
from analytics.methods.composite import IndexDefinition, index_moments
from analytics.methods.correlation import pair_sums_of_tables
from analytics.methods.distributions import score_index, weighted_satisfied_share
from analytics.methods.errors import NoAnswersError, TooFewAnswersError
from analytics.methods.item_means import item_means_index
from analytics.methods.moments import mean_estimate
from analytics.methods.multiplicity import benjamini_hochberg, holm
from analytics.methods.net_promoter import net_promoter_score, weighted_net_promoter_score
from analytics.methods.summaries import item_histograms, pair_tables
from analytics.methods.trees import IndicatorTree, equal_weights
from analytics.methods.weighting import weighted_mean, weighted_sums
from tests.methods.figures import CLOSED, figures

SFO = figures("sfo_waves")
FIVE, LINEAR = (1, 2, 3, 4, 5), (0.0, 25.0, 50.0, 75.0, 100.0)
CSV = Path(__file__).parents[2] / "csat" / "demo" / "data" / "sfo_2014_2018.csv.gz"


def code(text: str, highest: int) -> int:
    value = int(text) if text.isdigit() else 0
    if highest == 10:
        return value if text.isdigit() and value <= 10 else -1
    return value if 1 <= value <= 5 else -2 if value == 6 else -1


@pytest.fixture(scope="module")
def waves():
    with gzip.open(CSV, "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {year: [row for row in rows if row["year"] == str(year)] for year in range(2014, 2019)}


def codes(rows, item, highest=5):
    return np.array([code(row[item], highest) for row in rows], dtype=np.int8)


def weights(rows):
    return np.array([float(row["WEIGHT"]) for row in rows])


def cells(rows, item, scale):
    """Return one histogram per distinct respondent weight, with those weights."""
    found, which = np.unique(weights(rows), return_inverse=True)
    counts = item_histograms(codes(rows, item, scale[-1])[:, None], [scale], which, found.size)
    return counts.by_group(0), found


class TestAirportWaves:
    @pytest.mark.parametrize("wave", SFO["waves"], ids=lambda wave: f"{wave['year']} {wave['item']}")
    def test_give_the_weighted_means_and_shares(self, waves, wave):
        rows = waves[wave["year"]]
        histograms, respondent_weights = cells(rows, wave["item"], FIVE)
        assert histograms.sum(axis=0).tolist() == wave["hist"]
        answered = codes(rows, wave["item"]) > 0
        found = weighted_mean(weighted_sums(codes(rows, wave["item"])[answered], weights(rows)[answered]))
        expected = wave["mean"]
        assert (found.n, found.value, found.standard_error, found.n_eff) == (
            expected["n"],
            approx(expected["weighted_mean"], rel=CLOSED),
            approx(expected["se"], rel=CLOSED),
            approx(expected["n_eff_kish"], rel=CLOSED),
        )
        share = weighted_satisfied_share(histograms, respondent_weights, FIVE, {4, 5})
        assert share.value == approx(wave["top2"]["weighted_mean"], rel=CLOSED)

    @pytest.mark.parametrize("wave", SFO["nps"], ids=lambda wave: str(wave["year"]))
    def test_give_the_net_promoter_score_weighted_and_unweighted(self, waves, wave):
        histograms, respondent_weights = cells(waves[wave["year"]], "NETPRO", tuple(range(11)))
        plain = net_promoter_score(histograms.sum(axis=0))
        weighted = weighted_net_promoter_score(histograms, respondent_weights)
        assert plain.value == approx(wave["unweighted"]["nps"], rel=CLOSED)
        assert (weighted.value, weighted.standard_error) == approx(
            (wave["weighted"]["weighted_mean"], wave["weighted"]["se"]), rel=CLOSED
        )

    def test_say_35_weighted_where_31_is_unweighted(self, waves):
        histograms, respondent_weights = cells(waves[2018], "NETPRO", tuple(range(11)))
        assert round(net_promoter_score(histograms.sum(axis=0)).value, 1) == 31.0
        assert round(weighted_net_promoter_score(histograms, respondent_weights).value, 1) == 35.1

    def test_changed_in_two_of_twenty_two_items(self, waves):
        changes = {}
        for expected in SFO["change_2017_2018"]:
            item = expected["item"]
            later, earlier = (self.estimate(waves[year], item) for year in (2018, 2017))
            change = linearised_difference(later, earlier)
            assert (earlier.n, later.n) == (expected["n17"], expected["n18"])
            assert (change.value, change.standard_error, change.p_value) == approx(
                (expected["diff"], expected["se"], expected["p"]), rel=1e-8
            )
            changes[item] = change.p_value
        for adjusted in (holm(list(changes.values())), benjamini_hochberg(list(changes.values()))):
            kept = {item for item, p in zip(changes, adjusted, strict=True) if p < 0.05}
            assert kept == {"Q9RESTROOM", "Q9ALL"}

    @staticmethod
    def estimate(rows, item):
        found = codes(rows, item)
        return weighted_mean(weighted_sums(found[found > 0], weights(rows)[found > 0]))

    def test_equal_welchs_test_unweighted(self, waves):
        for expected in SFO["change_2017_2018"]:
            later, earlier = (
                score_index(item_histograms(codes(waves[year], expected["item"])[:, None], [FIVE]).valid(0), FIVE)
                for year in (2018, 2017)
            )
            change, welch = welch_difference(later, earlier), expected["welch_unweighted"]
            assert (change.value, change.statistic, change.df, change.p_value) == approx(
                (welch["diff"], welch["t"], welch["df"], welch["p"]), rel=1e-8
            )
            assert (change.interval.low, change.interval.high) == approx(welch["ci"], rel=1e-7)


@pytest.fixture(scope="module")
def answers(waves):
    items = [name for name in waves[2018][0] if name.startswith("Q7") and name != "Q7ALL"]
    assert len(items) == 14
    return np.asfortranarray(np.stack([codes(waves[2018], item) for item in items], axis=1))


class TestAirportIndex:
    """Fourteen items of 2018 with 580 patterns of missing answers, equal weights."""

    PARENTS = (-1, *[0] * 14)
    TREE = IndicatorTree(PARENTS, equal_weights(PARENTS))

    def rule(self, coverage):
        return IndexDefinition(self.TREE, (FIVE,) * 14, (LINEAR,) * 14, coverage)

    def test_has_the_answers_it_should(self, answers):
        assert (answers > 0).all(axis=1).sum() == 343
        assert np.unique(answers > 0, axis=0).shape == (580, 14)

    def test_by_respondents_is_the_mean_of_their_means(self, answers):
        scores = np.where(answers > 0, (answers - 1.0) * 25, np.nan)
        some = (answers > 0).any(axis=1)
        points = np.nanmean(scores[some], axis=1)
        found = mean_estimate(index_moments(answers, self.rule(0.0)).at(0))
        # Each respondent is rounded to a millionth of a point once.
        assert (found.n, found.value) == (some.sum(), approx(points.mean(), abs=1e-7))
        assert found.standard_error == approx(points.std(ddof=1) / np.sqrt(some.sum()), rel=1e-8)

    def test_by_respondents_counts_those_with_half_of_the_items(self, answers):
        half = (answers > 0).sum(axis=1) >= 7
        found = mean_estimate(index_moments(answers, self.rule(0.5)).at(0))
        assert found.n == half.sum()
        assert found.value == approx(
            np.nanmean(np.where(answers > 0, (answers - 1.0) * 25, np.nan)[half], axis=1).mean(), abs=1e-7
        )

    def test_by_items_is_the_mean_of_item_means_with_a_bootstrap_error(self, answers):
        pairs = pair_sums_of_tables(pair_tables(answers, [FIVE] * 14), [LINEAR] * 14)
        found = item_means_index(self.TREE, pairs)[0].estimate
        scores = np.where(answers > 0, (answers - 1.0) * 25, np.nan)
        assert found.value == approx(np.nanmean(scores, axis=0).mean(), rel=CLOSED)
        rng = np.random.default_rng(20181122)
        draws = [np.nanmean(scores[rng.integers(0, len(scores), len(scores))], axis=0).mean() for _ in range(300)]
        assert found.standard_error == approx(np.std(draws), rel=0.15)

    def test_by_items_of_complete_answers_is_that_by_respondents(self, answers):
        complete = answers[(answers > 0).all(axis=1)]
        pairs = pair_sums_of_tables(pair_tables(complete, [FIVE] * 14), [LINEAR] * 14)
        by_items = item_means_index(self.TREE, pairs)[0].estimate
        by_respondents = mean_estimate(index_moments(complete, self.rule(0.5)).at(0))
        assert by_items.value == approx(by_respondents.value, abs=1e-6)
        # Estimator B divides by n where A divides by n - 1.
        n = len(complete)
        assert by_items.standard_error == approx(by_respondents.standard_error * np.sqrt((n - 1) / n), rel=1e-6)

    @pytest.mark.parametrize(("rows", "error"), [(0, NoAnswersError), (1, TooFewAnswersError)])
    def test_by_items_of_too_few_answers_is_refused(self, answers, rows, error):
        complete = answers[(answers > 0).all(axis=1)][:rows]
        with pytest.raises(error):
            item_means_index(self.TREE, pair_sums_of_tables(pair_tables(complete, [FIVE] * 14), [LINEAR] * 14))

    def test_by_items_leaves_out_an_item_without_answers_and_says_so(self, answers):
        blank = answers.copy()
        blank[:, 0] = -4
        pairs = pair_sums_of_tables(pair_tables(blank, [FIVE] * 14), [LINEAR] * 14)
        root, first, *_ = item_means_index(self.TREE, pairs)
        assert first is None
        assert root.coverage == approx(13 / 14)
