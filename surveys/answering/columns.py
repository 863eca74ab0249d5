"""Where each column of a foreign file goes: suggested, chosen by hand, and written down as a mapping."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from surveys.answering.codes import choices_of, count_values, offered_codes, rule_of, suggest_code
from surveys.answering.importing import DATE_FORMATS
from surveys.answering.mapping import ImportMap, ItemRule, MappingError, parse_map
from surveys.contacts.matching import ATTRIBUTE, LANGUAGE_WORDS, guess_target, new_key
from surveys.contacts.models import ContactAttribute
from surveys.contacts.tables import Table
from surveys.design.document import Document, Question, Text

DATE: Final = "date"
WAVE: Final = "wave"
DATE_AND_WAVE: Final = "date_and_wave"
WEIGHT: Final = "weight"
KEY: Final = "key"
LANGUAGE: Final = "language"
ROLES: Final = (DATE, WAVE, DATE_AND_WAVE, WEIGHT, KEY, LANGUAGE)
ITEM: Final = "item:"
NEW: Final = "new"
ORDERED_DATES: Final = ("%d/%m/%Y", "%m/%d/%Y")
"""Day or month first: only a person can tell, so a suggestion is made where one of them alone fits."""

# A running number is no external id: the next file begins at 1 again and would look as if it were known.
ROLE_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    DATE: ("date", "time", "completed", "completedat", "submitted", "submittedat", "timestamp", "日期", "时间", "提交时间",
           "提交答卷时间", "答题时间", "完成时间", "填写时间"),
    WAVE: ("wave", "round", "quarter", "period", "波次", "期次", "轮次", "季度", "批次"),
    DATE_AND_WAVE: ("year", "年份", "年度"),
    WEIGHT: ("weight", "w", "wt", "respondentweight", "权重", "受访者权重", "加权"),
    KEY: ("id", "key", "externalid", "respondentid", "responseid", "编号", "答卷编号", "样本编号", "问卷编号"),
    LANGUAGE: ("language", "lang", "语言", "语种"),
}
NUMBERING: Final = re.compile(r"^\s*[qQ]?\d+\s*[.、．:：)）]\s*")
"""How exports count their questions: "1、", "Q3. "."""
MATRIX_JOINT: Final = re.compile(r"—|:|：|\[| - ")
"""What stands between the text of a matrix and the text of its row."""


@dataclass(frozen=True)
class Item:
    """Something a column can answer: a question, or a row of a matrix, with its own text."""

    key: str
    text: Text
    question: Question


def list_items(document: Document) -> list[Item]:
    """List what columns can answer, in the order of the questionnaire."""
    return [
        Item(key, text, question) for question in document.questions()
        for key, text in ([(row.key, row.text) for row in question.rows] or [(question.key, question.text)])
    ]


def guess_map(*, table: Table, document: Document, attributes: Iterable[ContactAttribute]) -> dict[str, Any]:
    """Suggest a mapping from the names of the columns and from the values below them."""
    known, items = list(attributes), list_items(document)
    targets: dict[str, str] = {}
    for index, name in enumerate(table.header):
        target = _guess(name, items, known, {cell for _n, cells in table.rows[:50] if (cell := cells[index])})
        # Of two columns for one place the first is taken; an external id may have several parts.
        targets[name] = "" if target in targets.values() and target != KEY else target
    if DATE_AND_WAVE in targets.values() and {DATE, WAVE} & set(targets.values()):
        spare = "" if WAVE in targets.values() else WAVE
        targets = {name: spare if target == DATE_AND_WAVE else target for name, target in targets.items()}
    return build_map(table=table, document=document, targets=targets, date_format=_guess_date_format(table, targets))


def _guess(name: str, items: Sequence[Item], attributes: Sequence[ContactAttribute], values: set[str]) -> str:
    bare = NUMBERING.sub("", name).strip()
    for spelling in (name, bare, MATRIX_JOINT.split(bare)[-1].strip(" ]")):
        for item in items:
            if spelling.casefold() in {item.key, *(text.strip().casefold() for text in item.text.values())}:
                return f"{ITEM}{item.key}"
    plain = re.sub(r"[\s_\-:：*（）()]", "", name).casefold()
    for role, names in ROLE_NAMES.items():
        if plain in names:
            return role
    for attribute in attributes:
        if name.casefold() in {attribute.key, *(one.casefold() for one in attribute.names.values())}:
            return f"{ATTRIBUTE}{attribute.key}"
    usual = guess_target(name, sorted(values), {attribute.key for attribute in attributes})
    return usual if usual.startswith(ATTRIBUTE) else ""


def _guess_date_format(table: Table, targets: Mapping[str, str]) -> str:
    column = next((name for name, target in targets.items() if target in (DATE, DATE_AND_WAVE)), "")
    texts = set(table.column(table.header.index(column))) - {""} if column else set()
    if not texts or all(any(_fits(text, form) for form in DATE_FORMATS) for text in texts):
        return ""
    fitting = [form for form in ORDERED_DATES if all(_fits(text, form) for text in texts)]
    return fitting[0] if len(fitting) == 1 else ""


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # only whether it is a date
    except ValueError:
        return False
    return True


def targets_of(given: ImportMap) -> dict[str, str]:
    """Return where a mapping sends each column; a column with several uses is shown with the last of these."""
    targets = dict.fromkeys(given.key_columns, KEY)
    single = {given.weight_column: WEIGHT, given.language_column: LANGUAGE, given.wave_column: WAVE, given.date_column: DATE}
    targets |= {column: target for column, target in single.items() if column}
    if given.date_column and given.date_column == given.wave_column:
        targets[given.date_column] = DATE_AND_WAVE
    targets |= {rule.column: f"{ATTRIBUTE}{rule.attribute}" for rule in given.levels}
    return targets | {rule.column: f"{ITEM}{rule.item}" for rule in given.items}


def is_wider_than_a_choice(given: ImportMap) -> bool:
    """Tell whether a mapping uses a column for more than one choice for each column can say."""
    uses = Counter([*given.key_columns, given.weight_column, given.language_column])
    uses.update({given.wave_column, given.date_column})
    uses.update([*(rule.column for rule in given.items), *(rule.column for rule in given.levels)])
    return any(times > 1 for column, times in uses.items() if column)


def build_map(
    *, table: Table, document: Document, targets: Mapping[str, str],
    codes: Mapping[str, Mapping[str, str]] | None = None, previous: Mapping[str, Any] | None = None,
    date_format: str = "", keep_blank_forms: bool = False, taken: Iterable[str] = (),
) -> dict[str, Any]:
    """Write down what was chosen as the JSON that `parse_map` reads.

    `targets` says where each column goes, `codes` what the values of a column mean; what it does not say
    is kept from the `previous` mapping or suggested. `taken` are attribute keys that a new one must not
    have. Raises MappingError "twice" where two columns go to one place.
    """
    targets = _named_attributes(targets, taken)
    _refuse_repeats(targets)
    by_target = {target: column for column, target in targets.items()}
    old, codes = previous or {}, codes or {}
    rules = {rule.item: rule for rule in parse_map(old).items} if old else {}
    raw: dict[str, Any] = {
        "items": {
            item.key: _item_rule(table, item.question, column, codes.get(column, {}), rules.get(item.key))
            for item in list_items(document) if (column := by_target.get(f"{ITEM}{item.key}"))
        },
        "segments": {
            target.removeprefix(ATTRIBUTE): _kept(old.get("segments", {}).get(target.removeprefix(ATTRIBUTE)), column)
            for column, target in targets.items() if target.startswith(ATTRIBUTE)
        },
        "key": [column for column, target in targets.items() if target == KEY],
        "wave": by_target.get(DATE_AND_WAVE) or by_target.get(WAVE, ""),
        "weight": by_target.get(WEIGHT, ""), "keep_blank_forms": keep_blank_forms,
    }
    if column := by_target.get(DATE_AND_WAVE) or by_target.get(DATE):
        raw["date"] = {**_as_dict(_kept(old.get("date"), column)), "format": date_format}
    if column := by_target.get(LANGUAGE):
        raw["language"] = _language_rule(table, column, document)
    elif isinstance(old.get("language"), str):
        raw["language"] = old["language"]
    return {name: value for name, value in raw.items() if value or name == "items"}


def _named_attributes(targets: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    used = {*taken, *(target.removeprefix(ATTRIBUTE) for target in targets.values())}
    named = {}
    for column, target in targets.items():
        key = new_key(column, used) if target == NEW else ""
        used |= {key}
        if key or target:
            named[column] = f"{ATTRIBUTE}{key}" if key else target
    return named


def _refuse_repeats(targets: Mapping[str, str]) -> None:
    uses: dict[str, list[str]] = {}
    for column, target in targets.items():
        # A date and wave column is both, so that no other may be one of them.
        for place in (DATE, WAVE) if target == DATE_AND_WAVE else (target,):
            uses.setdefault(place, []).append(column)
    for target, columns in uses.items():
        if len(columns) > 1 and target != KEY:
            raise MappingError("twice", ", ".join(columns))


def _item_rule(
    table: Table, question: Question, column: str, chosen: Mapping[str, str], old: ItemRule | None
) -> dict[str, Any] | str:
    if not offered_codes(question):
        return column
    values = count_values(table, table.header.index(column), question)
    kept = choices_of(question, old, values) if old and old.column == column else {}
    meant = {value: chosen.get(value, kept.get(value) or suggest_code(question, value)) for value in values}
    return rule_of(question, column, meant)


def _as_dict(rule: Any) -> dict[str, Any]:
    return {"column": rule} if isinstance(rule, str) else dict(rule or {})


def _kept(old: Any, column: str) -> Any:
    """Keep what a mapping says about a column beyond its place, such as names of levels."""
    return old if _as_dict(old).get("column") == column else column


def _language_rule(table: Table, column: str, document: Document) -> dict[str, Any]:
    found = {value: LANGUAGE_WORDS.get(value.casefold(), "") for value in set(table.column(table.header.index(column)))}
    values = {value: code for value, code in sorted(found.items()) if code in document.languages}
    return {"column": column, "values": values, "default": document.source_language}
