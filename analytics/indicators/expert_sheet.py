"""What an expert's page shows and how its fields are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.punctuation import enumerated
from analytics.indicators.panel_models import Expert, Panel
from analytics.indicators.panel_results import SheetResult, list_pairs, unlinked_groups
from surveys.design.document import text_in

PAIRS_PER_PAGE: Final = 4
FIRST, EQUAL, SECOND, OPEN = "first", "equal", "second", "open"


@dataclass(frozen=True)
class PairField:
    """One pair on a page: `side` and `strength` are what is chosen, empty for nothing."""

    name: str
    number: int
    first: str
    second: str
    side: str = ""
    strength: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Given:
    """What was posted for one page: values by pair, and problems by pair name."""

    values: dict[tuple[str, str], int | None]
    problems: dict[str, str]


def page_count(panel: Panel) -> int:
    """How many pages of pairs a panel has."""
    return -(-len(list_pairs(panel)) // PAIRS_PER_PAGE)


def page_number(text: str, panel: Panel, default: int) -> int:
    """Read a page number (from 1) as typed into an address; the page after the last is the overview."""
    number = int(text) - 1 if text.isdecimal() and len(text) < 4 else default
    return max(0, min(number, page_count(panel)))


def pair_number(move: str, panel: Panel) -> int | None:
    """Read `go:7`, the wish to go to pair number 7 (from 0) of a panel; None for anything else."""
    text = move.removeprefix("go:")
    is_number = text != move and text.isascii() and text.isdecimal() and len(text) < 4
    return int(text) if is_number and int(text) < len(list_pairs(panel)) else None


def fields_of(
    expert: Expert, page: int, language: str, posted: QueryDict | None = None, problems: Mapping[str, str] | None = None
) -> list[PairField]:
    """Return the pairs of a page with what was typed, else with what is saved."""
    panel, names = expert.panel, names_of(expert.panel, language)
    found = []
    for number, pair in enumerate(list_pairs(panel)):
        if number // PAIRS_PER_PAGE != page:
            continue
        name = "|".join(pair)
        side, strength = _saved(expert, name)
        if posted is not None:
            side, strength = posted.get(f"side-{number}", ""), posted.get(f"strength-{number}", "")
        found.append(PairField(
            name, number, names[pair[0]], names[pair[1]], side, strength, (problems or {}).get(name, "")
        ))
    return found


def read_page(panel: Panel, page: int, posted: QueryDict) -> Given:
    """Read the pairs of a page; a side without a strength is a problem, nothing chosen leaves it open."""
    values: dict[tuple[str, str], int | None] = {}
    problems: dict[str, str] = {}
    for number, pair in enumerate(list_pairs(panel)):
        if number // PAIRS_PER_PAGE != page:
            continue
        side, strength = posted.get(f"side-{number}", ""), posted.get(f"strength-{number}", "")
        if side == EQUAL:
            values[pair] = 1
        elif side in (FIRST, SECOND) and strength in STRENGTHS:
            values[pair] = int(strength) if side == FIRST else -int(strength)
        elif side in (FIRST, SECOND):
            problems["|".join(pair)] = _("Choose how much more it matters, 2 to 9.")
        else:
            values[pair] = None
    return Given(values, problems)


STRONGEST: Final = 9.05
"""What other judgements imply may lie beyond the scale; no expert can say more than 9."""
STRENGTHS: Final = tuple(str(number) for number in range(2, 10))


def strength_words() -> list[tuple[str, str]]:
    """The scale above 1 with its words: Saaty's five anchors, of which 1 is "Both alike", and what lies between two."""
    return list(zip(STRENGTHS, (
        _("between equally and moderately"), _("moderately"), _("between moderately and strongly"), _("strongly"),
        _("between strongly and very strongly"), _("very strongly"), _("between very strongly and extremely"),
        _("extremely"),
    ), strict=True))


def named_strengths() -> list[tuple[str, str]]:
    """Those points of the scale that have a word of their own: 3, 5, 7 and 9."""
    return strength_words()[1::2]


def names_of(panel: Panel, language: str) -> dict[str, str]:
    """Names of the elements by key."""
    return {one["key"]: text_in(one["names"], language) or one["key"] for one in panel.elements}


def judgement_text(panel: Panel, first: str, second: str, times: float, language: str) -> str:
    """Say a judgement as a sentence: times >= 1 where the first matters more."""
    names = names_of(panel, language)
    if times < 1:
        first, second, times = second, first, 1 / times
    if round(times, 1) == 1:
        return _("“%(one)s” and “%(two)s” matter alike") % {"one": names[first], "two": names[second]}
    if times > STRONGEST:
        return _("“%(one)s” matters more than 9 times as much as “%(two)s”") % {"one": names[first], "two": names[second]}
    shown = f"{times:.1f}".removesuffix(".0")
    return _("“%(one)s” matters %(times)s times as much as “%(two)s”") % {
        "one": names[first], "two": names[second], "times": shown,
    }


def pointer(expert: Expert, result: SheetResult, language: str) -> dict[str, Any] | None:
    """Name the judgement that disturbs most, what the others imply instead, and where it stands."""
    found = result.disturbing
    if found is None or result.is_consistent:
        return None
    panel = expert.panel
    first, second = panel.keys[found.row], panel.keys[found.column]
    return {
        "said": judgement_text(panel, first, second, found.judgement, language),
        "implied": judgement_text(panel, first, second, found.implied, language),
        "ratio": found.ratio_without,
        "anchor": list_pairs(panel).index((first, second)),
    }


def missing_link(expert: Expert, language: str) -> dict[str, Any] | None:
    """Name the groups of a sheet that no judgement joins, and the first pair that would join two of them."""
    panel, groups = expert.panel, unlinked_groups(expert.panel, expert.judgements)
    if len(groups) < 2:
        return None
    names = names_of(panel, language)
    group_of = {key: number for number, group in enumerate(groups) for key in group}
    pairs = list_pairs(panel)
    number, (first, second) = next(
        (number, pair) for number, pair in enumerate(pairs) if group_of[pair[0]] != group_of[pair[1]]
    )
    return {
        "groups": [enumerated([names[key] for key in group]) for group in groups], "anchor": number,
        "first": names[first], "second": names[second],
    }


def _saved(expert: Expert, name: str) -> tuple[str, str]:
    value = expert.judgements.get(name)
    if value is None:
        return (OPEN, "") if expert.saved_at and expert.submitted_at else ("", "")
    if value == 1:
        return EQUAL, ""
    return (FIRST, str(value)) if value > 0 else (SECOND, str(-value))
