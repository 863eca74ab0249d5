"""A team with results of two waves or months, for the tests of the dashboards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from analytics.dashboards.change.read import Changes
from analytics.dashboards.change.request import parse_change_request, read_requested
from analytics.dashboards.overview import page_cache
from analytics.dashboards.selection import parse_selection
from analytics.indicators.models import IndicatorTree, WeightSet
from analytics.indicators.services import PlannedRoles, create_tree
from analytics.scoring import keeping
from analytics.scoring.services import recompute
from surveys.design.models import QuestionnaireVersion
from surveys.sending.models import Campaign, CampaignState, DeliveryState, Invitation
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    ITEMS,
    answer_many,
    document,
    make_dimension,
    publish,
    rating,
    standard_plan,
    text,
)

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Shop:
    """A questionnaire with comments, its tree and its version."""

    team: Team
    tree: IndicatorTree
    version: QuestionnaireVersion

    def compute(self) -> None:
        """Make a run."""
        recompute(tree=self.tree, at=datetime.now(UTC))


def earlier_weights(shop: Shop) -> int:
    """Store other weights of a shop's tree that are not in force, and return their number."""
    weights = shop.tree.weight_sets.get(number=1).weights | {"product": 0.8, "service": 0.2}
    return WeightSet.objects.create(
        tree=shop.tree, number=2, origin="manual", weights=weights, valid_from_at=AT, valid_to_at=AT + timedelta(days=1)).number


def shop_document() -> dict[str, Any]:
    return document(
        rating("overall"), *(rating(key) for key in ITEMS), {"key": "nps", "type": "nps", "text": text("Recommend?")},
        {"key": "said", "type": "text", "text": text("Anything else?")},
    )


def make_shop(team: Team, *, is_example: bool = False, **questionnaire: Any) -> Shop:
    """A tree with the dimension `region`, without responses."""
    if not team.contact_attributes.filter(key="region").exists():
        make_dimension(team, "region", "East", "West", "North")
    version = publish(team, shop_document(), **questionnaire)
    tree = create_tree(
        team=team, names={"en": "Shop", "zh-hans": "商店"}, root=standard_plan(), at=AT,
        questionnaire=version.questionnaire, is_example=is_example,
        roles=PlannedRoles(nps=("nps",), overall=("overall",), comment=("said",)),
    )
    return Shop(team, tree, version)


def codes(level: int, count: int, **extra: Any) -> list[Mapping[str, Any]]:
    """`count` answers around `level`: one in three a step above."""
    return [
        {
            **{key: min(5, level + (number % 3 == 0)) for key in (*ITEMS, "overall")},
            "nps": min(10, 2 * level + number % 3 - 1), **extra,
        }
        for number in range(count)
    ]


def fill_waves(shop: Shop, *, fell: str = "West") -> None:
    """Two waves: East stays, `fell` loses a whole point, North has 4 answers in the second."""
    for wave, levels in (("2017", {"East": 4, "West": 4, "North": 3}), ("2018", {"East": 4, "West": 4, "North": 3} | {fell: 3})):
        for region, level in levels.items():
            count = 4 if region == "North" and wave == "2018" else 60
            answer_many(
                shop.version, codes(level, count), wave=wave, attributes={"region": region}, source="import",
                at=datetime(int(wave), 5, 1, tzinfo=UTC),
            )


def say(shop: Shop, words: str, *, nps: int = 9, region: str = "East", at: datetime | None = None, **fields: Any) -> None:
    """A response with a comment."""
    answers = {**codes(4, 1)[0], "nps": nps, "said": words}
    answer_many(shop.version, [answers], at=at or datetime(2018, 5, 2, tzinfo=UTC), attributes={"region": region}, **fields)


def invite(shop: Shop, *, sent: int, completed: int, failed: int = 0, wave: str = "2018") -> None:
    """A campaign with so many invitations in each state."""
    campaign = Campaign.objects.create(
        team=shop.team, name="Campaign", questionnaire=shop.version.questionnaire, version=shop.version, wave=wave,
        sender_name="Shop", state=CampaignState.FINISHED,
    )
    for number in range(sent + failed):
        is_done = number < completed
        Invitation.objects.create(
            campaign=campaign, nonce=(campaign.pk * 10_000 + number).to_bytes(16, "big"),
            token_hash=f"{campaign.pk}-{number}", language="en", attributes={"region": "East"}, due_at=AT, sent_at=AT,
            state=DeliveryState.SENT if number < sent else DeliveryState.FAILED,
            started_at=AT if is_done else None, completed_at=AT + timedelta(hours=1) if is_done else None,
        )


def forget() -> None:
    """What a new process knows: nothing. The cache keeps what it has."""
    page_cache.forget()
    keeping.try_again()


def read_page(client: Client, query: str = "") -> str:
    """The overview as it is sent."""
    response = client.get(f"/overview/{query}")
    assert response.status_code == 200, response
    return response.content.decode()


def queries_of(client: Client, query: str = "") -> list[str]:
    """What the overview asks the database for."""
    with CaptureQueriesContext(connection) as asked:
        read_page(client, query)
    return [one["sql"] for one in asked]


def read_change(tree: IndicatorTree, query: str) -> Changes:
    """What the page of a change reads of a tree's newest run."""
    run = tree.runs.first()
    selection = parse_selection(tree=tree, run=run, query=QueryDict(query), scope={}, today=AT.date(), at=AFTERWARDS)
    changes, problem = read_requested(parse_change_request(selection=selection, query=QueryDict(query)))
    assert changes is not None, problem
    return changes
