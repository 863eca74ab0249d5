"""Sentences of the answer pages that depend on the question."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from surveys.design.document import Question, text_in


def problem_sentence(question: Question, key: str, code: str, language: str, *, with_name: bool = False) -> str:
    """Say what is wrong and what to do; `with_name` names the question, for the summary."""
    name = _name_of(question, key, language)
    if code == "too_long":
        return _("Shorten your text to at most %(most)d characters") % {"most": question.max_length}
    if question.scale is not None:
        return _score_sentence(question, name, with_name=with_name)
    if question.type == "text":
        return _("Write an answer to “%(name)s”") % {"name": name} if with_name else _("Write an answer")
    if question.type == "consent":
        return _("Tick the box to agree")
    return _("Choose an answer to “%(name)s”") % {"name": name} if with_name else _("Choose an answer")


def _score_sentence(question: Question, name: str, *, with_name: bool) -> str:
    assert question.scale is not None
    values = {"name": name, "low": question.scale.low, "high": question.scale.high}
    if with_name and question.offers_na:
        return _("Choose a number from %(low)d to %(high)d for “%(name)s”, or “Does not apply”") % values
    if with_name:
        return _("Choose a number from %(low)d to %(high)d for “%(name)s”") % values
    if question.offers_na:
        return _("Choose a number from %(low)d to %(high)d, or “Does not apply”") % values
    return _("Choose a number from %(low)d to %(high)d") % values


def _name_of(question: Question, key: str, language: str) -> str:
    row = next((row for row in question.rows if row.key == key), None)
    return text_in(row.text if row else question.text, language)


def summary_title(count: int, *, is_prefix: bool = False) -> str:
    """Return the heading of the error summary, or the prefix of the page's title."""
    if is_prefix:
        return _("Error: ")
    return ngettext("There is %(count)d problem", "There are %(count)d problems", count) % {"count": count}
