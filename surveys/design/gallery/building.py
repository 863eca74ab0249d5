"""The words and parts that ready-made questionnaires share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Texts = dict[str, str]


@dataclass(frozen=True)
class TemplateNode:
    """A proposed indicator: fed by `question_keys` when it is a leaf, otherwise the mean of its children."""

    key: str
    names: Mapping[str, str]
    question_keys: tuple[str, ...] = ()
    children: tuple[TemplateNode, ...] = ()


@dataclass(frozen=True)
class TemplateTree:
    """The indicators proposed with a template. Siblings start with equal, provisional weights."""

    root: TemplateNode
    nps: str | None = None
    overall: str | None = None
    comments: tuple[str, ...] = ()
    effort: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """A ready-made questionnaire with what it measures."""

    key: str
    names: Mapping[str, str]
    purposes: Mapping[str, str]
    document: Json
    tree: TemplateTree


def both(zh: str, en: str) -> Texts:
    """Return one text in both languages."""
    return {"zh-hans": zh, "en": en}


SATISFACTION: Json = {
    "min": 1, "max": 5,
    "labels": {
        "1": both("非常不满意", "Very dissatisfied"), "2": both("不满意", "Dissatisfied"),
        "3": both("一般", "Neutral"), "4": both("满意", "Satisfied"), "5": both("非常满意", "Very satisfied"),
    },
}
AGREEMENT: Json = {
    "min": 1, "max": 5,
    "labels": {
        "1": both("非常不同意", "Strongly disagree"), "2": both("不同意", "Disagree"),
        "3": both("一般", "Neutral"), "4": both("同意", "Agree"), "5": both("非常同意", "Strongly agree"),
    },
}
EFFORT: Json = {
    # Seven points: the scale on which customer effort is defined and compared.
    "min": 1, "max": 7,
    "labels": {"1": AGREEMENT["labels"]["1"], "4": AGREEMENT["labels"]["3"], "7": AGREEMENT["labels"]["5"]},
}
NPS_TEXT = both(
    "您有多大可能向朋友或同事推荐{company}？",
    "How likely are you to recommend {company} to a friend or colleague?",
)
RATE_EACH = both("请选择 1 到 5。没有体验过的项目请选“不适用”。",
                 "Choose 1 to 5 for each part. If you have no experience of it, choose “Does not apply”.")
NO_NUMBERS = both("请勿填写身份证号、银行卡号或手机号。", "Please leave out ID, card or phone numbers.")
THANKS = both("谢谢您，答卷已提交。", "Thank you. Your answers have been sent.")


def nps() -> Json:
    """Return the recommendation question in its fixed wording."""
    return {"key": "nps", "type": "nps", "text": NPS_TEXT, "required": True}


def overall() -> Json:
    """Return the single question on satisfaction as a whole."""
    text = both("总体而言，您对我们的产品和服务满意吗？", "Overall, how satisfied are you with our products and services?")
    return {"key": "overall", "type": "rating", "text": text, "required": True, "scale": SATISFACTION}


def matrix(key: str, text: Texts, rows: Sequence[tuple[str, str, str]], scale: Json = SATISFACTION) -> Json:
    """Return a list of parts to rate, each `(key, Chinese, English)`."""
    return {
        "key": key, "type": "matrix", "text": text, "help": RATE_EACH, "required": True, "offers_na": True,
        "scale": scale, "rows": [{"key": row, "text": both(zh, en)} for row, zh, en in rows],
    }


def reason() -> Json:
    """Return the open follow-up, worded by the recommendation score."""
    wordings = [
        (0, 6, "您希望我们首先改进什么？", "What should we put right first?"),
        (7, 8, "怎样做才能让您打 9 分或 10 分？", "What would have made it a 9 or 10?"),
        (9, 10, "我们哪一点做得最好？", "What did we do best?"),
    ]
    return {
        "key": "reason", "type": "text", "text": both("您这样打分的主要原因是什么？", "What is the main reason for your score?"),
        "help": NO_NUMBERS,
        "score_texts": [{"item": "nps", "low": a, "high": b, "text": both(zh, en)} for a, b, zh, en in wordings],
    }


def reasons() -> Json:
    """Return the reason chips that most phone users tap instead of typing."""
    options = [
        ("quality", "产品质量", "Product quality"), ("ease", "易用性", "Ease of use"),
        ("delivery", "交付速度", "Delivery"), ("attitude", "服务态度", "Attitude of our staff"),
        ("speed", "响应速度", "Speed of reply"), ("after_sales", "售后支持", "After-sales support"),
        ("price", "价格", "Price"),
    ]
    return {
        "key": "reasons", "type": "choice", "several": True,
        "text": both("与哪些方面有关？", "Which parts does it concern?"),
        "help": both("可多选，也可不选。", "Choose any that fit, or none."),
        "options": [{"key": key, "text": both(zh, en)} for key, zh, en in options],
    }


def comment() -> Json:
    """Return the last, open question."""
    text = both("您还有什么想告诉我们的吗？", "Is there anything else you would like to tell us?")
    return {"key": "comment", "type": "text", "text": text, "help": NO_NUMBERS}


def consent() -> Json:
    """Return the question whether the customer wants to be contacted."""
    return {
        "key": "contact_me", "type": "consent", "text": both("希望，请与我联系", "Yes, please call or write to me"),
        "help": both("如需我们就您的反馈与您联系，请勾选。", "Tick this if you would like us to reply to your feedback."),
    }


def page(number: int, *questions: Json) -> Json:
    """Return page `number` with its questions."""
    return {"key": f"p{number}", "questions": list(questions)}


def document(title: Texts, intro: Texts, *pages: Json) -> Json:
    """Return a bilingual document, Chinese as its source."""
    return {
        "schema": 1, "languages": ["zh-hans", "en"], "title": title, "intro": intro,
        "pages": list(pages), "thanks": THANKS,
    }


def leaf(key: str, zh: str, en: str) -> TemplateNode:
    """Return an indicator fed by the question of the same key."""
    return TemplateNode(key, both(zh, en), (key,))
