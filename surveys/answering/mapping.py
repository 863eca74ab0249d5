"""How the columns of a foreign file become answers: one value, checked before a row is read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from surveys.design.document import NOT_APPLICABLE, Document, Question

BLANK: Final = ("", "NA", "N/A", "NULL", "null", "None")
SEPARATORS: Final = re.compile("[;|,┋；，、]")


class MappingError(ValueError):
    """The mapping does not fit the file or the questionnaire; `code` and `detail` make a sentence."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class ItemRule:
    """One column that answers `item`: codes that mean left blank, not applicable, or another value."""

    item: str
    column: str
    blank: tuple[str, ...] = BLANK
    not_applicable: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LevelRule:
    """One column that gives a segment attribute; with `levels`, codes not named are left out."""

    attribute: str
    column: str
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportMap:
    """A whole mapping; see `parse_map` for its JSON."""

    items: tuple[ItemRule, ...]
    levels: tuple[LevelRule, ...] = ()
    key_columns: tuple[str, ...] = ()
    wave_column: str = ""
    date_column: str = ""
    date_format: str = ""
    dates: Mapping[str, str] = field(default_factory=dict)
    weight_column: str = ""
    language_column: str = ""
    languages: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    keep_blank_forms: bool = False

    @property
    def columns(self) -> set[str]:
        """All columns that the mapping reads."""
        single = {self.wave_column, self.date_column, self.weight_column, self.language_column}
        listed = {rule.column for rule in self.items} | {rule.column for rule in self.levels}
        return (single | listed | set(self.key_columns)) - {""}


def parse_map(raw: Mapping[str, Any]) -> ImportMap:
    """Turn JSON into a mapping::

        {"blank": ["", "0", "Blank"], "na": ["6"],
         "items": {"overall": "Q7ALL", "nps": {"column": "NETPRO", "blank": ["11", ""], "na": []}},
         "segments": {"gender": {"column": "Q20GENDER", "levels": {"1": "male", "2": "female"}}},
         "wave": "year", "date": {"column": "year", "format": "%Y"}, "weight": "WEIGHT",
         "key": ["year", "respnum"], "language": "en", "keep_blank_forms": true}

    `date` may instead give `{"column": …, "dates": {"2014": "2014-05-15"}}`; a language column is
    `{"column": …, "values": {"1": "en"}, "default": "en"}`. With `keep_blank_forms` a row without any
    answer becomes a completed response, else it is left out and reported. Raises MappingError.
    """
    try:
        return _parsed(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, MappingError):
            raise
        raise MappingError("bad_map", str(error)) from error


def _parsed(raw: Mapping[str, Any]) -> ImportMap:
    blank, none = _names(raw.get("blank", BLANK)), _names(raw.get("na", ()))
    date, language = _as_rule(raw.get("date", "")), raw.get("language", "")
    language_rule = language if isinstance(language, Mapping) else {"default": language}
    return ImportMap(
        items=tuple(_item_rule(item, _as_rule(rule), blank, none) for item, rule in _mapping(raw["items"]).items()),
        levels=tuple(
            LevelRule(attribute, str(rule["column"]), _strings(rule.get("levels", {})))
            for attribute, rule in ((key, _as_rule(value)) for key, value in _mapping(raw.get("segments", {})).items())
        ),
        key_columns=_names(raw.get("key", ())),
        wave_column=str(raw.get("wave", "")),
        date_column=str(date.get("column", "")), date_format=_date_format(str(date.get("format", ""))),
        dates=_strings(date.get("dates", {})),
        weight_column=str(raw.get("weight", "")),
        language_column=str(language_rule.get("column", "")),
        languages=_strings(language_rule.get("values", {})),
        language=str(language_rule.get("default", "")),
        keep_blank_forms=_yes_or_no(raw, "keep_blank_forms"),
    )


def _date_format(given: str) -> str:
    """Read how dates are written; a format that names a part twice fits no date and is no format."""
    try:
        datetime.strptime("", given)
    except ValueError:
        return given  # Of no date it is said that it does not fit.
    except re.error as error:
        raise _unreadable(given) from error
    return given


def _yes_or_no(raw: Mapping[str, Any], name: str) -> bool:
    """Read a switch; the text "false" is no false, so only true and false are taken."""
    given = raw.get(name, False)
    if not isinstance(given, bool):
        raise MappingError("bad_map", name)
    return given


def _as_rule(raw: Any) -> Mapping[str, Any]:
    if isinstance(raw, Mapping):
        return raw
    if isinstance(raw, str):
        return {"column": raw}
    raise _unreadable(raw)


def _mapping(raw: Any) -> Mapping[str, Any]:
    if isinstance(raw, Mapping):
        return raw
    raise _unreadable(raw)


def _names(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str) and raw:
        return (raw,)
    if isinstance(raw, Sequence):
        return tuple(str(name) for name in raw)
    raise _unreadable(raw)


def _strings(raw: Any) -> dict[str, str]:
    return {str(code): str(value) for code, value in _mapping(raw).items()}


def _unreadable(raw: Any) -> MappingError:
    # Said in the words of the file, and not in those of the program that met it.
    return MappingError("bad_map", json.dumps(raw, ensure_ascii=False)[:60])


def _item_rule(item: str, rule: Mapping[str, Any], blank: Sequence[str], none: Sequence[str]) -> ItemRule:
    return ItemRule(
        item=item, column=str(rule["column"]),
        blank=_names(rule.get("blank", blank)), not_applicable=_names(rule.get("na", none)),
        values=_strings(rule.get("values", {})),
    )


def check_map(given: ImportMap, *, header: Sequence[str], document: Document) -> None:
    """Raise MappingError for a column that the file lacks or an item that the questionnaire lacks."""
    if not given.items:
        raise MappingError("no_items")
    missing = sorted(given.columns - set(header))
    if missing:
        raise MappingError("no_such_column", ", ".join(missing))
    known = {key for question in document.questions() for key in question.answer_keys}
    unknown = sorted({rule.item for rule in given.items} - known)
    if unknown:
        raise MappingError("no_such_item", ", ".join(unknown))
    languages = {given.language, *given.languages.values()} - {""}
    if not languages <= set(document.languages):
        raise MappingError("no_such_language", ", ".join(sorted(languages - set(document.languages))))


def several_of(text: str) -> list[str]:
    """Take the answers to a choice of several apart: exports put ; | , or ┋ between them."""
    return [part.strip() for part in SEPARATORS.split(text) if part.strip()]


def reader_of(question: Question, rule: ItemRule) -> dict[str, Any]:
    """Return what each accepted code of a closed question's column becomes; blank codes become None."""
    offered: dict[str, Any] = {}
    if question.scale is not None:
        offered = {str(point): point for point in question.scale.points}
        # Spreadsheets write whole numbers with a decimal point.
        offered |= {f"{point}.0": point for point in question.scale.points}
        if question.offers_na or rule.not_applicable:
            offered |= dict.fromkeys(("NA", *rule.not_applicable), NOT_APPLICABLE)
    elif question.type == "choice":
        offered = {option.key: option.key for option in question.options}
    elif question.type == "consent":
        offered = {"1": True, "true": True, "yes": True, "0": None, "false": None, "no": None}
    renamed = {code: offered[value] for code, value in rule.values.items() if value in offered}
    # "Blank", "BLANK" and "blank" are one code: exports of different years spell it differently.
    blank = {spelling for code in rule.blank for spelling in (code, code.lower(), code.upper())}
    return {**offered, **renamed, **dict.fromkeys(blank)}
