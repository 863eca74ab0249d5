"""What the values of a foreign column could mean as answers to a question."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from surveys.answering.mapping import ItemRule, several_of
from surveys.contacts.tables import Table
from surveys.design.document import NOT_APPLICABLE, Question, Text

BLANK: Final = "blank"
NA: Final = NOT_APPLICABLE
UNKNOWN: Final = ""
"""Nobody has said what the value means: its rows are left out and reported."""

YES: Final = "yes"
NO: Final = "no"
BLANK_WORDS: Final = frozenset((
    "blank", "null", "none", "nan", "-", "--", "—", "/", "no answer", "missing", "skipped", "(跳过)", "(空)", "空", "空白", "无",
    "未答", "未填", "未填写", "未回答", "跳过", "缺失",
))
NA_WORDS: Final = frozenset((
    "na", "n/a", "n.a.", "not applicable", "does not apply", "don't know", "dont know", "no experience", "不适用", "不清楚",
    "不知道", "不了解", "没用过", "未体验",
))
CONSENT_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("1", "true", "yes", "y", "是", "同意", "愿意", "需要"), YES),
    **dict.fromkeys(("0", "false", "no", "n", "否", "不同意", "不愿意", "不需要"), NO),
}
# "5 - very satisfied", "5分", "5 (best)"; never a date, a range or a decimal fraction.
SCORE_WITH_WORDS: Final = re.compile(r"(\d{1,2})\s*(?:[-–—:：.、（( ]|分|星)\D*")


def offered_codes(question: Question) -> list[tuple[str, Text]]:
    """List the codes that a closed question knows, each with its text; none for a text question."""
    if question.scale is not None:
        return [(str(point), question.scale.labels.get(point, {})) for point in question.scale.points]
    if question.type == "choice":
        return [(option.key, option.text) for option in question.options]
    return [(YES, {}), (NO, {})] if question.type == "consent" else []


def own_codes(question: Question) -> dict[str, str]:
    """Return what needs no translation: the question's own codes as files spell them."""
    own = {code: code for code, _text in offered_codes(question)}
    if question.scale is not None:
        own |= {f"{code}.0": code for code in list(own)}
        own |= {NA: NA} if question.offers_na else {}
    return own


def takes_na(question: Question) -> bool:
    """Tell whether an answer to the question can be "does not apply"."""
    return question.scale is not None


def suggest_code(question: Question, value: str) -> str:
    """Say what a value most likely means: a code of the question, NA, BLANK, or UNKNOWN.

    Full-width signs as Chinese keyboards write them (５, Ｎ／Ａ) mean what their narrow ones do.
    """
    spellings = dict.fromkeys((value, unicodedata.normalize("NFKC", value)))
    return next(filter(None, (_understood(question, spelling) for spelling in spellings)), UNKNOWN)


def _understood(question: Question, value: str) -> str:
    own, plain = own_codes(question), value.casefold()
    if value in own:
        return own[value]
    said = {text.strip().casefold(): code for code, texts in offered_codes(question) for text in texts.values()}
    if plain in said:
        return said[plain]
    if plain in NA_WORDS:
        return NA if takes_na(question) else BLANK
    if plain in BLANK_WORDS:
        return BLANK
    return _by_number(question, value, own) if question.type != "consent" else CONSENT_WORDS.get(plain, UNKNOWN)


def _by_number(question: Question, value: str, own: Mapping[str, str]) -> str:
    if question.scale is not None:
        # Exports write 0 for "no answer" where the scale begins above it.
        found = SCORE_WITH_WORDS.fullmatch(value)
        return BLANK if value == "0" else own.get(found[1], UNKNOWN) if found else UNKNOWN
    place = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0
    return question.options[place - 1].key if 1 <= place <= len(question.options) else UNKNOWN


def count_values(table: Table, index: int, question: Question) -> Counter[str]:
    """Count the values of a column that a closed question would have to understand; the empty one is none."""
    counts = Counter(table.column(index))
    if question.type == "choice" and question.allows_several:
        whole, counts = counts, Counter()
        for value, times in whole.items():
            for part in [value] if suggest_code(question, value) else several_of(value):
                counts[part] += times
    counts.pop("", None)
    return counts


def choices_of(question: Question, rule: ItemRule, values: Iterable[str]) -> dict[str, str]:
    """Return what each value means by a mapping's rule for the column."""
    own = own_codes(question)
    said = dict(rule.values) | dict.fromkeys(rule.not_applicable, NA) | dict.fromkeys(rule.blank, BLANK)
    return {value: said.get(value, own.get(value, UNKNOWN)) for value in values}


def rule_of(question: Question, column: str, chosen: Mapping[str, str]) -> dict[str, Any]:
    """Write down what the values mean, as a rule of the mapping; own codes need no word."""
    own = own_codes(question)
    renamed = {v: code for v, code in chosen.items() if code not in (UNKNOWN, BLANK, NA) and own.get(v) != code}
    return {
        "column": column, "blank": ["", *(v for v, code in chosen.items() if code == BLANK)],
        "na": [v for v, code in chosen.items() if code == NA], **({"values": renamed} if renamed else {}),
    }
