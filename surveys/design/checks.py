"""What must be right before a questionnaire is published: every door runs these checks.

A check returns problems with a path (where) and a code (what); `surveys.design.sentences` says them in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Final

from surveys.design.document import Condition, Document, Problem, Question, Text
from surveys.design.gallery.building import NPS_TEXT
from surveys.design.placeholders import find_unknown_placeholders

MOST_PAGES: Final = 3
MOST_SECONDS: Final = 120
SECONDS: Final = {"nps": 8, "rating": 6, "matrix": 4, "choice": 8, "text": 15, "consent": 4}
"""Reading and answering time by type; a matrix costs this per row. Rules of thumb, shown as an estimate."""


def check_for_publishing(document: Document) -> list[Problem]:
    """Return everything found, blocking problems first, each group in the order of the questionnaire."""
    checks = (_missing_texts, _structure, _nps, _conditions, _score_texts, _scales, _not_applicable,
              _consent, _placeholders, _length)
    found = [problem for check in checks for problem in check(document)]
    return sorted(found, key=lambda problem: not problem.is_blocking)


def estimate_seconds(document: Document) -> int:
    """Estimate how long answering takes, in seconds; questions shown by rule count half."""
    total = 0.0
    for question in document.questions():
        seconds = SECONDS[question.type] * max(1, len(question.rows))
        total += seconds / 2 if question.show_if else seconds
    return ceil(total)


def list_texts(document: Document) -> Iterator[tuple[str, Text]]:
    """Yield every text that a respondent must be able to read, with its path."""
    yield "title", document.title
    for question in document.questions():
        yield from question_texts(question)


def question_texts(question: Question) -> Iterator[tuple[str, Text]]:
    """Yield the texts of one question with their paths; optional help only where somebody began it."""
    at = f"questions.{question.key}"
    yield f"{at}.text", question.text
    if any(question.help.values()):
        yield f"{at}.help", question.help
    for row in question.rows:
        yield f"{at}.rows.{row.key}.text", row.text
    for option in question.options:
        yield f"{at}.options.{option.key}.text", option.text
    for number, wording in enumerate(question.score_texts):
        yield f"{at}.score_texts.{number}", wording.text
    if question.scale and question.type != "nps":
        for point in (question.scale.low, question.scale.high):
            yield f"{at}.scale.{point}", question.scale.labels.get(point, {})


def _missing_texts(document: Document) -> Iterator[Problem]:
    for path, text in list_texts(document):
        for language in document.languages:
            if not text.get(language, "").strip():
                yield Problem(f"{path}.{language}", "text_missing")


def _structure(document: Document) -> Iterator[Problem]:
    if not any(True for _ in document.questions()):
        yield Problem("pages", "no_questions")
        return
    for page in document.pages:
        if not page.questions:
            yield Problem(f"pages.{page.key}", "page_empty")
    for question in document.questions():
        if question.type == "choice" and len(question.options) < 2:
            yield Problem(f"questions.{question.key}.options", "too_few_options")
        if question.type == "matrix" and not question.rows:
            yield Problem(f"questions.{question.key}.rows", "no_rows")


def _nps(document: Document) -> Iterator[Problem]:
    questions = [question for question in document.questions() if question.type == "nps"]
    for question in questions:
        for language in document.languages:
            text = question.text.get(language, "").strip()
            if text and not is_nps_wording(text, language):
                yield Problem(f"questions.{question.key}.text.{language}", "nps_wording_changed", is_blocking=False)
        if question.offers_na:
            yield Problem(f"questions.{question.key}", "nps_offers_na", is_blocking=False)
    for question in questions[1:]:
        yield Problem(f"questions.{question.key}", "second_nps", is_blocking=False)


def is_nps_wording(text: str, language: str) -> bool:
    """Tell whether the text is the fixed recommendation wording; only the company's name may stand in it freely."""
    before, _, after = NPS_TEXT[language].partition("{company}")
    return text.startswith(before) and text.endswith(after) and len(text) > len(before) + len(after)


def _conditions(document: Document) -> Iterator[Problem]:
    earlier: dict[str, Question] = {}
    everything = {key: q for q in document.questions() for key in q.answer_keys}
    for question in document.questions():
        for condition in question.show_if:
            code = _condition_fault(condition, question, earlier, everything)
            if code:
                yield Problem(f"questions.{question.key}.show_if", code)
        earlier |= dict.fromkeys(question.answer_keys, question)


def _condition_fault(
    condition: Condition, question: Question, earlier: dict[str, Question], everything: dict[str, Question]
) -> str:
    if condition.item in question.answer_keys:
        return "rule_on_itself"
    if condition.item not in everything:
        return "rule_item_gone"
    if condition.item not in earlier:
        return "rule_looks_forward"
    return "" if _can_hold(condition, earlier[condition.item]) else "rule_never_holds"


def _can_hold(condition: Condition, asked: Question) -> bool:
    if asked.scale is not None:
        low = asked.scale.low if condition.low is None else condition.low
        high = asked.scale.high if condition.high is None else condition.high
        in_values = not condition.values or any(value in {str(p) for p in asked.scale.points} for value in condition.values)
        return max(low, asked.scale.low) <= min(high, asked.scale.high) and in_values
    possible = {option.key for option in asked.options} if asked.type == "choice" else {"true", "false"}
    return asked.type in ("choice", "consent") and bool(possible & set(condition.values))


def _score_texts(document: Document) -> Iterator[Problem]:
    earlier: dict[str, Question] = {}
    for question in document.questions():
        for number, wording in enumerate(question.score_texts):
            asked = earlier.get(wording.item)
            path = f"questions.{question.key}.score_texts.{number}"
            if asked is None or asked.scale is None:
                yield Problem(path, "wording_item_gone")
            elif max(wording.low, asked.scale.low) > min(wording.high, asked.scale.high):
                yield Problem(path, "wording_never_shown")
        earlier |= dict.fromkeys(question.answer_keys, question)


def _scales(document: Document) -> Iterator[Problem]:
    rated = [q for q in document.questions() if q.scale and q.type in ("rating", "matrix")]
    for question in rated:
        if question.scale and _runs_downwards(question):
            yield Problem(f"questions.{question.key}.scale", "scale_reversed")
    spans = {(one.scale.low, one.scale.high) for one in rated if one.scale and not _asks_for_effort(one)}
    if len(spans) > 1:
        yield Problem(f"questions.{rated[-1].key}.scale", "scales_differ", is_blocking=False)


AGREEMENT_WORDS: Final = ("非常同意", "strongly agree")


def _asks_for_effort(question: Question) -> bool:
    """Seven points of agreement are how customer effort is defined, whatever scale the rest has."""
    if question.scale is None or (question.scale.low, question.scale.high) != (1, 7):
        return False
    return any(text.strip().lower() in AGREEMENT_WORDS for text in question.scale.labels.get(7, {}).values())


BEST_WORDS: Final = ("非常满意", "非常同意", "very satisfied", "strongly agree", "extremely likely", "excellent")


def _runs_downwards(question: Question) -> bool:
    lowest = question.scale.labels.get(question.scale.low, {}) if question.scale else {}
    return any(text.strip().lower() in BEST_WORDS for text in lowest.values())


def _not_applicable(document: Document) -> Iterator[Problem]:
    for question in document.questions():
        if question.type == "matrix" and not question.offers_na:
            yield Problem(f"questions.{question.key}.offers_na", "na_not_offered", is_blocking=False)


def _consent(document: Document) -> Iterator[Problem]:
    if document.pages and not any(question.type == "consent" for question in document.questions()):
        yield Problem("pages", "no_consent", is_blocking=False)


def _placeholders(document: Document) -> Iterator[Problem]:
    texts = [*list_texts(document), ("intro", document.intro), ("thanks", document.thanks)]
    for path, text in texts:
        for language, words in text.items():
            if find_unknown_placeholders(words):
                yield Problem(f"{path}.{language}", "unknown_placeholder")


def _length(document: Document) -> Iterator[Problem]:
    if len(document.pages) > MOST_PAGES:
        yield Problem("pages", "many_pages", is_blocking=False)
    if estimate_seconds(document) > MOST_SECONDS:
        yield Problem("pages", "takes_long", is_blocking=False)
