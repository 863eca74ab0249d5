"""What the overview of a tree is made from, read as one mark that changes with any of it.

One statement instead of one per table: the mark is read at every view, also when the page itself is
kept. It names no clock and no reader; those are the view's own business. A card that begins to read
another table needs a line here, or a kept page would not see that table change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection

from analytics.scoring.refusals import refusal_of
from analytics.scoring.results import Freshness
from surveys.contacts.prepared import Prepared

FIRST: Final = -1
"""Stands for the first tree of a team where an id is asked for."""
Row = tuple[str, int, str, str, datetime | str | None]

# PostgreSQL and SQLite both understand it. The run comes first: its column says that the last is a time.
STATEMENT: Final = """
WITH tree AS (
    SELECT id FROM analytics_indicatortree WHERE team_id = {team} AND (id = {tree} OR {tree} = -1)
    ORDER BY position, id LIMIT 1
), run AS (
    SELECT id, data_hash, weight_set_id, responses, finished_at, newest_response_at FROM analytics_run
    WHERE tree_id = (SELECT id FROM tree) ORDER BY id DESC LIMIT 1
), fed AS (
    SELECT DISTINCT questionnaire_id AS id FROM analytics_questionsource WHERE tree_id = (SELECT id FROM tree)
)
SELECT 'run', id, data_hash, CAST(responses AS TEXT), finished_at FROM run
UNION ALL SELECT 'newest', id, '', '', newest_response_at FROM run
UNION ALL SELECT 'chosen', id, '', '', NULL FROM tree
UNION ALL SELECT 'weights', id, CAST(number AS TEXT) || origin || name,
    COALESCE(CAST(valid_from_at AS TEXT), '') || '/' || COALESCE(CAST(valid_to_at AS TEXT), ''), NULL
    FROM analytics_weightset WHERE tree_id = (SELECT id FROM tree)
UNION ALL SELECT 'weighting', id, CAST(number AS TEXT), name, NULL FROM analytics_weightingscheme
    WHERE tree_id = (SELECT id FROM tree)
UNION ALL SELECT 'tree', id, CAST(names AS TEXT), CAST(position AS TEXT) || CAST(is_example AS TEXT), NULL
    FROM analytics_indicatortree WHERE team_id = {team}
UNION ALL SELECT 'indicator', id, CAST(names AS TEXT), CAST(target AS TEXT), NULL
    FROM analytics_indicator WHERE tree_id = (SELECT id FROM tree)
UNION ALL SELECT 'source', questionnaire_id, question_key, role, NULL
    FROM analytics_questionsource WHERE tree_id = (SELECT id FROM tree)
UNION ALL SELECT 'dimension', position, key || CAST(names AS TEXT), CAST(level_names AS TEXT), NULL
    FROM surveys_contactattribute WHERE team_id = {team} AND is_dimension
UNION ALL SELECT 'questionnaire', id, name, CAST(is_anonymous AS TEXT), NULL
    FROM surveys_questionnaire WHERE id IN (SELECT id FROM fed)
UNION ALL SELECT 'version', MAX(id), '', '', NULL
    FROM surveys_questionnaireversion WHERE questionnaire_id IN (SELECT id FROM fed) GROUP BY questionnaire_id
UNION ALL SELECT 'requests', requested, CAST(served AS TEXT), '', requested_at
    FROM analytics_treestate WHERE tree_id = (SELECT id FROM tree)
UNION ALL SELECT 'refused', attempts, last_error, CAST(last_error_details AS TEXT), NULL
    FROM analytics_treestate WHERE tree_id = (SELECT id FROM tree)
UNION ALL SELECT 'notes', COUNT(*), '', '', MIN(at)
    FROM surveys_recomputenote WHERE questionnaire_id IN (SELECT id FROM fed)
UNION ALL SELECT 'mailed', COUNT(*), '', '', NULL FROM (
    SELECT 1 FROM surveys_invitation i JOIN surveys_campaign c ON c.id = i.campaign_id
    WHERE c.questionnaire_id IN (SELECT id FROM fed) AND i.sent_at IS NOT NULL LIMIT 1
) AS one
"""
VALUES: Final = ("team", "tree")
PLANNED: Final = Prepared(STATEMENT, dict.fromkeys(VALUES, "bigint"))
ELSEWHERE: Final = STATEMENT.format(**{name: f"%({name})s" for name in VALUES})
MEANING: Final = frozenset({
    "run", "newest", "weights", "tree", "indicator", "source", "dimension", "questionnaire", "version", "weighting",
})


@dataclass(frozen=True, slots=True)
class Mark:
    """`meaning` changes with the run or with how it is read and named; `answers` with every response.

    A response that is completed, edited or erased leaves a note in its own transaction, and notes are
    only ever taken together with a new request: so no two states of the responses have the same `answers`.
    """

    tree_id: int
    freshness: Freshness
    is_mailed: bool
    meaning: str
    answers: str


def read_mark(*, team_id: int, tree_id: int) -> Mark | None:
    """Return the mark of a team's tree (`FIRST`: its first one); None where there is none, or no run of it."""
    rows = _rows(team_id, tree_id)
    found = {row[0]: row for row in rows}
    if "run" not in found:
        return None
    notes, requests = found["notes"], found.get("requests")
    return Mark(
        tree_id=found["chosen"][1], is_mailed=bool(found["mailed"][1]), freshness=_freshness(found, _is_anonymous(rows)),
        meaning=digest(sorted(str(row) for row in rows if row[0] in MEANING)),
        answers=f"{requests[1] if requests else 0}.{notes[1]}",
    )


def digest(parts: Sequence[Any]) -> str:
    """Return a name for what is listed: equal lists, equal names."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _rows(team_id: int, tree_id: int) -> list[Row]:
    values = dict(zip(VALUES, (team_id, tree_id), strict=True))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # To plan it takes twice as long as to execute it.
            PLANNED.execute(cursor, values)
        else:
            cursor.execute(ELSEWHERE, values)
        rows: list[Row] = cursor.fetchall()
        return rows


def _is_anonymous(rows: Sequence[Row]) -> bool:
    return any(row[0] == "questionnaire" and row[3] in ("true", "1") for row in rows)


def _freshness(found: dict[str, Row], is_anonymous: bool) -> Freshness:
    run, notes, requests = found["run"], found["notes"], found.get("requests")
    is_asked = requests is not None and requests[1] > int(requests[2])
    refused = found.get("refused")
    waiting = [_moment(notes[4]), _moment(requests[4]) if requests and is_asked else None]
    told = Freshness(
        run_id=run[1], finished_at=_moment(run[4]), responses=int(run[3]), newest_response_at=_moment(found["newest"][4]),
        is_pending=is_asked or notes[1] > 0, waiting_since_at=min((one for one in waiting if one), default=None),
        refusal=refusal_of(
            code=refused[2], details=json.loads(refused[3]), attempts=refused[1], is_asked=is_asked
        ) if refused is not None else None,
    )
    return told.untold() if is_anonymous else told


def _moment(value: datetime | str | None) -> datetime | None:
    """SQLite hands out times as it keeps them: in UTC, without saying so, some of them as text."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
