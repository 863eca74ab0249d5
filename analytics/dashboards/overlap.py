"""People who answered in both periods: how their two answers hang together, for the interval of a change.

The same person is the same contact; where periods share days, the same response is its own partner. Everybody counts
with their last answers in each period. Of very many such people a fixed share is read: the covariance is a mean over
them, so a sample tells it as well. Where anonymity was promised nobody is looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db.models import BigIntegerField, F, QuerySet, Value
from django.db.models.functions import Coalesce, Mod

from analytics.dashboards.access import questionnaires_of
from analytics.dashboards.narrowing import in_period, in_segments
from analytics.dashboards.selection import Selection
from analytics.methods.moments import UNITS
from analytics.methods.net_promoter import SCORES
from analytics.scoring.codes import HIGHEST, NOT_ASKED, Codes, ItemKey, encode
from analytics.scoring.columns import Cells, Columns
from analytics.scoring.comparing import INDEPENDENT, Shared
from analytics.scoring.definition import Definition
from analytics.scoring.results import Figure, Period
from analytics.scoring.rows import items_of_version
from analytics.scoring.summaries import node_values
from analytics.scoring.weighting import FloatArray, RowWeights, Weighting, row_weights
from surveys.answering.models import Response, ResponseState

NPS: Final = "\0nps"
"""The subject that stands for the Net Promoter Score."""

FEWEST: Final = 10
"""Under so many people in both periods a covariance is a guess, and the periods are treated as independent."""

MOST: Final = 10_000
"""About so many of them are read at most."""

ItemName = tuple[int, str, int, int]
Subject = str | ItemName
"""What changed: an indicator by its key, a question on its scale, or NPS."""


@dataclass(frozen=True)
class Side:
    """The people in both periods as they answered in one, in the same order: scores by subject, NaN where none."""

    scores: Mapping[Subject, FloatArray]
    weights: FloatArray


@dataclass(frozen=True)
class Overlap:
    """`people` answered in both periods; `before` and `after` hold those who were read, one in `step`."""

    people: int
    before: Side | None = None
    after: Side | None = None
    step: int = 1

    def shared(self, subject: Subject, before: Figure, after: Figure) -> Shared:
        """Return what they do to the change of a figure between its two values."""
        if self.before is None or self.after is None or not (before.is_shown and after.is_shown):
            return INDEPENDENT
        x, y = self.before.scores.get(subject), self.after.scores.get(subject)
        if x is None or y is None:
            return INDEPENDENT
        both = ~(np.isnan(x) | np.isnan(y)) & (self.before.weights > 0) & (self.after.weights > 0)
        n = min(int(both.sum()) * self.step, before.n, after.n)
        if n < FEWEST or both.sum() < FEWEST:
            return INDEPENDENT
        total = covariance_sum(x[both], y[both], self.before.weights[both], self.after.weights[both])
        scale = n / int(both.sum())
        if subject == NPS and before.weight is None:
            # The unweighted score's variance has the divisor n, so its covariance has it too.
            scale *= (int(both.sum()) - 1) / int(both.sum())
        return Shared(n, scale * total / (_size(before) * _size(after)))


def covariance_sum(x: FloatArray, y: FloatArray, wx: FloatArray, wy: FloatArray) -> float:
    """Return the sum over pairs of the weighted products of their distances, times n / (n - 1).

    With unit weights n times the covariance of the pairs with divisor n - 1; shapes (n,), n at least 2.
    """
    x_mean, y_mean = float(wx @ x) / float(wx.sum()), float(wy @ y) / float(wy.sum())
    return float((wx * (x - x_mean)) @ (wy * (y - y_mean))) * len(x) / (len(x) - 1)


def read_overlap(*, selection: Selection, before: Period, weighting: Weighting | None) -> Overlap:
    """Count the people of both periods, under the same filters and scope, and read their answers.

    Raises WeightingError as `row_weights` does.
    """
    periods = (before, selection.period)
    earlier, later = (_responses(selection, period, may_share=_may_share(*periods)) for period in periods)
    people = earlier.filter(who__in=later.values("who")).values("who").distinct().count()
    if people < FEWEST:
        return Overlap(people)
    step = -(-people // MOST)
    rows = [
        _last_of_each(one.filter(who__in=other.values("who")), step)
        for one, other in ((earlier, later), (later, earlier))
    ]
    both = sorted(rows[0].keys() & rows[1].keys())
    earlier_side, later_side = (
        _side(selection, [found[who] for who in both], _weights_of(selection, weighting, period))
        for found, period in zip(rows, periods, strict=True)
    )
    return Overlap(people, earlier_side, later_side, step)


def _may_share(one: Period, other: Period) -> bool:
    """Whether a response can lie in both periods."""
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return one.key == other.key or not (one.key.startswith("wave:") and other.key.startswith("wave:"))
    return one.start < other.end and other.start < one.end


def _responses(selection: Selection, period: Period, *, may_share: bool) -> QuerySet[Any]:
    rows: QuerySet[Any] = Response.objects.filter(
        questionnaire__in=questionnaires_of(selection.tree), state=ResponseState.COMPLETE, is_test=False,
        completed_at__lte=selection.run.newest_response_at or selection.run.started_at,
    )
    if not may_share:
        rows = rows.filter(contact__isnull=False)
    rows = in_segments(rows, selection.filters, selection.scope)
    rows = in_period(rows, period, moment="completed_at", wave="wave", zone=selection.run.definition["time_zone"])
    # A response without a contact is its own person, under a number that no contact has.
    found: QuerySet[Any] = rows.annotate(who=Coalesce(F("contact_id"), -F("id"), output_field=BigIntegerField()))
    return found


FIELDS: Final = ("questionnaire_id", "version_id", "answers", "attributes", "respondent_weight")
Row = tuple[int, int, Mapping[str, Any], Mapping[str, Any], Decimal | None]


def _last_of_each(rows: QuerySet[Any], step: int) -> dict[int, Row]:
    """Read one in `step` of the people with their last answers."""
    if step > 1:
        rows = rows.alias(share=Mod(F("who"), Value(step))).filter(share=0)
    ordered = rows.order_by("completed_at", "id").values_list("who", *FIELDS)
    return {who: (questionnaire, version, answers, attributes, weight)
            for who, questionnaire, version, answers, attributes, weight in ordered.iterator(chunk_size=2000)}


def _weights_of(selection: Selection, weighting: Weighting | None, period: Period) -> RowWeights | None:
    return None if weighting is None else row_weights(selection.run, weighting, period)


def _side(selection: Selection, rows: Sequence[Row], weights: RowWeights | None) -> Side:
    definition = selection.reading.definition
    scores: dict[Subject, FloatArray] = {}
    for questionnaire in definition.questionnaires:
        places = np.array([place for place, row in enumerate(rows) if row[0] == questionnaire], dtype=np.intp)
        if len(places):
            columns = _columns([rows[place] for place in places])
            for subject, values in _scores(columns, definition, questionnaire).items():
                held = scores.setdefault(subject, np.full(len(rows), np.nan))
                held[places] = np.where(np.isnan(values), held[places], values)
    return Side(scores, np.array([_weight(row, weights) for row in rows], dtype=np.float64))


def _columns(rows: Sequence[Row]) -> Columns:
    """Answers as columns in the order of the rows."""
    versions = sorted({row[1] for row in rows})
    items = tuple(sorted({item for version in versions for item in items_of_version(version)}))
    codes = np.full((len(items), len(rows)), NOT_ASKED, dtype=np.int8)
    for version in versions:
        own = items_of_version(version)
        places = [place for place, row in enumerate(rows) if row[1] == version]
        codes[np.ix_([items.index(item) for item in own], places)] = encode((rows[place][2] for place in places), own)
    nothing = np.zeros(1, dtype=np.int64)
    cells = Cells(nothing, nothing, nothing[None][:0], np.array([len(rows)], dtype=np.int64), ("",), (), ())
    return Columns(items, codes, cells, None, {}, 0, None)


def _scores(columns: Columns, definition: Definition, questionnaire: int) -> dict[Subject, FloatArray]:
    found: dict[Subject, FloatArray] = {}
    values = node_values(columns, definition, questionnaire)
    for node, of_node in zip(definition.nodes, values, strict=True):
        found[node.key] = np.where(of_node < 0, np.nan, of_node / UNITS)
    for item, codes in columns.by_item.items():
        found[questionnaire, item.key, item.low, item.high] = np.where(codes < 0, np.nan, codes.astype(np.float64))
    asked = {s.item for s in definition.role_sources("nps") if s.questionnaire == questionnaire}
    for item in sorted(asked & set(columns.items)):
        if (item.low, item.high) == (0, HIGHEST):
            found[NPS] = _promoting(columns, item)
    return found


def _promoting(columns: Columns, item: ItemKey) -> FloatArray:
    codes: Codes = columns.by_item[item]
    scores: npt.NDArray[np.float64] = np.array([*SCORES, np.nan])
    return scores[np.where(codes < 0, len(SCORES), codes)]


def _weight(row: Row, weights: RowWeights | None) -> float:
    _, _, _, attributes, imported = row
    if weights is None:
        return 1.0
    if not weights.dimensions:
        return 1.0 if imported is None else float(imported)
    cell = tuple("" if attributes.get(key) is None else str(attributes[key]) for key in weights.dimensions)
    return weights.by_cell.get(cell, 0.0)


def _size(figure: Figure) -> float:
    return float(figure.n) if figure.weight is None else figure.weight
