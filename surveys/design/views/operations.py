"""What each button of the builder does to the draft, where the focus goes then, and what is announced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from surveys.design import editing
from surveys.design.editing import Json, NoSuchPartError


@dataclass(frozen=True)
class Step:
    """An operation's outcome: the new document, the question to show, the field to focus, what to announce."""

    raw: Json
    selected: str
    focus: str = ""
    said: str = ""


def operate(post: QueryDict, raw: Json, selected: str) -> Step:
    """Do what the pressed button says (`op`). Raises NoSuchPartError for anything that is not there."""
    op, _colon, argument = post.get("op", "save").partition(":")
    if op == "add_part":
        return _add_part(argument, raw, selected)
    if op in PART_OPERATIONS:
        return _operate_part(op, argument, raw, selected)
    if op == "add":
        changed, key = editing.add_question(raw, post.get("kind", ""), selected)
        number = editing.position_of(changed, key)
        return Step(changed, key, "text-zh-hans", _("Question %(number)s was added.") % {"number": number})
    if op == "join":
        first = editing.first_of_page(raw, argument)
        return Step(editing.join_page(raw, argument), selected, f"row:{first}", _("The page break was removed."))
    operations = {"up": _move, "down": _move, "duplicate": _duplicate, "remove": _remove, "break": _break, "place": _drop}
    return operations[op](op, raw, argument or selected) if op in operations else Step(raw, selected, "save", _("Saved."))


def _add_part(name: str, raw: Json, selected: str) -> Step:
    return Step(editing.add_part(raw, selected, name), selected, f"last-{name}", _("A line was added."))


def _operate_part(op: str, argument: str, raw: Json, selected: str) -> Step:
    name, _dot, places = argument.partition(".")
    number, _dot, target = places.partition(".")
    return PART_OPERATIONS[op](raw, selected, name, _index(number), target)


def _index(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise NoSuchPartError(text)
    return int(text[:4])


def _remove_part(raw: Json, key: str, name: str, number: int, _target: str) -> Step:
    changed = editing.remove_part(raw, key, name, number)
    left = len((editing.find_question(changed, key) or {}).get(name, []))
    # The line that took the removed one's place, else the one before it, else the button that adds one.
    focus = f"{name}-{min(number, left - 1)}-remove" if left else f"add-{name}"
    return Step(changed, key, focus, _("The line was removed."))


def _raise_part(raw: Json, key: str, name: str, number: int, _target: str) -> Step:
    return Step(editing.move_part(raw, key, name, number), key, _line_focus(name, number - 1), _("The line moved up."))


def _drop_part(raw: Json, key: str, name: str, number: int, target: str) -> Step:
    after = -1 if target == "start" else _index(target)
    place = after + 1 if after < number else after
    words = {"old": number + 1, "new": place + 1}
    changed = editing.place_part(raw, key, name, number, after)
    return Step(changed, key, _line_focus(name, place), _("Line %(old)s moved to position %(new)s.") % words)


def _line_focus(name: str, place: int) -> str:
    """Return the moved line's own button, or its text where the button has nowhere to go."""
    return f"{name}-{place}-up" if place > 0 else f"{name}-0-text"


PART_OPERATIONS: Final[Mapping[str, Callable[[Json, str, str, int, str], Step]]] = {
    "remove_part": _remove_part, "move_part": _raise_part, "place_part": _drop_part,
}


def _move(op: str, raw: Json, key: str) -> Step:
    changed = editing.move_question(raw, key, -1 if op == "up" else 1)
    return _moved(raw, changed, key, op)


def _drop(_op: str, raw: Json, argument: str) -> Step:
    """Put a dragged question down: `key.after.key` or `key.first.page`."""
    key, where, anchor = [*argument.split("."), "", ""][:3]
    return _moved(raw, editing.place_question(raw, key, where, anchor), key, f"row:{key}")


def _moved(raw: Json, changed: Json, key: str, focus: str) -> Step:
    words = {"old": editing.position_of(raw, key), "new": editing.position_of(changed, key)}
    if raw == changed:
        return Step(changed, key, focus, _("Question %(new)s stayed where it was.") % words)
    if words["old"] == words["new"]:
        said = _("Question %(number)s moved to page %(page)s.")
        return Step(changed, key, focus, said % {"number": words["new"], "page": editing.page_of(changed, key)})
    return Step(changed, key, focus, _("Question %(old)s moved to position %(new)s.") % words)


def _duplicate(_op: str, raw: Json, key: str) -> Step:
    changed, copy = editing.duplicate_question(raw, key)
    return Step(changed, copy, "duplicate", _("Question %(number)s was duplicated.") % {"number": editing.position_of(raw, key)})


def _remove(_op: str, raw: Json, key: str) -> Step:
    number = editing.position_of(raw, key)
    changed = editing.remove_question(raw, key)
    said = _("Question %(number)s was removed. Undo brings it back.") % {"number": number}
    neighbour = editing.key_at(changed, number)
    return Step(changed, neighbour, f"row:{neighbour}", said)


def _break(_op: str, raw: Json, key: str) -> Step:
    return Step(editing.break_page_before(raw, key), key, f"row:{key}", _("A new page begins here."))
