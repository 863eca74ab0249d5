"""The airport example: the questionnaire behind real, published answers of five yearly waves.

Source of the answers: San Francisco International Airport, Customer Survey 2014-2018, open data of the
City and County of San Francisco (see data/README.md). The wording here is ours, in both languages; the
scale is theirs: 1-5, 6 = never used, 0 or "Blank" = left blank; NETPRO 0-10 with 11 = left blank.
"""

from __future__ import annotations

from typing import Any, Final

Texts = dict[str, str]

SATISFACTION_LABELS: Final[dict[str, Texts]] = {
    "1": {"en": "Unacceptable", "zh-hans": "无法接受"},
    "2": {"en": "Below average", "zh-hans": "低于一般"},
    "3": {"en": "Average", "zh-hans": "一般"},
    "4": {"en": "Good", "zh-hans": "良好"},
    "5": {"en": "Outstanding", "zh-hans": "出色"},
}
SAFETY_LABELS: Final[dict[str, Texts]] = {
    "1": {"en": "Not safe at all", "zh-hans": "非常不安全"},
    "5": {"en": "Extremely safe", "zh-hans": "非常安全"},
}
EASE_LABELS: Final[dict[str, Texts]] = {
    "1": {"en": "Very difficult", "zh-hans": "非常困难"},
    "5": {"en": "Very easy", "zh-hans": "非常容易"},
}

FACILITY_ROWS: Final = (
    ("signs_inside", "Q7SIGN", "Signs inside the airport", "航站楼内指示牌"),
    ("screens", "Q7SCREENS", "Flight information screens", "航班信息屏"),
    ("desk_lower", "Q7INFODOWN", "Information booths, lower level", "到达层问讯处"),
    ("desk_upper", "Q7INFOUP", "Information booths, upper level", "出发层问讯处"),
    ("signs_roads", "Q7ROADS", "Signs on the airport roads", "机场道路指示牌"),
    ("walkways", "Q7WALKWAYS", "Escalators, lifts and moving walkways", "扶梯、电梯与自动步道"),
    ("airtrain", "Q7AIRTRAIN", "Airport train", "机场小火车"),
    ("parking", "Q7PARK", "Parking", "停车场"),
    ("parking_shuttle", "Q7LTPARKING", "Long-term parking shuttle", "长期停车场接驳车"),
    ("car_rental", "Q7RENTAL", "Car rental centre", "租车中心"),
    ("restaurants", "Q7FOOD", "Restaurants", "餐饮"),
    ("shops", "Q7STORE", "Shops", "商店"),
    ("art", "Q7ART", "Art and exhibitions", "艺术品与展览"),
    ("wifi", "Q7WIFI", "Free Wi-Fi", "免费无线网络"),
)
CLEANLINESS_ROWS: Final = (
    ("clean_boarding", "Q9BOARDING", "Boarding areas", "候机区"),
    ("clean_airtrain", "Q9AIRTRAIN", "Airport train", "机场小火车"),
    ("clean_rental", "Q9RENTAL", "Car rental centre", "租车中心"),
    ("clean_restaurants", "Q9FOOD", "Restaurants", "餐饮区"),
    ("clean_restrooms", "Q9RESTROOM", "Restrooms", "卫生间"),
    ("clean_overall", "Q9ALL", "Cleanliness as a whole", "整体清洁"),
)
EASE_ROWS: Final = (
    ("finding_way", "Q14FIND", "Finding your way around", "在机场内找路"),
    ("security", "Q14PASSTHRU", "Getting through security", "通过安检"),
)

Rows = tuple[tuple[str, str, str, str], ...]


def _scale(labels: dict[str, Texts]) -> dict[str, Any]:
    return {"min": 1, "max": 5, "labels": labels}


def _matrix(key: str, text: Texts, rows: Rows, labels: dict[str, Texts]) -> dict[str, Any]:
    return {
        "key": key, "type": "matrix", "text": text, "required": False, "offers_na": True,
        "help": {"en": "Choose 1 to 5. If you did not use it, choose “Does not apply”.",
                 "zh-hans": "请选择 1 到 5。没有使用过的项目请选“不适用”。"},
        "scale": _scale(labels),
        "rows": [{"key": row, "text": {"en": en, "zh-hans": zh}} for row, _, en, zh in rows],
    }


def _rating(key: str, text: Texts, labels: dict[str, Texts]) -> dict[str, Any]:
    return {"key": key, "type": "rating", "text": text, "offers_na": True, "scale": _scale(labels)}


def document() -> dict[str, Any]:
    """Return the questionnaire's document (see surveys.design.document)."""
    return {
        "schema": 1,
        "languages": ["en", "zh-hans"],
        "title": {"en": "Airport passenger survey", "zh-hans": "机场旅客调查"},
        "intro": {},
        "pages": [
            {"key": "facilities", "title": {"en": "Services and facilities", "zh-hans": "服务与设施"},
             "questions": [
                _rating("overall", {"en": "How do you rate the airport as a whole?",
                                    "zh-hans": "您对机场的总体评价如何？"}, SATISFACTION_LABELS),
                _matrix("facilities_list", {"en": "How do you rate each of these?",
                                            "zh-hans": "您如何评价以下各项？"},
                        FACILITY_ROWS, SATISFACTION_LABELS)]},
            {"key": "cleanliness", "title": {"en": "Cleanliness", "zh-hans": "清洁"}, "questions": [
                _matrix("cleanliness_list", {"en": "How clean is each of these?",
                                             "zh-hans": "以下各处的清洁程度如何？"},
                        CLEANLINESS_ROWS, SATISFACTION_LABELS)]},
            {"key": "journey", "title": {"en": "Your way through the airport", "zh-hans": "您在机场的行程"},
             "questions": [
                _rating("safety", {"en": "How safe do you feel at the airport?",
                                   "zh-hans": "您在机场感到安全吗？"}, SAFETY_LABELS),
                _matrix("ease_list", {"en": "How easy was it?", "zh-hans": "以下环节是否容易？"},
                        EASE_ROWS, EASE_LABELS),
                {"key": "nps", "type": "nps", "required": False,
                 "text": {"en": "How likely are you to recommend the airport to a friend or colleague?",
                          "zh-hans": "您有多大可能向朋友或同事推荐该机场？"}}]},
        ],
        "thanks": {"en": "Thank you. Your answers have been sent.", "zh-hans": "谢谢您，答卷已提交。"},
    }


TREE_NAMES: Final[Texts] = {"en": "Airport passengers", "zh-hans": "机场旅客"}
ROOT_NAMES: Final[Texts] = {"en": "Satisfaction index", "zh-hans": "满意度指数"}
BRANCHES: Final = (
    ("information", "Information and signs", "信息与指示",
     ("signs_inside", "screens", "desk_lower", "desk_upper", "signs_roads", "finding_way")),
    ("mobility", "Getting around", "到达与通行",
     ("walkways", "airtrain", "parking", "parking_shuttle", "car_rental")),
    ("offer", "Food, shops and stay", "餐饮、购物与停留", ("restaurants", "shops", "art", "wifi")),
    ("cleanliness", "Cleanliness", "清洁",
     ("clean_boarding", "clean_airtrain", "clean_rental", "clean_restaurants", "clean_restrooms")),
    ("safety", "Safety and security", "安全与安检", ("safe_feeling", "security")),
)
ITEM_OF_LEAF: Final = {"safe_feeling": "safety"}
"""Leaves whose key differs from the question that feeds them (a node and a leaf may not share a key)."""

LEAF_NAMES: Final[dict[str, Texts]] = {
    **{key: {"en": en, "zh-hans": zh} for key, _, en, zh in FACILITY_ROWS + EASE_ROWS},
    **{key: {"en": f"Clean: {en[0].lower()}{en[1:]}", "zh-hans": f"{zh}清洁"} for key, _, en, zh in CLEANLINESS_ROWS},
    "safe_feeling": {"en": "Feeling safe", "zh-hans": "安全感"},
}

COLUMN_OF_ITEM: Final[dict[str, str]] = {
    "overall": "Q7ALL", "safety": "Q10SAFE",
    **{key: column for key, column, _, _ in FACILITY_ROWS + CLEANLINESS_ROWS + EASE_ROWS},
}
NPS_COLUMN: Final = "NETPRO"

AGE_LEVELS: Final[dict[str, Texts]] = {
    "under_18": {"en": "Under 18", "zh-hans": "18 岁以下"},
    "18_24": {"en": "18–24", "zh-hans": "18–24 岁"},
    "25_34": {"en": "25–34", "zh-hans": "25–34 岁"},
    "35_44": {"en": "35–44", "zh-hans": "35–44 岁"},
    "45_54": {"en": "45–54", "zh-hans": "45–54 岁"},
    "55_64": {"en": "55–64", "zh-hans": "55–64 岁"},
    "65_over": {"en": "65 and over", "zh-hans": "65 岁及以上"},
}
AGE_CODES: Final[dict[str, str]] = {
    **{str(number): level for number, level in enumerate(AGE_LEVELS, start=1)},
    **{f"Under {age}": "under_18" for age in range(18, 33)},
    "18-24": "18_24", "25-34": "25_34", "35-44": "35_44", "45-54": "45_54", "55-64": "55_64",
    "65-Over": "65_over",
}
"""The 2016 file spells "Under 18" as "Under 18", "Under 19", … (a filled-down cell); codes 0 and 8 and
"Don't Know or Refused" are no answer."""

GENDER_LEVELS: Final[dict[str, Texts]] = {
    "male": {"en": "Male", "zh-hans": "男"},
    "female": {"en": "Female", "zh-hans": "女"},
}
GENDER_CODES: Final[dict[str, str]] = {"1": "male", "2": "female", "Male": "male", "Female": "female"}

AREA_LEVELS: Final[dict[str, Texts]] = {
    letter: {"en": f"Boarding area {letter}", "zh-hans": f"{letter} 候机区"} for letter in "ABCDEFG"
}


def import_map() -> dict[str, Any]:
    """Return how the published file's columns become answers (see surveys.answering.mapping)."""
    return {
        "blank": ["", "0", "Blank", "BLANK"],
        "na": ["6"],
        "items": {
            **COLUMN_OF_ITEM,
            "nps": {"column": NPS_COLUMN, "blank": ["", "11"], "na": []},
        },
        "segments": {
            "area": {"column": "BAREA", "levels": {letter: letter for letter in AREA_LEVELS}},
            "age": {"column": "Q19AGE", "levels": AGE_CODES},
            "gender": {"column": "Q20GENDER", "levels": GENDER_CODES},
        },
        "wave": "year",
        "date": {"column": "year", "dates": {str(year): f"{year}-05-15" for year in range(2014, 2019)}},
        "weight": "WEIGHT",
        "key": ["year", "respnum"],
        "language": "en",
        # Fifteen passengers handed the form back blank: they belong to the responses of their wave.
        "keep_blank_forms": True,
    }
