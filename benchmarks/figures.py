"""What a measurement comes to: one row of the table, judged against its target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

HEADER: Final = ("figure", "ours", "yardstick", "ratio", "target", "")


@dataclass(frozen=True)
class Row:
    """One figure beside its yardstick, in the same unit and from the same run.

    `ratio` is ours / yardstick; `is_more_better` turns the target from "at most" into "at least". A row
    without a target is shown for comparison and judged by nobody.
    """

    group: str
    figure: str
    ours: float
    yardstick: float
    unit: str
    against: str
    target: float | None = None
    is_more_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many yardsticks ours is."""
        return self.ours / self.yardstick if self.yardstick else float("inf")

    @property
    def verdict(self) -> Literal["ok", "short", ""]:
        """Whether the target is reached; nothing where there is none."""
        if self.target is None:
            return ""
        is_reached = self.ratio >= self.target if self.is_more_better else self.ratio <= self.target
        return "ok" if is_reached else "short"

    def as_json(self) -> dict[str, Any]:
        """The row with what follows from it."""
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict}


def from_json(raw: dict[str, Any]) -> Row:
    """Return the row that `as_json` wrote."""
    return Row(**{key: value for key, value in raw.items() if key not in ("ratio", "verdict")})


def table(rows: Iterable[Row]) -> list[str]:
    """Write rows as the lines of a table, one heading per group."""
    lines, group = [], ""
    known = list(rows)
    cells = [_cells(row) for row in known]
    widths = [max(map(len, column)) for column in zip(HEADER, *cells, strict=True)]
    for row, texts in zip(known, cells, strict=True):
        if row.group != group:
            group = row.group
            lines += ["", f"{group}", _line(HEADER, widths)]
        lines.append(_line(texts, widths))
        if row.note:
            lines.append(f"    {row.note}")
    return lines


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([first, *others]).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    target = "" if row.target is None else f"{'>=' if row.is_more_better else '<='} {row.target:g}"
    return (
        row.figure, f"{number(row.ours)} {row.unit}", f"{number(row.yardstick)} {row.unit} ({row.against})",
        number(row.ratio), target, row.verdict,
    )


def number(value: float) -> str:
    """Write a number with three digits that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
