"""Rows of people, and their scores as whole numbers, so that what is added up later comes off again exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db.models import BigIntegerField, F, Func, Q, QuerySet
from django.db.models.functions import Coalesce

from analytics.dashboards.narrowing import in_period, in_segments
from analytics.dashboards.selection import Selection
from analytics.methods.customer_effort import AGREEING, CODES, NET_SCORES
from analytics.methods.distributions import box_size
from analytics.methods.moments import UNITS
from analytics.methods.net_promoter import SCORES
from analytics.scoring.codes import HIGHEST, NOT_ASKED, encode
from analytics.scoring.columns import Cells, Columns, IntArray
from analytics.scoring.definition import LEVELS, Definition
from analytics.scoring.results import Period
from analytics.scoring.rows import items_of_version
from analytics.scoring.summaries import QUESTIONNAIRE, node_values
from analytics.scoring.tree_plans import levels_of, plan_of
from surveys.answering.models import Response, ResponseState

ItemName = tuple[int, str, int, int]
Subject = str
"""What changed, in one word: see the functions below."""

NPS: Final = "nps"
"""The Net Promoter Score."""
NONE: Final = np.iinfo(np.int64).min
"""Stands for no score."""
FIELDS: Final = ("who", "completed_at", "questionnaire_id", "version_id", "answers", "attributes", "respondent_weight")


def node_subject(key: str) -> Subject:
    """The index of an indicator."""
    return f"n:{key}"


def node_share_subject(key: str) -> Subject:
    """The satisfied share of an indicator."""
    return f"N:{key}"


def item_subject(name: ItemName) -> Subject:
    """The mean of a question on its scale."""
    return "i:{}:{}:{}:{}".format(*name)


def item_share_subject(name: ItemName) -> Subject:
    """The satisfied share of a question."""
    return "I:{}:{}:{}:{}".format(*name)


def agreeing_subject(name: ItemName) -> Subject:
    """The share who agree that it was easy, in a seven-point question."""
    return "A:{}:{}:{}:{}".format(*name)


def effort_subject(name: ItemName) -> Subject:
    """The net customer effort score of a seven-point question."""
    return "e:{}:{}:{}:{}".format(*name)


def unit_of(subject: Subject) -> int:
    """How many of its whole numbers are 1."""
    return UNITS if subject.startswith("n:") else 1


def is_share(subject: Subject) -> bool:
    """Whether it is a share, whose variance like that of the Net Promoter Score has the divisor n."""
    return subject[:2] in ("N:", "I:", "A:")


@dataclass(frozen=True, slots=True)
class Row:
    """One response: `who` gave it, and with what weight where weights were imported."""

    who: int
    at: datetime
    questionnaire: int
    version: int
    answers: Mapping[str, Any]
    attributes: Mapping[str, Any]
    weight: Decimal | None

    def level(self, dimension: str) -> str:
        """Its level of a dimension, "" where it has none."""
        if dimension == QUESTIONNAIRE:
            return str(self.questionnaire)
        found = self.attributes.get(dimension)
        return "" if found is None else str(found)


def may_share(one: Period, other: Period) -> bool:
    """Whether a response can lie in both periods."""
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return one.key == other.key or not (one.key.startswith("wave:") and other.key.startswith("wave:"))
    return one.start < other.end and other.start < one.end


def countable(selection: Selection, *, until: datetime) -> QuerySet[Any]:
    """The responses behind a selection's run up to a moment, each with `who` gave it.

    A response without a contact is its own person, under a number that no contact has.
    """
    rows: QuerySet[Any] = Response.objects.filter(
        questionnaire__in=selection.reading.definition.questionnaires, state=ResponseState.COMPLETE, is_test=False,
        completed_at__lte=until,
    )
    found: QuerySet[Any] = rows.annotate(who=Coalesce(F("contact_id"), -F("id"), output_field=BigIntegerField()))
    return found


def chosen_rows(selection: Selection, period: Period, *, until: datetime, is_shared: bool) -> QuerySet[Any]:
    """Keep the rows of a period, under the selection's filters and scope, that can have a partner."""
    rows = countable(selection, until=until)
    if not is_shared:
        rows = rows.filter(contact__isnull=False)
    rows = in_segments(rows, selection.filters, selection.scope)
    return in_period(rows, period, moment="completed_at", wave="wave", zone=selection.run.definition["time_zone"])


def of_people(rows: QuerySet[Any], people: Iterable[int]) -> QuerySet[Any]:
    """Keep the rows of these people, found by index."""
    listed = list(people)
    return rows.filter(
        Q(contact__in=[who for who in listed if who > 0])
        | Q(contact__isnull=True, id__in=[-who for who in listed if who < 0])
    )


def people_in_both(earlier: QuerySet[Any], later: QuerySet[Any], *, step: int = 1) -> QuerySet[Any]:
    """One in `step` of the people who have rows in both, as a query of `who`.

    An intersection is one pass over each side. Of a semijoin by an expression the planner knows no size, and
    it takes a thousand times as long where it guesses wrong.
    """
    one, other = (
        rows if step == 1 else rows.alias(drawn=Draw(F("who"), step=step)).filter(drawn=0) for rows in (earlier, later)
    )
    found: QuerySet[Any] = one.order_by().values_list("who", flat=True).intersection(
        other.order_by().values_list("who", flat=True)
    )
    return found


class Draw(Func):
    """A person's lot, from 0 up to step: the upper bits of a linear congruence, since numbers are given out in order.

    A contact's number modulo a step would be a group of the list it was imported from.
    """

    # A percent sign is doubled for this template, and doubled again for the driver.
    template = "(((ABS(%(expressions)s) %%%% 2147483647) * 1103515245 %%%% 2147483648) / 65536) %%%% %(step)s"
    output_field = BigIntegerField()


def drawn(who: int, step: int) -> bool:
    """Whether a person is among the one in `step`."""
    return abs(who) % 2147483647 * 1103515245 % 2147483648 // 65536 % step == 0


def read_rows(rows: QuerySet[Any]) -> list[Row]:
    """Read rows, oldest first."""
    ordered = rows.order_by("completed_at", "id").values_list(*FIELDS)
    return [Row(*values) for values in ordered.iterator(chunk_size=2000)]


def scores_of_rows(rows: Sequence[Row], definition: Definition) -> dict[Subject, IntArray]:
    """Every row's scores by subject as whole numbers (see `unit_of`), NONE where there is none; shape (rows,)."""
    found: dict[Subject, IntArray] = {}
    for questionnaire in definition.questionnaires:
        places = np.array([place for place, row in enumerate(rows) if row.questionnaire == questionnaire], dtype=np.intp)
        if len(places):
            columns = _columns([rows[place] for place in places])
            for subject, values in _scores(columns, definition, questionnaire).items():
                held = found.setdefault(subject, np.full(len(rows), NONE))
                held[places] = np.where(values == NONE, held[places], values)
    return found


def _columns(rows: Sequence[Row]) -> Columns:
    """Answers as columns in the order of the rows."""
    versions = sorted({row.version for row in rows})
    items = tuple(sorted({item for version in versions for item in items_of_version(version)}))
    codes = np.full((len(items), len(rows)), NOT_ASKED, dtype=np.int8)
    for version in versions:
        own = items_of_version(version)
        places = [place for place, row in enumerate(rows) if row.version == version]
        codes[np.ix_([items.index(item) for item in own], places)] = encode((rows[place].answers for place in places), own)
    return Columns(items, codes, Cells.without_labels([len(rows)]), None, {}, 0, None)


def _scores(columns: Columns, definition: Definition, questionnaire: int) -> dict[Subject, IntArray]:
    found: dict[Subject, IntArray] = {}
    values, bounds = node_values(columns, definition, questionnaire), plan_of(definition, questionnaire).bounds
    for node, of_node in zip(definition.nodes, values, strict=True):
        is_missing = of_node < 0
        found[node_subject(node.key)] = _whole(of_node, is_missing)
        found[node_share_subject(node.key)] = _whole(levels_of(of_node, bounds) >= len(LEVELS) - box_size(len(LEVELS)), is_missing)
    for item, codes in columns.by_item.items():
        name = (questionnaire, item.key, item.low, item.high)
        found[item_subject(name)] = _whole(codes, codes < 0)
        found[item_share_subject(name)] = _whole(codes > item.high - box_size(item.high - item.low + 1), codes < 0)
        if definition.is_effort(questionnaire, item):
            found[agreeing_subject(name)] = _whole(codes >= CODES[AGREEING][0], codes < 0)
            found[effort_subject(name)] = _whole(np.array([0.0, *NET_SCORES])[np.maximum(codes, 0)], codes < 0)
    asked = {s.item for s in definition.role_sources("nps") if s.questionnaire == questionnaire}
    for item in sorted(asked & set(columns.items)):
        if (item.low, item.high) == (0, HIGHEST):
            codes = columns.by_item[item]
            found[NPS] = _whole(np.array([*SCORES, 0])[np.where(codes < 0, len(SCORES), codes)], codes < 0)
    return found


def _whole(values: npt.NDArray[Any], is_missing: npt.NDArray[np.bool_]) -> IntArray:
    return np.where(is_missing, NONE, values.astype(np.int64))
