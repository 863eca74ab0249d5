"""Marks between parts of a text, which differ between languages: lists, labels and remarks in brackets."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def enumerated(words: Iterable[object]) -> str:
    """Write a, b, c."""
    return pgettext("between the parts of a list", ", ").join(str(word) for word in words)


def labelled(label: object, text: object) -> str:
    """Write what a text is about before it: label, colon, text."""
    return _("%(label)s: %(text)s") % {"label": label, "text": text}


def bracketed(text: object) -> str:
    """Write a remark in brackets, with the space that stands before it."""
    return pgettext("a remark after a word", " (%(text)s)") % {"text": text}
