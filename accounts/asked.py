"""What an address may ask for: what it holds that means nothing is refused and never left out silently."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

Problems = dict[str, list[str]]
"""Sentences by the key of the address."""
PAGES = ("page", "page_size")
"""What every list knows."""
FORMAT = "format"
"""Chooses the renderer of every reply of the API."""


def find_unknown(query: QueryDict, *, known: Collection[str], repeatable: Collection[str] = ()) -> Problems:
    """Return what is wrong with the keys of an address: those nobody knows, and those written twice that count once."""
    problems: Problems = {}
    for key in query:
        if key not in known and key not in repeatable:
            problems[key] = [_unknown({*known, *repeatable} - {FORMAT})]
        elif key not in repeatable and len(query.getlist(key)) > 1:
            problems[key] = [_("This can be given only once.")]
    return problems


def refuse_unknown(query: QueryDict, *, known: Collection[str], repeatable: Collection[str] = ()) -> None:
    """Raise ValidationError where an address of the API holds a key that means nothing."""
    refuse(find_unknown(query, known=(*known, FORMAT), repeatable=repeatable))


def refuse_unread(body: Any, *, known: Collection[str]) -> None:
    """Raise ValidationError where a body names what nobody reads: it would be left out silently."""
    if isinstance(body, Mapping):
        refuse({str(name): [_unknown(known)] for name in body if name not in known})


def _unknown(known: Collection[str]) -> str:
    if not known:
        return _("Nothing can be asked for here.")
    return _("Nothing can be asked for by this name here. Known are: %(known)s.") % {"known": ", ".join(sorted(known))}


def refuse_beside(query: QueryDict, key: str, *others: str) -> None:
    """Raise ValidationError for `others` that stand beside a key with which they mean nothing."""
    refuse({
        other: [_("This cannot be asked for together with “%(key)s”.") % {"key": key}]
        for other in others if key in query and other in query
    })


def refuse(problems: Problems) -> None:
    """Raise ValidationError where there are problems."""
    if problems:
        raise ValidationError(problems)
