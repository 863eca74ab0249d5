"""Teams, published questionnaires, contacts and campaigns for the sending tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from accounts.models import Membership, Team, User
from accounts.roles import Role
from surveys.contacts.models import Contact
from surveys.design.models import Questionnaire, QuestionnaireVersion
from surveys.sending.models import Campaign, Invitation
from surveys.sending.services import launch_campaign

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LABELS = {
    "1": {"zh-hans": "非常不满意", "en": "Very dissatisfied"},
    "2": {"zh-hans": "不满意", "en": "Dissatisfied"},
    "3": {"zh-hans": "一般", "en": "Neutral"},
    "4": {"zh-hans": "满意", "en": "Satisfied"},
    "5": {"zh-hans": "非常满意", "en": "Very satisfied"},
}


def nps_document(**changes: Any) -> dict[str, Any]:
    return {
        "schema": 1, "languages": ["zh-hans", "en"], "title": {"zh-hans": "客户调查", "en": "Customer survey"},
        "pages": [{"key": "p1", "questions": [
            {"key": "nps", "type": "nps", "required": True, "text": {
                "zh-hans": "您有多大可能向朋友或同事推荐{company}？",
                "en": "How likely are you to recommend {company} to a friend or colleague?"}},
        ]}],
        **changes,
    }


def rating_document() -> dict[str, Any]:
    return nps_document(pages=[{"key": "p1", "questions": [
        {"key": "overall", "type": "rating", "text": {"zh-hans": "您总体满意吗？", "en": "How satisfied are you?"},
         "scale": {"min": 1, "max": 5, "labels": LABELS}},
    ]}])


def make_team(name: str = "Example Logistics", **fields: Any) -> Team:
    names = {"en": name, "zh-hans": "示例物流"}
    return Team.objects.create(name=name, company_names=names, default_language="en", **fields)


def make_member(team: Team, email: str = "dora@team.example", role: str = Role.DESIGNER) -> User:
    user = User.objects.create_user(email, "a long password here", name=email.partition("@")[0].title(), language="en")
    Membership.objects.create(team=team, user=user, role=role)
    return user


def publish(team: Team, document: dict[str, Any] | None = None, name: str = "Relationship survey") -> QuestionnaireVersion:
    document = document or nps_document()
    questionnaire = Questionnaire.objects.create(team=team, name=name, draft=document)
    return QuestionnaireVersion.objects.create(
        questionnaire=questionnaire, number=1, document=document, content_hash="0" * 64, published_at=AT
    )


def make_contacts(team: Team, count: int, language: str = "en") -> list[Contact]:
    return Contact.objects.bulk_create([
        Contact(team=team, email=f"p{n}@customer.example", email_key=f"p{n}@customer.example", name=f"Person {n}",
                language=language, attributes={"region": "East" if n % 2 else "West"})
        for n in range(count)
    ])


def make_campaign(team: Team, version: QuestionnaireVersion, **fields: Any) -> Campaign:
    return Campaign.objects.create(**{
        "team": team, "name": "Autumn", "questionnaire": version.questionnaire, "sender_name": "Li Wen",
        "subject": {"en": "How was our service, {name}?", "zh-hans": "{name}，我们的服务怎么样？"},
        "message": {"en": "Please tell us how we did.", "zh-hans": "想请您花 1 分钟告诉我们做得怎么样。"},
        **fields,
    })


def launched(team: Team, count: int, at: datetime = AT, **fields: Any) -> Campaign:
    """A campaign launched to `count` new contacts."""
    make_contacts(team, count)
    campaign = make_campaign(team, publish(team), **fields)
    assert launch_campaign(campaign=campaign, at=at)
    return campaign


def states(campaign: Campaign) -> dict[str, int]:
    """How many invitations are in each state."""
    found: dict[str, int] = {}
    for state in Invitation.objects.filter(campaign=campaign).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found
