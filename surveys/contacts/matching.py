"""Guess what each column of a file is, by its name in Chinese or English."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from surveys.contacts.tables import Table

SKIP: Final = ""
EMAIL: Final = "email"
NAME: Final = "name"
SALUTATION: Final = "salutation"
LANGUAGE: Final = "language"
FIELDS: Final = (EMAIL, NAME, SALUTATION, LANGUAGE)
NEW: Final = "new"
ATTRIBUTE: Final = "attribute:"
KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""How an attribute may be called."""
SAMPLES: Final = 3

GUESSES: Final[Mapping[str, tuple[str, ...]]] = {
    EMAIL: ("email", "e-mail", "mail", "邮箱", "电子邮件", "电子邮箱", "邮件", "邮件地址", "邮箱地址"),
    NAME: ("name", "fullname", "contact", "contactname", "姓名", "联系人", "联系人姓名", "名字"),
    SALUTATION: ("salutation", "title", "称谓", "称呼", "尊称"),
    LANGUAGE: ("language", "lang", "语言", "语种"),
    "attribute:company": (
        "company", "organisation", "organization", "公司", "客户名称", "单位", "企业", "公司名称", "客户",
    ),
    "attribute:tier": ("tier", "level", "grade", "customertier", "等级", "客户等级", "级别"),
    "attribute:region": ("region", "area", "大区", "地区", "区域", "片区"),
    "attribute:city": ("city", "城市", "市"),
    "attribute:industry": ("industry", "sector", "行业"),
}
LANGUAGE_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("zh", "cn", "chn", "zh-cn", "zh-hans", "中文", "汉语", "简体中文", "简体", "chinese"), "zh-hans"),
    **dict.fromkeys(("en", "eng", "en-gb", "en-us", "英文", "英语", "english"), "en"),
}
ATTRIBUTE_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "company": {"en": "Company", "zh-hans": "公司"},
    "tier": {"en": "Customer tier", "zh-hans": "客户等级"},
    "region": {"en": "Region", "zh-hans": "大区"},
    "city": {"en": "City", "zh-hans": "城市"},
    "industry": {"en": "Industry", "zh-hans": "行业"},
}
PERSONAL: Final = ("phone", "mobile", "tel", "手机", "电话", "身份证", "id card", "生日", "birthday", "地址", "address")


@dataclass(frozen=True)
class Column:
    """A column as the matching page shows it; `filled` is the share of cells with something in them, 0-1."""

    index: int
    name: str
    samples: tuple[str, ...]
    filled: float
    levels: int
    guess: str


def describe_columns(*, table: Table, keys: Collection[str]) -> list[Column]:
    """Describe each column with up to three different samples and a guess where it goes.

    `keys` are the team's attribute keys. A column that looks like a phone or an id is not taken: a
    mail survey does not need it. An unknown one is offered as a new attribute.
    """
    columns: list[Column] = []
    taken: set[str] = set()
    for index, name in enumerate(table.header):
        values = [cell for cell in table.column(index) if cell]
        distinct = list(dict.fromkeys(values))
        guess = guess_target(name, values[:50], keys)
        guess = SKIP if guess in taken and guess != NEW else guess
        taken.add(guess)
        share = len(values) / len(table.rows) if table.rows else 0.0
        columns.append(Column(index, name, tuple(distinct[:SAMPLES]), share, len(distinct), guess))
    return columns


def find_repeated_names(table: Table) -> list[tuple[str, str]]:
    """Return the columns whose name stood in the header before: (the name, what the column is called instead)."""
    suffixes = [(name, f" ({number})") for number, name in enumerate(table.header, start=1)]
    renamed = [(name.removesuffix(suffix), name) for name, suffix in suffixes if name.endswith(suffix)]
    return [(name, instead) for name, instead in renamed if name in table.header]


def guess_target(name: str, samples: Sequence[str], keys: Collection[str]) -> str:
    """Return EMAIL, NAME, …, "attribute:<key>", NEW or SKIP."""
    plain = re.sub(r"[\s_\-:：*（）()]", "", name).lower()
    for target, words in GUESSES.items():
        if plain in {re.sub(r"[\s_\-]", "", word) for word in words}:
            return target
    if plain in keys:
        return f"{ATTRIBUTE}{plain}"
    if samples and all("@" in sample or "＠" in sample for sample in samples):
        return EMAIL
    return SKIP if any(word in name.lower() for word in PERSONAL) or not samples else NEW


def new_key(name: str, taken: Collection[str]) -> str:
    """Return an unused attribute key for a column: its letters, or a number where it has none."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:36]
    base = plain if plain[:1].isalpha() else "attribute"
    number, key = 1, base
    while key in taken:
        number += 1
        key = f"{base}_{number}"
    return key
