"""The population as it is typed in or imported: from a form and a CSV file to a plan, with named reasons."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from analytics.dashboards.weighting.refusals import refusal_text
from analytics.scoring.models import WeightingMethod
from analytics.scoring.results import Dimension
from analytics.scoring.sentences import sentence
from analytics.scoring.weighting import CROSSED, JOINED, Cell, PopulationPlan, WeightingError, check_plan

LARGEST_FILE: Final = 512 * 1024
PEOPLE: Final = "people"
TABLE: Final = "table"
"""The field that carries the cells of a previewed file on to the save."""
POPULATION: Final = "population"
"""The column of a file that holds people."""
NAMED_BY_FILE: Final = ("bad_table", "file_too_large", "not_a_number", "margin_totals")
"""Refusals that name no dimension and yet speak of a file's content."""
PLAIN: Final = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d{1,3})?", re.IGNORECASE)
GROUPED: Final = tuple(re.compile(rf"[+-]?\d{{1,3}}({mark}\d{{3}})+(\.\d*)?") for mark in ", ")
"""Numbers with a comma, or a space, between groups of three digits."""
ALIKE: Final = str.maketrans({"，": ",", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "．": ".", "−": "-", "％": "%"})
"""What spreadsheets and Chinese keyboards write for comma, space, point and minus."""


class WeightingForm(forms.Form):
    """Name, method, limits and an optional file; the people per level are further fields of the form."""

    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=120)
    method = forms.ChoiceField(
        label=_("Method"), choices=WeightingMethod.choices, initial=WeightingMethod.RAKE,
        help_text=_("Raking meets each dimension’s totals; post-stratification needs the total of every combination."),
    )
    trim_low = forms.FloatField(
        label=_("Lowest weight"), required=False,
        help_text=_("As a multiple of the mean weight, for example 0.3. Leave both empty for no limits."),
    )
    trim_high = forms.FloatField(
        label=_("Highest weight"), required=False, help_text=_("As a multiple of the mean weight, for example 3.")
    )
    file = forms.FileField(
        label=_("Population as a CSV file"), required=False,
        help_text=_(
            "Raking: columns dimension, level, population. Post-stratification: one column per dimension and"
            " population. A file takes the place of what is typed in below."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.level_errors: dict[str, str] = {}
        """What is wrong with the people of single levels, by the name of their field."""

    @property
    def is_typed(self) -> bool:
        """Whether the population stands in the fields of the levels, not in a file or a previewed table."""
        return self.is_bound and not self.files and not self._has_table

    @property
    def _has_table(self) -> bool:
        return bool(self.data.get(TABLE)) and self.data.get("method") == WeightingMethod.CELLS

    def check_levels(self, dimensions: Sequence[Dimension], counts: Mapping[str, Mapping[str, int]]) -> None:
        """Note each level that is no number, and each left empty although `counts` has respondents there."""
        for one in dimensions if self.is_typed else ():
            typed = typed_in(self.data, one)
            for level in one.levels if typed else ():
                problem = _level_problem(typed.get(level, ""), counts.get(one.key, {}).get(level, 0)) if level else ""
                if problem:
                    self.level_errors[field_name(one.key, level)] = problem

    def plan(self, dimensions: Sequence[Dimension]) -> PopulationPlan:
        """Return the plan the form describes.

        Raises WeightingError with the reason where it describes none.
        """
        given: UploadedFile[bytes] | None = self.cleaned_data["file"]
        method = self.cleaned_data["method"]
        if given is not None:
            used, population = read_file(given, method, dimensions)
        elif self._has_table:
            used, population = read_table(self.data[TABLE], method, dimensions)
        else:
            used, population = read_fields(self.data, method, dimensions)
        plan = PopulationPlan(method, used, population, _trim(self.cleaned_data["trim_low"], self.cleaned_data["trim_high"]))
        check_plan(plan)
        return plan

    def show(self, error: WeightingError, dimensions: Sequence[Dimension]) -> None:
        """Put the reason for which there is no weighting where it can be mended, else on the whole form."""
        text = refusal_text(error, dimensions)
        level = _field_of(error, dimensions) if self.is_typed else ""
        if level:
            self.level_errors[level] = text
        else:
            self.add_error(self._place_of(error), text)

    def _place_of(self, error: WeightingError) -> str | None:
        if error.code == "trim_around_one":
            return "trim_low"
        is_about_people = error.code in NAMED_BY_FILE or "dimension" in error.details
        return "file" if error.code == "cells_need_a_file" or (self.files and is_about_people) else None

    def ask_for_file_again(self) -> None:
        """Say that a file which led nowhere has to be chosen anew: no browser sends it twice by itself."""
        if self.errors and self.files:
            self.add_error("file", _("Choose the file again: the browser does not keep it."))


def field_name(dimension: str, level: str) -> str:
    """The name of the input that takes a level's people."""
    return f"{PEOPLE}:{dimension}:{level}"


def typed_in(data: Mapping[str, str], dimension: Dimension) -> dict[str, str]:
    """What is typed in for the levels of a dimension; a level without anything is left out."""
    found = {level: data.get(field_name(dimension.key, level), "").strip() for level in dimension.levels if level}
    return {level: text for level, text in found.items() if text}


def read_fields(
    data: Mapping[str, str], method: str, dimensions: Sequence[Dimension]
) -> tuple[tuple[str, ...], tuple[tuple[Cell, float], ...]]:
    """Read what is typed in; a dimension with nothing filled in is not used."""
    typed = {one.key: typed_in(data, one) for one in dimensions}
    used = [key for key, levels in typed.items() if levels]
    if method == WeightingMethod.CELLS and len(used) > 1:
        raise WeightingError("cells_need_a_file")
    entries = [(key, level, text) for key in used for level, text in typed[key].items()]
    return tuple(used), _margins(used, entries)


def read_file(
    given: UploadedFile[bytes], method: str, dimensions: Sequence[Dimension]
) -> tuple[tuple[str, ...], tuple[tuple[Cell, float], ...]]:
    """Read a CSV file in UTF-8 or GB18030.

    Raises WeightingError where it is not such a table or names what the team does not have.
    """
    if (given.size or 0) > LARGEST_FILE:
        raise WeightingError("file_too_large")
    return read_table(_text(given.read()), method, dimensions)


def write_table(plan: PopulationPlan) -> str:
    """Write a post-stratification over several dimensions as the table that makes it; "" for any other plan."""
    if plan.method != WeightingMethod.CELLS or len(plan.dimensions) < 2:
        return ""
    written = io.StringIO()
    csv.writer(written).writerows([(*plan.dimensions, POPULATION), *((*cell, people) for cell, people in plan.population)])
    return written.getvalue()


def read_table(
    text: str, method: str, dimensions: Sequence[Dimension]
) -> tuple[tuple[str, ...], tuple[tuple[Cell, float], ...]]:
    """Read the text of a CSV file; raises WeightingError as `read_file` does.

    Dimensions and levels go by their keys or by the names that pages show, in any language; columns are divided by
    commas, semicolons or tabs.
    """
    if len(text) > LARGEST_FILE:
        raise WeightingError("file_too_large")
    if "\0" in text:
        raise WeightingError("bad_table")
    head = next(iter(text.splitlines()), "")
    try:
        # The end of a line is the reader's to find: old spreadsheets end it with a return alone.
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count)))
    except csv.Error as error:
        raise WeightingError("bad_table") from error
    # More cells than columns: a comma within a number, which would be read as less than it says.
    if any(None in row for row in rows):
        raise WeightingError("bad_table")
    keys = _keys_by_name((one.key, one.names) for one in dimensions)
    levels = {
        one.key: _keys_by_name((level, one.level_names.get(level, {})) for level in one.levels if level) for one in dimensions
    }
    columns = [name for name in (rows[0] if rows else {}) if name]
    if method == WeightingMethod.RAKE:
        if not {"dimension", "level", POPULATION} <= set(columns):
            raise WeightingError("bad_table")
        entries = []
        for row in rows:
            dimension = _key_of(_cell(row, "dimension"), keys)
            entries.append((dimension, _level_of(_cell(row, "level"), dimension, levels), _cell(row, POPULATION)))
        used = list(dict.fromkeys(dimension for dimension, _, _ in entries))
        return tuple(used), _margins(used, entries)
    used = [name for name in columns if name != POPULATION]
    if POPULATION not in columns or not used:
        raise WeightingError("bad_table")
    found = {name: _key_of(name, keys) for name in used}
    told = [
        {POPULATION: row.get(POPULATION), **{key: _level_of(_cell(row, name), key, levels) for name, key in found.items()}}
        for row in rows
    ]
    return tuple(found.values()), _cells(tuple(found.values()), told)


def _margins(used: Sequence[str], entries: Iterable[tuple[str, str, str]]) -> tuple[tuple[Cell, float], ...]:
    found: dict[Cell, float] = {}
    for dimension, level, text in entries:
        cell = tuple(level if key == dimension else "" for key in used)
        if cell in found:
            raise WeightingError("level_twice", dimension=dimension, level=level)
        found[cell] = people_of(text)
    return tuple(found.items())


def _cells(used: Sequence[str], rows: Iterable[Mapping[str, str | None]]) -> tuple[tuple[Cell, float], ...]:
    found: dict[Cell, float] = {}
    for row in rows:
        cell = tuple(_cell(row, name) for name in used)
        if cell in found:
            raise WeightingError("level_twice", dimension=CROSSED.join(used), level=JOINED.join(cell))
        found[cell] = people_of(_cell(row, POPULATION))
    return tuple(found.items())


def _keys_by_name(named: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """Return the key of each spelling; a name that two share means neither, and a key always itself."""
    told = [(name, key) for key, names in named for name in {key, *names.values()}]
    times = Counter(name for name, _key in told)
    return {name: key for name, key in told if times[name] == 1 or name == key}


def _key_of(name: str, keys: Mapping[str, str]) -> str:
    if name not in keys:
        raise WeightingError("unknown_dimension", dimension=name)
    return keys[name]


def _level_of(name: str, dimension: str, levels: Mapping[str, Mapping[str, str]]) -> str:
    if name not in levels[dimension]:
        raise WeightingError("unknown_level", dimension=dimension, level=name)
    return levels[dimension][name]


def _cell(row: Mapping[str, str | None], name: str) -> str:
    return (row.get(name) or "").strip()


def people_of(text: str) -> float:
    """Read a number of people, or a percentage. Commas and spaces divide thousands and nothing else: of `1,5` nobody
    knows what is meant. Raises WeightingError for what is no number."""
    written = text.translate(ALIKE).removesuffix("%").rstrip()
    is_grouped = any(pattern.fullmatch(written) for pattern in GROUPED)
    if not is_grouped and not PLAIN.fullmatch(written):
        raise WeightingError("not_a_number", text=text)
    people = float(written.replace(",", "").replace(" ", ""))
    if not math.isfinite(people):
        raise WeightingError("not_a_number", text=text)
    return people


def _level_problem(text: str, respondents: int) -> str:
    """Say that a level is no number, or left empty although somebody of it has answered; else nothing."""
    if not text:
        return _left_empty(respondents) if respondents else ""
    try:
        people_of(text)
    except WeightingError as error:
        return sentence(error.code, error.details)
    return ""


def _left_empty(respondents: int) -> str:
    return ngettext(
        "Enter how many people this level has: %(n)s respondent is of it.",
        "Enter how many people this level has: %(n)s respondents are of it.", respondents,
    ) % {"n": f"{respondents:,}"}


def _field_of(error: WeightingError, dimensions: Sequence[Dimension]) -> str:
    """The field of the level that a refusal names; of a dimension alone its first level's, of neither none."""
    levels = {one.key: [level for level in one.levels if level] for one in dimensions}.get(error.details.get("dimension", ""))
    if not levels:
        return ""
    level = error.details.get("level", levels[0])
    return field_name(error.details["dimension"], level) if level in levels else ""


def _trim(low: float | None, high: float | None) -> tuple[float, float] | None:
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise WeightingError("trim_around_one")
    return low, high


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WeightingError("bad_table")
