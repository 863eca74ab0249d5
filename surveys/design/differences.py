"""Say in words how two documents differ."""

from __future__ import annotations

from django.utils.translation import gettext as _

from surveys.design.document import Document, Question, Text, text_in
from surveys.design.sentences import LANGUAGE_NAMES


def describe_differences(old: Document, new: Document, language: str) -> list[str]:
    """Return one sentence for each question added, removed, moved or changed, in the order of `new`."""
    before = {q.key: q for q in old.questions()}
    after = {q.key: q for q in new.questions()}
    lines = [line for name in ("title", "intro", "thanks") if (line := _greeting(name, old, new))]
    lines += [_("Added: %(text)s") % {"text": _name(q, language)} for key, q in after.items() if key not in before]
    lines += [_("Removed: %(text)s") % {"text": _name(q, language)} for key, q in before.items() if key not in after]
    for key, question in after.items():
        if key in before:
            lines += [f"{_name(question, language)}: {change}" for change in _changes(before[key], question)]
    return lines + _order(old, new)


def _greeting(name: str, old: Document, new: Document) -> str:
    words = {"title": _("The title was changed"), "intro": _("The introduction was changed"),
             "thanks": _("The thank-you text was changed")}
    return words[name] if dict(getattr(old, name)) != dict(getattr(new, name)) else ""


def _name(question: Question, language: str) -> str:
    return "“" + (text_in(question.text, language)[:80] or question.key) + "”"


def _changes(old: Question, new: Question) -> list[str]:
    lines = _wording(old.text, new.text)
    compared = [
        (old.help != new.help, _("help text changed")),
        ((old.type, old.scale) != (new.type, new.scale), _("scale or type changed: the trend line breaks here")),
        (_parts(old.rows) != _parts(new.rows), _("parts to rate changed")),
        (_parts(old.options) != _parts(new.options), _("options changed")),
        (old.score_texts != new.score_texts, _("wordings by score changed")),
        (old.show_if != new.show_if, _("rule changed")),
        (old.is_required != new.is_required, _("now required") if new.is_required else _("no longer required")),
        (old.offers_na != new.offers_na,
         _("“Does not apply” is now offered") if new.offers_na else _("“Does not apply” is no longer offered")),
        ((old.allows_several, old.max_length) != (new.allows_several, new.max_length), _("answer limits changed")),
    ]
    return lines + [words for is_changed, words in compared if is_changed]


def _wording(old: Text, new: Text) -> list[str]:
    changed = [language for language in LANGUAGE_NAMES if old.get(language, "") != new.get(language, "")]
    return [
        _("%(language)s wording changed from “%(old)s” to “%(new)s”")
        % {"language": LANGUAGE_NAMES[one], "old": old.get(one, "")[:80], "new": new.get(one, "")[:80]}
        for one in changed
    ]


def _parts(parts: tuple[object, ...]) -> list[object]:
    return list(parts)


def _order(old: Document, new: Document) -> list[str]:
    common = {q.key for q in old.questions()} & {q.key for q in new.questions()}
    before, after = ([q.key for q in one.questions() if q.key in common] for one in (old, new))
    pages = [[len(page.questions) for page in one.pages] for one in (old, new)]
    lines = [_("The order of the questions changed")] if before != after else []
    return lines + ([_("The page breaks changed")] if before == after and pages[0] != pages[1] else [])
