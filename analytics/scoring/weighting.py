"""Respondent weights: whom each answer of a run stands for, imported or made from what is known of the population.

The weights of a scheme are made anew for every period, from all its responses, whatever the reader's filter: each
period stands for the same population, and a filter cannot change what an answer weighs. Where a respondent's
level is unknown, the share of such respondents is kept as it is and the known ones share out the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analytics.methods.errors import MethodError
from analytics.methods.inputs import is_extreme
from analytics.methods.raking import CellWeights, cell_weights, post_stratify, rake
from analytics.scoring.columns import WEIGHT_UNITS, Columns, IntArray
from analytics.scoring.models import Run, WeightingMethod
from analytics.scoring.results import Grain, Period
from analytics.scoring.sources import Choice, Filter, choice_of, chosen_cells, columns_behind

FloatArray = npt.NDArray[np.float64]
Cell = tuple[str, ...]
UNKNOWN: Final = ""
"""The level of a respondent of whom it is not known."""
NOT_WEIGHTABLE: Final = "not_weightable"
"""The reason of a figure in a period whose weights cannot be made."""

CROSSED, JOINED = " × ", " · "
"""Stand between the dimensions, and between the levels, of a cell in the details of a refusal."""

EVERYBODY: Final[Choice] = {}
NO_SCOPE: Final[Filter] = {}


class WeightingError(ValueError):
    """No weights can be made; `code` names why for a translated sentence, `details` fill it."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(frozen=True)
class PopulationPlan:
    """What is known of the population: `population` maps levels, in the order of `dimensions`, to people.

    With `rake` all levels but one are "" (a margin); with `cells` each entry is a combination of levels.
    `trim` bounds the weights as multiples of their mean.
    """

    method: str
    dimensions: tuple[str, ...]
    population: tuple[tuple[Cell, float], ...]
    trim: tuple[float, float] | None = None


@dataclass(frozen=True)
class Imported:
    """The weights that came with the responses; a response that came without one weighs 1."""


Weighting = PopulationPlan | Imported


@dataclass(frozen=True)
class Report:
    """What a weighting costs in one period (see `analytics.methods.raking.CellWeights`).

    `lowest` and `highest` are relative to the mean weight. `by_cell` is empty for imported weights.
    `unknown` counts respondents with an unknown level, whose share is kept.
    """

    period: Period
    n: int
    lowest: float
    highest: float
    design_effect: float
    n_eff: float
    efficiency: float
    unknown: int
    by_cell: Mapping[Cell, float]
    counts: Mapping[Cell, int]


def report_on(
    run: Run, *, weighting: Weighting, period: Period, choice: Choice = EVERYBODY, scope: Filter = NO_SCOPE
) -> Report:
    """Return what the weighting does to the chosen answers of a period of a run.

    The weights are those of the whole period; what they cost is told of the answers that a figure under this choice
    rests on. Raises WeightingError when it cannot be made there, without a reason that speaks of answers outside the
    reader's `scope`, and RunTooOldError when the run's columns are gone.
    """
    if isinstance(weighting, Imported):
        return _report_on_imported(run, period, choice, scope)
    counts, found = _weights_of(run, weighting, period, scope)
    cells = sorted(counts)
    chosen = count_cells(run, weighting.dimensions, period, choice) if choice else counts
    return _report(
        period, _cost([chosen.get(cell, 0) for cell in cells], found.weights) if choice else found,
        sum(n for cell, n in chosen.items() if UNKNOWN in cell),
        dict(zip(cells, _relative(found).tolist(), strict=True)), counts,
    )


def count_cells(
    run: Run, dimensions: Sequence[str], period: Period, choice: Choice = EVERYBODY
) -> dict[Cell, int]:
    """Count the chosen responses of a period by their levels; "" where a response has none."""
    counts: dict[Cell, int] = {}
    for questionnaire, columns in columns_behind(run):
        inside = iter(_mask(columns, questionnaire, period, choice).tolist())
        for cell, rows in zip(cells_of(columns, dimensions), columns.cells.rows.tolist(), strict=True):
            if next(inside):
                counts[cell] = counts.get(cell, 0) + rows
    return counts


def make_weights(plan: PopulationPlan, counts: Mapping[Cell, int]) -> CellWeights:
    """Return the weights of the cells in sorted order.

    Raises WeightingError naming what does not fit: a margin without respondents, respondents without a
    margin, margins that contradict one another, trimming that cannot be kept.
    """
    check_plan(plan)
    if not counts:
        raise WeightingError("no_respondents")
    cells = sorted(counts)
    numbers = [counts[cell] for cell in cells]
    try:
        if plan.method == WeightingMethod.RAKE:
            return _raked(plan, cells, numbers)
        return _post_stratified(plan, cells, numbers)
    except MethodError as error:
        raise WeightingError(error.reason, **error.details) from error


def check_plan(plan: PopulationPlan) -> None:
    """Raise WeightingError for a population that cannot be one, whatever the responses."""
    if not plan.dimensions:
        raise WeightingError("no_dimension")
    if plan.method not in WeightingMethod.values:
        raise WeightingError("unknown_method")
    for cell, people in plan.population:
        if not np.isfinite(people) or people < 0 or is_extreme(np.array([people])):
            named = [pair for pair in zip(plan.dimensions, cell, strict=False) if pair[1]]
            raise WeightingError(
                "negative_population", dimension=CROSSED.join(key for key, _ in named),
                level=JOINED.join(level for _, level in named),
            )
    for place, dimension in enumerate(plan.dimensions):
        total = sum(people for cell, people in plan.population if cell[place])
        if not total > 0:
            raise WeightingError("empty_population", dimension=dimension)
    if plan.trim is not None and not 0 <= plan.trim[0] < 1 < plan.trim[1] < np.inf:
        raise WeightingError("trim_around_one")


def row_weights(run: Run, weighting: Weighting, period: Period, *, scope: Filter = NO_SCOPE) -> RowWeights:
    """Return how to weigh the rows of a period's columns: relative to the mean weight of the reader's `scope`.

    Relative to that of all answers, the weights of a scope would add up to a number from which the size of the rest
    follows. Raises WeightingError when there are no weights to be had, as `report_on` does.
    """
    if isinstance(weighting, Imported):
        return RowWeights((), {})
    counts, made = _weights_of(run, weighting, period, scope)
    found = dict(zip(sorted(counts), _relative(made).tolist(), strict=True))
    if scope:
        inside = count_cells(run, weighting.dimensions, period, choice_of({}, scope))
        weight = sum(n * found[cell] for cell, n in inside.items())
        scale = sum(inside.values()) / weight if weight else 1.0
        found = {cell: scale * one for cell, one in found.items()}
    return RowWeights(weighting.dimensions, found)


def _weights_of(
    run: Run, plan: PopulationPlan, period: Period, scope: Filter
) -> tuple[dict[Cell, int], CellWeights]:
    """Count the answers of a period and weigh them; what speaks of levels or numbers is not for a reader with a scope."""
    if scope and not count_cells(run, plan.dimensions, period, choice_of({}, scope)):
        raise WeightingError("no_respondents")
    counts = count_cells(run, plan.dimensions, period)
    try:
        return counts, make_weights(plan, counts)
    except WeightingError as error:
        if not scope:
            raise
        raise WeightingError(NOT_WEIGHTABLE) from error


@dataclass(frozen=True)
class RowWeights:
    """Weights by cell over some dimensions; without dimensions, the imported ones."""

    dimensions: tuple[str, ...]
    by_cell: Mapping[Cell, float]

    def of(self, columns: Columns) -> FloatArray:
        """Return one weight per row, shape (rows,)."""
        if not self.dimensions:
            return imported_weights(columns)
        weights = [self.by_cell[cell] for cell in cells_of(columns, self.dimensions)]
        return np.repeat(np.array(weights, dtype=np.float64), columns.cells.rows)


def imported_weights(columns: Columns) -> FloatArray:
    """Return the weights that came with the rows, 1 where none did."""
    if columns.weights is None:
        return np.ones(columns.rows)
    return columns.weights / WEIGHT_UNITS


def cells_of(columns: Columns, dimensions: Sequence[str]) -> list[Cell]:
    """Return the levels of every cell of the columns, in the order of `dimensions`, UNKNOWN where there is none."""
    found = [columns.cells.level_names(key) for key in dimensions]
    return list(zip(*found, strict=True)) if found else [()] * len(columns.cells.day)


def mask_of(columns: Columns, period: Period) -> npt.NDArray[np.bool_]:
    """Return which cells of the columns belong to a period, shape (cells,)."""
    cells = columns.cells
    if period.grain == Grain.WAVE:
        is_wave = np.array([name == period.label for name in cells.waves], dtype=np.bool_)
        return np.asarray(is_wave[cells.wave])
    if period.start is None or period.end is None:
        return np.ones(len(cells.day), dtype=np.bool_)
    return np.asarray((cells.day >= period.start.toordinal()) & (cells.day < period.end.toordinal()))


def _mask(columns: Columns, questionnaire: int, period: Period, choice: Choice) -> npt.NDArray[np.bool_]:
    return mask_of(columns, period) & chosen_cells(columns, questionnaire, choice, None)


def _report_on_imported(run: Run, period: Period, choice: Choice, scope: Filter) -> Report:
    counted: dict[float, int] = {}
    is_weighted = False
    for questionnaire, columns in columns_behind(run):
        inside = np.repeat(_mask(columns, questionnaire, period, choice), columns.cells.rows)
        is_weighted |= columns.weights is not None and bool(inside.any())
        weights, counts = np.unique(imported_weights(columns)[inside], return_counts=True)
        for weight, count in zip(weights.tolist(), counts.tolist(), strict=True):
            counted[weight] = counted.get(weight, 0) + count
    if not counted:
        raise WeightingError("no_respondents")
    if not is_weighted:
        raise WeightingError("no_imported_weights")
    values = sorted(counted)
    if scope and values == [1.0]:
        # Weights may have come with answers outside the scope only, which is not to be told.
        raise WeightingError("no_imported_weights")
    return _report(period, _cost([counted[value] for value in values], values), 0, {}, {})


def _cost(counts: Sequence[int], weights: npt.ArrayLike) -> CellWeights:
    if not sum(counts):
        raise WeightingError("no_respondents")
    try:
        return cell_weights(counts, weights)
    except MethodError as error:
        raise WeightingError(error.reason, **error.details) from error


def _report(
    period: Period, found: CellWeights, unknown: int, by_cell: Mapping[Cell, float], counts: Mapping[Cell, int]
) -> Report:
    return Report(
        period, found.n, found.lowest, found.highest, found.design_effect, found.n_eff, found.efficiency, unknown,
        by_cell, counts,
    )


def _relative(found: CellWeights) -> FloatArray:
    """Weights relative to their mean over the answers, from n_eff: mean of w is (sum w) / n."""
    scale = found.weights[found.weights > 0].min() / found.lowest
    return np.asarray(found.weights / scale)


def _raked(plan: PopulationPlan, cells: list[Cell], counts: list[int]) -> CellWeights:
    levels, margins = [], []
    size = sum(counts)
    for place, dimension in enumerate(plan.dimensions):
        people = {cell[place]: number for cell, number in plan.population if cell[place]}
        sample: dict[str, int] = {}
        for cell, number in zip(cells, counts, strict=True):
            sample[cell[place]] = sample.get(cell[place], 0) + number
        _check_both_ways(dimension, people, sample)
        unknown, total = sample.get(UNKNOWN, 0) / size, sum(people.values())
        names = [name for name in sorted({*people, *sample}) if sample.get(name)]
        margins.append([total * unknown if name == UNKNOWN else people[name] * (1 - unknown) for name in names])
        levels.append([names.index(cell[place]) for cell in cells])
    return rake(counts, np.array(levels).T, margins, trim=plan.trim)


def _check_both_ways(dimension: str, people: Mapping[str, float], sample: Mapping[str, int]) -> None:
    for level in sorted({*people, *sample} - {UNKNOWN}):
        if people.get(level, 0) > 0 and not sample.get(level):
            raise WeightingError("margin_without_respondents", dimension=dimension, level=level)
        if sample.get(level) and not people.get(level, 0) > 0:
            raise WeightingError("respondents_without_margin", dimension=dimension, level=level, n=sample[level])
    if not any(sample.get(level) for level in people):
        raise WeightingError("no_respondents")


def _post_stratified(plan: PopulationPlan, cells: list[Cell], counts: list[int]) -> CellWeights:
    people = {cell: number for cell, number in plan.population if number > 0}
    known = {cell: n for cell, n in zip(cells, counts, strict=True) if UNKNOWN not in cell}
    _check_both_ways(
        CROSSED.join(plan.dimensions), {JOINED.join(cell): n for cell, n in people.items()},
        {JOINED.join(cell): n for cell, n in known.items()},
    )
    size, total = sum(counts), sum(people.values())
    share = sum(known.values()) / size
    targets = [
        people[cell] * share if cell in known else total * number / size
        for cell, number in zip(cells, counts, strict=True)
    ]
    found = post_stratify(counts, targets)
    return found if plan.trim is None else _trimmed(found, np.array(counts), plan.trim)


def _trimmed(found: CellWeights, counts: IntArray, trim: tuple[float, float]) -> CellWeights:
    """Cut the weights once; on cells nothing else could make up for it, so the cut cells fall short."""
    mean = float((found.weights * counts).sum() / counts.sum())
    return cell_weights(counts, np.clip(found.weights, trim[0] * mean, trim[1] * mean))
