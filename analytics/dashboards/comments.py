"""What customers wrote, newest first, under the same rules as the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet

from analytics.dashboards.narrowing import in_period, in_segments, text_under
from analytics.dashboards.overview.numbers import Comment
from analytics.dashboards.selection import Selection
from analytics.indicators.models import IndicatorTree, QuestionSource, SourceRole
from surveys.answering.models import Response, ResponseState
from surveys.contacts.prepared import Prepared

PAGE_SIZE: Final = 25
LONGEST_SEARCH: Final = 80
NPS_SCALE: Final = (0, 10)
RATING_SCALE: Final = (1, 5)
STANDING: Final = Prepared(
    "SELECT id, revision FROM surveys_response WHERE id = ANY({ids}) AND state = 'complete' AND NOT is_test",
    {"ids": "bigint[]"},
)


class Mood(StrEnum):
    """Which scores to keep: on 0-10 0-6, 7-8, 9-10; on 1-5 1-2, 3, 4-5."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


BANDS: Final[Mapping[tuple[int, int], Mapping[Mood, tuple[int, int]]]] = {
    NPS_SCALE: {Mood.LOW: (0, 6), Mood.MIDDLE: (7, 8), Mood.HIGH: (9, 10)},
    RATING_SCALE: {Mood.LOW: (1, 2), Mood.MIDDLE: (3, 3), Mood.HIGH: (4, 5)},
}


def mood_of(score: int, scale: tuple[int, int]) -> Mood:
    """Return the band that a score lies in; scales other than 0-10 are read like 1-5."""
    bands = BANDS.get(scale, BANDS[RATING_SCALE])
    return next((mood for mood, (low, high) in bands.items() if low <= score <= high), Mood.HIGH)


@dataclass(frozen=True)
class Sources:
    """Where a tree's comments and their scores stand, by questionnaire id."""

    comments: Mapping[int, tuple[str, ...]]
    scores: Mapping[int, tuple[str, tuple[int, int]]]
    anonymous: frozenset[int]


Quoted = tuple[int, int]
"""The id of a response and its revision."""


@dataclass(frozen=True)
class CommentPage:
    """One page. `is_withheld`: the anonymity promised forbids to show any; `rows` are the responses quoted."""

    comments: tuple[Comment, ...]
    number: int
    has_next: bool
    is_asked: bool = True
    is_withheld: bool = False
    rows: tuple[Quoted, ...] = ()


def get_sources(*, tree: IndicatorTree) -> Sources:
    """Read which questions are comments and which give the score shown beside them (NPS before overall)."""
    rows = QuestionSource.objects.filter(
        tree=tree, role__in=[SourceRole.COMMENT, SourceRole.NPS, SourceRole.OVERALL]
    ).select_related("questionnaire").order_by("id")
    comments: dict[int, tuple[str, ...]] = {}
    scores: dict[int, tuple[str, tuple[int, int]]] = {}
    anonymous = set()
    for row in rows:
        of = row.questionnaire_id
        anonymous |= {of} if row.questionnaire.is_anonymous else set()
        if row.role == SourceRole.COMMENT:
            comments[of] = (*comments.get(of, ()), row.question_key)
        elif row.role == SourceRole.NPS:
            scores[of] = (row.question_key, NPS_SCALE)
        else:
            scores.setdefault(of, (row.question_key, RATING_SCALE))
    return Sources(comments, scores, frozenset(anonymous))


def list_comments(
    *, selection: Selection, is_withheld: bool, search: str = "",
    mood: Mood | None = None, page: int = 1, size: int = PAGE_SIZE,
) -> CommentPage:
    """Return a page of comments within the selection and its scope, the newest first.

    `is_withheld` says that the selection's own numbers are withheld; then nothing is read. Where
    anonymity is promised, a search or a score must also leave enough comments to hide among.
    """
    sources = get_sources(tree=selection.tree)
    if not sources.comments:
        return CommentPage((), 1, False, is_asked=False)
    if is_withheld:
        return CommentPage((), 1, False, is_withheld=True)
    rows = _narrowed(selection, sources, search.strip()[:LONGEST_SEARCH], mood)
    if (search or mood) and _is_too_small(rows, sources, selection.tree.team.anonymity_k):
        return CommentPage((), 1, False, is_withheld=True)
    first = (page - 1) * size
    found = list(rows.order_by("-completed_at", "-id")[first : first + size + 1])
    keys = [dimension.key for dimension in selection.known.dimensions]
    shown = tuple(_comment(row, sources, keys) for row in found[:size])
    return CommentPage(shown, page, len(found) > size, rows=tuple((row.pk, row.revision) for row in found[:size]))


def are_unchanged(rows: Sequence[Quoted]) -> bool:
    """Tell whether the responses quoted still stand as they were: none erased, none edited."""
    return not rows or set(_standing([row for row, _revision in rows])) == set(rows)


def _standing(ids: list[int]) -> list[Quoted]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Asked for every view of a kept page, of which building this query took an eighth.
            STANDING.execute(cursor, {"ids": ids})
            return list(cursor.fetchall())
    standing = Response.objects.filter(pk__in=ids, state=ResponseState.COMPLETE, is_test=False)
    return list(standing.values_list("id", "revision"))


def _narrowed(
    selection: Selection, sources: Sources, search: str, mood: Mood | None
) -> QuerySet[Response]:
    tree = selection.tree
    rows = Response.objects.filter(
        team_id=tree.team_id, state=ResponseState.COMPLETE, is_test=False, questionnaire__in=list(sources.comments)
    ).only("answers", "attributes", "questionnaire_id", "language", "completed_at", "revision")
    rows = in_period(rows, selection.period, moment="completed_at", wave="wave", zone=tree.team.time_zone)
    rows = in_segments(rows, selection.filters, selection.scope)
    said, scored = Q(pk__in=[]), Q(pk__in=[])
    for of, keys in sources.comments.items():
        for place, key in enumerate(keys):
            alias = f"said_{of}_{place}"
            rows = rows.alias(**{alias: text_under(key, "answers")})
            wanted = Q(**{f"{alias}__icontains": search}) if search else Q(**{f"{alias}__gt": ""})
            said |= Q(questionnaire=of) & wanted
        scored |= _in_band(of, sources, mood)
    return rows.filter(said, scored) if mood else rows.filter(said)


def _in_band(of: int, sources: Sources, mood: Mood | None) -> Q:
    if mood is None or of not in sources.scores:
        return Q(pk__in=[])
    key, scale = sources.scores[of]
    low, high = BANDS[scale][mood]
    # Both ends: databases order the text "NA" before all numbers or after them.
    return Q(questionnaire=of, **{f"answers__{key}__gte": low, f"answers__{key}__lte": high})


def _is_too_small(rows: QuerySet[Response], sources: Sources, k: int) -> bool:
    if not sources.anonymous:
        return False
    return 0 < rows.filter(questionnaire__in=list(sources.anonymous)).order_by()[:k].count() < k


def _comment(row: Response, sources: Sources, dimensions: Sequence[str]) -> Comment:
    assert row.completed_at is not None
    is_anonymous = row.questionnaire_id in sources.anonymous
    key, scale = sources.scores.get(row.questionnaire_id, ("", RATING_SCALE))
    score = row.answers.get(key)
    shows_score = isinstance(score, int) and not isinstance(score, bool) and not is_anonymous
    return Comment(
        text="\n".join(_texts(row.answers, sources.comments[row.questionnaire_id])),
        language=row.language, at=row.completed_at, score=score if shows_score else None, scale=scale,
        segments=() if is_anonymous else tuple(
            (name, str(row.attributes[name])) for name in dimensions if row.attributes.get(name)
        ),
        is_anonymous=is_anonymous,
    )


def _texts(answers: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    return [answers[key].strip() for key in keys if isinstance(answers.get(key), str) and answers[key].strip()]
