"""Change a draft: each operation takes the document's JSON and returns a changed copy.

Operations leave rules that point to a removed question alone unless told otherwise: the checks name them.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from surveys.design.document import LANGUAGES
from surveys.design.gallery import building

Json = dict[str, Any]

ADDABLE: Final = ("rating", "matrix", "nps", "choice", "text", "consent")


class NoSuchPartError(LookupError):
    """The question, page, row or option is not in the draft (any more)."""


def find_question(raw: Json, key: str) -> Json | None:
    """Return the question with this key, or None."""
    return next((q for page in raw["pages"] for q in page["questions"] if q["key"] == key), None)


def answer_keys(question: Json) -> list[str]:
    """Return the keys under which the question's answers are stored."""
    return [row["key"] for row in question["rows"]] if question["type"] == "matrix" else [question["key"]]


def position_of(raw: Json, key: str) -> int:
    """Return the question's number, counted from 1 over all pages."""
    keys = [q["key"] for page in raw["pages"] for q in page["questions"]]
    if key not in keys:
        raise NoSuchPartError(key)
    return keys.index(key) + 1


def key_at(raw: Json, position: int) -> str:
    """Return the key of the question at a position counted from 1, the last one's beyond the end, "" for none."""
    keys = [q["key"] for page in raw["pages"] for q in page["questions"]]
    return keys[min(position, len(keys)) - 1] if keys else ""


def first_of_page(raw: Json, page_key: str) -> str:
    """Return the key of the first question of a page, or an empty string."""
    return next((q["key"] for page in raw["pages"] if page["key"] == page_key for q in page["questions"][:1]), "")


def page_of(raw: Json, key: str) -> int:
    """Return the number of the page that holds the question, counted from 1; 1 when there is none."""
    pages = [number for number, page in enumerate(raw["pages"], 1) for q in page["questions"] if q["key"] == key]
    return pages[0] if pages else 1


def add_question(raw: Json, kind: str, after: str) -> tuple[Json, str]:
    """Add an empty question of a kind after another (or at the end); return the draft and the new key."""
    if kind not in ADDABLE:
        raise NoSuchPartError(kind)
    raw = deepcopy(raw)
    if not raw["pages"]:
        raw["pages"].append({"key": "p1", "title": {}, "questions": []})
    question = _new_question(kind, free_key(raw, kind))
    page, index = _place(raw, after) if find_question(raw, after) else (raw["pages"][-1], None)
    page["questions"].insert(len(page["questions"]) if index is None else index + 1, question)
    return raw, question["key"]


def replace_question(raw: Json, key: str, question: Json) -> Json:
    """Put a changed question in the place of the one with this key."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    page["questions"][index] = question
    return raw


def replace_texts(raw: Json, texts: Json) -> Json:
    """Change the title, the introduction and the thanks."""
    return deepcopy(raw) | {name: texts[name] for name in ("title", "intro", "thanks")}


def duplicate_question(raw: Json, key: str) -> tuple[Json, str]:
    """Copy a question below itself with keys of its own; return the draft and the new key."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    copy = deepcopy(page["questions"][index])
    copy["key"] = free_key(raw, copy["key"])
    for row in copy.get("rows", []):
        row["key"] = free_key(raw, row["key"])
    page["questions"].insert(index + 1, copy)
    return raw, copy["key"]


def move_question(raw: Json, key: str, step: int) -> Json:
    """Move a question one place up (-1) or down (+1), over a page break where it meets one."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    number, target = raw["pages"].index(page), index + step
    if 0 <= target < len(page["questions"]):
        page["questions"].insert(target, page["questions"].pop(index))
    elif 0 <= number + step < len(raw["pages"]):
        neighbour = raw["pages"][number + step]["questions"]
        neighbour.insert(len(neighbour) if step < 0 else 0, page["questions"].pop(index))
    return raw


def place_question(raw: Json, key: str, where: str, anchor: str) -> Json:
    """Put a question `after` another one, or `first` on a page (then `anchor` is the page's key)."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    if where == "after" and anchor == key:
        return raw
    question = page["questions"].pop(index)
    target, after = _landing(raw, where, anchor)
    target["questions"].insert(after, question)
    return raw


def _landing(raw: Json, where: str, anchor: str) -> tuple[Json, int]:
    if where == "after":
        page, index = _place(raw, anchor)
        return page, index + 1
    found = next((page for page in raw["pages"] if page["key"] == anchor and where == "first"), None)
    if found is None:
        raise NoSuchPartError(anchor)
    return found, 0


def list_dependents(raw: Json, key: str) -> list[Json]:
    """Return the questions whose rule or wording depends on an answer to this one."""
    question = find_question(raw, key)
    keys = set(answer_keys(question)) if question else {key}
    others = [q for page in raw["pages"] for q in page["questions"] if q["key"] != key]
    return [q for q in others if any(one["item"] in keys for one in _references(q))]


def remove_question(raw: Json, key: str) -> Json:
    """Remove a question together with every rule and wording that depends on it."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    keys = set(answer_keys(page["questions"].pop(index)))
    for question in (q for one in raw["pages"] for q in one["questions"]):
        for name in ("show_if", "score_texts"):
            if question.get(name):
                question[name] = [one for one in question[name] if one["item"] not in keys]
    return raw


def break_page_before(raw: Json, key: str) -> Json:
    """Start a new page with this question; nothing happens where it is already the first of its page."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    if index:
        taken = {one["key"] for one in raw["pages"]}
        rest = {"key": _free("p", taken), "title": {}, "questions": page["questions"][index:]}
        page["questions"] = page["questions"][:index]
        raw["pages"].insert(raw["pages"].index(page) + 1, rest)
    return raw


def join_page(raw: Json, page_key: str) -> Json:
    """Take away the break before this page: its questions follow those of the page before."""
    raw = deepcopy(raw)
    index = next((i for i, page in enumerate(raw["pages"]) if page["key"] == page_key), 0)
    if index:
        raw["pages"][index - 1]["questions"] += raw["pages"].pop(index)["questions"]
    return raw


def add_part(raw: Json, key: str, name: str) -> Json:
    """Add an empty row, option or wording (`name`: rows, options, score_texts) to a question."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    question = page["questions"][index]
    if name not in question:
        raise NoSuchPartError(name)
    question[name].append(_new_part(raw, question, name))
    return raw


def remove_part(raw: Json, key: str, name: str, number: int) -> Json:
    """Remove one row, option or wording by its place, counted from 0."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    parts = page["questions"][index].get(name, [])
    if not 0 <= number < len(parts):
        raise NoSuchPartError(name)
    parts.pop(number)
    return raw


def move_part(raw: Json, key: str, name: str, number: int) -> Json:
    """Move one row or option one place up."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    parts = page["questions"][index].get(name, [])
    if 0 < number < len(parts):
        parts.insert(number - 1, parts.pop(number))
    return raw


def place_part(raw: Json, key: str, name: str, number: int, after: int) -> Json:
    """Put one row, option or wording behind another (places counted from 0; -1 stands for the front)."""
    raw = deepcopy(raw)
    page, index = _place(raw, key)
    parts = page["questions"][index].get(name, [])
    if not (0 <= number < len(parts) and -1 <= after < len(parts)):
        raise NoSuchPartError(name)
    parts.insert(after + 1 if after < number else after, parts.pop(number))
    return raw


def free_key(raw: Json, wanted: str) -> str:
    """Return `wanted`, or `wanted_2`, `wanted_3`, … that nothing in the draft uses yet."""
    taken = {key for page in raw["pages"] for q in page["questions"] for key in [q["key"], *answer_keys(q)]}
    stem = wanted.rstrip("0123456789").rstrip("_")[:36]
    return wanted if wanted not in taken else _free(f"{stem}_", taken, start=2)


def _free(stem: str, taken: set[str], start: int = 1) -> str:
    return next(key for key in (f"{stem}{n}" for n in range(start, len(taken) + start + 2)) if key not in taken)


def _place(raw: Json, key: str) -> tuple[Json, int]:
    for page in raw["pages"]:
        for index, question in enumerate(page["questions"]):
            if question["key"] == key:
                return page, index
    raise NoSuchPartError(key)


def _references(question: Json) -> list[Json]:
    return [*question.get("show_if", []), *question.get("score_texts", [])]


def _new_question(kind: str, key: str) -> Json:
    shared: Json = {"key": key, "type": kind, "text": {}, "help": {}, "required": False, "show_if": []}
    extras: dict[str, Json] = {
        "nps": {"text": building.NPS_TEXT, "offers_na": False},
        "rating": {"scale": building.SATISFACTION, "offers_na": True},
        "matrix": {"scale": building.SATISFACTION, "offers_na": True,
                   "rows": [{"key": f"{key}_1", "text": {}, "help": {}}]},
        "choice": {"several": False, "options": [{"key": "a1", "text": {}}, {"key": "a2", "text": {}}]},
        "text": {"max_length": 2000, "score_texts": []},
        "consent": {"text": building.consent()["text"]},
    }
    return shared | deepcopy(extras[kind])


def _new_part(raw: Json, question: Json, name: str) -> Json:
    if name == "rows":
        return {"key": free_key(raw, f"{question['key'][:36]}_1"), "text": {}, "help": {}}
    if name == "options":
        return {"key": _free("a", {option["key"] for option in question["options"]}), "text": {}}
    item = next((q["key"] for page in raw["pages"] for q in page["questions"] if q["type"] == "nps"), "nps")
    return {"item": item, "low": 0, "high": 10, "text": dict.fromkeys(LANGUAGES, "")}
