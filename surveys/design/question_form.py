"""Read what the editor posted: form fields in, the JSON of a question or of the texts out.

Fields that an older page or a hand-made request leaves out keep their stored value; what cannot be read as a
number becomes a Problem, so that the page can say so beside what was typed.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.http import QueryDict

from surveys.design.document import LANGUAGES, Problem

Json = dict[str, Any]


def read_texts(post: QueryDict, raw: Json) -> Json:
    """Return the title, introduction and thanks as posted."""
    return {name: _text(post, name, raw[name]) for name in ("title", "intro", "thanks")}


def read_question(post: QueryDict, stored: Json) -> tuple[Json, list[Problem]]:
    """Return the question as posted, and a problem for each number that is none (its stored value stands in)."""
    problems: list[Problem] = []
    question = deepcopy(stored)
    at = f"questions.{stored['key']}"
    question |= {name: _text(post, name, stored[name]) for name in ("text", "help")}
    for name in ("required", "offers_na", "several"):
        if f"has.{name}" in post and name in question:
            question[name] = name in post
    _read_parts(post, question)
    if "scale" in question:
        question["scale"] = _scale(post, question["scale"], at, problems)
    if "score_texts" in question:
        question["score_texts"] = [_wording(post, i, one, at, problems) for i, one in enumerate(question["score_texts"])]
    if "has.rules" in post:
        question["show_if"] = _rules(post, at, problems)
    return question, problems


def _read_parts(post: QueryDict, question: Json) -> None:
    for name, singular in (("rows", "row"), ("options", "option")):
        for part in question.get(name, []):
            part["text"] = _text(post, f"{singular}.{part['key']}.text", part["text"])


def _text(post: QueryDict, name: str, stored: Json) -> Json:
    posted = {one: _clean(post.get(f"{name}.{one}", "")) for one in LANGUAGES if f"{name}.{one}" in post}
    return {one: text for one, text in (stored | posted).items() if text}


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _scale(post: QueryDict, stored: Json, at: str, problems: list[Problem]) -> Json:
    low, _, high = post.get("scale", "").partition("-")
    ends = (stored["min"], stored["max"])
    if high:
        ends = (_whole(low, f"{at}.scale", problems, ends[0]), _whole(high, f"{at}.scale", problems, ends[1]))
    if high and ends != (stored["min"], stored["max"]):
        labels = _stretch(stored, ends)
    elif post.get("labels.scale", "") not in ("", f"{ends[0]}-{ends[1]}"):
        # The page still shows the words of another scale; they are no words for the points of this one.
        labels = stored["labels"]
    else:
        points = range(max(0, ends[0]), min(10, ends[1]) + 1)
        labels = {str(p): _text(post, f"label.{p}", stored["labels"].get(str(p), {})) for p in points}
    return {"min": ends[0], "max": ends[1], "labels": {point: text for point, text in labels.items() if text}}


def _stretch(stored: Json, ends: tuple[int, int]) -> Json:
    """Keep the words of both ends when the number of points changes; those between would not fit."""
    first, last = stored["labels"].get(str(stored["min"]), {}), stored["labels"].get(str(stored["max"]), {})
    return {str(ends[0]): first, str(ends[1]): last}


def _wording(post: QueryDict, index: int, stored: Json, at: str, problems: list[Problem]) -> Json:
    name, path = f"wording.{index}", f"{at}.score_texts.{index}"
    return {
        "item": post.get(f"{name}.item", stored["item"]),
        "low": _whole(post.get(f"{name}.low", str(stored["low"])), path, problems, stored["low"]),
        "high": _whole(post.get(f"{name}.high", str(stored["high"])), path, problems, stored["high"]),
        "text": _text(post, f"{name}.text", stored["text"]),
    }


def _rules(post: QueryDict, at: str, problems: list[Problem]) -> list[Json]:
    indexes = [i for i in range(100) if post.get(f"rule.{i}.item")]
    return [_rule(post, i, at, problems) for i in indexes]


def _rule(post: QueryDict, index: int, at: str, problems: list[Problem]) -> Json:
    item, _, value = post.get(f"rule.{index}.item", "").partition("=")
    if value:
        return {"item": item, "values": [value]}
    limits = {end: post.get(f"rule.{index}.{end}", "").strip() for end in ("low", "high")}
    return {"item": item} | {end: _whole(text, f"{at}.show_if", problems, 0) for end, text in limits.items() if text}


def _whole(text: str, path: str, problems: list[Problem], otherwise: int) -> int:
    try:
        return int(text[:8])
    except ValueError:
        problems.append(Problem(path, "not_a_number"))
        return otherwise
