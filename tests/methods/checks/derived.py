"""Entropy, factors, importance, reliability and raking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from analytics.methods.entropy import entropy_weights
from analytics.methods.factor import (
    first_component_weights,
    principal_components,
    sampling_adequacy,
    score_coefficient_weights,
    sphericity,
    varimax,
)
from analytics.methods.importance import (
    averaged_over_orderings,
    r_squared,
    relative_weights,
    standardised_coefficients,
    variance_inflation,
)
from analytics.methods.raking import post_stratify, rake
from analytics.methods.reliability import (
    alpha_if_dropped,
    average_variance_extracted,
    composite_reliability,
    cronbach_alpha,
    item_rest_correlations,
)
from analytics.methods.retention import parallel_analysis
from analytics.methods.weighting import WeightedSums, merge_sums, weighted_mean
from tests.methods.checks.check import Check, check, ends, values
from tests.methods.figures import figures

FACTOR, KDA, ALPHA, ENTROPY, RAKING = (figures(name) for name in ("factor", "kda", "reliability", "entropy", "raking"))
AIRLINE, MOBI, PUPILS = figures("airline"), figures("mobi_covariance"), figures("holzinger")
COVARIANCE = np.array(MOBI["covariance"])
SPREAD = np.sqrt(np.diag(COVARIANCE))
CORRELATION = COVARIANCE / np.outer(SPREAD, SPREAD)
BLOCKS = {"Image": "IMAG", "Expectation": "CUEX", "Quality": "PERQ", "Satisfaction": "CUSA", "Loyalty": "CUSL"}
CELLS = list(RAKING["cells"].values())
COUNTS = [cell["n"] for cell in CELLS]
TYPES, WIDE = list(RAKING["margins"]["stype"]), list(RAKING["margins"]["sch_wide"])
LEVELS = [[TYPES.index(cell["stype"]), WIDE.index(cell["sch_wide"])] for cell in CELLS]
MARGINS = [values(RAKING["margins"]["stype"]), values(RAKING["margins"]["sch_wide"])]
PSYCH, RELAIMPO, SURVEY = "R psych", "R relaimpo", "R survey apiclus1"


def of(names: Any, matrix: np.ndarray = CORRELATION) -> np.ndarray:
    """Return the part of a matrix that belongs to some items."""
    places = [MOBI["items"].index(name) for name in names]
    return matrix[np.ix_(places, places)]


def block(prefix: str) -> list[str]:
    """Return the items whose names begin so."""
    return [name for name in MOBI["items"] if name.startswith(prefix)]


def aligned(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Match rotated columns, whose order and sign are free."""
    match = np.abs(found.T @ expected).argmax(axis=0)
    assert sorted(match) == list(range(found.shape[1]))
    columns: np.ndarray = found[:, match]
    signs: np.ndarray = np.sign((columns * expected).sum(axis=0))
    columns *= signs
    return columns


def dimensions() -> Iterator[Check]:
    """How many components stand out of chance; the eigenvalues are known to three decimals."""
    found = parallel_analysis(PUPILS["correlation"], PUPILS["n"])
    source = "Holzinger and Swineford 1939"
    yield check("retention.parallel_analysis", "nine tests: dimensions", [PUPILS["kept"]], [found.kept], source=source)
    yield check(
        "retention.parallel_analysis", "nine tests: eigenvalues", PUPILS["eigenvalues"], found.eigenvalues,
        source=source, within=6e-4,
    )


def factors() -> Iterator[Check]:
    """Sampling adequacy, sphericity, eigenvalues, varimax and the weights made of them."""
    r, many = of(FACTOR["kmo_items"]), AIRLINE["cor_listwise"]
    for name, matrix, case in (("mobi", r, FACTOR), ("airline", many, AIRLINE)):
        found, overall = sampling_adequacy(matrix), case.get("kmo_overall", case.get("kmo"))
        yield check(
            "factor.sampling_adequacy", f"{name}: overall, items", (overall, *values(case["kmo_items"])),
            (found.overall, *found.items), source=PSYCH,
        )
    for name, matrix, n, case, within in (
        ("mobi", r, MOBI["n"], FACTOR, 1e-9), ("airline", many, AIRLINE["n_complete"], AIRLINE, 1e-8),
    ):
        yield check(
            "factor.sphericity", f"{name}: chi squared", case["bartlett"]["chisq"], sphericity(matrix, n).chi_squared,
            source=PSYCH, within=within, relative=True,
        )
    yield check("factor.sphericity", "mobi: df", FACTOR["bartlett"]["df"], sphericity(r, MOBI["n"]).df, source=PSYCH, within=0)
    yield check(
        "factor.principal_components", "mobi: eigenvalues", FACTOR["eigenvalues"], principal_components(r).eigenvalues,
        source="R eigen",
    )
    # psych stops turning early, which moves the airline's loadings by up to 2e-3; mobi's were turned to the end.
    for name, matrix, case, source, within in (
        ("mobi, 5 factors", r, FACTOR["pca5_varimax"], "R varimax, eps 1e-15", 1e-6),
        ("airline, 4 factors", many, AIRLINE["pca4_varimax"], PSYCH, 1e-3),
    ):
        expected = np.array(case["loadings"])
        turned = varimax(principal_components(matrix).loadings[:, : expected.shape[1]])
        yield check(
            "factor.varimax", f"{name}: loadings", expected, aligned(turned, expected), source=source, within=within,
        )
    case = FACTOR["pc1_quality"]
    yield check(
        "factor.first_component_weights", "mobi quality", case["weights_normalised"],
        first_component_weights(of(case["items"])), source=PSYCH,
    )
    yield check(
        "factor.score_coefficient_weights", "mobi, 5 factors", values(FACTOR["pca_composite_weights"]["normalised"]),
        score_coefficient_weights(r, FACTOR["pca5_varimax"]["loadings"]), source=PSYCH,
    )


def drivers_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the drivers' correlations and theirs with the outcome."""
    if name == "swiss":
        whole = np.array(KDA["swiss"]["correlation"]["matrix"])
        return whole[1:, 1:], whole[1:, 0]
    whole = of([*block("PERQ"), "CUSA1"])
    return whole[:-1, :-1], whole[:-1, -1]


def importances() -> Iterator[Check]:
    """Regression, Johnson's weights and the average over orderings."""
    for name in ("swiss", "mobi_quality_to_overall"):
        expected, (r, y) = KDA[name], drivers_of(name)
        for method, key, found, source in (
            ("standardised_coefficients", "std_beta", standardised_coefficients(r, y), "R lm"),
            ("variance_inflation", "vif", variance_inflation(r), "R lm"),
            ("relative_weights", "johnson", relative_weights(r, y).raw, "Johnson 2000, R"),
            ("averaged_over_orderings", "lmg", averaged_over_orderings(r, y).raw, RELAIMPO),
        ):
            within = 1e-8 if key == "vif" else 1e-9
            yield check(f"importance.{method}", name, values(expected[key]), found, source=source, within=within)
        yield check("importance.r_squared", name, expected["R2"], r_squared(r, y), source="R lm")


def reliabilities() -> Iterator[Check]:
    """Alpha with Feldt's interval, without each item, item-rest correlations, and composite reliability."""
    for name, prefix in BLOCKS.items():
        expected, covariance = ALPHA["alpha"][name], of(block(prefix), COVARIANCE)
        found = cronbach_alpha(covariance, MOBI["n"])
        yield check(
            "reliability.cronbach_alpha", f"{name}: alpha, ends, standardised",
            (expected["alpha"], *expected["feldt_ci"], expected["alpha_std"]),
            (found.value, *ends(found.interval), cronbach_alpha(of(block(prefix)), MOBI["n"]).value), source=PSYCH,
        )
        yield check(
            "reliability.alpha_if_dropped", name, values(expected["alpha_if_dropped"]), alpha_if_dropped(covariance), source=PSYCH,
        )
        yield check(
            "reliability.item_rest_correlations", name, values(expected["item_rest_r"]), item_rest_correlations(covariance),
            source=PSYCH,
        )
    for name, case in ALPHA["cr_ave"].items():
        # The source weighs items by their variances; the standardised form lies close by.
        loadings = values(case["loadings"])
        yield check(
            "reliability.composite_reliability", name, case["CR"], composite_reliability(loadings), source="R semTools",
            within=0.02,
        )
        yield check(
            "reliability.average_variance_extracted", name, case["AVE"], average_variance_extracted(loadings),
            source="R semTools", within=0.03,
        )


def entropies() -> Iterator[Check]:
    """Entropy weights of raw and stretched scores."""
    toy = np.array(ENTROPY["toy"]["X"]).T
    for key, case, histograms, scales, is_scaled in (
        ("mobi", ENTROPY["mobi_raw"], values(ENTROPY["hist_1_10"]), [range(1, 11)] * 7, False),
        ("mobi, stretched", ENTROPY["mobi_minmax"], values(ENTROPY["hist_1_10"]), [range(1, 11)] * 7, True),
        ("toy", ENTROPY["toy"]["raw"], [np.bincount(column, minlength=10) for column in toy], [range(10)] * 3, False),
        ("toy, stretched", ENTROPY["toy"]["minmax"], [np.bincount(c, minlength=10) for c in toy], [range(10)] * 3, True),
    ):
        found = entropy_weights(histograms, scales, is_scaled)
        yield check("entropy.entropy_weights", f"{key}: weights", values(case["w"]), found.weights, source="R")
        if "E" in case:
            yield check("entropy.entropy_weights", f"{key}: entropies", values(case["E"]), found.entropies, source="R")


def rakings() -> Iterator[Check]:
    """The documented example of raking and post-stratification."""
    found = rake(COUNTS, LEVELS, MARGINS)
    # The source stops once margins agree to 1e-8; ours goes on to 1e-10.
    yield check(
        "raking.rake", "weights, design effect, n_eff",
        (*[cell["weight"] for cell in CELLS], RAKING["kish_deff"], RAKING["n_eff"]),
        (*found.weights, found.design_effect, found.n_eff), source=SURVEY, within=1e-8,
    )
    sums = merge_sums(
        WeightedSums(
            c["n"], w * c["n"], w * c["sum_api00"], w * w * c["n"], w * w * c["sum_api00"], w * w * c["sum_squares_api00"]
        )
        for c, w in zip(CELLS, found.weights, strict=True)
    )
    yield check(
        "weighting.weighted_mean", "raked mean of api00", RAKING["weighted_mean_api00"], weighted_mean(sums).value,
        source=SURVEY, within=1e-7,
    )
    yield check(
        "raking.rake", "total of enroll", RAKING["total_enroll"],
        sum(w * c["sum_enroll"] for c, w in zip(CELLS, found.weights, strict=True)), source=SURVEY, relative=True,
    )
    by_type = post_stratify([sum(c["n"] for c in CELLS if c["stype"] == kind) for kind in TYPES], MARGINS[0])
    mean = sum(
        w * c["sum_api00"] for kind, w in zip(TYPES, by_type.weights, strict=True) for c in CELLS if c["stype"] == kind
    ) / sum(MARGINS[0])
    yield check("raking.post_stratify", "weights", RAKING["poststrat"]["weights"], by_type.weights, source=SURVEY)
    yield check("raking.post_stratify", "mean of api00", RAKING["poststrat"]["mean_api00"], mean, source=SURVEY, within=1e-7)
