"""Load the demonstration: one team, two people, five real survey waves and one small made-up example."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from accounts.models import Membership, Team, User
from accounts.roles import Role
from analytics.indicators.models import IndicatorTree
from analytics.indicators.proposals import create_proposed_tree
from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree, set_target
from analytics.scoring.services import recompute
from csat.demo import airport, example
from surveys.answering.importing import ImportReport, import_responses
from surveys.answering.mapping import parse_map
from surveys.contacts.models import ContactAttribute
from surveys.contacts.services import create_contact
from surveys.contacts.tables import Table
from surveys.design.gallery import TEMPLATES
from surveys.design.models import Questionnaire
from surveys.design.services import create_from_document, publish
from surveys.sending.models import Campaign
from surveys.sending.services import create_campaign, launch_campaign, update_draft

AIRPORT_ANSWERS: Final = Path(__file__).parent / "data" / "sfo_2014_2018.csv.gz"
AIRPORT_NAME: Final = "Airport passenger survey 机场旅客调查"
AIRPORT_TARGET: Final = Decimal(80)
EXAMPLE_TARGET: Final = Decimal(75)
ROLES: Final = {"staff": Role.OWNER, "manager": Role.MANAGER}


def seed_demo(*, logins: Iterable[Mapping[str, str]], at: datetime) -> Team:
    """Load what is missing; started again it changes nothing.

    `logins` are {"role": "staff" | "manager", "name", "email", "password"}.
    """
    team, _ = Team.objects.get_or_create(name="Demo 演示", defaults={
        "is_demo": True, "company_names": example.COMPANY, "sender_name": "Demo 演示",
        "reply_to": "reply@demo.example", "postal_address": "Demo Road 1, Example City",
    })
    people = {login["role"]: _person(team, login) for login in logins}
    if not Questionnaire.objects.filter(team=team).exists():
        _attributes(team)
        _airport(team, people["staff"], at)
        _example(team, people["staff"], at)
    return team


def _person(team: Team, login: Mapping[str, str]) -> User:
    user = User.objects.filter(email=login["email"]).first() or User.objects.create_user(
        login["email"], login["password"], name=login["name"]
    )
    Membership.objects.get_or_create(team=team, user=user, defaults={"role": ROLES[login["role"]]})
    return user


def _attributes(team: Team) -> None:
    dimensions: tuple[tuple[str, dict[str, str], dict[str, dict[str, str]]], ...] = (
        ("region", {"en": "Region", "zh-hans": "大区"}, example.REGION_LEVELS),
        ("tier", {"en": "Tier", "zh-hans": "客户等级"}, example.TIER_LEVELS),
        ("area", {"en": "Boarding area", "zh-hans": "候机区"}, airport.AREA_LEVELS),
        ("age", {"en": "Age", "zh-hans": "年龄"}, airport.AGE_LEVELS),
        ("gender", {"en": "Gender", "zh-hans": "性别"}, airport.GENDER_LEVELS),
    )
    ContactAttribute.objects.bulk_create(
        ContactAttribute(team=team, key=key, names=names, level_names=levels, is_dimension=True, position=place)
        for place, (key, names, levels) in enumerate(dimensions)
    )


def _airport(team: Team, user: User, at: datetime) -> None:
    questionnaire = create_from_document(
        team=team, document=airport.document(), name=AIRPORT_NAME, user=user, at=at
    )
    publish(questionnaire=questionnaire, user=user, at=at)
    tree = create_tree(
        team=team, names=airport.TREE_NAMES, root=_airport_root(), questionnaire=questionnaire,
        roles=PlannedRoles(nps=["nps"], overall=["overall"]), user=user, at=at,
    )
    import_responses(
        questionnaire=questionnaire, table=read_answers(AIRPORT_ANSWERS), mapping=parse_map(airport.import_map()), at=at
    )
    recompute(tree=tree, at=at)


def _airport_root() -> PlannedNode:
    return PlannedNode(
        "satisfaction", airport.ROOT_NAMES, target=AIRPORT_TARGET,
        children=tuple(
            PlannedNode(key, {"en": en, "zh-hans": zh}, children=tuple(_airport_leaf(leaf) for leaf in leaves))
            for key, en, zh, leaves in airport.BRANCHES
        ),
    )


def _airport_leaf(key: str) -> PlannedNode:
    return PlannedNode(key, airport.LEAF_NAMES[key], questions=(airport.ITEM_OF_LEAF.get(key, key),))


def read_answers(path: Path) -> Table:
    """Return the table of a packed CSV file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return _table(csv.reader(io.StringIO(file.read())))


def _table(lines: Iterable[Iterable[str]]) -> Table:
    rows = [tuple(line) for line in lines]
    return Table(header=rows[0], rows=tuple(enumerate(rows[1:], start=2)), encoding="utf-8")


def _example(team: Team, user: User, at: datetime) -> None:
    template = TEMPLATES["relationship"]
    questionnaire = create_from_document(
        team=team, document=template.document, name=example.QUESTIONNAIRE_NAME, user=user, at=at
    )
    Questionnaire.objects.filter(pk=questionnaire.pk).update(is_example=True)
    tree = create_proposed_tree(questionnaire, template, user, at)
    _mark_as_example(tree)
    publish(questionnaire=questionnaire, user=user, at=at)
    _earlier_answers(questionnaire, at)
    recompute(tree=tree, at=at)
    _send(team, questionnaire, user, at)


def _mark_as_example(tree: IndicatorTree) -> None:
    tree.is_example = True
    tree.names = {"en": "Example company", "zh-hans": "示例公司"}
    tree.save(update_fields=["is_example", "names"])
    set_target(indicator=tree.indicators.get(parent__isnull=True), target=EXAMPLE_TARGET)


def _earlier_answers(questionnaire: Questionnaire, at: datetime) -> ImportReport:
    table = _table([example.HEADER, *example.earlier_rows(until=at.date())])
    return import_responses(
        questionnaire=questionnaire, table=table, mapping=parse_map(example.import_map()), at=at
    )


def _send(team: Team, questionnaire: Questionnaire, user: User, at: datetime) -> None:
    for fields in example.contacts():
        create_contact(team=team, at=at, **fields)
    campaign: Campaign = create_campaign(
        team=team, name=example.CAMPAIGN_NAME, questionnaire=questionnaire, segment=None,
        sender_name="Demo 演示", user=user, at=at,
    )
    changes: dict[str, Any] = {
        "subject": example.SUBJECT, "message": example.MESSAGE, "is_example": True,
        "closes_at": at + timedelta(days=30),
    }
    launch_campaign(campaign=update_draft(campaign=campaign, changes=changes), at=at)
