"""Texts under a key of a JSON field, compared as texts on every database."""

from __future__ import annotations

from django.db.models import TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast


def text_under(key: str, field: str) -> Cast:
    """The text under a key of a JSON field, NULL where there is none.

    The cast makes comparisons those of texts: on the bare transform they would be those of JSON values. A transform
    and no lookup by name, since a key may hold two underscores.
    """
    return Cast(KeyTextTransform(key, field), TextField())
