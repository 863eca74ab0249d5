"""Weights from pairwise judgements: published matrices, incomplete ones, and a panel of 200 judges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from analytics.methods.ahp import (
    eigenvector_priorities,
    geometric_consistency_index,
    geometric_priorities,
    incomplete_consistency,
    incomplete_priorities,
    judgement_matrix,
)
from analytics.methods.ahp_panel import aggregated_judgements, group_priorities
from tests.methods.checks.check import Check, check
from tests.methods.figures import figures

AHP = figures("ahp")
CITY = AHP["group_city200"]
TABLES = (("saaty_1980", "CR_saaty1980"), ("alonso_lamata_2006", "CR_alonso_lamata"))
CITY_SOURCE = "R ahpsurvey city200"


def with_holes(matrix: object, pairs: list[list[int]]) -> np.ndarray:
    """Return a matrix without some pairs, counted from 1."""
    out = np.array(matrix, dtype=float)
    for row, column in pairs:
        out[row - 1, column - 1] = out[column - 1, row - 1] = math.nan
    return out


def of_weights(weights: list[float]) -> np.ndarray:
    """Return the judgements of somebody who has exactly these weights."""
    w = np.array(weights)
    ratios: np.ndarray = w[:, None] / w[None, :]
    return ratios


def city_sheets() -> list[dict[tuple[int, int], int]]:
    """Return each judge's pairs as whole numbers, negative where the second matters more; the source turns the sign."""
    pairs = list(itertools.combinations(range(5), 2))
    return [
        {pair: 1 if abs(value) == 1 else -round(value) for pair, value in zip(pairs, row, strict=True)}
        for row in CITY["judgements"]["rows"]
    ]


def city_matrices() -> list[np.ndarray]:
    """Return each judge's matrix."""
    return [
        judgement_matrix(5, {pair: float(value) if value > 0 else -1 / value for pair, value in sheet.items()})
        for sheet in city_sheets()
    ]


def published_matrices() -> Iterator[Check]:
    """Saaty's matrices: eigenvector, ratios by two tables, row geometric means."""
    for name, case in AHP["examples"].items():
        for table, key in TABLES:
            found = eigenvector_priorities(case["matrix"], table)
            yield check(
                "ahp.eigenvector_priorities", f"{name}, {table}: lambda, index, ratio",
                (case["lambda_max"], case["CI"], case[key]),
                (found.largest_eigenvalue, found.consistency_index, found.consistency_ratio), source="Saaty, R eigen",
            )
        yield check("ahp.eigenvector_priorities", f"{name}: weights", case["eigen"], found.weights, source="Saaty, R eigen")
        yield check(
            "ahp.geometric_priorities", f"{name}: weights", case["geomean"], geometric_priorities(case["matrix"]).weights,
            source="R",
        )
        yield check(
            "ahp.geometric_consistency_index", name, case["GCI"], geometric_consistency_index(case["matrix"]), source="R",
        )


def incomplete_matrices() -> Iterator[Check]:
    """Judgements with gaps: least squares of logarithms, and Harker's matrix."""
    drink = AHP["incomplete"]["drink_missing"]
    matrix = with_holes(AHP["examples"]["drink"]["matrix"], drink["missing_pairs"])
    four = AHP["incomplete"]["four"]
    judged = judgement_matrix(4, {(0, 1): 1, (0, 2): 5, (0, 3): 2, (1, 2): 3, (1, 3): 4})
    for name, case, known in (("drinks", drink, matrix), ("four elements", four, judged)):
        yield check("ahp.incomplete_priorities", name, case["lls"], incomplete_priorities(known), source="R")
        yield check(
            "ahp.incomplete_consistency", f"{name}: weights", case["harker_w"], incomplete_consistency(known).weights,
            source="R eigen",
        )
    yield check(
        "ahp.incomplete_consistency", "drinks: lambda", drink["harker_lambda"],
        incomplete_consistency(matrix).largest_eigenvalue, source="R eigen",
    )
    case = AHP["incomplete"]["consistent"]
    yield check(
        "ahp.incomplete_priorities", "consistent judgements", case["true"],
        incomplete_priorities(with_holes(of_weights(case["true"]), case["missing_pairs"])), source="by hand", within=1e-12,
    )


def panels() -> Iterator[Check]:
    """A panel of 200: the group's matrix, weights and ratio, each judge's ratio, and without the inconsistent."""
    matrices = city_matrices()
    report, together = group_priorities(matrices, random_index="saaty_1980"), aggregated_judgements(matrices)
    group, aij = report.group, CITY["aij"]
    yield check("ahp_panel.aggregated_judgements", "matrix", aij["matrix"], together, source=CITY_SOURCE)
    yield check(
        "ahp_panel.group_priorities", "weights, ratio", (*aij["eigen"], aij["CR_saaty1980"]),
        (*group.weights, group.consistency_ratio), source=CITY_SOURCE,
    )
    ratios = [own.consistency_ratio for own in report.individual]
    yield check("ahp_panel.group_priorities", "each judge's ratio", CITY["individual_CR"], ratios, source=CITY_SOURCE)
    yield check(
        "ahp_panel.group_priorities", "consistent judges", CITY["n_CR_le_0.1"], len(matrices) - len(report.inconsistent),
        source=CITY_SOURCE, within=0,
    )
    expected, kept = CITY["aij_only_CR_le_0.1"], report.consistent_only
    assert kept is not None
    yield check(
        "ahp_panel.group_priorities", "consistent judges only: weights, ratio", (*expected["eigen"], expected["CR"]),
        (*kept.weights, kept.consistency_ratio), source=CITY_SOURCE,
    )
    firsts = [geometric_priorities(matrix).weights for matrix in matrices[: len(CITY["individual_first3"])]]
    yield check("ahp.geometric_priorities", "first three judges", CITY["individual_first3"], firsts, source=CITY_SOURCE)
    yield check(
        "ahp.geometric_priorities", "mean of the judges", CITY["aip_geometric"], geometric_priorities(together).weights,
        source=CITY_SOURCE,
    )
