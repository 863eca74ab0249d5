"""What scoring reads of responses, as arrays: the same table whichever way the rows were read.

`row_copy` reads them fast from PostgreSQL; `read_objects` reads them through Django from any database.
What an answer, a level, a weight and a moment mean is said once, in `codes` and here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import QuerySet

from analytics.scoring.codes import Codes, read_codes
from analytics.scoring.columns import WEIGHT_UNITS, IntArray
from surveys.answering.models import Response

ROWS_PER_PASS = 4096
"""At most this many rows are held as Python objects at a time, whatever the number of responses."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
FIELDS: Final = (
    "id", "revision", "completed_at", "respondent_weight", "version_id", "wave", "attributes", "answers",
)


class Group(NamedTuple):
    """What many rows have in common: the version, the wave, and a level for each dimension."""

    version: int
    wave: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class RowTable:
    """Rows of responses; arrays of shape (rows,), `codes` of shape (keys, rows).

    `moments` are microseconds since 1970 (UTC); `group` is a position in `groups`; `weights` are in units
    of `WEIGHT_UNITS` to 1; `codes` are the answers under `keys` before any scale is looked at.
    """

    ids: IntArray
    revisions: IntArray
    moments: IntArray
    weights: IntArray | None
    group: IntArray
    groups: tuple[Group, ...]
    keys: tuple[str, ...]
    codes: Codes


def read_objects(
    responses: QuerySet[Response], keys: Sequence[str], dimensions: Sequence[str]
) -> Iterator[RowTable]:
    """Read responses through Django, `ROWS_PER_PASS` at a time, so that memory does not grow with them."""
    rows = responses.values_list(*FIELDS).iterator(chunk_size=ROWS_PER_PASS)
    while chunk := list(islice(rows, ROWS_PER_PASS)):
        yield _table_of(chunk, tuple(keys), dimensions)


def level_of(value: object) -> str:
    """A level as text; nothing and an empty text are the same."""
    return "" if value is None else str(value)


def microseconds_of(moment: datetime) -> int:
    """The microseconds since 1970 (UTC)."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """The moment at this many microseconds since 1970 (UTC)."""
    return EPOCH + microseconds * MICROSECOND


def _table_of(rows: Sequence[Sequence[Any]], keys: tuple[str, ...], dimensions: Sequence[str]) -> RowTable:
    ids, revisions, moments, weights, versions, waves, attributes, answers = zip(*rows, strict=True)
    places: dict[Group, int] = {}
    group = [
        places.setdefault(Group(version, wave, _levels(given, dimensions)), len(places))
        for version, wave, given in zip(versions, waves, attributes, strict=True)
    ]
    return RowTable(
        ids=np.array(ids, dtype=np.int64),
        revisions=np.array(revisions, dtype=np.int64),
        moments=np.array([microseconds_of(moment) for moment in moments], dtype=np.int64),
        weights=_weights(weights),
        group=np.array(group, dtype=np.int64),
        groups=tuple(places),
        keys=keys,
        codes=read_codes(answers, keys),
    )


def _levels(attributes: Mapping[str, Any], dimensions: Sequence[str]) -> tuple[str, ...]:
    return tuple(level_of(attributes.get(key)) for key in dimensions)


def _weights(given: Sequence[Decimal | None]) -> IntArray | None:
    if all(weight is None for weight in given):
        return None
    whole = [WEIGHT_UNITS if weight is None else int(weight * WEIGHT_UNITS) for weight in given]
    return np.array(whole, dtype=np.int64)
