"""All texts of a draft in one list, side by side by language, and how to put changed ones back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from surveys.design.document import LANGUAGES, Text
from surveys.design.editor import Cell, build_cells
from surveys.design.sentences import TYPE_NAMES

Json = dict[str, Any]

PREFIX: Final = "text"
"""Names of fields are `text.<path>.<language>`."""


@dataclass(frozen=True)
class Entry:
    """One text: where it stands in the document, what it is, and whether it may stay empty."""

    path: str
    label: str
    text: Text
    is_needed: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """The languages in which a reader would get another language's text."""
        begun = self.is_needed or any(self.text.values())
        return tuple(one for one in LANGUAGES if not self.text.get(one, "").strip()) if begun else ()

    @property
    def cells(self) -> Sequence[Cell]:
        """The text's fields, the source language first."""
        return build_cells(f"{PREFIX}.{self.path}", self.text, self.label)


@dataclass(frozen=True)
class Group:
    """The texts of one question (`key`, numbered), or the title and greetings (number 0)."""

    number: int
    key: str
    type_name: str
    entries: Sequence[Entry]

    @property
    def missing(self) -> int:
        """How many texts are missing, each language counted."""
        return sum(len(entry.missing) for entry in self.entries)

    def only_missing(self) -> Group:
        """Return the group without the texts that are complete."""
        return replace(self, entries=[entry for entry in self.entries if entry.missing])


def list_groups(raw: Json) -> list[Group]:
    """Return every text of a draft in the order of the questionnaire."""
    names = (("title", _("Title"), True), ("intro", _("Introduction"), False), ("thanks", _("Thank-you text"), False))
    groups = [Group(0, "", "", [Entry(name, label, raw.get(name, {}), needed) for name, label, needed in names])]
    questions = (question for page in raw["pages"] for question in page["questions"])
    return groups + [
        Group(number, one["key"], str(TYPE_NAMES[one["type"]]), list(_entries(one)))
        for number, one in enumerate(questions, 1)
    ]


def count_missing(raw: Json) -> int:
    """Count the texts that a reader would get in another language than asked for."""
    return sum(group.missing for group in list_groups(raw))


def replace_many(raw: Json, texts: Mapping[str, Text]) -> Json:
    """Return the draft with texts changed by their paths; paths that are not there (any more) are left out."""
    raw = deepcopy(raw)
    places = dict(_places(raw))
    for path, text in texts.items():
        if path in places:
            holder, name = places[path]
            kept = {one: words for one, words in holder.get(name, {}).items() if one not in text}
            holder[name] = kept | {one: words for one, words in text.items() if words}
    return raw


def read_typed(post: Mapping[str, str], raw: Json) -> dict[str, dict[str, str]]:
    """Return what was posted, by path and language, for the texts that the draft has."""
    typed: dict[str, dict[str, str]] = {}
    for path, _place in _places(raw):
        names = ((one, f"{PREFIX}.{path}.{one}") for one in LANGUAGES)
        found = {one: post[name].replace("\r\n", "\n").strip() for one, name in names if name in post}
        typed |= {path: found} if found else {}
    return typed


def keep_changed(typed: Mapping[str, Text], base: Json) -> dict[str, dict[str, str]]:
    """Return only the texts that differ from those in `base`, the draft that the page had shown."""
    places = dict(_places(base))
    changed: dict[str, dict[str, str]] = {}
    for path, text in typed.items():
        shown = places[path][0].get(places[path][1], {}) if path in places else {}
        found = {one: words for one, words in text.items() if words != shown.get(one, "")}
        changed |= {path: found} if found else {}
    return changed


def _entries(question: Json) -> Iterator[Entry]:
    at = f"questions.{question['key']}"
    yield Entry(f"{at}.text", _("Question"), question["text"], True)
    yield Entry(f"{at}.help", _("Help text"), question.get("help", {}), False)
    for number, row in enumerate(question.get("rows", []), 1):
        yield Entry(f"{at}.rows.{row['key']}", _("Part %(number)s") % {"number": number}, row["text"], True)
    for number, option in enumerate(question.get("options", []), 1):
        yield Entry(f"{at}.options.{option['key']}", _("Option %(number)s") % {"number": number}, option["text"], True)
    for number, one in enumerate(question.get("score_texts", []), 1):
        yield Entry(f"{at}.score_texts.{number}", _("Wording %(number)s") % {"number": number}, one["text"], True)
    yield from _labels(at, question)


def _labels(at: str, question: Json) -> Iterator[Entry]:
    scale = question.get("scale")
    if scale is None:
        return
    for point in range(scale["min"], scale["max"] + 1):
        is_end = point in (scale["min"], scale["max"])
        text = scale["labels"].get(str(point), {})
        yield Entry(f"{at}.labels.{point}", _("Label of %(point)s") % {"point": point}, text, is_end)


def _places(raw: Json) -> Iterator[tuple[str, tuple[Json, str]]]:
    """Yield each text's path with the dictionary that holds it and its name there."""
    for name in ("title", "intro", "thanks"):
        yield name, (raw, name)
    for question in (question for page in raw["pages"] for question in page["questions"]):
        at = f"questions.{question['key']}"
        yield from ((f"{at}.{name}", (question, name)) for name in ("text", "help"))
        for parts in ("rows", "options"):
            yield from ((f"{at}.{parts}.{one['key']}", (one, "text")) for one in question.get(parts, []))
        yield from ((f"{at}.score_texts.{i}", (one, "text")) for i, one in enumerate(question.get("score_texts", []), 1))
        scale = question.get("scale")
        points = range(scale["min"], scale["max"] + 1) if scale else ()
        yield from ((f"{at}.labels.{point}", (scale["labels"], str(point))) for point in points if scale)
