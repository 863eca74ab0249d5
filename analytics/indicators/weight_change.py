"""What other weights would change, before anybody chooses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.indicators.comparison_view import (
    NOW_WIDTH,
    THEN_WIDTH,
    CandidateView,
    CellView,
    ComparisonView,
    RowView,
    mark,
)
from analytics.indicators.selectors import Branch
from analytics.methods.ranking import ranks
from surveys.design.document import text_in

SAME: Final = 0.0005
"""Weights nearer than this print as the same tenth of a percent."""


@dataclass(frozen=True)
class Track:
    """Where the marks and the range of a row begin, in percent of the drawn width."""

    before: float
    after: float
    low: float | None
    width: float | None


@dataclass(frozen=True)
class ChangeRow:
    """One indicator: its weight among its siblings now and then, the range, and how many places it moves up.

    `is_clear` says whether the weight now lies outside the range; None without a range.
    """

    name: str
    depth: int
    before: float
    after: float
    moved: int
    low: float | None = None
    high: float | None = None
    track: Track | None = None

    @property
    def difference(self) -> float:
        """Then less now, as a share."""
        return self.after - self.before

    @property
    def is_clear(self) -> bool | None:
        """Whether the weight in force lies outside the range."""
        if self.low is None or self.high is None:
            return None
        return not self.low <= self.before <= self.high


@dataclass(frozen=True)
class Change:
    """What one candidate would change."""

    code: str
    candidate: CandidateView
    rows: tuple[ChangeRow, ...]
    finding: str
    axis: float

    @property
    def has_ranges(self) -> bool:
        """Whether the weights come with ranges."""
        return any(row.low is not None for row in self.rows)


def change_to(comparison: ComparisonView, code: str) -> Change | None:
    """Return what a candidate would change; of an unknown one, the first that would change anything."""
    others = [one for one in comparison.accepted if not one.is_in_force]
    if not others:
        return None
    by_code = {one.code: one for one in others}
    candidate = by_code.get(code) or next((one for one in others if _differs(comparison, one.code)), others[0])
    axis = _axis(comparison.weighted, candidate.code)
    rows = tuple(_row(row, candidate.code, axis) for row in comparison.weighted)
    return Change(candidate.code, candidate, rows, _finding(comparison, candidate, rows), axis)


def index_question(comparison: ComparisonView, weights: Mapping[str, float] | None) -> str:
    """Say what choosing some weights does to the index; in numbers where the comparison has them."""
    if not comparison.is_outdated and not comparison.is_stale and comparison.row is not None:
        result: Mapping[str, Any] = comparison.row.result
        compared = [one for one in result.get("candidates", []) if one["weights"]]
        both = [_index(result, one) for one in compared if one["code"] == "in_force" or one["weights"] == weights][:2]
        if len(both) == 2 and None not in both:
            return _("Index %(before)s → %(after)s from now on; published results stay.") % {
                "before": f"{both[0]:.1f}", "after": f"{both[1]:.1f}",
            }
    return _("A new series starts from now on; published results stay.")


def _index(result: Mapping[str, Any], candidate: Mapping[str, Any]) -> float | None:
    value: float | None = candidate["nodes"][result["nodes"][0]["key"]]["value"]
    return value


def _differs(comparison: ComparisonView, code: str) -> bool:
    return any(abs(_cell(row, code).weight - _cell(row, "in_force").weight) >= SAME for row in comparison.weighted)


def changes_between(branches: Sequence[Branch], weights: Mapping[str, float], language: str) -> list[ChangeRow]:
    """Return what each indicator weighs now and under other weights; one that these do not know is left out."""
    moves: dict[str, int] = {}
    for branch in branches:
        known = [child for child in branch.children if child.indicator.key in weights]
        sides = [[child.weight for child in known], [weights[child.indicator.key] for child in known]]
        moves |= dict(zip([child.indicator.key for child in known], _moves(*sides), strict=True))
    found = [branch for branch in branches if branch.indicator.key in moves]
    axis = _headroom(max((max(one.weight, weights[one.indicator.key]) for one in found), default=1.0))
    return [
        ChangeRow(
            name=text_in(one.indicator.names, language) or one.indicator.key, depth=one.depth, before=one.weight,
            after=weights[one.indicator.key], moved=moves[one.indicator.key],
            track=_track(one.weight, weights[one.indicator.key], None, None, axis),
        )
        for one in found
    ]


def _moves(before: Sequence[float], after: Sequence[float]) -> list[int]:
    """By how many places each sibling moves up; those that all weigh alike have no order."""
    if not before:
        return []
    first, second = ranks(before).tolist(), ranks(after).tolist()
    if len(set(first)) == 1 or len(set(second)) == 1:
        return [0] * len(first)
    return [one - two for one, two in zip(first, second, strict=True)]


def _axis(rows: Sequence[RowView], code: str) -> float:
    cells = [cell for row in rows for cell in row.cells if cell.candidate in ("in_force", code)]
    return _headroom(max((max(cell.weight, cell.weight_high or 0.0) for cell in cells), default=1.0))


def _headroom(largest: float) -> float:
    """The share at the end of the chart: the next full tenth above the largest, at most everything."""
    return min(1.0, (int(largest * 10) + 1) / 10)


def _row(row: RowView, code: str, axis: float) -> ChangeRow:
    before, after = _cell(row, "in_force"), _cell(row, code)
    return ChangeRow(
        name=row.name, depth=row.depth, before=before.weight, after=after.weight, moved=after.rank_change,
        low=after.weight_low, high=after.weight_high,
        track=_track(before.weight, after.weight, after.weight_low, after.weight_high, axis),
    )


def _cell(row: RowView, code: str) -> CellView:
    return next(cell for cell in row.cells if cell.candidate == code)


def _track(before: float, after: float, low: float | None, high: float | None, axis: float) -> Track:
    width = None if low is None or high is None else (high - low) / axis * 100
    return Track(
        mark(before / axis, NOW_WIDTH), mark(after / axis, THEN_WIDTH), None if low is None else low / axis * 100, width
    )


def _finding(comparison: ComparisonView, candidate: CandidateView, rows: Sequence[ChangeRow]) -> str:
    """Say in sentences what the index would be, who gains and loses most, and who changes place."""
    changed = [row for row in rows if abs(row.difference) >= SAME]
    if not changed:
        return _("These weights are the same as those in force; nothing would change.")
    parts = [_index_sentence(comparison, candidate), _weight_sentence(changed), _place_sentence(rows)]
    return " ".join(part for part in parts if part)


def _index_sentence(comparison: ComparisonView, candidate: CandidateView) -> str:
    standing = next(one.root for one in comparison.accepted if one.is_in_force)
    values: tuple[Any, Any] = (standing and standing["value"], candidate.root and candidate.root["value"])
    if None in values:
        return ""
    return _("On the same answers the index would be %(after)s instead of %(before)s.") % {
        "before": f"{values[0]:.1f}", "after": f"{values[1]:.1f}",
    }


def _weight_sentence(changed: Sequence[ChangeRow]) -> str:
    gains, loses = max(changed, key=lambda row: row.difference), min(changed, key=lambda row: row.difference)
    return _("“%(gains)s” gains most (%(gain)s points), “%(loses)s” loses most (%(loss)s points).") % {
        "gains": gains.name, "gain": f"+{gains.difference * 100:.1f}", "loses": loses.name,
        "loss": f"−{-loses.difference * 100:.1f}",
    }


def _place_sentence(rows: Sequence[ChangeRow]) -> str:
    count = sum(row.moved != 0 for row in rows)
    if not count:
        return ""
    return ngettext(
        "%(count)d of %(all)d indicators changes its place among its siblings.",
        "%(count)d of %(all)d indicators change their place among their siblings.", count,
    ) % {"count": count, "all": len(rows)}
