"""From what a form posts to answers by item key, judged by the document alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from surveys.design.document import NOT_APPLICABLE, Document, Page, Question

# All control characters but tab and line feed, and halves of surrogate pairs: PostgreSQL takes neither.
UNSTORABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
YES: Final = "yes"


class Posted(Protocol):
    """What a QueryDict offers: all values of a field."""

    def getlist(self, key: str) -> list[str]:
        """Return the values, an empty list for none."""
        ...


class PostedLists(dict[str, list[str]]):
    """A plain dictionary of lists in the place of a QueryDict."""

    def getlist(self, key: str) -> list[str]:
        """Return the values, an empty list for none."""
        return self.get(key, [])


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with the answer under `key`: code "missing", "not_offered" or "too_long"."""

    key: str
    code: str


@dataclass(frozen=True)
class PageAnswers:
    """The answers to one page: `keys` were asked, `answers` holds the valid ones that were given."""

    page: int
    keys: frozenset[str]
    answers: Mapping[str, Any]
    problems: tuple[FieldProblem, ...] = ()

    @property
    def is_tampered(self) -> bool:
        """Tell whether a value came that no browser showing this page would send."""
        return any(problem.code != "missing" for problem in self.problems)

    def merged_into(self, earlier: Mapping[str, Any]) -> dict[str, Any]:
        """Return the earlier answers with this page's in their place."""
        kept = {key: answer for key, answer in earlier.items() if key not in self.keys}
        return {**kept, **self.answers}


def read_page(document: Document, number: int, posted: Posted, earlier: Mapping[str, Any]) -> PageAnswers:
    """Read the page's fields; fields that the page does not ask are ignored.

    A question whose condition depends on this page's own answers is judged by them.
    """
    page = document.pages[number]
    answers: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for question in page.questions:
        if question.is_shown({**_others(earlier, page), **answers}):
            for key in question.answer_keys:
                answer, code = _read(question, posted.getlist(key))
                if code:
                    problems.append(FieldProblem(key, code))
                elif answer is not None:
                    answers[key] = answer
    return PageAnswers(number, keys_of(page), answers, tuple(problems))


def keys_of(page: Page) -> frozenset[str]:
    """Return the keys under which a page's answers are stored."""
    return frozenset(key for question in page.questions for key in question.answer_keys)


def _others(earlier: Mapping[str, Any], page: Page) -> dict[str, Any]:
    own = keys_of(page)
    return {key: answer for key, answer in earlier.items() if key not in own}


def _read(question: Question, values: Sequence[str]) -> tuple[Any, str]:
    """Return the answer (None for none) and a problem's code ("" for none)."""
    given = [value for value in values if value != ""]
    if not given:
        return None, "missing" if question.is_required else ""
    if question.scale is not None:
        return _read_score(question, given)
    return READERS[question.type](question, given)


def _read_score(question: Question, given: Sequence[str]) -> tuple[Any, str]:
    # By choice, never by int(): that would take "1_0", " 7 " and full-width digits.
    assert question.scale is not None
    offered: dict[str, Any] = {str(point): point for point in question.scale.points}
    if question.offers_na:
        offered[NOT_APPLICABLE] = NOT_APPLICABLE
    return (offered[given[0]], "") if len(given) == 1 and given[0] in offered else (None, "not_offered")


def _read_choice(question: Question, given: Sequence[str]) -> tuple[Any, str]:
    offered = [option.key for option in question.options]
    if any(value not in offered for value in given) or (len(given) > 1 and not question.allows_several):
        return None, "not_offered"
    return ([key for key in offered if key in given] if question.allows_several else given[0]), ""


def _read_text(question: Question, given: Sequence[str]) -> tuple[Any, str]:
    text = clean_text(given[0])
    if len(text) > question.max_length:
        return None, "too_long"
    if not text.strip():
        return None, "missing" if question.is_required else ""
    return text, ""


def _read_consent(question: Question, given: Sequence[str]) -> tuple[Any, str]:
    return (True, "") if list(given) == [YES] else (None, "not_offered")


READERS: Final = {"choice": _read_choice, "text": _read_text, "consent": _read_consent}


def clean_text(raw: str) -> str:
    """Return a text that every database takes: one kind of line end, no control characters."""
    return UNSTORABLE.sub("", raw.replace("\r\n", "\n").replace("\r", "\n"))


def asked_only(document: Document, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Drop answers to questions that are not asked after these answers, in the document's order."""
    kept: dict[str, Any] = {}
    for question in document.questions():
        if question.is_shown(kept):
            kept |= {key: answers[key] for key in question.answer_keys if key in answers}
    return kept


def first_incomplete_page(document: Document, answers: Mapping[str, Any]) -> int | None:
    """Return the number (from 0) of the first page that lacks a required answer, None when complete."""
    for number, page in enumerate(document.pages):
        for question in page.questions:
            if question.is_required and question.is_shown(answers) and any(
                key not in answers for key in question.answer_keys
            ):
                return number
    return None


def may_go_on(document: Document, number: int, answers: Mapping[str, Any]) -> bool:
    """Tell whether a page may follow page `number`, whatever is answered on this page and the next ones."""
    open_keys = {key for page in document.pages[number:] for key in keys_of(page)}
    return any(
        not page.questions or any(_may_be_shown(question, answers, open_keys) for question in page.questions)
        for page in document.pages[number + 1 :]
    )


def _may_be_shown(question: Question, answers: Mapping[str, Any], open_keys: set[str]) -> bool:
    return question.is_shown(answers) or any(condition.item in open_keys for condition in question.show_if)


def is_page_asked(page: Page, answers: Mapping[str, Any]) -> bool:
    """Tell whether any question of a page is asked after these answers."""
    return not page.questions or any(question.is_shown(answers) for question in page.questions)
