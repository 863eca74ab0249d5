"""The airport survey's raw rows, carried through the methods to the figures computed with R."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from analytics.methods.change import linearised_difference, welch_difference
from analytics.methods.distributions import score_index, weighted_satisfied_share
from analytics.methods.intervals import Estimate
from analytics.methods.multiplicity import benjamini_hochberg, holm
from analytics.methods.net_promoter import net_promoter_score, weighted_net_promoter_score
from analytics.methods.summaries import item_histograms
from analytics.methods.weighting import weighted_mean, weighted_sums
from tests.methods.checks.check import Check, check, ends
from tests.methods.figures import figures

SFO = figures("sfo_waves")
FIVE, ELEVEN = (1, 2, 3, 4, 5), tuple(range(11))
FILE = Path(__file__).parents[3] / "csat" / "demo" / "data" / "sfo_2014_2018.csv.gz"
SURVEY = "R survey svymean"
CHANGED = {"Q9RESTROOM", "Q9ALL"}
Rows = list[dict[str, str]]


@lru_cache(maxsize=1)
def read_waves() -> dict[int, Rows]:
    """Return the published rows by year."""
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {year: [row for row in rows if row["year"] == str(year)] for year in range(2014, 2019)}


def code(text: str, highest: int) -> int:
    """Read one cell: 6 does not apply, 0 and words are blank; on the 0-10 scale 11 is blank."""
    value = int(text) if text.isdigit() else 0
    if highest == 10:
        return value if text.isdigit() and value <= 10 else -1
    return value if 1 <= value <= 5 else -2 if value == 6 else -1


def codes(rows: Rows, item: str, highest: int = 5) -> np.ndarray:
    """Return an item's codes."""
    return np.array([code(row[item], highest) for row in rows], dtype=np.int8)


def weights(rows: Rows) -> np.ndarray:
    """Return the published respondent weights."""
    return np.array([float(row["WEIGHT"]) for row in rows])


def cells(rows: Rows, item: str, scale: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return one histogram per distinct respondent weight, with those weights."""
    found, which = np.unique(weights(rows), return_inverse=True)
    counts = item_histograms(codes(rows, item, scale[-1])[:, None], [scale], which, found.size)
    return counts.by_group(0), found


def estimate(rows: Rows, item: str) -> Estimate:
    """Return an item's weighted mean."""
    found = codes(rows, item)
    return weighted_mean(weighted_sums(found[found > 0], weights(rows)[found > 0]))


def waves() -> Iterator[Check]:
    """Weighted means and satisfied shares of two items in five years."""
    for wave in SFO["waves"]:
        rows, name, expected = read_waves()[wave["year"]], f"airport rows {wave['year']} {wave['item']}", wave["mean"]
        histograms, found = cells(rows, wave["item"], FIVE)
        yield check(
            "summaries.item_histograms", name, wave["hist"], histograms.sum(axis=0), source="R table", within=0,
        )
        mean = estimate(rows, wave["item"])
        yield check(
            "weighting.weighted_mean", f"{name}: n, mean, error, n_eff",
            (expected["n"], expected["weighted_mean"], expected["se"], expected["n_eff_kish"]),
            (mean.n, mean.value, mean.standard_error, mean.n_eff), source=SURVEY, relative=True,
        )
        yield check(
            "distributions.weighted_satisfied_share", name, wave["top2"]["weighted_mean"],
            weighted_satisfied_share(histograms, found, FIVE, {4, 5}).value, source=SURVEY, relative=True,
        )


def net_promoter_scores() -> Iterator[Check]:
    """35.1 weighted where 31.0 is unweighted."""
    for wave in SFO["nps"]:
        histograms, found = cells(read_waves()[wave["year"]], "NETPRO", ELEVEN)
        plain, weighted = net_promoter_score(histograms.sum(axis=0)), weighted_net_promoter_score(histograms, found)
        name, expected = f"airport rows {wave['year']}", wave["weighted"]
        yield check(
            "net_promoter.net_promoter_score", f"{name}, unweighted", wave["unweighted"]["nps"], plain.value,
            source="R package NPS", relative=True,
        )
        yield check(
            "net_promoter.weighted_net_promoter_score", f"{name}, weighted: score, error",
            (expected["weighted_mean"], expected["se"]), (weighted.value, weighted.standard_error), source=SURVEY, relative=True,
        )


def changes() -> Iterator[Check]:
    """22 items from 2017 to 2018: weighted, unweighted by Welch, and two of them after correction."""
    p_values = {}
    for expected in SFO["change_2017_2018"]:
        item, years = expected["item"], [read_waves()[year] for year in (2018, 2017)]
        later, earlier = (estimate(rows, item) for rows in years)
        change = linearised_difference(later, earlier)
        p_values[item] = change.p_value
        yield check(
            "change.linearised_difference", f"airport rows {item}: n, n, difference, error, p",
            (expected["n17"], expected["n18"], expected["diff"], expected["se"], expected["p"]),
            (earlier.n, later.n, change.value, change.standard_error, change.p_value), source=SURVEY, within=1e-8, relative=True,
        )
        now, before = (score_index(item_histograms(codes(rows, item)[:, None], [FIVE]).valid(0), FIVE) for rows in years)
        plain = welch_difference(now, before)
        welch = expected["welch_unweighted"]
        yield check(
            "change.welch_difference", f"airport rows {item}: difference, t, df, p, ends",
            (welch["diff"], welch["t"], welch["df"], welch["p"], *welch["ci"]),
            (plain.value, plain.statistic, plain.df, plain.p_value, *ends(plain.interval)), source="R t.test",
            within=1e-7, relative=True,
        )
    for method in (holm, benjamini_hochberg):
        adjusted = dict(zip(p_values, method(list(p_values.values())), strict=True))
        yield check(
            f"multiplicity.{method.__name__}", "airport rows: number of 22 items that changed, which",
            (len(CHANGED), *(item in CHANGED for item in p_values)),
            (sum(p < 0.05 for p in adjusted.values()), *(p < 0.05 for p in adjusted.values())), source="R p.adjust", within=0,
        )
