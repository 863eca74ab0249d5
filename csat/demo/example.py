"""The small example: a company that does not exist, its contacts and earlier answers, all made up.

Nothing here is random: the same start always gives the same answers, so that two demos agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

Texts = dict[str, str]

COMPANY: Final[Texts] = {"zh-hans": "示例公司", "en": "Example Company"}
QUESTIONNAIRE_NAME: Final = "Example: relationship survey 示例：关系调查"
CAMPAIGN_NAME: Final = "Example campaign 示例发送"
SUBJECT: Final[Texts] = {"zh-hans": "{name}，您对我们的服务满意吗？", "en": "{name}, how are we doing?"}
MESSAGE: Final[Texts] = {
    "zh-hans": "这是演示邮件。您是{company}的示例联系人，想请您谈谈对我们产品和服务的感受，大约需要两分钟。",
    "en": "This is a demonstration. As an example contact of {company}, please tell us about our products and "
          "service. It takes about two minutes.",
}
REGION_LEVELS: Final[dict[str, Texts]] = {
    "East": {"zh-hans": "华东", "en": "East"},
    "North": {"zh-hans": "华北", "en": "North"},
    "South": {"zh-hans": "华南", "en": "South"},
}
TIER_LEVELS: Final[dict[str, Texts]] = {
    "A": {"zh-hans": "A 类客户", "en": "Tier A"},
    "B": {"zh-hans": "B 类客户", "en": "Tier B"},
}
CONTACTS: Final = 24
EARLIER_ANSWERS: Final = 240
EARLIER_DAYS: Final = 180

REGIONS: Final = tuple(REGION_LEVELS)
TIERS: Final = tuple(TIER_LEVELS)
PART_LEVEL: Final = {
    "product_function": 78, "product_quality": 82, "product_design": 74, "product_innovation": 66,
    "product_delivery": 70, "service_attitude": 88, "service_efficiency": 64, "service_expertise": 80,
    "service_reliability": 72, "service_after_sales": 68,
}
"""How high the made-up answers to each part lie, in percent of the best."""
COMMENTS: Final = (
    ("zh-hans", "示例：客服回复有点慢，但是态度很好。"),
    ("en", "Example: delivery came a day late and nobody called."),
    ("zh-hans", "示例：产品质量稳定，会继续使用。"),
    ("en", "Example: friendly and competent people."),
    ("zh-hans", "示例：希望售后响应更快一些。"),
    ("en", "Example: good product, the manual could be clearer."),
)


def contacts() -> Iterator[dict[str, Any]]:
    """Yield the example's contacts; their addresses end in .example, which no mail can reach."""
    for number in range(1, CONTACTS + 1):
        is_chinese = number % 3 != 0
        yield {
            "email": f"customer{number:02}@demo.example",
            "name": f"示例客户 {number:02}" if is_chinese else f"Example Customer {number:02}",
            "language": "zh-hans" if is_chinese else "en",
            "attributes": {"region": REGIONS[number % 3], "tier": TIERS[number % 2]},
        }


def earlier_rows(*, until: date) -> Iterator[tuple[str, ...]]:
    """Yield rows of earlier answers over the half-year before `until`: see `HEADER`."""
    for number in range(EARLIER_ANSWERS):
        day = until - timedelta(days=1 + EARLIER_DAYS * (EARLIER_ANSWERS - 1 - number) // EARLIER_ANSWERS)
        region = REGIONS[number % 3]
        lift = (number * 5) // EARLIER_ANSWERS + (4 if region == "South" else 0)
        ratings = [_rating(number, place, level + lift) for place, level in enumerate(PART_LEVEL.values())]
        overall = max(1, min(5, round(sum(ratings) / len(ratings))))
        language, comment = COMMENTS[number % len(COMMENTS)] if number % 8 == 0 else (("zh-hans", "en")[number % 2], "")
        yield (
            f"example-{number:03}", day.isoformat(), language, region, TIERS[number % 2],
            str(_recommendation(number, overall)), str(overall), *map(str, ratings), comment,
        )


HEADER: Final = ("key", "day", "language", "region", "tier", "nps", "overall", *PART_LEVEL, "comment")


def import_map() -> dict[str, Any]:
    """Return the mapping of `HEADER` to the questionnaire (see surveys.answering.mapping)."""
    return {
        "blank": [""],
        "items": {key: key for key in ("nps", "overall", *PART_LEVEL, "comment")},
        "segments": {"region": "region", "tier": "tier"},
        "date": {"column": "day", "format": "%Y-%m-%d"},
        "key": ["key"],
        "language": {"column": "language", "values": {"zh-hans": "zh-hans", "en": "en"}, "default": "zh-hans"},
    }


def _spread(number: int, place: int) -> int:
    """Return a fixed, well-mixed whole number 0-99 for a person and a place."""
    return ((number + 1) * 7919 + (place + 1) * 104_729 + number * place * 31) % 9973 % 100


def _rating(number: int, place: int, level: int) -> int:
    """Return 1-5 around `level` percent of the best."""
    mood = (_spread(number, 50) - 50) * 0.5
    return max(1, min(5, round(1 + 4 * (level + mood + (_spread(number, place) - 50) * 0.6) / 100)))


def _recommendation(number: int, overall: int) -> int:
    """Return 0-10 that goes with the overall answer."""
    return max(0, min(10, overall * 2 + (_spread(number, 77) % 4) - 1))
