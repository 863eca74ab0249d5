"""From rows of responses to columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Abs

from accounts.models import AccessKey, Membership, Team
from analytics.indicators.scales import scales_of_version
from analytics.scoring.codes import NOT_ASKED, Codes, ItemKey, on_scale
from analytics.scoring.columns import Columns, Facts, IntArray, Labels, concatenate, from_facts, nothing_of
from analytics.scoring.row_copy import TABLE_ROWS, can_copy, copy_rows
from analytics.scoring.row_tables import MICROSECOND, RowTable, moment_of, read_objects
from surveys.answering.models import Response, ResponseState
from surveys.contacts.models import ContactAttribute
from surveys.design.models import QuestionnaireVersion

BLOCK_ROWS = TABLE_ROWS
"""The most responses in one block: the columns of one are all that a pass holds in memory."""

QUARTER: Final = timedelta(minutes=15)
"""Clocks have moved at whole quarters of an hour for as long as there have been answers to store."""


@dataclass(frozen=True)
class RowLayout:
    """What a team's blocks keep beside the answers: its time zone and its segment dimensions."""

    time_zone: str
    dimensions: tuple[str, ...]

    def is_served_by(self, stored: Mapping[str, Any]) -> bool:
        """Tell whether a block of that layout has what this one asks for."""
        return stored.get("time_zone") == self.time_zone and set(self.dimensions) <= set(stored["dimensions"])


def row_layout(team: Team, declared: Iterable[str] | None = None) -> RowLayout:
    """Return what blocks of a team must keep: dimensions, and what scopes of its members and keys name.

    `declared` gives the keys of its dimensions where they have been read already.
    """
    if declared is None:
        declared = ContactAttribute.objects.filter(team=team, is_dimension=True).values_list("key", flat=True)
    of_members, of_keys = (
        model.objects.filter(team=team).exclude(scope={}).values_list("scope", flat=True) for model in (Membership, AccessKey)
    )
    named = {key for scope in of_members.union(of_keys, all=True) for key in scope}
    return RowLayout(team.time_zone, tuple(sorted({*declared, *named})))


def countable_responses(questionnaire_id: int) -> QuerySet[Response]:
    """The responses that count: completed, and no test of the staff's."""
    return Response.objects.filter(
        questionnaire_id=questionnaire_id, state=ResponseState.COMPLETE, is_test=False
    )


def waiting_responses(questionnaire_id: int) -> QuerySet[Response]:
    """The responses that count and are in no block yet, by id.

    Read through the index `responses_not_yet_sealed`, whatever the planner believes. After a large import
    its statistics are out of date, and it would rather walk the table by primary key, or all rows of the
    questionnaire, than a small index that it takes for a large one. So rows are asked for by an expression
    that only this index has, as a range: of a constant the planner would know that it need not be sorted by.
    """
    waiting = Response.objects.filter(state=ResponseState.COMPLETE, block_id__isnull=True, is_test=False)
    by_questionnaire = waiting.alias(waiting_in=Abs(F("questionnaire_id")))
    return by_questionnaire.filter(waiting_in__range=(questionnaire_id, questionnaire_id)).order_by("waiting_in", "id")


def show_planner_responses() -> None:
    """Let the planner count the responses now, after many have come at once, not when autovacuum finds time.

    Until then it believes what was true before: the newest comments of a million new responses take 0.4 s.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Whoever holds the table for this is doing the same.
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {connection.ops.quote_name(Response._meta.db_table)}")


def read_columns(questionnaire_id: int, responses: QuerySet[Response], layout: RowLayout) -> Columns:
    """Return responses of a questionnaire, no more than fit into a block, as columns."""
    parts: list[Columns] = []
    take_columns(questionnaire_id, responses, layout, parts.append)
    return concatenate(parts) if parts else nothing_of(layout.dimensions)


def take_columns(
    questionnaire_id: int, responses: QuerySet[Response], layout: RowLayout, take: Callable[[Columns], object]
) -> None:
    """Read responses of a questionnaire, however many, and hand them on as columns of a block's size at most.

    `take` must not ask the database for anything: the next rows are already coming.
    """
    # Looked up before the first row comes.
    items = _items_by_version(questionnaire_id)

    def convert(table: RowTable) -> None:
        take(columns_of(table, layout, items.__getitem__))

    _take_tables(items, responses, layout, convert)


def read_tables(questionnaire_id: int, responses: QuerySet[Response], layout: RowLayout) -> list[RowTable]:
    """Read responses of a questionnaire, no more than fit into a block; no table is empty."""
    tables: list[RowTable] = []
    _take_tables(_items_by_version(questionnaire_id), responses, layout, tables.append)
    return tables


def _take_tables(
    items: Mapping[int, Sequence[ItemKey]], responses: QuerySet[Response], layout: RowLayout,
    take: Callable[[RowTable], object],
) -> None:
    keys = sorted({item.key for of_version in items.values() for item in of_version})
    if can_copy(keys):
        copy_rows(responses, keys, layout.dimensions, take)
        return
    for table in read_objects(responses, keys, layout.dimensions):
        take(table)


def _items_by_version(questionnaire_id: int) -> dict[int, tuple[ItemKey, ...]]:
    versions = QuestionnaireVersion.objects.filter(questionnaire_id=questionnaire_id)
    return {version: items_of_version(version) for version in versions.values_list("id", flat=True)}


@lru_cache(maxsize=1024)
def items_of_version(version_id: int) -> tuple[ItemKey, ...]:
    """Return the scored items of a published version, which never changes."""
    return tuple(sorted(ItemKey(*item) for item in scales_of_version(version_id)))


def columns_of(
    table: RowTable, layout: RowLayout, items_of: Callable[[int], tuple[ItemKey, ...]] = items_of_version
) -> Columns:
    """Turn rows into columns; `items_of` tells the items of a version."""
    versions = np.array([group.version for group in table.groups], dtype=np.int64)[table.group]
    found, counts = np.unique(versions, return_counts=True)
    items = tuple(sorted({item for version in found.tolist() for item in items_of(version)}))
    codes = np.full((len(items), len(table.ids)), NOT_ASKED, dtype=np.int8)
    for version in found.tolist():
        is_own = versions == version
        for item in items_of(version):
            _place(codes[items.index(item)], table, item, is_own)
    by_version = dict(zip(found.tolist(), counts.tolist(), strict=True))
    return from_facts(items, codes, _facts(table, layout, by_version))


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


def local_days(moments: IntArray, zone: ZoneInfo) -> IntArray:
    """Return the day of each moment (microseconds since 1970, UTC) by the clocks of a zone, as an ordinal.

    A quarter of an hour that begins and ends on one day lies on it; any other is looked at moment by moment.
    """
    width = QUARTER // MICROSECOND
    quarters, place = np.unique(moments // width, return_inverse=True)
    first, last = (_days((quarters * width + offset).tolist(), zone) for offset in (0, width - 1))
    days = first[place]
    uneven = (first != last)[place]
    days[uneven] = _days(moments[uneven].tolist(), zone)
    return days


def _days(moments: Sequence[int], zone: ZoneInfo) -> IntArray:
    days = (moment_of(moment).astimezone(zone).toordinal() for moment in moments)
    return np.fromiter(days, dtype=np.int64, count=len(moments))


def _place(column: Codes, table: RowTable, item: ItemKey, is_own: np.typing.NDArray[np.bool_]) -> None:
    """Write the answers of a version's rows into the column of its item."""
    np.copyto(column, on_scale(table.codes[table.keys.index(item.key)], item), where=is_own)


def _facts(table: RowTable, layout: RowLayout, versions: Mapping[int, int]) -> Facts:
    return Facts(
        day=local_days(table.moments, ZoneInfo(layout.time_zone)),
        wave=Labels.numbered([group.wave for group in table.groups], table.group),
        levels={
            key: Labels.numbered([group.levels[place] for group in table.groups], table.group)
            for place, key in enumerate(layout.dimensions)
        },
        weights=table.weights,
        versions=versions,
        fingerprint=fingerprint(table.ids, table.revisions),
        newest=_newest(table.moments),
    )


def _newest(moments: IntArray) -> datetime:
    return moment_of(int(moments.max())).replace(tzinfo=UTC)
