"""The columns of an uploaded file as the matching page shows them, in the reader's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.punctuation import bracketed
from surveys.answering.codes import (
    BLANK,
    NA,
    NO,
    UNKNOWN,
    YES,
    choices_of,
    count_values,
    offered_codes,
    own_codes,
    suggest_code,
    takes_na,
)
from surveys.answering.columns import (
    DATE,
    DATE_AND_WAVE,
    ITEM,
    KEY,
    LANGUAGE,
    WAVE,
    WEIGHT,
    Item,
    list_items,
    targets_of,
)
from surveys.answering.mapping import ItemRule, parse_map
from surveys.contacts.matching import ATTRIBUTE, ATTRIBUTE_NAMES
from surveys.contacts.models import ContactAttribute
from surveys.contacts.tables import Table
from surveys.design.document import Document, Question, text_in

SAMPLES: Final = 3
MOST_CODES: Final = 24
"""The values shown of a column; what is beyond them is read as suggested, the doubtful ones come first."""
LONGEST_NAME: Final = 70
ROLE_LABELS: Final = {
    DATE: gettext_lazy("Date of the answer"), WAVE: gettext_lazy("Wave"), DATE_AND_WAVE: gettext_lazy("Date and wave"),
    WEIGHT: gettext_lazy("Respondent weight"), KEY: gettext_lazy("External ID"), LANGUAGE: gettext_lazy("Language"),
}


@dataclass(frozen=True)
class CodeView:
    """A value of the file, how many cells hold it, and what it means; `is_own` needs no translation."""

    value: str
    count: int
    chosen: str
    is_own: bool


@dataclass(frozen=True)
class ColumnView:
    """A column of the file; `key`, `codes` and `options` are empty unless it answers a closed question."""

    index: int
    name: str
    samples: tuple[str, ...]
    target: str
    key: str = ""
    question: str = ""
    codes: tuple[CodeView, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    more: int = 0

    @property
    def doubtful(self) -> int:
        """Count the values that nobody has given a meaning yet."""
        return sum(code.chosen == UNKNOWN for code in self.codes)

    @property
    def is_foreign(self) -> bool:
        """Tell whether some value is no code of the question itself."""
        return any(not code.is_own for code in self.codes)


def describe_columns(
    *, table: Table, document: Document, raw: Mapping[str, Any], language: str
) -> list[ColumnView]:
    """Describe each column with samples, where the mapping sends it and what its values mean."""
    given = parse_map(raw)
    targets, rules = targets_of(given), {rule.column: rule for rule in given.items}
    items = {item.key: item for item in list_items(document)}
    return [
        _described(table, index, name, targets.get(name, ""), items.get(rules[name].item) if name in rules else None,
                   rules.get(name), language)
        for index, name in enumerate(table.header)
    ]


def _described(
    table: Table, index: int, name: str, target: str, item: Item | None, rule: ItemRule | None, language: str
) -> ColumnView:
    samples = _samples(table, index)
    if item is None or rule is None:
        # A question that is no longer asked cannot be chosen any more.
        return ColumnView(index, name, samples, "" if rule else target)
    codes, more = _codes(table, index, item.question, rule)
    return ColumnView(
        index, name, samples, target, key=item.key, question=text_in(item.text, language), codes=codes,
        options=tuple(_options(item.question, language)), more=more,
    )


def _samples(table: Table, index: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for cell in table.column(index):
        if cell:
            found[cell[:40]] = None
        if len(found) == SAMPLES:
            break
    return tuple(found)


def _codes(table: Table, index: int, question: Question, rule: ItemRule) -> tuple[tuple[CodeView, ...], int]:
    if not offered_codes(question):
        return (), 0
    counts, own = count_values(table, index, question), own_codes(question)
    shown = shown_values(question, counts)
    chosen = choices_of(question, rule, shown)
    return tuple(CodeView(v, counts[v], chosen[v], v in own) for v in shown), len(counts) - len(shown)


def shown_values(question: Question, values: Iterable[str]) -> list[str]:
    """Return the values that are shown, in their order: the doubtful ones first go in, own codes last."""
    own = own_codes(question)
    doubtful_first = sorted(values, key=lambda v: (suggest_code(question, v) != UNKNOWN, v in own, v))
    return sorted(doubtful_first[:MOST_CODES], key=_natural)


def _natural(value: str) -> tuple[bool, float, str]:
    is_number = value.isascii() and value.isdigit() and len(value) < 9
    return not is_number, float(value) if is_number else 0.0, value


def _options(question: Question, language: str) -> list[tuple[str, str]]:
    said = {YES: _("Yes"), NO: _("No")} if question.type == "consent" else {}
    codes = [(code, said.get(code) or _label(question, code, text_in(text, language)))
             for code, text in offered_codes(question)]
    missing = [(NA, _("Does not apply"))] if takes_na(question) else []
    return [*codes, *missing, (BLANK, _("Left blank"))]


def _label(question: Question, code: str, text: str) -> str:
    text = _short(text)
    return text or code if question.scale is None else f"{code} – {text}" if text else code


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def list_target_groups(
    *, document: Document, attributes: Sequence[ContactAttribute], columns: Sequence[ColumnView], language: str
) -> list[tuple[str, list[tuple[str, str]]]]:
    """List the places a column can go to, in groups: (name of the group, [(target, name)])."""
    texts = {item.key: _short(text_in(item.text, language)) for item in list_items(document)}
    times = Counter(texts.values())
    questions = [(f"{ITEM}{key}", text + bracketed(key) if times[text] > 1 else text) for key, text in texts.items()]
    names = {f"{ATTRIBUTE}{attribute.key}": attribute.name_in(language) for attribute in attributes}
    for column in columns:
        # Suggested or named by a mapping, but not yet an attribute of the team.
        if column.target.startswith(ATTRIBUTE):
            key = column.target.removeprefix(ATTRIBUTE)
            names.setdefault(column.target, ATTRIBUTE_NAMES.get(key, {}).get(language, key))
    return [
        (_("Questions"), questions), (_("About the answer"), [(role, str(name)) for role, name in ROLE_LABELS.items()]),
        (_("Segment attributes"), list(names.items())),
    ]
