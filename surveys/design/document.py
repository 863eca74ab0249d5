"""The questionnaire document: what is asked, in one validated value.

A document is JSON in the database and frozen dataclasses in code::

    {"schema": 1, "languages": ["zh-hans", "en"], "title": {"zh-hans": "…", "en": "…"},
     "pages": [{"key": "p1", "title": {}, "questions": [
        {"key": "nps", "type": "nps", "text": {…}, "required": true},
        {"key": "parts", "type": "matrix", "text": {…}, "scale": {"min": 1, "max": 5,
         "labels": {"1": {…}, "5": {…}}}, "offers_na": true,
         "rows": [{"key": "attitude", "text": {…}, "help": {}}]}]}],
     "thanks": {…}}

Texts are dictionaries by Django language code; the first language is the source, and a missing text
falls back to it. Every rated thing has its own stable key: each row of a matrix is an item.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from accounts.languages import LANGUAGES as LANGUAGES
from accounts.languages import Text as Text
from accounts.languages import text_in as text_in

SCHEMA: Final = 1
KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST_TEXT: Final = 4000
MOST_PARTS: Final = 100
"""The most pages, questions, rows or options there may be in one list."""
NOT_APPLICABLE: Final = "NA"
"""The answer stored for "does not apply": left out of numerator and denominator, counted apart."""

QuestionType = Literal["nps", "rating", "matrix", "choice", "text", "consent"]
TYPES: Final[tuple[str, ...]] = ("nps", "rating", "matrix", "choice", "text", "consent")


class DocumentError(ValueError):
    """The document is not valid; `problems` names each place and what is wrong there."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.code}" for p in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Problem:
    """One thing wrong: `path` like `questions.nps.text.en`, `code` for a translated sentence."""

    path: str
    code: str
    is_blocking: bool = True


@dataclass(frozen=True)
class Scale:
    """Whole numbers from `low` to `high`, the better the higher; `labels` by point."""

    low: int
    high: int
    labels: Mapping[int, Text] = field(default_factory=dict)

    @property
    def points(self) -> range:
        """All points, lowest first."""
        return range(self.low, self.high + 1)


@dataclass(frozen=True)
class Row:
    """One thing rated in a matrix."""

    key: str
    text: Text
    help: Text = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """One choice."""

    key: str
    text: Text


@dataclass(frozen=True)
class Condition:
    """True when the answer to an earlier item lies in `low`..`high` or among `values`.

    Without limits and values any point of the item's scale will do: the item was answered.
    """

    item: str
    low: int | None = None
    high: int | None = None
    values: tuple[str, ...] = ()

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Tell whether the answers given so far fulfil the condition; no answer fulfils none."""
        answer = answers.get(self.item)
        if isinstance(answer, bool) or answer is None:
            return str(answer).lower() in self.values if isinstance(answer, bool) else False
        if isinstance(answer, int):
            return self._in_range(answer)
        chosen = answer if isinstance(answer, list) else [answer]
        return any(str(one) in self.values for one in chosen)

    def _in_range(self, answer: int) -> bool:
        if self.low is None and self.high is None and self.values:
            return str(answer) in self.values
        return (self.low is None or answer >= self.low) and (self.high is None or answer <= self.high)


@dataclass(frozen=True)
class ScoreText:
    """A wording shown when `item` was answered with `low`..`high`."""

    item: str
    low: int
    high: int
    text: Text


@dataclass(frozen=True)
class Question:
    """One question; see the module's docstring for the JSON."""

    key: str
    type: QuestionType
    text: Text
    help: Text = field(default_factory=dict)
    is_required: bool = False
    offers_na: bool = False
    scale: Scale | None = None
    rows: tuple[Row, ...] = ()
    options: tuple[Option, ...] = ()
    allows_several: bool = False
    max_length: int = 2000
    score_texts: tuple[ScoreText, ...] = ()
    show_if: tuple[Condition, ...] = ()

    def is_shown(self, answers: Mapping[str, Any]) -> bool:
        """Tell whether the question is asked after these answers (any condition suffices)."""
        return not self.show_if or any(condition.holds(answers) for condition in self.show_if)

    @property
    def items(self) -> tuple[Item, ...]:
        """The scored items: itself for nps and rating, one per row for a matrix, else none."""
        if self.scale is None:
            return ()
        if self.type == "matrix":
            return tuple(Item(r.key, r.text, self.scale, self.type, self.offers_na) for r in self.rows)
        return (Item(self.key, self.text, self.scale, self.type, self.offers_na),)

    @property
    def answer_keys(self) -> tuple[str, ...]:
        """The keys under which a response stores the answers to this question."""
        return tuple(row.key for row in self.rows) if self.type == "matrix" else (self.key,)


@dataclass(frozen=True)
class Item:
    """A thing answered on a whole-number scale: what indicators are fed by."""

    key: str
    text: Text
    scale: Scale
    type: QuestionType
    offers_na: bool


@dataclass(frozen=True)
class Page:
    """What is shown at a time."""

    key: str
    title: Text
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Document:
    """A whole questionnaire."""

    languages: tuple[str, ...]
    title: Text
    pages: tuple[Page, ...]
    intro: Text = field(default_factory=dict)
    thanks: Text = field(default_factory=dict)

    @property
    def source_language(self) -> str:
        """The language that every text must have."""
        return self.languages[0]

    def questions(self) -> Iterator[Question]:
        """All questions in order."""
        return (question for page in self.pages for question in page.questions)

    def items(self) -> tuple[Item, ...]:
        """All scored items in order."""
        return tuple(item for question in self.questions() for item in question.items)

    def question(self, key: str) -> Question | None:
        """The question with this key."""
        return next((q for q in self.questions() if q.key == key), None)


NPS_SCALE: Final = Scale(
    0, 10,
    {0: {"zh-hans": "完全不可能", "en": "Not at all likely"},
     10: {"zh-hans": "非常可能", "en": "Extremely likely"}},
)


def parse_document(raw: Mapping[str, Any]) -> Document:
    """Turn JSON into a Document.

    Raises DocumentError when the shape is wrong (unknown type, bad or repeated key, wrong kind of value).
    Missing translations are no error here; `surveys.design.checks` finds what publishing needs.
    """
    problems: list[Problem] = []
    try:
        document = _document(raw, problems)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problems.append(Problem("document", f"malformed:{type(error).__name__}"))
        raise DocumentError(problems) from error
    problems += find_repeated_keys(document)
    if problems:
        raise DocumentError(problems)
    return document


def _document(raw: Mapping[str, Any], problems: list[Problem]) -> Document:
    languages = tuple(raw["languages"])
    if not languages or len(set(languages)) < len(languages) or any(one not in LANGUAGES for one in languages):
        problems.append(Problem("languages", "unknown_language"))
    return Document(
        languages=languages,
        title=_text(raw["title"], "title", problems),
        pages=tuple(_page(page, problems) for page in _parts(raw["pages"], "pages", problems)),
        intro=_text(raw.get("intro", {}), "intro", problems),
        thanks=_text(raw.get("thanks", {}), "thanks", problems),
    )


def _page(raw: Mapping[str, Any], problems: list[Problem]) -> Page:
    key = _key(raw["key"], "pages", problems)
    questions = _parts(raw["questions"], f"pages.{key}", problems)
    return Page(
        key=key,
        title=_text(raw.get("title", {}), f"pages.{key}.title", problems),
        questions=tuple(_question(question, problems) for question in questions),
    )


def _question(raw: Mapping[str, Any], problems: list[Problem]) -> Question:
    key = _key(raw["key"], "questions", problems)
    at, kind = f"questions.{key}", raw["type"]
    if kind not in TYPES:
        problems.append(Problem(f"{at}.type", "unknown_type"))
    return Question(
        key=key,
        type=cast(QuestionType, kind),
        text=_text(raw["text"], f"{at}.text", problems),
        help=_text(raw.get("help", {}), f"{at}.help", problems),
        is_required=_flag(raw.get("required", False)),
        offers_na=_flag(raw.get("offers_na", False)),
        scale=_scale(raw, key, problems),
        rows=tuple(_row(row, at, problems) for row in _parts(raw.get("rows", []), f"{at}.rows", problems)),
        options=tuple(
            _option(one, at, problems) for one in _parts(raw.get("options", []), f"{at}.options", problems)
        ),
        allows_several=_flag(raw.get("several", False)),
        max_length=_length(raw.get("max_length", 2000), at, problems),
        score_texts=tuple(
            _score_text(one, at, problems) for one in _parts(raw.get("score_texts", []), at, problems)
        ),
        show_if=tuple(_condition(condition) for condition in _parts(raw.get("show_if", []), at, problems)),
    )


def _row(raw: Mapping[str, Any], at: str, problems: list[Problem]) -> Row:
    key = _key(raw["key"], f"{at}.rows", problems)
    path = f"{at}.rows.{key}"
    return Row(key, _text(raw["text"], f"{path}.text", problems), _text(raw.get("help", {}), f"{path}.help", problems))


def _option(raw: Mapping[str, Any], at: str, problems: list[Problem]) -> Option:
    key = _key(raw["key"], f"{at}.options", problems)
    return Option(key, _text(raw["text"], f"{at}.options.{key}.text", problems))


def _score_text(raw: Mapping[str, Any], at: str, problems: list[Problem]) -> ScoreText:
    text = _text(raw["text"], f"{at}.score_texts", problems)
    return ScoreText(_key(raw["item"], f"{at}.score_texts", problems), _whole(raw["low"]), _whole(raw["high"]), text)


def _scale(raw: Mapping[str, Any], key: str, problems: list[Problem]) -> Scale | None:
    if raw["type"] == "nps":
        return NPS_SCALE
    if raw["type"] not in ("rating", "matrix"):
        return None
    given, path = raw["scale"], f"questions.{key}.scale"
    low, high = _whole(given["min"]), _whole(given["max"])
    if not 0 <= low < high <= 10:
        problems.append(Problem(path, "scale_out_of_range"))
    labels = {int(point): _text(label, path, problems) for point, label in given.get("labels", {}).items()}
    if any(not low <= point <= high for point in labels):
        problems.append(Problem(path, "label_outside_scale"))
    return Scale(low, high, labels)


def _condition(raw: Mapping[str, Any]) -> Condition:
    low, high = raw.get("low"), raw.get("high")
    return Condition(
        item=_name(raw["item"]),
        low=None if low is None else _whole(low),
        high=None if high is None else _whole(high),
        values=tuple(_name(value) for value in raw.get("values", [])),
    )


def _parts(raw: object, path: str, problems: list[Problem]) -> Sequence[Any]:
    if not isinstance(raw, list | tuple):
        raise TypeError("not a list")
    if len(raw) > MOST_PARTS:
        problems.append(Problem(path, "too_many_parts"))
    return raw[:MOST_PARTS]


def _text(raw: Mapping[str, Any], path: str, problems: list[Problem]) -> Text:
    if any(not isinstance(value, str) for value in raw.values()):
        raise ValueError("a text is a dictionary of strings by language")
    for language, value in raw.items():
        if not is_storable(value):
            problems.append(Problem(f"{path}.{language}", "bad_characters"))
        elif len(value) > LONGEST_TEXT:
            problems.append(Problem(f"{path}.{language}", "text_too_long"))
    return {str(language): value for language, value in raw.items() if language in LANGUAGES}


def is_storable(text: str) -> bool:
    """Tell whether a database can keep the text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("not a yes or no")
    return raw


def _length(raw: object, at: str, problems: list[Problem]) -> int:
    length = _whole(raw)
    if not 1 <= length <= 10000:
        problems.append(Problem(f"{at}.max_length", "length_out_of_range"))
    return length


def _name(raw: object) -> str:
    if not isinstance(raw, str) or not raw.isascii() or not is_storable(raw) or len(raw) > 40:
        raise ValueError("not a key")
    return raw


def _whole(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > 100_000:
        raise ValueError("not a whole number")
    return raw


def _key(raw: object, path: str, problems: list[Problem]) -> str:
    if not isinstance(raw, str) or not KEY.fullmatch(raw):
        problems.append(Problem(path, "bad_key"))
        return "?"
    return raw


def find_repeated_keys(document: Document) -> list[Problem]:
    """Name every key that is used twice: pages among themselves, questions and rows together, options in their question."""
    problems = [Problem(f"pages.{key}", "repeated_key") for key in _twice(page.key for page in document.pages)]
    keys = [key for q in document.questions() for key in ([q.key, *q.answer_keys] if q.rows else [q.key])]
    problems += [Problem(f"questions.{key}", "repeated_key") for key in _twice(keys)]
    for question in document.questions():
        options = _twice(option.key for option in question.options)
        problems += [Problem(f"questions.{question.key}.options.{key}", "repeated_key") for key in options]
    return problems


def _twice(keys: Iterable[str]) -> list[str]:
    return [key for key, times in Counter(keys).items() if times > 1 and key != "?"]
