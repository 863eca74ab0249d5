"""Where a number comes from, and why two runs differ: read from the run itself, never from the tree as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from analytics.scoring.definition import Definition
from analytics.scoring.models import Run
from analytics.scoring.reading import NOTHING, Reading
from analytics.scoring.results import NodeResult, Period, PeriodResult
from analytics.scoring.sources import Filter

LISTED: Final = ", "
"""Stands between the parts of a value that is a list; no key holds it."""
TOP: Final = "/"
"""Stands for the parent of the topmost indicator; no key holds it."""


class UnknownNodeError(LookupError):
    """The run has no indicator of this key."""


@dataclass(frozen=True, slots=True)
class ValueOrigin:
    """A value with what it is made of. `children` are its parts with weights and values, empty for a leaf.

    `left_out` counts respondents of the period who do not count at this indicator, because what they
    answered carries too little of its weight; None where the group may not be told of.
    """

    period: Period
    node: NodeResult
    children: tuple[NodeResult, ...]
    result: PeriodResult
    left_out: int | None
    coverage: int
    score_vector: str


class Because(StrEnum):
    """Why two runs differ."""

    DATA = "data"
    WEIGHTS = "weights"
    WEIGHTING = "weighting"
    DEFINITION = "definition"
    SERIES = "series"
    """A series of its own with the same weights, such as one that other rules began."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that differs: its code for a sentence, what it was, and what it is.

    Both are numbers, keys or, divided by `LISTED`, lists of them; a weight set is its number. Of an indicator, question
    or weight the code ends with its key; what was not there, or is there no more, is "".
    """

    because: Because
    code: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs of a tree, the earlier one first; without reasons they have the same digits."""

    earlier: Run
    later: Run
    reasons: tuple[Reason, ...]

    @property
    def causes(self) -> frozenset[Because]:
        """The kinds of reasons there are."""
        return frozenset(reason.because for reason in self.reasons)


def describe_value(
    run: Run, *, node: str, period: Period, filters: Filter = NOTHING, scope: Filter = NOTHING, at: datetime
) -> ValueOrigin:
    """Return where the value of an indicator comes from.

    Raises UnknownNodeError, and RunTooOldError under a filter when the columns are gone.
    """
    reading = Reading(run, filters=filters, scope=scope, at=at)
    definition = reading.definition
    if node not in definition.children:
        raise UnknownNodeError(node)
    result = reading.period(period)
    found = result.node(node)
    assert found is not None
    left_out = result.responses - found.index.n if found.index.n and not result.is_withheld else None
    if left_out and left_out < reading.rules.k:
        left_out = None
    return ValueOrigin(
        period=period, node=found, children=tuple(one for one in result.nodes if one.parent == node), result=result,
        left_out=left_out, coverage=definition.coverage, score_vector=definition.score_vector,
    )


def compare_runs(one: Run, other: Run, *, tells_answers: bool = True) -> RunComparison:
    """Return what differs between two runs of a tree, whatever their order.

    To a reader who may not know which answers a run covers it is only said that they are others.
    """
    earlier, later = sorted((one, other), key=lambda run: run.pk)
    before, after = Definition.from_json(earlier.definition), Definition.from_json(later.definition)
    data = _data(earlier, later)
    if data and not tells_answers:
        data = [Reason(Because.DATA, "answers", "", "")]
    # A tree that was built otherwise comes before the weights, which follow from it.
    reasons = [*data, *_definition(earlier, later, before, after), *_weights(earlier, later, before, after),
               *_weighting(earlier, later)]
    return RunComparison(earlier, later, tuple(reasons))


def _data(earlier: Run, later: Run) -> list[Reason]:
    pairs = [
        ("responses", f"{earlier.responses:,}", f"{later.responses:,}"),
        ("fingerprint", earlier.fingerprint, later.fingerprint),
        ("versions", _counts(earlier.provenance.get("versions", {})), _counts(later.provenance.get("versions", {}))),
    ]
    return [Reason(Because.DATA, code, one, other) for code, one, other in pairs if one != other]


def _weights(earlier: Run, later: Run, before: Definition, after: Definition) -> list[Reason]:
    old, new = ({node.key: node.weight for node in one.nodes} for one in (before, after))
    moved = [key for key in old if key in new and abs(old[key] - new[key]) > 1e-12]
    reasons = [
        Reason(Because.WEIGHTS, f"weight:{key}", f"{100 * old[key]:.1f}%", f"{100 * new[key]:.1f}%") for key in moved
    ]
    if earlier.weight_set_id != later.weight_set_id:
        numbers = [str(run.weight_set.number) for run in (earlier, later)]
        is_other = moved or old.keys() != new.keys()
        because, code = (Because.WEIGHTS, "weight_set") if is_other else (Because.SERIES, "series")
        reasons.insert(0, Reason(because, code, *numbers))
    return reasons


def _weighting(earlier: Run, later: Run) -> list[Reason]:
    """The respondent weighting each run wrote down; a version never changes, so its name and number say all."""
    one, other = (run.provenance.get("weighting") for run in (earlier, later))
    if one == other:
        return []
    return [Reason(Because.WEIGHTING, "weighting", name_of_weighting(one), name_of_weighting(other))]


def name_of_weighting(record: Mapping[str, Any] | None) -> str:
    """Name a recorded weighting: its name and number, `imported`, or "" for none."""
    if not record:
        return ""
    return f"{record['name']} · {record['number']}" if record["kind"] == "scheme" else str(record["kind"])


def _definition(earlier: Run, later: Run, before: Definition, after: Definition) -> list[Reason]:
    pairs: list[tuple[str, Any, Any]] = [
        ("score_vector", before.score_vector, after.score_vector),
        ("coverage", f"{before.coverage}%", f"{after.coverage}%"), ("time_zone", before.time_zone, after.time_zone),
        ("dimensions", _list(before.dimensions), _list(after.dimensions)),
        ("methods", _counts(earlier.definition.get("methods", {})), _counts(later.definition.get("methods", {}))),
    ]
    found = [Reason(Because.DEFINITION, code, *_only_new(one, other)) for code, one, other in pairs if one != other]
    return [*_places(before, after), *_questions(before, after), *found]


def _places(before: Definition, after: Definition) -> list[Reason]:
    """Which indicators were added, removed or moved under another one: `node:` with the parents; their order alone."""
    old, new = ({node.key: node.parent or TOP for node in one.nodes} for one in (before, after))
    moved = [
        Reason(Because.DEFINITION, f"node:{key}", old.get(key, ""), new.get(key, ""))
        for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)
    ]
    if moved or list(old) == list(new):
        return moved
    return [Reason(Because.DEFINITION, "order", _list(old), _list(new))]


def _questions(before: Definition, after: Definition) -> list[Reason]:
    """Which questions feed something else than before (`source:`), or are read on other scales (`scale:`)."""
    reasons = []
    old, new = (_uses(one) for one in (before, after))
    for name in dict.fromkeys([*old, *new]):
        (fed, scales), (feeds, read) = old.get(name, ("", "")), new.get(name, ("", ""))
        if fed != feeds:
            reasons.append(Reason(Because.DEFINITION, f"source:{name}", fed, feeds))
        elif scales != read:
            reasons.append(Reason(Because.DEFINITION, f"scale:{name}", scales, read))
    return reasons


def _uses(definition: Definition) -> dict[str, tuple[str, str]]:
    """What every question, by questionnaire and key, feeds and on which scales."""
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for one in definition.sources:
        feeds, scales = found.setdefault(f"{one.questionnaire}/{one.key}", ({}, {}))
        feeds[one.node or one.role] = None
        scales[f"{one.low}–{one.high}"] = None
    return {name: (_list(sorted(feeds)), _list(sorted(scales))) for name, (feeds, scales) in found.items()}


def _only_new(one: str, other: str) -> tuple[str, str]:
    """Of two lists, what the other does not have."""
    left, right = one.split(LISTED), other.split(LISTED)
    return _list(part for part in left if part not in right), _list(part for part in right if part not in left)


def _list(parts: Any) -> str:
    return LISTED.join(parts)


def _counts(counts: Mapping[str, Any]) -> str:
    return LISTED.join(f"{key}: {value}" for key, value in sorted(counts.items()))
