"""A questionnaire with every type of question, and an invitation to it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from accounts.models import Team
from surveys.contacts.models import Contact
from surveys.design.models import Questionnaire, QuestionnaireVersion
from surveys.sending.models import Campaign, CampaignState, Invitation
from surveys.sending.tokens import hash_token, new_nonce, token_for
from tests.cast import make_team
from tests.surveys.sending_builders import LABELS

AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
numbers = count(1)


def both(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh-hans": zh}


def document(**changes: Any) -> dict[str, Any]:
    rows = [("reply", "Reply to your questions", "咨询答复"), ("attitude", "Attitude of our staff", "员工服务态度"),
            ("on_time", "Delivery on time", "送货准时"), ("price", "Price for what you got", "价格合理"),
            ("information", "Information during transport", "运输信息告知")]
    return {
        "schema": 1, "languages": ["en", "zh-hans"], "title": both("How was our service this autumn?", "这个秋天，我们的服务怎么样？"),
        "intro": both("Three short pages, about one minute.", "共 3 页，约需 1 分钟。"),
        "pages": [
            {"key": "p1", "questions": [
                {"key": "nps", "type": "nps", "required": True, "text": both(
                    "How likely are you to recommend {company} to a friend or colleague?", "您有多大可能向朋友或同事推荐{company}？")},
                {"key": "reasons", "type": "choice", "several": True, "text": both("What mattered most?", "哪些方面影响最大？"),
                 "options": [{"key": "speed", "text": both("Speed of reply", "回复速度")},
                             {"key": "staff", "text": both("Staff attitude", "服务态度")},
                             {"key": "punctual", "text": both("On-time delivery", "送货准时")}]},
                {"key": "why", "type": "text", "max_length": 2000,
                 "text": both("What is the main reason for your score?", "您打这个分数的主要原因是什么？"),
                 "score_texts": [
                     {"item": "nps", "low": 0, "high": 6, "text": both("What should we put right first?", "您希望我们首先改进什么？")},
                     {"item": "nps", "low": 7, "high": 8, "text": both("What would have made it a 9 or 10?", "怎样做才能让您打 9 分或 10 分？")},
                     {"item": "nps", "low": 9, "high": 10, "text": both("What did we do best?", "我们哪一点做得最好？")}]}]},
            {"key": "p2", "title": both("How satisfied are you with each part?", "您对以下各方面满意吗？"), "questions": [
                {"key": "parts", "type": "matrix", "required": True, "offers_na": True,
                 "text": both("How satisfied are you with each part?", "您对以下各方面满意吗？"),
                 "help": both("Choose 1 to 5 for each part. If you have no experience of it, choose “Does not apply”.",
                              "请选择 1 到 5。没有体验过的项目请选“不适用”。"),
                 "scale": {"min": 1, "max": 5, "labels": LABELS},
                 "rows": [{"key": key, "text": both(en, zh)} for key, en, zh in rows]}]},
            {"key": "p3", "title": both("Anything else?", "还有其他意见吗？"), "questions": [
                {"key": "more", "type": "text", "text": both("In your own words", "请用您自己的话说说")},
                {"key": "sorry", "type": "text", "text": both("What went wrong with the price?", "价格上有什么问题？"),
                 "show_if": [{"item": "price", "low": 1, "high": 2}]},
                {"key": "contact_me", "type": "consent", "text": both(
                    "Would you like us to contact you about your answers?", "需要我们就您的意见与您联系吗？")}]},
        ],
        **changes,
    }


def one_page(**changes: Any) -> dict[str, Any]:
    """Thirteen answers on one page."""
    whole = document()
    questions = [question for page in whole["pages"] for question in page["questions"]]
    return {**whole, "pages": [{"key": "p1", "questions": questions}], **changes}


def make_version(team: Team, raw: dict[str, Any] | None = None, **fields: Any) -> QuestionnaireVersion:
    raw = raw or document()
    questionnaire = Questionnaire.objects.create(team=team, name=f"Survey {next(numbers)}", draft=raw, **fields)
    return QuestionnaireVersion.objects.create(
        questionnaire=questionnaire, number=1, document=raw, content_hash=f"{next(numbers):064}", published_at=AT)


def make_invitation(
    team: Team | None = None, raw: dict[str, Any] | None = None, *, version: QuestionnaireVersion | None = None,
    language: str = "en", is_anonymous: bool = False, is_test: bool = False, campaign: Campaign | None = None, **fields: Any,
) -> tuple[Invitation, str]:
    """Make a campaign (unless given) and one invitation; return it and its token."""
    if campaign is None:
        team = team or make_team()
        version = version or make_version(team, raw, is_anonymous=is_anonymous)
        campaign = Campaign.objects.create(**{
            "team": team, "name": "Autumn", "questionnaire": version.questionnaire, "version": version,
            "sender_name": "Li Wen", "state": CampaignState.SENDING, "launched_at": AT, "wave": "2026-4", **fields})
    email = f"p{next(numbers)}@customer.example"
    contact = Contact.objects.create(team=campaign.team, email=email, email_key=email, language=language,
                                     attributes={"region": "East", "shoe_size": "47"})
    nonce = new_nonce()
    token = token_for(nonce)
    invitation = Invitation.objects.create(
        campaign=campaign, contact=contact, nonce=nonce, token_hash=hash_token(token), language=language,
        attributes=contact.attributes, due_at=AT, is_test=is_test)
    return invitation, token


PAGE_1 = {"_page": "1", "_to": "next", "nps": "3", "reasons": ["staff", "punctual"], "why": "Two hours late."}
PAGE_2 = {"_page": "2", "_to": "next", "reply": "4", "attitude": "5", "on_time": "2", "price": "3", "information": "NA"}
PAGE_3 = {"_page": "3", "_to": "next", "more": "Call ahead.", "contact_me": "yes"}
WHOLE = {"nps": 3, "reasons": ["staff", "punctual"], "why": "Two hours late.", "reply": 4, "attitude": 5, "on_time": 2,
         "price": 3, "information": "NA", "more": "Call ahead.", "contact_me": True}
ONE_PAGE = {**PAGE_1, **PAGE_2, **PAGE_3, "_page": "1"}
