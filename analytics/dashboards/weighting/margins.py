"""The fields of a population as the page shows them: people by level, the sample beside them, sums, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.dashboards.selection import Selection
from analytics.dashboards.weighting.form import field_name, people_of
from analytics.scoring.models import WeightingMethod, WeightingScheme
from analytics.scoring.results import Dimension
from analytics.scoring.sources import RunTooOldError
from analytics.scoring.weighting import CROSSED, UNKNOWN, PopulationPlan, WeightingError, count_cells
from surveys.design.document import text_in

Counts = Mapping[str, Mapping[str, int]]
"""Respondents of a period by dimension and level."""
WHOLE: Final = 100
NEARLY: Final = range(WHOLE - 10, WHOLE + 11)
"""A sum between these is meant as 100 percent; what misses it is told and not refused."""
EXACT: Final = 6
"""Digits to which sums are compared: decimal fractions do not add up exactly."""


@dataclass(frozen=True, slots=True)
class LevelField:
    """The field of one level; `share` is what part of the sample has it, `problem` why its number is refused."""

    name: str
    field: str
    id: str
    value: str
    share: str
    problem: str


@dataclass(frozen=True, slots=True)
class MarginFields:
    """The fields of a dimension; `total` says what they add up to, and `is_odd` that it is not what it should be."""

    name: str
    levels: tuple[LevelField, ...]
    total: str
    is_odd: bool


def count_sample(selection: Selection) -> Counts:
    """Count the respondents of the selection's period by level; nothing where that may not be known or is not kept."""
    if selection.reading.rules.k or selection.scope:
        return {}
    try:
        return {one.key: _counted(selection, one) for one in selection.known.dimensions}
    except RunTooOldError:
        return {}


def margin_fields(
    selection: Selection, typed: Mapping[str, str], *, counts: Counts, problems: Mapping[str, str], language: str
) -> list[MarginFields]:
    """Return the fields of every dimension that has levels."""
    dimensions = [one for one in selection.known.dimensions if any(one.levels)]
    sums = sums_of(typed, dimensions)
    found = []
    for one in dimensions:
        shares = _shares(counts.get(one.key, {}), selection.reading.rules.show_from)
        levels = tuple(
            LevelField(
                name=wording.level_name(one, level, language), field=field_name(one.key, level), id=level_id(one, level),
                value=typed.get(field_name(one.key, level), ""), share=shares.get(level, ""),
                problem=problems.get(field_name(one.key, level), ""),
            )
            for level in one.levels if level
        )
        total = sum_text(one.key, sums)
        found.append(MarginFields(text_in(one.names, language) or one.key, levels, total, is_odd(one.key, sums)))
    return found


def level_id(dimension: Dimension, level: str) -> str:
    """The id of the field of a level."""
    return f"id-{dimension.key}-{dimension.levels.index(level)}"


def sums_of(typed: Mapping[str, str], dimensions: Iterable[Dimension]) -> dict[str, float]:
    """Add up what is typed in for each dimension; one with nothing, or with what is no number, has no sum."""
    found = {}
    for one in dimensions:
        texts = [text for level in one.levels if level and (text := typed.get(field_name(one.key, level), "").strip())]
        try:
            numbers = [people_of(text) for text in texts]
        except WeightingError:
            continue
        if numbers:
            found[one.key] = round(sum(numbers), EXACT)
    return found


def sum_text(key: str, sums: Mapping[str, float]) -> str:
    """Say what a dimension adds up to, and what it should add up to where it does not; empty without a sum."""
    if key not in sums:
        return ""
    words = {"sum": amount(sums[key]), "others": " / ".join(amount(one) for one in _others(key, sums))}
    if _others(key, sums):
        return _("Sum %(sum)s, other dimensions %(others)s") % words
    if is_odd(key, sums):
        return _("Sum %(sum)s. If these are percentages, they should add up to 100.") % words
    return _("Sum %(sum)s") % words


def is_odd(key: str, sums: Mapping[str, float]) -> bool:
    """Tell whether a sum is not that of the other dimensions, or nearly but not quite 100 percent."""
    if key not in sums:
        return False
    return bool(_others(key, sums)) or (NEARLY[0] <= sums[key] <= NEARLY[-1] and sums[key] != WHOLE)


def odd_sums(plan: PopulationPlan, dimensions: Sequence[Dimension], language: str) -> list[str]:
    """Say of each dimension of a plan whose sum is odd what it is, by name."""
    sums = {
        key: round(sum(people for cell, people in plan.population if cell[place]), EXACT)
        for place, key in enumerate(plan.dimensions)
    }
    names = {one.key: text_in(one.names, language) for one in dimensions}
    return [
        _("%(label)s: %(text)s") % {"label": names.get(key) or key, "text": sum_text(key, sums)}
        for key in sums if is_odd(key, sums)
    ]


def kept_margins(
    scheme: WeightingScheme, dimensions: Sequence[Dimension], language: str
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the population of a kept weighting: by dimension, or by combination of them, (level, people)."""
    known = {one.key: one for one in dimensions}
    names = [(text_in(known[key].names, language) if key in known else "") or key for key in scheme.dimensions]
    groups: dict[str, list[tuple[str, str]]] = {}
    for cell, people in scheme.population:
        filled = [
            (name, wording.level_name(known.get(key), level, language))
            for key, name, level in zip(scheme.dimensions, names, cell, strict=True) if level
        ]
        head = CROSSED.join(names if scheme.method == WeightingMethod.CELLS else [name for name, _level in filled])
        groups.setdefault(head, []).append((" · ".join(level for _name, level in filled), amount(float(people))))
    return list(groups.items())


def amount(value: float) -> str:
    """Write a number of people or a percentage: 1,500, 12.5 or 99."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def _others(key: str, sums: Mapping[str, float]) -> list[float]:
    return sorted({one for other, one in sums.items() if other != key} - {sums[key]})


def _counted(selection: Selection, dimension: Dimension) -> dict[str, int]:
    counted = count_cells(selection.run, (dimension.key,), selection.period)
    return {cell[0]: n for cell, n in counted.items() if cell[0] != UNKNOWN}


def _shares(counts: Mapping[str, int], show_from: int) -> dict[str, str]:
    """Write what part of those with a known level each level is; of too few nothing is said."""
    whole = sum(counts.values())
    if whole < show_from:
        return {}
    return {
        level: _("sample %(share)s%%") % {"share": wording.number(100 * n / whole)} for level, n in counts.items()
    }
