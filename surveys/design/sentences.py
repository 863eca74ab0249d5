"""Say problems, question types and places in words (the reader's language is Django's active one)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from surveys.design.document import Document, Problem, text_in

LANGUAGE_NAMES: Final = {"zh-hans": gettext_lazy("Chinese"), "en": gettext_lazy("English")}
TYPE_NAMES: Final = {
    "nps": gettext_lazy("Recommendation (NPS)"), "rating": gettext_lazy("Rating"), "matrix": gettext_lazy("Rating list"),
    "choice": gettext_lazy("Choice"), "text": gettext_lazy("Text"), "consent": gettext_lazy("Consent"),
}
PROBLEMS: Final = {
    "text_missing": gettext_lazy("The %(language)s text is missing"),
    "no_questions": gettext_lazy("There is no question yet. Add one."),
    "page_empty": gettext_lazy("A page has no question. Take away its page break."),
    "too_few_options": gettext_lazy("A choice needs at least two options"),
    "no_rows": gettext_lazy("A rating list needs at least one part to rate"),
    "nps_wording_changed": gettext_lazy(
        "The recommendation question differs from its fixed wording: scores are not comparable with others"),
    "nps_offers_na": gettext_lazy("The recommendation question is asked without “Does not apply”"),
    "second_nps": gettext_lazy("There is a second recommendation question. Only one can be the Net Promoter Score."),
    "rule_on_itself": gettext_lazy("The rule depends on the question itself. Choose an earlier question."),
    "rule_item_gone": gettext_lazy("The rule depends on a question that is no longer here. Change or remove the rule."),
    "rule_looks_forward": gettext_lazy(
        "The rule depends on a question that is asked later. Choose an earlier one or move the question."),
    "rule_never_holds": gettext_lazy("No answer can fulfil the rule, so the question would never be shown"),
    "wording_item_gone": gettext_lazy("A wording by score depends on a question that is not asked before"),
    "wording_never_shown": gettext_lazy("A wording by score lies outside the scale, so it would never be shown"),
    "scale_reversed": gettext_lazy("The lowest number has the best label. The higher, the better in every question."),
    "scales_differ": gettext_lazy("Not all ratings use the same scale"),
    "na_not_offered": gettext_lazy("“Does not apply” is not offered, though not everyone may have experience of each part"),
    "no_consent": gettext_lazy("No question asks whether you may contact the customer"),
    "unknown_placeholder": gettext_lazy("A word in braces is not known. Only {company} is filled in."),
    "many_pages": gettext_lazy("More than 3 pages: fewer people finish"),
    "takes_long": gettext_lazy("Answering takes more than 2 minutes: fewer people finish"),
    "repeated_key": gettext_lazy("The key “%(key)s” is used twice. Each question and part needs its own."),
    "bad_key": gettext_lazy("A key may hold small letters, digits and _ only, begins with a letter and has at most 40 characters"),
    "unknown_type": gettext_lazy("This type of question is not known"),
    "unknown_language": gettext_lazy("The languages must be chosen from zh-hans and en, each once"),
    "scale_out_of_range": gettext_lazy("A scale lies between 0 and 10, the lower number first"),
    "label_outside_scale": gettext_lazy("A label belongs to a number outside the scale"),
    "bad_characters": gettext_lazy("The text holds a character that cannot be stored. Type it again."),
    "text_too_long": gettext_lazy("The text is longer than 4,000 characters. Shorten it."),
    "too_many_parts": gettext_lazy("There are more than 100 entries in one list. Remove some."),
    "length_out_of_range": gettext_lazy("The longest answer lies between 1 and 10,000 characters"),
    "not_a_number": gettext_lazy("Enter a whole number"),
}
MALFORMED: Final = gettext_lazy("This is not a questionnaire document: a part is missing or has the wrong form")


@dataclass(frozen=True)
class Finding:
    """A problem in words, with where to mend it: the question's key ("" = the texts) and the field's id."""

    place: str
    sentence: str
    question_key: str
    field_id: str
    is_blocking: bool


def describe(problem: Problem) -> str:
    """Return the sentence for a problem's code."""
    last = problem.path.rpartition(".")[2]
    language = LANGUAGE_NAMES.get(last, last)
    return str(PROBLEMS.get(problem.code, MALFORMED)) % {"language": language, "key": last}


def find_in(problem: Problem, raw: Mapping[str, Any], language: str) -> Finding:
    """Return the problem in words with its place in the draft."""
    parts = problem.path.split(".")
    key = parts[1] if parts[0] == "questions" and len(parts) > 1 else ""
    return Finding(_place(key, parts, raw, language), describe(problem), key, _field_id(parts), problem.is_blocking)


def _place(key: str, parts: list[str], raw: Mapping[str, Any], language: str) -> str:
    questions = [q for page in raw["pages"] for q in page["questions"]]
    number = next((i for i, q in enumerate(questions, 1) if q["key"] == key), 0)
    if not number:
        return {"title": _("Title"), "intro": _("Introduction"), "thanks": _("Thank-you text")}.get(parts[0], "")
    place = _("Question %(number)s") % {"number": number}
    part = _part_number(questions[number - 1], parts)
    return place + (_(", part %(number)s") % {"number": part} if part else "")


def _part_number(question: Mapping[str, Any], parts: list[str]) -> int:
    if len(parts) > 3 and parts[2] in ("rows", "options"):
        keys = [part["key"] for part in question.get(parts[2], [])]
        return keys.index(parts[3]) + 1 if parts[3] in keys else 0
    return int(parts[3]) + 1 if len(parts) > 3 and parts[2] == "score_texts" and parts[3].isdigit() else 0


def _field_id(parts: list[str]) -> str:
    """Return the id of the editor's field for a problem's path."""
    rest = parts[2:] if parts[0] == "questions" else parts
    names = {"rows": "row", "options": "option", "score_texts": "wording", "scale": "label"}
    if rest and rest[0] in names and len(rest) > 1:
        rest = [names[rest[0]], *rest[1:]]
        if rest[0] == "wording" and len(rest) == 3:
            rest = [rest[0], rest[1], "text", rest[2]]
    elif rest and rest[0] == "show_if":
        rest = ["rule", "0", "item"]
    return "f-" + "-".join(rest) if rest else "editor"


def summarise(question: Mapping[str, Any]) -> str:
    """Return the short line below a question in the outline."""
    if question["type"] == "matrix":
        parts = ngettext("%(n)s part", "%(n)s parts", len(question["rows"])) % {"n": len(question["rows"])}
        return f"{parts} · {question['scale']['min']}–{question['scale']['max']}"
    if question["type"] == "rating":
        return f"{question['scale']['min']}–{question['scale']['max']}"
    if question["type"] == "nps":
        return "NPS 0–10"
    if question["type"] == "choice":
        return ngettext("%(n)s option", "%(n)s options", len(question["options"])) % {"n": len(question["options"])}
    if question.get("score_texts"):
        number = len(question["score_texts"])
        return ngettext("%(n)s wording by score", "%(n)s wordings by score", number) % {"n": number}
    return str(TYPE_NAMES[question["type"]])


def summarise_rule(question: Mapping[str, Any], document: Document, language: str) -> str:
    """Return the rule of a question as a sentence, or an empty string when it is always shown."""
    parts = [say_condition(one, document, language) for one in question.get("show_if", [])]
    return _("Shown if %(conditions)s") % {"conditions": _(" or ").join(parts)} if parts else ""


def say_wordings(question: Mapping[str, Any], document: Document, language: str) -> list[tuple[str, str]]:
    """Return each wording by score as (when it is shown, the wording)."""
    wordings = question.get("score_texts", [])
    return [(say_condition(one, document, language), text_in(one["text"], language)) for one in wordings]


def say_condition(one: Mapping[str, Any], document: Document, language: str) -> str:
    """Return a condition as a clause that begins in the middle of a sentence, such as "question 1 is 0–6"."""
    texts = {key: q for q in document.questions() for key in q.answer_keys}
    numbers = {q.key: i for i, q in enumerate(document.questions(), 1)}
    asked = texts.get(one["item"])
    name = _("question %(number)s") % {"number": numbers[asked.key]} if asked else f"“{one['item']}”"
    part = next((text_in(row.text, language) for row in asked.rows if row.key == one["item"]), "") if asked else ""
    name = _("%(question)s (%(part)s)") % {"question": name, "part": part} if part else name
    if one.get("values"):
        labels = {o.key: text_in(o.text, language) for o in asked.options} if asked else {}
        labels |= {"true": _("ticked")} if asked and asked.type == "consent" else {}
        return _("%(item)s is %(answer)s") % {"item": name, "answer": ", ".join(labels.get(v, v) for v in one["values"])}
    return _range(one.get("low"), one.get("high")) % {"item": name, "low": one.get("low"), "high": one.get("high")}


def _range(low: int | None, high: int | None) -> str:
    """Return the sentence for a range of points, to be filled with `item`, `low` and `high`."""
    if low is None and high is None:
        return _("%(item)s is answered")
    if high is None:
        return _("%(item)s is %(low)s or more")
    if low is None:
        return _("%(item)s is %(high)s or less")
    return _("%(item)s is %(low)s") if low == high else _("%(item)s is %(low)s–%(high)s")

