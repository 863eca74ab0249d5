"""Answers to measure on: always the same ones, written straight into the product's own tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from accounts.models import Membership, Team, User
from accounts.roles import Role
from analytics.indicators.models import IndicatorTree
from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree
from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.contacts.bulk import JsonText, insert_rows
from surveys.contacts.models import ContactAttribute
from surveys.design.models import Questionnaire, QuestionnaireVersion

LATEST: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MONTHS_BACK: Final = 6
BRANCHES: Final = {
    "product": ("quality", "design", "durability", "value"),
    "service": ("attitude", "speed", "knowledge", "honesty"),
    "delivery": ("on_time", "tracking", "packing", "handover"),
}
ITEMS: Final = tuple(item for items in BRANCHES.values() for item in items)
REGIONS: Final = ("North", "East", "South", "West")
TIERS: Final = ("standard", "gold", "platinum")
LABELS: Final = {str(point): {"en": f"Point {point}", "zh-hans": f"{point} 分"} for point in range(1, 6)}
FIELDS: Final = (
    "team_id", "questionnaire_id", "version_id", "language", "state", "answers", "attributes",
    "started_at", "updated_at", "completed_at",
)
AT_ONCE: Final = 50_000
Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Sheets:
    """Answers as numbers: `items` has shape (12, rows) from 1 to 5, `nps` (rows,) from 0 to 10."""

    items: Codes
    nps: Codes
    region: Codes
    tier: Codes

    @property
    def rows(self) -> int:
        """How many answers there are."""
        return int(self.nps.shape[0])


def both(text: str) -> dict[str, str]:
    """A text that is the same in both languages."""
    return {"en": text, "zh-hans": text}


def document() -> dict[str, Any]:
    """Twelve ratings in three matrices, the Net Promoter question and a comment: one page."""
    matrices = [
        {
            "key": f"{branch}_parts", "type": "matrix", "required": True, "text": both(f"How satisfied are you: {branch}?"),
            "scale": {"min": 1, "max": 5, "labels": LABELS},
            "rows": [{"key": item, "text": both(item)} for item in items],
        }
        for branch, items in BRANCHES.items()
    ]
    nps = {"key": "nps", "type": "nps", "required": True, "text": both("Would you recommend us?")}
    why = {"key": "why", "type": "text", "text": both("Why?")}
    return {
        "schema": 1, "languages": ["en", "zh-hans"], "title": both("Benchmark"),
        "pages": [{"key": "p1", "questions": [nps, *matrices, why]}],
    }


def make_version(name: str) -> QuestionnaireVersion:
    """Make a team with an owner and two segment dimensions, and publish the questionnaire."""
    team = Team.objects.create(name=name, company_names=both(name), postal_address="1 Benchmark Street")
    user = User.objects.create_user(f"{name}@bench.example", "a long benchmark password", name="Owner", language="en")
    Membership.objects.create(user=user, team=team, role=Role.OWNER)
    for key, levels in (("region", REGIONS), ("tier", TIERS)):
        names = {level: both(level) for level in levels}
        ContactAttribute.objects.create(team=team, key=key, names=both(key), level_names=names, is_dimension=True)
    questionnaire = Questionnaire.objects.create(team=team, name=name, draft=document())
    return QuestionnaireVersion.objects.create(
        questionnaire=questionnaire, number=1, document=document(), content_hash="b" * 64, published_at=LATEST
    )


def make_tree(version: QuestionnaireVersion) -> IndicatorTree:
    """Three dimensions with four indicators each, equally weighted."""
    dimensions = tuple(
        PlannedNode(branch, both(branch), children=tuple(PlannedNode(i, both(i), questions=(i,)) for i in items))
        for branch, items in BRANCHES.items()
    )
    return create_tree(
        team=version.questionnaire.team, names=both("Index"), root=PlannedNode("csi", both("Index"), children=dimensions),
        at=LATEST, questionnaire=version.questionnaire, roles=PlannedRoles(nps=("nps",), comment=("why",)),
    )


def make_sheets(rows: int, *, seed: int = 20261120) -> Sheets:
    """Answers that are related to one another as real ones are: one disposition per person, some noise per item."""
    random = np.random.Generator(np.random.PCG64(seed))
    person = random.normal(size=rows).astype(np.float32)
    noise = random.normal(size=(len(ITEMS), rows)).astype(np.float32)
    items = np.clip(np.rint(3.7 + 0.7 * person + 0.7 * noise), 1, 5).astype(np.int8)
    nps = np.clip(np.rint(7.4 + 1.6 * person + random.normal(size=rows)), 0, 10).astype(np.int8)
    return Sheets(items, nps, random.integers(0, 4, rows).astype(np.int8), random.integers(0, 3, rows).astype(np.int8))


def insert_answers(version: QuestionnaireVersion, rows: int) -> None:
    """Insert completed responses, spread evenly over some months, with the note that results are out of date."""
    for first in range(0, rows, AT_ONCE):
        part = make_sheets(min(AT_ONCE, rows - first), seed=20261120 + first)
        insert_rows(model=Response, fields=FIELDS, rows=_lines(version, part, first, rows))
    RecomputeNote.objects.create(questionnaire=version.questionnaire, at=LATEST)


def _lines(version: QuestionnaireVersion, sheets: Sheets, first: int, rows: int) -> Iterator[tuple[Any, ...]]:
    team = version.questionnaire.team_id
    begin, step = LATEST - timedelta(days=30 * MONTHS_BACK), timedelta(days=30 * MONTHS_BACK) / rows
    attributes = [[JsonText(f'{{"region": "{region}", "tier": "{tier}"}}') for tier in TIERS] for region in REGIONS]
    pattern = "{" + ", ".join(f'"{item}": %d' for item in ITEMS) + ', "nps": %d, "why": "Benchmark comment %d"}'
    columns = zip(*sheets.items.tolist(), sheets.nps.tolist(), range(first, first + sheets.rows), strict=True)
    for place, (codes, region, tier) in enumerate(
        zip(columns, sheets.region.tolist(), sheets.tier.tolist(), strict=True)
    ):
        at = begin + (first + place) * step
        yield (
            team, version.questionnaire_id, version.pk, "en", ResponseState.COMPLETE.value, JsonText(pattern % codes),
            attributes[region][tier], at, at, at,
        )


def answer_once(version: QuestionnaireVersion, number: int) -> None:
    """Store one more answer with its note, as the answer page does."""
    given = {**{item: 1 + (number + place) % 5 for place, item in enumerate(ITEMS)}, "nps": number % 11}
    Response.objects.create(
        team_id=version.questionnaire.team_id, questionnaire_id=version.questionnaire_id, version=version,
        language="en", state=ResponseState.COMPLETE, answers=given,
        attributes={"region": REGIONS[number % 4], "tier": TIERS[number % 3]}, completed_at=LATEST,
    )
    RecomputeNote.objects.create(questionnaire_id=version.questionnaire_id, at=LATEST)
