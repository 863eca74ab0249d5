"""What the builder page shows: plain values made from the draft's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from surveys.design.document import LANGUAGES, Document, Text, parse_document, text_in
from surveys.design.placeholders import fill_placeholders
from surveys.design.sentences import (
    LANGUAGE_NAMES,
    TYPE_NAMES,
    Finding,
    summarise,
    summarise_rule,
)

Json = Mapping[str, Any]
HTML_LANG = {"zh-hans": "zh-Hans", "en": "en"}
SCALES = ("1-5", "1-7", "1-10", "0-10")


@dataclass(frozen=True)
class Cell:
    """One text in one language."""

    name: str
    id: str
    lang: str
    label: str
    value: str
    shown_instead: str

    @property
    def is_missing(self) -> bool:
        """Tell whether another language would be shown instead."""
        return not self.value


@dataclass(frozen=True)
class Part:
    """A row, an option, a label or a wording with its texts side by side."""

    number: int
    key: str
    cells: Sequence[Cell]
    panels: Sequence[str] = ()
    low: int = 0
    high: int = 10
    item: str = ""


@dataclass(frozen=True)
class OutlineEntry:
    """A question in the outline."""

    number: int
    key: str
    text: str
    summary: str
    rule: str
    is_selected: bool
    blocking: int
    is_first: bool
    is_last: bool
    begins_page: bool


@dataclass(frozen=True)
class OutlinePage:
    """A page in the outline."""

    number: int
    key: str
    entries: Sequence[OutlineEntry]


@dataclass(frozen=True)
class Choice:
    """An entry of a select box."""

    value: str
    label: str
    is_selected: bool


@dataclass(frozen=True)
class Rule:
    """A line of the rule editor."""

    number: int
    choices: Sequence[Choice]
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class Editor:
    """The selected question, ready for the template."""

    key: str
    number: int
    type: str
    type_name: str
    heading: str
    text: Sequence[Cell]
    help: Sequence[Cell]
    is_required: bool
    offers_na: bool
    has_scale: bool
    allows_several: bool
    scale: str = ""
    scales: Sequence[tuple[str, str]] = ()
    labels: Sequence[Part] = ()
    rows: Sequence[Part] = ()
    options: Sequence[Part] = ()
    wordings: Sequence[Part] = ()
    rules: Sequence[Rule] = ()
    is_by_rule: bool = False
    filled: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def build_cells(name: str, text: Text, label: str) -> list[Cell]:
    """Return the cells of one text, the source language first."""
    return [
        Cell(f"{name}.{one}", "f-" + f"{name}.{one}".replace(".", "-"), HTML_LANG[one],
             f"{label} – {LANGUAGE_NAMES[one]}", text.get(one, ""), text_in(text, one))
        for one in LANGUAGES
    ]


def build_outline(
    raw: Json, selected: str, findings: Sequence[Finding], language: str, words: Mapping[str, str]
) -> list[OutlinePage]:
    """Return the pages with their questions, numbered over the whole questionnaire; `words` fill the placeholders."""
    document = parse_document(raw)
    total, number, pages = sum(len(page["questions"]) for page in raw["pages"]), 0, []
    for index, page in enumerate(raw["pages"], 1):
        entries = []
        for place, question in enumerate(page["questions"]):
            number += 1
            blocking = sum(1 for f in findings if f.question_key == question["key"] and f.is_blocking)
            entries.append(OutlineEntry(
                number, question["key"],
                fill_placeholders(text_in(question["text"], language), words) or str(TYPE_NAMES[question["type"]]),
                summarise(question), summarise_rule(question, document, language), question["key"] == selected,
                blocking, number == 1 and index == 1, number == total and index == len(raw["pages"]), place == 0,
            ))
        pages.append(OutlinePage(index, page["key"], entries))
    return pages


def build_editor(raw: Json, question: Json, number: int, language: str, words: Mapping[str, str]) -> Editor:
    """Return the editor of one question (`question` may be what was typed and refused)."""
    scale, heading = question.get("scale"), fill_placeholders(text_in(question["text"], language), words)
    return Editor(
        key=question["key"], number=number, type=question["type"], type_name=str(TYPE_NAMES[question["type"]]),
        heading=heading, text=build_cells("text", question["text"], _("Question")),
        help=build_cells("help", question["help"], _("Help text")),
        is_required=question["required"], offers_na=question.get("offers_na", False), has_scale=bool(scale),
        allows_several=question.get("several", False),
        scale=f"{scale['min']}-{scale['max']}" if scale else "",
        scales=_scales(scale) if scale else (),
        labels=_labels(scale) if scale else (),
        rows=_parts("row", question.get("rows", []), _("Part")),
        options=_parts("option", question.get("options", []), _("Option")),
        wordings=_wordings(question.get("score_texts", [])),
        rules=_rules(raw, question, language, words), is_by_rule=bool(question["show_if"]),
        filled=_filled(question),
    )


def _parts(name: str, parts: Sequence[Json], label: str) -> list[Part]:
    return [
        Part(i, part["key"], build_cells(f"{name}.{part['key']}.text", part["text"], f"{label} {i}"))
        for i, part in enumerate(parts, 1)
    ]


def _scales(scale: Json) -> list[tuple[str, str]]:
    """Return the scales to choose from as (value, words), the question's own among them."""
    values = dict.fromkeys([*SCALES, f"{scale['min']}-{scale['max']}"])
    return [(value, value.replace("-", "–")) for value in values]


def _labels(scale: Json) -> list[Part]:
    points = range(scale["min"], scale["max"] + 1)
    return [
        Part(p, str(p), build_cells(f"label.{p}", scale["labels"].get(str(p), {}), _("Label of %(point)s") % {"point": p}))
        for p in points
    ]


def _wordings(wordings: Sequence[Json]) -> list[Part]:
    return [
        Part(i + 1, str(i), build_cells(f"wording.{i}.text", one["text"], _("Wording %(number)s") % {"number": i + 1}),
             low=one["low"], high=one["high"], item=one["item"])
        for i, one in enumerate(wordings)
    ]


def _rules(raw: Json, question: Json, language: str, words: Mapping[str, str]) -> list[Rule]:
    lines = [line for one in question["show_if"] for line in _split(one)]
    return [
        Rule(i, _rule_choices(raw, question["key"], item, language, words), low, high)
        for i, (item, low, high) in enumerate([*lines, ("", "", "")])
    ]


def _split(one: Json) -> list[tuple[str, str, str]]:
    if one.get("values"):
        return [(f"{one['item']}={value}", "", "") for value in one["values"]]
    return [(one["item"], str(one.get("low", "")), str(one.get("high", "")))]


def _rule_choices(raw: Json, key: str, chosen: str, language: str, words: Mapping[str, str]) -> list[Choice]:
    offered: list[tuple[str, str]] = []
    for number, question in enumerate((q for page in raw["pages"] for q in page["questions"]), 1):
        if question["key"] == key:
            break
        offered += _answers_of(question, number, language, words)
    if chosen and chosen not in dict(offered):
        offered.append((chosen, _("%(key)s (not asked before)") % {"key": chosen}))
    return [Choice(value, label, value == chosen) for value, label in offered]


def _answers_of(question: Json, number: int, language: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    words = f"{number} · {_short(question['text'], language, values)}"
    if question["type"] == "matrix":
        return [(row["key"], f"{number} · {_short(row['text'], language, values)}") for row in question["rows"]]
    if question["type"] == "choice":
        return [
            (f"{question['key']}={option['key']}", f"{words} = {_short(option['text'], language, values)}")
            for option in question["options"]
        ]
    if question["type"] == "consent":
        return [(f"{question['key']}=true", f"{words} = {_('ticked')}")]
    return [(question["key"], words)] if question["type"] in ("nps", "rating") else []


def _short(text: Json, language: str, values: Mapping[str, str]) -> str:
    # Filled before it is cut: half a placeholder would stay as it is.
    return fill_placeholders(text_in(text, language), values)[:60]


def rated_before(raw: Json, key: str, language: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the rated items asked before a question, by key: those that its wordings by score may depend on."""
    found: list[tuple[str, str]] = []
    for number, question in enumerate((q for page in raw["pages"] for q in page["questions"]), 1):
        if question["key"] == key:
            break
        if question["type"] in ("nps", "rating", "matrix"):
            found += _answers_of(question, number, language, words)
    return found


def _filled(question: Json) -> dict[str, tuple[int, int]]:
    texts = [question["text"], *(p["text"] for name in ("rows", "options") for p in question.get(name, []))]
    texts += [question["help"]] if any(question["help"].values()) else []
    return {one: (sum(1 for text in texts if text.get(one)), len(texts)) for one in LANGUAGES}


def first_key(document: Document) -> str:
    """Return the key of the first question, or an empty string."""
    return next((question.key for question in document.questions()), "")
