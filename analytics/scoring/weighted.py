"""Figures under respondent weights, read from the columns: the same shape as the unweighted ones.

Every sum that a weighted mean needs is linear in the counts, once with the weights and once with their squares.
So rows of equal weight are counted as one cell by the very functions of the unweighted figures, and the counts
are multiplied afterwards. Small numbers are judged by the number of answers, never by weights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analytics.scoring.columns import Cells, Columns, IntArray, select
from analytics.scoring.definition import Definition
from analytics.scoring.models import Run
from analytics.scoring.reading import NOTHING, Reading
from analytics.scoring.results import Period, PeriodResult, SegmentResult
from analytics.scoring.sources import Choice, Filter, choice_of, chosen_cells, columns_behind
from analytics.scoring.summaries import CELLS_PER_PASS, cell_vectors
from analytics.scoring.weighted_reader import WeightedReader, WeightedVector
from analytics.scoring.weighting import (
    FloatArray,
    Imported,
    RowWeights,
    Weighting,
    WeightingError,
    mask_of,
    report_on,
    row_weights,
)


def read_weighted(
    run: Run, *, period: Period, weighting: Weighting, filters: Filter = NOTHING, scope: Filter = NOTHING
) -> PeriodResult:
    """Return every figure of one period under respondent weights.

    Raises WeightingError when there are no weights to be had, RunTooOldError when the columns are gone.
    """
    (result,) = read_weighted_periods(run, periods=[period], weighting=weighting, filters=filters, scope=scope)
    return result


def read_weighted_periods(
    run: Run, *, periods: Sequence[Period], weighting: Weighting, filters: Filter = NOTHING, scope: Filter = NOTHING,
    nodes: Collection[str] | None = None,
) -> tuple[PeriodResult, ...]:
    """Return several periods; `nodes` keeps only some indicators.

    Raises WeightingError and RunTooOldError as `read_weighted` does.
    """
    found = read_weighted_each(run, periods=periods, weighting=weighting, filters=filters, scope=scope, nodes=nodes)
    for one in found:
        if isinstance(one, WeightingError):
            raise one
    return tuple(one for one in found if isinstance(one, PeriodResult))


def read_weighted_each(
    run: Run, *, periods: Sequence[Period], weighting: Weighting, filters: Filter = NOTHING, scope: Filter = NOTHING,
    nodes: Collection[str] | None = None,
) -> tuple[PeriodResult | WeightingError, ...]:
    """Return for each period its figures, or why no weights can be made in it: one bad month spoils no trend.

    Raises WeightingError where no period can be weighted at all, RunTooOldError when the columns are gone.
    """
    reading = open_weighted(run, filters, scope)
    found: list[PeriodResult | WeightingError] = []
    for period in periods:
        try:
            (vector,) = _vectors(run, reading.definition, period, weighting, [reading.choice], scope)
        except WeightingError as error:
            found.append(error)
        else:
            found.append(_read(reading, period, vector, nodes=nodes))
    return tuple(found)


def read_weighted_segments(
    run: Run, *, period: Period, dimension: str, weighting: Weighting, filters: Filter = NOTHING,
    scope: Filter = NOTHING, nodes: Collection[str] | None = None,
) -> tuple[SegmentResult, ...]:
    """Return one weighted result per level; the weights are those of the whole period.

    Raises UnknownDimensionError, and WeightingError and RunTooOldError as `read_weighted` does.
    """
    reading = open_weighted(run, filters, scope)
    levels = reading.segments(period, dimension, ())
    choices = [dict(reading.choice) | {dimension: frozenset({one.level})} for one in levels]
    vectors = _vectors(run, reading.definition, period, weighting, choices, scope)
    return tuple(
        replace(one, result=_read(reading, period, vector, nodes=nodes))
        for one, vector in zip(levels, vectors, strict=True)
    )


def open_weighted(run: Run, filters: Filter, scope: Filter) -> Reading:
    """Return a look at a run for weighted figures.

    Raises WeightingError where anonymity was promised: two weightings of a group give the parts of it away.
    """
    # Without that promise nothing waits to be counted: any moment of looking is the same.
    reading = Reading(run, filters=filters, scope=scope, at=run.started_at)
    if reading.rules.k:
        raise WeightingError("anonymous_unweighted")
    return reading


def _read(reading: Reading, period: Period, vector: WeightedVector, *, nodes: Collection[str] | None) -> PeriodResult:
    """Where figures are weighted nothing was promised that would withhold a group, see `open_weighted`."""
    base = reading.reader
    reader = WeightedReader(base.definition, base.rules, base.facts, vector)
    return reader.result(period, vector.counts, nodes=nodes)


def _weights(run: Run, weighting: Weighting, period: Period, scope: Filter) -> RowWeights:
    if isinstance(weighting, Imported):
        # An import that has no weights is an error, not a weighting by ones.
        report_on(run, weighting=weighting, period=period, choice=choice_of(NOTHING, scope), scope=scope)
    return row_weights(run, weighting, period, scope=scope)


def _vectors(
    run: Run, definition: Definition, period: Period, weighting: Weighting, choices: Sequence[Choice], scope: Filter
) -> list[WeightedVector]:
    """Sum up each choice of levels, in one pass over the columns."""
    weights = _weights(run, weighting, period, scope)
    width = definition.layout.width
    totals = [WeightedVector(np.zeros(width, np.int64), np.zeros(width), np.zeros(width)) for _ in choices]
    for questionnaire, columns in columns_behind(run):
        inside = mask_of(columns, period)
        for place, choice in enumerate(choices):
            chosen = inside & chosen_cells(columns, questionnaire, choice, None)
            if chosen.any():
                kept = select(columns, chosen)
                for part in _parts(kept, weights.of(kept), definition, questionnaire):
                    totals[place] += part
    return totals


def _parts(
    columns: Columns, weights: FloatArray, definition: Definition, questionnaire: int
) -> Iterable[WeightedVector]:
    """Count rows of equal weight together; a row that weighs nothing stands for nobody."""
    order = np.argsort(weights, kind="stable")
    order = order[weights[order] > 0]
    values, rows = np.unique(weights[order], return_counts=True)
    ends = np.cumsum(rows)
    for first in range(0, len(values), CELLS_PER_PASS):
        last = min(first + CELLS_PER_PASS, len(values))
        taken = order[ends[first] - rows[first] : ends[last - 1]]
        vectors = _counted(columns, taken, rows[first:last], definition, questionnaire)
        w = values[first:last]
        yield WeightedVector(vectors.sum(axis=0), w @ vectors, (w * w) @ vectors)


def _counted(
    columns: Columns, taken: npt.NDArray[np.intp], rows: IntArray, definition: Definition, questionnaire: int
) -> IntArray:
    cells = Cells.without_labels(rows)
    kept = replace(columns, codes=np.ascontiguousarray(columns.codes[:, taken]), cells=cells, weights=None)
    return cell_vectors(kept, slice(0, len(taken)), cells, definition, questionnaire)
