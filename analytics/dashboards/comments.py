"""What customers wrote, newest first, under the same rules as the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Q, QuerySet

from analytics.dashboards.comment_groups import NEWEST_FIRST, in_batches
from analytics.dashboards.narrowing import in_segments
from analytics.dashboards.overview.numbers import Comment
from analytics.dashboards.selection import Selection
from analytics.indicators.models import IndicatorTree, QuestionSource, SourceRole
from analytics.scoring.definition import level_bounds
from analytics.scoring.rows import items_of_version
from surveys.answering.models import Response, ResponseState
from surveys.contacts.prepared import Prepared
from surveys.design.models import QuestionnaireVersion
from surveys.json_text import text_under

PAGE_SIZE: Final = 25
LONGEST_SEARCH: Final = 80
NPS_SCALE: Final = (0, 10)
STANDING: Final = Prepared(
    "SELECT id, revision FROM surveys_response WHERE id = ANY({ids}) AND state = 'complete' AND NOT is_test",
    {"ids": "bigint[]"},
)


class Mood(StrEnum):
    """Which scores to keep: the groups of the Net Promoter Score, or the levels of any other scale (see `mood_of`)."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


LAST_DETRACTOR, LAST_PASSIVE = 6, 8
LAST_LOW, LAST_MIDDLE = level_bounds("linear")[1:3]
"""Points below which a score is a low one, and a middle one: where the two lowest levels end, and the third."""


@dataclass(frozen=True)
class Score:
    """The question that gives the score beside a comment, on the scale it was asked on."""

    key: str
    low: int
    high: int
    is_nps: bool

    @property
    def scale(self) -> tuple[int, int]:
        """The lowest and the highest code."""
        return self.low, self.high

    def codes(self, mood: Mood) -> list[int]:
        """The codes of a band, in order; a short scale has no middle."""
        return [code for code in range(self.low, self.high + 1) if self.mood(code) == mood]

    def mood(self, code: int) -> Mood:
        """The band of a code: by the groups of the Net Promoter Score, else by where the levels of the index lie."""
        if self.is_nps:
            at, ends = float(code), (LAST_DETRACTOR + 0.5, LAST_PASSIVE + 0.5)
        else:
            at, ends = 100 * (code - self.low) / (self.high - self.low), (LAST_LOW, LAST_MIDDLE)
        return Mood.LOW if at < ends[0] else Mood.MIDDLE if at < ends[1] else Mood.HIGH


@dataclass(frozen=True)
class Sources:
    """Where a tree's comments and their scores stand, by questionnaire id; scores with whether they are NPS, those first."""

    comments: Mapping[int, tuple[str, ...]]
    scores: Mapping[int, tuple[tuple[str, bool], ...]]
    anonymous: frozenset[int]

    def score(self, questionnaire: int, version: int) -> Score | None:
        """The first of a questionnaire's scores that a version asks, on that version's scale."""
        asked = {item.key: item for item in items_of_version(version)}
        for key, is_nps in self.scores.get(questionnaire, ()):
            if key in asked and asked[key].low < asked[key].high:
                item = asked[key]
                return Score(key, item.low, item.high, is_nps and (item.low, item.high) == NPS_SCALE)
        return None


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
    scores: dict[int, tuple[tuple[str, bool], ...]] = {}
    anonymous = set()
    for row in rows:
        of = row.questionnaire_id
        anonymous |= {of} if row.questionnaire.is_anonymous else set()
        if row.role == SourceRole.COMMENT:
            comments[of] = (*comments.get(of, ()), row.question_key)
        elif row.role == SourceRole.NPS:
            scores[of] = ((row.question_key, True), *scores.get(of, ()))
        else:
            scores[of] = (*scores.get(of, ()), (row.question_key, False))
    return Sources(comments, scores, frozenset(anonymous))


def list_comments(
    *, selection: Selection, is_withheld: bool, search: str = "",
    mood: Mood | None = None, page: int = 1, size: int = PAGE_SIZE,
) -> CommentPage:
    """Return a page of comments within the selection and its scope, the newest first.

    `is_withheld` says that the selection's own numbers are withheld; then nothing is read. Where anonymity is
    promised, only those of answers that count are read (see `comment_groups`), and a search or a score must also
    leave enough comments to hide among.
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
    found = list(rows.order_by(*NEWEST_FIRST)[first : first + size + 1])
    keys = [dimension.key for dimension in selection.known.dimensions]
    shown = tuple(_comment(row, sources, keys) for row in found[:size])
    return CommentPage(shown, page, len(found) > size, rows=tuple((row.pk, row.revision) for row in found[:size]))


@dataclass(frozen=True)
class CommentCount:
    """How many comments there are, and of those whose score may be shown how many are of each band."""

    total: int
    bands: Mapping[Mood, int]


def count_comments(*, selection: Selection, search: str = "", mood: Mood | None = None) -> CommentCount:
    """Count the comments of which `list_comments` shows a page; anonymous ones have no score to be counted by."""
    sources = get_sources(tree=selection.tree)
    scored = {mood: Q(pk__in=[]) for mood in Mood}
    named = [of for of in sources.comments if of not in sources.anonymous]
    for version, of in QuestionnaireVersion.objects.filter(questionnaire__in=named).values_list("id", "questionnaire_id"):
        for band in Mood:
            scored[band] |= _in_band(version, sources.score(of, version), band)
    rows = _narrowed(selection, sources, search.strip()[:LONGEST_SEARCH], mood)
    counts = {band.value: Count("pk", filter=wanted) for band, wanted in scored.items()}
    found = rows.order_by().aggregate(total=Count("pk"), **counts)
    return CommentCount(found["total"], {band: found[band.value] for band in Mood})


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
    ).only("answers", "attributes", "questionnaire_id", "version_id", "language", "completed_at", "revision")
    rows = in_batches(rows, selection, sources.anonymous)
    rows = in_segments(rows, selection.filters, selection.scope)
    said, scored = Q(pk__in=[]), Q(pk__in=[])
    for of, keys in sources.comments.items():
        for place, key in enumerate(keys):
            alias = f"said_{of}_{place}"
            rows = rows.alias(**{alias: text_under(key, "answers")})
            wanted = Q(**{f"{alias}__icontains": search}) if search else Q(**{f"{alias}__gt": ""})
            said |= Q(questionnaire=of) & wanted
    if mood is None:
        return rows.filter(said)
    versions = QuestionnaireVersion.objects.filter(questionnaire__in=list(sources.comments))
    for version, of in versions.values_list("id", "questionnaire_id"):
        scored |= _in_band(version, sources.score(of, version), mood)
    return rows.filter(said, scored)


def _in_band(version: int, score: Score | None, mood: Mood) -> Q:
    codes = score.codes(mood) if score is not None else []
    if score is None or not codes:
        return Q(pk__in=[])
    # Both ends: databases order the text "NA" before all numbers or after them.
    return Q(version=version, **{f"answers__{score.key}__gte": codes[0], f"answers__{score.key}__lte": codes[-1]})


def _is_too_small(rows: QuerySet[Response], sources: Sources, k: int) -> bool:
    if not sources.anonymous:
        return False
    return 0 < rows.filter(questionnaire__in=list(sources.anonymous)).order_by()[:k].count() < k


def _comment(row: Response, sources: Sources, dimensions: Sequence[str]) -> Comment:
    is_anonymous = row.questionnaire_id in sources.anonymous
    asked = sources.score(row.questionnaire_id, row.version_id)
    code: Any = row.answers.get(asked.key) if asked is not None and not is_anonymous else None
    shown = asked if asked is not None and _is_on(code, asked) else None
    return Comment(
        text="\n".join(_texts(row.answers, sources.comments[row.questionnaire_id])),
        language=row.language, at=row.told_at,  # type: ignore[attr-defined]
        score=code if shown else None,
        scale=shown.scale if shown else None, mood=shown.mood(code).value if shown else "",
        segments=() if is_anonymous else tuple(
            (name, str(row.attributes[name])) for name in dimensions if row.attributes.get(name)
        ),
        is_anonymous=is_anonymous,
    )


def _is_on(code: Any, score: Score) -> bool:
    return isinstance(code, int) and not isinstance(code, bool) and score.low <= code <= score.high


def _texts(answers: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    return [answers[key].strip() for key in keys if isinstance(answers.get(key), str) and answers[key].strip()]
