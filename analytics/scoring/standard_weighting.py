"""The respondent weighting a tree's runs name as their own: what a run writes down, and how it is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from analytics.indicators.models import IndicatorTree
from analytics.scoring.models import WeightingChoice, WeightingScheme

Record = Mapping[str, Any]


def get_choice(*, tree: IndicatorTree) -> WeightingChoice | None:
    """Return the choice that stands, or None where none was ever made."""
    return WeightingChoice.objects.filter(tree=tree).select_related("scheme", "chosen_by").order_by("-id").first()


def weighting_record(tree: IndicatorTree) -> dict[str, Any] | None:
    """Return what a run writes down of the weighting chosen for its tree; None for unweighted."""
    choice = get_choice(tree=tree)
    if choice is None:
        return None
    if choice.scheme is not None:
        return record_of_scheme(choice.scheme)
    return record_of_imported() if choice.is_imported else None


def record_of_scheme(scheme: WeightingScheme) -> dict[str, Any]:
    """Return a scheme with its version and a hash of all that decides its weights."""
    trim = [scheme.trim_low, scheme.trim_high] if scheme.trim_low is not None else None
    decisive = [scheme.method, scheme.dimensions, scheme.population, trim]
    return {
        "kind": "scheme", "id": scheme.pk, "number": scheme.number, "name": scheme.name, "method": scheme.method,
        "dimensions": list(scheme.dimensions), "trim": trim,
        "hash": hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16],
    }


def record_of_imported() -> dict[str, Any]:
    """Return what is written down of the weights that came with the answers."""
    return {"kind": "imported", "id": None, "number": None, "name": "", "method": "imported", "dimensions": [],
            "trim": None, "hash": ""}


def word_of(record: Record | None) -> str:
    """Return the word by which an address names a recorded weighting; "" for none."""
    if not record:
        return ""
    return "imported" if record["kind"] == "imported" else str(record["id"])
