"""Shares, score vectors, net promoter score and effort."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from analytics.methods.change import (
    adjusted_net_promoter_difference,
    linearised_difference,
    net_promoter_difference,
)
from analytics.methods.customer_effort import customer_effort
from analytics.methods.distributions import satisfied_share, score_index, score_vector
from analytics.methods.intervals import Estimate
from analytics.methods.net_promoter import adjusted_wald_interval, net_promoter_score
from analytics.methods.proportions import newcombe_difference, proportion, weighted_proportion, wilson_interval
from analytics.methods.weighting import WeightedSums, weighted_mean
from tests.methods.checks.check import Check, check, ends
from tests.methods.figures import figures

SIMPLE, NPS, SFO = figures("simple_scores"), figures("nps_wilson"), figures("sfo_waves")
FIVE = (1, 2, 3, 4, 5)
SCORE_MAPS = {
    "linear": "linear_0_100 (x-1)/4*100", "times20": "x*20", "cn_practice": "cn_100_80_60_30_0",
    "cn_practice_40": "cn_100_80_60_40_0",
}
NEWCOMBE = "Newcombe 1998, R prop.test"
CRAN_NPS = "R package NPS 1.1"
ARITHMETIC = "arithmetic"
SURVEY = "R survey svymean"


def promoter_histogram(detractors: int, passives: int, promoters: int) -> list[int]:
    """Return a histogram 0-10 with so many answers in each class."""
    return [detractors, 0, 0, 0, 0, 0, 0, passives, 0, 0, promoters]


def intervals_of_shares() -> Iterator[Check]:
    """Wilson's interval, also of weighted answers."""
    for case in NPS["wilson"]:
        yield check(
            "proportions.wilson_interval", f"{case['x']} of {case['n']}, ends", (case["lo"], case["hi"]),
            ends(wilson_interval(case["x"], case["n"])), source=NEWCOMBE,
        )
    case = SIMPLE["weighted_wilson"]
    yield check(
        "proportions.weighted_proportion", "airport 2018 top two boxes, ends", case["wilson"],
        ends(weighted_proportion(case["p"], 2625, case["n_eff"]).interval), source=ARITHMETIC,
    )
    change = newcombe_difference(proportion(56, 70), proportion(48, 80))
    # The paper prints four digits.
    yield check(
        "proportions.newcombe_difference", "56/70 - 48/80: difference, ends", (0.2, 0.0524, 0.3339),
        (change.value, *ends(change.interval)), source="Newcombe 1998", within=5e-5,
    )


def boxes_and_scores() -> Iterator[Check]:
    """Top and bottom boxes, and the index under four score vectors."""
    for key, box in (("top2", {4, 5}), ("top1", {5}), ("bottom2", {1, 2})):
        share, expected = satisfied_share(SIMPLE["hist"], FIVE, box), SIMPLE[key]
        yield check(
            "distributions.satisfied_share", f"{key}: share, ends", (expected["p"], *expected["wilson"]),
            (share.value, *ends(share.interval)), source=ARITHMETIC,
        )
    for name, key in SCORE_MAPS.items():
        expected, vector = SIMPLE["score_maps"][key], score_vector(name, FIVE)
        yield check("distributions.score_vector", name, expected["vector"], vector, source=ARITHMETIC)
        index = score_index(SIMPLE["hist"], vector)
        yield check(
            "distributions.score_index", f"{name}: mean, error", (expected["mean"], expected["se"]),
            (index.value, index.standard_error), source=ARITHMETIC, relative=True,
        )


def net_promoter_scores() -> Iterator[Check]:
    """The score with its error and interval, a difference of two, and the airport's."""
    for case in NPS["nps"]:
        classes = case["detractors"], case["passives"], case["promoters"]
        found = net_promoter_score(promoter_histogram(*classes))
        name = "/".join(map(str, classes))
        yield check(
            "net_promoter.net_promoter_score", f"{name}: score, error", (case["nps"], case["se"]),
            (found.value, found.standard_error), source=CRAN_NPS,
        )
        yield check(
            "net_promoter.adjusted_wald_interval", f"{name}: ends", case["adjwald_ac3"],
            ends(adjusted_wald_interval(*classes)), source="Rocks 2016",
        )
    case = NPS["two_sample"]
    one, other = (net_promoter_score(promoter_histogram(*case[name])) for name in "xy")
    change = net_promoter_difference(one, other)
    yield check(
        "change.net_promoter_difference", "difference, error, p, ends",
        (case["delta"], case["se"], case["p"], *case["int"]),
        (change.value, change.standard_error, change.p_value, *ends(change.interval)), source=CRAN_NPS, relative=True,
    )
    few, many = ((each["detractors"], each["passives"], each["promoters"]) for each in NPS["nps"][:2])
    of_few, of_many = (
        Estimate(side.value, side.standard_error, side.n, float(side.n), side.interval)
        for side in (net_promoter_score(promoter_histogram(*classes)) for classes in (few, many))
    )
    change = adjusted_net_promoter_difference(of_few, of_many)
    # Centres and errors of the two intervals that the reference prints.
    (low, high), (other_low, other_high) = (each["adjwald_ac3"] for each in NPS["nps"][:2])
    yield check(
        "change.adjusted_net_promoter_difference", "two scores: middle and width of the interval",
        ((low + high - other_low - other_high) / 2, math.hypot(high - low, other_high - other_low)),
        (sum(ends(change.interval)) / 2, change.interval.high - change.interval.low), source="Rocks 2016",
    )
    for wave in SFO["nps"]:
        found = net_promoter_score(wave["hist"])
        yield check(
            "net_promoter.net_promoter_score", f"airport {wave['year']}: score, error",
            (wave["unweighted"]["nps"], wave["unweighted"]["se"]), (found.value, found.standard_error),
            source=CRAN_NPS, relative=True,
        )


def efforts() -> Iterator[Check]:
    """Customer effort in its three conventions."""
    case, found = SIMPLE["ces"], customer_effort(SIMPLE["ces"]["hist_1_7"])
    yield check(
        "customer_effort.customer_effort", "mean, error, agreeing, ends, net",
        (case["mean"], case["se"], case["pct_agree_5_7"], *case["wilson"], 100 * case["net"]),
        (found.mean.value, found.mean.standard_error, found.agreeing.value, *ends(found.agreeing.interval),
         found.net.value), source=ARITHMETIC, relative=True,
    )


def weighted_sums_of(found: dict[str, Any]) -> WeightedSums:
    """Return the sufficient sums that the reference gives."""
    sums = found["suff"]
    return WeightedSums(found["n"], sums["S_w"], sums["S_wy"], sums["S_w2"], sums["S_w2y"], sums["S_w2y2"])


def weighted_means() -> Iterator[Check]:
    """Weighted means, shares, indices and net promoter scores from sufficient sums, and a change of them."""
    for wave in SFO["waves"]:
        for kind in ("mean", "top2", "score100"):
            expected, found = wave[kind], weighted_mean(weighted_sums_of(wave[kind]))
            yield check(
                "weighting.weighted_mean", f"airport {wave['year']} {wave['item']} {kind}: value, error, n_eff",
                (expected["weighted_mean"], expected["se"], expected["n_eff_kish"]),
                (found.value, found.standard_error, found.n_eff), source=SURVEY, relative=True,
            )
    scores = [weighted_mean(weighted_sums_of(wave["weighted"])) for wave in SFO["nps"]]
    for wave, found in zip(SFO["nps"], scores, strict=True):
        yield check(
            "weighting.weighted_mean", f"airport {wave['year']} NPS: value, error",
            (wave["weighted"]["weighted_mean"], wave["weighted"]["se"]), (found.value, found.standard_error),
            source=SURVEY, relative=True,
        )
    change, expected = linearised_difference(scores[1], scores[0]), SFO["nps_change"]
    yield check(
        "change.linearised_difference", "airport 2017-2018 NPS: difference, z, p",
        (expected["diff"], expected["z"], expected["p"]), (change.value, change.statistic, change.p_value),
        source=SURVEY, relative=True,
    )
