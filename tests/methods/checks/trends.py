"""Control charts, a trend, corrections for many comparisons, and the roll-up of a tree."""

from __future__ import annotations

from collections.abc import Iterator

from analytics.methods.control_charts import individuals_chart, laney_chart, proportion_chart
from analytics.methods.multiplicity import benjamini_hochberg, holm
from analytics.methods.trees import IndicatorTree, leaf_weights, roll_up
from analytics.methods.trends import trend
from tests.methods.checks.check import Check, check, values
from tests.methods.figures import figures

CHARTS, SFO = figures("control_charts"), figures("sfo_waves")
ROLLUP = figures("simple_scores")["index_rollup"]
HANDBOOK = "NIST e-Handbook 6.3"
# root; three branches; 3 + 2 + 2 leaves: the tree of the hand-worked case.
PARENTS = (-1, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3)
WEIGHTS = (1.0, 0.4, 0.4, 0.2, 0.5, 0.3, 0.2, 0.4, 0.6, 0.5, 0.5)


def control_charts() -> Iterator[Check]:
    """XmR, p and Laney's p' charts."""
    case = CHARTS["xmr"]
    chart, ranges = individuals_chart(case["x"])
    yield check(
        "control_charts.individuals_chart", "centre, mean range, limits",
        (case["mean"], case["mrbar"], case["ucl"], case["lcl"]),
        (chart.centre, ranges.mean, chart.upper[0], chart.lower[0]), source=HANDBOOK, relative=True,
    )
    # The handbook prints the range's limit with fewer digits.
    yield check(
        "control_charts.individuals_chart", "limit of ranges", case["mr_ucl"], ranges.upper, source=HANDBOOK, within=1e-4,
    )
    case = CHARTS["pchart"]
    plain = proportion_chart(case["defects"], [case["n"]] * 30)
    yield check(
        "control_charts.proportion_chart", "centre, limits", (case["pbar"], case["ucl"], case["lcl"]),
        (plain.centre, plain.upper[0], plain.lower[0]), source=HANDBOOK, relative=True,
    )
    yield check(
        "control_charts.proportion_chart", "periods beyond", case["out"], [period + 1 for period in plain.beyond],
        source=HANDBOOK, within=0,
    )
    case = CHARTS["laney"]
    plain, wide = (chart(case["top2"], case["n"]) for chart in (proportion_chart, laney_chart))
    for method, found, key in (("proportion_chart", plain, "p"), ("laney_chart", wide, "laney")):
        yield check(
            f"control_charts.{method}", "airport: upper and lower limits", (case[f"ucl_{key}"], case[f"lcl_{key}"]),
            (found.upper, found.lower), source="Laney 2002, R", relative=True,
        )
    yield check(
        "control_charts.laney_chart", "airport: sigma z", case["sigma_z"], wide.sigma_z, source="Laney 2002, R", relative=True
    )


def trends() -> Iterator[Check]:
    """A weighted line through the airport's five years."""
    waves = [wave for wave in SFO["waves"] if wave["item"] == "Q7ALL"]
    found = trend(
        [wave["year"] for wave in waves], [wave["mean"]["weighted_mean"] for wave in waves],
        [wave["mean"]["se"] for wave in waves],
    )
    # The source prints three digits.
    yield check("trends.trend", "airport: slope", 0.00964, found.slope, source="R lm", within=5e-6)
    yield check("trends.trend", "airport: p of the slope", 0.053, found.p_slope, source="R lm", within=5e-4)


def corrections() -> Iterator[Check]:
    """Holm and Benjamini-Hochberg over the airport's 22 items."""
    rows = SFO["change_2017_2018"]
    for method, key in ((holm, "p_holm"), (benjamini_hochberg, "p_bh")):
        yield check(
            f"multiplicity.{method.__name__}", "airport 2017-2018: 22 p values", [row[key] for row in rows],
            method([row["p"] for row in rows]), source="R p.adjust", within=1e-12,
        )


def roll_ups() -> Iterator[Check]:
    """The hand-worked tree with a missing leaf."""
    tree = IndicatorTree(PARENTS, WEIGHTS)
    yield check(
        "trees.leaf_weights", "hand-worked case", values(ROLLUP["global_leaf_weights"]), leaf_weights(tree), source="by hand",
    )
    items = [score for branch in ROLLUP["tree"].values() for _, score in branch["items"].values()]
    found = roll_up(tree, items)
    yield check(
        "trees.roll_up", "overall and branches", (ROLLUP["overall"], *values(ROLLUP["dims"])), found[:4], source="by hand",
        relative=True,
    )
