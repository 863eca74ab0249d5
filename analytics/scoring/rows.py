"""From rows of responses to columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import QuerySet

from accounts.models import AccessKey, Membership, Team
from analytics.scoring.codes import NOT_ASKED, ItemKey, encode
from analytics.scoring.columns import WEIGHT_UNITS, Columns, Facts, IntArray, concatenate, from_facts
from surveys.answering.models import Response, ResponseState
from surveys.contacts.models import ContactAttribute
from surveys.design.document import parse_document
from surveys.design.models import QuestionnaireVersion

BLOCK_ROWS = 65_536
"""The most responses in one block: the columns of one are all that a pass holds in memory."""

ROWS_PER_PASS = 4096
"""So many rows are held as Python objects at a time, whatever the number of responses."""

FIELDS = (
    "id", "revision", "version_id", "answers", "attributes", "wave", "completed_at", "respondent_weight",
)


class Row(NamedTuple):
    """What scoring reads of a response."""

    id: int
    revision: int
    version_id: int
    answers: Mapping[str, Any]
    attributes: Mapping[str, Any]
    wave: str
    completed_at: datetime
    respondent_weight: Decimal | None


@dataclass(frozen=True)
class RowLayout:
    """What a team's blocks keep beside the answers: its time zone and its segment dimensions."""

    time_zone: str
    dimensions: tuple[str, ...]

    def is_served_by(self, stored: Mapping[str, Any]) -> bool:
        """Tell whether a block of that layout has what this one asks for."""
        return stored.get("time_zone") == self.time_zone and set(self.dimensions) <= set(stored["dimensions"])


def row_layout(team: Team) -> RowLayout:
    """Return what blocks of a team must keep: declared dimensions, and what scopes of its members name."""
    declared = ContactAttribute.objects.filter(team=team, is_dimension=True).values_list("key", flat=True)
    scopes = [
        *Membership.objects.filter(team=team).exclude(scope={}).values_list("scope", flat=True),
        *AccessKey.objects.filter(team=team).exclude(scope={}).values_list("scope", flat=True),
    ]
    named = {key for scope in scopes for key in scope}
    return RowLayout(team.time_zone, tuple(sorted({*declared, *named})))


def countable_responses(questionnaire_id: int) -> QuerySet[Response]:
    """The responses that count: completed, and no test of the staff's."""
    return Response.objects.filter(
        questionnaire_id=questionnaire_id, state=ResponseState.COMPLETE, is_test=False
    )


def read_rows(responses: QuerySet[Response], chunk: int = ROWS_PER_PASS) -> Iterator[Row]:
    """Read responses through a server-side cursor, so that memory does not grow with them."""
    return map(Row._make, responses.values_list(*FIELDS).iterator(chunk_size=chunk))


def in_chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Cut a stream of rows into lists of at most `size`."""
    while chunk := list(islice(rows, size)):
        yield chunk


def read_columns(responses: QuerySet[Response], layout: RowLayout) -> Columns:
    """Return responses as columns."""
    parts = [columns_of(rows, layout) for rows in in_chunks(read_rows(responses), ROWS_PER_PASS)]
    return concatenate(parts) if parts else columns_of((), layout)


def read_columns_in_blocks(responses: QuerySet[Response], layout: RowLayout) -> Iterator[Columns]:
    """Return responses as columns of at most `BLOCK_ROWS` rows each, reading as it goes."""
    parts: list[Columns] = []
    for rows in in_chunks(read_rows(responses), ROWS_PER_PASS):
        parts.append(columns_of(rows, layout))
        if len(parts) * ROWS_PER_PASS >= BLOCK_ROWS:
            yield concatenate(parts)
            parts = []
    if parts:
        yield concatenate(parts)


def columns_of(rows: Sequence[Row], layout: RowLayout) -> Columns:
    """Turn rows into columns."""
    by_version: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        by_version.setdefault(row.version_id, []).append(number)
    items = tuple(sorted({item for version in by_version for item in items_of_version(version)}))
    codes = np.full((len(items), len(rows)), NOT_ASKED, dtype=np.int8)
    for version, numbers in by_version.items():
        own = items_of_version(version)
        places = [items.index(item) for item in own]
        codes[np.ix_(places, numbers)] = encode((rows[number].answers for number in numbers), own)
    return from_facts(items, codes, _facts(rows, layout, {v: len(n) for v, n in by_version.items()}))


@lru_cache(maxsize=1024)
def items_of_version(version_id: int) -> tuple[ItemKey, ...]:
    """Return the scored items of a published version, which never changes."""
    stored = QuestionnaireVersion.objects.values_list("document", flat=True).get(pk=version_id)
    items = parse_document(stored).items()
    return tuple(sorted(ItemKey(item.key, item.scale.low, item.scale.high) for item in items))


def fingerprint(ids: IntArray, revisions: IntArray) -> int:
    """Return the sum of the rows' fingerprints modulo 2**64; a row's is a mix of its id and revision."""
    mixed = ids.astype(np.uint64) ^ (revisions.astype(np.uint64) << np.uint64(44))
    with np.errstate(over="ignore"):
        # splitmix64 (Steele, Lea and Flood 2014): every input bit moves about half of the output bits.
        mixed += np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
        return int(mixed.sum(dtype=np.uint64))


def _facts(rows: Sequence[Row], layout: RowLayout, versions: Mapping[int, int]) -> Facts:
    return Facts(
        day=_days((row.completed_at for row in rows), ZoneInfo(layout.time_zone), len(rows)),
        wave=[row.wave for row in rows],
        levels={key: [_level(row.attributes.get(key)) for row in rows] for key in layout.dimensions},
        weights=_weights(rows),
        versions=versions,
        fingerprint=fingerprint(
            np.array([row.id for row in rows], dtype=np.int64),
            np.array([row.revision for row in rows], dtype=np.int64),
        ),
        newest=max((row.completed_at for row in rows), default=None),
    )


def _days(moments: Iterable[datetime], zone: ZoneInfo, count: int) -> IntArray:
    days = (moment.astimezone(zone).toordinal() for moment in moments)
    return np.fromiter(days, dtype=np.int64, count=count)


def _level(value: object) -> str:
    """A level as text; nothing and an empty text are the same."""
    return "" if value is None else str(value)


def _weights(rows: Sequence[Row]) -> IntArray | None:
    if all(row.respondent_weight is None for row in rows):
        return None
    weights = (1 if row.respondent_weight is None else row.respondent_weight for row in rows)
    return np.fromiter((int(weight * WEIGHT_UNITS) for weight in weights), dtype=np.int64, count=len(rows))
