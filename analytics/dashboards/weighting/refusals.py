"""Why there are no respondent weights, with dimensions and levels called what the team calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import get_language

from analytics.dashboards.wording import level_name
from analytics.scoring.results import Dimension
from analytics.scoring.sentences import sentence
from analytics.scoring.weighting import CROSSED, JOINED, WeightingError
from surveys.design.document import text_in


def refusal_text(error: WeightingError, dimensions: Sequence[Dimension]) -> str:
    """Return the sentence for a refusal; a key that names none of the dimensions stays as it is."""
    details, language = dict(error.details), get_language() or "en"
    if "dimension" not in details:
        return sentence(error.code, details)
    known = {one.key: one for one in dimensions}
    keys = str(details["dimension"]).split(CROSSED)
    details["dimension"] = CROSSED.join(_dimension_name(key, known, language) for key in keys)
    levels = str(details.get("level", "")).split(JOINED)
    if "level" in details and len(levels) == len(keys):
        pairs = zip(keys, levels, strict=True)
        details["level"] = JOINED.join(level_name(known.get(key), level, language) for key, level in pairs)
    return sentence(error.code, details)


def _dimension_name(key: str, known: Mapping[str, Dimension], language: str) -> str:
    return (text_in(known[key].names, language) if key in known else "") or key
